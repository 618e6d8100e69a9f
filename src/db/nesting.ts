import { AsyncLocalStorage } from 'node:async_hooks'

/** Turns a transaction inside a transaction into an error: on SQLite it would wait for itself for ever. */
export const noNesting = () => {
  const inside = new AsyncLocalStorage<true>()
  return {
    refuse: () => {
      if (inside.getStore() === true) throw new Error('A transaction inside a transaction: pass tx down instead.')
    },
    run: <T>(work: () => Promise<T>): Promise<T> => inside.run(true, work),
  }
}
