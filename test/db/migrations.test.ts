import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { SQL } from 'bun'
import type { Db } from '../../src/db/db.ts'
import { MIGRATIONS_TABLE, postgresMigrations, SchemaError, sqliteMigrations } from '../../src/db/migrations.ts'
import { openPostgres } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
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
    ...applied.flatMap(({ statements }) => statements),
    ...applied.map(({ tag, hash }) => `INSERT INTO ${MIGRATIONS_TABLE} VALUES ('${tag}', '${hash}')`),
    `INSERT INTO spaces (domain, host, name, created_at, updated_at)
       VALUES ('sip.example.org', 'localhost', 'Example', ${stamp}, ${stamp})`,
    `INSERT INTO accounts (username, domain, ip_address, user_agent, created_at, updated_at)
       VALUES ('alice', 'sip.example.org', '192.0.2.1', 'test', ${stamp}, ${stamp})`,
    "INSERT INTO passwords (account_id, password, algorithm) SELECT id, 'ha1', 'MD5' FROM accounts",
  )
}

const refusalOf = (db: Db) =>
  db.migrate().then(
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
    expect(query('SELECT * FROM account_creation_tokens')).rejects.toThrow()
    await execute('DROP TABLE auth_tokens')
    expect((await open().migrate()).applied).toEqual(tags.slice(1))
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

  test('keeps foreign keys checked afterwards', async () => {
    const db = open()
    await db.migrate()
    const orphan = db.transaction((tx) =>
      tx.insert(db.tables.passwords).values({ accountId: 999, password: '0', algorithm: 'MD5' }),
    )
    expect(orphan).rejects.toThrow()
    await orphan.catch(() => {})
  })

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
