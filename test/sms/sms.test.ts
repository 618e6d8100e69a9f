import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/config.ts'
import { type FakeGateway, fakeGateway, fakeOvh, OVH_KEYS, TEXT, texting } from './fakes.ts'

let gateway: FakeGateway
beforeEach(() => {
  gateway = fakeGateway()
})
afterEach(() => {
  gateway.stop()
})

const status =
  (code: number, body = '') =>
  () =>
    new Response(body, { status: code })
const never = () => new Promise<Response>(() => {})

const configured = (env: Record<string, string>) => loadConfig({ environment: env, envFiles: [], readFile: () => '' })

describe('without a provider', () => {
  test('a message is closed for good, and the security log says why', async () => {
    const channel = texting({})
    expect(channel.isConfigured).toBe(false)
    expect(await channel.outcome()).toBe('for good: no SMS provider')
    expect(channel.lines.join()).toContain('event=sms.unconfigured')
    expect(channel.lines.join()).toContain('space=sip.example.org')
    expect(channel.leaks()).toEqual([])
    expect(await channel.check()).toMatchObject([{ name: 'sms', ok: true }])
  })

  test('OVH_APP_KEY of an existing installation is one', () => {
    expect(texting(OVH_KEYS).isConfigured).toBe(true)
  })
})

describe('settings', () => {
  test.each([
    [{ SMS_TEMPLATE: 'Code: CODE' }, 'SMS_TEMPLATE must be a text with #CODE#'],
    [{ SMS_TEMPLATE: '#CODE# for #CODE_MINUTES# minutes' }, 'SMS_TEMPLATE must be a text with #CODE#'],
    [{ SMS_TEMPLATE_EXPIRING: '#CODE# of #APPNAME#' }, 'SMS_TEMPLATE_EXPIRING must be a text with #CODE#'],
    [{ SMS_FORCE_LOCALE: 'de' }, 'SMS_FORCE_LOCALE must be en or fr'],
    [{ SMS_HTTP_BODY: '{"to":"{{to}}"}' }, 'SMS_HTTP_BODY must be a text with {{to}} and {{text}}'],
    [{ SMS_HTTP_BODY: 'to={{to}}&text={{text}}&x={{code}}' }, 'SMS_HTTP_BODY must be a text with {{to}} and {{text}}'],
    [{ SMS_HTTP_BODY: '{"to":"{{to}}","text":{{text}' }, 'SMS_HTTP_BODY must be a text with {{to}} and {{text}}'],
    [{ SMS_HTTP_BODY: '{"to":"{{to}}","text":"{{text}}"' }, 'SMS_HTTP_BODY starts like JSON and must be JSON.'],
    [{ SMS_HTTP_HEADERS: 'Authorization: clé ✓' }, 'SMS_HTTP_HEADERS must be headers'],
    [{ SMS_HTTP_HEADERS: 'Content-Type: text/xml' }, 'SMS_HTTP_HEADERS must name JSON or'],
    [{ OVH_APP_ENDPOINT: 'ovh-mars' }, 'OVH_APP_ENDPOINT must be ovh-eu, ovh-ca'],
    [{ SMS_PROVIDER: 'http' }, 'SMS_HTTP_URL must be set when SMS_PROVIDER names http.'],
    [{ SMS_PROVIDER: 'twilio,none' }, 'SMS_PROVIDER must not name none beside others.'],
  ])('%j is refused', (env, sentence) => {
    expect(configured(env as unknown as Record<string, string>).problems.join('\n')).toContain(sentence)
  })

  test('a template of more than one SMS is warned about', () => {
    const { problems, warnings } = configured({
      SMS_TEMPLATE: `#CODE# ${'a'.repeat(160)}`,
      SMS_TEMPLATE_EXPIRING: `Votre code est prêt\u00a0: #CODE#. ${'a'.repeat(50)}`,
    })
    expect(problems).toEqual([])
    expect(warnings.filter((line) => line.startsWith('SMS_'))).toEqual([
      'SMS_TEMPLATE takes 2 SMS, each of them paid for: one has room for 160 characters.',
      'SMS_TEMPLATE_EXPIRING takes 2 SMS, each of them paid for: one has room for 70, because it has letters outside the GSM alphabet.',
    ])
  })
})

