import { and, asc, eq, inArray, ne } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'

export type ExternalAccount = Db['tables']['externalAccounts']['$inferSelect']
type Columns = Omit<ExternalAccount, 'id' | 'accountId' | 'createdAt' | 'updatedAt'>

/** Callers have looked the account up in its Space, and hold it while they write. */
export const externalAccountStore = (db: Db) => {
  const { externalAccounts } = db.tables

  const ofAccount = db.prepare(
    'external_account_of_account',
    { accountId: externalAccounts.accountId },
    (on, { accountId }) => on.select().from(externalAccounts).where(eq(externalAccounts.accountId, accountId)),
  )

  return {
    of: (on: Reader, accountId: number): Promise<ExternalAccount | null> => first(ofAccount(on, { accountId })),
    /** Whether another account of any Space has it: a carrier knows it once. */
    isTaken: (on: Reader, { username, domain }: { username: string; domain: string }, self: number) =>
      exists(
        on
          .select({ id: externalAccounts.id })
          .from(externalAccounts)
          .where(
            and(
              eq(externalAccounts.username, username),
              eq(externalAccounts.domain, domain),
              ne(externalAccounts.accountId, self),
            ),
          ),
      ),
    /** null: the name was taken meanwhile. */
    insert: (tx: Tx, accountId: number, columns: Columns, at: Date): Promise<ExternalAccount | null> =>
      first(
        tx
          .insert(externalAccounts)
          .values({ accountId, ...columns, createdAt: at, updatedAt: at })
          .onConflictDoNothing()
          .returning(),
      ),
    update: (tx: Tx, accountId: number, columns: Columns, at: Date): Promise<ExternalAccount | null> =>
      first(
        tx
          .update(externalAccounts)
          .set({ ...columns, updatedAt: at })
          .where(eq(externalAccounts.accountId, accountId))
          .returning(),
      ),
    /** null: there was none. */
    remove: (tx: Tx, accountId: number): Promise<ExternalAccount | null> =>
      first(tx.delete(externalAccounts).where(eq(externalAccounts.accountId, accountId)).returning()),
    below: (tx: Tx, accountIds: readonly number[]) =>
      tx
        .select({ id: externalAccounts.id, username: externalAccounts.username, domain: externalAccounts.domain })
        .from(externalAccounts)
        .where(inArray(externalAccounts.accountId, [...accountIds]))
        .orderBy(asc(externalAccounts.id)),
  }
}
