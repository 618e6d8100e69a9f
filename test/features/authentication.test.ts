import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { spentCountsInMemory } from '../../src/access/authentication/nonces.ts'
import { assemble } from '../../src/process.ts'
import { type Call, parseChallenge, type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'
import { type Challenge, digestHeader, digestParameters, type Parameters } from '../support/digest.ts'

const ME = '/api/accounts/me'
const CHALLENGE =
  /^Digest realm="sip\.example\.org",qop="auth",algorithm=SHA-256,nonce="[0-9a-f]{64}",opaque="[0-9a-f]{64}"$/

let t: TestApp
let alice: TestAccount
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())
beforeEach(async () => {
  alice = await t.account()
})

const from = (account: TestAccount) => ({ from: `sip:${account.username}@${account.domain}` })
const offered = (reply: Reply) => reply.headers.get('www-authenticate')
const challengeOf = (reply: Reply): Challenge => parseChallenge(offered(reply) ?? '')
const challengeFor = async (account: TestAccount, call: Call = {}, path = ME) =>
  challengeOf(await t.get(path, { ...call, headers: from(account) }))
const isStale = (reply: Reply) => offered(reply)?.includes(',stale=true') ?? null

/** Sends a ready `Authorization` for somebody. */
const show = (account: TestAccount, authorization: string, call: Call = {}, path = ME) =>
  t.get(path, { ...call, headers: { ...from(account), ...call.headers, authorization } })

const addPassword = (account: TestAccount, algorithm: 'MD5' | 'SHA-256' | 'CLRTXT', password: string) =>
  t.db.transaction((tx) =>
    tx.insert(t.db.tables.passwords).values({ accountId: account.id, algorithm, password }).returning(),
  )

test('an empty API key is none: whoever names itself beside it is challenged, and a cookie counts', async () => {
  const reply = await t.get(ME, { headers: { ...from(alice), 'x-api-key': '' } })
  expect([reply.status, offered(reply)]).toEqual([401, expect.stringMatching(CHALLENGE)])
  const headers = { 'x-api-key': '', cookie: `x-api-key=${alice.key}` }
  expect((await t.get(ME, { headers })).status).toBe(200)
})

describe('the From header', () => {
  const strangers: [string, string | null, number][] = [
    ['is needed', null, 401],
    ['must not be a bare name', 'alice', 401],
    ['must not be a bare address', 'alice@sip.example.org', 401],
    ['must have a user', 'sip:sip.example.org', 401],
    ['must have a host', 'sip:alice@', 401],
    ['must be a SIP address', 'mailto:alice@sip.example.org', 401],
    ['must not carry bad percent-encoding', 'sip:%zz@sip.example.org', 401],
    ['must not carry a NUL', 'sip:al%00ice@sip.example.org', 401],
    ['must have an end', `sip:${'a'.repeat(5000)}@sip.example.org`, 401],
    ['of nobody is unknown', 'sip:nobody@sip.example.org', 404],
    ['of nobody’s domain is unknown', 'sip:alice@nowhere.example', 404],
    ['is percent-decoded once, not twice', 'sip:%2561ccount@sip.example.org', 404],
  ]
  for (const [name, value, status] of strangers) {
    test(name, async () => {
      const reply = await t.get(ME, value === null ? {} : { headers: { from: value } })
      expect([reply.status, offered(reply)]).toEqual([status, null])
      expect(typeof reply.json.message).toBe('string')
    })
  }

  const spellings: [string, (user: string) => string][] = [
    ['sip:', (user) => `sip:${user}@sip.example.org`],
    ['sips:', (user) => `sips:${user}@sip.example.org`],
    ['capitals, a port and parameters', (user) => `SIP:${user}@SIP.example.ORG:5060;transport=tls`],
    ['a password in it', (user) => `sip:${user}:secret@sip.example.org`],
    ['a name and a tag', (user) => `"A; b" <sip:${user}@sip.example.org>;tag=1`],
    ['percent-encoded letters', (user) => `sip:%${user.charCodeAt(0).toString(16)}${user.slice(1)}@sip.example.org`],
    ['percent-encoded as a whole', (user) => `sip%3A${user}%40sip.example.org`],
  ]
  for (const [name, spell] of spellings) {
    test(`is understood with ${name}`, async () => {
      const reply = await t.get(ME, { headers: { from: spell(alice.username) } })
      expect([reply.status, offered(reply)]).toEqual([401, expect.stringMatching(CHALLENGE)])
    })
  }
})

