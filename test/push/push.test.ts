import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { loadConfig } from '../../src/config/config.ts'
import { AppError } from '../../src/errors.ts'
import { logging } from '../../src/logging/logging.ts'
import { type Push, push } from '../../src/push/push.ts'
import type { PushMessage } from '../../src/push/sender.ts'
import { eventually } from '../support/eventually.ts'
import { fakeApns, fakeGoogle, fcmError, verifiedJwt, type Workshop, workshop } from './fakes.ts'

/** Of what waits for no limit, on a machine that does much else; far below the limits of the tests that say so. */
const SOON_MS = 5_000

let shop: Workshop
let apple: Awaited<ReturnType<typeof fakeApns>>
let google: Awaited<ReturnType<typeof fakeGoogle>>

beforeAll(() => {
  shop = workshop()
  for (const name of ['one.p8', 'two.p8']) shop.p8(name)
})
beforeEach(async () => {
  apple = await fakeApns(shop)
  google = await fakeGoogle(shop)
})
const opened: Push[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
  apple.stop()
  google.stop()
})
afterAll(() => shop.remove())

interface Options {
  readonly limitMs?: number
  readonly now?: () => Date
}

/** Push with these settings, and the log it writes. */
const pushing = (env: Record<string, string>, options: Options = {}) => {
  const { config, problems } = loadConfig({ environment: env, envFiles: [], readFile: () => '' })
  expect(problems).toEqual([])
  const lines: string[] = []
  const log = logging(config, { now: () => new Date(), write: (line, stream) => lines.push(`${stream} ${line}`) })
  const pushes = push({ config, log, now: () => new Date(), ...options })
  opened.push(pushes)
  return {
    lines,
    check: pushes.check,
    send: pushes.send,
    /** How a send ended, and how long it took. */
    outcome: async (message: Partial<PushMessage> = {}) => {
      const start = performance.now()
      const result = await pushes.send({ ...TO_APPLE, ...message }).then(
        () => 'sent',
        (error: unknown) => (error instanceof AppError ? `${error.code} ${error.text.id}` : error),
      )
      return { result, ms: performance.now() - start }
    },
    failures: () => {
      const entries = lines.filter((line) => line.startsWith('app ')).map((line) => JSON.parse(line.slice(4)))
      return entries.filter(({ msg }) => msg === 'push not sent').map(({ reason }) => reason)
    },
  }
}

const DEVICE = '00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0'
const TO_APPLE: PushMessage = {
  provider: 'apns',
  param: 'ABCDE12345.org.linphone.phone.voip',
  prid: DEVICE,
  type: 'background',
  payload: { token: 'token-of-the-app' },
  callId: null,
}
const TO_GOOGLE: PushMessage = { ...TO_APPLE, provider: 'fcm', param: 'project-one', prid: 'dev-1:APA91b_x' }

const byKey = (more: Record<string, string> = {}) => ({
  APNS_KEY_FILE: shop.file('one.p8'),
  APNS_KEY_ID: 'KEYONE1234',
  APNS_TEAM_ID: 'ABCDE12345',
  APNS_ENDPOINT: `localhost:${apple.fake.port}`,
  PUSH_CA_FILE: shop.file('tls.pem'),
  ...more,
})
const byAccount = (more: Record<string, string> = {}) => ({
  FCM_SERVICE_ACCOUNT_FILES: shop.serviceAccount('project-one', google.fake.tokenUri),
  FCM_ENDPOINT: `localhost:${google.fake.port}`,
  PUSH_CA_FILE: shop.file('tls.pem'),
  ...more,
})

const silent = async () => {
  const server: Server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() }
}

