import { describe, expect, test } from 'bun:test'
import { type ConfigInput, loadConfig } from '../../src/config/config.ts'
import { databaseLocation } from '../../src/config/database-location.ts'
import { describeConfig } from '../../src/config/describe.ts'
import type { LogTarget } from '../../src/config/kinds.ts'
import { settingNames, settings } from '../../src/config/settings.ts'

const key = `base64:${Buffer.alloc(32, 7).toString('base64')}`

const load = (environment: Record<string, string>, more: Partial<ConfigInput> = {}) =>
  loadConfig({ environment, envFiles: [], readFile: missing, dataDirectory: '/data', ...more })

const missing = (path: string): string => {
  throw Object.assign(new Error(`cannot open ${path}`), { code: 'ENOENT' })
}

describe('a value that is refused says what it must be', () => {
  const refusals: readonly [name: string, text: string][] = [
    ['LISTEN', '8080'],
    ['LISTEN', ':8080'],
    ['LISTEN', 'localhost:65536'],
    ['LISTEN', '::1:8080'],
    ['LISTEN', '[::1]'],
    ['LISTEN', '[127.0.0.1]:80'],
    ['LISTEN', 'unix:relative.sock'],
    ['LISTEN', 'unix:/'],
    ['LISTEN', 'http://localhost:80'],
    ['METRICS_LISTEN', 'off'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0/8'],
    ['TRUSTED_PROXIES', 'proxy.example.org'],
    ['TRUSTED_PROXIES', '::/0/0'],
    ['PUBLIC_SCHEME', 'ftp'],
    ['PUBLIC_PORT', '0'],
    ['BASE_PATH', 'panel'],
    ['BASE_PATH', '/a/../b'],
    ['BASE_PATH', '/a?b'],
    ['CORS_ALLOW_ORIGIN', 'https://app.example.org/'],
    ['UPLOAD_MAX_BYTES', '32M'],
    ['APP_ROOT_HOST', 'https://sip.example.org'],
    ['APP_ROOT_HOST', 'sip.example.org:443'],
    ['APP_ROOT_HOST', '-sip.example.org'],
    ['APP_ENV', 'prod'],
    ['DATABASE_URL', 'mysql://root@localhost/sip'],
    ['DATABASE_URL', 'postgres:sip'],
    ['APP_KEY', Buffer.alloc(32).toString('base64')],
    ['APP_KEY', `base64:${Buffer.alloc(16).toString('base64')}`],
    ['APP_KEY_PREVIOUS', `${key},short`],
    ['LOG_FORMAT', 'xml'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_TARGET', 'file:relative.log'],
    ['LOG_TARGET', 'file:/var/log/'],
    ['LOG_TARGET', 'syslog'],
    ['LOG_TARGET', 'syslog:logs.example.org'],
    ['LOG_TARGET', 'syslog://'],
    ['LOG_TARGET', 'syslog://logs.example.org:0'],
    ['LOG_TARGET', 'syslog://logs.example.org/'],
    ['LOG_TARGET', 'syslog://unix:/dev/log'],
    ['LOG_TARGET', 'syslog+tcp:/dev/log'],
    ['SECURITY_LOG_TARGET', 'syslog+tls://logs.example.org:6514'],
    ['LOG_FILE_DAYS', '-1'],
    ['API_RATE_LIMIT_PER_MINUTE', '1.5'],
    ['DIGEST_NONCE_LIFETIME_MINUTES', '0'],
    ['APP_API_KEY_EXPIRATION_MINUTES', 'never'],
    ['ACCOUNT_USERNAME_REGEX', '['],
    ['ACCOUNT_DEFAULT_PASSWORD_ALGORITHM', 'SHA-1'],
    ['CODE_DIGITS', '3'],
    ['PUSH_TOKEN_POLICY', 'strict'],
    ['MAIL_FROM_ADDRESS', 'nobody'],
    ['SMS_PROVIDER', 'pigeon'],
    ['SMS_HTTP_OK', '200,ok'],
    ['SMS_HTTP_HEADERS', 'Authorization'],
    ['SMS_MIN_CONFIRM_RATIO', '10'],
    ['APP_FLEXISIP_PUSHER_PATH', 'pusher'],
    ['APP_FLEXISIP_PUSHER_FIREBASE_KEYSMAP', 'project'],
    ['TERMS_OF_USE_URL', 'javascript:alert(1)'],
  ]
  test.each(refusals)('%s=%s', (name, text) => {
    const { problems } = load({ [name]: text })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toStartWith(`${name} must be `)
    expect(problems[0]).toEndWith('(environment).')
  })

  test('and never repeats a secret', () => {
    const { problems } = load({ APP_KEY: 'hunter2hunter2', DATABASE_URL: 'mysql://root:hunter2@localhost/sip' })
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('hunter2')
  })

  test('and all of them come at once', () => {
    const { problems } = load({ LISTEN: 'x', APP_ROOT_HOST: 'x y', LOG_LEVEL: 'loud', TLS_CERT: '/cert.pem' })
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'LISTEN',
      'APP_ROOT_HOST',
      'LOG_LEVEL',
      'TLS_KEY',
    ])
  })
})

