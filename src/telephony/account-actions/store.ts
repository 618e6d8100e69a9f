import { and, eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'

export const accountActionStore = (db: Db) => {
  const { accountActions: actions } = db.tables
  const action = { id: actions.id, key: actions.key, code: actions.code }
  const one = (accountId: number, id: number) => and(eq(actions.accountId, accountId), eq(actions.id, id))

  return {
    all: (on: Reader, accountId: number) =>
      on.select(action).from(actions).where(eq(actions.accountId, accountId)).orderBy(actions.id),
    one: async (on: Reader, accountId: number, id: number) =>
      (await on.select(action).from(actions).where(one(accountId, id)))[0] ?? null,
    count: async (on: Reader, accountId: number) =>
      (
        await on
          .select({ n: sql<number>`count(*)`.mapWith(Number) })
          .from(actions)
          .where(eq(actions.accountId, accountId))
      )[0]?.n ?? 0,
    insert: (tx: Tx, accountId: number, text: { key: string; code: string }, at: Date) =>
      tx
        .insert(actions)
        .values({ accountId, ...text, createdAt: at, updatedAt: at })
        .returning(action),
    update: (tx: Tx, accountId: number, id: number, text: { key: string; code: string }, at: Date) =>
      tx
        .update(actions)
        .set({ ...text, updatedAt: at })
        .where(one(accountId, id))
        .returning(action),
    remove: (tx: Tx, accountId: number, id: number) => tx.delete(actions).where(one(accountId, id)).returning(action),
  }
}

export type AccountAction = NonNullable<Awaited<ReturnType<ReturnType<typeof accountActionStore>['one']>>>