describe('without configuration', () => {
  test.each(['apns', 'apns.dev', 'fcm'] as const)('%s is off', async (provider) => {
    const { outcome, lines, check } = pushing({})
    expect((await outcome({ provider })).result).toBe('unavailable push.off')
    expect(lines).toHaveLength(1)
    expect(await check()).toMatchObject([{ name: 'push', ok: true }])
  })

  test('half a key is off, and doctor says what is missing', async () => {
    const { outcome, check } = pushing({ APNS_KEY_FILE: shop.file('one.p8') })
    expect((await outcome()).result).toBe('unavailable push.off')
    expect(await check()).toMatchObject([{ name: 'apns', ok: false, detail: expect.stringContaining('APNS_KEY_ID') }])
  })
})

describe('APNs gets', () => {
  test('a background push with the token, signed by the key of the team', async () => {
    const { outcome, lines } = pushing(byKey())
    expect((await outcome()).result).toBe('sent')
    const [request] = apple.fake.requests
    expect(request?.headers).toMatchObject({
      ':method': 'POST',
      ':path': `/3/device/${DEVICE}`,
      'apns-topic': 'org.linphone.phone',
      'apns-push-type': 'background',
      'apns-priority': '5',
    })
    const jwt = verifiedJwt(String(request?.headers.authorization).slice('bearer '.length), shop.file('one.p8.public'))
    expect(jwt).toMatchObject({
      isGood: true,
      header: { alg: 'ES256', kid: 'KEYONE1234' },
      claims: { iss: 'ABCDE12345' },
    })
    expect(Math.abs(jwt.claims.iat - Date.now() / 1000)).toBeLessThan(5)
    expect(request?.body).toEqual({
      token: 'token-of-the-app',
      customPayload: { token: 'token-of-the-app' },
      aps: { 'content-available': 1 },
    })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('security event=push.sent result=ok via=apns')
    expect(lines[0]).toContain('00fc…')
    expect(lines.join()).not.toContain('token-of-the-app')
    expect(lines.join()).not.toContain(DEVICE)
  })

  test.each([
    ['message', 'org.linphone.phone', 'alert'],
    ['call', 'org.linphone.phone.voip', 'voip'],
  ] as const)('a %s for the topic %s', async (type, topic, pushType) => {
    const { outcome } = pushing(byKey())
    expect((await outcome({ type, payload: null, callId: 'a~b@c' })).result).toBe('sent')
    expect(apple.fake.requests[0]?.headers).toMatchObject({
      'apns-topic': topic,
      'apns-push-type': pushType,
      'apns-priority': '10',
    })
    const { aps, ...others } = apple.fake.requests[0]?.body ?? {}
    expect(others).toEqual({ 'call-id': 'a~b@c' })
    expect(aps).toMatchObject({ 'call-id': 'a~b@c', ...(type === 'message' && { 'mutable-content': 1 }) })
  })

  test.each([
    ['ABCDE12345.org.linphone.phone.voip&remote', 'org.linphone.phone'],
    ['ABCDE12345.org.linphone.phone.remote', 'org.linphone.phone'],
    ['ABCDE12345.org.linphone.phone', 'org.linphone.phone'],
    ['org.linphone.phone.voip', 'org.linphone.phone'],
    ['org.my-company.app', 'org.my-company.app'],
  ])('%s as %s', async (param, topic) => {
    const { outcome } = pushing(byKey())
    expect((await outcome({ param })).result).toBe('sent')
    expect(apple.fake.requests[0]?.headers['apns-topic']).toBe(topic)
  })

  test.each([
    ['aa11:voip&bb22:remote', 'background', 'bb22'],
    ['aa11:voip&bb22:remote', 'call', 'aa11'],
    ['aa11:remote', 'background', 'aa11'],
    ['aa11:voip', 'background', 'aa11'],
  ] as const)('the device of %s for a %s', async (prid, type, device) => {
    const { outcome } = pushing(byKey())
    expect((await outcome({ prid, type })).result).toBe('sent')
    expect(apple.fake.requests[0]?.headers[':path']).toBe(`/3/device/${device}`)
  })

  test('the key of each team, and for a team without one nothing', async () => {
    const { outcome, failures } = pushing(byKey({ APNS_KEYS: `ZYXWV98765:KEYTWO1234:${shop.file('two.p8')}` }))
    const outcomes = await Promise.all(
      ['ABCDE12345.a.b', 'ZYXWV98765.a.b', 'NOBODY1234.a.b', 'a.b'].map(
        async (param) => (await outcome({ param })).result,
      ),
    )
    expect(outcomes).toEqual(['sent', 'sent', 'unavailable push.off', 'unavailable push.off'])
    expect(failures()).toEqual(['no_credentials', 'no_credentials'])
    const issuers = apple.fake.requests.map(({ headers }) => {
      const token = String(headers.authorization).slice('bearer '.length)
      const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
      const jwt = verifiedJwt(token, shop.file(kid === 'KEYONE1234' ? 'one.p8.public' : 'two.p8.public'))
      return [jwt.isGood, kid, jwt.claims.iss]
    })
    expect(issuers.toSorted()).toEqual([
      [true, 'KEYONE1234', 'ABCDE12345'],
      [true, 'KEYTWO1234', 'ZYXWV98765'],
    ])
  })

  test('a certificate instead of a token', async () => {
    const { outcome, check } = pushing({
      APNS_CERT_FILE: shop.file('push.pem'),
      APNS_CERT_KEY_FILE: shop.file('push.key'),
      APNS_ENDPOINT: `localhost:${apple.fake.port}`,
      PUSH_CA_FILE: shop.file('tls.pem'),
    })
    expect((await outcome({ provider: 'apns.dev' })).result).toBe('sent')
    expect(apple.fake.requests[0]?.headers.authorization).toBeUndefined()
    expect(await check()).toMatchObject([{ name: 'apns certificate', ok: true }])
  })

  test('nothing when pn_param or pn_prid can name nothing', async () => {
    const { outcome, failures } = pushing(byKey())
    for (const message of [{ param: '' }, { param: 'a b' }, { prid: '' }, { prid: '../../x' }]) {
      expect((await outcome(message)).result).toBe('unavailable push.failed')
    }
    expect(failures()).toEqual(['bad_topic', 'bad_topic', 'bad_device', 'bad_device'])
    expect(apple.fake.requests).toEqual([])
  })
})

