import type { Language } from '../messages/messages.ts'

export const CHANNELS = ['mail', 'sms', 'recovery', 'bridge', 'hook', 'statistics', 'proxy', 'webhook'] as const
export type ChannelId = (typeof CHANNELS)[number]

/**
 * Every kind of mail (behaviour/messages.md §1) with what its template may say. `link` and `*_link` are absolute.
 * `expires_minutes` is null for what never expires.
 */
export interface MailKinds {
  /** To the new address. `code_link` confirms by a click in the mail. */
  email_code: {
    'account.identifier': string
    code: string
    code_link: string
    expires_minutes: number | null
    is_registration: boolean
  }
  recovery_code: {
    'account.identifier': string
    code: string
    expires_minutes: number | null
    attempts: number
    ip: string
  }
  /** To whoever writes the newsletter. `wording` is what the subscriber has ticked, `time` when. */
  newsletter: { email: string; wording: string; time: string }
  reset_password: { 'account.identifier': string; link: string; expires_minutes: number | null }
  /** The QR code in the mail is `provisioning_link`. */
  provisioning: {
    'account.identifier': string
    'account.display_name': string | null
    provisioning_link: string
    wizard_link: string
    expires_minutes: number | null
    registrar: string | null
  }
  /**
   * `voicemail` is its uuid: the recording goes along. Where it is too large for that there is a `link`. `caller` and
   * `callee` are SIP addresses; without `caller` it is not known. `seconds` null: the file does not say.
   */
  voicemail: {
    voicemail: string
    caller: string | null
    callee: string
    recorded_at: string
    seconds: number | null
    link: string | null
    telephony_url: string
  }
  /** To an administrator. `expire_at` is `2026-01-31`. */
  space_expiring: { days: number; expire_at: string; accounts_count: number }
  /** To the old address. `link` brings it back for 72 hours. */
  email_changed: { 'account.identifier': string; masked_email: string; time: string; ip: string; link: string }
  /** `link` starts a recovery. */
  password_changed: { 'account.identifier': string; time: string; ip: string; link: string }
  account_deleted: { 'account.identifier': string; time: string; ip: string }
  account_blocked: { 'account.identifier': string; time: string; is_blocked: boolean; is_automatic: boolean }
  /** To whoever has the address. `link` starts a recovery. */
  registration_attempted: { 'account.identifier': string; time: string; ip: string; link: string }
  /** `transport`: which server took it. */
  test: { transport: string; time: string }
}

/** Every kind of SMS (behaviour/messages.md §5.1). */
export interface SmsKinds {
  phone_code: { code: string; expires_minutes: number | null }
  recovery_code: { code: string; expires_minutes: number | null }
}

/**
 * Somebody wants to get back into an account, and was answered already: whether there is one is looked at now, so that
 * the time of the answer does not tell. `username`: what was typed beside an address that several accounts may have.
 * `flow` is hashed; `token` was spent on it.
 */
export type RecoveryWanted = (
  | { readonly via: 'email'; readonly username: string | null }
  | { readonly via: 'phone'; readonly token: string }
) & {
  readonly flow: string
  readonly ip: string
  readonly user_agent: string | null
  readonly rid: string
}

export type MailKind = keyof MailKinds
export type SmsKind = keyof SmsKinds
export type MessageData = Readonly<Record<string, string | number | boolean | null>>

/** A message as a use case says it: what kind, to whom, with which values. Words are found when it is sent. */
interface Addressed {
  /** The account's Space: its name, its host, its mail server. The message goes with it; null: it stays. */
  readonly spaceId: number | null
  /** null: to nobody who has an account. */
  readonly accountId: number | null
  /** An e-mail address, a number in E.164, or what is spoken of. One at a time gets messages, in their order. */
  readonly recipient: string
  readonly language: Language
  /** A second message with the same key is not added. */
  readonly dedupKey?: string
  /** One that was sent until then counts no more for the key. */
  readonly dedupSince?: Date
  /** The message is sent no earlier than after this. */
  readonly delayMs?: number
  /** From then on the secret inside is worthless and the message is not sent. */
  readonly expiresAt?: Date | null
  /** Unsent messages of this kind to the same account are dropped: the newest code wins. */
  readonly supersedes?: boolean
}
type Mail<Kind extends MailKind = MailKind> = Kind extends MailKind
  ? Addressed & { readonly channel: 'mail'; readonly kind: Kind; readonly data: Readonly<MailKinds[Kind]> }
  : never
type Sms<Kind extends SmsKind = SmsKind> = Kind extends SmsKind
  ? Addressed & { readonly channel: 'sms'; readonly kind: Kind; readonly data: Readonly<SmsKinds[Kind]> }
  : never
type Recovery = Addressed & { readonly channel: 'recovery'; readonly kind: 'wanted'; readonly data: RecoveryWanted }
/** For Flexisip's B2BUA: which external account it must read again, and under which address it knows it. */
type Bridged = Addressed & {
  readonly channel: 'bridge'
  readonly kind: 'external_account'
  readonly data: { readonly username: string; readonly domain: string; readonly identifier: string }
}
/** For the operator's account hooks; `event` is JSON of what they are handed. */
type Hooked = Addressed & {
  readonly channel: 'hook'
  readonly kind: 'created' | 'updated' | 'deleted'
  readonly data: { readonly event: string }
}
/** What an account sent and that did not go with it at once; `until`: in milliseconds, what is younger stays. */
type Forgotten = Addressed & {
  readonly channel: 'statistics'
  readonly kind: 'forget'
  readonly data: { readonly username: string; readonly domain: string; readonly until: number }
}
/** For Flexisip's registrar: a phone that is not to be reached any more. */
type Removed = Addressed & {
  readonly channel: 'proxy'
  readonly kind: 'device'
  readonly data: { readonly username: string; readonly domain: string; readonly uuid: string }
}
/**
 * For Flexisip: whose password it must forget, and whose phones as well: `account`, which was closed, all of them; `phones`
 * those that are named, and those that registered until `at`, in seconds.
 */
type Closed = Addressed & {
  readonly channel: 'proxy'
  readonly kind: 'password' | 'account' | 'phones'
  readonly data: {
    readonly username: string
    readonly domain: string
    readonly at: number
    readonly phones: readonly string[]
  }
}
/**
 * For a target of a Space (behaviour/webhooks.md): `event` is the body that it gets, `id` what it knows the message by.
 * The recipient is the target and what the event is about: of what is about the same nothing overtakes another.
 */
type Told = Addressed & {
  readonly channel: 'webhook'
  readonly kind: string
  /** The message goes with it. */
  readonly webhookId: number
  readonly data: { readonly id: string; readonly subject: string; readonly body: string }
}
export type Message = Mail | Sms | Recovery | Bridged | Hooked | Forgotten | Closed | Removed | Told

/** A message on its way out. */
export interface OutgoingMessage {
  /** The same at every attempt: what a gateway may recognise a repetition by. */
  readonly id: number
  readonly kind: string
  /** null: the Space is gone. */
  readonly spaceId: number | null
  /** null: it is for no webhook. */
  readonly webhookId: number | null
  /** 1 for the first. */
  readonly attempt: number
  readonly recipient: string
  readonly language: Language
  readonly data: MessageData
}

/** Takes messages out of the building. */
export interface Channel {
  readonly id: ChannelId
  /** Resolves once the other side has it; rejects with `PermanentFailure` when trying again is useless. */
  dispatch(message: OutgoingMessage): Promise<void>
  close(): Promise<void>
}

/** The other side said no for good. Its message stands in the outbox: no secret may be in it. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure'
}
