import { and, count, eq, isNull, ne, sql } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'
import { only } from '../../db/rows.ts'
import type { InSpace } from '../directory/directory.ts'

/** Who is left that can act as an administrator. */
export const administratorStore = (db: Db) => {
  const { accounts, spaces } = db.tables
  /** Administrators who can act, other than one. The first condition is that of the index of administrators. */
  const acting = (otherThan: number) =>
    and(sql`${accounts.admin}`, eq(accounts.activated, true), eq(accounts.blocked, false), ne(accounts.id, otherThan))

  return {
    /** Those who can act as one, other than `otherThan`. */
    countAdministrators: async (on: Reader, { space }: InSpace, otherThan = 0): Promise<number> => {
      const condition = and(acting(otherThan), eq(accounts.domain, space.domain))
      return (await only(on.select({ n: count() }).from(accounts).where(condition))).n
    },
    /** The same of all super Spaces together, but those that are about to go. */
    countSuperAdministrators: async (on: Reader, otherThan = 0): Promise<number> => {
      const found = on
        .select({ n: count() })
        .from(accounts)
        .innerJoin(spaces, eq(spaces.domain, accounts.domain))
        .where(and(acting(otherThan), eq(spaces.super, true), isNull(spaces.purgeAt)))
      return (await only(found)).n
    },
  }
}