describe('settings that do not go together', () => {
  const refusals: readonly [environment: Record<string, string>, problem: RegExp][] = [
    [{ TLS_CERT: '/c' }, /^TLS_KEY must be set when TLS_CERT is\.$/],
    [{ TLS_KEY: '/k' }, /^TLS_CERT must be set when TLS_KEY is\.$/],
    [{ METRICS_LISTEN: '127.0.0.1:8080' }, /^METRICS_LISTEN must not be the address of LISTEN\.$/],
    [{ CAPTCHA_PROVIDER: 'hcaptcha', HCAPTCHA_SECRET: 's' }, /^HCAPTCHA_SITEKEY must be set/],
    [{ SMS_PROVIDER: 'http' }, /^SMS_HTTP_URL must be set when SMS_PROVIDER names http\.$/],
    [{ SMS_PROVIDER: 'none,log' }, /^SMS_PROVIDER must not name none beside others\.$/],
    [{ APP_EVERYONE_IS_ADMIN: 'true' }, /^APP_EVERYONE_IS_ADMIN is refused/],
    [{ DB_CONNECTION: 'mysql', DB_HOST: 'db' }, /MySQL or MariaDB, which is not supported/],
    [{ DB_CONNECTION: 'mariadb' }, /MySQL or MariaDB, which is not supported/],
    [{ DB_HOST: 'db' }, /^DB_CONNECTION must be set/],
    [{ DB_CONNECTION: 'pgsql' }, /^DB_DATABASE must be set/],
    [{ DB_CONNECTION: 'pgsql', DB_DATABASE: 'sip', DB_HOST: '/run/postgresql' }, /^DB_HOST must be a host name/],
  ]
  test.each(refusals)('%j', (environment, problem) => {
    const { problems } = load(environment)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(problem)
  })

  test('APP_DEBUG of an old file does nothing, and is not refused', () => {
    const { problems, warnings } = load({ APP_DEBUG: 'true' })
    expect([problems, warnings]).toEqual([[], [expect.stringMatching(/^APP_DEBUG is ignored: .* never in a reply/)]])
  })

  test('APP_EVERYONE_IS_ADMIN=false in an old file is only ignored', () => {
    const { problems, warnings } = load({ APP_EVERYONE_IS_ADMIN: 'false' })
    expect(problems).toEqual([])
    expect(warnings[0]).toStartWith('APP_EVERYONE_IS_ADMIN is ignored')
  })
})

