import { type DispatcherOptions, dispatcher } from '../../src/outbox/dispatcher.ts'
import type { Channel, ChannelId, Message, OutgoingMessage } from '../../src/outbox/messages.ts'
import type { TestApp } from '../support/app.ts'

export interface Recording extends Channel {
  /** Every message that it was given, in order. */
  readonly given: OutgoingMessage[]
  isClosed(): boolean
}

/** A channel that takes everything, or does what `answer` does. */
export const recording = (
  id: ChannelId,
  answer: (message: OutgoingMessage) => Promise<void> = async () => {},
): Recording => {
  const given: OutgoingMessage[] = []
  let closed = false
  return {
    id,
    given,
    isClosed: () => closed,
    dispatch: async (message) => {
      given.push(message)
      await answer(message)
    },
    close: async () => {
      closed = true
    },
  }
}

export const never = () => new Promise<void>(() => {})

/** A dispatcher of the app's outbox that looks only when the test says so. */
export const dispatcherOf = (t: TestApp, channels: readonly Channel[], more: Partial<DispatcherOptions> = {}) =>
  dispatcher({
    db: t.db,
    secrets: t.parts.secrets,
    log: t.world.log,
    now: t.world.now,
    outbox: t.parts.outbox,
    workers: 2,
    ...more,
    channels,
  })

export type Mail = Extract<Message, { kind: 'email_code' }>

/** A mail with a code; `more` changes it. */
export const mailTo = (t: TestApp, recipient: string, more: Partial<Mail> = {}): Mail => ({
  channel: 'mail',
  kind: 'email_code',
  spaceId: t.main.id,
  accountId: null,
  recipient,
  language: 'en',
  data: {
    'account.identifier': 'bob@sip.example.org',
    code: '48151623',
    code_link: 'https://localhost/email/SECRETLINK',
    expires_minutes: 10,
    is_registration: false,
  },
  ...more,
})

export const smsTo = (t: TestApp, recipient: string, more: Partial<Message> = {}): Message =>
  ({
    channel: 'sms',
    kind: 'phone_code',
    spaceId: t.main.id,
    accountId: null,
    recipient,
    language: 'en',
    data: { code: '48151623', expires_minutes: 10 },
    ...more,
  }) as Message

export const add = (t: TestApp, message: Message): Promise<number | null> =>
  t.db.transaction((tx) => t.parts.outbox.add(tx, message))
