import { afterEach, describe, expect, test } from 'bun:test'
import { assemble } from '../../src/process.ts'
import { type Call, parseChallenge, type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'
import { digestHeader, digestParameters } from '../support/digest.ts'

const ME = '/api/accounts/me'
const ELSEWHERE = { address: '198.51.100.9' }

let t: TestApp
const start = async (env: Record<string, string>) => {
  t = await testApp({ env })
}
afterEach(() => t.close())

const quota = (reply: Reply) => [
  reply.status,
  reply.headers.get('x-ratelimit-limit'),
  reply.headers.get('x-ratelimit-remaining'),
]
const expectLimited = (reply: Reply) => {
  expect(reply.status).toBe(429)
  const seconds = Number(reply.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(60)
  expect(reply.headers.get('content-type')).toBe('application/json')
  expect(reply.json.message).toContain(String(seconds))
}

describe('the volume limit', () => {
  test('is counted per address for strangers, and every reply says what is left', async () => {
    await start({ API_RATE_LIMIT_PER_MINUTE: '3' })
    expect(quota(await t.get('/api/ping'))).toEqual([200, '3', '2'])
    expect(quota(await t.get(ME))).toEqual([401, '3', '1'])
    expect(
      quota(await t.post('/api/accounts', { body: '{', headers: { 'content-type': 'application/json' } })),
    ).toEqual([400, '3', '0'])
    const limited = await t.get('/api/ping')
    expectLimited(limited)
    expect(quota(limited)).toEqual([429, '3', '0'])
    expect(quota(await t.get('/api/ping', ELSEWHERE))).toEqual([200, '3', '2'])
  })

  test('is counted per account for whoever proves to be one, wherever from', async () => {
    await start({ API_RATE_LIMIT_PER_MINUTE: '3' })
    const [alice, bob] = [await t.account(), await t.account()]
    expect(quota(await t.get(ME, { as: alice }))).toEqual([200, '3', '2'])
    expect(quota(await t.get(ME, { as: alice, ...ELSEWHERE }))).toEqual([200, '3', '1'])
    expect(quota(await t.get('/api/accounts', { as: alice }))).toEqual([403, '3', '0'])
    const limited = await t.get(ME, { as: alice })
    expectLimited(limited)
    expect(quota(limited)).toEqual([429, '3', '0'])
    expect(quota(await t.get(ME, { as: bob }))).toEqual([200, '3', '2'])
  })

  test('comes before the body, which nobody reads then', async () => {
    await start({ API_RATE_LIMIT_PER_MINUTE: '1' })
    const alice = await t.account({ admin: true })
    const malformed = { body: '{', headers: { 'content-type': 'application/json' } }
    const open = '/api/accounts/with-account-creation-token'
    expect((await t.post(open, malformed)).status).toBe(400)
    expectLimited(await t.post(open, malformed))
    expect((await t.post('/api/accounts', { ...malformed, as: alice })).status).toBe(400)
    expectLimited(await t.post('/api/accounts', { ...malformed, as: alice }))
  })

  test('stops a change before it is made', async () => {
    await start({ API_RATE_LIMIT_PER_MINUTE: '1' })
    const alice = await t.account()
    await t.get(ME, { as: alice })
    const before = await t.snapshot()
    for (const reply of [await t.get(`${ME}/provision`, { as: alice }), await t.delete(ME, { as: alice })]) {
      expectLimited(reply)
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('counts what lies outside of the API with it, but for files of pages', async () => {
    await start({ API_RATE_LIMIT_PER_MINUTE: '2' })
    expect(quota(await t.get('/provisioning'))).toEqual([200, null, null])
    expect(quota(await t.get('/api/ping'))).toEqual([200, '2', '0'])
    for (const path of ['/provisioning', '/provisioning/unknown', '/vcards-storage', '/api/ping']) {
      expectLimited(await t.get(path))
    }
    const page = await t.get('/login')
    expect([page.status, page.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8'])
    for (let i = 0; i < 3; i++) expect(quota(await t.get('/robots.txt'))).toEqual([200, null, null])
    const alice = await t.account()
    for (const path of ['/vcards-storage', '/contacts/vcard']) {
      expect(quota(await t.get(path, { as: alice }))).toEqual([200, null, null])
    }
    expectLimited(await t.get('/vcards-storage', { as: alice }))
    expect((await t.get('/provisioning', ELSEWHERE)).status).toBe(200)
  })

  test('is off with 0', async () => {
    await start({ API_RATE_LIMIT_PER_MINUTE: '0' })
    for (let i = 0; i < 20; i++) expect(quota(await t.get('/api/ping'))).toEqual([200, null, null])
  })
})

describe('wrong digest responses', () => {
  const guess = (who: TestAccount, call: Call = {}) => t.digest({ ...who, password: 'wrong' }, 'GET', ME, call)

  test('close the door for an address, right or wrong and whoever it names, until the minute is over', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '3' })
    const [alice, bob] = [await t.account(), await t.account()]
    for (const who of [alice, bob, alice]) expect((await guess(who)).status).toBe(401)
    expectLimited(await guess(alice))
    expectLimited(await t.digest(alice, 'GET', ME))
    expectLimited(await t.digest(bob, 'GET', ME))
    // A challenge is still given, keys still work, and so does everybody else.
    expect((await t.get(ME, { headers: { from: `sip:${alice.username}@sip.example.org` } })).status).toBe(401)
    expect((await t.get(ME, { as: alice })).status).toBe(200)
    expect((await t.digest(alice, 'GET', ME, ELSEWHERE)).status).toBe(200)
  })

  test('of a thousand at once no more are looked at than the limit says, the right one among the last', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '5' })
    const alice = await t.account()
    const challenge = parseChallenge(
      (await t.get(ME, { headers: { from: `sip:${alice.username}@sip.example.org` } })).headers.get(
        'www-authenticate',
      ) ?? '',
    )
    const guesses = Array.from({ length: 1000 }, () =>
      t.digest({ ...alice, password: 'wrong' }, 'GET', ME, { challenge }),
    )
    const right = t.digest(alice, 'GET', ME, { challenge, nc: '00000002' })
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(995)
    expect((await right).status).toBe(429)
    expect(t.logged('event=auth.digest.fail')).toHaveLength(5)
  })

  test('do not stand in the way of right ones, however many of those come at once from one address', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '3' })
    const alice = await t.account()
    expect((await guess(alice)).status).toBe(401)
    const before = await t.snapshot()
    const replies = await Promise.all(Array.from({ length: 60 }, () => t.digest(alice, 'GET', ME)))
    expect(replies.map(({ status }) => status)).toEqual(Array(60).fill(200))
    // Only the counts of the nonces, which PostgreSQL keeps, were written.
    const rest = (text: string) => text.split('\n').filter((line) => line !== '' && !line.includes('"nonce":'))
    expect(rest(await t.snapshot())).toEqual(rest(before))
  })

  test('that were right, or only stale, are not counted', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '2' })
    const alice = await t.account()
    const challenge = parseChallenge((await t.digest(alice, 'GET', ME)).headers.get('www-authenticate') ?? '')
    for (let i = 0; i < 5; i++) expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(401)
    for (let i = 0; i < 5; i++) expect((await t.digest(alice, 'GET', ME)).status).toBe(200)
  })

  test('are counted once a minute is noticed: one line in the security log, not one a refusal', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '2' })
    const alice = await t.account()
    for (let i = 0; i < 6; i++) await guess(alice)
    const lines = t.logged('event=auth.throttled')
    expect(lines).toEqual([expect.stringContaining('result=fail ip=192.0.2.7')])
    expect(lines[0]).toMatch(/limit=digest retry_after=\d+$/)
  })

  test(postgresUrl === null ? 'are forgotten with the process' : 'are counted by all processes together', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '2' })
    const alice = await t.account()
    for (let i = 0; i < 2; i++) expect((await guess(alice)).status).toBe(401)
    const db = t.database.reopen()
    const { front } = assemble(t.world, db)
    const peer = { requestIP: () => ({ address: '192.0.2.7' }), port: 80 }
    const ask = (headers: Record<string, string>) =>
      front.fetch(new Request(`http://localhost${ME}`, { headers: { host: 'localhost', ...headers } }), peer)
    const from = `sip:${alice.username}@sip.example.org`
    const challenge = parseChallenge((await ask({ from })).headers.get('www-authenticate') ?? '')
    const authorization = digestHeader(digestParameters(alice, challenge, { uri: ME }))
    expect((await ask({ from, authorization })).status).toBe(postgresUrl === null ? 200 : 429)
    await db.close()
  })
})

