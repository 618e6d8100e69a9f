/** The environment of the reference as settings of ours, name by name: what it becomes, or why it becomes nothing. */

import { parseEnvFile, withValues } from './env-file.ts'
import { IGNORED, nearestName } from './reference-names.ts'
import { type SettingName, settingNames, settings } from './settings.ts'

/** A variable that becomes no setting, and the end of the sentence "NAME …". */
export interface LeftOut {
  readonly name: string
  readonly reason: string
}

export interface Translated {
  /** Names as ours, in the order of the file. */
  readonly values: ReadonlyMap<string, string>
  readonly leftOut: readonly LeftOut[]
  /** Why the file cannot be read; nothing is translated then. */
  readonly problems: readonly string[]
}

type Values = ReadonlyMap<string, string>

/** What one variable becomes: settings, or a reason why none. */
type Outcome = { readonly set: readonly (readonly [SettingName, string])[] } | { readonly reason: string }

const left = (reason: string): Outcome => ({ reason })
const as = (name: SettingName, value: string): Outcome => ({ set: [[name, value]] })

/** Variables that a Space has of its own: `spaces:import-configuration-from-dot-env` reads them. */
export const OF_SPACES = [
  'INSTANCE_COPYRIGHT',
  'INSTANCE_INTRO_REGISTRATION',
  'WEB_PANEL',
  'PUBLIC_REGISTRATION',
  'PHONE_AUTHENTICATION',
  'INTERCOM_FEATURES',
  'NEWSLETTER_REGISTRATION_ADDRESS',
  'ACCOUNT_PROXY_REGISTRAR_ADDRESS',
  'ACCOUNT_REALM',
] as const

const ofSpace = left('belongs to a Space: spaces:import-configuration-from-dot-env gives it to one')
const ofItsDatabase = left(
  'names the database of the reference, which this program does not run on: ours is the SQLite file in DATA_DIR, or what DATABASE_URL says',
)
const isNeeded = left('is used by features that this version has not')

const DATABASE = [
  'DB_CONNECTION',
  'DB_HOST',
  'DB_PORT',
  'DB_DATABASE',
  'DB_USERNAME',
  'DB_PASSWORD',
  'DB_SOCKET',
  'DB_DRIVER',
  'DATABASE_URL',
  'MYSQL_ATTR_SSL_CA',
] as const

const BUCKET = {
  AWS_ACCESS_KEY_ID: 'FILES_S3_ACCESS_KEY_ID',
  AWS_SECRET_ACCESS_KEY: 'FILES_S3_SECRET_ACCESS_KEY',
  AWS_DEFAULT_REGION: 'FILES_S3_REGION',
  AWS_BUCKET: 'FILES_S3_BUCKET',
  AWS_ENDPOINT: 'FILES_S3_ENDPOINT',
} as const satisfies Record<string, SettingName>

const CHANNELS: Readonly<Record<string, string>> = { syslog: 'syslog:', stderr: 'stderr', errorlog: 'stderr' }
const LEVELS: Readonly<Record<string, string>> = { emergency: 'error', alert: 'error' }

const isSiteKey = (text: string): boolean => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)

const isInBucket = (values: Values): boolean => values.get('FILESYSTEM_DRIVER') === 's3'

const hcaptcha = (name: 'HCAPTCHA_SITEKEY' | 'HCAPTCHA_SECRET') => (value: string, values: Values) =>
  isSiteKey(values.get('HCAPTCHA_SITEKEY') ?? '')
    ? as(name, value)
    : left('is a placeholder: HCAPTCHA_SITEKEY is no site key (a UUID)')

