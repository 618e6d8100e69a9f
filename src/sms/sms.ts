/** Text messages with codes: through OVH, Twilio, a gateway or a program of the operator, or one after the other. */

import type { Config } from '../config/config.ts'
import type { Logging } from '../logging/logging.ts'
import { maskedPhone } from '../logging/masking.ts'
import { type Channel, PermanentFailure } from '../outbox/messages.ts'
import { smsLength } from '../protocols/gsm-alphabet.ts'
import type { Check } from '../push/sender.ts'
import { command } from './command.ts'
import { http } from './http.ts'
import { logged } from './log.ts'
import { ovh } from './ovh.ts'
import type { ProviderDeps, ProviderName, SmsMessage, SmsProvider } from './provider.ts'
import { codeText } from './text.ts'
import { twilio } from './twilio.ts'

export interface SmsDeps {
  readonly config: Config
  readonly log: Logging
  readonly now: () => Date
  readonly spaceOf: (id: number) => Promise<SmsSpace | null>
  /** How long one request, or one run, may take, for tests. */
  readonly limitMs?: number
}

interface SmsSpace {
  readonly name: string
  readonly domain: string
}

const LIMIT_MS = 10_000

const PROVIDERS: Readonly<Record<ProviderName, (deps: ProviderDeps) => SmsProvider>> = {
  log: logged,
  http,
  ovh,
  twilio,
  command,
}

export const sms = ({ config, log, now, spaceOf, limitMs = LIMIT_MS }: SmsDeps) => {
  const providers = config.SMS_PROVIDER.filter((name) => name !== 'none').map((name) =>
    PROVIDERS[name]({ config, log, now, limitMs }),
  )
  const isConfigured = providers.length > 0
  const nobody: SmsSpace = { name: config.APP_NAME, domain: '' }

  /** Who took it. A failure that may pass hands over to the next provider, and leaves the door open for all of them. */
  const send = async (message: SmsMessage): Promise<ProviderName> => {
    const reasons: string[] = []
    for (const provider of providers) {
      try {
        await provider.send(message)
        log.app.info('SMS handed over', { message: message.id, provider: provider.name, to: maskedPhone(message.to) })
        return provider.name
      } catch (error) {
        reasons.push(`${provider.name}: ${error instanceof Error ? error.message : 'failed'}`)
        if (!(error instanceof PermanentFailure)) continue
        if (reasons.length === 1) throw new PermanentFailure(reasons[0])
        break
      }
    }
    throw new Error(reasons.join('; '))
  }

  const channel: Channel = {
    id: 'sms',
    dispatch: async ({ id, kind, spaceId, recipient, language, data }) => {
      const space = (spaceId === null ? null : await spaceOf(spaceId)) ?? nobody
      if (!isConfigured) {
        log.security('sms.unconfigured', { space: space.domain, kind, message: id })
        throw new PermanentFailure('no SMS provider')
      }
      const minutes = typeof data.expires_minutes === 'number' ? data.expires_minutes : null
      const text = codeText(config, language, { space: space.name, code: String(data.code), minutes })
      await send({ id: `sms-${id}`, to: recipient, text, kind, space: space.domain })
    },
    close: async () => {},
  }

  return {
    ...channel,
    isConfigured,
    /** Sends what a person would get, with a code that is good for nothing, now and past every limit. */
    sendTest: async (to: string, space: SmsSpace = nobody) => {
      if (!isConfigured) throw new PermanentFailure('no SMS provider')
      const code = '1234567890'.slice(0, config.CODE_DIGITS)
      const minutes = config.APP_PHONE_CHANGE_CODE_EXPIRATION_MINUTES
      const text = codeText(config, 'en', { space: space.name, code, minutes })
      const message = { id: `test-${now().getTime()}`, to, text, kind: 'test', space: space.domain }
      return { provider: await send(message), ...smsLength(text) }
    },
    /** For `doctor`: what is configured, and whether it can work. */
    check: async (): Promise<Check[]> => {
      if (!isConfigured) {
        return [{ name: 'sms', ok: true, detail: 'not configured; no code is sent to a phone' }]
      }
      return Promise.all(
        providers.map((provider) =>
          provider
            .check()
            .catch((error): Check => ({ name: `sms ${provider.name}`, ok: false, detail: error.message })),
        ),
      )
    },
  }
}

export type Sms = ReturnType<typeof sms>
