import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { loadConfig } from '../../src/config/config.ts'
import { logging } from '../../src/logging/logging.ts'
import { push } from '../../src/push/push.ts'
import { fakeApns, fakeGoogle, type Workshop, workshop } from '../push/fakes.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Flexisip has a call for a phone that sleeps, and asks for a push (behaviour/telephony.md §11).

let shop: Workshop
let apple: Awaited<ReturnType<typeof fakeApns>>
let google: Awaited<ReturnType<typeof fakeGoogle>>
let t: TestApp
let closePush = async () => {}
/** An administrator, whose key Flexisip has. */
let flexisip: TestAccount

beforeAll(() => {
  shop = workshop()
  shop.p8('one.p8')
})
beforeEach(async () => {
  apple = await fakeApns(shop)
  google = await fakeGoogle(shop)
})
afterEach(async () => {
  await t.close()
  await closePush()
  closePush = async () => {}
  apple.stop()
  google.stop()
})
afterAll(() => shop.remove())

/** An installation that sends to the stand-ins of Apple and Google, or as `env` says. */
const install = async (env: Record<string, string> = {}) => {
  const { config } = loadConfig({ environment: env, envFiles: [], readFile: () => '' })
  const log = logging(config, { now: () => new Date(), write: (line) => t.lines.push(line) })
  const real = push({ config, log, now: () => new Date() })
  closePush = real.close
  t = await testApp({ env: { AUTH_RATE_LIMIT_PER_MINUTE: '10' }, push: { send: real.send } })
  flexisip = await t.account({ admin: true })
}
const toBoth = () => ({
  APNS_KEY_FILE: shop.file('one.p8'),
  APNS_KEY_ID: 'KEYONE1234',
  APNS_TEAM_ID: 'ABCDE12345',
  APNS_ENDPOINT: `localhost:${apple.fake.port}`,
  FCM_SERVICE_ACCOUNT_FILES: shop.serviceAccount('project-one', google.fake.tokenUri),
  FCM_ENDPOINT: `localhost:${google.fake.port}`,
  PUSH_CA_FILE: shop.file('tls.pem'),
})

const DEVICE = '00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0'
const TO_APPLE = {
  pn_provider: 'apns',
  pn_param: 'ABCDE12345.org.linphone.phone.voip',
  pn_prid: `${DEVICE}:voip`,
  type: 'call',
  call_id: 'a84b4c76e66710@192.0.2.7',
}
const TO_GOOGLE = { pn_provider: 'fcm', pn_param: null, pn_prid: 'dev-1:APA91b_x', type: 'message', call_id: null }

const ask = (body: unknown, as: TestAccount | null = flexisip) =>
  t.post('/api/push_notification', { body, ...(as === null ? {} : { as }) })
const sentNothing = () => expect([apple.fake.requests, google.fake.requests]).toEqual([[], []])

describe('a push is not sent', () => {
  test('for a stranger, nor for whoever belongs to another Space', async () => {
    await install(toBoth())
    expect((await ask(TO_APPLE, null)).status).toBe(401)
    expect((await ask(TO_APPLE, await t.account({ space: t.other }))).status).toBe(403)
    sentNothing()
  })

  test('with values that no push service uses, each named, and stores nothing', async () => {
    await install(toBoth())
    const cases: [Record<string, unknown>, string[]][] = [
      [{}, ['pn_provider', 'pn_prid', 'type']],
      [{ ...TO_APPLE, pn_provider: 'APNS' }, ['pn_provider']],
      [{ ...TO_APPLE, pn_param: null }, ['pn_param']],
      [{ ...TO_APPLE, pn_prid: undefined }, ['pn_prid']],
      [{ ...TO_GOOGLE, pn_prid: null }, ['pn_prid']],
      [{ ...TO_APPLE, pn_param: '@blabla@' }, ['pn_param']],
      [{ ...TO_APPLE, pn_prid: 'a.b' }, ['pn_prid']],
      [{ ...TO_APPLE, pn_prid: '$(reboot)' }, ['pn_prid']],
      [{ ...TO_APPLE, pn_prid: 'x'.repeat(256) }, ['pn_prid']],
      [{ ...TO_APPLE, type: 'ring' }, ['type']],
      [{ ...TO_APPLE, type: null }, ['type']],
      [{ ...TO_APPLE, call_id: '✨blabla' }, ['call_id']],
      [{ ...TO_APPLE, call_id: 'a b' }, ['call_id']],
      [{ ...TO_APPLE, call_id: 5 }, ['call_id']],
    ]
    const before = await t.snapshot()
    for (const [body, fields] of cases) {
      const reply = await ask(body)
      expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, fields])
    }
    sentNothing()
    expect(await t.snapshot()).toBe(before)
  })

  test('where nothing is set up, where the service refuses, and where the program fails: 503', async () => {
    await install()
    expect((await ask(TO_APPLE)).status).toBe(503)
    await t.close()
    await install(toBoth())
    apple.fake.answers = [{ status: 410, reason: 'Unregistered' }]
    expect((await ask(TO_APPLE)).status).toBe(503)
    await closePush()
    await t.close()
    await install({ APP_FLEXISIP_PUSHER_PATH: shop.program('fails', 'exit 1') })
    expect((await ask(TO_APPLE)).status).toBe(503)
    expect(t.lines.filter((line) => line.includes('push.sent'))).toEqual([])
  })

  test('beyond sixty a minute for a person; an administrator, whose key Flexisip has, goes on', async () => {
    await install(toBoth())
    const person = await t.account()
    const statuses: number[] = []
    for (let each = 0; each < 61; each++) statuses.push((await ask(TO_GOOGLE, person)).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(60)
    const late = await ask(TO_GOOGLE, person)
    expect([late.status, Number(late.headers.get('retry-after')) > 0]).toEqual([429, true])
    expect(google.fake.requests).toHaveLength(60)
    expect((await ask({ ...TO_GOOGLE, type: 'x' }, person)).status).toBe(422)
    for (let each = 0; each < 70; each++) expect((await ask(TO_GOOGLE)).status).toBe(200)
  })
})

