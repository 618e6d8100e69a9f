import type { SQL as Client } from 'bun'

/** Longer than any statement of ours takes, shorter than phones wait for a reply. */
const CONNECTION_WAIT_MS = 10_000

/** Every connection is taken, for instance by statements that wait for a lock: `outageOf` calls it busy. */
class PoolExhausted extends Error {
  override readonly name = 'PoolExhausted'
  readonly code = 'POOL_EXHAUSTED'
}

/** A wait that has an end. `passed` rejects at that end, unless `stop` came before. */
const bounded = (waitMs: number) => {
  const { promise: passed, reject } = Promise.withResolvers<never>()
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    reject(new PoolExhausted(`No connection to the database became free within ${waitMs} ms`))
  }, waitMs)
  return { passed, isOver: () => isOver, stop: () => clearTimeout(timer) }
}

export interface PoolOptions {
  readonly connections: number
  /** After which whoever has no connection hears that the database is busy (`PoolExhausted`). */
  readonly waitMs?: number
}

/**
 * The driver's pool, in which nobody waits for a connection without end. Whoever has one keeps it: a statement that
 * waits for a lock goes on when the lock is gone.
 */
export const patientPool = (client: Client, { connections, waitMs = CONNECTION_WAIT_MS }: PoolOptions) => {
  /** What has a connection or may have one. A read that was given up is among them until the driver is done with it. */
  let pending = 0

  const answered = async <Rows>(query: PromiseLike<Rows>): Promise<Rows> => {
    pending += 1
    try {
      return await query
    } finally {
      pending -= 1
    }
  }

  /** The rest is left to reads: transactions may all wait for one lock, such as that of a Space which an import holds. */
  const mostAtOnce = connections - Math.floor(connections / 4)
  let begun = 0
  const waiting: (() => void)[] = []
  const enter = async ({ passed }: { readonly passed: Promise<never> }): Promise<void> => {
    if (begun < mostAtOnce) {
      begun += 1
      return
    }
    const { promise: turn, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    try {
      await Promise.race([turn, passed])
    } catch (error) {
      const at = waiting.indexOf(resolve)
      if (at >= 0) waiting.splice(at, 1)
      // Its turn came in the same moment.
      else leave()
      throw error
    }
  }
  const leave = (): void => {
    const next = waiting.shift()
    if (next === undefined) begun -= 1
    else next()
  }

  const orPassed = async <Rows>(answer: Promise<Rows>): Promise<Rows> => {
    const wait = bounded(waitMs)
    try {
      return await Promise.race([answer, wait.passed])
    } finally {
      wait.stop()
    }
  }

  /** Only where a connection may not be free does a read need a timer: the driver puts it behind another one. */
  const read = <Rows>(query: PromiseLike<Rows>): Promise<Rows> => {
    const isFull = pending >= connections
    const answer = answered(query)
    return isFull ? orPassed(answer) : answer
  }

  return {
    rows: (text: string, values?: unknown[]): Promise<Record<string, unknown>[]> => read(client.unsafe(text, values)),
    /** Rows as lists of values: drizzle calls it. */
    unsafe: (text: string, values?: unknown[]) => ({
      values: (): Promise<unknown[][]> => read(client.unsafe(text, values).values()),
    }),
    /** A transaction: drizzle calls it. `work` does not run when its connection comes too late. */
    begin: async <Result>(work: (connection: Client) => Promise<Result>): Promise<Result> => {
      const wait = bounded(waitMs)
      await enter(wait).catch((error: unknown) => {
        wait.stop()
        throw error
      })
      pending += 1
      const transaction = async () =>
        client.begin(async (connection) => {
          if (wait.isOver()) throw new Error('Its connection came too late')
          wait.stop()
          return work(connection)
        })
      try {
        return await Promise.race([transaction(), wait.passed])
      } finally {
        wait.stop()
        pending -= 1
        leave()
      }
    },
  }
}
