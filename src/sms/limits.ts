import type { Config } from '../config/config.ts'
import type { Db } from '../db/db.ts'
import { AppError } from '../errors.ts'
import type { Limit } from '../http/limit.ts'
import { limiter } from '../http/limits.ts'
import type { Logging } from '../logging/logging.ts'
import { maskedPhone } from '../logging/masking.ts'
import { parsePhone } from '../protocols/e164.ts'
import { networkOf } from '../protocols/ip-address.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * A proxy that `TRUSTED_PROXIES` does not name: everybody comes from there, and five an hour are not enough for all.
 */
const LOOPBACK = /^(?:127\.|::1$)/

/** The codes of a calling code whose fate is looked at. */
const LAST_CODES = 50
/** One SMS in so long is let through to a calling code that is stopped: without new codes none could be confirmed. */
const TRIAL_SECONDS = 10 * MINUTE

/**
 * What an SMS may cost (behaviour/messages.md §5.2): whoever owns numbers earns with every one. Counted for the number,
 * the client's address (D56), the Space and the calling code, in the database where several processes share one. A
 * calling code whose codes nobody confirms is stopped but for a trial now and then.
 */
export const smsLimits = (deps: {
  config: Config
  db: Db
  log: Logging
  /** Of the last codes for numbers that start so. */
  codes: { confirmedShare(prefix: string, most: number): Promise<{ issued: number; confirmed: number }> }
}) => {
  const { config, db, log, codes } = deps
  const limit = limiter(db)
  const numberMinute = limit('sms-number-minute', config.SMS_LIMIT_NUMBER_MINUTE, true, MINUTE)
  const numberHour = limit('sms-number-hour', config.SMS_LIMIT_NUMBER_HOUR, true, HOUR)
  const numberDay = limit('sms-number-day', config.SMS_LIMIT_NUMBER_DAY, true, DAY)
  const addressHour = limit('sms-ip-hour', config.SMS_LIMIT_IP_HOUR, true, HOUR)
  const spaceDay = limit('sms-space-day', config.SMS_LIMIT_SPACE_DAY, true, DAY)
  const prefixHour = limit('sms-prefix-hour', config.SMS_LIMIT_PREFIX_HOUR, true, HOUR)
  const trial = limit('sms-confirm-ratio', 1, true, TRIAL_SECONDS)

  const isStopped = async (prefix: string): Promise<boolean> => {
    const { issued, confirmed } = await codes.confirmedShare(prefix, LAST_CODES)
    return issued >= LAST_CODES && confirmed / issued < config.SMS_MIN_CONFIRM_RATIO
  }

  return {
    /**
     * Counts one SMS; `rate_limited` when there were too many. A refusal counts nothing. Of many at once no more are
     * let through than the limits say.
     */
    admit: async (sms: {
      readonly phone: string
      readonly address: string
      readonly space: { readonly id: number; readonly domain: string }
    }): Promise<void> => {
      const { phone, address, space } = sms
      const prefix = `+${parsePhone(phone)?.callingCode ?? ''}`
      const refuse = (limit: Limit, error: unknown): never => {
        if (error instanceof AppError) {
          const about = { ip: address, space: space.domain, phone: maskedPhone(phone) }
          log.security('sms.limited', { ...about, limit: limit.name, retry_after: error.retryAfterSeconds })
        }
        throw error
      }

      // The longest windows first: whoever has waited for a minute should not learn then that it is a day.
      const claims: [Limit, string][] = [
        [numberDay, phone],
        [spaceDay, String(space.id)],
        [numberHour, phone],
        ...(LOOPBACK.test(address) ? [] : [[addressHour, networkOf(address)] as [Limit, string]]),
        [prefixHour, prefix],
        [numberMinute, phone],
      ]
      for (const [limit, key] of claims) await limit.check(key).catch((error) => refuse(limit, error))
      if (await isStopped(prefix)) {
        await trial.check(prefix).catch((error) => refuse(trial, error))
        claims.push([trial, prefix])
      }
      for (const [index, [limit, key]] of claims.entries()) {
        await limit.consume(key).catch(async (error) => {
          // Somebody else was faster. The limit that refused has counted as well.
          const counted = claims.slice(0, error instanceof AppError ? index + 1 : index)
          await Promise.allSettled(counted.map(([each, its]) => each.giveBack(its)))
          refuse(limit, error)
        })
      }
    },
  }
}

export type SmsLimits = ReturnType<typeof smsLimits>
