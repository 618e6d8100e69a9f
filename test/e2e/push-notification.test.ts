import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { fakeApns, fakeGoogle, workshop } from '../push/fakes.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'
import { nghttp } from '../support/h2.ts'

// Flexisip asks for a push (compatibility.md §2.6): HTTP/2 over TLS, members in the order of their names, null for what it has not.

describe.skipIf(!hasProgram('nghttp') || !hasProgram('openssl'))('a phone that Flexisip wakes', () => {
  const shop = workshop()
  let apple: Awaited<ReturnType<typeof fakeApns>>
  let google: Awaited<ReturnType<typeof fakeGoogle>>
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  beforeAll(async () => {
    apple = await fakeApns(shop)
    google = await fakeGoogle(shop)
    place = await prepared()
    running = await serve({
      env: {
        ...place.env,
        TLS_CERT: shop.file('tls.pem'),
        TLS_KEY: shop.file('tls.key'),
        APNS_KEY_FILE: shop.p8('one.p8'),
        APNS_KEY_ID: 'KEYONE1234',
        APNS_TEAM_ID: 'ABCDE12345',
        APNS_ENDPOINT: `localhost:${apple.fake.port}`,
        FCM_SERVICE_ACCOUNT_FILES: shop.serviceAccount('project-one', google.fake.tokenUri),
        FCM_ENDPOINT: `localhost:${google.fake.port}`,
        PUSH_CA_FILE: shop.file('tls.pem'),
      },
    })
  })
  afterAll(async () => {
    await running.stop()
    apple.stop()
    google.stop()
    await place.remove()
    shop.remove()
  })

  const ask = (body: string, key = place.admin.api_key) =>
    nghttp(running.base, shop.directory, {
      method: 'POST',
      path: '/api/push_notification',
      headers: { 'x-api-key': key, accept: 'application/json', 'content-type': 'application/json' },
      body,
    })

  /** As its JSON library writes it: no blanks. */
  const toApple = (type: string, callId = '"a84b4c76e66710~1@host.example"') =>
    `{"call_id":${callId},"pn_param":"ABCDE12345.org.linphone.phone.voip","pn_prid":"00fc13adff78","pn_provider":"apns","type":"${type}"}`

  test('is refused what is none, and nothing is sent', async () => {
    expect((await ask(toApple('call'), 'nobody')).status).toBe(401)
    for (const [body, status, fields] of [
      ['{"call_id":', 400, null],
      [toApple('ring'), 422, ['type']],
      [toApple('call', '"\u2728"'), 422, ['call_id']],
      [
        '{"call_id":null,"pn_param":null,"pn_prid":null,"pn_provider":"apns","type":"call"}',
        422,
        ['pn_param', 'pn_prid'],
      ],
    ] as const) {
      const refused = await ask(body)
      const named = refused.json.errors === undefined ? null : Object.keys(refused.json.errors).sort()
      expect([body, refused.status, refused.headers.get('content-type'), named]).toEqual([
        body,
        status,
        'application/json',
        fields === null ? null : [...fields],
      ])
    }
    expect([apple.fake.requests, google.fake.requests]).toEqual([[], []])
  })

  test('gets its call, message or background push from Apple, each at its topic and for its time', async () => {
    apple.fake.requests.length = 0
    const types = [
      { type: 'call', topic: 'org.linphone.phone.voip', push: 'voip', priority: '10', seconds: 60 },
      { type: 'message', topic: 'org.linphone.phone', push: 'alert', priority: '10', seconds: 28 * 86_400 },
      { type: 'background', topic: 'org.linphone.phone', push: 'background', priority: '5', seconds: 3600 },
    ]
    for (const { type, topic, push, priority, seconds } of types) {
      const began = Date.now() / 1000
      const sent = await ask(toApple(type))
      // An empty reply without a type crashes clients, and Flexisip shares their parser.
      expect([sent.status, sent.headers.get('content-type'), sent.headers.get('content-length')]).toEqual([
        200,
        'application/json',
        '0',
      ])
      const { headers, body } = apple.fake.requests.at(-1) ?? { headers: {}, body: null }
      expect(headers).toMatchObject({
        ':path': '/3/device/00fc13adff78',
        'apns-topic': topic,
        'apns-push-type': push,
        'apns-priority': priority,
      })
      const lifetime = Number(headers['apns-expiration']) - began
      expect([type, Math.abs(lifetime - seconds) < 30]).toEqual([type, true])
      expect(body['call-id']).toBe('a84b4c76e66710~1@host.example')
    }
    expect(apple.fake.requests).toHaveLength(types.length)
  })

  test('gets its push from Google, without a project and without a call', async () => {
    const sent = await ask(
      '{"call_id":null,"pn_param":null,"pn_prid":"dev-1:APA91b","pn_provider":"fcm","type":"message"}',
    )
    expect(sent.status).toBe(200)
    expect(google.fake.requests.map(({ url, body }) => ({ url, body }))).toEqual([
      {
        url: '/v1/projects/project-one/messages:send',
        body: { message: { token: 'dev-1:APA91b', data: {}, android: { priority: 'high', ttl: '2419200s' } } },
      },
    ])
  })

  test('is not there any more: Flexisip is told 503, in JSON', async () => {
    apple.fake.answers = [{ status: 410, reason: 'Unregistered' }, { status: 200 }]
    const sent = await ask(toApple('call', 'null'))
    expect([sent.status, sent.headers.get('content-type'), typeof sent.json.message]).toEqual([
      503,
      'application/json',
      'string',
    ])
    expect((await ask(toApple('call', 'null'))).status).toBe(200)
  })
})