describe('the text', () => {
  const textOf = async (env: Record<string, string>, message: object = {}) => {
    const channel = texting({ SMS_PROVIDER: 'http', SMS_HTTP_URL: gateway.url, ...env })
    expect(await channel.outcome(message)).toBe('sent')
    return JSON.parse(gateway.last.body).text
  }
  const lasting = { data: { code: '73415926', expires_minutes: null } }

  test('has the shape that carriers have registered, one sentence longer when the code expires', async () => {
    expect(await textOf({}, lasting)).toBe('Your Example validation code is 73415926.')
    expect(await textOf({})).toBe(TEXT)
    expect(await textOf({}, { kind: 'recovery_code' })).toBe(TEXT)
  })

  test('speaks the language of the person, unless one is forced', async () => {
    const french = { language: 'fr' }
    expect(await textOf({}, french)).toBe('Votre code de validation Example est 73415926. Il est valable 10 minutes')
    expect(await textOf({ SMS_FORCE_LOCALE: 'en' }, french)).toBe(TEXT)
  })

  test('is that of the configuration where it has one', async () => {
    const SMS_TEMPLATE = '#APP_NAME#: #CODE#'
    expect(await textOf({ SMS_TEMPLATE })).toBe('Example: 73415926')
    const SMS_TEMPLATE_EXPIRING = '#CODE# (#APP_NAME#, #CODE_MINUTES# min)'
    expect(await textOf({ SMS_TEMPLATE, SMS_TEMPLATE_EXPIRING })).toBe('73415926 (Example, 10 min)')
    expect(await textOf({ SMS_TEMPLATE, SMS_TEMPLATE_EXPIRING }, lasting)).toBe('Example: 73415926')
  })

  test('does not read the name of a Space as a mark', async () => {
    const name = '#CODE# {code} $t(sms.code) $&'
    for (const env of [{ SMS_TEMPLATE: '#APP_NAME#: #CODE#' }, {}] as Record<string, string>[]) {
      const channel = texting(
        { SMS_PROVIDER: 'http', SMS_HTTP_URL: gateway.url, ...env },
        { spaceOf: async () => ({ name, domain: 'sip.example.org' }) },
      )
      await channel.outcome(lasting)
      expect(JSON.parse(gateway.last.body).text.split('73415926')).toHaveLength(2)
      expect(JSON.parse(gateway.last.body).text).toContain(name)
    }
  })

  test('names the installation when the Space is gone', async () => {
    expect(await textOf({ APP_NAME: 'Acme' }, { spaceId: 2 })).toStartWith('Your Acme validation code')
  })
})