describe('NAME_FILE', () => {
  const readFile = (path: string) => ({ '/run/key': `${key}\n`, '/run/empty': '\n' })[path] ?? missing(path)

  test('beside NAME is refused', () => {
    const { problems } = load({ APP_KEY: key, APP_KEY_FILE: '/run/key' }, { readFile })
    expect(problems).toEqual(['APP_KEY (environment) and APP_KEY_FILE (environment) are both set; keep one of them.'])
  })

  test('of a missing or empty file is refused', () => {
    expect(load({ APP_KEY_FILE: '/run/none' }, { readFile }).problems).toEqual([
      'APP_KEY_FILE names /run/none, which cannot be read: there is no such file.',
    ])
    expect(load({ APP_KEY_FILE: '/run/empty' }, { readFile }).problems).toEqual([
      'APP_KEY_FILE names /run/empty, which is empty.',
    ])
  })

  test('of what is no secret is no setting', () => {
    const { config, warnings } = load({ MAIL_HOST_FILE: '/run/key' }, { readFile })
    expect(config.MAIL_HOST).toBeNull()
    expect(warnings[0]).toStartWith('MAIL_HOST_FILE is not a setting')
  })

  test('gives the secret without its line end, for every secret of the table', () => {
    const { config, sources } = load({ APP_KEY_FILE: '/run/key' }, { readFile })
    expect(config.APP_KEY).toEqual(new Uint8Array(32).fill(7))
    expect(sources.APP_KEY.from).toBe('APP_KEY_FILE (environment)')
    for (const name of settingNames) {
      if (!settings[name].kind.secret) continue
      expect(load({ [`${name}_FILE`]: '/run/key' }, { readFile }).sources[name].text).toBe(key)
    }
  })
})

describe('names that have no effect', () => {
  test('a misspelt one gets a warning with the nearest name', () => {
    const { problems, warnings } = load({ APP_ROOT_HOTS: 'x', MAIL_PASWORD: 'x', TLS_CRET: 'x', APP_UNHEARD_OF: 'x' })
    expect(problems).toEqual([])
    expect(warnings).toEqual([
      'APP_ROOT_HOTS is not a setting; is APP_ROOT_HOST meant? (environment).',
      'MAIL_PASWORD is not a setting; is MAIL_PASSWORD meant? (environment).',
      'TLS_CRET is not a setting; is TLS_CERT meant? (environment).',
      'APP_UNHEARD_OF is not a setting (environment).',
    ])
  })

  test('what the environment holds for others is nobody’s mistake, a file is all ours', () => {
    const envFiles = [{ path: '/etc/env', text: 'LISTENN=127.0.0.1:1\nHOME=/x' }]
    expect(load({ HOME: '/root', AWS_BUCKET: 'x', LISTENN: 'x' }).warnings).toEqual([])
    expect(load({}, { envFiles }).warnings).toEqual([
      'LISTENN is not a setting; is LISTEN meant? (/etc/env).',
      'HOME is not a setting (/etc/env).',
    ])
  })

  test('one of the reference is ignored with its reason', () => {
    expect(load({ APP_URL: 'https://x' }).warnings).toEqual([
      'APP_URL is ignored: it was replaced by the host of each Space (environment).',
    ])
  })

  test('a reserved one is accepted and named', () => {
    const reserved = settingNames.find(
      (name) => settings[name].status === 'reserved' && settings[name].kind.parse('1') !== undefined,
    )
    if (reserved === undefined) return // none is left: nothing to warn about
    expect(load({ [reserved]: '1' }).warnings).toContain(`Accepted, but not used by this version: ${reserved}.`)
  })
})

