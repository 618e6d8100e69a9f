import { and, eq } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import type { Space } from '../spaces/space.ts'

export const confirmationKeyStore = (db: Db) => {
  const { accountConfirmationKeys: keys, accounts } = db.tables
  const selection = { accountId: keys.accountId, key: keys.key, expiresAt: keys.expiresAt, blocked: accounts.blocked }
  const select = (on: Reader) => on.select(selection).from(keys).innerJoin(accounts, eq(accounts.id, keys.accountId))

  return {
    insert: (tx: Tx, accountId: number, key: string, expiresAt: Date | null, at: Date) =>
      tx.insert(keys).values({ accountId, key, expiresAt, createdAt: at, updatedAt: at }).onConflictDoNothing(),
    ofAccount: async (on: Reader, accountId: number) =>
      (await select(on).where(eq(keys.accountId, accountId)))[0] ?? null,
    byKey: async (on: Reader, space: Pick<Space, 'domain'>, key: string) =>
      (await select(on).where(and(eq(keys.key, key), eq(accounts.domain, space.domain))))[0] ?? null,
    /** True for exactly one caller. */
    consume: async (tx: Tx, accountId: number, key: string) =>
      (
        await tx
          .delete(keys)
          .where(and(eq(keys.accountId, accountId), eq(keys.key, key)))
          .returning({ id: keys.id })
      ).length === 1,
  }
}
