import { and, asc, eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'

export const dictionaryStore = (db: Db) => {
  const { accountDictionaryEntries: entries } = db.tables
  const ofAccount = (accountId: number, key?: string) =>
    key === undefined ? eq(entries.accountId, accountId) : and(eq(entries.accountId, accountId), eq(entries.key, key))

  return {
    all: (on: Reader, accountId: number) =>
      on
        .select({ key: entries.key, value: entries.value })
        .from(entries)
        .where(ofAccount(accountId))
        .orderBy(asc(entries.id)),
    one: (on: Reader, accountId: number, key: string) =>
      on.select({ value: entries.value }).from(entries).where(ofAccount(accountId, key)),
    /** In place: a replaced entry keeps its position. */
    set: (tx: Tx, accountId: number, key: string, value: string, at: Date) =>
      tx
        .insert(entries)
        .values({ accountId, key, value, createdAt: at, updatedAt: at })
        .onConflictDoUpdate({
          target: [entries.accountId, entries.key],
          set: { value: sql`excluded.value`, updatedAt: at },
        })
        .returning({ value: entries.value }),
    insertAll: (tx: Tx, accountId: number, values: Readonly<Record<string, string>>, at: Date) =>
      tx
        .insert(entries)
        .values(
          Object.entries(values).map(([key, value]) => ({ accountId, key, value, createdAt: at, updatedAt: at })),
        ),
    remove: (tx: Tx, accountId: number, key?: string) =>
      tx.delete(entries).where(ofAccount(accountId, key)).returning({ key: entries.key }),
  }
}