describe('APNs says no', () => {
  test.each([
    [410, 'Unregistered', 'unregistered'],
    [403, 'InvalidProviderToken', 'wrong_key'],
    [403, 'ExpiredProviderToken', 'wrong_key'],
    [400, 'BadDeviceToken', 'bad_device'],
    [400, 'DeviceTokenNotForTopic', 'bad_device'],
    [400, 'TopicDisallowed', 'bad_topic'],
    [400, 'PayloadEmpty', 'refused'],
    [429, 'TooManyRequests', 'rate_limited'],
    [500, 'InternalServerError', 'unavailable'],
    [503, 'ServiceUnavailable', 'unavailable'],
  ])('%i %s is logged as %s and asked once; the next push goes through', async (status, reason, logged) => {
    apple.fake.answers = [{ status, reason }, { status: 200 }]
    const { outcome, failures, lines } = pushing(byKey())
    expect((await outcome()).result).toBe('unavailable push.failed')
    expect(failures()).toEqual([logged])
    expect(lines.join()).toContain('00fc…')
    expect(lines.join()).not.toContain(DEVICE)
    expect(lines.join()).not.toContain('token-of-the-app')
    expect(lines.join()).not.toContain('push.sent')
    expect(apple.fake.requests).toHaveLength(1)
    expect((await outcome()).result).toBe('sent')
  })

  test('a key file that was replaced after 403 is used by the next push', async () => {
    const key = shop.p8('rotating.p8')
    const { outcome } = pushing(byKey({ APNS_KEY_FILE: key }))
    apple.fake.answers = [{ status: 403, reason: 'InvalidProviderToken' }, { status: 200 }]
    expect((await outcome()).result).toBe('unavailable push.failed')
    shop.p8('rotating.p8')
    expect((await outcome()).result).toBe('sent')
    const token = String(apple.fake.requests[1]?.headers.authorization).slice('bearer '.length)
    expect(verifiedJwt(token, shop.file('rotating.p8.public')).isGood).toBe(true)
  })

  test.each([
    ['missing', () => '/nonexistent/AuthKey.p8'],
    ['broken', () => shop.file('broken.p8', 'no key')],
  ])('a key file that is %s is no reason to hang or to stop', async (_, file) => {
    const { outcome, failures, check } = pushing(byKey({ APNS_KEY_FILE: file() }))
    expect((await outcome()).result).toBe('unavailable push.failed')
    expect(failures()).toEqual(['credentials'])
    expect(await check()).toMatchObject([{ ok: false }])
  })
})

