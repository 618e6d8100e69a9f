/** Names of the reference that an adopted file may still hold, and what became of them. */

const framework = 'belongs to a framework that is not used here'
const spaceOwned = 'is a property of each Space now: set it with PUT /api/spaces/{domain}'

/** Name → the end of the sentence "NAME is ignored: it …". */
export const IGNORED: Readonly<Record<string, string>> = {
  APP_DEBUG: 'is not needed, what went wrong is in the log and never in a reply',
  APP_URL: 'was replaced by the host of each Space',
  APP_SIP_DOMAIN: 'was replaced by the SIP domain of each Space',
  APP_DANGEROUS_ENDPOINTS: 'no longer exists',
  APP_TIMEZONE: framework,
  APP_LOCALE: framework,
  APP_FALLBACK_LOCALE: framework,
  ASSET_URL: 'is not needed, the executable holds its assets',
  BROADCAST_DRIVER: framework,
  CACHE_DRIVER: framework,
  QUEUE_CONNECTION: 'is not needed, messages wait in the database',
  FILESYSTEM_DRIVER: 'was replaced by FILES_S3_BUCKET and its kind',
  AWS_ACCESS_KEY_ID: 'was replaced by FILES_S3_BUCKET and its kind',
  AWS_SECRET_ACCESS_KEY: 'was replaced by FILES_S3_BUCKET and its kind',
  AWS_DEFAULT_REGION: 'was replaced by FILES_S3_BUCKET and its kind',
  AWS_BUCKET: 'was replaced by FILES_S3_BUCKET and its kind',
  AWS_URL: 'was replaced by FILES_S3_BUCKET and its kind',
  DB_DRIVER: 'was replaced by DB_CONNECTION',
  DB_SOCKET: 'is a setting of MySQL',
  MYSQL_ATTR_SSL_CA: 'is a setting of MySQL',
  LOG_CHANNEL: 'was replaced by LOG_TARGET',
  LOG_SLACK_WEBHOOK_URL: 'names a service that logs are not sent to',
  LOG_STDERR_FORMATTER: 'was replaced by LOG_FORMAT',
  PAPERTRAIL_URL: 'names a service that logs are not sent to',
  PAPERTRAIL_PORT: 'names a service that logs are not sent to',
  MAIL_LOG_CHANNEL: 'was replaced by LOG_TARGET',
  PANEL_PASSWORD_MIN_LENGTH: 'was replaced by ACCOUNT_PASSWORD_MIN_LENGTH',
  REDIS_CLUSTER: 'names a mode that is not supported',
  REDIS_SENTINEL_PERSISTENT: 'is always so',
  REDIS_SENTINEL_TIMEOUT: 'is fixed, nobody waits for Redis longer than a second',
  REDIS_SENTINEL_READ_TIMEOUT: 'is fixed, nobody waits for Redis longer than a second',
  REDIS_SENTINEL_RETRY_INTERVAL: 'is fixed, after a failure Redis is left alone for five seconds',
  SESSION_DRIVER: 'is not needed, sessions are in the database',
  SESSION_COOKIE: 'is fixed',
  SESSION_DOMAIN: 'is fixed, a cookie belongs to one host',
  SESSION_SECURE_COOKIE: 'is fixed, cookies are secure on HTTPS',
  INSTANCE_COPYRIGHT: spaceOwned,
  INSTANCE_INTRO_REGISTRATION: spaceOwned,
  INSTANCE_CONFIRMED_REGISTRATION_TEXT: 'no longer exists',
  INSTANCE_CUSTOM_THEME: 'no longer exists',
  WEB_PANEL: spaceOwned,
  PUBLIC_REGISTRATION: spaceOwned,
  PHONE_AUTHENTICATION: spaceOwned,
  DEVICES_MANAGEMENT: 'no longer exists',
  INTERCOM_FEATURES: spaceOwned,
  NEWSLETTER_REGISTRATION_ADDRESS: spaceOwned,
  ACCOUNT_PROXY_REGISTRAR_ADDRESS: spaceOwned,
  ACCOUNT_TRANSPORT_PROTOCOL_TEXT: 'no longer exists',
  ACCOUNT_REALM: 'is a property of a Space now, set with spaces:create-update --realm',
  ACCOUNT_PROVISIONING_USE_X_LINPHONE_PROVISIONING_HEADER:
    'is a property of a Space now; PROVISIONING_HEADER_REQUIRED_DEFAULT is the value for new ones',
  APP_EVERYONE_IS_ADMIN: 'no longer exists',
}

/** A name that begins so is meant for us, also in the environment of the process. */
export const PREFIXES: readonly string[] = [
  'ACCOUNT_',
  'API_RATE_',
  'APNS_',
  'APP_',
  'AUTH_RATE_',
  'BLOCKING_',
  'CAPTCHA_',
  'CLIENT_CERT_',
  'CORS_',
  'COTURN_',
  'DIGEST_',
  'FCM_',
  'FILES_',
  'HCAPTCHA_',
  'HOOKS_',
  'JWT_',
  'LEGACY_',
  'LOG_',
  'MAIL_',
  'METRICS_',
  'OVH_',
  'PROVISIONING_',
  'PUBLIC_',
  'PUSH_',
  'REDIS_',
  'SECURITY_LOG_',
  'SESSION_',
  'SMS_',
  'TLS_',
  'TRUSTED_',
]

/** The known name that somebody who wrote `name` most likely meant. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  let nearest: string | null = null
  let least = Math.min(3, Math.floor(name.length / 4)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const edits = editDistance(name, candidate)
    if (edits < least) [nearest, least] = [candidate, edits]
  }
  return nearest
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let twoAbove: number[] = []
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        above[column]! + 1,
        current[column - 1]! + 1,
        above[column - 1]! + same,
        swapped ? twoAbove[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      )
    }
    ;[twoAbove, above] = [above, current]
  }
  return above[to.length]!
}
