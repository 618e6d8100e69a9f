/** The operator's own program, in place of APNs and FCM (docs/push.md). */

import { accessSync, constants } from 'node:fs'
import type { Config } from '../config/config.ts'
import { runProgram } from '../program.ts'
import { PushFailure } from './failure.ts'
import type { PushMessage, Sender } from './sender.ts'

/** Null when the configuration names no program. */
export function pusher(config: Config): Sender | null {
  const program = config.APP_FLEXISIP_PUSHER_PATH
  if (program === null) return null
  return {
    async send(message, signal) {
      for (const value of [message.param, message.prid, message.callId ?? '']) {
        if (value.startsWith('--')) throw new PushFailure('bad_device', { detail: 'a value is written like an option' })
      }
      const status = await runProgram([program, ...pusherArguments(message, config)], { signal }).catch((error) => {
        if (signal.aborted) throw error
        const why = error instanceof Error ? error.message : String(error)
        throw new PushFailure('program', { detail: `cannot be started: ${why}`, cause: error })
      })
      if (status !== 0) throw new PushFailure('program', { status, detail: 'exit status' })
    },
    async check() {
      try {
        accessSync(program, constants.X_OK)
        return [{ name: 'push program', ok: true, detail: program }]
      } catch {
        return [{ name: 'push program', ok: false, detail: `${program} is missing or cannot be executed.` }]
      }
    },
    async close() {},
  }
}

/** An argument vector: no shell reads it, so nothing in it needs quoting. */
function pusherArguments(message: PushMessage, config: Config): string[] {
  const { provider, param, prid, type, payload, callId } = message
  const key = config.APP_FLEXISIP_PUSHER_FIREBASE_KEYSMAP.find(({ project }) => project === param)?.key
  const words = ['--pn-provider', provider]
  if (param !== '') words.push('--pn-param', param)
  if (prid !== '') words.push('--pn-prid', prid)
  if (payload !== null) words.push('--customPayload', JSON.stringify(payload))
  if (callId !== null) words.push('--call-id', callId)
  if (provider !== 'fcm') words.push('--apple-push-type', APPLE_PUSH_TYPES[type])
  if (key !== undefined) words.push('--key', key)
  return words
}

const APPLE_PUSH_TYPES = { background: 'Background', message: 'RemoteWithMutableContent', call: 'PushKit' } as const
