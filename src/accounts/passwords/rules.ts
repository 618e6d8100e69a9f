import { timingSafeEqual } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import { AppError } from '../../errors.ts'
import { choice, form, optional, text, type WithTexts } from '../../http/input.ts'
import type { Message } from '../../messages/messages.ts'
import type { DigestConfiguration, PasswordAlgorithm, Space } from '../../nouns/space.ts'
import { ha1 } from '../../protocols/digest.ts'
import { COMMON_PASSWORDS } from './common-passwords.ts'

export const ALGORITHMS = ['MD5', 'SHA-256'] as const

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

/** As administrators set one of somebody else. */
export const AdministeredPassword = form({ ...ChosenPassword.properties, algorithm: NewPassword.properties.algorithm })

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

export const checkPassword = (input: WithTexts<'password'>, config: Config): void => {
  const { password } = input.values
  if (password !== null && [...password].length < config.ACCOUNT_PASSWORD_MIN_LENGTH) {
    const setting = 'ACCOUNT_PASSWORD_MIN_LENGTH'
    input.refuse('password', { id: 'v.min', setting, values: { count: config[setting] } })
  }
}

export const checkChosenPassword = (
  input: WithTexts<'password' | 'password_confirmation'>,
  config: Config,
  whose: Identity = {},
): void => {
  checkPassword(input, config)
  const { password } = input.values
  if (password !== null && [...password].length > LONGEST_PASSWORD) {
    input.refuse('password', { id: 'v.max', values: { max: LONGEST_PASSWORD } })
  }
  const { password: good, password_confirmation: again } = input.good
  if (good !== null && isGuessable(good, whose)) input.refuse('password', { id: 'v.guessable' })
  if (again !== null && again !== password) input.refuse('password_confirmation', { id: 'v.confirmed' })
}

/** The same where a password may be left out: whoever gives one gives it twice. */
export const checkGivenPassword = (
  input: WithTexts<'password' | 'password_confirmation'>,
  config: Config,
  whose: Identity,
): void => {
  checkChosenPassword(input, config, whose)
  const { password, password_confirmation: again } = input.values
  if (password !== null && again === null) input.refuse('password_confirmation', { id: 'v.required' })
  if (password === null && again !== null) input.refuse('password', { id: 'v.required' })
}

interface WithAlgorithm {
  readonly values: { readonly algorithm: PasswordAlgorithm | null }
  isMissing(name: 'algorithm'): boolean
  refuse(name: 'algorithm', message: Message): void
}

/** Where nobody chooses one. */
export const defaultAlgorithm = (digest: DigestConfiguration | null): PasswordAlgorithm =>
  digest?.defaultPasswordAlgorithm ?? 'SHA-256'

/**
 * The algorithm that the password will be stored with (D1, D45). Without a configured one the client must choose;
 * with one it may only repeat it.
 */
export const algorithmFor = (input: WithAlgorithm, digest: DigestConfiguration | null): PasswordAlgorithm => {
  const configured = digest?.defaultPasswordAlgorithm ?? null
  const wanted = input.values.algorithm
  if (configured !== null && wanted !== null && wanted !== configured) {
    input.refuse('algorithm', { id: 'v.choice', values: { choices: configured } })
  }
  if (configured === null && input.isMissing('algorithm')) input.refuse('algorithm', { id: 'v.required' })
  return wanted ?? defaultAlgorithm(digest)
}

/** The same where nobody has to choose one. */
export const algorithmGiven = (input: WithAlgorithm, digest: DigestConfiguration | null): PasswordAlgorithm =>
  input.isMissing('algorithm') ? defaultAlgorithm(digest) : algorithmFor(input, digest)

/** Refuses, with `forbidden`, what somebody wants with a password where the Space stores none. */
export const refuseWithoutPasswords = ({ digest }: Pick<Space, 'digest'>): void => {
  if (digest === null) throw new AppError('forbidden', 'account.no_digest')
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