describe('a connection to APNs', () => {
  test('carries one push after another', async () => {
    const { outcome } = pushing(byKey())
    await outcome()
    await outcome()
    await Promise.all([outcome(), outcome()])
    expect(apple.fake.connections).toBe(1)
    expect(apple.fake.requests).toHaveLength(4)
  })

  test('that was closed while idle is made again', async () => {
    const { outcome } = pushing(byKey())
    await outcome()
    apple.dropConnections()
    expect((await outcome()).result).toBe('sent')
    expect(apple.fake.connections).toBe(2)
  })

  test('that dies under a push is made again, and the push repeated once', async () => {
    const { outcome } = pushing(byKey())
    await outcome()
    apple.fake.answers = ['die', { status: 200 }]
    expect((await outcome()).result).toBe('sent')
    expect(apple.fake.requests).toHaveLength(3)
  })

  test('that dies again is not tried a third time', async () => {
    const { outcome, failures } = pushing(byKey())
    await outcome()
    apple.fake.answers = ['die', 'die', { status: 200 }]
    expect((await outcome()).result).toBe('unavailable push.failed')
    expect(failures()).toEqual(['connection'])
    expect(apple.fake.requests).toHaveLength(3)
    expect((await outcome()).result).toBe('sent')
  })

  test('that swallows everything is given up half-way for a new one', async () => {
    const { outcome } = pushing(byKey(), { limitMs: 800 })
    await outcome()
    apple.fake.answers = ['hang', { status: 200 }]
    const { result, ms } = await outcome()
    expect(result).toBe('sent')
    expect(ms).toBeWithin(350, 800)
    expect(apple.fake.connections).toBe(2)
  })

  test('that never answers ends with the limit', async () => {
    apple.fake.answers = ['hang', { status: 200 }]
    const { outcome, failures } = pushing(byKey(), { limitMs: 300 })
    const { result, ms } = await outcome()
    expect(result).toBe('unavailable push.failed')
    expect(ms).toBeWithin(280, SOON_MS)
    expect(failures()).toEqual(['timeout'])
    expect((await outcome()).result).toBe('sent')
    expect(apple.fake.connections).toBe(2)
    await eventually(() => apple.openConnections() === 1)
  })

  test('that is refused, speaks no TLS or has the wrong certificate ends at once or with the limit', async () => {
    const mute = await silent()
    const refused = pushing(byKey({ APNS_ENDPOINT: 'localhost:1' }), { limitMs: 20_000 })
    const untrusted = pushing(byKey({ PUSH_CA_FILE: shop.file('push.pem') }), { limitMs: 20_000 })
    const speechless = pushing(byKey({ APNS_ENDPOINT: `localhost:${mute.port}` }), { limitMs: 300 })
    for (const { outcome } of [refused, untrusted, speechless]) {
      const { result, ms } = await outcome()
      expect(result).toBe('unavailable push.failed')
      expect(ms).toBeLessThan(SOON_MS)
    }
    expect(refused.failures()).toEqual(['connection'])
    expect(untrusted.failures()).toEqual(['connection'])
    expect(speechless.failures()).toEqual(['timeout'])
    mute.stop()
  })
})

