import { timingSafeEqual } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Secrets } from '../../secrets.ts'
import { type CodeKind, codeStore } from './store.ts'

export type { CodeKind } from './store.ts'

/** A code dies of so many wrong guesses (D29). */
export const MOST_ATTEMPTS = 3

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/**
 * Codes that an account gets in an hour (D29); fewer of those that somebody else may ask for (behaviour/panel.md §1.4).
 */
const MOST_AN_HOUR = 5
const MOST_RECOVERIES_AN_HOUR = 3

export type Guess =
  | { readonly outcome: 'right' }
  /** `left`: guesses that remain. */
  | { readonly outcome: 'wrong'; readonly left: number }
  /** Too old, or guessed wrong too often: a new one must be asked for. */
  | { readonly outcome: 'dead' }

/** Codes of a few digits that a person reads and types: made, stored sealed, guessed at most three times. */
export const codes = (deps: { config: Config; db: Db; secrets: Secrets; now: () => Date }) => {
  const { config, db, secrets, now } = deps
  const store = codeStore(db)

  const lifetimeMinutes: Readonly<Record<CodeKind, number | null>> = {
    phone: config.APP_PHONE_CHANGE_CODE_EXPIRATION_MINUTES,
    email: config.APP_EMAIL_CHANGE_CODE_EXPIRATION_MINUTES,
    recovery: config.APP_RECOVERY_CODE_EXPIRATION_MINUTES,
  }
  const expiryOf = (kind: CodeKind, createdAt: Date): Date | null => {
    const minutes = lifetimeMinutes[kind]
    return minutes === null ? null : new Date(createdAt.getTime() + minutes * MINUTE_MS)
  }
  const isExpired = (kind: CodeKind, createdAt: Date): boolean => {
    const expiry = expiryOf(kind, createdAt)
    return expiry !== null && expiry < now()
  }

  /** Each of 1000…9999 equally likely: the first digit is never 0, so that a code may be read as a number. */
  const make = (): string => {
    const span = 9 * 10 ** (config.CODE_DIGITS - 1)
    const limit = 2 ** 32 - (2 ** 32 % span)
    for (;;) {
      const [drawn = 0] = new Uint32Array(Uint8Array.from(secrets.random(4)).buffer)
      if (drawn < limit) return String(10 ** (config.CODE_DIGITS - 1) + (drawn % span))
    }
  }

  const isRight = (sealed: string, given: string): boolean => {
    const expected = Buffer.from(secrets.open(sealed))
    const guess = Buffer.from(given)
    return guess.length === expected.length && timingSafeEqual(guess, expected)
  }

  return {
    lifetimeMinutes,
    expiryOf,
    isExpired,
    make,
    /** The code in the form in which a row keeps it. */
    seal: (code: string): string => secrets.seal(code),
    /** Whether the account may get another code now; `rate_limited` when not. Call it while the account is held. */
    refuseTooMany: async (tx: Tx, kind: CodeKind, accountId: number): Promise<void> => {
      const issued = await store.issuedSince(tx, accountId, new Date(now().getTime() - HOUR_MS))
      const all = issued.phone + issued.email + issued.recovery
      const isTooMany = all >= MOST_AN_HOUR || (kind === 'recovery' && issued.recovery >= MOST_RECOVERIES_AN_HOUR)
      if (!isTooMany) return
      const seconds = HOUR_MS / 1000
      throw new AppError('rate_limited', 'errors.rate_limited', { values: { seconds }, retryAfterSeconds: seconds })
    },
    /** Codes of every kind that the account got since then. */
    issuedSince: async (on: Reader, accountId: number, since: Date): Promise<number> => {
      const { phone, email, recovery } = await store.issuedSince(on, accountId, since)
      return phone + email + recovery
    },
    /** A newer code makes all that wait worthless. */
    invalidate: (tx: Tx, kind: CodeKind, accountId: number) => store.invalidate(tx, kind, accountId, now()),
    /**
     * One guess at a pending code. It is counted before it is compared, so of a hundred at once three count. The
     * caller commits whatever comes out, and refuses afterwards: a wrong guess must not be rolled back.
     */
    guess: async (tx: Tx, kind: CodeKind, id: number, given: string): Promise<Guess> => {
      const row = await store.attempt(tx, kind, id, MOST_ATTEMPTS, now())
      if (row === null || row.code === null || isExpired(kind, row.createdAt)) return { outcome: 'dead' }
      if (!isRight(row.code, given)) return { outcome: 'wrong', left: MOST_ATTEMPTS - row.attempts }
      await store.confirm(tx, kind, id, now())
      return { outcome: 'right' }
    },
    /**
     * The guess of somebody who has shown nothing of the account: compared, and not counted against the code, which
     * must not die of strangers. The caller counts them, before.
     */
    guessOfStranger: async (tx: Tx, kind: CodeKind, id: number, given: string): Promise<Guess> => {
      const row = await store.byId(tx, kind, id)
      if (row === null || row.code === null || row.attempts >= MOST_ATTEMPTS) return { outcome: 'dead' }
      if (isExpired(kind, row.createdAt)) return { outcome: 'dead' }
      if (!isRight(row.code, given)) return { outcome: 'wrong', left: MOST_ATTEMPTS - row.attempts }
      await store.confirm(tx, kind, id, now())
      return { outcome: 'right' }
    },
    /** Confirms without a guess: by the link of the mail. */
    confirm: (tx: Tx, kind: CodeKind, id: number) => store.confirm(tx, kind, id, now()),
    confirmedShare: (prefix: string, most: number) => store.confirmedShare(db.read, prefix, most),
  }
}

export type Codes = ReturnType<typeof codes>
