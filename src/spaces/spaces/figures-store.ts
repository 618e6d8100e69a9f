import { count, eq, sql } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'
import { only } from '../../db/rows.ts'

export const spaceFiguresStore = (db: Db) => {
  const { accounts, accountBlocks: blocks, passwords } = db.tables
  return {
    accounts: (on: Reader) =>
      on
        .select({ domain: blocks.domain, total: sql<number>`coalesce(sum(${blocks.accounts}), 0)`.mapWith(Number) })
        .from(blocks)
        .groupBy(blocks.domain),
    administrators: (on: Reader) =>
      on
        .select({ domain: accounts.domain, total: count() })
        .from(accounts)
        .where(sql`${accounts.admin}`)
        .groupBy(accounts.domain),
    md5Only: async (on: Reader, domain: string): Promise<number> => {
      const weak = on
        .select({ id: accounts.id })
        .from(accounts)
        .innerJoin(passwords, eq(passwords.accountId, accounts.id))
        .where(eq(accounts.domain, domain))
        .groupBy(accounts.id)
        .having(sql`max(${passwords.algorithm}) = 'MD5'`)
        .as('weak')
      return (await only(on.select({ total: count() }).from(weak))).total
    },
  }
}
