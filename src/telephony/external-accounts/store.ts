import { and, asc, eq, getTableColumns, inArray, ne } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { insertMany } from '../../db/many.ts'
import { exists, first } from '../../db/rows.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'

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

  const { id, ...columns } = getTableColumns(externalAccounts)
  const insertAll = insertMany(db, 'insert_external_accounts', externalAccounts, columns, {
    id,
    username: externalAccounts.username,
    domain: externalAccounts.domain,
  })

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
    takenOf: async (
      on: Reader,
      names: readonly { username: string; domain: string }[],
    ): Promise<ReadonlySet<string>> => {
      if (names.length === 0) return new Set()
      const wanted = new Set(names.map(addressOfRecord))
      const found = await on
        .select({ username: externalAccounts.username, domain: externalAccounts.domain })
        .from(externalAccounts)
        .where(inArray(externalAccounts.username, [...new Set(names.map(({ username }) => username))]))
      return new Set(found.map(addressOfRecord).filter((name) => wanted.has(name)))
    },
    insertAll,
    ofAll: async (on: Reader, accountIds: readonly number[]): Promise<Map<number, ExternalAccount>> => {
      const rows = await on
        .select()
        .from(externalAccounts)
        .where(inArray(externalAccounts.accountId, [...accountIds]))
      return new Map(rows.map((row) => [row.accountId, row]))
    },
    below: (tx: Tx, accountIds: readonly number[]) =>
      tx
        .select({ id: externalAccounts.id, username: externalAccounts.username, domain: externalAccounts.domain })
        .from(externalAccounts)
        .where(inArray(externalAccounts.accountId, [...accountIds]))
        .orderBy(asc(externalAccounts.id)),
  }
}
