import { and, asc, eq, inArray, ne } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'

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
    of: async (on: Reader, accountId: number): Promise<ExternalAccount | null> =>
      (await ofAccount(on, { accountId }))[0] ?? null,
    /** Whether another account of any Space has it: a carrier knows it once. */
    isTaken: async (on: Reader, { username, domain }: { username: string; domain: string }, self: number) =>
      (
        await on
          .select({ id: externalAccounts.id })
          .from(externalAccounts)
          .where(
            and(
              eq(externalAccounts.username, username),
              eq(externalAccounts.domain, domain),
              ne(externalAccounts.accountId, self),
            ),
          )
      ).length > 0,
    /** null: the name was taken meanwhile. */
    insert: async (tx: Tx, accountId: number, columns: Columns, at: Date): Promise<ExternalAccount | null> =>
      (
        await tx
          .insert(externalAccounts)
          .values({ accountId, ...columns, createdAt: at, updatedAt: at })
          .onConflictDoNothing()
          .returning()
      )[0] ?? null,
    update: async (tx: Tx, accountId: number, columns: Columns, at: Date): Promise<ExternalAccount | null> =>
      (
        await tx
          .update(externalAccounts)
          .set({ ...columns, updatedAt: at })
          .where(eq(externalAccounts.accountId, accountId))
          .returning()
      )[0] ?? null,
    /** null: there was none. */
    remove: async (tx: Tx, accountId: number): Promise<ExternalAccount | null> =>
      (await tx.delete(externalAccounts).where(eq(externalAccounts.accountId, accountId)).returning())[0] ?? null,
    below: (tx: Tx, accountIds: readonly number[]) =>
      tx
        .select({ id: externalAccounts.id, username: externalAccounts.username, domain: externalAccounts.domain })
        .from(externalAccounts)
        .where(inArray(externalAccounts.accountId, [...accountIds]))
        .orderBy(asc(externalAccounts.id)),
  }
}
