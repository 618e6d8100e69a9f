import { and, eq } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

export const confirmationKeyStore = (db: Db) => {
  const { accountConfirmationKeys: keys, accounts } = db.tables
  const selection = {
    accountId: keys.accountId,
    hash: keys.key,
    sealed: keys.sealed,
    used: keys.used,
    expiresAt: keys.expiresAt,
    blocked: accounts.blocked,
    switchedOff: accounts.switchedOff,
  }
  const select = (on: Reader) => on.select(selection).from(keys).innerJoin(accounts, eq(accounts.id, keys.accountId))
  const pending = db.prepare('pending_confirmation_key', { accountId: keys.accountId }, (on, { accountId }) =>
    select(on).where(and(eq(keys.accountId, accountId), eq(keys.used, false))),
  )
  const insert = db.prepare(
    'insert_confirmation_key',
    { accountId: keys.accountId, hash: keys.key, sealed: keys.sealed, expiresAt: keys.expiresAt, at: keys.createdAt },
    (on, { hash, at, ...row }) =>
      on
        .insert(keys)
        .values({
          ...row,
          key: hash,
          used: false,
          createdAt: at,
          updatedAt: at,
        })
        .onConflictDoNothing()
        .returning({ id: keys.id }),
  )

  return {
    insert: (tx: Tx, row: { accountId: number; hash: string; sealed: string; expiresAt: Date | null; at: Date }) =>
      insert(tx, row),
    pending: (on: Reader, accountId: number) => first(pending(on, { accountId })),
    /** Also one that was spent. */
    byHash: (on: Reader, space: Pick<Space, 'domain'>, hash: string) =>
      first(select(on).where(and(eq(keys.key, hash), eq(accounts.domain, space.domain)))),
    /** True for exactly one caller. */
    consume: (tx: Tx, accountId: number, hash: string, at: Date) =>
      exists(
        tx
          .update(keys)
          .set({ used: true, sealed: null, updatedAt: at })
          .where(and(eq(keys.accountId, accountId), eq(keys.key, hash), eq(keys.used, false)))
          .returning({ id: keys.id }),
      ),
  }
}
