/**
 * The registrar of Flexisip, where phones say how they are reached; it keeps that in Redis (behaviour/telephony.md §2).
 */

import type { Config } from '../config/config.ts'
import type { Logging } from '../logging/logging.ts'
import { sentenceOf } from '../thrown.ts'
import { isRefusal, type RedisClient, redis } from './redis.ts'

/** Connecting and a second attempt included: whoever asks has an answer within a second. */
const LIMIT_MS = 900
/** After a failure nobody asks, and nobody waits, for so long. */
const REST_MS = 5_000
const SILENCE_MS = 60_000

const CHECK_LIMIT_MS = 2_000
const MOST_SCANS = 100
const SCAN_SIZE = 1000

/**
 * Redis away, slow or talking nonsense is nobody's error: there are no contacts then, nothing is removed, and the log
 * says so once a minute.
 */
export const registrar = (deps: { config: Config; log: Logging; now: () => Date }) => {
  const { config, log, now } = deps
  const server = redis(config)
  let failedAt = Number.NEGATIVE_INFINITY
  let loggedAt = Number.NEGATIVE_INFINITY

  /** A clock that is set back makes nothing last longer. */
  const isWithin = (ms: number, moment: number): boolean => {
    const age = now().getTime() - moment
    return age >= 0 && age < ms
  }

  const ask = async <Answer>(
    about: { readonly account: string },
    nothing: Answer,
    work: (client: RedisClient) => Promise<Answer>,
  ): Promise<Answer> => {
    if (server === null || isWithin(REST_MS, failedAt)) return nothing
    try {
      return await server.ask(work, LIMIT_MS)
    } catch (error) {
      // A refusal is about one key, and no reason to leave the others alone.
      if (!isRefusal(error)) failedAt = now().getTime()
      if (isWithin(SILENCE_MS, loggedAt)) return nothing
      loggedAt = now().getTime()
      const fields = { redis: server.name, ...about, reason: sentenceOf(error) }
      log.app.warn('the registrar cannot be asked, no devices are shown', fields)
      return nothing
    }
  }

  /** For what is tried again later: rejects where it could not be done. */
  const insist = async <Answer>(work: (client: RedisClient) => Promise<Answer>): Promise<Answer | null> => {
    if (server === null) return null
    if (isWithin(REST_MS, failedAt)) throw new Error('Redis did not answer a moment ago')
    try {
      return await server.ask(work, LIMIT_MS)
    } catch (error) {
      if (!isRefusal(error)) failedAt = now().getTime()
      throw new Error(sentenceOf(error))
    }
  }

  const prefix = config.REDIS_PREFIX ?? ''
  const keyOf = (address: string) => `${prefix}fs:${address}`
  const fieldOf = (uuid: string) => `"<${uuid}>"`

  return {
    /** The contacts of `user@domain`, each as the registrar wrote it. */
    contacts: (address: string): Promise<readonly string[]> =>
      ask({ account: address }, [], async (client) => {
        const contacts: unknown = await client.send('HVALS', [keyOf(address)])
        if (!Array.isArray(contacts)) throw new Error('what answers is no Redis')
        return contacts.filter((contact) => typeof contact === 'string')
      }),

    /** The contact of a device; null: it is not registered, or nobody can be asked. */
    contact: (address: string, uuid: string): Promise<string | null> =>
      ask({ account: address }, null, async (client) => {
        const contact: unknown = await client.send('HGET', [keyOf(address), fieldOf(uuid)])
        return typeof contact === 'string' ? contact : null
      }),

    /** Tells the proxy to look at the contacts of `user@domain` again. */
    nudge: (address: string): Promise<void> =>
      ask({ account: address }, undefined, async (client) => {
        await client.send('PUBLISH', [address, ''])
      }),

    /** Takes away the contact of a device and tells the proxy; true when it was there. Rejects where it could not be done. */
    remove: async (address: string, uuid: string): Promise<boolean> => {
      const done = await insist((client) =>
        // Both at once, so that nothing comes between them.
        Promise.all([client.send('HDEL', [keyOf(address), fieldOf(uuid)]), client.send('PUBLISH', [address, ''])]),
      )
      return done?.[0] === 1
    },

    /** Takes away every contact of `user@domain` and tells the proxy. Rejects where it could not be done. */
    removeAll: async (address: string): Promise<void> => {
      await insist((client) =>
        Promise.all([client.send('DEL', [keyOf(address)]), client.send('PUBLISH', [address, ''])]),
      )
    },

    /** Says it to whoever listens on the channel; nobody may. Rejects where it could not be said. */
    publish: async (channel: string, message: string): Promise<void> => {
      await insist((client) => client.send('PUBLISH', [channel, message]))
    },

    /** Whether an empty answer means that nothing is registered: nobody was asked, or nobody answered. */
    state: (): 'off' | 'away' | 'there' => (server === null ? 'off' : isWithin(REST_MS, failedAt) ? 'away' : 'there'),

    /** For `doctor`. */
    check: async (): Promise<{ readonly name: string; readonly ok: boolean; readonly detail: string }> => {
      const name = 'Redis of the registrar'
      if (server === null) return { name, ok: true, detail: 'not configured; no devices are shown' }
      try {
        const holds = await server.ask((client) => holdsAny(client, keyOf('*')), CHECK_LIMIT_MS)
        const lookElsewhere = `holds no ${keyOf('*')}: no phone is registered, or REDIS_DB or REDIS_PREFIX is wrong`
        return { name, ok: true, detail: `${server.name} ${holds ? 'holds registrations' : lookElsewhere}` }
      } catch (error) {
        return { name, ok: false, detail: `${server.name}: ${sentenceOf(error)}` }
      }
    },

    close: (): void => server?.close(),
  }
}

export type Registrar = ReturnType<typeof registrar>

/** Looks at the first 100,000 keys: the registrar's own Redis holds little else. */
async function holdsAny(client: RedisClient, pattern: string): Promise<boolean> {
  let cursor = '0'
  for (let scans = 0; scans < MOST_SCANS; scans += 1) {
    const [next, keys] = await client.send('SCAN', [cursor, 'MATCH', pattern, 'COUNT', String(SCAN_SIZE)])
    if (keys.length > 0) return true
    if (next === '0') return false
    cursor = next
  }
  return false
}
