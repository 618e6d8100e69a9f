import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { SQL } from 'bun'
import type { Db } from '../../src/db/db.ts'
import { MIGRATIONS_TABLE, postgresMigrations, SchemaError, sqliteMigrations } from '../../src/db/migrations.ts'
import { openPostgres } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { type Seal, stepOf } from '../../src/db/steps.ts'
import { hashOfToken } from '../../src/secrets.ts'
import { postgresUrl } from '../support/database.ts'
import { otherConnection } from '../support/other-connection.ts'

const ours = postgresUrl === null ? sqliteMigrations : postgresMigrations
const tags = ours.map(({ tag }) => tag)

let folder: string
let url: string
let databases: Db[]
let drop: () => Promise<void>

/** A database in which nothing has ever been. */
beforeEach(async () => {
  databases = []
  folder = mkdtempSync(join(tmpdir(), 'sipkeeper-migrations-'))
  drop = async () => {}
  url = join(folder, 'sipkeeper.sqlite')
  if (postgresUrl === null) return
  const name = `empty_${randomUUID().replaceAll('-', '')}`
  const administer = async (statement: string) => {
    const admin = new SQL(postgresUrl ?? '', { max: 1 })
    await admin.unsafe(statement)
    await admin.close()
  }
  await administer(`CREATE DATABASE ${name}`)
  const changed = new URL(postgresUrl)
  changed.pathname = `/${name}`
  url = changed.href
  drop = () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
})
afterEach(async () => {
  for (const db of databases) await db.close()
  await drop()
  rmSync(folder, { recursive: true, force: true })
})

const open = () => {
  const db = postgresUrl === null ? openSqlite(url) : openPostgres(url)
  databases.push(db)
  return db
}

const execute = async (...statements: string[]) => {
  const other = otherConnection(url)
  for (const statement of statements) await other.query(statement)
  await other.close()
}

const query = async (text: string) => {
  const other = otherConnection(url)
  const rows = await other.query(text)
  await other.close()
  return rows
}

/** The database as the release left it whose newest migration was `until`, with one Space and one account in it. */
const olderDatabase = async (until: number) => {
  const applied = ours.slice(0, until)
  const stamp = postgresUrl === null ? '1780315200000' : "'2026-06-01T12:00:00Z'"
  await execute(
    `CREATE TABLE ${MIGRATIONS_TABLE} (tag TEXT PRIMARY KEY, hash TEXT NOT NULL)`,
    // Their steps change rows, of which there are none yet.
    ...applied.flatMap(({ statements }) => statements.filter((statement) => stepOf(statement) === null)),
    ...applied.map(({ tag, hash }) => `INSERT INTO ${MIGRATIONS_TABLE} VALUES ('${tag}', '${hash}')`),
    `INSERT INTO spaces (domain, host, name, created_at, updated_at)
       VALUES ('sip.example.org', 'localhost', 'Example', ${stamp}, ${stamp})`,
    `INSERT INTO accounts (username, domain, ip_address, user_agent, created_at, updated_at)
       VALUES ('alice', 'sip.example.org', '192.0.2.1', 'test', ${stamp}, ${stamp})`,
    "INSERT INTO passwords (account_id, password, algorithm) SELECT id, 'ha1', 'MD5' FROM accounts",
  )
}

const refusalOf = (db: Db, seal?: Seal) =>
  db.migrate(seal).then(
    () => null,
    (error: unknown) => error,
  )

