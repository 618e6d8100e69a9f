import { and, eq, gt, isNotNull, isNull, lte, or } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

export const authTokenStore = (db: Db) => {
  const { authTokens: tokens } = db.tables
  const live = (space: Pick<Space, 'id'>, hash: string, since: Date) =>
    and(eq(tokens.token, hash), eq(tokens.spaceId, space.id), gt(tokens.createdAt, since))

  return {
    insert: async (
      tx: Tx,
      row: { spaceId: number; accountId: number | null; token: string; ip: string; userAgent: string | null },
      at: Date,
    ) =>
      (
        await only(
          tx
            .insert(tokens)
            .values({ ...row, createdAt: at, updatedAt: at })
            .returning({ id: tokens.id }),
        )
      ).id,
    find: (on: Reader, space: Pick<Space, 'id'>, hash: string, since: Date) =>
      first(
        on
          .select({
            accountId: tokens.accountId,
            ip: tokens.ip,
            userAgent: tokens.userAgent,
            createdAt: tokens.createdAt,
          })
          .from(tokens)
          .where(live(space, hash, since)),
      ),
    /** True for exactly one account. */
    attach: (tx: Tx, space: Pick<Space, 'id'>, hash: string, since: Date, accountId: number, at: Date) =>
      exists(
        tx
          .update(tokens)
          .set({ accountId, updatedAt: at })
          .where(and(live(space, hash, since), isNull(tokens.accountId)))
          .returning({ id: tokens.id }),
      ),
    /** The attached account, for exactly one caller: the row is gone afterwards. */
    redeem: async (tx: Tx, space: Pick<Space, 'id'>, hash: string, since: Date) =>
      (
        await first(
          tx
            .delete(tokens)
            .where(and(live(space, hash, since), isNotNull(tokens.accountId)))
            .returning({ accountId: tokens.accountId }),
        )
      )?.accountId ?? null,
    /** Those of the account, and those of the Space that nobody can use any more. */
    clear: (tx: Tx, space: Pick<Space, 'id'>, accountId: number, since: Date) =>
      tx
        .delete(tokens)
        .where(and(eq(tokens.spaceId, space.id), or(eq(tokens.accountId, accountId), lte(tokens.createdAt, since)))),
  }
}
