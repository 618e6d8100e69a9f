import { timingSafeEqual } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import type { SettingName } from '../../config/settings.ts'
import {
  anything,
  choice,
  dictionary,
  email,
  flag,
  form,
  type Input,
  optional,
  plainText,
  text,
} from '../../http/input.ts'
import type { Message, MessageId, MessageValues } from '../../messages/messages.ts'
import type { DigestConfiguration, PasswordAlgorithm } from '../../nouns/space.ts'
import { ha1 } from '../../protocols/digest.ts'
import { looksLikePhone, type Phone, parsePhone } from '../../protocols/e164.ts'
import { COMMON_PASSWORDS } from './common-passwords.ts'

export const ALGORITHMS = ['MD5', 'SHA-256'] as const
export const DTMF_PROTOCOLS = ['sipinfo', 'rfc2833', 'sipmessage'] as const

const common = {
  algorithm: optional(choice(ALGORITHMS)),
  domain: optional(text({ max: 64 })),
  email: optional(email(64)),
  phone: optional(text({ max: 64 })),
  display_name: optional(plainText(255)),
  dtmf_protocol: optional(choice(DTMF_PROTOCOLS)),
  activated: optional(flag()),
  blocked: optional(flag()),
  admin: optional(flag()),
  dictionary: optional(dictionary()),
}

/** What an administrator may say about an account (behaviour/accounts.md §6.2). */
export const NewAccount = form({
  username: text({ max: 64, numbers: true }),
  password: text({ numbers: true }),
  ...common,
  confirmation_key_expires: optional(text({ max: 19 })),
})

/**
 * What somebody without rights may say (behaviour/accounts.md §3). E-mail address, phone number, domain and dictionary
 * are checked, then ignored; `admin` and `activated` must be absent.
 */
const registrant = {
  username: text({ max: 64, numbers: true }),
  password: text({ numbers: true }),
  algorithm: common.algorithm,
  dtmf_protocol: common.dtmf_protocol,
  email: common.email,
  phone: common.phone,
  domain: common.domain,
  dictionary: common.dictionary,
  admin: optional(anything()),
  activated: optional(anything()),
}

export const NewRegistration = form({ ...registrant, account_creation_token: text() })

/** The same in the words of 2021 (behaviour/legacy.md §3). */
export const OldRegistration = form({ ...registrant, token: text() })

export type Registrant = Input<typeof NewRegistration> | Input<typeof OldRegistration>

export const ChangedAccount = form({
  username: text({ max: 64, numbers: true }),
  password: optional(text({ numbers: true })),
  ...common,
})

export const NewPassword = form({
  algorithm: optional(choice(ALGORITHMS)),
  password: text({ numbers: true }),
  old_password: optional(text({ numbers: true })),
})

/** As pages ask for it: twice, because nobody sees what they type. */
export const ChosenPassword = form({
  password: text({ numbers: true }),
  password_confirmation: text({ numbers: true }),
})

export type WithUsername = Input<typeof NewAccount> | Input<typeof ChangedAccount> | Registrant

/** Any form that has the member. */
interface Typed<Name extends string> {
  readonly values: { readonly [Each in Name]?: string | null }
  isGood(name: Name): boolean
  refuse(name: Name, message: Message): void
}

const LONGEST_PASSWORD = 128

/** What others know about whoever chooses a password. */
interface Identity {
  readonly username?: string | null
  readonly email?: string | null
  readonly phone?: string | null
}

/** Whether it is one of the passwords that are tried first. */
const isGuessable = (password: string, { username, email, phone }: Identity): boolean => {
  const plain = password.toLowerCase()
  return COMMON_PASSWORDS.has(plain) || [username, email, phone].some((text) => text?.toLowerCase() === plain)
}

const isBlacklisted = (username: string, patterns: readonly string[]) =>
  patterns.some((pattern) => {
    if (username === pattern) return true
    try {
      return new RegExp(pattern).test(username)
    } catch {
      return false
    }
  })