describe('FCM gets', () => {
  test('a data message of high priority, with an access token for the account', async () => {
    const { outcome, lines } = pushing(byAccount())
    expect((await outcome({ ...TO_GOOGLE, type: 'call', callId: 'a~b' })).result).toBe('sent')
    expect(google.fake.requests).toEqual([
      {
        url: '/v1/projects/project-one/messages:send',
        authorization: 'Bearer access-1',
        body: {
          message: {
            token: 'dev-1:APA91b_x',
            data: { token: 'token-of-the-app', 'custom-payload': '{"token":"token-of-the-app"}', 'call-id': 'a~b' },
            android: { priority: 'high', ttl: '60s' },
          },
        },
      },
    ])
    expect(verifiedJwt(google.fake.assertions[0] ?? '', shop.file('google.public'))).toMatchObject({
      isGood: true,
      header: { alg: 'RS256', kid: 'google-key' },
      claims: {
        iss: 'push@project-one.iam.gserviceaccount.com',
        aud: google.fake.tokenUri,
        scope: 'https://www.googleapis.com/auth/firebase.messaging',
      },
    })
    expect(lines.join()).toContain('event=push.sent result=ok via=fcm')
    expect(lines.join()).not.toMatch(/token-of-the-app|access-1|APA91b/)
  })

  test('the project that pn_param names, by its id or its number', async () => {
    const two = shop.serviceAccount('project-two', google.fake.tokenUri)
    const env = byAccount()
    const { outcome } = pushing({
      ...env,
      FCM_SERVICE_ACCOUNT_FILES: `${env.FCM_SERVICE_ACCOUNT_FILES},929724111839:${two}`,
    })
    const results: unknown[] = []
    for (const param of ['project-two', '929724111839', 'project-one', 'project-three', '1', '']) {
      results.push((await outcome({ ...TO_GOOGLE, param })).result)
    }
    const off = 'unavailable push.off'
    expect(results).toEqual(['sent', 'sent', 'sent', off, off, off])
    expect(google.fake.requests.map(({ url }) => url.split('/')[3])).toEqual([
      'project-two',
      'project-two',
      'project-one',
    ])
  })

  test('the only project for any number, and for no other name', async () => {
    const { outcome } = pushing(byAccount())
    expect((await outcome({ ...TO_GOOGLE, param: '929724111839' })).result).toBe('sent')
    expect((await outcome({ ...TO_GOOGLE, param: '' })).result).toBe('sent')
    expect((await outcome({ ...TO_GOOGLE, param: 'another' })).result).toBe('unavailable push.off')
  })

  test('one connection and one access token for many pushes, and a new token in time', async () => {
    const clock = { now: new Date() }
    const { outcome } = pushing(byAccount(), { now: () => clock.now })
    await Promise.all([outcome(TO_GOOGLE), outcome(TO_GOOGLE), outcome(TO_GOOGLE)])
    for (let i = 0; i < 3; i += 1) await outcome(TO_GOOGLE)
    expect(google.fake.assertions).toHaveLength(1)
    expect(google.fake.connections).toBeLessThanOrEqual(3)
    clock.now = new Date(clock.now.getTime() + 55 * 60_000)
    expect((await outcome(TO_GOOGLE)).result).toBe('sent')
    expect(google.fake.assertions).toHaveLength(2)
  })
})