/** Those that do not simply keep their name. */
const RULES: Readonly<Record<string, (value: string, values: Values) => Outcome>> = {
  ...Object.fromEntries(OF_SPACES.map((name) => [name, () => ofSpace])),
  ...Object.fromEntries(DATABASE.map((name) => [name, () => ofItsDatabase])),
  ...Object.fromEntries(
    Object.entries(BUCKET).map(([name, ours]) => [
      name,
      (value: string, values: Values) =>
        isInBucket(values) ? as(ours, value) : left('is not used: FILESYSTEM_DRIVER is not s3'),
    ]),
  ),
  FILESYSTEM_DRIVER: (value) =>
    value === 's3' ? left('is said by FILES_S3_BUCKET') : left('is not needed: files lie in DATA_DIR'),
  APP_URL: (value, values) => {
    const host = URL.canParse(value) ? new URL(value).hostname : ''
    if ((values.get('APP_ROOT_HOST') ?? '') !== '') return left('was replaced by the host of each Space')
    return host === '' ? left('is no address') : as('APP_ROOT_HOST', host)
  },
  REDIS_CLIENT: (value) => as('REDIS_MODE', value === 'phpredis-sentinel' ? 'sentinel' : 'single'),
  LOG_CHANNEL: (value) => {
    const target = CHANNELS[value]
    if (target !== undefined) return as('LOG_TARGET', target)
    return left('names a file or a service: our log goes to standard output, or where LOG_TARGET says')
  },
  LOG_LEVEL: (value) => as('LOG_LEVEL', LEVELS[value] ?? value),
  // There `tls` is STARTTLS on every port but that of TLS from the first byte.
  MAIL_ENCRYPTION: (value, values) =>
    as('MAIL_ENCRYPTION', value === 'tls' && values.get('MAIL_PORT') !== '465' ? 'starttls' : value),
  ACCOUNT_PROVISIONING_USE_X_LINPHONE_PROVISIONING_HEADER: (value) => as('PROVISIONING_HEADER_REQUIRED_DEFAULT', value),
  PANEL_PASSWORD_MIN_LENGTH: (value, values) =>
    values.has('ACCOUNT_PASSWORD_MIN_LENGTH')
      ? left('was replaced by ACCOUNT_PASSWORD_MIN_LENGTH')
      : as('ACCOUNT_PASSWORD_MIN_LENGTH', value),
  HCAPTCHA_SITEKEY: hcaptcha('HCAPTCHA_SITEKEY'),
  HCAPTCHA_SECRET: hcaptcha('HCAPTCHA_SECRET'),
  APP_EVERYONE_IS_ADMIN: () => left('is refused: it would make everybody an administrator'),
}

/** What an empty value said there, where it is no default of ours: a flag that is off. */
const EMPTY_IS_OFF: ReadonlySet<string> = new Set(['HCAPTCHA_ENABLED'])

/** The words that the reference has for values, also in brackets. */
const wordOf = (written: string): string => {
  const text = written.trim()
  const [, word] = /^\(?(true|false|null|empty)\)?$/i.exec(text) ?? []
  // A password may begin with a blank.
  if (word === undefined) return text === '' ? '' : written
  return /null|empty/i.test(word) ? '' : word.toLowerCase()
}

/** Of its framework: nothing of this program ever looks at them. */
const FRAMEWORK = /^(?:VITE|MIX|PUSHER|MEMCACHED|CACHE|SESSION|QUEUE|BROADCAST)_/

const known: ReadonlySet<string> = new Set(settingNames)

const isSetting = (name: string): name is SettingName => known.has(name)

const outcomeOf = (name: string, value: string, values: Values): Outcome => {
  if (value === '' && EMPTY_IS_OFF.has(name) && isSetting(name)) return as(name, 'false')
  if (value === '') return left('is empty')
  const rule = RULES[name]
  if (rule !== undefined) return rule(value, values)
  if (isSetting(name)) return settings[name].status === 'reserved' ? isNeeded : as(name, value)
  if (Object.hasOwn(IGNORED, name)) return left(IGNORED[name] ?? '')
  if (FRAMEWORK.test(name)) return left('belongs to a framework that is not used here')
  const nearest = nearestName(name, known)
  return left(`is no setting${nearest === null ? '' : `; is ${nearest} meant?`}`)
}

/** A value that our setting would refuse is none; secrets are not repeated. */
const refusalOf = (name: SettingName, value: string): string | null => {
  const { kind } = settings[name]
  if (kind.parse(value) !== undefined) return null
  return `would have to be ${kind.expected}${kind.secret ? '' : `, not "${value}"`}`
}

/** Reads an environment file of the reference; `path` names it in problems, which repeat none of its values. */
export const translateDotEnv = (text: string, path: string): Translated => {
  const { values: written, problems } = parseEnvFile(text, path)
  const values = new Map([...written].map(([name, value]) => [name, wordOf(value)]))
  const set = new Map<string, string>()
  const leftOut: LeftOut[] = []
  for (const [name, value] of values) {
    const outcome = outcomeOf(name, value, values)
    if ('reason' in outcome) {
      leftOut.push({ name, reason: outcome.reason })
      continue
    }
    for (const [ours, translated] of outcome.set) {
      const refusal = refusalOf(ours, translated)
      if (refusal === null) set.set(ours, translated)
      else leftOut.push({ name, reason: refusal })
    }
  }
  return problems.length > 0 ? { values: new Map(), leftOut: [], problems } : { values: set, leftOut, problems }
}

/** The text of a file of ours, which says of each variable that is left out why. */
export const envFileOf = ({ values, leftOut }: Translated): string => {
  const why = leftOut.filter(({ reason }) => reason !== 'is empty').map(({ name, reason }) => `# ${name} ${reason}.\n`)
  return withValues('', values) + (why.length === 0 ? '' : `\n# Left out:\n${why.join('')}`)
}
