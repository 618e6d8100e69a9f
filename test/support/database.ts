import { randomUUID } from 'node:crypto'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { SQL } from 'bun'
import type { Db } from '../../src/db/db.ts'
import { openPostgres } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { testFolder } from './folder.ts'

/** Set by the runner: the same suite then runs on this server, in a database of its own per test. */
export const postgresUrl = process.env.TEST_DATABASE_URL || null

export interface TestDatabase {
  readonly db: Db
  readonly url: string
  /** Opens the same database once more: a second process. */
  reopen(): Db
  drop(): Promise<void>
}

let template: Promise<string> | null = null

const sqliteTemplate = async () => {
  const file = join(testFolder, 'template.sqlite')
  const db = openSqlite(file)
  await db.migrate()
  await db.close()
  return file
}

const postgresTemplate = async (url: string) => {
  const name = `template_${randomUUID().replaceAll('-', '')}`
  const admin = new SQL(url)
  await admin.unsafe(`CREATE DATABASE ${name}`)
  await admin.close()
  const db = openPostgres(databaseUrl(url, name))
  await db.migrate()
  await db.close()
  return name
}

const databaseUrl = (url: string, name: string) => {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

/** A migrated, empty database that nobody else uses. `waitMs`: for a connection of PostgreSQL's pool. */
export const testDatabase = async (options: { waitMs?: number } = {}): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  if (postgresUrl === null) {
    template ??= sqliteTemplate()
    const file = join(testFolder, `${name}.sqlite`)
    copyFileSync(await template, file)
    const db = openSqlite(file)
    return {
      db,
      url: file,
      reopen: () => openSqlite(file),
      drop: async () => {
        for (const end of ['', '-wal', '-shm']) if (existsSync(file + end)) rmSync(file + end)
      },
    }
  }
  template ??= postgresTemplate(postgresUrl)
  const admin = new SQL(postgresUrl, { max: 1 })
  // Copying files beats writing every page to the log, which is what the default does.
  await admin.unsafe(`CREATE DATABASE ${name} TEMPLATE ${await template} STRATEGY FILE_COPY`)
  await admin.close()
  const url = databaseUrl(postgresUrl, name)
  return {
    db: openPostgres(url, options),
    url,
    reopen: () => openPostgres(url),
    drop: async () => {
      const again = new SQL(postgresUrl, { max: 1 })
      await again.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await again.close()
    },
  }
}