describe('http', () => {
  const env = (more: Record<string, string> = {}) => ({
    SMS_PROVIDER: 'http',
    SMS_HTTP_URL: `${gateway.url}/send?password=gateway-password`,
    ...more,
  })

  test.each([400, 401, 404, 422])('%d refuses for good', async (code) => {
    gateway.behaviour = status(code, TEXT)
    const channel = texting(env())
    expect(await channel.outcome()).toBe(`for good: http: HTTP ${code}`)
    expect(channel.leaks()).toEqual([])
  })

  test.each([408, 429, 500, 503])('%d is tried again', async (code) => {
    gateway.behaviour = status(code, TEXT)
    const channel = texting(env())
    expect(await channel.outcome()).toBe(`http: HTTP ${code}`)
    expect(channel.leaks()).toEqual([])
  })

  test('a redirection is not followed', async () => {
    gateway.behaviour = () => Response.redirect(`${gateway.url}/elsewhere`, 307)
    expect(await texting(env()).outcome()).toBe('http: HTTP 307')
    expect(gateway.requests).toHaveLength(1)
  })

  test('silence, a closed port and an address that is none end soon, and their address is not told', async () => {
    gateway.behaviour = never
    const channel = texting(env(), { limitMs: 60 })
    expect(await channel.outcome()).toBe('http: no answer: not in time')
    gateway.stop()
    const closed = texting(env())
    expect(await closed.outcome()).toMatch(/^http: no answer: \w+$/)
    expect([...channel.leaks(), ...closed.leaks()]).toEqual([])
  })

  test('whoever has said 200 has it, though the answer never ends or is endless', async () => {
    gateway.behaviour = () =>
      new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('o')) }))
    expect(await texting(env(), { limitMs: 80 }).outcome()).toBe('sent')
    gateway.behaviour = () =>
      new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) }))
    expect(await texting(env(), { limitMs: 5000 }).outcome()).toBe('sent')
  })

  test('gets a JSON object of to and text, with the id of the message', async () => {
    const channel = texting(env())
    expect(await channel.outcome()).toBe('sent')
    const { method, target, headers, body } = gateway.last
    expect([method, target]).toEqual(['POST', '/send?password=gateway-password'])
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('idempotency-key')).toBe('sms-42')
    expect(headers.get('x-signature')).toBe(null)
    expect(JSON.parse(body)).toEqual({ to: '+33612345678', text: TEXT })
    expect(channel.lines.join()).toContain('+3361****78')
    expect(channel.lines.join()).not.toContain('+33612345678')
    expect(channel.leaks()).toEqual([])
  })

  test('can verify the HMAC of what it got', async () => {
    gateway.behaviour = ({ headers, body }) => {
      const expected = createHmac('sha256', 'hmac-key').update(body).digest('hex')
      return new Response('', { status: headers.get('x-signature') === expected ? 200 : 401 })
    }
    const [right, wrong] = [{ SMS_HTTP_SECRET: 'hmac-key' }, { SMS_HTTP_SECRET: 'other-key' }]
    expect(await texting(env(right)).outcome()).toBe('sent')
    expect(await texting(env({ ...right, SMS_HTTP_METHOD: 'PUT' })).outcome()).toBe('sent')
    expect(await texting(env(wrong)).outcome()).toBe('for good: http: HTTP 401')
  })

  test('gets the body that is wanted, every value escaped', async () => {
    const evil = { spaceOf: async () => ({ name: 'A"\\&=+\n', domain: 'sip.example.org' }) }
    const SMS_TEMPLATE = '#APP_NAME#é #CODE#'
    const text = 'A"\\&=+\né 73415926'
    const json = '{"m":{"to":"{{to}}","text":"{{text}}","n":"{{id}}/{{kind}}/{{space}}"}}'
    expect(await texting(env({ SMS_TEMPLATE, SMS_HTTP_BODY: json }), evil).outcome()).toBe('sent')
    expect(gateway.last.headers.get('content-type')).toBe('application/json')
    const n = 'sms-42/phone_code/sip.example.org'
    expect(JSON.parse(gateway.last.body)).toEqual({ m: { to: '+33612345678', text, n } })

    const form = 'login=a&to={{to}}&text={{text}}'
    expect(await texting(env({ SMS_TEMPLATE, SMS_HTTP_BODY: form }), evil).outcome()).toBe('sent')
    expect(gateway.last.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    const fields = { login: 'a', to: '+33612345678', text }
    expect(Object.fromEntries(new URLSearchParams(gateway.last.body))).toEqual(fields)

    const get = { SMS_HTTP_METHOD: 'GET', SMS_HTTP_SECRET: 'hmac-key' }
    expect(await texting(env({ SMS_TEMPLATE, SMS_HTTP_BODY: form, ...get }), evil).outcome()).toBe('sent')
    const [, query = ''] = gateway.last.target.split('?password=gateway-password&')
    expect(gateway.last.method).toBe('GET')
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual(fields)
    const signature = createHmac('sha256', 'hmac-key').update(query).digest('hex')
    expect(gateway.last.headers.get('x-signature')).toBe(signature)

    expect(await texting(env({ SMS_TEMPLATE, SMS_HTTP_METHOD: 'GET' }), evil).outcome()).toBe('sent')
    const [, plain = ''] = gateway.last.target.split('?password=gateway-password&')
    expect(Object.fromEntries(new URLSearchParams(plain))).toEqual({ to: '+33612345678', text })
  })

  test('gets the headers that are wanted, and says with which statuses it accepts', async () => {
    const SMS_HTTP_HEADERS = 'Authorization: Bearer gateway-password|Content-Type: application/x-www-form-urlencoded'
    gateway.behaviour = status(299)
    expect(await texting(env({ SMS_HTTP_HEADERS })).outcome()).toBe('sent')
    expect(gateway.last.headers.get('authorization')).toBe('Bearer gateway-password')
    expect(new URLSearchParams(gateway.last.body).get('text')).toBe(TEXT)
    const channel = texting(env({ SMS_HTTP_OK: '202,409', SMS_HTTP_HEADERS }))
    expect(await channel.outcome()).toBe('http: HTTP 299')
    gateway.behaviour = status(409)
    expect(await channel.outcome()).toBe('sent')
    expect(channel.leaks()).toEqual([])
  })
})