test('wrong codes of whatever account close the door for an address, right ones too, until the minute is over', async () => {
  await start({ AUTH_RATE_LIMIT_PER_MINUTE: '4', REQUIRE_VALIDATED_ACCOUNT_FOR_CHANGES: 'false' })
  const [alice, bob] = [await t.account(), await t.account()]
  const path = '/api/accounts/me/email'
  const codeOf = async (as: TestAccount) => {
    await t.post(`${path}/request`, { as, body: { email: 'new@example.org' } })
    return String((await t.messages()).at(-1)?.data?.code)
  }
  const guess = (as: TestAccount, code: string, more: Call = {}) => t.post(path, { as, body: { code }, ...more })
  const wrong = (code: string) => (code === '1000' ? '1001' : '1000')
  const [hers, his] = [await codeOf(alice), await codeOf(bob)]
  for (let i = 0; i < 2; i++) {
    expect((await guess(alice, wrong(hers))).status).toBe(422)
    expect((await guess(bob, wrong(his))).status).toBe(422)
  }
  expectLimited(await guess(alice, hers))
  expect((await guess(bob, his, ELSEWHERE)).status).toBe(200)
})

describe('what cannot be guessed anyhow', () => {
  test('costs a line in the log each time but no more than the limit: keys that nobody has', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '3' })
    const alice = await t.account()
    const replies: Reply[] = []
    for (let i = 0; i < 20; i++) replies.push(await t.get(ME, { key: `invented${i}` }))
    expect(replies.map(({ status }) => status)).toEqual([...Array(3).fill(401), ...Array(17).fill(429)])
    expectLimited(replies.at(-1) as Reply)
    expect(t.logged('event=auth.key.fail')).toHaveLength(3)
    expect(t.logged('event=auth.throttled')).toHaveLength(1)
    // A right one opens the door all the while.
    expect((await t.get(ME, { as: alice })).status).toBe(200)
    expect((await t.get(ME, { key: 'invented', ...ELSEWHERE })).status).toBe(401)
  })

  test('costs a line in the log each time but no more than the limit: links to a new password', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '3' })
    const statuses: number[] = []
    for (let i = 0; i < 10; i++) statuses.push((await t.get(`/reset_password/invented${i}xxxxxxx`)).status)
    expect(statuses).toEqual([...Array(3).fill(404), ...Array(7).fill(429)])
    expect(t.logged('event=auth.reset.fail')).toHaveLength(3)
  })
})