describe('where a value comes from', () => {
  test('nothing is set: every default is a good value', () => {
    const { config, sources, problems, warnings } = load({})
    expect(problems).toEqual([])
    expect(warnings).toEqual([])
    expect(Object.keys(config)).toEqual([...settingNames])
    expect(config.LISTEN).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 8080 })
    expect(config.APP_ROOT_HOST).toBe('localhost')
    expect(config.DATA_DIR).toBe('/data')
    expect(config.APP_KEY).toBeNull()
    expect(config.APP_ACCOUNT_CREATION_TOKEN_EXPIRATION_MINUTES).toBeNull()
    expect(config.APP_API_KEY_EXPIRATION_MINUTES).toBe(60)
    expect(config.ACCOUNT_USERNAME_REGEX.test('alice')).toBe(true)
    expect(config.UPLOAD_MAX_BYTES).toBe(33_554_432)
    expect(config.BASE_PATH).toBe('')
    expect(config.SMS_PROVIDER).toEqual(['none'])
    expect(sources.LISTEN).toEqual({ from: 'default', text: '127.0.0.1:8080' })
  })

  test('the environment wins over the first file, the first file over the second', () => {
    const envFiles = [
      { path: '/one', text: 'APP_NAME=one\nLOG_LEVEL=debug\nCODE_DIGITS=5' },
      { path: '/two', text: 'APP_NAME=two\nLOG_LEVEL=error\nPUBLIC_PORT=444' },
    ]
    const { config, sources } = load({ APP_NAME: 'environment', LOG_LEVEL: '' }, { envFiles })
    expect([config.APP_NAME, config.LOG_LEVEL, config.CODE_DIGITS, config.PUBLIC_PORT]).toEqual([
      'environment',
      'debug',
      5,
      444,
    ])
    expect(sources.LOG_LEVEL.from).toBe('/one')
  })

  test('an empty value and the word null are unset, but for a setting that knows the word', () => {
    const { config, problems } = load({ APP_NAME: '', MAIL_PASSWORD: 'null', MAIL_ENCRYPTION: 'null', LISTEN: ' ' })
    expect(problems).toEqual([])
    expect([config.APP_NAME, config.MAIL_PASSWORD, config.MAIL_ENCRYPTION]).toEqual(['sipkeeper', null, 'auto'])
    expect(load({ MAIL_DRIVER: 'null' }).config.MAIL_DRIVER).toBe('null')
  })

  test('the configuration cannot be changed', () => {
    expect(Object.isFrozen(load({}).config)).toBe(true)
  })
})