describe('the challenge', () => {
  test('has exactly the shape that deployed clients read', async () => {
    expect(offered(await t.get(ME, { headers: from(alice) }))).toMatch(CHALLENGE)
  })

  test('is a new one each time', async () => {
    const [first, second] = [await challengeFor(alice), await challengeFor(alice)]
    expect(first.nonce).not.toBe(second.nonce)
    expect(first.opaque).not.toBe(second.opaque)
  })

  test('names MD5 where that is all the account has, and the strongest where it has several', async () => {
    const bob = await t.account({ algorithm: 'MD5' })
    expect((await challengeFor(bob)).algorithm).toBe('MD5')
    await addPassword(bob, 'SHA-256', '0'.repeat(64))
    expect((await challengeFor(bob)).algorithm).toBe('SHA-256')
  })

  test('is absent for an account without a password', async () => {
    const { passwords } = t.db.tables
    await t.db.transaction((tx) => tx.delete(passwords).returning())
    const reply = await t.get(ME, { headers: from(alice) })
    expect([reply.status, offered(reply)]).toEqual([401, null])
  })

  test('is repeated with a success and with a refusal after it, so that the client goes on with the next count', async () => {
    const challenge = await challengeFor(alice)
    const first = await t.digest(alice, 'GET', ME, { challenge })
    expect([first.status, challengeOf(first)]).toEqual([200, challenge])
    const second = await t.digest(alice, 'GET', '/api/accounts', { challenge, nc: '00000002' })
    expect([second.status, challengeOf(second)]).toEqual([403, challenge])
    expect((await t.digest(alice, 'GET', ME, { challenge, nc: '00000003' })).status).toBe(200)
  })

  test('names the realm of the account’s Space on the host of another', async () => {
    const bob = await t.account({ space: t.other })
    expect((await challengeFor(bob)).realm).toBe('sip.other.org')
  })

  test('names the realm that the Space has of its own', async () => {
    const digest = { realm: 'a "realm"', defaultPasswordAlgorithm: null }
    const space = await t.space({ domain: 'sip.realm.org', host: 'realm.localhost', digest })
    const bob = await t.account({ space })
    const reply = await t.get(ME, { host: 'realm.localhost', headers: from(bob) })
    expect(offered(reply)).toStartWith('Digest realm="a \\"realm\\"",qop="auth",')
  })

  test('costs no write', async () => {
    const before = await t.snapshot()
    for (let i = 0; i < 5; i++) await challengeFor(alice)
    expect(await t.snapshot()).toBe(before)
  })
})

