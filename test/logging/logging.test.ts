import { describe, expect, test } from 'bun:test'
import { DrizzleQueryError } from 'drizzle-orm'
import { loadConfig } from '../../src/config/config.ts'
import { type Logging, logging, type SecurityFields } from '../../src/logging/logging.ts'
import { maskedFields } from '../../src/logging/masking.ts'
import { resultOf, SECURITY_EVENTS } from '../../src/logging/security-events.ts'

const now = () => new Date('2026-08-20T10:00:00.123Z')

function recording(environment: Record<string, string> = {}): Logging & { readonly lines: string[] } {
  const { config } = loadConfig({ environment, envFiles: [], readFile: () => '' })
  const lines: string[] = []
  return { ...logging(config, { now, write: (line, stream) => lines.push(`${stream} ${line}`) }), lines }
}

function securityLine(fields: SecurityFields): string {
  const log = recording()
  log.security('auth.login.fail', fields)
  return log.lines[0] ?? ''
}

function appLine(message: string, fields?: Record<string, unknown>): Record<string, unknown> {
  const log = recording()
  log.app.info(message, fields)
  return JSON.parse(log.lines[0]?.replace(/^app /, '') ?? '')
}

describe('on a terminal', () => {
  const watched = (environment: Record<string, string> = {}) => {
    const { config } = loadConfig({ environment, envFiles: [], readFile: () => '' })
    const lines: string[] = []
    const log = logging(config, { now, write: (line) => lines.push(Bun.stripANSI(line)), isTerminal: () => true })
    return { log, lines }
  }
  const time = now().toTimeString().slice(0, 8)

  test('lines are short, whatever the format, and no value steers it', () => {
    for (const LOG_FORMAT of ['json', 'text']) {
      const { log, lines } = watched({ LOG_FORMAT })
      log.app.info('listening', { address: 'http://localhost/', request_id: 'x' })
      log.app.warn('odd', { value: 'a\u001b[2Jb', long: 'x'.repeat(500) })
      log.security('auth.login.fail', { ip: '192.0.2.1', rid: 'x', account: null })
      expect(lines).toEqual([
        `${time} info  listening address=http://localhost/`,
        `${time} warn  odd value="a\\x1b[2Jb" long="${'x'.repeat(160)}…"`,
        `${time} security auth.login.fail ip=192.0.2.1`,
      ])
    }
  })

  test('a file keeps its format', () => {
    const { log, lines } = watched({ LOG_TARGET: 'file:/tmp/never-written' })
    log.app.info('listening')
    expect(JSON.parse(lines[0] ?? '').msg).toBe('listening')
  })
})

describe('no line can be forged', () => {
  test('a line end, a quote or a terminal command in a value stays inside its value', () => {
    expect(securityLine({ account: 'bob\n2026 security event=x' })).toBe(
      String.raw`security 2026-08-20T10:00:00.123Z security event=auth.login.fail result=fail account="bob\n2026 security event\x3dx"`,
    )
    expect(securityLine({ account: '" ip=203.0.113.9 x="' })).toEndWith(
      String.raw` account="\" ip\x3d203.0.113.9 x\x3d\""`,
    )
    expect(securityLine({ account: '\u001b[2J\u0085\u2028\u202e' })).toEndWith(
      String.raw` account="\x1b[2J\u{85}\u{2028}\u{202e}"`,
    )
    expect(securityLine({ account: 'a\\"' })).toEndWith(String.raw` account="a\\\""`)
  })

  test('no user agent looks like an address to a filter', () => {
    const line = securityLine({ ip: '192.0.2.1', ua: 'x ip=203.0.113.9' })
    expect([...line.matchAll(/\bip=(\S+)/g)].map(([, ip]) => ip)).toEqual(['192.0.2.1'])
  })

  test('a field cannot take the place of the event, its result or its name', () => {
    const line = securityLine({ event: 'auth.login.ok', result: 'ok', 'a b=c': 'x' })
    expect(line).toEndWith(' event=auth.login.fail result=fail a_b_c=x')
  })

  test('a long value is cut', () => {
    expect(securityLine({ ua: 'x'.repeat(10_000) }).length).toBeLessThan(700)
  })

  test('text lines of the application stay one line', () => {
    const log = recording({ LOG_FORMAT: 'text' })
    log.app.warn('bad\nnews', { name: 'a\nb', error: new Error('x\ny') })
    expect(log.lines[0]).not.toContain('\n')
    expect(log.lines[0]).toStartWith(String.raw`app 2026-08-20T10:00:00.123Z WARN  bad\nnews name="a\nb" error=`)
  })

  test('a message is not a template', () => {
    expect(appLine('{password} and {x}', { x: 1 }).msg).toBe('{password} and {x}')
  })

  test('a field called like a part of the line is renamed', () => {
    expect(appLine('m', { time: 1, level: 'none', msg: 'x' })).toEqual({
      ...{ time: '2026-08-20T10:00:00.123Z', level: 'info', msg: 'm' },
      ...{ _time: 1, _level: 'none', _msg: 'x' },
    })
  })
})

