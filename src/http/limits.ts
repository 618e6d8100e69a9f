import { isIP } from 'node:net'
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Config } from '../config/config.ts'
import type { Db } from '../db/db.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'
import { guesses } from './guesses.ts'
import type { Limit } from './limit.ts'

const unlimited = (name: string): Limit => ({
  name,
  points: null,
  consume: async () => Number.POSITIVE_INFINITY,
  check: async () => Number.POSITIVE_INFINITY,
  giveBack: async () => {},
})

const tooMany = (answer: unknown): never => {
  if (!(answer instanceof RateLimiterRes)) throw answer
  const seconds = Math.max(1, Math.ceil(answer.msBeforeNext / 1000))
  throw new AppError('rate_limited', 'errors.rate_limited', { values: { seconds }, retryAfterSeconds: seconds })
}

/** In the database where several processes share it and it is `shared`; in memory otherwise. */
const counter = (
  db: Db,
  window: { keyPrefix: string; points: number; duration: number },
  shared: boolean,
): RateLimiterAbstract => {
  const store = db.limiterStore
  return shared && store !== null
    ? new RateLimiterPostgres({
        ...window,
        storeClient: store,
        storeType: 'pool',
        tableName: 'rate_limits',
        tableCreated: true,
        clearExpiredByTimeout: false,
      })
    : new RateLimiterMemory(window)
}

/** `onUsedUp` hears of whoever takes the last of a window: once, not at every refusal. */
export const limiter =
  (db: Db, onUsedUp: (limit: string, key: string, retryAfterSeconds: number) => void = () => {}) =>
  (name: string, points: number | null, shared: boolean, seconds = 60): Limit => {
    if (points === null) return unlimited(name)
    const window = counter(db, { keyPrefix: name, points, duration: seconds }, shared)
    const usedBy = async (key: string): Promise<RateLimiterRes | null> => {
      const used = await window.get(key)
      return used !== null && used.msBeforeNext > 0 ? used : null
    }
    return {
      name,
      points,
      consume: async (key) => {
        const { remainingPoints, msBeforeNext } = await window.consume(key).catch(tooMany)
        if (remainingPoints === 0) onUsedUp(name, key, Math.ceil(msBeforeNext / 1000))
        return remainingPoints
      },
      check: async (key) => {
        const used = await usedBy(key)
        if (used !== null && used.remainingPoints <= 0) tooMany(used)
        return used?.remainingPoints ?? points
      },
      giveBack: async (key) => {
        // In a window that has ended meanwhile there is nothing of ours.
        const used = await usedBy(key)
        if (used !== null && used.consumedPoints > 0) await window.reward(key)
      },
    }
  }

/** Guesses at one secret: so many in a row, then one at a time, each after a longer wait than the one before. */
export interface Backoff {
  /** Counts one, before it is looked at; refuses with `rate_limited` one that comes too early. */
  attempt(key: string): Promise<void>
  /** It was right: what was counted is forgotten. */
  forget(key: string): Promise<void>
}

const FREE_ATTEMPTS = 5
const FIRST_WAIT_SECONDS = 60
const LONGEST_WAIT_SECONDS = 900
/** How long an attempt is remembered. */
const REMEMBERED_SECONDS = 3600
/** More than anybody makes in that time: it is the wait that refuses. */
const NO_END = 1_000_000_000

export const backoff = (
  db: Db,
  name: string,
  isOff: boolean,
  onClosed: (limit: string, key: string, retryAfterSeconds: number) => void,
): Backoff => {
  if (isOff) return { attempt: async () => {}, forget: async () => {} }
  const count = counter(db, { keyPrefix: name, points: NO_END, duration: REMEMBERED_SECONDS }, true)
  const gate = counter(db, { keyPrefix: `${name}-wait`, points: 1, duration: LONGEST_WAIT_SECONDS }, true)
  return {
    attempt: async (key) => {
      const { consumedPoints: attempts } = await count.consume(key)
      if (attempts < FREE_ATTEMPTS) return
      const wait = Math.min(FIRST_WAIT_SECONDS * 2 ** (attempts - FREE_ATTEMPTS), LONGEST_WAIT_SECONDS)
      try {
        await gate.consume(key, 1, { customDuration: wait })
      } catch (refused) {
        await count.reward(key)
        tooMany(refused)
      }
      onClosed(name, key, wait)
    },
    forget: async (key) => {
      await count.delete(key)
      await gate.delete(key)
    },
  }
}