describe('twilio', () => {
  const env = (more: Record<string, string> = {}) => ({
    SMS_PROVIDER: 'twilio',
    SMS_TWILIO_URL: `${gateway.url}/`,
    SMS_TWILIO_ACCOUNT: 'AC1',
    SMS_TWILIO_TOKEN: 'twilio-token',
    SMS_TWILIO_FROM: '+15005550006',
    ...more,
  })

  test('a number it does not take is refused for good, with its number for the reason', async () => {
    gateway.behaviour = () => Response.json({ code: 21211, message: TEXT }, { status: 400 })
    const channel = texting(env())
    expect(await channel.outcome()).toBe('for good: twilio: HTTP 400 21211')
    gateway.behaviour = status(401, `{"code":${TEXT}`)
    expect(await channel.outcome()).toBe('for good: twilio: HTTP 401')
    expect(channel.leaks()).toEqual([])
  })

  test.each([429, 500])('%d is tried again', async (code) => {
    gateway.behaviour = status(code)
    expect(await texting(env()).outcome()).toBe(`twilio: HTTP ${code}`)
  })

  test('silence is tried again', async () => {
    gateway.behaviour = never
    expect(await texting(env(), { limitMs: 60 }).outcome()).toBe('twilio: no answer: not in time')
  })

  test('gets the form that Twilio documents, with basic authentication; 201 accepts, whatever the answer says', async () => {
    gateway.behaviour = status(201, 'not JSON')
    const channel = texting(env())
    expect(await channel.outcome()).toBe('sent')
    const { method, target, headers, body } = gateway.last
    expect([method, target]).toEqual(['POST', '/2010-04-01/Accounts/AC1/Messages.json'])
    expect(headers.get('authorization')).toBe(`Basic ${btoa('AC1:twilio-token')}`)
    expect(headers.get('content-type')).toStartWith('application/x-www-form-urlencoded')
    const form = Object.fromEntries(new URLSearchParams(body))
    expect(form).toEqual({ To: '+33612345678', From: '+15005550006', Body: TEXT })
    expect(channel.leaks()).toEqual([])
  })

  test('sends through a messaging service when one is named', async () => {
    const SMS_TWILIO_FROM = `MG${'0'.repeat(32)}`
    expect(await texting(env({ SMS_TWILIO_FROM })).outcome()).toBe('sent')
    const form = Object.fromEntries(new URLSearchParams(gateway.last.body))
    expect(form).toEqual({ To: '+33612345678', MessagingServiceSid: SMS_TWILIO_FROM, Body: TEXT })
  })

  test('doctor learns whether the credentials are good', async () => {
    const { check } = texting(env())
    expect(await check()).toMatchObject([{ name: 'sms twilio', ok: true }])
    expect(gateway.last.target).toBe('/2010-04-01/Accounts/AC1.json')
    gateway.behaviour = status(401)
    expect(await check()).toMatchObject([{ ok: false, detail: `${gateway.url}/: HTTP 401` }])
  })
})