describe('no secret reaches a line', () => {
  const hidden = [
    'password',
    'old_password',
    'passwordConfirmation',
    'password_hash',
    'api_key',
    'x-api-key',
    'APP_KEY',
    'apikey',
    'client_secret',
    'code',
    'confirmationCode',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'Set-Cookie',
    'ha1',
    'pn_prid',
    'session_id',
    'passwords',
    'credentials',
    'jwt',
  ]
  test.each(hidden)('%s', (name) => {
    for (const value of ['hunter2hunter2', ['hunter2hunter2'], { a: 'hunter2hunter2' }]) {
      expect(appLine('m', { [name]: value })).toMatchObject({ [name]: '***' })
      expect(appLine('m', { list: [{ inside: { [name]: value } }] })).toMatchObject({
        list: [{ inside: { [name]: '***' } }],
      })
    }
    expect(securityLine({ [name]: 'hunter2hunter2' })).toEndWith(`=***`)
  })

  test('a token shows its first four characters, a short one none', () => {
    expect(appLine('m', { token: 'q7Zr2mWc0YbKd', accessToken: 'abcdefgh12345' })).toMatchObject({
      token: 'q7Zr…',
      accessToken: 'abcd…',
    })
    expect(appLine('m', { token: 'Ab12Cd34' })).toMatchObject({ token: '***' })
    const log = recording()
    log.security('token.redeemed', { kind: 'provisioning', token: 'q7Zr2mWc0YbKd' })
    expect(log.lines[0]).toEndWith(' kind=provisioning token="q7Zr…"')
  })

  test('a number that is a code is one, a number of codes is not', () => {
    expect(appLine('m', { code: 1234, codes: 3 })).toMatchObject({ code: '***', codes: 3 })
  })

  test('headers, maps and nested errors are looked into', () => {
    const cause = Object.assign(new Error('inner'), { code: 'ECONNREFUSED' })
    const line = appLine('m', {
      headers: new Headers({ authorization: 'Bearer hunter2', accept: 'text/html' }),
      map: new Map([['password', 'hunter2']]),
      error: new Error('outer', { cause }),
    })
    expect(JSON.stringify(line)).not.toContain('hunter2')
    expect(line).toMatchObject({
      headers: { authorization: '***', accept: 'text/html' },
      error: { name: 'Error', message: 'outer', cause: { message: 'inner', code: 'ECONNREFUSED' } },
    })
  })

  test('a failed query is there with what the database said, and without its values', () => {
    const cause = Object.assign(new Error('the server closed the connection'), { code: '57P01' })
    const error = new DrizzleQueryError('insert into "passwords" values ($1, $2)', [7, 'ha1-of-somebody'], cause)
    const line = JSON.stringify(maskedFields({ error, nested: { error: new Error('outer', { cause: error }) } }))
    expect(line).not.toContain('ha1-of-somebody')
    for (const told of ['the server closed the connection', '57P01', 'insert into']) expect(line).toContain(told)
  })

  test('a path or address loses its query, its credentials and its tokens', () => {
    expect(appLine('m', { path: '/provisioning/q7Zr2mWc0YbKd?auth=hunter2' })).toMatchObject({
      path: '/provisioning/q7Zr…?…',
    })
    expect(appLine('m', { url: 'https://me:hunter2@gateway.example.org/send?key=hunter2' })).toMatchObject({
      url: 'https://***@gateway.example.org/send?…',
    })
    expect(appLine('m', { path: '/wizard/Ab12Cd34' })).toMatchObject({ path: '/wizard/***' })
    expect(appLine('m', { path: '/api/accounts/12345678/devices' })).toMatchObject({
      path: '/api/accounts/12345678/devices',
    })
  })

  test('what only tells about a secret stays readable', () => {
    const fields = {
      ...{ key_id: 4, token_kind: 'provisioning', passwordAlgorithm: 'MD5', status_code: 503, country_code: 'FR' },
      ...{ changed: ['password', 'email'], activated: true, reason: 'bad_password', has_password: true, token: null },
    }
    expect(appLine('m', fields)).toMatchObject(fields)
  })

  test('a value that holds itself ends', () => {
    const ring: Record<string, unknown> = { password: 'hunter2' }
    ring.ring = ring
    expect(JSON.stringify(appLine('m', ring))).not.toContain('hunter2')
  })
})