describe('FCM says no', () => {
  test.each([
    [404, 'UNREGISTERED', 'unregistered'],
    [400, 'INVALID_ARGUMENT', 'bad_device'],
    [403, 'SENDER_ID_MISMATCH', 'wrong_key'],
    [401, 'THIRD_PARTY_AUTH_ERROR', 'wrong_key'],
    [429, 'QUOTA_EXCEEDED', 'rate_limited'],
    [500, 'INTERNAL', 'unavailable'],
    [503, 'UNAVAILABLE', 'unavailable'],
  ])('%i %s is logged as %s at once; the next push goes through', async (status, errorCode, logged) => {
    google.fake.answers = [fcmError(status, errorCode), { status: 200, body: { name: 'x' } }]
    const { outcome, failures, lines } = pushing(byAccount())
    const { result, ms } = await outcome(TO_GOOGLE)
    expect(result).toBe('unavailable push.failed')
    expect(ms).toBeLessThan(SOON_MS)
    expect(failures()).toEqual([logged])
    expect(lines.join()).not.toMatch(/token-of-the-app|access-1|APA91b/)
    await Bun.sleep(20)
    expect(google.fake.requests).toHaveLength(1)
    expect((await outcome(TO_GOOGLE)).result).toBe('sent')
  })

  test('in the words of something in between is logged as unavailable', async () => {
    google.fake.answers = [{ status: 502, body: undefined }]
    const { outcome, failures } = pushing(byAccount())
    expect((await outcome(TO_GOOGLE)).result).toBe('unavailable push.failed')
    expect(failures()).toEqual(['unavailable'])
    expect(google.fake.requests).toHaveLength(1)
  })

  test('an access token that was refused is not shown again', async () => {
    google.fake.answers = [fcmError(401, 'THIRD_PARTY_AUTH_ERROR'), { status: 200, body: { name: 'x' } }]
    const { outcome } = pushing(byAccount())
    expect((await outcome(TO_GOOGLE)).result).toBe('unavailable push.failed')
    google.fake.tokenAnswer = { status: 200, body: { access_token: 'access-2', expires_in: 3600 } }
    expect((await outcome(TO_GOOGLE)).result).toBe('sent')
    expect(google.fake.requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer access-1',
      'Bearer access-2',
    ])
  })

  test.each([
    ['refuses the account', { status: 400, body: { error: 'invalid_grant' } }, 'wrong_key'],
    ['is out of order', { status: 503, body: {} }, 'unavailable'],
    ['answers nonsense', { status: 200, body: 'hello' }, 'wrong_key'],
    ['never answers', 'hang' as const, 'timeout'],
  ])('when the token service %s', async (_, tokenAnswer, logged) => {
    const { outcome, failures, check } = pushing(byAccount(), { limitMs: 300 })
    google.fake.tokenAnswer = tokenAnswer
    const { result, ms } = await outcome(TO_GOOGLE)
    expect(result).toBe('unavailable push.failed')
    expect(ms).toBeLessThan(SOON_MS)
    expect(failures()).toEqual([logged])
    expect(await check()).toMatchObject([{ name: 'fcm project-one', ok: false }])
    google.fake.tokenAnswer = { status: 200, body: { access_token: 'access-2', expires_in: 3600 } }
    expect((await outcome(TO_GOOGLE)).result).toBe('sent')
    expect(await check()).toMatchObject([{ name: 'fcm project-one', ok: true }])
  })

  test('an account file that is no account, beside one that is', async () => {
    const env = byAccount()
    const { outcome, check } = pushing({
      ...env,
      FCM_SERVICE_ACCOUNT_FILES: `${env.FCM_SERVICE_ACCOUNT_FILES} ${shop.file('none.json', '{}')}`,
    })
    expect((await outcome(TO_GOOGLE)).result).toBe('sent')
    expect((await outcome({ ...TO_GOOGLE, param: 'another' })).result).toBe('unavailable push.failed')
    expect(await check()).toMatchObject([{ ok: true }, { ok: false }])
  })
})