describe('a response is refused', () => {
  type Change = (parameters: Parameters) => Parameters
  const without =
    (name: string): Change =>
    ({ [name]: _, ...rest }) =>
      rest
  const set =
    (name: string, value: string): Change =>
    (parameters) => ({ ...parameters, [name]: value })

  const defects: [string, Change][] = [
    ...['username', 'realm', 'nonce', 'uri', 'response', 'opaque', 'cnonce', 'nc', 'qop'].flatMap(
      (name): [string, Change][] => [
        [`without ${name}`, without(name)],
        [`with an empty ${name}`, set(name, '')],
        [`with ${name} twice`, (parameters) => ({ ...parameters, [name.toUpperCase()]: parameters[name] ?? '' })],
        [`with an absurdly long ${name}`, (parameters) => ({ ...parameters, [name]: 'a'.repeat(5000) })],
      ],
    ),
    ['without algorithm, which means MD5', without('algorithm')],
    ['with another username', set('username', 'bob')],
    ['with another realm', set('realm', 'sip.other.org')],
    ['with an invented nonce', set('nonce', '7d'.repeat(32))],
    ['with an invented opaque', set('opaque', '7d'.repeat(32))],
    ['with its nonce in capitals', ({ nonce = '', ...rest }) => ({ ...rest, nonce: nonce.toUpperCase() })],
    ['with a longer nonce', ({ nonce = '', ...rest }) => ({ ...rest, nonce: `${nonce}00` })],
    ['with another uri', set('uri', '/api/accounts')],
    ['with the uri of another host', set('uri', `http://elsewhere.example${ME}`)],
    ['with a query that was not asked', set('uri', `${ME}?admin=1`)],
    ['with qop auth-int', set('qop', 'auth-int')],
    ['with nc 0', set('nc', '00000000')],
    ['with nc of nine digits', set('nc', '000000001')],
    ['with nc that is no number', set('nc', '0000000g')],
    ['with a negative nc', set('nc', '-0000001')],
    ['with a weaker algorithm', set('algorithm', 'MD5')],
    ['with an unknown algorithm', set('algorithm', 'SHA-512-256')],
    ['with a session algorithm', set('algorithm', 'SHA-256-sess')],
    ['with a wrong response', set('response', '0'.repeat(64))],
    ['with a response of the wrong length', set('response', '0'.repeat(32))],
  ]
  for (const [name, change] of defects) {
    test(name, async () => {
      const challenge = await challengeFor(alice)
      const parameters = digestParameters(alice, challenge, { uri: ME })
      const reply = await show(alice, digestHeader(change(parameters)))
      // A plain 401 with a new challenge; never stale, which would send the client round in circles.
      expect([reply.status, offered(reply)]).toEqual([401, expect.stringMatching(CHALLENGE)])
      expect(challengeOf(reply).nonce).not.toBe(challenge.nonce)
      // And the challenge that was misused is still good.
      expect((await show(alice, digestHeader(parameters))).status).toBe(200)
    })
  }

  test('in a weaker algorithm, though the account has a password for it', async () => {
    await addPassword(alice, 'MD5', Bun.MD5.hash(`${alice.username}:sip.example.org:${alice.password}`, 'hex'))
    const challenge = await challengeFor(alice)
    expect(challenge.algorithm).toBe('SHA-256')
    const weaker = await t.digest(alice, 'GET', ME, { challenge: { ...challenge, algorithm: 'MD5' } })
    expect([weaker.status, isStale(weaker)]).toEqual([401, false])
    expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(200)
  })

  test('with the opaque of another challenge, though both are ours', async () => {
    const [first, second] = [await challengeFor(alice), await challengeFor(alice)]
    for (const challenge of [
      { ...first, opaque: second.opaque },
      { ...first, nonce: second.nonce },
    ]) {
      const reply = await t.digest(alice, 'GET', ME, { challenge })
      expect([reply.status, isStale(reply)]).toEqual([401, false])
    }
  })

  test('from another address', async () => {
    const challenge = await challengeFor(alice)
    const reply = await t.digest(alice, 'GET', ME, { challenge, address: '198.51.100.9' })
    expect([reply.status, isStale(reply)]).toEqual([401, false])
  })

  test('that was made for another method', async () => {
    const challenge = await challengeFor(alice)
    const reply = await show(alice, digestHeader(digestParameters(alice, challenge, { method: 'DELETE', uri: ME })))
    expect([reply.status, isStale(reply)]).toEqual([401, false])
  })

  test('that was made for another target', async () => {
    for (const uri of ['/api/accounts', `${ME}?admin=1`, `${ME}/`, `//localhost${ME}`, `http://localhost${ME}`, '*']) {
      const reply = await show(alice, digestHeader(digestParameters(alice, await challengeFor(alice), { uri })))
      expect([uri, reply.status, isStale(reply)]).toEqual([uri, 401, false])
    }
  })

  test('when From names somebody else', async () => {
    const bob = await t.account()
    const right = digestHeader(digestParameters(alice, await challengeFor(alice), { uri: ME }))
    expect((await show(bob, right)).status).toBe(401)
    expect((await show(alice, right)).status).toBe(200)
  })

  test('without From, and then without a challenge', async () => {
    const authorization = digestHeader(digestParameters(alice, await challengeFor(alice), { uri: ME }))
    const reply = await t.get(ME, { headers: { authorization } })
    expect([reply.status, offered(reply)]).toEqual([401, null])
  })

  test('with the nonce of another account or of another Space', async () => {
    const strangers = [await t.account(), await t.account({ space: t.other, username: alice.username })]
    for (const stranger of strangers) {
      const { nonce, opaque } = await challengeFor(stranger)
      const challenge = { ...(await challengeFor(alice)), nonce, opaque }
      expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(401)
    }
  })

  for (const [name, authorization] of [
    ['Basic', 'Basic YWxpY2U6eA=='],
    ['Bearer on a Space without OIDC', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
    ['an unknown scheme', 'Negotiate abc'],
    ['blank', ' '],
    ['a scheme without parameters', 'Digest'],
    ['nothing but commas', 'Digest ,,,'],
    ['an open quote', 'Digest username="alice'],
    ['two credentials in one', 'Digest username="a", Digest username="b"'],
    ['longer than any', 'x'.repeat(9000)],
    ['a long list', `Digest ${'a=b,'.repeat(2000)}`],
  ] as const) {
    test(`when it is ${name}`, async () => {
      const reply = await show(alice, authorization)
      expect([reply.status, offered(reply)]).toEqual([401, expect.stringMatching(CHALLENGE)])
    })
  }
})

describe('a response is accepted', () => {
  test('in MD5 and in SHA-256', async () => {
    for (const algorithm of ['MD5', 'SHA-256'] as const) {
      const bob = await t.account({ algorithm })
      expect((await t.digest(bob, 'GET', ME)).status).toBe(200)
    }
  })

  test('with the query in its uri, and without', async () => {
    const asked = `${ME}?a=1&b=%20`
    for (const uri of [asked, ME]) {
      const authorization = digestHeader(digestParameters(alice, await challengeFor(alice), { uri }))
      expect((await show(alice, authorization, {}, asked)).status).toBe(200)
    }
  })

  test('for a path that the client wrote with characters of which we see the percent-encoding', async () => {
    const root = await t.account({ admin: true })
    const written = '/api/resolve/"bob"@sip.example.org'
    const parameters = digestParameters(root, await challengeFor(root), { uri: written })
    // The header has to escape the quotes that the client signed as they are.
    const right = digestHeader({ ...parameters, uri: written.replaceAll('"', '\\"') })
    expect((await show(root, right, {}, written)).status).toBe(404)
  })

  test('however its parameters are quoted, ordered and spelled', async () => {
    const spellings: ((parameters: Parameters) => string)[] = [
      (all) =>
        Object.entries(all)
          .map(([name, value]) => `${name}=${value}`)
          .join(','),
      (all) =>
        Object.entries(all)
          .map(([name, value]) => `${name}="${value}"`)
          .join(' , '),
      (all) =>
        Object.entries(all)
          .reverse()
          .map(([name, value]) => `${name.toUpperCase()} = "${value}"`)
          .join(',\t'),
      (all) =>
        Object.entries(all)
          .map(([name, value]) => `${name}="${value.replace(/^./, '\\$&')}"`)
          .join(','),
      (all) => `,,${digestHeader({ ...all, response: (all.response ?? '').toUpperCase() }).slice(7)},other="x, y=z",`,
    ]
    for (const spell of spellings) {
      const parameters = digestParameters(alice, await challengeFor(alice), { uri: ME })
      const reply = await show(alice, `dIGEST ${spell(parameters)}`)
      expect([spell(parameters), reply.status]).toEqual([spell(parameters), 200])
    }
  })

  test('with a password full of quotes, colons and letters of any script', async () => {
    const bob = await t.account({ password: 'a"b\\c:d é€ \u{1f511}' })
    expect((await t.digest(bob, 'GET', ME)).status).toBe(200)
  })

  test('for a password in clear that an old database holds', async () => {
    const { passwords } = t.db.tables
    await t.db.transaction((tx) => tx.delete(passwords).returning())
    await addPassword(alice, 'CLRTXT', alice.password)
    const challenge = await challengeFor(alice)
    expect(challenge.algorithm).toBe('SHA-256')
    expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(200)
    const stranger = { ...alice, password: 'wrong' }
    expect((await t.digest(stranger, 'GET', ME)).status).toBe(401)
  })

  test('from an account that is not activated yet', async () => {
    const bob = await t.account({ activated: false })
    expect((await t.digest(bob, 'GET', ME)).status).toBe(200)
  })
})

describe('a nonce count', () => {
  test('is accepted once, and only above the earlier ones', async () => {
    const challenge = await challengeFor(alice)
    const outcomes: [string, number, boolean][] = [
      ['00000001', 200, false],
      ['00000001', 401, true],
      ['00000005', 200, false],
      ['00000005', 401, true],
      ['00000003', 401, true],
      ['00000006', 200, false],
      ['0000000A', 200, false],
      ['0000000a', 401, true],
      ['ffffffff', 401, true],
    ]
    for (const [nc, status, stale] of outcomes) {
      const reply = await t.digest(alice, 'GET', ME, { challenge, nc })
      expect([nc, reply.status, isStale(reply)]).toEqual([nc, status, stale])
    }
  })

  test('that fifty requests use at once is accepted once', async () => {
    const challenge = await challengeFor(alice)
    const replies = await Promise.all(Array.from({ length: 50 }, () => t.digest(alice, 'GET', ME, { challenge })))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(49).fill(401)])
  })

  test('serves fifty requests at once that each use their own, in the order in which they are seen', async () => {
    const challenge = await challengeFor(alice)
    const counts = Array.from({ length: 50 }, (_, index) => (index + 1).toString(16).padStart(8, '0'))
    const replies = await Promise.all(counts.map((nc) => t.digest(alice, 'GET', ME, { challenge, nc })))
    // Whoever comes after a higher count is told to take the new nonce, not that the password is wrong.
    expect(replies.filter((reply) => reply.status !== 200 && !isStale(reply))).toEqual([])
    expect(replies.at(-1)?.status).toBe(200)
  })

  test('is not spent by a wrong response, nor by one for another account', async () => {
    const challenge = await challengeFor(alice)
    const parameters = digestParameters(alice, challenge, { uri: ME })
    expect((await show(alice, digestHeader({ ...parameters, response: '0'.repeat(64) }))).status).toBe(401)
    expect((await show(await t.account(), digestHeader(parameters))).status).toBe(401)
    expect((await show(alice, digestHeader(parameters))).status).toBe(200)
  })

  test('stays used when the password has changed', async () => {
    const challenge = await challengeFor(alice)
    expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(200)
    const body = { algorithm: 'SHA-256', old_password: alice.password, password: 'another-horse' }
    expect((await t.post(`${ME}/password`, { as: alice, body })).status).toBe(200)
    const old = await t.digest(alice, 'GET', ME, { challenge, nc: '00000002' })
    expect([old.status, isStale(old)]).toEqual([401, false])
    const changed = { ...alice, password: 'another-horse' }
    expect(isStale(await t.digest(changed, 'GET', ME, { challenge }))).toBe(true)
    expect((await t.digest(changed, 'GET', ME, { challenge, nc: '00000002' })).status).toBe(200)
  })

  test('that was forgotten is stale for ever, never accepted again', () => {
    const spent = spentCountsInMemory(10)
    for (let i = 0; i < 25; i++) expect(spent.spend(`n${i}`, 1, 1_000_000 + i)).toBe(true)
    for (let i = 0; i < 25; i++) expect([i, spent.spend(`n${i}`, 1, 1_000_000 + i)]).toEqual([i, false])
    expect(spent.spend('n25', 1, 1_000_025)).toBe(true)
  })

  test('of an old nonce that comes late is stale rather than forgotten', () => {
    const spent = spentCountsInMemory(4)
    for (const [nonce, issuedAt] of [
      ['young', 100],
      ['old', 10],
      ['b', 101],
      ['c', 102],
      ['d', 103],
    ] as const) {
      spent.spend(nonce, 1, issuedAt)
    }
    for (const [nonce, issuedAt] of [
      ['young', 100],
      ['old', 10],
      ['older', 9],
    ] as const) {
      expect([nonce, spent.spend(nonce, 1, issuedAt)]).toEqual([nonce, false])
    }
  })
})

