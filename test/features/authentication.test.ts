import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import DigestClient from 'digest-fetch'
import { spentCountsInMemory } from '../../src/features/authentication/nonces.ts'
import { assemble } from '../../src/process.ts'
import { parseChallenge, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'

const ME = '/api/accounts/me'
const CHALLENGE =
  /^Digest realm="sip\.example\.org",qop="auth",algorithm=SHA-256,nonce="[0-9a-f]{64}",opaque="[0-9a-f]{64}"$/

let t: TestApp
let alice: TestAccount
beforeEach(async () => {
  t = await testApp()
  alice = await t.account({ username: 'alice' })
})
afterEach(() => t.close())

const from = (account: TestAccount) => ({ from: `sip:${account.username}@${account.domain}` })
const challengeFor = async (account: TestAccount, more = {}) =>
  parseChallenge((await t.get(ME, { headers: from(account), ...more })).headers.get('www-authenticate') ?? '')

describe('the From header', () => {
  const table: [string, string | null, number][] = [
    ['is needed', null, 401],
    ['must be a SIP address', 'alice', 401],
    ['must have a user', 'sip:sip.example.org', 401],
    ['must not be bare', 'alice@sip.example.org', 401],
    ['of nobody is unknown', 'sip:nobody@sip.example.org', 404],
    ['of nobody’s domain is unknown', 'sip:alice@nowhere.example', 404],
  ]
  for (const [name, value, status] of table) {
    test(name, async () => {
      const reply = await t.get(ME, value === null ? {} : { headers: { from: value } })
      expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([status, null])
      expect(reply.headers.get('content-type')).toBe('application/json')
    })
  }
  for (const value of [
    'sip:alice@sip.example.org',
    'sips:alice@sip.example.org',
    'SIP:alice@SIP.example.ORG:5060;transport=tls',
    '"A; b" <sip:alice@sip.example.org>;tag=1',
    'sip%3Aalice%40sip.example.org',
  ]) {
    test(`is understood as ${value}`, async () => {
      const reply = await t.get(ME, { headers: { from: value } })
      expect(reply.status).toBe(401)
      expect(reply.headers.get('www-authenticate')).toMatch(CHALLENGE)
    })
  }
})

describe('the challenge', () => {
  test('is one line that names the strongest algorithm of the account', async () => {
    const bob = await t.account({ username: 'bob', algorithm: 'MD5' })
    expect((await challengeFor(bob)).algorithm).toBe('MD5')
    await t.db.transaction((tx) =>
      tx
        .insert(t.db.tables.passwords)
        .values({ accountId: bob.id, algorithm: 'SHA-256', password: '0'.repeat(64) })
        .returning(),
    )
    expect((await challengeFor(bob)).algorithm).toBe('SHA-256')
  })

  test('is absent for an account without a password', async () => {
    await t.db.transaction((tx) => tx.delete(t.db.tables.passwords).returning())
    const reply = await t.get(ME, { headers: from(alice) })
    expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([401, null])
  })

  test('is repeated with a success, so that the client goes on with the next count', async () => {
    const first = await t.digest(alice, 'GET', ME)
    expect(first.status).toBe(200)
    const challenge = parseChallenge(first.headers.get('www-authenticate') ?? '')
    const second = await t.digest(alice, 'GET', ME, { challenge, nc: '00000002' })
    expect(second.status).toBe(200)
    expect(parseChallenge(second.headers.get('www-authenticate') ?? '').nonce).toBe(challenge.nonce)
  })

  test('of another Space’s account names that Space’s realm; after it only super administrators get in', async () => {
    const bob = await t.account({ space: t.other, username: 'bob', admin: true })
    expect((await challengeFor(bob)).realm).toBe('sip.other.org')
    expect((await t.digest(bob, 'GET', ME)).status).toBe(403)
    const root = await t.account({ username: 'root', admin: true })
    expect((await t.digest(root, 'GET', ME, { host: 'other.localhost' })).status).toBe(200)
  })

  test('costs no write', async () => {
    const before = await t.snapshot()
    for (let i = 0; i < 5; i++) await challengeFor(alice)
    expect(await t.snapshot()).toBe(before)
  })
})

describe('a response is refused', () => {
  type Change = (parameters: Record<string, string>) => Record<string, string>
  const without =
    (name: string): Change =>
    ({ [name]: _, ...rest }) =>
      rest
  const set =
    (name: string, value: string): Change =>
    (parameters) => ({ ...parameters, [name]: value })
  const table: [string, Change][] = [
    ...['username', 'realm', 'nonce', 'uri', 'response', 'opaque', 'cnonce', 'nc', 'qop'].map(
      (name): [string, Change] => [`without ${name}`, without(name)],
    ),
    ['with another username', set('username', 'bob')],
    ['with another realm', set('realm', 'sip.other.org')],
    ['with an invented nonce', set('nonce', '7d'.repeat(32))],
    ['with an invented opaque', set('opaque', '7d'.repeat(32))],
    ['with another uri', set('uri', '/api/accounts')],
    ['with qop auth-int', set('qop', 'auth-int')],
    ['with nc 0', set('nc', '00000000')],
    ['with nc of nine digits', set('nc', '000000001')],
    ['with nc that is no number', set('nc', '0000000g')],
    ['with another algorithm', set('algorithm', 'MD5')],
    ['with an unknown algorithm', set('algorithm', 'SHA-512-256')],
    ['with a session algorithm', set('algorithm', 'SHA-256-sess')],
    ['with a wrong response', set('response', '0'.repeat(64))],
    ['with a response of the wrong length', set('response', '0'.repeat(32))],
    ['with an absurdly long cnonce', set('cnonce', 'c'.repeat(5000))],
    ['with a repeated parameter', (parameters) => ({ ...parameters, Username: parameters.username ?? '' })],
  ]
  for (const [name, change] of table) {
    test(name, async () => {
      const reply = await t.digest(alice, 'GET', ME, { change })
      expect(reply.status).toBe(401)
      expect(reply.headers.get('www-authenticate')).toMatch(CHALLENGE)
    })
  }

  test('from another address', async () => {
    const challenge = await challengeFor(alice)
    const reply = await t.digest(alice, 'GET', ME, { challenge, address: '198.51.100.9' })
    expect([reply.status, reply.headers.get('www-authenticate')?.includes('stale')]).toEqual([401, false])
  })

  test('for another method', async () => {
    const challenge = await challengeFor(alice)
    let authorization = ''
    await t.digest(alice, 'PUT', ME, {
      challenge,
      change: (parameters) => {
        authorization = `Digest ${Object.entries(parameters)
          .map(([name, value]) => `${name}="${value}"`)
          .join(',')}`
        // The right one stays unused.
        return { ...parameters, response: '0'.repeat(64) }
      },
    })
    const reply = await t.get(ME, { headers: { ...from(alice), authorization } })
    expect([reply.status, reply.headers.get('www-authenticate')?.includes('stale')]).toEqual([401, false])
  })

  test('with the nonce of another account or another Space', async () => {
    const bob = await t.account({ username: 'bob' })
    const carol = await t.account({ username: 'alice', space: t.other })
    for (const stranger of [bob, carol]) {
      const { nonce, opaque } = await challengeFor(stranger)
      const challenge = { ...(await challengeFor(alice)), nonce, opaque }
      expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(401)
    }
  })

  for (const authorization of ['Basic YWxpY2U6eA==', 'Bearer abc', 'Digest', 'Digest ,,,', 'x'.repeat(9000)]) {
    test(`when it is ${authorization.slice(0, 24)}`, async () => {
      const reply = await t.get(ME, { headers: { ...from(alice), authorization } })
      expect(reply.status).toBe(401)
      expect(reply.headers.get('www-authenticate')).toMatch(CHALLENGE)
    })
  }
})

describe('a response is accepted', () => {
  test('with the query in its uri, and without', async () => {
    expect((await t.digest(alice, 'GET', `${ME}?a=1&b=%20`)).status).toBe(200)
    const challenge = await challengeFor(alice)
    const bare = await t.digest(alice, 'GET', ME, { challenge })
    expect(bare.status).toBe(200)
  })

  test('with a password full of quotes and colons', async () => {
    const bob = await t.account({ username: 'bob', password: 'a"b\\c:d é' })
    expect((await t.digest(bob, 'GET', ME)).status).toBe(200)
  })

  test('for a password in clear that an old database holds', async () => {
    await t.db.transaction((tx) =>
      tx.update(t.db.tables.passwords).set({ algorithm: 'CLRTXT', password: alice.password }).returning(),
    )
    expect((await t.digest(alice, 'GET', ME)).status).toBe(200)
  })

  test('from an account that is not activated yet', async () => {
    const bob = await t.account({ username: 'bob', activated: false })
    expect((await t.digest(bob, 'GET', ME)).status).toBe(200)
  })

  test('under a mounted path, with and without it in the uri', async () => {
    await t.close()
    t = await testApp({ env: { BASE_PATH: '/panel' } })
    alice = await t.account({ username: 'alice' })
    expect((await t.digest(alice, 'GET', `/panel${ME}`)).status).toBe(200)
    expect((await t.digest(alice, 'GET', ME)).status).toBe(200)
  })

  test('of a client that somebody else wrote, over a real socket', async () => {
    const { front } = t
    const server = Bun.serve({ port: 0, fetch: (request, peer) => front.fetch(request, peer) })
    const client = new DigestClient('alice', alice.password, { algorithm: 'SHA-256' })
    for (let i = 0; i < 3; i++) {
      const reply = await client.fetch(`http://localhost:${server.port}${ME}`, { headers: from(alice) })
      expect(reply.status).toBe(200)
    }
    await server.stop(true)
  })
})

describe('a nonce count', () => {
  test('is accepted once, and only above the earlier ones', async () => {
    const challenge = await challengeFor(alice)
    const answer = (nc: string) => t.digest(alice, 'GET', ME, { challenge, nc })
    const outcomes: [string, number, boolean][] = [
      ['00000001', 200, false],
      ['00000001', 401, true],
      ['00000005', 200, false],
      ['00000005', 401, true],
      ['00000003', 401, true],
      ['00000006', 200, false],
      ['ffffffff', 401, true],
    ]
    for (const [nc, status, stale] of outcomes) {
      const reply = await answer(nc)
      const header = reply.headers.get('www-authenticate') ?? ''
      expect([nc, reply.status, header.includes(',stale=true')]).toEqual([nc, status, stale])
    }
  })

  test('that fifty requests use at once is accepted once', async () => {
    const challenge = await challengeFor(alice)
    const replies = await Promise.all(Array.from({ length: 50 }, () => t.digest(alice, 'GET', ME, { challenge })))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(49).fill(401)])
  })

  test('is not spent by a wrong response', async () => {
    const challenge = await challengeFor(alice)
    const wrong = (parameters: Record<string, string>) => ({ ...parameters, response: '0'.repeat(64) })
    expect((await t.digest(alice, 'GET', ME, { challenge, change: wrong })).status).toBe(401)
    expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(200)
  })

  test('that was forgotten is stale for ever, never accepted again', () => {
    let now = 1_000_000
    const spent = spentCountsInMemory(300_000, () => now, 10)
    for (let i = 0; i < 25; i++) expect(spent.spend(`n${i}`, 1, now + i)).toBe(true)
    now += 25
    for (let i = 0; i < 25; i++) expect([i, spent.spend(`n${i}`, 1, 1_000_000 + i)]).toEqual([i, false])
  })
})

