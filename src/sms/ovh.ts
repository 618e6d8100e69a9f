/** SMS at OVHcloud: signed requests to its API, a job for each message. */

import { demanded } from '../config/combinations.ts'
import { PermanentFailure } from '../outbox/messages.ts'
import { smsLength } from '../protocols/gsm-alphabet.ts'
import { ask, jsonOf, members, refusal } from './gateway.ts'
import type { ProviderDeps, SmsProvider } from './provider.ts'

export function ovh({ config, now, limitMs }: ProviderDeps): SmsProvider {
  const api = config.OVH_APP_ENDPOINT
  const application = demanded(config, 'OVH_APP_KEY')
  const secret = demanded(config, 'OVH_APP_SECRET')
  const consumer = demanded(config, 'OVH_APP_CONSUMER_KEY')
  /** Kept until something fails: seconds by which the clock of OVH is ahead of ours, and the service that sends. */
  let shift: Promise<number> | null = null
  let service: Promise<string> | null = null

  const seconds = () => Math.floor(now().getTime() / 1000)

  const measureShift = async (): Promise<number> => {
    const answer = await ask(`${api}/auth/time`, {}, limitMs)
    const time = jsonOf(answer.text)
    if (answer.status !== 200) throw refusal(answer)
    if (typeof time !== 'number') throw new Error('no time in the answer')
    return time - seconds()
  }

  const call = async (method: 'GET' | 'POST', path: string, job?: object): Promise<string> => {
    shift ??= measureShift()
    const timestamp = String(seconds() + (await shift))
    const url = `${api}${path}`
    const body = job === undefined ? '' : JSON.stringify(job)
    const signed = [secret, consumer, method, url, body, timestamp].join('+')
    const headers = {
      'content-type': 'application/json',
      'x-ovh-application': application,
      'x-ovh-consumer': consumer,
      'x-ovh-timestamp': timestamp,
      'x-ovh-signature': `$1$${Bun.SHA1.hash(signed, 'hex')}`,
    }
    const answer = await ask(url, { method, headers, ...(job !== undefined && { body }) }, limitMs)
    if (answer.status === 200) return answer.text
    const word = reasonIn(answer.text)
    // Our clock was set meanwhile; the next attempt measures again.
    if (word === 'QUERY_TIME_OUT') throw new Error(word)
    throw refusal(answer, word)
  }

  const firstService = async (): Promise<string> => {
    const services = jsonOf(await call('GET', '/sms'))
    if (!Array.isArray(services)) throw new Error('no list in the answer')
    const [first] = services
    if (typeof first !== 'string') throw new PermanentFailure('these keys have no SMS service')
    return first
  }

  const ofService = async (): Promise<string> => {
    service ??= config.OVH_SMS_SERVICE === null ? firstService() : Promise.resolve(config.OVH_SMS_SERVICE)
    return `/sms/${encodeURIComponent(await service)}`
  }

  const orForget = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      shift = null
      service = null
      throw error
    }
  }

  return {
    name: 'ovh',
    send: async ({ id, to, text }) => {
      const job = {
        message: text,
        receivers: [to],
        ...(config.OVH_APP_SENDER !== null && { sender: config.OVH_APP_SENDER }),
        senderForResponse: false,
        noStopClause: true,
        priority: 'high',
        class: 'phoneDisplay',
        charset: 'UTF-8',
        coding: smsLength(text).alphabet === 'gsm7' ? '7bit' : '8bit',
        validityPeriod: VALID_MINUTES,
        tag: id,
      }
      const answer = members(await orForget(async () => call('POST', `${await ofService()}/jobs`, job)))
      if (isFilled(answer.invalidReceivers)) throw new PermanentFailure('the number is not accepted')
      if (!isFilled(answer.validReceivers)) throw new Error('no receiver in the answer')
    },
    check: () =>
      orForget(async () => {
        const path = await ofService()
        const { creditsLeft } = members(await call('GET', path))
        const ok = typeof creditsLeft !== 'number' || creditsLeft > 0
        return { name: 'sms ovh', ok, detail: `service ${await service}, credits left: ${creditsLeft ?? 'unknown'}` }
      }),
  }
}

/** Two days. */
const VALID_MINUTES = 2880

const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0

/** OVH names its reasons: INVALID_SIGNATURE. */
const reasonIn = (text: string): string | undefined => {
  const { errorCode } = members(text)
  return typeof errorCode === 'string' && /^[A-Z_]{1,40}$/.test(errorCode) ? errorCode : undefined
}