describe('a nonce', () => {
  test('grows old after five minutes: stale when the response is right, plain otherwise', async () => {
    const challenge = await challengeFor(alice)
    t.later(5 * 60_000 - 1)
    expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(200)
    t.later(1)
    const right = await t.digest(alice, 'GET', ME, { challenge, nc: '00000002' })
    expect([right.status, isStale(right)]).toEqual([401, true])
    const wrong = await t.digest({ ...alice, password: 'wrong' }, 'GET', ME, { challenge, nc: '00000002' })
    expect([wrong.status, isStale(wrong)]).toEqual([401, false])
    expect((await t.digest(alice, 'GET', ME, { challenge: challengeOf(right) })).status).toBe(200)
  })

  test('lives as long as DIGEST_NONCE_LIFETIME_MINUTES says', async () => {
    const other = await testApp({ env: { DIGEST_NONCE_LIFETIME_MINUTES: '60' } })
    const bob = await other.account()
    const challenge = challengeOf(await other.get(ME, { headers: from(bob) }))
    other.later(59 * 60_000)
    expect((await other.digest(bob, 'GET', ME, { challenge })).status).toBe(200)
    other.later(60_000)
    expect(isStale(await other.digest(bob, 'GET', ME, { challenge, nc: '00000002' }))).toBe(true)
    await other.close()
  })

  test(
    postgresUrl === null
      ? 'of a process that was restarted is not ours: a plain 401, never a replay'
      : 'works in every process, and its counts are shared',
    async () => {
      const challenge = await challengeFor(alice)
      expect((await t.digest(alice, 'GET', ME, { challenge })).status).toBe(200)
      const db = t.database.reopen()
      const { front } = assemble(t.world, db)
      const elsewhere = async (nc: string) => {
        const authorization = digestHeader(digestParameters(alice, challenge, { uri: ME, nc }))
        const headers = { host: 'localhost', ...from(alice), authorization }
        const request = new Request(`http://localhost${ME}`, { headers })
        const reply = await front.fetch(request, { requestIP: () => ({ address: '192.0.2.7' }), port: 80 })
        return [reply.status, reply.headers.get('www-authenticate')?.includes(',stale=true')]
      }
      const outcomes = [await elsewhere('00000001'), await elsewhere('00000002')]
      if (postgresUrl === null) {
        expect(outcomes).toEqual([
          [401, false],
          [401, false],
        ])
      } else {
        expect(outcomes).toEqual([
          [401, true],
          [200, false],
        ])
        expect(isStale(await t.digest(alice, 'GET', ME, { challenge, nc: '00000002' }))).toBe(true)
      }
      await db.close()
    },
  )

  test('that another installation made is not ours, with the same accounts and another APP_KEY', async () => {
    const db = t.database.reopen()
    const { front } = assemble({ ...t.world, appKey: new Uint8Array(32) }, db)
    const peer = { requestIP: () => ({ address: '192.0.2.7' }), port: 80 }
    const request = new Request(`http://localhost${ME}`, { headers: { host: 'localhost', ...from(alice) } })
    const reply = await front.fetch(request, peer)
    const challenge = parseChallenge(reply.headers.get('www-authenticate') ?? '')
    const answer = await t.digest(alice, 'GET', ME, { challenge })
    expect([answer.status, isStale(answer)]).toEqual([401, false])
    await db.close()
  })
})