describe('a phone that sleeps', () => {
  test('gets a call through PushKit with the id of the call, for a minute', async () => {
    await install(toBoth())
    const reply = await ask(TO_APPLE)
    expect([reply.status, reply.text]).toEqual([200, ''])
    const [request] = apple.fake.requests
    expect(request?.headers).toMatchObject({
      ':path': `/3/device/${DEVICE}`,
      'apns-topic': 'org.linphone.phone.voip',
      'apns-push-type': 'voip',
      'apns-priority': '10',
    })
    expect(Number(request?.headers['apns-expiration']) - Date.now() / 1000).toBeWithin(50, 61)
    expect(request?.body).toEqual({ 'call-id': TO_APPLE.call_id, aps: { 'call-id': TO_APPLE.call_id } })
  })

  test('gets a message, for four weeks, and a wake-up, for an hour', async () => {
    await install(toBoth())
    for (const type of ['message', 'background'])
      expect((await ask({ ...TO_APPLE, type, call_id: null })).status).toBe(200)
    const seen = apple.fake.requests.map(({ headers }) => ({
      topic: headers['apns-topic'],
      type: headers['apns-push-type'],
      hours: Math.round((Number(headers['apns-expiration']) - Date.now() / 1000) / 3600),
    }))
    expect(seen).toEqual([
      { topic: 'org.linphone.phone', type: 'alert', hours: 28 * 24 },
      { topic: 'org.linphone.phone', type: 'background', hours: 1 },
    ])
  })

  test('with Android is found by the nulls that Flexisip writes for what it has not got', async () => {
    await install(toBoth())
    expect((await ask(TO_GOOGLE)).status).toBe(200)
    expect((await ask({ ...TO_GOOGLE, pn_param: '929724111839', type: 'call', call_id: 'c1' })).status).toBe(200)
    const messages = google.fake.requests.map(({ body }) => body.message)
    expect(messages).toMatchObject([
      { token: 'dev-1:APA91b_x', android: { priority: 'high', ttl: `${28 * 86_400}s` } },
      { token: 'dev-1:APA91b_x', data: { 'call-id': 'c1' }, android: { priority: 'high', ttl: '60s' } },
    ])
  })

  test('is woken by the program of the operator, with the arguments of the reference', async () => {
    await install({
      APP_FLEXISIP_PUSHER_PATH: shop.program('pusher', ''),
      APP_FLEXISIP_PUSHER_FIREBASE_KEYSMAP: 'project:AAAA:key',
    })
    expect((await ask(TO_APPLE)).status).toBe(200)
    const [, param, , prid] = ['', TO_APPLE.pn_param, '', TO_APPLE.pn_prid]
    expect(shop.argv()).toEqual([
      ...['--pn-provider', 'apns', '--pn-param', param ?? '', '--pn-prid', prid ?? ''],
      ...['--call-id', TO_APPLE.call_id, '--apple-push-type', 'PushKit'],
    ])
    await ask({ ...TO_GOOGLE, pn_param: 'project' })
    expect(shop.argv()).toEqual([
      ...['--pn-provider', 'fcm', '--pn-param', 'project', '--pn-prid', 'dev-1:APA91b_x', '--key', 'AAAA:key'],
    ])
    await ask(TO_GOOGLE)
    expect(shop.argv()).toEqual(['--pn-provider', 'fcm', '--pn-prid', 'dev-1:APA91b_x'])
  })

  test('holds up nobody: beyond PUSH_MAX_IN_FLIGHT others hear at once that it is busy, and the account is named', async () => {
    await install({ ...toBoth(), PUSH_MAX_IN_FLIGHT: '1' })
    apple.fake.delayMs = 300
    const first = ask(TO_APPLE)
    while (apple.fake.requests.length === 0) await Bun.sleep(1)
    expect((await ask(TO_APPLE)).status).toBe(503)
    expect((await t.get('/api/accounts/me', { as: flexisip })).status).toBe(200)
    expect((await first).status).toBe(200)
    const logged = t.lines.filter((line) => line.includes('event=push.sent'))
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain(`account=${flexisip.username}@sip.example.org`)
    expect(logged[0]).not.toContain(DEVICE)
  })
})