describe('a connection to FCM', () => {
  const answered = { status: 200, body: { name: 'x' } }

  test('that dies is made again, and the push repeated once', async () => {
    google.fake.answers = ['die', answered]
    const { outcome } = pushing(byAccount())
    expect((await outcome(TO_GOOGLE)).result).toBe('sent')
    expect(google.fake.requests).toHaveLength(2)
  })

  test('that dies twice is not tried a third time', async () => {
    google.fake.answers = ['die', 'die', answered]
    const { outcome, failures } = pushing(byAccount())
    const { result, ms } = await outcome(TO_GOOGLE)
    expect(result).toBe('unavailable push.failed')
    expect(ms).toBeLessThan(SOON_MS)
    expect(failures()).toEqual(['connection'])
    expect(google.fake.requests).toHaveLength(2)
    expect((await outcome(TO_GOOGLE)).result).toBe('sent')
  })

  test('that never answers ends with the limit, and nothing follows it', async () => {
    google.fake.answers = ['hang', answered]
    const { outcome, failures } = pushing(byAccount(), { limitMs: 300 })
    const { result, ms } = await outcome(TO_GOOGLE)
    expect(result).toBe('unavailable push.failed')
    expect(ms).toBeWithin(280, SOON_MS)
    expect(failures()).toEqual(['timeout'])
    await Bun.sleep(300)
    expect(google.fake.requests).toHaveLength(1)
    expect((await outcome(TO_GOOGLE)).result).toBe('sent')
  })

  test('that breaks after the limit does not bring the push back', async () => {
    google.fake.answers = ['die', answered]
    google.fake.delayMs = 400
    const { outcome, failures } = pushing(byAccount(), { limitMs: 300 })
    expect((await outcome(TO_GOOGLE)).result).toBe('unavailable push.failed')
    expect(failures()).toEqual(['timeout'])
    await eventually(() => google.fake.answers.length === 1)
    await Bun.sleep(600)
    expect(google.fake.requests).toHaveLength(1)
  })

  test('that is refused or has the wrong certificate ends at once', async () => {
    const refused = pushing(byAccount({ FCM_ENDPOINT: 'localhost:1' }))
    const untrusted = pushing(byAccount({ PUSH_CA_FILE: shop.file('push.pem') }))
    for (const { outcome, failures } of [refused, untrusted]) {
      const { result, ms } = await outcome(TO_GOOGLE)
      expect(result).toBe('unavailable push.failed')
      expect(ms).toBeLessThan(SOON_MS)
      expect(failures()).toEqual(['connection'])
    }
  })
})

describe('the program of the operator', () => {
  test('gets the arguments of the reference, for every provider', async () => {
    const { outcome, lines, check } = pushing({
      ...byKey(),
      APP_FLEXISIP_PUSHER_PATH: shop.program('good', 'exit 0'),
      APP_FLEXISIP_PUSHER_FIREBASE_KEYSMAP: 'other:x project-one:a:b',
    })
    expect((await outcome()).result).toBe('sent')
    expect(shop.argv()).toEqual([
      ...['--pn-provider', 'apns', '--pn-param', TO_APPLE.param, '--pn-prid', DEVICE],
      ...['--customPayload', '{"token":"token-of-the-app"}', '--apple-push-type', 'Background'],
    ])
    expect((await outcome({ ...TO_GOOGLE, type: 'call', payload: null, callId: 'a~b' })).result).toBe('sent')
    expect(shop.argv()).toEqual([
      ...['--pn-provider', 'fcm', '--pn-param', 'project-one', '--pn-prid', TO_GOOGLE.prid],
      ...['--call-id', 'a~b', '--key', 'a:b'],
    ])
    for (const [type, word] of [
      ['message', 'RemoteWithMutableContent'],
      ['call', 'PushKit'],
    ] as const) {
      expect((await outcome({ provider: 'apns.dev', type })).result).toBe('sent')
      expect(shop.argv().slice(-2)).toEqual(['--apple-push-type', word])
    }
    expect(apple.fake.requests).toEqual([])
    expect(lines.filter((line) => line.includes('event=push.sent'))).toHaveLength(4)
    expect(lines.join()).not.toContain('token-of-the-app')
    expect(await check()).toMatchObject([{ name: 'push program', ok: true }])
  })

  test('never meets a shell', async () => {
    const { outcome } = pushing({ APP_FLEXISIP_PUSHER_PATH: shop.program('quoting', 'exit 0') })
    const bait = `a"b'c $(touch ${shop.directory}/bitten) \`id\`; |&\\`
    await outcome({ param: bait, prid: bait, payload: { token: bait }, callId: bait })
    expect(shop.argv().filter((word) => word === bait)).toHaveLength(3)
    expect(JSON.parse(shop.argv()[7] ?? '')).toEqual({ token: bait })
    expect(existsSync(`${shop.directory}/bitten`)).toBe(false)
  })

  test('gets no value that it could take for an option', async () => {
    const { outcome, failures } = pushing({ APP_FLEXISIP_PUSHER_PATH: shop.program('options', 'exit 0') })
    for (const message of [{ param: '--key' }, { prid: '--key' }, { callId: '--key' }]) {
      expect((await outcome(message)).result).toBe('unavailable push.failed')
    }
    expect(failures()).toEqual(['bad_device', 'bad_device', 'bad_device'])
  })

  test.each([
    ['says no', 'echo the-output; echo the-output >&2; exit 3', 3],
    ['crashes', 'kill -SEGV $$', null],
  ])('that %s did not send, and its output goes nowhere', async (name, then, status) => {
    const { outcome, failures, lines } = pushing({ APP_FLEXISIP_PUSHER_PATH: shop.program(`bad-${name.length}`, then) })
    expect((await outcome()).result).toBe('unavailable push.failed')
    expect(failures()).toEqual(['program'])
    if (status !== null) expect(JSON.parse(lines[0]?.slice(4) ?? '')).toMatchObject({ status })
    expect(lines.join()).not.toContain('the-output')
  })

  test('that is missing did not send', async () => {
    const { outcome, failures, check } = pushing({ APP_FLEXISIP_PUSHER_PATH: '/nonexistent/pusher' })
    expect((await outcome()).result).toBe('unavailable push.failed')
    expect(failures()).toEqual(['program'])
    expect(await check()).toMatchObject([{ ok: false }])
  })

  test('that hangs is killed with its children', async () => {
    const script = `sleep 37 & echo $! > "${shop.directory}/child"; wait`
    const { outcome, failures } = pushing({ APP_FLEXISIP_PUSHER_PATH: shop.program('hangs', script) }, { limitMs: 400 })
    const { result, ms } = await outcome()
    expect(result).toBe('unavailable push.failed')
    expect(ms).toBeWithin(380, SOON_MS)
    expect(failures()).toEqual(['timeout'])
    const child = Number(await Bun.file(`${shop.directory}/child`).text())
    await eventually(() => !isRunning(child))
  })
})