describe('migrating', () => {
  test('refuses a database of a newer version, and touches nothing', async () => {
    await open().migrate()
    await execute(`INSERT INTO ${MIGRATIONS_TABLE} (tag, hash) VALUES ('9999_future', 'unknown')`)
    const refusal = await refusalOf(open())
    expect(refusal).toBeInstanceOf(SchemaError)
    expect((refusal as SchemaError).message).toBe(
      'The database was migrated by a newer sipkeeper (9999_future). Start that version instead.',
    )
    expect(await query(`SELECT tag FROM ${MIGRATIONS_TABLE} ORDER BY tag`)).toHaveLength(tags.length + 1)
  })

  test('refuses a database whose applied migration is not ours', async () => {
    await open().migrate()
    await execute(`UPDATE ${MIGRATIONS_TABLE} SET hash = 'edited' WHERE tag = '${tags[0]}'`)
    const refusal = await refusalOf(open())
    expect(refusal).toBeInstanceOf(SchemaError)
    expect((refusal as SchemaError).message).toContain(`Migration ${tags[0]} differs`)
  })

  test('leaves nothing behind when one of them fails', async () => {
    await olderDatabase(1)
    // In the way of a later migration.
    await execute('CREATE TABLE auth_tokens (id integer)')
    const before = await query(`SELECT tag FROM ${MIGRATIONS_TABLE}`)
    expect(await refusalOf(open())).toBeInstanceOf(Error)
    expect(await query(`SELECT tag FROM ${MIGRATIONS_TABLE}`)).toEqual(before)
    await expect(query('SELECT * FROM account_creation_tokens')).rejects.toThrow()
    await execute('DROP TABLE auth_tokens')
    expect((await open().migrate()).applied).toEqual(tags.slice(1))
  })

  test.skipIf(postgresUrl !== null)('forgets what was counted while tables were almost empty', async () => {
    await olderDatabase(tags.findIndex((tag) => tag.endsWith('_audit-subjects')))
    await execute('ANALYZE')
    const db = open()
    await db.migrate()
    await db.close()
    databases = []
    expect(await query("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'")).toEqual([])
  })

  test('applies everything in order, then nothing', async () => {
    const db = open()
    expect(await db.migrate()).toEqual({ applied: tags, copy: null })
    expect(await db.migrate()).toEqual({ applied: [], copy: null })
    expect(await open().migrate()).toEqual({ applied: [], copy: null })
    expect(await query(`SELECT tag, hash FROM ${MIGRATIONS_TABLE} ORDER BY tag`)).toEqual(
      ours.map(({ tag, hash }) => ({ tag, hash })),
    )
  })

  for (let until = 1; until < ours.length; until++) {
    test(`goes on where ${tags[until - 1]} ended, and loses no row`, async () => {
      await olderDatabase(until)
      const db = open()
      const { applied, copy } = await db.migrate()
      expect(applied).toEqual(tags.slice(until))
      const rows = await db.read.select().from(db.tables.accounts)
      expect(rows).toMatchObject([{ username: 'alice', createdAt: new Date('2026-06-01T12:00:00Z') }])
      expect(await db.read.select().from(db.tables.passwords)).toHaveLength(1)
      expect(await query('SELECT sum(accounts) AS n FROM account_blocks')).toMatchObject([
        { n: postgresUrl === null ? 1 : '1' },
      ])
      if (postgresUrl !== null) {
        expect(copy).toBeNull()
        return
      }
      // The file as it was stays beside it.
      expect(copy).toBe(`${url}.before-${tags[until]}`)
      const kept = new Database(copy ?? '', { readonly: true })
      expect(kept.query('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
      expect(kept.query(`SELECT tag FROM ${MIGRATIONS_TABLE} ORDER BY tag`).values()).toEqual(
        tags.slice(0, until).map((tag) => [tag]),
      )
      expect(kept.query('SELECT username FROM accounts').values()).toEqual([['alice']])
      kept.close()
    })
  }

  describe('tokens in clear', () => {
    const TOKENS = {
      account_creation_tokens: 'creation00000',
      account_creation_request_tokens: 'request000000',
      account_recovery_tokens: 'recovery00000',
      provisioning_tokens: 'provisioning0',
      wizards: 'wizard00',
    }
    const KEY = 'confirmation0'
    const SPENT = 'spent00000000'
    const seal = (plain: string) => `sealed:${plain.toUpperCase()}`

    /** More rows than are rewritten at a time. */
    const MANY = 2500
    const handedOut = async () => {
      await olderDatabase(tags.findIndex((tag) => tag.endsWith('_hashed-tokens')))
      const now = postgresUrl === null ? '1780315200000' : "'2026-06-01T12:00:00Z'"
      const [yes, no] = postgresUrl === null ? ['1', '0'] : ['true', 'false']
      const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})`
      const stamps = 'created_at, updated_at'
      await execute(
        `INSERT INTO account_creation_tokens (token, ${stamps}) VALUES ('${TOKENS.account_creation_tokens}', ${now}, ${now})`,
        `INSERT INTO account_creation_request_tokens (token, ${stamps}) VALUES ('${TOKENS.account_creation_request_tokens}', ${now}, ${now})`,
        `INSERT INTO account_recovery_tokens (token, pn_provider, pn_param, pn_prid, ${stamps})
           VALUES ('${TOKENS.account_recovery_tokens}', 'fcm', '', '', ${now}, ${now})`,
        `INSERT INTO provisioning_tokens (account_id, token, used, ${stamps}) ${numbers}
           SELECT accounts.id, 'older' || (10000000 + n.i), ${no}, ${now}, ${now} FROM n, accounts`,
        `INSERT INTO provisioning_tokens (account_id, token, used, ${stamps})
           SELECT id, '${SPENT}', ${yes}, ${now}, ${now} FROM accounts`,
        `INSERT INTO provisioning_tokens (account_id, token, used, ${stamps})
           SELECT id, '${TOKENS.provisioning_tokens}', ${no}, ${now}, ${now} FROM accounts`,
        `INSERT INTO wizards (token, account_id, ${stamps}) ${numbers}
           SELECT 'w' || (1000000 + n.i), accounts.id, ${now}, ${now} FROM n, accounts`,
        `INSERT INTO wizards (token, account_id, ${stamps}) SELECT '${TOKENS.wizards}', id, ${now}, ${now} FROM accounts`,
        `INSERT INTO account_confirmation_keys (account_id, key, ${stamps}) SELECT id, '${KEY}', ${now}, ${now} FROM accounts`,
      )
    }

    test('are as they were when the migration fails in between', async () => {
      await handedOut()
      const failing = (): never => {
        throw new Error('power cut')
      }
      expect(await refusalOf(open(), failing)).toBeInstanceOf(Error)
      for (const [table, token] of Object.entries(TOKENS)) {
        expect(await query(`SELECT count(*) AS n FROM ${table} WHERE token = '${token}'`)).toEqual([
          { n: postgresUrl === null ? 1 : '1' },
        ])
        expect(await query(`SELECT count(*) AS n FROM ${table} WHERE length(token) > 13`)).toEqual([
          { n: postgresUrl === null ? 0 : '0' },
        ])
      }
      await open().migrate(seal)
      expect(await query(`SELECT key FROM account_confirmation_keys`)).toEqual([{ key: hashOfToken(KEY) }])
    })

    test('go on working: each becomes its hash, and what may be shown again is sealed', async () => {
      await handedOut()
      const db = open()
      await db.migrate(seal)
      for (const [table, token] of Object.entries(TOKENS)) {
        const hashes = (await query(`SELECT token FROM ${table}`)).map((row) => String(row.token))
        expect(hashes).toContain(hashOfToken(token))
        expect(hashes.filter((hash) => !/^[0-9a-f]{64}$/.test(hash))).toEqual([])
        expect(new Set(hashes).size).toBe(hashes.length)
      }
      const rows = await db.read.select().from(db.tables.provisioningTokens)
      const sealedOf = (token: string) => rows.find((row) => row.token === hashOfToken(token))?.sealed
      expect([sealedOf(TOKENS.provisioning_tokens), sealedOf('older10002500')]).toEqual([
        seal(TOKENS.provisioning_tokens),
        seal('older10002500'),
      ])
      expect([rows.length, sealedOf(SPENT)]).toEqual([MANY + 2, null])
      const [key] = await db.read.select().from(db.tables.accountConfirmationKeys)
      expect(key).toMatchObject({ key: hashOfToken(KEY), sealed: seal(KEY), used: false })
      expect(await db.migrate(seal)).toEqual({ applied: [], copy: null })
      if (postgresUrl !== null) return
      // Not in what the rows have left behind either.
      await db.close()
      databases = databases.filter((other) => other !== db)
      const bytes = readFileSync(url, 'latin1')
      const left = [...Object.values(TOKENS), KEY, SPENT, 'older10001000'].filter((token) => bytes.includes(token))
      expect(left).toEqual([])
    })

    test('are hashed without a key as well; nobody can be shown them again', async () => {
      await handedOut()
      const db = open()
      await db.migrate()
      const rows = await db.read.select().from(db.tables.provisioningTokens)
      expect(rows.map(({ token }) => token)).toContain(hashOfToken(TOKENS.provisioning_tokens))
      expect(rows.filter(({ sealed }) => sealed !== null)).toEqual([])
    })
  })

  test('remembers which accounts a phone was set up with', async () => {
    await olderDatabase(tags.findIndex((tag) => tag.endsWith('_account-setups')))
    const now = postgresUrl === null ? '1780315200000' : "'2026-06-01T12:00:00Z'"
    const [yes, no] = postgresUrl === null ? ['1', '0'] : ['true', 'false']
    const insert = (username: string, ...used: readonly (string | undefined)[]) => [
      `INSERT INTO accounts (username, domain, ip_address, user_agent, created_at, updated_at)
         VALUES ('${username}', 'sip.example.org', '192.0.2.1', 'test', ${now}, ${now})`,
      ...used.map(
        (flag, index) =>
          `INSERT INTO provisioning_tokens (account_id, token, used, created_at, updated_at)
             SELECT id, '${username}${index}', ${flag}, ${now}, ${now} FROM accounts WHERE username = '${username}'`,
      ),
    ]
    await execute(...insert('spent', yes, yes, no), ...insert('unspent', no))
    const db = open()
    await db.migrate()
    const [spent] = (await db.read.select().from(db.tables.accounts)).filter(({ username }) => username === 'spent')
    const told = { identity: null, registrar: null, moved: false, beside: false, line: false }
    expect(await db.read.select().from(db.tables.accountSetups)).toMatchObject([{ accountId: spent?.id, ...told }])
  })

  test('takes accounts that were not active for never confirmed, and those that wait for a first code for self-made', async () => {
    await olderDatabase(tags.indexOf('0010_switched-off-accounts'))
    const stamp = postgresUrl === null ? '1780315200000' : "'2026-06-01T12:00:00Z'"
    const account = (name: string, activated: boolean) =>
      `INSERT INTO accounts (username, domain, activated, ip_address, user_agent, created_at, updated_at)
         VALUES ('${name}', 'sip.example.org', ${activated}, '192.0.2.1', 'test', ${stamp}, ${stamp})`
    const code = (name: string) =>
      `INSERT INTO email_change_codes (account_id, email, created_at, updated_at)
         SELECT id, 'a@example.org', ${stamp}, ${stamp} FROM accounts WHERE username = '${name}'`
    await execute(account('bob', true), account('carol', false), code('bob'), code('carol'))
    const db = open()
    await db.migrate()
    const rows = await db.read.select().from(db.tables.accounts)
    const facts = rows.map(({ username, switchedOff, selfRegistered }) => [username, switchedOff, selfRegistered])
    expect(facts.sort()).toEqual([
      ['alice', false, false],
      ['bob', false, false],
      ['carol', false, true],
    ])
  })

  test('gives the keys that administrators had made a name, and every right that they had', async () => {
    await olderDatabase(tags.findIndex((tag) => tag.endsWith('_named-api-keys')))
    const stamp = postgresUrl === null ? '1780315200000' : "'2026-06-01T12:00:00Z'"
    const key = (hash: string, name: string, minutes: string) =>
      `INSERT INTO api_keys (account_id, key, name, expires_after_last_used_minutes, last_used_at, created_at, updated_at)
         SELECT id, '${hash}', ${name}, ${minutes}, ${stamp}, ${stamp}, ${stamp} FROM accounts`
    await execute(key('own', 'NULL', 'NULL'), key('named', "'Flexisip'", '0'), key('blank', "' '", '60'))
    const db = open()
    await db.migrate()
    const rows = await db.read.select().from(db.tables.apiKeys)
    const facts = rows.map(({ key, name, scope, networks, expireAt }) => [key, name, scope, networks, expireAt])
    expect(facts.sort()).toEqual([
      ['blank', 'API key 3', 'full', null, null],
      ['named', 'Flexisip', 'full', null, null],
      ['own', null, 'full', null, null],
    ])
  })

  test('keeps foreign keys checked afterwards', async () => {
    const db = open()
    await db.migrate()
    const orphan = db.transaction((tx) =>
      tx.insert(db.tables.passwords).values({ accountId: 999, password: '0', algorithm: 'MD5' }),
    )
    await expect(orphan).rejects.toThrow()
  })

  const modesIn = (where: string) =>
    Object.fromEntries(readdirSync(where).map((name) => [name, (statSync(join(where, name)).mode & 0o777).toString(8)]))

  const copyIsPrivate = async () => {
    await olderDatabase(1)
    // A copy that a crash left half-written, by a process that had the same id.
    const draft = `${url}.before-${tags[1]}.draft-${process.pid}`
    writeFileSync(draft, 'half of it')
    const before = process.umask(0)
    try {
      const { copy } = await open().migrate()
      expect((statSync(copy ?? '').mode & 0o777).toString(8)).toBe('600')
      expect(existsSync(draft)).toBe(false)
    } finally {
      process.umask(before)
    }
  }

  /** The files beside the database hold what it holds, and nobody closes them afterwards. */
  const filesArePrivate = async () => {
    const before = process.umask(0)
    try {
      await open().migrate()
      expect(modesIn(folder)).toEqual({
        'sipkeeper.sqlite': '640',
        'sipkeeper.sqlite-shm': '640',
        'sipkeeper.sqlite-wal': '640',
      })
    } finally {
      process.umask(before)
    }
  }

  if (postgresUrl === null) {
    test('keeps a copy that only its owner may read', copyIsPrivate)
    test('makes no file that everybody may read', filesArePrivate)
  }

  test('makes no copy of a new file', async () => {
    await open().migrate()
    expect(readdirSync(folder).filter((name) => name.includes('before'))).toEqual([])
  })

  test('is done once when several processes start together', async () => {
    const processes = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, join(import.meta.dir, '../../src/main.ts'), 'migrate'], {
        env: {
          PATH: process.env.PATH ?? '',
          HOME: folder,
          DATA_DIR: folder,
          ...(postgresUrl === null ? {} : { DATABASE_URL: url }),
        },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      }),
    )
    const outcomes = await Promise.all(
      processes.map(async (child) => ({
        stderr: await new Response(child.stderr).text(),
        stdout: await new Response(child.stdout).text(),
        code: await child.exited,
      })),
    )
    expect(outcomes.map(({ code, stderr }) => [code, stderr])).toEqual(Array(4).fill([0, '']))
    const did = outcomes.filter(({ stdout }) => tags.some((tag) => stdout.includes(tag)))
    expect(did).toHaveLength(1)
    expect(await query(`SELECT tag FROM ${MIGRATIONS_TABLE} ORDER BY tag`)).toEqual(tags.map((tag) => ({ tag })))
  }, 60_000)
})

const fileRights = async () => {
  const db = open()
  await db.migrate()
  expect(existsSync(url)).toBe(true)
  const { mode } = await Bun.file(url).stat()
  expect((mode & 0o777).toString(8)).toBe('640')
  expect(readdirSync(folder).filter((name) => !name.startsWith(basename(url)))).toEqual([])
}
if (postgresUrl === null) test('a new file is read by its owner and group only', fileRights)
