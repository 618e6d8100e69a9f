import { describe, expect, test } from 'bun:test'
import { loadConfig } from '../../src/config/config.ts'
import { envFileOf, translateDotEnv } from '../../src/config/dot-env.ts'

const KEY = `base64:${Buffer.alloc(32, 7).toString('base64')}`
const SITE_KEY = '10000000-ffff-ffff-ffff-000000000001'

/** Every variable of the reference's environment, of all its generations, with a value as it stands in such files. */
const REFERENCE: Readonly<Record<string, string>> = {
  APP_ENV: 'production',
  APP_KEY: KEY,
  APP_DEBUG: 'false',
  APP_ROOT_HOST: 'accounts.example.org',
  APP_NAME: '"Example Phones"',
  APP_URL: 'https://accounts.example.org',
  ASSET_URL: '/assets',
  APP_LINPHONE_DAEMON_UNIX_PATH: '/tmp/lp',
  APP_FLEXISIP_PUSHER_PATH: '/opt/flexisip/bin/flexisip_pusher',
  APP_FLEXISIP_PUSHER_FIREBASE_KEYSMAP: '"project:key other:key"',
  APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API: 'true',
  TERMS_OF_USE_URL: 'https://example.org/terms',
  PRIVACY_POLICY_URL: 'https://example.org/privacy',
  APP_PROJECT_URL: 'https://example.org',
  APP_API_ACCOUNT_CREATION_TOKEN_RETRY_MINUTES: '60',
  APP_ACCOUNT_CREATION_TOKEN_EXPIRATION_MINUTES: '0',
  APP_ACCOUNT_RECOVERY_TOKEN_EXPIRATION_MINUTES: '60',
  APP_EMAIL_CHANGE_CODE_EXPIRATION_MINUTES: '10',
  APP_PHONE_CHANGE_CODE_EXPIRATION_MINUTES: '10',
  APP_RECOVERY_CODE_EXPIRATION_MINUTES: '10',
  APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: '0',
  APP_API_KEY_EXPIRATION_MINUTES: '60',
  APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES: '1440',
  ACCOUNT_BLACKLISTED_USERNAMES: 'admin,root',
  ACCOUNT_USERNAME_REGEX: '"^[a-z0-9+_.-]*$"',
  BLOCKING_TIME_PERIOD_CHECK: '30',
  BLOCKING_AMOUNT_EVENTS_AUTHORIZED_DURING_PERIOD: '5',
  DB_CONNECTION: 'mysql',
  DB_HOST: '127.0.0.1',
  DB_PORT: '3306',
  DB_DATABASE: 'flexiapi',
  DB_USERNAME: 'flexiapi',
  DB_PASSWORD: 'database-secret',
  DB_SOCKET: '/run/mysqld/mysqld.sock',
  DB_DRIVER: 'mysql',
  DATABASE_URL: 'mysql://flexiapi:database-secret@127.0.0.1/flexiapi',
  MYSQL_ATTR_SSL_CA: '/etc/ssl/ca.pem',
  REDIS_CLIENT: 'phpredis',
  REDIS_HOST: '127.0.0.1',
  REDIS_PORT: '6379',
  REDIS_PASSWORD: 'redis-secret',
  REDIS_DB: '0',
  REDIS_URL: 'redis://127.0.0.1:6379',
  REDIS_PREFIX: '',
  REDIS_CLUSTER: 'redis',
  REDIS_SENTINEL_HOST: '127.0.0.1',
  REDIS_SENTINEL_PORT: '26379',
  REDIS_SENTINEL_SERVICE: 'mymaster',
  REDIS_SENTINEL_PASSWORD: 'null',
  REDIS_SENTINEL_TIMEOUT: '0',
  REDIS_SENTINEL_READ_TIMEOUT: '0',
  REDIS_SENTINEL_RETRY_INTERVAL: '0',
  REDIS_SENTINEL_PERSISTENT: 'null',
  LOG_CHANNEL: 'stack',
  LOG_LEVEL: 'debug',
  LOG_SLACK_WEBHOOK_URL: 'https://hooks.example.org/',
  PAPERTRAIL_URL: 'logs.example.org',
  PAPERTRAIL_PORT: '514',
  LOG_STDERR_FORMATTER: 'json',
  BROADCAST_DRIVER: 'log',
  QUEUE_CONNECTION: 'sync',
  CACHE_DRIVER: 'file',
  SESSION_DRIVER: 'file',
  SESSION_LIFETIME: '120',
  SESSION_COOKIE: 'flexiapi',
  SESSION_DOMAIN: 'example.org',
  SESSION_SECURE_COOKIE: 'true',
  MAIL_DRIVER: 'smtp',
  MAIL_HOST: 'smtp.example.org',
  MAIL_PORT: '587',
  MAIL_USERNAME: 'mailer',
  MAIL_PASSWORD: "'mail $ecret #1'",
  MAIL_ENCRYPTION: 'tls',
  MAIL_FROM_ADDRESS: 'phones@example.org',
  MAIL_FROM_NAME: `"\${APP_NAME}"`,
  MAIL_ALLOW_SELF_SIGNED: 'false',
  MAIL_VERIFY_PEER: 'true',
  MAIL_VERIFY_PEER_NAME: 'true',
  MAIL_SIGNATURE: '"The Example Team"',
  MAIL_LOG_CHANNEL: 'stack',
  COTURN_SERVER_HOST: 'turn.example.org',
  COTURN_STATIC_AUTH_SECRET: 'turn-secret',
  COTURN_SESSION_TTL_MINUTES: '1440',
  OVH_APP_KEY: 'ovh-key',
  OVH_APP_SECRET: 'ovh-secret',
  OVH_APP_CONSUMER_KEY: 'ovh-consumer',
  OVH_APP_ENDPOINT: 'ovh-eu',
  OVH_APP_SENDER: 'Example',
  HCAPTCHA_SECRET: 'hcaptcha-secret',
  HCAPTCHA_SITEKEY: SITE_KEY,
  HCAPTCHA_ENABLED: 'true',
  APP_SHOW_LOGIN_COUNTER_TEMP: 'false',
  FILESYSTEM_DRIVER: 'local',
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'aws-secret',
  AWS_DEFAULT_REGION: 'eu-west-3',
  AWS_BUCKET: 'voicemails',
  AWS_URL: 'https://s3.example.org',
  ACCOUNT_EMAIL_UNIQUE: 'true',
  ACCOUNT_DEFAULT_PASSWORD_ALGORITHM: 'SHA-256',
  ACCOUNT_AUTHENTICATION_BEARER: 'realm="example"',
  JWT_RSA_PUBLIC_KEY_PEM: 'pem',
  JWT_SIP_IDENTIFIER: 'sip_identity',
  APP_SIP_DOMAIN: 'sip.example.org',
  INSTANCE_COPYRIGHT: 'Example',
  INSTANCE_INTRO_REGISTRATION: 'Welcome',
  INSTANCE_CONFIRMED_REGISTRATION_TEXT: 'Thanks',
  INSTANCE_CUSTOM_THEME: 'false',
  WEB_PANEL: 'true',
  PUBLIC_REGISTRATION: 'true',
  PHONE_AUTHENTICATION: 'false',
  DEVICES_MANAGEMENT: 'true',
  INTERCOM_FEATURES: 'false',
  NEWSLETTER_REGISTRATION_ADDRESS: 'news@example.org',
  ACCOUNT_PROXY_REGISTRAR_ADDRESS: 'sip.example.org',
  ACCOUNT_TRANSPORT_PROTOCOL_TEXT: 'TLS',
  ACCOUNT_REALM: 'sip.example.org',
  ACCOUNT_PROVISIONING_RC_FILE: '/etc/flexisip-account-manager/base.rc',
  ACCOUNT_PROVISIONING_OVERWRITE_ALL: 'false',
  ACCOUNT_PROVISIONING_USE_X_LINPHONE_PROVISIONING_HEADER: 'true',
  APP_DANGEROUS_ENDPOINTS: 'false',
  APP_EVERYONE_IS_ADMIN: 'false',
}

