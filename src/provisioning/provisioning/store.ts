import { eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first } from '../../db/rows.ts'
import type { Setup } from './shape.ts'

/** What phones of an account were told: the memory that a later document is shaped by. */
export const provisioningStore = (db: Db) => {
  const { accountSetups: setups } = db.tables
  const setup = {
    identity: setups.identity,
    registrar: setups.registrar,
    moved: setups.moved,
    beside: setups.beside,
    line: setups.line,
  }

  const ofAccount = db.prepare('account_setup', { accountId: setups.accountId }, (on, { accountId }) =>
    on.select(setup).from(setups).where(eq(setups.accountId, accountId)),
  )

  const newest = db.prepare('account_setup_at', { accountId: setups.accountId }, (on, { accountId }) =>
    on.select({ at: setups.updatedAt }).from(setups).where(eq(setups.accountId, accountId)),
  )

  const excluded = (name: string) => sql.raw(`excluded.${name}`)
  const remember = db.prepare(
    'remember_account_setup',
    { accountId: setups.accountId, ...setup, at: setups.createdAt },
    (on, { at, ...row }) =>
      on
        .insert(setups)
        .values({
          ...row,
          createdAt: at,
          updatedAt: at,
        })
        .onConflictDoUpdate({
          target: setups.accountId,
          set: {
            identity: excluded('identity'),
            registrar: excluded('registrar'),
            moved: excluded('moved'),
            beside: excluded('beside'),
            line: excluded('line'),
            updatedAt: excluded('updated_at'),
          },
        })
        .returning({ accountId: setups.accountId }),
  )

  return {
    /** null: no document was served yet. */
    setup: (on: Reader, accountId: number): Promise<Setup | null> => first(ofAccount(on, { accountId })),
    /** When the latest document was served; null: none was yet. */
    lastAt: async (on: Reader, accountId: number): Promise<Date | null> =>
      (await first(newest(on, { accountId })))?.at ?? null,
    remember: (tx: Tx, accountId: number, setup: Setup, at: Date) => remember(tx, { ...setup, accountId, at }),
  }
}
