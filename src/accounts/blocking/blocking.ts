import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Logging } from '../../logging/logging.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Codes } from '../codes/codes.ts'

const MINUTE_MS = 60_000
const TOO_MANY_CODES = 'too_many_codes'

/**
 * An account that asks for code after code is blocked until an administrator looks at it (behaviour/requests.md §7.2).
 * An administrator is only refused for the rest of the window (D19): nobody may lock a Space out by asking in its name.
 */
export const blocking = (deps: {
  config: Config
  db: Db
  accounts: Accounts
  codes: Codes
  log: Logging
  now: () => Date
}) => {
  const { config, db, accounts, codes, log, now } = deps
  const most = config.BLOCKING_AMOUNT_EVENTS_AUTHORIZED_DURING_PERIOD
  const windowMs = config.BLOCKING_TIME_PERIOD_CHECK * MINUTE_MS

  const record = securityRecords(log)

  const isSuspicious = async (on: Reader, caller: Caller): Promise<boolean> =>
    most !== null && (await codes.issuedSince(on, caller.id, new Date(now().getTime() - windowMs))) >= most

  const refuse = async (visit: Visit, caller: Caller): Promise<never> => {
    if (mayActAs(caller, 'admin')) {
      record('auth.throttled', visit, caller, { reason: TOO_MANY_CODES, limit: 'codes', retry_after: windowMs / 1000 })
      const seconds = windowMs / 1000
      throw new AppError('rate_limited', 'errors.rate_limited', { values: { seconds }, retryAfterSeconds: seconds })
    }
    await db.transaction((tx) => accounts.blockAutomatically(tx, caller.space, caller.id, visit, TOO_MANY_CODES))
    throw new AppError('forbidden', 'auth.blocked')
  }

  return {
    /** Refuses, and blocks, before anything else is looked at. */
    check: async (visit: Visit, caller: Caller): Promise<void> => {
      if (await isSuspicious(db.read, caller)) await refuse(visit, caller)
    },
    /** The same question while the account is held; who hears yes ends the transaction and calls `check`. */
    isSuspicious: (tx: Tx, caller: Caller) => isSuspicious(tx, caller),
  }
}

export type Blocking = ReturnType<typeof blocking>