describe('a nonce', () => {
  test('grows old after five minutes: stale when the response is right, plain otherwise', async () => {
    const challenge = await challengeFor(alice)
    t.clock.now = new Date(t.clock.now.getTime() + 5 * 60_000)
    const right = await t.digest(alice, 'GET', ME, { challenge })
    expect([right.status, right.headers.get('www-authenticate')?.includes(',stale=true')]).toEqual([401, true])
    const stranger = { ...alice, password: 'wrong' }
    const wrong = await t.digest(stranger, 'GET', ME, { challenge })
    expect([wrong.status, wrong.headers.get('www-authenticate')?.includes('stale')]).toEqual([401, false])
  })

  test(
    postgresUrl === null ? 'dies with its process' : 'works in every process, and its counts are shared',
    async () => {
      const challenge = await challengeFor(alice)
      expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(200)
      const db = t.database.reopen()
      const second = { ...t, ...assemble(t.world, db) }
      const answer = async (nc: string) => {
        let authorization = ''
        await t.digest({ ...alice, password: alice.password }, 'GET', '/api/nothing', {
          challenge,
          nc,
          change: (parameters) => {
            authorization = JSON.stringify(parameters)
            return parameters
          },
        })
        const parameters = JSON.parse(authorization) as Record<string, string>
        const ha2 = Bun.SHA256.hash(`GET:${ME}`, 'hex')
        const ha1 = Bun.SHA256.hash(`alice:sip.example.org:${alice.password}`, 'hex')
        const response = Bun.SHA256.hash(`${ha1}:${challenge.nonce}:${nc}:${parameters.cnonce}:auth:${ha2}`, 'hex')
        const header = Object.entries({ ...parameters, uri: ME, response })
          .map(([name, value]) => `${name}="${value}"`)
          .join(',')
        const request = new Request(`http://localhost${ME}`, {
          headers: { host: 'localhost', ...from(alice), authorization: `Digest ${header}` },
        })
        return (await second.front.fetch(request, { requestIP: () => ({ address: '192.0.2.7' }), port: 80 })).status
      }
      expect([await answer('00000001'), await answer('00000002')]).toEqual(
        postgresUrl === null ? [401, 401] : [401, 200],
      )
      await db.close()
    },
  )
})