/** All rules of behaviour/accounts.md §2.1, each with its own message; uniqueness is the use case's. */
export const checkUsername = (input: Typed<'username'>, config: Config, byAdmin: boolean): void => {
  const username = input.values.username
  if (typeof username !== 'string') return
  const refuse = (id: MessageId, setting: SettingName | null = null, values: MessageValues = {}) =>
    input.refuse('username', { id, values, ...(setting === null ? {} : { setting }) })
  if (username !== username.toLowerCase()) refuse('v.username_upper')
  if (looksLikePhone(username) && !(byAdmin && config.APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API)) {
    refuse('v.username_phone', byAdmin ? 'APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API' : null)
  }
  if (isBlacklisted(username, config.ACCOUNT_BLACKLISTED_USERNAMES)) refuse('v.taken', 'ACCOUNT_BLACKLISTED_USERNAMES')
  if (!config.ACCOUNT_USERNAME_REGEX.test(username)) refuse('v.username_pattern', 'ACCOUNT_USERNAME_REGEX')
  if ([...username].length < config.ACCOUNT_USERNAME_MIN_LENGTH) {
    refuse('v.min', 'ACCOUNT_USERNAME_MIN_LENGTH', { count: config.ACCOUNT_USERNAME_MIN_LENGTH })
  }
}

type WithPassword = WithUsername | Input<typeof NewPassword>

export const checkPassword = (input: Typed<'password'>, config: Config): void => {
  const { password } = input.values
  if (typeof password === 'string' && [...password].length < config.ACCOUNT_PASSWORD_MIN_LENGTH) {
    const setting = 'ACCOUNT_PASSWORD_MIN_LENGTH'
    input.refuse('password', { id: 'v.min', setting, values: { count: config[setting] } })
  }
}

export const checkChosenPassword = (
  input: Typed<'password' | 'password_confirmation'>,
  config: Config,
  whose: Identity = {},
): void => {
  checkPassword(input, config)
  const { password, password_confirmation } = input.values
  if (typeof password === 'string' && [...password].length > LONGEST_PASSWORD) {
    input.refuse('password', { id: 'v.max', values: { max: LONGEST_PASSWORD } })
  }
  if (input.isGood('password') && isGuessable(password ?? '', whose)) input.refuse('password', { id: 'v.guessable' })
  if (input.isGood('password_confirmation') && password !== password_confirmation) {
    input.refuse('password_confirmation', { id: 'v.confirmed' })
  }
}

/**
 * The algorithm that the password will be stored with (D1, D45). Without a configured one the client must choose;
 * with one it may only repeat it.
 */
export const algorithmFor = (input: WithPassword, digest: DigestConfiguration | null): PasswordAlgorithm => {
  const configured = digest?.defaultPasswordAlgorithm ?? null
  const wanted = input.values.algorithm ?? null
  if (configured !== null && wanted !== null && wanted !== configured) {
    input.refuse('algorithm', { id: 'v.choice', values: { choices: configured } })
  }
  if (configured === null && input.isMissing('algorithm')) input.refuse('algorithm', { id: 'v.required' })
  return configured ?? wanted ?? 'SHA-256'
}

/** The number in E.164, or null when there is none or it was refused. `accepts`: its country is open. */
export const checkPhone = (input: Typed<'phone'>, accepts: (phone: Phone) => boolean): string | null => {
  const { phone } = input.values
  if (typeof phone !== 'string' || !input.isGood('phone')) return null
  const parsed = parsePhone(phone)
  if (parsed === null) input.refuse('phone', { id: 'v.phone' })
  else if (!accepts(parsed)) input.refuse('phone', { id: 'v.phone_country' })
  return parsed?.number ?? null
}

/** A password as it is stored: HA1, or clear text that somebody brought along. */
export interface StoredPassword {
  readonly algorithm: PasswordAlgorithm | 'CLRTXT'
  readonly password: string
}

/** Stands for the passwords of an account that has none, or that does not exist: the answer takes as long. */
const NO_PASSWORD: readonly StoredPassword[] = [{ algorithm: 'SHA-256', password: '' }]

/** Whether any of the rows was made of that password; every row is compared, each in constant time. */
export const isPassword = (
  stored: readonly StoredPassword[],
  { username, realm }: { readonly username: string; readonly realm: string },
  password: string,
): boolean =>
  (stored.length === 0 ? NO_PASSWORD : stored)
    .map((row) => {
      const given = row.algorithm === 'CLRTXT' ? password : ha1(row.algorithm, username, realm, password)
      const [one, other] = [Bun.SHA256.hash(given), Bun.SHA256.hash(row.password)]
      return timingSafeEqual(one, other)
    })
    .includes(true)
