/** Wakes apps: through APNs and FCM, or through the operator's own program when there is one. */

import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import type { Logging, SecurityFields } from '../logging/logging.ts'
import { apns } from './apns.ts'
import { PushFailure, type PushReason, unlessAborted } from './failure.ts'
import { fcm } from './fcm.ts'
import { pusher } from './pusher.ts'
import type { Check, PushMessage } from './sender.ts'

export interface PushDeps {
  readonly config: Config
  readonly log: Logging
  readonly now: () => Date
  /** How long one push may take, for tests. */
  readonly limitMs?: number
}

const LIMIT_MS = 10_000

/** Not the operator's fault: removed apps, and whatever a stranger cares to send. */
const FAULTS_OF_DEVICES: readonly PushReason[] = ['unregistered', 'bad_device', 'bad_topic']

export const push = ({ config, log, now, limitMs = LIMIT_MS }: PushDeps) => {
  const program = pusher(config)
  const apple = program ?? apns(config, now, limitMs)
  const google = program ?? fcm(config, now, limitMs)
  const senders = [...new Set([apple, google])].filter((sender) => sender !== null)
  let inFlight = 0
  let isBusy = false

  const refuse = (message: PushMessage, failure: PushFailure) => {
    const { reason, status, detail } = failure
    const level = FAULTS_OF_DEVICES.includes(reason) ? 'info' : 'warn'
    log.app[level]('push not sent', { reason, status, detail, ...about(message) })
    return new AppError('unavailable', reason === 'no_credentials' ? 'push.off' : 'push.failed', { cause: failure })
  }

  return {
    /**
     * Resolves when the service, or the program, has accepted it: whether it arrives is not known. Never takes longer
     * than ten seconds. `cause`: what the security log says of the request behind it. Refusals: `push.off`,
     * `push.busy`, `push.failed`.
     */
    send: async (message: PushMessage, cause: SecurityFields = {}): Promise<void> => {
      const sender = message.provider === 'fcm' ? google : apple
      if (sender === null) throw refuse(message, new PushFailure('no_credentials'))
      if (inFlight >= config.PUSH_MAX_IN_FLIGHT) {
        if (!isBusy) log.app.warn('push not sent', { reason: 'busy', in_flight: inFlight })
        isBusy = true
        throw new AppError('unavailable', 'push.busy')
      }
      inFlight += 1
      const ended = new AbortController()
      const timer = setTimeout(() => ended.abort(new PushFailure('timeout')), limitMs)
      try {
        await unlessAborted(ended.signal, sender.send(message, ended.signal))
      } catch (error) {
        if (error instanceof PushFailure) throw refuse(message, error)
        log.app.error('push failed unexpectedly', { error, ...about(message) })
        throw new AppError('unavailable', 'push.failed', { cause: error })
      } finally {
        clearTimeout(timer)
        inFlight -= 1
        isBusy = false
      }
      const { provider: via, ...fields } = about(message)
      log.security('push.sent', { via, ...fields, ...cause })
    },

    /** For `doctor`: what is configured, and whether it can work. */
    check: async (): Promise<Check[]> => {
      if (senders.length === 0) {
        return [{ name: 'push', ok: true, detail: 'not configured; requests for a push are answered with 503' }]
      }
      return (await Promise.all(senders.map((sender) => sender.check()))).flat()
    },

    close: async (): Promise<void> => {
      await Promise.all(senders.map((sender) => sender.close()))
    },
  }
}

export type Push = ReturnType<typeof push>

/** The log shortens a value of this name to its first four characters. */
const about = ({ provider, param, prid, type }: PushMessage) => ({ provider, app: param, type, device_token: prid })
