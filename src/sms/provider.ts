import type { Config } from '../config/config.ts'
import type { Logging } from '../logging/logging.ts'
import type { Check } from '../push/sender.ts'

export type ProviderName = Exclude<Config['SMS_PROVIDER'][number], 'none'>

export interface SmsMessage {
  /** The same at every attempt: what a gateway may recognise a repetition by. */
  readonly id: string
  /** A number in E.164. */
  readonly to: string
  readonly text: string
  readonly kind: string
  /** The SIP domain; empty when the Space is gone. */
  readonly space: string
}

/** One way to send. */
export interface SmsProvider {
  readonly name: ProviderName
  /** Resolves once the message is accepted; rejects as a channel does, with no word of the message in the failure. */
  send(message: SmsMessage): Promise<void>
  /** Asks whether sending can work; sends nothing. */
  check(): Promise<Check>
}

export interface ProviderDeps {
  readonly config: Config
  readonly log: Logging
  readonly now: () => Date
  /** How long one request, or one run, may take. */
  readonly limitMs: number
}