describe('values', () => {
  test('addresses', () => {
    expect(load({ LISTEN: '[::1]:8080' }).config.LISTEN).toEqual({ kind: 'tcp', host: '::1', port: 8080 })
    expect(load({ LISTEN: 'unix:/run/sip.sock' }).config.LISTEN).toEqual({ kind: 'unix', path: '/run/sip.sock' })
    expect(load({ LISTEN: 'localhost:0' }).config.LISTEN).toEqual({ kind: 'tcp', host: 'localhost', port: 0 })
  })

  test('networks', () => {
    expect(load({ TRUSTED_PROXIES: '10.0.0.0/8, ::1 192.0.2.1' }).config.TRUSTED_PROXIES).toEqual([
      { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
      { address: '::1', prefix: 128, family: 'ipv6' },
      { address: '192.0.2.1', prefix: 32, family: 'ipv4' },
    ])
  })

  test('0 is never, off, or for ever', () => {
    const { config } = load({
      APP_API_KEY_EXPIRATION_MINUTES: '0',
      API_RATE_LIMIT_PER_MINUTE: '0',
      BLOCKING_AMOUNT_EVENTS_AUTHORIZED_DURING_PERIOD: '0',
      LOG_FILE_DAYS: '0',
    })
    expect(config.APP_API_KEY_EXPIRATION_MINUTES).toBeNull()
    expect(config.API_RATE_LIMIT_PER_MINUTE).toBeNull()
    expect(config.BLOCKING_AMOUNT_EVENTS_AUTHORIZED_DURING_PERIOD).toBeNull()
    expect(config.LOG_FILE_DAYS).toBeNull()
  })

  test('words in either case, and words of the reference', () => {
    const { config, problems } = load({
      ACCOUNT_DEFAULT_PASSWORD_ALGORITHM: 'sha-256',
      LOG_LEVEL: 'WARNING',
      JOBS: 'off',
      LEGACY_API: '0',
      MAIL_ENCRYPTION: 'ssl',
    })
    expect(problems).toEqual([])
    expect(config.ACCOUNT_DEFAULT_PASSWORD_ALGORITHM).toBe('SHA-256')
    expect(config.LOG_LEVEL).toBe('warn')
    expect([config.JOBS, config.LEGACY_API]).toEqual([false, false])
    expect(config.MAIL_ENCRYPTION).toBe('tls')
  })

  test('lists, patterns and targets', () => {
    const { config, problems } = load({
      ACCOUNT_BLACKLISTED_USERNAMES: 'admin, username-.*,',
      ACCOUNT_USERNAME_REGEX: '^[a-z🦊]+$',
      LOG_TARGET: 'file:/var/log/app.log',
      BASE_PATH: '/panel/',
      APP_FLEXISIP_PUSHER_FIREBASE_KEYSMAP: 'one:a:b two:c',
      SMS_HTTP_HEADERS: 'Authorization: Bearer x, y|X-Two: 2',
      SMS_HTTP_OK: '200 202',
    })
    expect(problems).toEqual([])
    expect(config.ACCOUNT_BLACKLISTED_USERNAMES).toEqual(['admin', 'username-.*'])
    expect(config.ACCOUNT_USERNAME_REGEX.test('🦊')).toBe(true)
    expect(config.LOG_TARGET).toEqual({ kind: 'file', path: '/var/log/app.log' })
    expect(config.BASE_PATH).toBe('/panel')
    expect(config.APP_FLEXISIP_PUSHER_FIREBASE_KEYSMAP).toEqual([
      { project: 'one', key: 'a:b' },
      { project: 'two', key: 'c' },
    ])
    expect(config.SMS_HTTP_HEADERS).toEqual([
      ['Authorization', 'Bearer x, y'],
      ['X-Two', '2'],
    ])
    expect(config.SMS_HTTP_OK).toEqual([200, 202])
  })
})

test.each<[text: string, target: LogTarget]>([
  ['journald', { kind: 'journald' }],
  ['syslog:', { kind: 'syslog', over: 'unix', path: '/dev/log' }],
  ['syslog:/run/log', { kind: 'syslog', over: 'unix', path: '/run/log' }],
  ['syslog://logs.example.org', { kind: 'syslog', over: 'udp', host: 'logs.example.org', port: 514 }],
  ['syslog+tcp://logs.example.org:601', { kind: 'syslog', over: 'tcp', host: 'logs.example.org', port: 601 }],
  ['syslog://[::1]', { kind: 'syslog', over: 'udp', host: '::1', port: 514 }],
  ['syslog+tcp://[::1]:601', { kind: 'syslog', over: 'tcp', host: '::1', port: 601 }],
])('a log may go to %s', (text, target) => {
  const { config, problems } = load({ SECURITY_LOG_TARGET: text })
  expect([problems, config.SECURITY_LOG_TARGET]).toEqual([[], target])
})

describe('what an adopted file of the reference means', () => {
  test('pgsql builds the address of the database', () => {
    const { config, sources, problems } = load({
      DB_CONNECTION: 'pgsql',
      DB_HOST: '::1',
      DB_DATABASE: 'flexi sip',
      DB_USERNAME: 'sip@home',
      DB_PASSWORD: 'p/w:1',
    })
    expect(problems).toEqual([])
    expect(config.DATABASE_URL).toBe('postgres://sip%40home:p%2Fw%3A1@[::1]:5432/flexi%20sip')
    expect(sources.DATABASE_URL.from).toBe('DB_CONNECTION')
    expect(databaseLocation(config)).toEqual({ kind: 'postgres', url: config.DATABASE_URL ?? '' })
  })

  test('DATABASE_URL wins over them, even over mysql', () => {
    const { config, problems, warnings } = load({ DATABASE_URL: 'postgres://db/sip', DB_CONNECTION: 'mysql' })
    expect(problems).toEqual([])
    expect(warnings[0]).toStartWith('DB_CONNECTION and the other DB_* settings are not used')
    expect(config.DATABASE_URL).toBe('postgres://db/sip')
  })

  test('without any of them there is one SQLite file', () => {
    expect(databaseLocation(load({}).config)).toEqual({ kind: 'sqlite', file: '/data/sipkeeper.sqlite' })
  })

  test('Redis, SMS and captcha', () => {
    const { config } = load({
      REDIS_CLIENT: 'phpredis-sentinel',
      OVH_APP_KEY: 'k',
      OVH_APP_SECRET: 's',
      OVH_APP_CONSUMER_KEY: 'c',
      HCAPTCHA_SITEKEY: '10000000-ffff-ffff-ffff-000000000001',
      HCAPTCHA_SECRET: 's',
    })
    expect(config.REDIS_MODE).toBe('sentinel')
    expect(config.SMS_PROVIDER).toEqual(['ovh'])
    expect(config.CAPTCHA_PROVIDER).toBe('hcaptcha')
  })

  test('a placeholder for a site key asks for no captcha', () => {
    const { config, warnings } = load({ HCAPTCHA_SITEKEY: 'sitekey', HCAPTCHA_SECRET: 'secret' })
    expect([config.CAPTCHA_PROVIDER, config.HCAPTCHA_SECRET]).toEqual(['none', null])
    expect(warnings[0]).toStartWith('HCAPTCHA_SITEKEY is not a site key')
  })

  test('HCAPTCHA_ENABLED=false asks for no captcha', () => {
    const keys = { HCAPTCHA_SITEKEY: '10000000-ffff-ffff-ffff-000000000001', HCAPTCHA_SECRET: 's' }
    expect(load({ ...keys, HCAPTCHA_ENABLED: 'false' }).config.CAPTCHA_PROVIDER).toBe('none')
  })
})

describe('config:show', () => {
  test('masks every secret that is set, unless asked for', () => {
    const environment: Record<string, string> = {}
    for (const name of settingNames) if (settings[name].kind.secret) environment[name] = 'hunter2'
    const { sources } = load(environment)
    const masked = describeConfig(sources, { secrets: false })
    expect(JSON.stringify(masked)).not.toContain('hunter2')
    expect(masked.find(({ name }) => name === 'APP_KEY')).toEqual({
      name: 'APP_KEY',
      value: '***',
      source: 'environment',
      differs: true,
    })
    expect(describeConfig(sources, { secrets: true }).find(({ name }) => name === 'APP_KEY')?.value).toBe('hunter2')
  })

  test('masks an address that was built from a password', () => {
    const { sources } = load({ DB_CONNECTION: 'pgsql', DB_DATABASE: 'sip', DB_USERNAME: 'sip', DB_PASSWORD: 'hunter2' })
    expect(JSON.stringify(describeConfig(sources, { secrets: false }))).not.toContain('hunter2')
  })

  test('shows where a value comes from, and nothing for an unset one', () => {
    const rows = describeConfig(load({ APP_NAME: 'Phones' }).sources, { secrets: false })
    expect(rows).toContainEqual({ name: 'APP_NAME', value: 'Phones', source: 'environment', differs: true })
    expect(rows).toContainEqual({ name: 'APP_KEY', value: '', source: 'default', differs: false })
    expect(rows).toHaveLength(settingNames.length)
  })

  test('what is set to its default does not differ from it', () => {
    const rows = describeConfig(load({ LOG_LEVEL: 'info', CORS_ALLOW_ORIGIN: 'https://example.org' }).sources, {
      secrets: false,
    })
    const differing = rows.filter(({ differs }) => differs).map(({ name }) => name)
    expect(differing).toEqual(['CORS_ALLOW_ORIGIN'])
  })
})