describe('ovh', () => {
  let ovh: ReturnType<typeof fakeOvh>
  beforeEach(() => {
    ovh = fakeOvh()
  })
  afterEach(() => {
    ovh.stop()
  })
  const env = (more: Record<string, string> = {}) => ({ ...OVH_KEYS, OVH_APP_ENDPOINT: ovh.endpoint, ...more })

  test('keys that do not fit are refused for good, with the name that OVH has for it', async () => {
    const channel = texting(env({ OVH_APP_SECRET: 'gateway-password' }))
    expect(await channel.outcome()).toBe('for good: ovh: HTTP 403 INVALID_SIGNATURE')
    expect(channel.leaks()).toEqual([])
  })

  test.each([429, 500, 502])('%d is tried again', async (code) => {
    ovh.state.answer = new Response(TEXT, { status: code })
    const channel = texting(env())
    expect(await channel.outcome()).toBe(`ovh: HTTP ${code}`)
    expect(channel.leaks()).toEqual([])
  })

  test('an answer that is none, though with 200, is tried again', async () => {
    const channel = texting(env())
    for (const body of ['', `{"validReceivers":${TEXT}`, '[]', 'null', '{"validReceivers":[]}']) {
      ovh.state.answer = new Response(body)
      expect(await channel.outcome()).toBe('ovh: no receiver in the answer')
    }
    expect(channel.leaks()).toEqual([])
  })

  test('a number that OVH does not take is refused for good', async () => {
    ovh.state.answer = Response.json({ validReceivers: [], invalidReceivers: ['+33612345678'] })
    expect(await texting(env()).outcome()).toBe('for good: ovh: the number is not accepted')
  })

  test('without an SMS service nothing can be sent', async () => {
    ovh.state.services = []
    expect(await texting(env()).outcome()).toBe('for good: ovh: these keys have no SMS service')
    ovh.state.services = { no: 'list' }
    expect(await texting(env()).outcome()).toBe('ovh: no list in the answer')
  })

  test('silence is tried again', async () => {
    const silent = fakeGateway(never)
    const channel = texting(env({ OVH_APP_ENDPOINT: silent.url }), { limitMs: 60 })
    expect(await channel.outcome()).toBe('ovh: no answer: not in time')
    silent.stop()
  })

  test('gets a signed job by its own clock, and time and service are asked for once', async () => {
    const channel = texting(env({ OVH_APP_SENDER: 'Example' }))
    expect(await Promise.all([channel.outcome(), channel.outcome({ id: 43 })])).toEqual(['sent', 'sent'])
    expect(await channel.outcome({ id: 44 })).toBe('sent')
    expect(ovh.targets().sort()).toEqual([
      'GET /auth/time',
      'GET /sms',
      ...Array.from({ length: 3 }, () => 'POST /sms/sms-ab1-1/jobs'),
    ])
    expect(ovh.state.jobs.map(({ tag }) => tag).sort()).toEqual(['sms-42', 'sms-43', 'sms-44'])
    expect(ovh.state.jobs[0]).toEqual({
      message: TEXT,
      receivers: ['+33612345678'],
      sender: 'Example',
      senderForResponse: false,
      noStopClause: true,
      priority: 'high',
      class: 'phoneDisplay',
      charset: 'UTF-8',
      coding: '7bit',
      validityPeriod: 2880,
      tag: 'sms-42',
    })
    expect(channel.leaks()).toEqual([])
  })

  test('gets 8 bits for a text outside the GSM alphabet, and no sender where none is set', async () => {
    const channel = texting(env({ SMS_TEMPLATE: 'Зал #CODE#', OVH_SMS_SERVICE: 'sms-zz-9' }))
    expect(await channel.outcome()).toBe('sent')
    expect(ovh.state.jobs[0]).toMatchObject({ coding: '8bit', message: 'Зал 73415926' })
    expect(ovh.state.jobs[0]).not.toHaveProperty('sender')
    expect(ovh.targets()).toEqual(['GET /auth/time', 'POST /sms/sms-zz-9/jobs'])
  })

  test('a clock that was set meanwhile costs one attempt', async () => {
    const channel = texting(env())
    expect(await channel.outcome()).toBe('sent')
    ovh.state.aheadSeconds = -3600
    expect(await channel.outcome()).toBe('ovh: QUERY_TIME_OUT')
    expect(await channel.outcome()).toBe('sent')
  })

  test('doctor learns the service and what credit is left', async () => {
    const { check } = texting(env())
    expect(await check()).toEqual([{ name: 'sms ovh', ok: true, detail: 'service sms-ab1-1, credits left: 12.5' }])
    const wrong = texting(env({ OVH_APP_CONSUMER_KEY: 'other' }))
    expect(await wrong.check()).toEqual([{ name: 'sms ovh', ok: false, detail: 'HTTP 403 INVALID_CREDENTIAL' }])
  })
})

