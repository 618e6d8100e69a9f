import { AsyncLocalStorage } from 'node:async_hooks'

/** What follows a transaction's commit. */
export type Followed = (() => void)[]

/** Turns a transaction inside a transaction into an error: on SQLite it would wait for itself for ever. */
export const noNesting = () => {
  const inside = new AsyncLocalStorage<Followed>()
  return {
    refuse: () => {
      if (inside.getStore() !== undefined) throw new Error('A transaction inside a transaction: pass tx down instead.')
    },
    run: <T>(work: () => Promise<T>, followed: Followed): Promise<T> => inside.run(followed, work),
    afterCommit: (then: () => void): void => {
      const followed = inside.getStore()
      if (followed === undefined) throw new Error('Nothing follows a commit outside of a transaction.')
      followed.push(then)
    },
  }
}
