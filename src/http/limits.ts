import { isIP } from 'node:net'
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Config } from '../config/config.ts'
import type { Db } from '../db/db.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'

export interface Limit {
  /** What a key may consume in a window; null: no limit. */
  readonly points: number | null
  /** Counts one; refuses with `rate_limited` beyond the limit. Resolves to what is left in the window. */
  consume(key: string): Promise<number>
  /** Refuses when the key has used up its window, counting nothing. */
  check(key: string): Promise<void>
}

const UNLIMITED: Limit = { points: null, consume: async () => Number.POSITIVE_INFINITY, check: async () => {} }

const tooMany = (answer: unknown): never => {
  if (!(answer instanceof RateLimiterRes)) throw answer
  const seconds = Math.max(1, Math.ceil(answer.msBeforeNext / 1000))
  throw new AppError('rate_limited', 'errors.rate_limited', { values: { seconds }, retryAfterSeconds: seconds })
}

/**
 * The table of limits (spec auth.md §10). Guessing is counted in the database where several processes share one.
 * The volume limit of the API is counted by each process: it protects the process, and a `GET` writes nothing.
 */
export const limits = (config: Config, db: Db, log: Logging) => {
  const limit = (name: string, points: number | null, shared: boolean, seconds = 60): Limit => {
    if (points === null) return UNLIMITED
    const window = { keyPrefix: name, points, duration: seconds }
    const store = db.limiterStore
    const limiter: RateLimiterAbstract =
      shared && store !== null
        ? new RateLimiterPostgres({
            ...window,
            storeClient: store,
            storeType: 'pool',
            tableName: 'rate_limits',
            tableCreated: true,
            clearExpiredByTimeout: false,
          })
        : new RateLimiterMemory(window)
    return {
      points,
      consume: async (key) => {
        const { remainingPoints, msBeforeNext } = await limiter.consume(key).catch(tooMany)
        // Once a window, not once a refusal: a flood of requests is no flood of lines.
        if (remainingPoints === 0) {
          const holder = isIP(key) === 0 ? { holder: key } : { ip: key }
          log.security('auth.throttled', { ...holder, limit: name, retry_after: Math.ceil(msBeforeNext / 1000) })
        }
        return remainingPoints
      },
      check: async (key) => {
        const used = await limiter.get(key)
        if (used !== null && used.remainingPoints <= 0 && used.msBeforeNext > 0) tooMany(used)
      },
    }
  }

  return {
    /** Every call under /api: per account when authenticated, per address otherwise. */
    api: limit('api', config.API_RATE_LIMIT_PER_MINUTE, false),
    /** Creation request tokens, per address: they cost a row each. */
    requestTokens: limit('request-token', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    /** Sends by push, per address; devices have their own throttle. */
    pushTokens: limit('push-token', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    /** Auth tokens, per address. */
    authTokens: limit('auth-token', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    /** Confirmations of the 2021 generation, per account name, known or not: five in an hour. */
    confirmations: limit('confirmation', 5, true, 3600),
    /** Digest responses that were wrong, per address. */
    digestFailures: limit('digest', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
  }
}

export type Limits = ReturnType<typeof limits>
