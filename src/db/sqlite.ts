import { Database } from 'bun:sqlite'
import { existsSync, mkdirSync, renameSync, rmSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { getTableName, type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { bound, type Parameters } from './bound.ts'
import { sqliteColumns } from './columns.sqlite.ts'
import { compiled } from './compiled.ts'
import type { Build, Db, Reader, Tx } from './db.ts'
import { disk, enterWal, type Flush, flushFile, makeFile, tellLost } from './disk.ts'
import { INDEX_WORDS, mentions } from './mentions.sqlite.ts'
import { type AppliedMigration, MIGRATIONS_TABLE, pendingMigrations, schemaOf, sqliteMigrations } from './migrations.ts'
import { Ending, noNesting } from './nesting.ts'
import { REWRITE_BATCH, type Rewriter, stepOf } from './steps.ts'
import { defineTables } from './tables.ts'
import { writeHealth } from './write-health.ts'

/** At most so many transactions share one COMMIT, which bounds how long the loop is held. */
const GROUP_SIZE = 64

/**
 * drizzle on a connection. Its parameters are written `+?`: SQLite plans a statement with a join or an order anew each
 * time a bare `?` is bound, in case the value asks for another plan, and that costs more than running it.
 */
const drizzled = (client: Database) => {
  const db = drizzle({ client, casing: 'snake_case' })
  ;(db as unknown as { dialect: { escapeParam: () => string } }).dialect.escapeParam = () => '+?'
  return db
}

interface Waiting {
  /** What it writes at the end is added to what its group does. */
  run(group: Ending): Promise<() => void>
  fail(error: unknown): void
}

/** What has to be free before a disk that was full counts as usable again. */
const ROOM_BYTES = 1_048_576

/** So many pages of the log are copied into the database together: 4 kB each. */
const COPIED_PAGES = 1000

/**
 * SQLite in WAL mode. All writes go through one connection and one queue: the transactions that wait when the writer is
 * free run one after the other, each in a savepoint, and are acknowledged together after the one COMMIT, once the log is
 * on the disk (docs/adr/0017): as durable as with `synchronous=FULL`, and the loop does not wait.
 *
 * It is never told to count its tables (`ANALYZE`, `PRAGMA optimize`): counted while it was almost empty, a table is
 * read whole by plans that stay when it has grown. Without counts an index is used wherever there is one.
 */
export const openSqlite = (
  file: string,
  { flush, lost = tellLost }: { flush?: Flush; lost?: typeof tellLost } = {},
): Db => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // It holds what passwords are checked against. A group may read it: the SIP proxy's. SQLite's files beside it get the
  // same rights.
  makeFile(file, 0o640)
  const writer = new Database(file, { create: true, readwrite: true, strict: true })
  writer.run('PRAGMA busy_timeout = 5000')
  enterWal(writer)
  // SQLite itself then waits for the disk only where it begins the log anew. Commits are kept by `keepLog`.
  writer.run('PRAGMA synchronous = NORMAL')
  writer.run('PRAGMA wal_autocheckpoint = 0')
  writer.run('PRAGMA foreign_keys = ON')
  // What a savepoint would undo stays in memory: in a file it is written twice for every page that a transaction
  // changes.
  writer.run('PRAGMA temp_store = MEMORY')
  const reader = new Database(file, { readonly: true, strict: true })
  reader.run('PRAGMA busy_timeout = 5000')
  reader.run('PRAGMA mmap_size = 268435456')

  const copier = new Database(file, { readwrite: true, strict: true })
  copier.run('PRAGMA busy_timeout = 5000')
  copier.run('PRAGMA synchronous = OFF')
  const { keepLog, keepDatabase, close: letGo } = disk(file, flush)

  const tables = defineTables(sqliteColumns)
  const read = drizzled(reader) as unknown as Reader
  const tx = drizzled(writer) as unknown as Tx
  const nesting = noNesting()

  const begin = writer.query('BEGIN IMMEDIATE')
  const commit = writer.query('COMMIT')
  const rollback = writer.query('ROLLBACK')
  const savepoint = writer.query('SAVEPOINT work')
  const release = writer.query('RELEASE work')
  const undo = writer.query('ROLLBACK TO work')

  const logState = copier.query<{ log: number; checkpointed: number }, []>('PRAGMA wal_checkpoint(NOOP)')
  const copyLog = copier.query('PRAGMA wal_checkpoint(PASSIVE)')

  const look = reader.query('BEGIN')
  const lookAway = reader.query('COMMIT')
  let isLooking = false
  const endLook = () => {
    if (!isLooking) return
    isLooking = false
    lookAway.run()
  }
  /**
   * The prepared reads of one turn of the loop share a read transaction: taking and giving back its locks costs as much
   * as a look-up. It ends with the turn, and before each COMMIT, whose rows must be seen, and whose checkpoint it would
   * hold up.
   */
  const beginLook = () => {
    if (isLooking) return
    look.run()
    isLooking = true
    setImmediate(endLook)
  }

  const queue: Waiting[] = []
  let running = 0
  let commits = 0
  let drained: Promise<void> | null = null
  let isClosed = false

  /**
   * Whatever has failed: some failures have ended the transaction already, and after others even this fails at first.
   */
  const abandon = () => {
    try {
      if (writer.inTransaction) rollback.run()
    } catch {
      // `BEGIN` of the next group fails too, and then this is tried again.
    }
  }

  /** Nothing may follow what the disk has not kept. */
  const kept = (flushing: Promise<void>): Promise<void> =>
    flushing.catch((error: unknown) => {
      lost(error)
      throw error
    })

  /**
   * Copies the log into the database once it has grown. Nobody writes until the copies are on the disk, here or in
   * another process: the next to write may begin the log anew, over what the copies were made of.
   */
  const shortenLog = async () => {
    try {
      const state = logState.get()
      if (state === null || state.log - state.checkpointed < COPIED_PAGES) return
      begin.run()
      copyLog.get()
      await kept(keepDatabase())
    } catch (error) {
      // The log stays as long as it is, and the next group tries again.
      health.failed(error)
    } finally {
      abandon()
    }
  }

  /** One group: resolves to nothing; every member learns its fate after the COMMIT, never before. */
  const runGroup = async () => {
    const members = queue.splice(0, GROUP_SIZE)
    running = members.length
    const acknowledgements: (() => void)[] = []
    try {
      begin.run()
      const group = new Ending()
      for (const member of members) acknowledgements.push(await member.run(group))
      await nesting.run(() => group.write(tx), group)
      endLook()
      commit.run()
      commits += 1
      await kept(keepLog())
    } catch (error) {
      abandon()
      health.failed(error)
      for (const member of members) member.fail(error)
      return
    } finally {
      running = 0
    }
    for (const acknowledge of acknowledgements) acknowledge()
  }

  const drain = async () => {
    // One turn of the loop before each group: requests that arrived together join it, and others are not kept waiting.
    do {
      await new Promise((resolve) => setImmediate(resolve))
      await runGroup()
      await shortenLog()
    } while (queue.length > 0)
    drained = null
  }

  const enqueue = (member: Waiting) => {
    queue.push(member)
    drained ??= drain()
  }

  const rewrite: Rewriter['rewrite'] = async ({ table, key, columns, where }, change) => {
    const select = writer.query<Record<string, unknown>, [string | number, number]>(
      `SELECT ${key.name} AS row_key, ${columns.join(', ')} FROM ${table} WHERE ${key.name} > ? AND ${where} ORDER BY ${key.name} LIMIT ?`,
    )
    const update = writer.query(
      `UPDATE ${table} SET ${columns.map((name) => `${name} = ?`).join(', ')} WHERE ${key.name} = ?`,
    )
    let last: string | number = key.type === 'integer' ? -1 : ''
    for (;;) {
      const rows = select.all(last, REWRITE_BATCH)
      for (const row of rows) {
        last = row.row_key as string | number
        const changed = { ...row, ...change(row) }
        update.run(...columns.map((name) => changed[name] as string | null), last)
      }
      if (rows.length < REWRITE_BATCH) return
    }
  }

  /** Writes a page, which changes nothing. One page may find room where others do not. */
  const probe = () =>
    new Promise<void>((resolve, reject) =>
      enqueue({
        run: async () => {
          const { bavail, bsize } = statfsSync(dirname(file))
          if (bavail * bsize < ROOM_BYTES) throw new Error('The disk is full.')
          writer.run(
            `UPDATE ${MIGRATIONS_TABLE} SET hash = hash WHERE tag = (SELECT max(tag) FROM ${MIGRATIONS_TABLE})`,
          )
          return resolve
        },
        fail: reject,
      }),
    )
  const health = writeHealth(probe)

  const isMigrated = () =>
    writer
      .query<{ n: number }, [string]>('SELECT count(*) AS n FROM sqlite_master WHERE name = ?')
      .get(MIGRATIONS_TABLE)?.n === 1
  const appliedMigrations = () =>
    writer.query<AppliedMigration, []>(`SELECT tag, hash FROM ${MIGRATIONS_TABLE} ORDER BY tag`).all()

  const transaction = <T>(work: (tx: Tx) => Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      nesting.refuse()
      if (isClosed) throw new Error('The database is closed.')
      enqueue({
        run: async (group) => {
          savepoint.run()
          const own = new Ending()
          try {
            const value = await nesting.run(() => work(tx), own)
            release.run()
            group.join(own)
            return () => {
              own.committed()
              resolve(value)
            }
          } catch (error) {
            health.failed(error)
            // A full disk may have ended the whole transaction: then nobody in the group has written anything.
            if (!writer.inTransaction) throw error
            undo.run()
            release.run()
            return () => reject(error)
          }
        },
        fail: reject,
      })
    })

  return {
    dialect: 'sqlite',
    tables,
    read,
    transaction,
    beforeCommit: (_tx, write, item) => nesting.beforeCommit(write, item),
    afterCommit: (_tx, then) => nesting.afterCommit(then),
    hasOneWriter: true,
    // Nobody else writes meanwhile.
    kept: (query) => query,
    prepare: <P extends Parameters, Row>(name: string, parameters: P, build: Build<P, Row>) => {
      const onConnection = new Map<Reader, ReturnType<typeof compiled<Row>>>()
      return async (on, values) => {
        let run = onConnection.get(on)
        if (run === undefined) {
          run = compiled<Row>(name, parameters, build(on as Tx, bound(parameters)).prepare(name))
          onConnection.set(on, run)
        }
        if (on === read) beginLook()
        return run(values)
      }
    },
    objectOf: (rows) =>
      sql`(select json_group_object(o.key, o.value) from (${rows}) o)`.mapWith(
        (text: string): Record<string, string> => JSON.parse(text),
      ),
    hourOf: (instant) => sql`(${instant} - ${instant} % 3600000)`.mapWith(instant) as SQL<Date>,
    // Writers come one after the other anyway.
    readsApart: false,
    spread: 1,
    folded: (text) => sqliteColumns.folded(sql`${text}`) as SQL<string>,
    mentions,
    // One account at a time would have the index merged while somebody waits for it: together they cost little.
    indexWords: (most) => transaction(async () => writer.query(INDEX_WORDS).run(most).changes),
    elements: (list) => sql`json_each(${list})`,
    newId: () => sql<number>`null`,
    // AUTOINCREMENT goes on after the largest id that there ever was.
    reserveIds: async () => {},
    takeIds: async (tx, table, howMany) => {
      const name = getTableName(table)
      const seq = sql<number>`coalesce((select seq from sqlite_sequence where name = ${name}), 0)`
      const [found] = await tx.select({ seq }).from(sql`(select 1) as one`)
      return Array.from({ length: howMany }, (_, at) => (found?.seq ?? 0) + at + 1)
    },
    limiterStore: null,
    migrate: async (seal = null, onStep = () => {}) => {
      const before = isMigrated() ? appliedMigrations() : []
      const todo = pendingMigrations(sqliteMigrations, before)
      if (todo.length === 0) return { applied: [], copy: null }
      const copy = before.length === 0 ? null : `${file}.before-${todo[0]?.tag}`
      if (copy !== null && !existsSync(copy)) {
        // Whole or not at all: a copy that a crash left half-written must not pass for one.
        const draft = `${copy}.draft-${process.pid}`
        rmSync(draft, { force: true })
        onStep('a copy of the database')
        try {
          makeFile(draft, 0o600)
          writer.query('VACUUM INTO ?').run(draft)
          flushFile(draft)
          renameSync(draft, copy)
          flushFile(dirname(file))
        } finally {
          rmSync(draft, { force: true })
        }
      }

      // Off while tables are rebuilt: inside a transaction the pragma does nothing and a rebuild would cascade.
      writer.run('PRAGMA foreign_keys = OFF')
      // What a migration takes out of rows, such as tokens in clear, must not stay in the file.
      writer.run('PRAGMA secure_delete = ON')
      try {
        begin.run()
        writer.run(
          `CREATE TABLE IF NOT EXISTS ${MIGRATIONS_TABLE} (tag TEXT PRIMARY KEY, hash TEXT NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
        )
        // Another process may have migrated while we waited for the lock.
        const now = pendingMigrations(sqliteMigrations, appliedMigrations())
        for (const [at, { tag, hash, statements }] of now.entries()) {
          onStep(`migration ${at + 1} of ${now.length}, ${tag}`)
          for (const statement of statements) {
            const step = stepOf(statement)
            if (step === null) writer.run(statement)
            else await step({ rewrite }, seal)
          }
          writer.query(`INSERT INTO ${MIGRATIONS_TABLE} (tag, hash) VALUES (?, ?)`).run(tag, hash)
        }
        if (writer.query('PRAGMA foreign_key_check').all().length > 0) {
          throw new Error('The migration would leave rows that point to nothing; it was rolled back.')
        }
        commit.run()
        await kept(keepLog())
        // Until then the file holds what the migration has taken out.
        endLook()
        writer.run('PRAGMA wal_checkpoint(TRUNCATE)')
        return { applied: now.map((migration) => migration.tag), copy }
      } catch (error) {
        if (writer.inTransaction) rollback.run()
        throw error
      } finally {
        writer.run('PRAGMA secure_delete = OFF')
        writer.run('PRAGMA foreign_keys = ON')
      }
    },
    schema: async () => schemaOf(sqliteMigrations, isMigrated() ? appliedMigrations() : []),
    ping: async () => {
      reader.query('SELECT 1').get()
      await health.check()
    },
    commits: () => commits,
    openTransactions: () => queue.length + running,
    close: async () => {
      while (drained !== null) await drained
      isClosed = true
      endLook()
      reader.close()
      copier.close()
      // The last one copies what is left of the log, and waits for the disk.
      writer.close()
      letGo()
    },
  }
}
