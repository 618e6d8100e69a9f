import { and, asc, eq, gt, isNull, lte, sql } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'
import { only } from '../../db/rows.ts'
import type { Scope, Space } from '../../nouns/space.ts'

export const expiryNoticesStore = (db: Db) => {
  const { spaces, accounts, accountBlocks: blocks } = db.tables
  const inScope = (scope: Scope) => ('space' in scope ? eq(spaces.domain, scope.space.domain) : undefined)
  return {
    /** Spaces that expire after `after` and not after `until`, and are not about to be deleted before. */
    expiring: (on: Reader, scope: Scope, after: Date, until: Date) =>
      on
        .select({
          id: spaces.id,
          domain: spaces.domain,
          locale: spaces.locale,
          expireAt: sql<Date>`${spaces.expireAt}`.mapWith(spaces.expireAt),
        })
        .from(spaces)
        .where(and(inScope(scope), isNull(spaces.purgeAt), gt(spaces.expireAt, after), lte(spaces.expireAt, until)))
        .orderBy(asc(spaces.id)),
    accountCount: async (on: Reader, { domain }: Pick<Space, 'domain'>): Promise<number> => {
      const total = sql<number>`coalesce(sum(${blocks.accounts}), 0)`.mapWith(Number)
      return (await only(on.select({ total }).from(blocks).where(eq(blocks.domain, domain)))).total
    },
    /** Up to `most` accounts of a Space with ids above `after`. Nothing finds administrators faster. */
    accountsAfter: (on: Reader, { domain }: Pick<Space, 'domain'>, after: number, most: number) =>
      on
        .select({ id: accounts.id, admin: accounts.admin, email: accounts.email, locale: accounts.locale })
        .from(accounts)
        .where(and(eq(accounts.domain, domain), gt(accounts.id, after)))
        .orderBy(asc(accounts.id))
        .limit(most),
  }
}

export type ExpiringSpace = Awaited<ReturnType<ReturnType<typeof expiryNoticesStore>['expiring']>>[number]
