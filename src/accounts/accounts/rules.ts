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
  type WithTexts,
} from '../../http/input.ts'
import type { MessageId, MessageValues } from '../../messages/messages.ts'
import { looksLikePhone, type Phone, parsePhone } from '../../protocols/e164.ts'
import { ALGORITHMS } from '../passwords/rules.ts'

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

/** The same on a page, which asks for a password twice (behaviour/panel.md §7.3). */
export const AccountOnPage = form({
  ...ChangedAccount.properties,
  password_confirmation: optional(text({ numbers: true })),
})

/** `makes_password`: nobody chooses one, the phone gets it with its document. `mails`: a set-up link, to its address. */
export const NewAccountOnPage = form({
  ...AccountOnPage.properties,
  makes_password: optional(flag()),
  mails: optional(flag()),
})

/** `frees_name`: somebody else may have it at once. */
export const Deletion = form({ frees_name: optional(flag()) })

const isBlacklisted = (username: string, patterns: readonly string[]) =>
  patterns.some((pattern) => {
    if (username === pattern) return true
    try {
      return new RegExp(pattern).test(username)
    } catch {
      return false
    }
  })

/** Where a name is chosen. Administrators may give a phone number as one, and in the panel a name of any length. */
type Chosen = 'by anybody' | 'over the API' | 'in the panel'

/** All rules of behaviour/accounts.md §2.1, each with its own message; uniqueness is the use case's. */
export const checkUsername = (input: WithTexts<'username'>, config: Config, where: Chosen): void => {
  const byAdmin = where !== 'by anybody'
  const { username } = input.values
  if (username === null) return
  const refuse = (id: MessageId, setting: SettingName | null = null, values: MessageValues = {}) =>
    input.refuse('username', { id, values, ...(setting === null ? {} : { setting }) })
  if (username !== username.toLowerCase()) refuse('v.username_upper')
  if (looksLikePhone(username) && !(byAdmin && config.APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API)) {
    refuse('v.username_phone', byAdmin ? 'APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API' : null)
  }
  if (isBlacklisted(username, config.ACCOUNT_BLACKLISTED_USERNAMES)) refuse('v.taken', 'ACCOUNT_BLACKLISTED_USERNAMES')
  if (!config.ACCOUNT_USERNAME_REGEX.test(username)) refuse('v.username_pattern', 'ACCOUNT_USERNAME_REGEX')
  if (where !== 'in the panel' && [...username].length < config.ACCOUNT_USERNAME_MIN_LENGTH) {
    refuse('v.min', 'ACCOUNT_USERNAME_MIN_LENGTH', { count: config.ACCOUNT_USERNAME_MIN_LENGTH })
  }
}

/** The number in E.164, or null when there is none or it was refused. `accepts`: its country is open. */
export const checkPhone = (input: WithTexts<'phone'>, accepts: (phone: Phone) => boolean): string | null => {
  const { phone } = input.good
  if (phone === null) return null
  const parsed = parsePhone(phone)
  if (parsed === null) input.refuse('phone', { id: 'v.phone' })
  else if (!accepts(parsed)) input.refuse('phone', { id: 'v.phone_country' })
  return parsed?.number ?? null
}