/** Rows that one statement deletes. */
const CLEAR_BATCH = 500

/**
 * The table of limits (behaviour/requests.md §8). An address counts as its network does (D56): `exchange.network`.
 * Guessing is counted in the database where several processes share one. The volume limit of the API is counted by each
 * process: it protects the process, and a `GET` writes nothing.
 */
export const limits = (config: Config, db: Db, log: Logging) => {
  const throttled = (name: string, key: string, retryAfterSeconds: number) => {
    const holder = isIP(key) !== 0 ? { ip: key } : key.includes('/') ? { network: key } : { holder: key }
    log.security('auth.throttled', { ...holder, limit: name, retry_after: retryAfterSeconds })
  }
  const limit = limiter(db, throttled)
  const isOff = config.AUTH_RATE_LIMIT_PER_MINUTE === null

  return {
    /** Every request but for small files: per account when authenticated, per address otherwise. */
    api: limit('api', config.API_RATE_LIMIT_PER_MINUTE, false),
    /** Creation request tokens, per address: they cost a row each. */
    requestTokens: limit('request-token', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    /** Sends by push, per address; devices have their own throttle. */
    pushTokens: limit('push-token', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    /** Pushes that an account asks for which is no administrator: sixty in a minute, unless guessing is not limited. */
    pushes: limit('push', isOff ? null : 60, true),
    /** Auth tokens, per address. */
    authTokens: limit('auth-token', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    /** Confirmations of the 2021 generation, per account name, known or not: five in an hour. */
    confirmations: limit('confirmation', 5, true, 3600),
    /** Wrong codes of phone numbers, e-mail addresses and recoveries, per address. */
    codes: limit('code', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    /**
     * Recoveries that an address starts, of accounts known or not: ten in an hour, unless guessing is not limited at
     * all.
     */
    recoveries: limit('recovery', isOff ? null : 10, true, 3600),
    /** Accounts that an address makes in the panel: ten in an hour, unless guessing is not limited at all. */
    registrations: limit('registration', isOff ? null : 10, true, 3600),
    /** Mails of those accounts to one mailbox of one Space, whose name is hashed: five in an hour. */
    registrationMails: limit('registration-mail', config.AUTH_RATE_LIMIT_PER_MINUTE === null ? null : 5, true, 3600),
    /** Passwords typed for an account, known or not. */
    passwords: backoff(db, 'password', isOff, throttled),
    /**
     * Sign-ins of strangers with a password, per address and per Space, in a quarter of an hour; those that succeed do
     * not count. Beyond the limit of a Space they are slowed down, not refused.
     */
    signInsOfAddress: limit('sign-in-address', isOff ? null : 30, true, 900),
    signInsOfSpace: limit('sign-in-space', isOff ? null : 300, true, 900),
    /** QR codes to sign in with, per address: they cost a row each. */
    signInCodes: limit('sign-in-code', isOff ? null : 20, true, 3600),
    /** Digest responses that were wrong, per address. */
    digests: guesses(limit('digest', config.AUTH_RATE_LIMIT_PER_MINUTE, true)),
    /**
     * API keys that nobody has, and links to a new password, per address. They are too long to be guessed: what is
     * limited is what they cost and log, and a right one is never refused.
     */
    keyFailures: limit('key', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    linkFailures: limit('link', config.AUTH_RATE_LIMIT_PER_MINUTE, true),
    /** Removes what is known of windows that have ended; nothing where this process counts in memory. */
    clear: async (now: Date, signal?: AbortSignal): Promise<number> => {
      const store = db.limiterStore
      let total = 0
      for (let removed = CLEAR_BATCH; store !== null && removed === CLEAR_BATCH; await Bun.sleep(0)) {
        signal?.throwIfAborted()
        removed = await store.clear(now, CLEAR_BATCH)
        total += removed
      }
      return total
    },
  }
}

export type Limits = ReturnType<typeof limits>
