import { outageOf } from '../db/outage.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'

const RETRY_AFTER_SECONDS = 5
/** Every request fails alike: an operator reads it once a second. */
const SAY_EVERY_MS = 1000

/** What a request hears whose failure is that of the database (D53): 503, and when to come back. null: our bug. */
export type Outages = (error: unknown, request: Readonly<Record<string, unknown>>) => AppError | null

export const outages = (log: Logging, now: () => Date): Outages => {
  let said = Number.NEGATIVE_INFINITY
  return (error, request) => {
    const outage = outageOf(error)
    if (outage === null) return null
    const at = now().getTime()
    if (Math.abs(at - said) >= SAY_EVERY_MS) {
      said = at
      log.app.error('the database does not serve requests', { outage, ...request, error })
    }
    return new AppError('unavailable', 'errors.database', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error })
  }
}
