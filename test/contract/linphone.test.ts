import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { parseChallenge, type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { digestParameters } from '../support/digest.ts'

// What unmodified Linphone clients send and need in return, as observed on 5.1 and 5.5 (compatibility.md §2.4).

let t: TestApp
beforeAll(async () => {
  t = await testApp({ push: { send: async () => {} } })
})
afterAll(() => t.close())

const APP = { accept: 'application/json', 'user-agent': 'LinphoneAndroid/6.0 (Pixel 8) LinphoneSDK/5.4' }

/** As its HTTP client reads a reply: the whole content type is compared, and only a whole JSON body is understood. */
const understood = (reply: Reply) => {
  if (reply.text !== '') expect(reply.headers.get('content-type')).toBe('application/json')
  return reply.text === '' ? null : JSON.parse(reply.text)
}

/**
 * It takes the first token of `qop`, gives up on a second challenge, and needs an algorithm that it holds an HA1 for.
 */
const challengeAsRead = (reply: Reply) => {
  const value = reply.headers.get('www-authenticate') ?? ''
  expect(value).toStartWith('Digest ')
  expect(value.match(/\b(Digest|Bearer|Basic)\b/g)).toHaveLength(1)
  expect(/qop="([^",]+)/.exec(value)?.[1]).toBe('auth')
  return parseChallenge(value)
}

/**
 * Every request goes out bare first; the second is signed with `nc=00000001`, the query in `uri`, `algorithm` quoted.
 */
const call = async (who: TestAccount, method: string, path: string, body?: unknown) => {
  const headers = { ...APP, from: `sip:${who.username}@${who.domain}` }
  const sent = body === undefined ? {} : { body }
  const first = await t.send(method, path, { headers, ...sent })
  expect(first.status).toBe(401)
  expect(understood(first).message).toMatch(/\S/)
  const parameters = digestParameters(who, challengeAsRead(first), { method, uri: path })
  const written = Object.entries(parameters).map(([name, value]) =>
    name === 'nc' || name === 'qop' ? `${name}=${value}` : `${name}="${value}"`,
  )
  return t.send(method, path, { headers: { ...headers, authorization: `Digest ${written.join(', ')}` }, ...sent })
}

describe('an app since 5.4', () => {
  for (const algorithm of ['MD5', 'SHA-256'] as const) {
    test(`reads and changes its account with ${algorithm}, two requests a call`, async () => {
      const alice = await t.account({ algorithm, activated: false })
      for (const path of ['/api/accounts/me', '/api/accounts/me?a=1', '/api/accounts/me/provision']) {
        const reply = await call(alice, 'GET', path)
        expect([reply.status, understood(reply).username]).toEqual([200, alice.username])
      }
      const change = { algorithm, old_password: alice.password, password: 'another-horse' }
      expect((await call(alice, 'POST', '/api/accounts/me/password', change)).status).toBe(200)
      const changed = { ...alice, password: 'another-horse' }
      const gone = await call(changed, 'DELETE', '/api/accounts/me')
      expect([gone.status, understood(gone)]).toEqual([200, 1])
    })
  }

  test('asks for a token by push and gets a success without a body', async () => {
    const body = { pn_param: 'ABCD.org.example.app.voip', pn_prid: 'a:b', pn_provider: 'fcm' }
    for (const kind of ['account_creation_tokens', 'account_recovery_tokens']) {
      const reply = await t.post(`/api/${kind}/send-by-push`, { headers: APP, body })
      expect([kind, reply.status, reply.text]).toEqual([kind, 200, ''])
    }
  })

  test('asks for a request token without any body, and opens the address that it gets', async () => {
    const reply = await t.post('/api/account_creation_request_tokens', { headers: APP })
    expect(understood(reply).validation_url).toStartWith('http://localhost/creation_token/check/')
    const early = await t.post('/api/account_creation_tokens/using-account-creation-request-token', {
      headers: APP,
      body: { account_creation_request_token: understood(reply).token },
    })
    expect([early.status, typeof understood(early).message]).toEqual([early.status, 'string'])
    expect(early.status).toBeOneOf([404, 422])
  })

  test('makes its account with a token, without naming a domain; errors are lists whose first text it shows', async () => {
    const admin = await t.account({ admin: true })
    const { token } = understood(await t.post('/api/account_creation_tokens', { as: admin }))
    const create = (body: Record<string, string>) =>
      t.post('/api/accounts/with-account-creation-token', { headers: APP, body })
    const words = { account_creation_token: token, algorithm: 'SHA-256', password: 'correct-horse', username: 'Alice!' }
    const refused = await create(words)
    expect(refused.status).toBe(422)
    expect(understood(refused).errors.username[0]).toMatch(/\S/)
    const made = await create({ ...words, username: 'linphone.alice' })
    expect([made.status, understood(made)]).toEqual([
      200,
      expect.objectContaining({ username: 'linphone.alice', domain: 'sip.example.org' }),
    ])
  })

  test('lets an administrator activate with "1" as text, and find accounts with @ as it is', async () => {
    const admin = await t.account({ admin: true })
    const body = { activated: '1', algorithm: 'SHA-256', password: 'correct-horse', username: 'linphone.bob' }
    expect(understood(await t.post('/api/accounts', { as: admin, body })).activated).toBe(true)
    const found = await t.get('/api/accounts/linphone.bob@sip.example.org/search', { as: admin })
    expect(understood(found).username).toBe('linphone.bob')
  })
})

describe('a client of Debian (5.1)', () => {
  test('sends no User-Agent and asks whether an address exists', async () => {
    const alice = await t.account()
    const info = await t.get(`/api/accounts/${alice.username}@sip.example.org/info`)
    expect([info.status, Object.keys(understood(info)).sort()]).toEqual([200, ['activated', 'realm']])
    const nobody = await t.get('/api/accounts/nobody.at.all@sip.example.org/info')
    expect([nobody.status, typeof understood(nobody).message]).toEqual([404, 'string'])
  })
})

describe('Flexisip', () => {
  test('resolves an address with its key, and reads the Spaces as a list with their domains', async () => {
    const admin = await t.account({ admin: true })
    const alice = await t.account()
    const headers = { accept: 'application/json' }
    const reply = await t.get(`/api/resolve/${alice.username}@sip.example.org`, { as: admin, headers })
    expect(understood(reply)).toMatchObject({
      type: 'account',
      payload: { id: alice.id, sip_uri: `sip:${alice.username}@sip.example.org` },
    })
    const spaces = understood(await t.get('/api/spaces', { as: admin, headers }))
    expect(spaces.map(({ domain }: { domain: unknown }) => typeof domain)).toEqual(['string', 'string'])
  })
})