describe('roles', () => {
  test('a blocked account is refused whatever it shows', async () => {
    const bob = await t.account({ blocked: true, admin: true })
    for (const path of [ME, '/api/accounts', '/provisioning/me']) {
      expect([path, (await t.digest(bob, 'GET', path)).status]).toEqual([path, 403])
      expect([path, (await t.get(path, { as: bob })).status]).toEqual([path, 403])
    }
  })

  test('an account is asked for its role, by digest and by key alike', async () => {
    const bob = await t.account({ admin: true })
    const both = async (who: TestAccount, path: string) => [
      (await t.digest(who, 'GET', path)).status,
      (await t.get(path, { as: who })).status,
    ]
    expect(await both(alice, '/api/accounts')).toEqual([403, 403])
    expect(await both(alice, '/api/spaces')).toEqual([403, 403])
    expect(await both(bob, '/api/accounts')).toEqual([200, 200])
    expect(await both(bob, '/api/spaces')).toEqual([200, 200])
  })

  test('an anonymous caller of an administrator’s route gets 401, with a challenge when From names an account', async () => {
    expect((await t.get('/api/accounts')).status).toBe(401)
    const reply = await t.get('/api/accounts', { headers: from(alice) })
    expect([reply.status, offered(reply)]).toEqual([401, expect.stringMatching(CHALLENGE)])
  })

  test('an account of another Space is refused on our host, an administrator too', async () => {
    for (const admin of [false, true]) {
      const bob = await t.account({ space: t.other, admin })
      expect((await t.digest(bob, 'GET', ME)).status).toBe(403)
      expect((await t.get(ME, { as: bob })).status).toBe(403)
      expect((await t.get(ME, { as: bob, host: 'other.localhost' })).status).toBe(200)
    }
  })

  test('an administrator of an ordinary Space is no super administrator', async () => {
    const bob = await t.account({ space: t.other, admin: true })
    expect((await t.get('/api/accounts', { as: bob, host: 'other.localhost' })).status).toBe(200)
    expect((await t.get('/api/spaces', { as: bob, host: 'other.localhost' })).status).toBe(403)
  })

  test('a super administrator gets in on every host, and sees the accounts of that host alone', async () => {
    const root = await t.account({ admin: true })
    const bob = await t.account({ space: t.other })
    const elsewhere = { host: 'other.localhost' }
    expect((await t.digest(root, 'GET', ME, elsewhere)).status).toBe(200)
    expect((await t.get(`/api/accounts/${bob.id}`, { as: root, ...elsewhere })).status).toBe(200)
    expect((await t.get(`/api/accounts/${bob.id}`, { as: root })).status).toBe(404)
    expect((await t.get(`/api/accounts/${root.id}`, { as: root, ...elsewhere })).status).toBe(404)
  })

  test('a right that was taken away is gone with the next request', async () => {
    const bob = await t.account({ admin: true })
    expect((await t.get('/api/accounts', { as: bob })).status).toBe(200)
    const root = await t.account({ admin: true })
    await t.post(`/api/accounts/${bob.id}/block`, { as: root })
    expect((await t.get('/api/accounts', { as: bob })).status).toBe(403)
  })
})