test('an old password that is wrong is counted before it is compared: five in a row, then the right one waits, too', async () => {
  await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
  const [alice, bob] = [await t.account(), await t.account()]
  const change = (as: TestAccount, old_password: string) =>
    t.post(`${ME}/password`, { as, body: { old_password, password: 'battery-staple', algorithm: 'SHA-256' } })
  for (let i = 0; i < 4; i++) expect((await change(bob, `wrong-${i}`)).status).toBe(422)
  expect((await change(bob, bob.password)).status).toBe(200)
  const replies = await Promise.all(Array.from({ length: 50 }, (_, index) => change(alice, `wrong-${index}`)))
  expect(replies.filter(({ status }) => status === 422)).toHaveLength(5)
  expect(replies.filter(({ status }) => status === 429)).toHaveLength(45)
  const late = await change(alice, alice.password)
  expect([late.status, Number(late.headers.get('retry-after')) > 0]).toEqual([429, true])
  expect((await t.digest(alice, 'GET', ME)).status).toBe(200)
})

describe('an address', () => {
  const guess = (who: TestAccount, address: string) => t.digest({ ...who, password: 'wrong' }, 'GET', ME, { address })

  test('of IPv6 counts with all others of its /64, which are one customer’s', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '3', API_RATE_LIMIT_PER_MINUTE: '20' })
    const alice = await t.account()
    for (const index of [1, 2, 3]) expect((await guess(alice, `2001:db8:7::${index}`)).status).toBe(401)
    expectLimited(await guess(alice, '2001:db8:7:0:ffff::1'))
    expect((await guess(alice, '2001:db8:7:1::1')).status).toBe(401)
    const pings = await Promise.all(
      Array.from({ length: 40 }, (_, index) => t.get('/api/ping', { address: `2001:db8:8::${index.toString(16)}` })),
    )
    expect(pings.filter(({ status }) => status === 429)).toHaveLength(20)
    expect(t.logged('limit=digest')).toEqual([expect.stringContaining('network=2001:db8:7::/64')])
  })

  test('is the same however it is written', async () => {
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '3' })
    const alice = await t.account()
    for (const address of ['192.0.2.9', '::ffff:192.0.2.9', '::FFFF:c000:209']) {
      expect((await guess(alice, address)).status).toBe(401)
    }
    expectLimited(await guess(alice, '192.0.2.9'))
  })

  test('a key is bound to may be written in any way; its neighbours in the /64 are others', async () => {
    await start({})
    const alice = await t.account()
    const bind = async (ip: string) => {
      await t.db.transaction((tx) => tx.update(t.db.tables.apiKeys).set({ ip }).returning())
      return async (address: string) => (await t.get(ME, { as: alice, address })).status
    }
    const v6 = await bind('2001:DB8:0:0:0:0:0:7')
    expect([await v6('2001:db8::7'), await v6('2001:db8::8')]).toEqual([200, 401])
    const v4 = await bind('::ffff:192.0.2.9')
    expect([await v4('192.0.2.9'), await v4('::ffff:192.0.2.9'), await v4('192.0.2.8')]).toEqual([200, 200, 401])
  })
})

describe('what anybody may post', () => {
  const posts = [
    '/api/account_creation_request_tokens',
    '/api/account_creation_tokens/send-by-push',
    '/api/account_recovery_tokens/send-by-push',
    '/api/accounts/auth_token',
    '/api/tokens',
  ]
  for (const path of posts) {
    test(`is limited per address: POST ${path}`, async () => {
      await start({ AUTH_RATE_LIMIT_PER_MINUTE: '2' })
      const send = (call: Call = {}) => t.post(path, { body: {}, ...call })
      for (let i = 0; i < 2; i++) expect((await send()).status).not.toBe(429)
      expectLimited(await send())
      expect((await send(ELSEWHERE)).status).not.toBe(429)
    })
  }
})
