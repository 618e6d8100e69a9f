import { and, asc, eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first } from '../../db/rows.ts'

export const dictionaryStore = (db: Db) => {
  const { accountDictionaryEntries: entries } = db.tables

  const all = db.prepare('dictionary_of_account', { accountId: entries.accountId }, (on, { accountId }) =>
    on
      .select({ key: entries.key, value: entries.value })
      .from(entries)
      .where(eq(entries.accountId, accountId))
      .orderBy(asc(entries.id)),
  )
  const one = db.prepare(
    'dictionary_entry',
    { accountId: entries.accountId, key: entries.key },
    (on, { accountId, key }) =>
      on
        .select({ value: entries.value })
        .from(entries)
        .where(and(eq(entries.accountId, accountId), eq(entries.key, key))),
  )

  return {
    all: (on: Reader, accountId: number) => all(on, { accountId }),
    one: (on: Reader, accountId: number, key: string) => first(one(on, { accountId, key })),
    /** In place: an entry that was there keeps its position. */
    set: (tx: Tx, accountId: number, values: Readonly<Record<string, string>>, at: Date) =>
      tx
        .insert(entries)
        .values(Object.entries(values).map(([key, value]) => ({ accountId, key, value, createdAt: at, updatedAt: at })))
        .onConflictDoUpdate({
          target: [entries.accountId, entries.key],
          set: { value: sql`excluded.value`, updatedAt: at },
        })
        .returning({ key: entries.key }),
    remove: (tx: Tx, accountId: number, key?: string) =>
      tx
        .delete(entries)
        .where(and(eq(entries.accountId, accountId), key === undefined ? undefined : eq(entries.key, key)))
        .returning({ key: entries.key }),
  }
}
