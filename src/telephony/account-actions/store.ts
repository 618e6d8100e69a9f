import { and, count, eq } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'

export const accountActionStore = (db: Db) => {
  const { accountActions: actions } = db.tables
  const action = { id: actions.id, key: actions.key, code: actions.code }
  const one = (accountId: number, id: number) => and(eq(actions.accountId, accountId), eq(actions.id, id))

  return {
    all: (on: Reader, accountId: number) =>
      on.select(action).from(actions).where(eq(actions.accountId, accountId)).orderBy(actions.id),
    one: (on: Reader, accountId: number, id: number) =>
      first(on.select(action).from(actions).where(one(accountId, id))),
    count: async (on: Reader, accountId: number) =>
      (await only(on.select({ n: count() }).from(actions).where(eq(actions.accountId, accountId)))).n,
    insert: (tx: Tx, accountId: number, text: { key: string; code: string }, at: Date) =>
      only(
        tx
          .insert(actions)
          .values({ accountId, ...text, createdAt: at, updatedAt: at })
          .returning(action),
      ),
    update: (tx: Tx, accountId: number, id: number, text: { key: string; code: string }, at: Date) =>
      first(
        tx
          .update(actions)
          .set({ ...text, updatedAt: at })
          .where(one(accountId, id))
          .returning(action),
      ),
    /** False: there was none. */
    remove: (tx: Tx, accountId: number, id: number) =>
      exists(tx.delete(actions).where(one(accountId, id)).returning({ id: actions.id })),
  }
}

export type AccountAction = NonNullable<Awaited<ReturnType<ReturnType<typeof accountActionStore>['one']>>>