describe('the application log', () => {
  test('writes nothing below its level, until the level changes', () => {
    const log = recording({ LOG_LEVEL: 'warn' })
    log.app.debug('one')
    log.app.info('two')
    log.app.warn('three')
    log.reopen('debug')
    log.app.debug('four')
    expect(log.lines.map((line) => JSON.parse(line.slice(4)).msg)).toEqual(['three', 'four'])
  })

  test('is JSON, or text', () => {
    const fields = { request_id: 'r1', space: 'sip.example.org', actor: 'bob@sip.example.org', took_ms: 12 }
    const json = recording()
    json.app.error('mail was not sent', fields)
    expect(json.lines).toEqual([
      'app {"time":"2026-08-20T10:00:00.123Z","level":"error","msg":"mail was not sent","request_id":"r1","space":"sip.example.org","actor":"bob@sip.example.org","took_ms":12}',
    ])
    const text = recording({ LOG_FORMAT: 'text' })
    text.app.error('mail was not sent', fields)
    expect(text.lines).toEqual([
      'app 2026-08-20T10:00:00.123Z ERROR mail was not sent request_id=r1 space=sip.example.org actor=bob@sip.example.org took_ms=12',
    ])
  })

  test('takes any value there is', () => {
    const line = appLine('m', {
      big: 1n,
      none: undefined,
      when: new Date(0),
      bytes: new Uint8Array(3),
      set: new Set([1]),
    })
    expect(line).toMatchObject({ big: '1', when: '1970-01-01T00:00:00.000Z', bytes: '3 bytes', set: [1] })
    expect(line).not.toHaveProperty('none')
  })
})

describe('the security log', () => {
  test('has the documented line, whatever the order of the fields, and no empty field', () => {
    const line = securityLine({
      rid: 'r1',
      ua: 'Linphone/5.2 (Android)',
      limit: null,
      tries_left: 2,
      changed: ['email', 'phone'],
      reason: 'bad_password',
      via: 'panel',
      account: 'bob@sip.example.org',
      space: 'sip.example.org',
      ip: '2001:db8::1',
      by: undefined,
    })
    expect(line).toBe(
      'security 2026-08-20T10:00:00.123Z security event=auth.login.fail result=fail ip=2001:db8::1 space=sip.example.org account=bob@sip.example.org via=panel reason=bad_password tries_left=2 changed=email,phone ua="Linphone/5.2 (Android)" rid=r1',
    )
  })

  test('is found by the documented fail2ban filter', () => {
    const filter = /event=auth\.(login|digest|key|jwt|code|reset)\.fail .*\bip=(\S+)/
    expect(filter.exec(securityLine({ ip: '203.0.113.9', ua: 'x' }))?.[2]).toBe('203.0.113.9')
  })

  test('is written at any level', () => {
    const log = recording({ LOG_LEVEL: 'error' })
    log.security('job.done', {})
    expect(log.lines).toHaveLength(1)
  })

  test('knows the result of each event', () => {
    const failures = SECURITY_EVENTS.filter((event) => resultOf(event) === 'fail')
    expect(failures.length).toBeGreaterThan(10)
    expect(failures).not.toContain('auth.login.ok')
    expect(failures).toContain('auth.code.dead')
    expect(failures).toContain('admin.denied')
  })
})