/** A killed process whose parent has not looked is a zombie, and no longer runs. */
const isRunning = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/\) [ZX] /.test(stat)
  } catch {
    return false
  }
}

describe('many pushes', () => {
  test('beyond the bound are refused at once, and the bound holds', async () => {
    apple.fake.delayMs = 300
    const { outcome, lines } = pushing(byKey({ PUSH_MAX_IN_FLIGHT: '5' }))
    let sent = 0
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const ended = await outcome()
        if (ended.result === 'sent') sent += 1
        return { ...ended, sentBefore: sent }
      }),
    )
    const busy = outcomes.filter(({ result }) => result === 'unavailable push.busy')
    expect(outcomes.filter(({ result }) => result === 'sent')).toHaveLength(5)
    expect(busy).toHaveLength(45)
    // None of them has waited for one that was on its way.
    for (const { sentBefore } of busy) expect(sentBefore).toBe(0)
    expect(lines.filter((line) => line.includes('"busy"'))).toHaveLength(1)
    expect((await outcome()).result).toBe('sent')
  })

  test('share a connection without a word on standard error', async () => {
    const warnings: unknown[] = []
    const listen = (warning: Error) => warnings.push(warning.message)
    process.on('warning', listen)
    apple.fake.delayMs = 50
    const { outcome } = pushing(byKey())
    await Promise.all(Array.from({ length: 40 }, () => outcome()))
    process.off('warning', listen)
    expect(apple.fake.connections).toBe(1)
    expect(apple.fake.requests).toHaveLength(40)
    expect(warnings).toEqual([])
  })

  test('that fail give their places back', async () => {
    apple.fake.answers = [{ status: 400, reason: 'BadDeviceToken' }]
    const { outcome } = pushing(byKey({ PUSH_MAX_IN_FLIGHT: '2' }))
    for (let i = 0; i < 6; i += 1) expect((await outcome()).result).toBe('unavailable push.failed')
  })
})
