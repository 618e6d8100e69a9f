import { and, eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import type { Space } from '../spaces/space.ts'

export const confirmationKeyStore = (db: Db) => {
  const { accountConfirmationKeys: keys, accounts } = db.tables
  const selection = { accountId: keys.accountId, key: keys.key, expiresAt: keys.expiresAt, blocked: accounts.blocked }
  const select = (on: Reader) => on.select(selection).from(keys).innerJoin(accounts, eq(accounts.id, keys.accountId))
  const ofAccount = db.prepare<{ accountId: number }>()('confirmation_key_of_account', (on) =>
    select(on).where(eq(keys.accountId, sql.placeholder('accountId'))),
  )
  const insert = db.prepare<{ accountId: number; key: string; expiresAt: Date | null; at: Date }>()(
    'insert_confirmation_key',
    (on) =>
      on
        .insert(keys)
        .values({
          accountId: sql.placeholder('accountId'),
          key: sql.placeholder('key'),
          expiresAt: sql.placeholder('expiresAt'),
          createdAt: sql.placeholder('at'),
          updatedAt: sql.placeholder('at'),
        })
        .onConflictDoNothing()
        .returning({ id: keys.id }),
  )

  return {
    insert: (tx: Tx, accountId: number, key: string, expiresAt: Date | null, at: Date) =>
      insert(tx, { accountId, key, expiresAt, at }),
    ofAccount: async (on: Reader, accountId: number) => (await ofAccount(on, { accountId }))[0] ?? null,
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
