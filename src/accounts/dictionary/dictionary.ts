import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { dictionaryStore } from './store.ts'

type Values = Readonly<Record<string, string>>

/**
 * Text that operators attach to an account (behaviour/telephony.md §5). Callers have looked the account up in its
 * Space, and hold it while they write.
 */
export const dictionary = (deps: { db: Db; now: () => Date }) => {
  const { db, now } = deps
  const store = dictionaryStore(db)

  /** Adds entries, or changes them in their place. */
  const set = async (tx: Tx, accountId: number, values: Values): Promise<void> => {
    if (Object.keys(values).length > 0) await store.set(tx, accountId, values, now())
  }
  /** Resolves to how many entries there were: all of them, or the one of that key. */
  const remove = async (tx: Tx, accountId: number, key?: string): Promise<number> =>
    (await store.remove(tx, accountId, key)).length

  return {
    all: async (accountId: number): Promise<Record<string, string>> =>
      Object.fromEntries((await store.all(db.read, accountId)).map(({ key, value }) => [key, value])),
    one: async (accountId: number, key: string): Promise<string> => {
      const entry = await store.one(db.read, accountId, key)
      if (entry === null) throw new AppError('not_found', 'dictionary.unknown')
      return entry.value
    },
    /** null: there is no such entry. */
    find: async (on: Reader, accountId: number, key: string): Promise<string | null> =>
      (await store.one(on, accountId, key))?.value ?? null,
    set,
    remove,
    replace: async (tx: Tx, accountId: number, values: Values): Promise<void> => {
      await remove(tx, accountId)
      await set(tx, accountId, values)
    },
  }
}

export type Dictionary = ReturnType<typeof dictionary>
