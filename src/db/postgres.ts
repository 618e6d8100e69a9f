import { SQL as Client } from 'bun'
import { getTableName, type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/bun-sql'
import { bindersOf, bound, type Parameters } from './bound.ts'
import { postgresColumns } from './columns.postgres.ts'
import type { Build, Db, Reader, Tx } from './db.ts'
import {
  type AppliedMigration,
  MIGRATIONS_TABLE,
  pendingMigrations,
  postgresMigrations,
  schemaOf,
} from './migrations.ts'
import { Ending, noNesting } from './nesting.ts'
import { type PoolOptions, patientPool } from './pool.ts'
import { REWRITE_BATCH, type Rewriter, stepOf } from './steps.ts'
import { defineTables } from './tables.ts'
import { isShort, wordsOf } from './words.ts'
import { writeHealth } from './write-health.ts'

/** Any number that no other program is likely to lock in the same database. */
const MIGRATION_LOCK = 7_270_011

const CONNECTIONS = 10

interface Connection {
  unsafe(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
}

const rewriter = (connection: Connection): Rewriter => ({
  rewrite: async ({ table, key, columns, where }, change) => {
    const select = `SELECT ${key.name} AS row_key, ${columns.join(', ')} FROM ${table} WHERE ${key.name} > $1 AND ${where} ORDER BY ${key.name} LIMIT ${REWRITE_BATCH}`
    const update = `UPDATE ${table} t SET ${columns.map((name) => `${name} = v.${name}`).join(', ')}
      FROM json_to_recordset($1::text::json) AS v(row_key ${key.type}, ${columns.map((name) => `${name} text`).join(', ')})
      WHERE t.${key.name} = v.row_key`
    let last: unknown = key.type === 'integer' ? -1 : ''
    for (;;) {
      const rows = [...(await connection.unsafe(select, [last]))]
      if (rows.length === 0) return
      await connection.unsafe(update, [JSON.stringify(rows.map((row) => ({ ...row, ...change(row) })))])
      last = rows.at(-1)?.row_key
    }
  },
})

/** PostgreSQL through Bun's own driver. READ COMMITTED: decide by what a write returned. */
export const openPostgres = (url: string, options: Pick<PoolOptions, 'waitMs'> = {}): Db => {
  const client = new Client({ url, max: CONNECTIONS, connectionTimeout: 10 })
  const pool = patientPool(client, { connections: CONNECTIONS, ...options })
  const db = drizzle({ client: pool as unknown as Client, casing: 'snake_case' })
  const nesting = noNesting()
  /** Writes a row, which changes nothing. */
  const health = writeHealth(async () => {
    await pool.rows(`UPDATE ${MIGRATIONS_TABLE} SET hash = hash WHERE tag = (SELECT max(tag) FROM ${MIGRATIONS_TABLE})`)
  })
  let open = 0
  let commits = 0

  return {
    dialect: 'postgres',
    tables: defineTables(postgresColumns),
    read: db as unknown as Reader,
    transaction: async <T>(work: (tx: Tx) => Promise<T>) => {
      nesting.refuse()
      open += 1
      const ending = new Ending()
      const whole = async (tx: Tx): Promise<T> => {
        const value = await work(tx)
        await ending.write(tx)
        return value
      }
      try {
        const value = await db.transaction((tx) => nesting.run(() => whole(tx as unknown as Tx), ending))
        commits += 1
        ending.committed()
        return value
      } catch (error) {
        health.failed(error)
        throw error
      } finally {
        open -= 1
      }
    },
    beforeCommit: (_tx, write, item) => nesting.beforeCommit(write, item),
    afterCommit: (_tx, then) => nesting.afterCommit(then),
    hasOneWriter: false,
    kept: (query, table) =>
      (query as { for(how: 'key share', which: { of: unknown }): typeof query }).for('key share', { of: table }),
    prepare: <P extends Parameters, Row>(name: string, parameters: P, build: Build<P, Row>) => {
      const prepared = build(db as unknown as Tx, bound(parameters)).prepare(name) as unknown as {
        readonly params: readonly unknown[]
        execute(): Promise<Row[]>
      }
      const binders = bindersOf(name, parameters, prepared.params)
      const shape = Object.getPrototypeOf(prepared)
      return async (on, values) => {
        // The same text with these values on the connection of the reader or of the transaction: a prepared query
        // only remembers both.
        const { client: connection } = (on as unknown as { session: { client: unknown } }).session
        const given = { client: connection, params: binders.map((bind) => bind(values)) }
        return Object.assign(Object.create(shape), prepared, given).execute()
      }
    },
    objectOf: (rows) => sql`(select coalesce(json_object_agg(o.key, o.value), '{}') from (${rows}) o)`,
    hourOf: (instant) => sql`date_trunc('hour', ${instant}, 'UTC')`.mapWith(instant) as SQL<Date>,
    readsApart: true,
    // Half as many as connections: two that meet are rare, and readers add few rows.
    spread: 8,
    folded: (text) => postgresColumns.folded(sql`${text}`) as SQL<string>,
    mentions: (text, { after, last }) => {
      const inStretch = [
        ...(after === 0 ? [] : [sql`accounts.id > ${after}`]),
        ...(last === null ? [] : [sql`accounts.id <= ${last}`]),
      ]
      const all = (conditions: readonly SQL[]) => sql.join([...inStretch, ...conditions], sql` and `)
      const escaped = (part: string) => part.replace(/[\\%_]/g, '\\$&')
      const words = wordsOf(text)
      if (words.every(isShort)) return all([sql`accounts.username like ${`${escaped(text.toLowerCase())}%`}`])
      const found = words.map((word) => {
        const pattern = `%${escaped(word)}%`
        return sql`(accounts.username ilike ${pattern} or accounts.display_name ilike ${pattern}
          or accounts.email ilike ${pattern} or accounts.phone ilike ${pattern})`
      })
      return all(found)
    },
    indexWords: async () => 0,
    // Bound as text: what is bound as JSON is encoded once more.
    elements: (list) => sql`jsonb_array_elements(${list}::text::jsonb)`,
    newId: (table) => sql<number>`nextval(pg_get_serial_sequence(${getTableName(table)}, 'id'))`,
    reserveIds: async (tx, table, last) => {
      const ids = sql`pg_get_serial_sequence(${getTableName(table)}, 'id')`
      await tx.select({ last: sql`setval(${ids}, greatest(nextval(${ids}), ${last}))` }).from(sql`(select 1) as one`)
    },
    takeIds: async (tx, table, howMany) => {
      const next = sql<number>`nextval(pg_get_serial_sequence(${getTableName(table)}, 'id'))`.mapWith(Number)
      const rows = await tx.select({ id: next }).from(sql`generate_series(1, ${howMany}::int) as one`)
      return rows.map(({ id }) => id)
    },
    limiterStore: {
      query: async ({ text, values }) => {
        const rows = await pool.rows(text, values)
        return { rows, rowCount: rows.length }
      },
      clear: async (now, most) => {
        const ended = 'SELECT key FROM rate_limits WHERE expire < $1 LIMIT $2'
        const statement = `DELETE FROM rate_limits WHERE key IN (${ended}) AND expire < $1 RETURNING key`
        return (await pool.rows(statement, [now.getTime(), most])).length
      },
    },
    migrate: async (seal = null, onStep = () => {}) =>
      client.begin(async (connection) => {
        await connection`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`
        await connection.unsafe(
          `CREATE TABLE IF NOT EXISTS ${MIGRATIONS_TABLE} (tag text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
        )
        const applied: AppliedMigration[] = await connection.unsafe(`SELECT tag, hash FROM ${MIGRATIONS_TABLE}`)
        const todo = pendingMigrations(postgresMigrations, applied)
        for (const [at, { tag, hash, statements }] of todo.entries()) {
          onStep(`migration ${at + 1} of ${todo.length}, ${tag}`)
          for (const statement of statements) {
            const step = stepOf(statement)
            if (step === null) await connection.unsafe(statement)
            else await step(rewriter(connection), seal)
          }
          await connection.unsafe(`INSERT INTO ${MIGRATIONS_TABLE} (tag, hash) VALUES ($1, $2)`, [tag, hash])
        }
        return { applied: todo.map((migration) => migration.tag), copy: null }
      }),
    schema: async () => {
      const [found] = await client`SELECT to_regclass(${MIGRATIONS_TABLE}) IS NOT NULL AS "isMigrated"`
      const applied: AppliedMigration[] = found.isMigrated
        ? await client.unsafe(`SELECT tag, hash FROM ${MIGRATIONS_TABLE} ORDER BY tag`)
        : []
      return schemaOf(postgresMigrations, applied)
    },
    ping: async () => {
      await pool.rows('SELECT 1')
      await health.check()
    },
    commits: () => commits,
    openTransactions: () => open,
    close: () => client.close(),
  }
}
