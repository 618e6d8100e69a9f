import { expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { postgresUrl, testDatabase } from '../support/database.ts'

test.skipIf(postgresUrl !== null)(
  'no parameter is a bare `?`, for which SQLite plans a query anew each time',
  async () => {
    const { db, drop } = await testDatabase()
    const { accounts, passwords } = db.tables
    const joined = (id: number) =>
      db.read
        .select({ id: accounts.id })
        .from(accounts)
        .innerJoin(passwords, eq(passwords.accountId, accounts.id))
        .where(eq(accounts.id, id))
        .limit(id)
    const { sql } = joined(1).toSQL()
    expect([sql.match(/\?/g)?.length, sql.match(/\+\?/g)?.length]).toEqual([2, 2])
    expect(await joined(1)).toEqual([])
    await db.close()
    await drop()
  },
)
