import { eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import type { Setup } from './shape.ts'

/** What phones of an account were told: the memory that a later document is shaped by. */
export const provisioningStore = (db: Db) => {
  const { accountSetups: setups } = db.tables

  const ofAccount = db.prepare<{ accountId: number }>()('account_setup', (on) =>
    on
      .select({
        identity: setups.identity,
        registrar: setups.registrar,
        moved: setups.moved,
        beside: setups.beside,
        line: setups.line,
      })
      .from(setups)
      .where(eq(setups.accountId, sql.placeholder('accountId'))),
  )

  return {
    /** null: no document was served yet. */
    setup: async (on: Reader, accountId: number): Promise<Setup | null> =>
      (await ofAccount(on, { accountId }))[0] ?? null,
    remember: (tx: Tx, accountId: number, setup: Setup, at: Date) =>
      tx
        .insert(setups)
        .values({ accountId, ...setup, createdAt: at, updatedAt: at })
        .onConflictDoUpdate({ target: setups.accountId, set: { ...setup, updatedAt: at } }),
  }
}
