/** Settings that follow from others while they are unset themselves. */

import { isIP } from 'node:net'
import { type SettingName, settings } from './settings.ts'
import type { Source } from './source.ts'

export interface Derived {
  readonly texts: ReadonlyMap<SettingName, Source>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

type TextOf = (name: SettingName) => string | null

export function derivedTexts(textOf: TextOf): Derived {
  const texts = new Map<SettingName, Source>()
  const problems: string[] = []
  const warnings: string[] = []

  databaseOfReference(textOf, texts, problems, warnings)

  const redisClient = textOf('REDIS_CLIENT')
  if (redisClient !== null && textOf('REDIS_MODE') === null) {
    texts.set('REDIS_MODE', {
      from: 'REDIS_CLIENT',
      text: redisClient === 'phpredis-sentinel' ? 'sentinel' : 'single',
    })
  }
  if (textOf('SMS_PROVIDER') === null && textOf('OVH_APP_KEY') !== null) {
    texts.set('SMS_PROVIDER', { from: 'OVH_APP_KEY', text: 'ovh' })
  }
  captchaOfReference(textOf, texts, warnings)
  return { texts, problems, warnings }
}

function databaseOfReference(
  textOf: TextOf,
  texts: Map<SettingName, Source>,
  problems: string[],
  warnings: string[],
): void {
  const written = textOf('DB_CONNECTION')
  if (textOf('DATABASE_URL') !== null) {
    if (written !== null) warnings.push('DB_CONNECTION and the other DB_* settings are not used: DATABASE_URL is set.')
    return
  }
  const connection = written === null ? null : settings.DB_CONNECTION.kind.parse(written)
  const [host, port, database, user, password] = [
    textOf('DB_HOST'),
    textOf('DB_PORT'),
    textOf('DB_DATABASE'),
    textOf('DB_USERNAME'),
    textOf('DB_PASSWORD'),
  ]
  if (connection === 'mysql') {
    problems.push(
      'DB_CONNECTION names MySQL or MariaDB, which is not supported: use PostgreSQL (DATABASE_URL=postgres://…), or leave the DB_* settings out to keep everything in one SQLite file.',
    )
  } else if (connection === null && (host !== null || database !== null)) {
    problems.push(
      'DB_CONNECTION must be set when DB_HOST or DB_DATABASE is: pgsql for PostgreSQL. Leave all of them out for SQLite.',
    )
  } else if (connection === 'sqlite' && database !== null) {
    warnings.push('DB_DATABASE is not used: the SQLite file is sipkeeper.sqlite in DATA_DIR.')
  } else if (connection === 'pgsql' && database === null) {
    problems.push('DB_DATABASE must be set when DB_CONNECTION=pgsql is used without DATABASE_URL.')
  } else if (connection === 'pgsql' && host?.startsWith('/')) {
    problems.push('DB_HOST must be a host name or an address; a socket can only be named in DATABASE_URL.')
  } else if (connection === 'pgsql' && database !== null) {
    const authority = host === null ? '127.0.0.1' : isIP(host) === 6 ? `[${host}]` : host
    const credentials = user === null ? '' : `${encodeURIComponent(user)}${secretPart(password)}@`
    texts.set('DATABASE_URL', {
      from: 'DB_CONNECTION',
      text: `postgres://${credentials}${authority}:${port ?? '5432'}/${encodeURIComponent(database)}`,
    })
  }
}

const secretPart = (password: string | null): string => (password === null ? '' : `:${encodeURIComponent(password)}`)

/** The sample file of the reference holds placeholders; a real site key is a UUID. */
function captchaOfReference(textOf: TextOf, texts: Map<SettingName, Source>, warnings: string[]): void {
  const siteKey = textOf('HCAPTCHA_SITEKEY')
  if (siteKey !== null && !/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(siteKey)) {
    warnings.push('HCAPTCHA_SITEKEY is not a site key (a UUID), so it counts as unset, and HCAPTCHA_SECRET with it.')
    texts.set('HCAPTCHA_SITEKEY', { from: 'default', text: null })
    texts.set('HCAPTCHA_SECRET', { from: 'default', text: null })
  } else if (siteKey !== null && textOf('HCAPTCHA_SECRET') !== null && textOf('CAPTCHA_PROVIDER') === null) {
    const enabled = settings.HCAPTCHA_ENABLED.kind.parse(textOf('HCAPTCHA_ENABLED') ?? 'true')
    if (enabled !== false) texts.set('CAPTCHA_PROVIDER', { from: 'HCAPTCHA_SITEKEY', text: 'hcaptcha' })
  }
}