describe('blocked accounts and roles', () => {
  test('a blocked account is refused whatever it shows', async () => {
    const bob = await t.account({ username: 'bob', blocked: true, admin: true })
    expect((await t.digest(bob, 'GET', ME)).status).toBe(403)
    expect((await t.get('/api/accounts', { as: bob })).status).toBe(403)
  })

  test('administrators need their role by digest and by key alike', async () => {
    const bob = await t.account({ username: 'bob', admin: true })
    for (const reply of [await t.digest(alice, 'GET', '/api/accounts'), await t.get('/api/accounts', { as: alice })]) {
      expect(reply.status).toBe(403)
    }
    for (const reply of [await t.digest(bob, 'GET', '/api/accounts'), await t.get('/api/accounts', { as: bob })]) {
      expect(reply.status).toBe(200)
    }
  })
})

describe('failures', () => {
  test('are logged with who and why, and without secrets', async () => {
    await t.digest({ ...alice, password: 'wrong' }, 'GET', ME)
    const line = t.lines.find((text) => text.includes('auth.digest.fail')) ?? ''
    expect(line).toContain('result=fail ip=192.0.2.7 space=sip.example.org account=alice@sip.example.org')
    expect(line).toContain('reason=bad_password')
  })

  test('beyond the limit of an address are answered with 429, right or wrong, until the minute is over', async () => {
    await t.close()
    t = await testApp({ env: { AUTH_RATE_LIMIT_PER_MINUTE: '3' } })
    alice = await t.account({ username: 'alice' })
    const stranger = { ...alice, password: 'wrong' }
    for (let i = 0; i < 3; i++) expect((await t.digest(stranger, 'GET', ME)).status).toBe(401)
    const limited = await t.digest(stranger, 'GET', ME)
    expect(limited.status).toBe(429)
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await t.digest(alice, 'GET', ME)).status).toBe(429)
    expect((await t.digest(alice, 'GET', ME, { address: '198.51.100.9' })).status).toBe(200)
  })
})
