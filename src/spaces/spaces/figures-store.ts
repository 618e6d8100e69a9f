import { count, eq, sql } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'
import { only } from '../../db/rows.ts'
import type { PasswordAlgorithm } from '../../nouns/space.ts'

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
    without: async (on: Reader, domain: string, algorithm: PasswordAlgorithm): Promise<number> => {
      const others = on
        .select({ id: accounts.id })
        .from(accounts)
        .innerJoin(passwords, eq(passwords.accountId, accounts.id))
        .where(eq(accounts.domain, domain))
        .groupBy(accounts.id)
        .having(sql`count(case when ${passwords.algorithm} = ${algorithm} then 1 end) = 0`)
        .as('others')
      return (await only(on.select({ total: count() }).from(others))).total
    },
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
