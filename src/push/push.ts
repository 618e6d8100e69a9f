import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'

export type PushProvider = 'apns' | 'apns.dev' | 'fcm'

export interface PushMessage {
  readonly provider: PushProvider
  readonly param: string
  readonly prid: string
  readonly type: 'background' | 'message' | 'call'
  readonly payload: Readonly<Record<string, string>> | null
  readonly callId: string | null
}

export const push = (_deps: { config: Config; log: Logging }) => ({
  send: async (_message: PushMessage): Promise<void> => {
    throw new AppError('unavailable', 'push.off')
  },
  check: async (): Promise<{ name: string; ok: boolean; detail: string }[]> => [],
  close: async (): Promise<void> => {},
})

export type Push = ReturnType<typeof push>