describe('command', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-sms-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const program = (script: string): Record<string, string> => {
    const path = join(folder, 'send')
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
    return { SMS_PROVIDER: 'command', SMS_COMMAND: path }
  }

  test('75 is tried again, any other status refuses for good, and what it writes is not told', async () => {
    const tired = texting(program('cat; exit 75'))
    expect(await tired.outcome()).toBe('command: exit status 75')
    const refusing = texting(program('cat >&2; exit 1'))
    expect(await refusing.outcome()).toBe('for good: command: exit status 1')
    expect([...tired.leaks(), ...refusing.leaks()]).toEqual([])
  })

  test('a program that is missing is tried again', async () => {
    const channel = texting({ SMS_PROVIDER: 'command', SMS_COMMAND: join(folder, 'missing') })
    expect(await channel.outcome()).toBe('command: it cannot be started')
    expect(await channel.check()).toMatchObject([{ name: 'sms command', ok: false }])
  })

  test('one that does not end is killed with its children', async () => {
    const mark = join(folder, 'mark')
    const channel = texting(program(`(sleep 0.4; touch ${mark}) & wait`), { limitMs: 100 })
    expect(await channel.outcome()).toBe('command: not done in time')
    await Bun.sleep(500)
    expect(existsSync(mark)).toBe(false)
  })

  test('gets the number as its argument and the text on standard input, and no shell reads either', async () => {
    const channel = texting(
      {
        ...program(`printf '%s\\n' "$#" "$1" > ${folder}/argv; cat > ${folder}/text`),
        SMS_TEMPLATE: '#APP_NAME# #CODE#',
      },
      { spaceOf: async () => ({ name: `$(touch ${folder}/owned)`, domain: '' }), limitMs: 5000 },
    )
    expect(await channel.outcome()).toBe('sent')
    expect(readFileSync(join(folder, 'argv'), 'utf8')).toBe('1\n+33612345678\n')
    expect(readFileSync(join(folder, 'text'), 'utf8')).toBe(`$(touch ${folder}/owned) 73415926`)
    expect(existsSync(join(folder, 'owned'))).toBe(false)
    expect(await channel.check()).toMatchObject([{ ok: true }])
  })

  test('need not read', async () => {
    const name = 'x'.repeat(300_000)
    const channel = texting(program('exit 0'), { spaceOf: async () => ({ name, domain: '' }), limitMs: 5000 })
    expect(await channel.outcome()).toBe('sent')
  })
})

describe('log', () => {
  test('tells the number masked, and the text to developers only', async () => {
    const channel = texting({ SMS_PROVIDER: 'log' })
    expect(await channel.outcome()).toBe('sent')
    expect(channel.lines.join()).toContain('+3361****78')
    expect(channel.leaks()).toEqual([])
    const local = texting({ SMS_PROVIDER: 'log', APP_ENV: 'local' })
    expect(await local.outcome()).toBe('sent')
    expect(local.lines.join()).toContain(TEXT)
  })
})

describe('several, one after the other', () => {
  let second: FakeGateway
  beforeEach(() => {
    second = fakeGateway()
  })
  afterEach(() => {
    second.stop()
  })
  const chain = (more: Record<string, string> = {}) =>
    texting({
      SMS_PROVIDER: 'http,twilio',
      SMS_HTTP_URL: gateway.url,
      SMS_TWILIO_URL: second.url,
      SMS_TWILIO_ACCOUNT: 'AC1',
      SMS_TWILIO_TOKEN: 'twilio-token',
      SMS_TWILIO_FROM: '+15005550006',
      ...more,
    })

  test('a refusal for good asks nobody else', async () => {
    gateway.behaviour = status(400)
    expect(await chain().outcome()).toBe('for good: http: HTTP 400')
    expect(second.requests).toEqual([])
  })

  test('when none is well the message is tried again, from the first', async () => {
    gateway.behaviour = status(500)
    second.behaviour = status(429)
    const channel = chain()
    expect(await channel.outcome()).toBe('http: HTTP 500; twilio: HTTP 429')
    second.behaviour = status(400)
    expect(await channel.outcome()).toBe('http: HTTP 500; twilio: HTTP 400')
    gateway.behaviour = status(200)
    expect(await channel.outcome()).toBe('sent')
    expect(second.requests).toHaveLength(2)
  })

  test('the next one takes what the first could not', async () => {
    gateway.behaviour = status(503)
    const channel = chain()
    expect(await channel.outcome()).toBe('sent')
    expect(second.requests).toHaveLength(1)
    expect(channel.lines.join()).toContain('"provider":"twilio"')
    gateway.behaviour = status(200)
    expect(await channel.outcome()).toBe('sent')
    expect(second.requests).toHaveLength(1)
  })

  test('doctor looks at all of them', async () => {
    const found = await chain().check()
    expect(found.map(({ name, ok }) => [name, ok])).toEqual([
      ['sms http', true],
      ['sms twilio', true],
    ])
  })
})