const fileOf = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

const translated = (text: string) => {
  const { values, leftOut, problems } = translateDotEnv(text, '.env')
  return {
    values: Object.fromEntries(values),
    leftOut: new Map(leftOut.map((one) => [one.name, one.reason])),
    problems,
  }
}

const loaded = (text: string) =>
  loadConfig({
    environment: {},
    envFiles: [{ path: 'env', text: envFileOf(translateDotEnv(text, '.env')) }],
    readFile: () => '',
  })

describe('the environment of the reference', () => {
  test('is translated name by name, or left out with a reason that is not that nobody knows it', () => {
    const { values, leftOut } = translated(fileOf(REFERENCE))
    const silent = Object.keys(REFERENCE).filter((name) => {
      const reason = leftOut.get(name)
      if (reason !== undefined) return /is no setting/.test(reason)
      return !(name in values) && name !== 'REDIS_CLIENT' && !name.endsWith('PROVISIONING_HEADER')
    })
    expect(silent).toEqual([])
    expect(values).toMatchObject({ REDIS_MODE: 'single', PROVISIONING_HEADER_REQUIRED_DEFAULT: 'true' })
    for (const name of [
      'DB_PASSWORD',
      'DATABASE_URL',
      'APP_DEBUG',
      'WEB_PANEL',
      'SESSION_COOKIE',
      'JWT_SIP_IDENTIFIER',
    ]) {
      expect([name, leftOut.has(name), name in values]).toEqual([name, true, false])
    }
  })

  test('becomes a file that the server starts with, with every secret in it and none in a reason', () => {
    const { config, problems, warnings } = loaded(fileOf(REFERENCE))
    expect(problems).toEqual([])
    expect(warnings).toEqual([])
    expect(config).toMatchObject({
      APP_ROOT_HOST: 'accounts.example.org',
      MAIL_PASSWORD: 'mail $ecret #1',
      MAIL_FROM_NAME: 'Example Phones',
      MAIL_ENCRYPTION: 'starttls',
      REDIS_PASSWORD: 'redis-secret',
      CAPTCHA_PROVIDER: 'hcaptcha',
      SMS_PROVIDER: ['ovh'],
      DATABASE_URL: null,
      ACCOUNT_EMAIL_UNIQUE: true,
    })
    const reasons = JSON.stringify([...translated(fileOf(REFERENCE)).leftOut])
    expect(reasons).not.toMatch(/secret|ecret #1/)
    expect(envFileOf(translateDotEnv(fileOf(REFERENCE), '.env'))).not.toMatch(/database-secret/)
  })

  test('is read as its framework reads it: quotes, comments, export, references, several lines, words', () => {
    const text = `
# a comment
export APP_NAME="Example \\"Phones\\"" # behind it
APP_ROOT_HOST = accounts.example.org  # here too
MAIL_FROM_NAME="\${APP_NAME} of \${APP_ROOT_HOST}"
MAIL_SIGNATURE="First line
second line # no comment"
MAIL_PASSWORD='\${APP_NAME}'
MAIL_VERIFY_PEER=(false)
MAIL_USERNAME=(null)
REDIS_HOST=null
HCAPTCHA_ENABLED=
`
    expect(translated(text).values).toEqual({
      APP_NAME: 'Example "Phones"',
      APP_ROOT_HOST: 'accounts.example.org',
      MAIL_FROM_NAME: 'Example "Phones" of accounts.example.org',
      MAIL_SIGNATURE: 'First line\nsecond line # no comment',
      MAIL_PASSWORD: `\${APP_NAME}`,
      MAIL_VERIFY_PEER: 'false',
      // An empty flag was off there, and is the default here.
      HCAPTCHA_ENABLED: 'false',
    })
    const { config } = loaded(text)
    expect([config.MAIL_SIGNATURE, config.MAIL_PASSWORD]).toEqual([
      'First line\nsecond line # no comment',
      `\${APP_NAME}`,
    ])
  })

  test('of other words makes ours', () => {
    const one = (text: string) => translated(text).values
    expect(one('REDIS_CLIENT=phpredis-sentinel\n')).toEqual({ REDIS_MODE: 'sentinel' })
    expect(one('LOG_CHANNEL=syslog\nLOG_LEVEL=emergency\n')).toEqual({ LOG_TARGET: 'syslog:', LOG_LEVEL: 'error' })
    expect(one('MAIL_ENCRYPTION=tls\nMAIL_PORT=465\n')).toEqual({ MAIL_ENCRYPTION: 'tls', MAIL_PORT: '465' })
    expect(one('APP_URL=https://accounts.example.org/\n')).toEqual({ APP_ROOT_HOST: 'accounts.example.org' })
    expect(one('PANEL_PASSWORD_MIN_LENGTH=8\n')).toEqual({ ACCOUNT_PASSWORD_MIN_LENGTH: '8' })
    expect(one('FILESYSTEM_DRIVER=s3\nAWS_BUCKET=voicemails\nAWS_SECRET_ACCESS_KEY=x\n')).toEqual({
      FILES_S3_BUCKET: 'voicemails',
      FILES_S3_SECRET_ACCESS_KEY: 'x',
    })
  })

  test('with values that no setting takes says so, and repeats no secret', () => {
    const { values, leftOut } = translated(
      'APP_KEY=base64:short\nMAIL_PORT=many\nMAIL_DRIVER=mailgun\nHCAPTCHA_SITEKEY=placeholder\nHCAPTCHA_SECRET=x\nAPP_NAMME=x\nVITE_APP=x\n',
    )
    expect(values).toEqual({})
    expect(leftOut.get('APP_KEY')).toMatch(/^would have to be /)
    expect(leftOut.get('APP_KEY')).not.toContain('short')
    expect(leftOut.get('MAIL_PORT')).toContain('not "many"')
    expect(leftOut.get('MAIL_DRIVER')).toContain('smtp')
    expect(leftOut.get('HCAPTCHA_SECRET')).toContain('placeholder')
    expect(leftOut.get('APP_NAMME')).toBe('is no setting; is APP_NAME meant?')
    expect(leftOut.get('VITE_APP')).toContain('framework')
  })

  test('that cannot be read becomes nothing, and its lines are not repeated', () => {
    const { values, problems } = translated('APP_NAME=x\nMAIL_PASSWORD="secret\n')
    expect([values, problems]).toEqual([{}, ['.env line 2 opens a quote that nothing closes.']])
  })
})
