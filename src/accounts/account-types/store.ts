import { and, count, eq, isNull, ne, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

interface InSpace {
  readonly space: Pick<Space, 'id'>
}

export const accountTypeStore = (db: Db) => {
  const { accountAccountType: typesOfAccounts, accountTypes: types } = db.tables

  const type = { id: types.id, key: types.key, spaceId: types.spaceId }
  /** The Space's and the platform's. */
  const isVisible = ({ space }: InSpace) => or(isNull(types.spaceId), eq(types.spaceId, space.id))
  const one = (scope: InSpace, id: number) => and(eq(types.id, id), isVisible(scope))
  const pair = (accountId: number, typeId: number) =>
    and(eq(typesOfAccounts.accountId, accountId), eq(typesOfAccounts.accountTypeId, typeId))

  return {
    all: (on: Reader, scope: InSpace) => on.select(type).from(types).where(isVisible(scope)).orderBy(types.id),
    one: (on: Reader, scope: InSpace, id: number) => first(on.select(type).from(types).where(one(scope, id))),
    count: async (on: Reader, { space }: InSpace) =>
      (await only(on.select({ n: count() }).from(types).where(eq(types.spaceId, space.id)))).n,
    /** Whether another type that the Space sees has the key; a platform type is seen by every Space. */
    isTaken: async (on: Reader, holder: { spaceId: number | null }, key: string, self: number): Promise<boolean> => {
      const seen = holder.spaceId === null ? undefined : isVisible({ space: { id: holder.spaceId } })
      const same = and(eq(types.key, key), ne(types.id, self), seen)
      return exists(on.select({ id: types.id }).from(types).where(same).limit(1))
    },
    /** null: the Space has that key. */
    insert: async (tx: Tx, { space }: InSpace, key: string, at: Date): Promise<number | null> => {
      const row = { spaceId: space.id, key, createdAt: at, updatedAt: at }
      return (await first(tx.insert(types).values(row).onConflictDoNothing().returning({ id: types.id })))?.id ?? null
    },
    update: (tx: Tx, scope: InSpace, id: number, key: string, at: Date) =>
      first(tx.update(types).set({ key, updatedAt: at }).where(one(scope, id)).returning(type)),
    remove: (tx: Tx, scope: InSpace, id: number) =>
      exists(tx.delete(types).where(one(scope, id)).returning({ id: types.id })),
    /** Keeps the type until the transaction ends; false: there is none. Accounts are held before types. */
    hold: async (tx: Tx, scope: InSpace, id: number): Promise<boolean> => {
      const same = { updatedAt: sql`${types.updatedAt}` }
      return exists(tx.update(types).set(same).where(one(scope, id)).returning({ id: types.id }))
    },

    isAttached: async (on: Reader, accountId: number, typeId: number): Promise<boolean> => {
      const id = { id: typesOfAccounts.accountTypeId }
      return exists(on.select(id).from(typesOfAccounts).where(pair(accountId, typeId)))
    },
    attach: (tx: Tx, accountId: number, typeId: number, at: Date) =>
      tx.insert(typesOfAccounts).values({ accountId, accountTypeId: typeId, createdAt: at, updatedAt: at }),
    detach: async (tx: Tx, accountId: number, typeId: number): Promise<boolean> => {
      const gone = tx.delete(typesOfAccounts).where(pair(accountId, typeId))
      return exists(gone.returning({ id: typesOfAccounts.accountTypeId }))
    },
  }
}

export type AccountType = NonNullable<Awaited<ReturnType<ReturnType<typeof accountTypeStore>['one']>>>
