import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { dictionaryStore } from './store.ts'

/** Text that operators attach to an account (spec contacts.md §9). Callers have looked the account up in its Space. */
export const dictionary = (deps: { db: Db; now: () => Date }) => {
  const { db, now } = deps
  const store = dictionaryStore(db)
  /** The first entries of a new account. */
  const fill = async (tx: Tx, accountId: number, values: Readonly<Record<string, string>>): Promise<void> => {
    if (Object.keys(values).length > 0) await store.insertAll(tx, accountId, values, now())
  }
  return {
    fill,
    all: async (accountId: number): Promise<Record<string, string>> =>
      Object.fromEntries((await store.all(db.read, accountId)).map(({ key, value }) => [key, value])),
    one: async (accountId: number, key: string): Promise<string> => {
      const entry = (await store.one(db.read, accountId, key))[0]
      if (entry === undefined) throw new AppError('not_found', 'dictionary.unknown')
      return entry.value
    },
    set: (accountId: number, key: string, value: string) =>
      db.transaction((tx) => store.set(tx, accountId, key, value, now())),
    /** Resolves to how many entries there were. */
    remove: (accountId: number, key?: string) =>
      db.transaction(async (tx) => (await store.remove(tx, accountId, key)).length),
    replace: async (tx: Tx, accountId: number, values: Readonly<Record<string, string>>): Promise<void> => {
      await store.remove(tx, accountId)
      await fill(tx, accountId, values)
    },
  }
}

export type Dictionary = ReturnType<typeof dictionary>
