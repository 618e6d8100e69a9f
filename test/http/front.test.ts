import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Call, type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let admin: TestAccount
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())

/** The same with other settings, for one test. */
const withSettings = async (env: Record<string, string>, prove: (app: TestApp) => Promise<void>) => {
  const app = await testApp({ env })
  await prove(app).finally(() => app.close())
}

/** Resolution concerns every URL, with or without a route behind it. */
const EVERYWHERE = ['/api/ping', '/api/accounts', '/provisioning', '/provisioning/abc', '/', '/nothing']

describe('the Space of a request', () => {
  test('is needed everywhere: a host that is not configured gets 404', async () => {
    for (const host of ['unknown.localhost', 'sip.example.org', '127.0.0.1', 'localhost.']) {
      for (const path of EVERYWHERE) {
        const reply = await t.get(path, { headers: { host } })
        expect([host, path, reply.status, reply.headers.get('content-type')]).toEqual([
          host,
          path,
          404,
          'application/json',
        ])
      }
    }
  })

  test('is nobody’s where the Host is no host: 400 everywhere, also to a person', async () => {
    for (const host of ['localhost, other.localhost', '', ':x', 'a b', '[::1', 'localhost:99999', 'é', 'a/b', '[1]']) {
      for (const path of EVERYWHERE) {
        const reply = await t.get(path, { headers: { host, 'accept-language': 'fr' } })
        expect([host, path, reply.status]).toEqual([host, path, 400])
        expect([reply.headers.get('content-type'), reply.json.message]).toEqual([
          'application/json',
          'L’en-tête Host de cette requête n’est ni un nom ni une adresse.',
        ])
      }
    }
    const page = await t.get('/', { headers: { host: ':x', accept: 'text/html' } })
    expect([page.status, page.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8'])
  })

  test('must lie under APP_ROOT_HOST, by a dot: 503', () =>
    withSettings({ APP_ROOT_HOST: 'example.com' }, async (app) => {
      for (const [domain, host, status] of [
        ['sip.evil.org', 'evil-example.com', 503],
        ['sip.longer.org', 'example.com.evil.org', 503],
        ['sip.good.org', 'good.example.com', 200],
        ['sip.root.org', 'example.com', 200],
      ] as const) {
        await app.space({ domain, host })
        expect([host, (await app.get('/api/ping', { host })).status]).toEqual([host, status])
      }
    }))

  test('must not have expired, today counts: 403, also for its administrators', async () => {
    const expireAt = new Date('2026-06-02T00:00:00Z')
    const space = await t.space({ domain: 'sip.gone.org', host: 'gone.localhost', expireAt })
    const ask = async (call: Call = {}) => (await t.get('/api/accounts', { host: 'gone.localhost', ...call })).status
    const before = t.clock.now
    t.clock.now = new Date(expireAt.getTime() - 1)
    const bob = await t.account({ space, admin: true })
    expect(await ask({ as: bob })).toBe(200)
    t.clock.now = expireAt
    for (const call of [{ as: bob }, { as: admin }, {}]) expect(await ask(call)).toBe(403)
    const reply = await t.get('/provisioning', { host: 'gone.localhost' })
    expect([reply.status, reply.headers.get('content-type')]).toEqual([403, 'application/json'])
    t.clock.now = before
  })

  test('is found by its host without the port, whatever the case', async () => {
    for (const host of ['localhost', 'localhost:8080', 'LOCALHOST', 'LocalHost:1']) {
      expect([host, (await t.get('/api/ping', { headers: { host } })).status]).toEqual([host, 200])
    }
  })

  test('may be an address', () =>
    withSettings({ APP_ROOT_HOST: '192.168.1.10' }, async (app) => {
      await app.space({ domain: 'sip.home.org', host: '192.168.1.10' })
      expect((await app.get('/api/ping', { headers: { host: '192.168.1.10:8080' } })).status).toBe(200)
    }))

  test('refuses in the visitor’s language', async () => {
    const reply = await t.get('/api/ping', { host: 'unknown.localhost', headers: { 'accept-language': 'fr' } })
    expect([reply.status, reply.headers.get('content-language')]).toEqual([404, 'fr'])
    expect(reply.json.message).toContain('unknown.localhost')
  })

  test('is not needed to say that the server is up', async () => {
    for (const host of ['localhost', 'unknown.localhost', '192.0.2.1:8080', '']) {
      const reply = await t.get('/up', { headers: { host } })
      expect([host, reply.status, reply.json]).toEqual([host, 200, { status: 'up' }])
      expect(reply.headers.get('content-type')).toBe('application/json')
    }
  })

  test('comes from a forwarding header only behind a trusted proxy', async () => {
    const headers = { 'x-forwarded-host': 'other.localhost', 'x-forwarded-proto': 'https' }
    const bob = await t.account({ space: t.other, admin: true })
    expect((await t.get('/api/accounts', { as: bob, headers, address: '10.0.0.1' })).status).toBe(403)
    await withSettings({ TRUSTED_PROXIES: '10.0.0.0/8' }, async (app) => {
      const carol = await app.account({ space: app.other, admin: true })
      const list = (address: string) => app.get('/api/accounts', { as: carol, headers, address })
      expect((await list('192.0.2.1')).status).toBe(403)
      const reply = await list('::ffff:10.0.0.1')
      expect([reply.status, reply.json.path]).toEqual([200, 'https://other.localhost/api/accounts'])
    })
  })
})

describe('a link', () => {
  const path = async (app: TestApp, who: TestAccount, call: Call = {}) =>
    (await app.get('/api/accounts', { as: who, ...call })).json.path

  test('has the host of the Space’s row and never a port that nobody configured', async () => {
    expect(await path(t, admin, { headers: { host: 'LOCALHOST:6666' } })).toBe('http://localhost/api/accounts')
    expect(await path(t, admin, { headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-port': '1' } })).toBe(
      'http://localhost/api/accounts',
    )
  })

  test('has the scheme and the port that the settings name, however it was asked for', () =>
    withSettings({ PUBLIC_SCHEME: 'https', PUBLIC_PORT: '6666', TRUSTED_PROXIES: '192.0.2.7' }, async (app) => {
      const bob = await app.account({ admin: true })
      for (const headers of [{ host: 'localhost:6666' }, { host: 'localhost' }, { 'x-forwarded-proto': 'http' }]) {
        expect(await path(app, bob, { headers })).toBe('https://localhost:6666/api/accounts')
      }
    }))

  test('has the scheme that a trusted proxy says, and never a port that it says or lets through', () =>
    withSettings({ TRUSTED_PROXIES: '192.0.2.7' }, async (app) => {
      const bob = await app.account({ admin: true })
      const through = (more: Record<string, string>) =>
        path(app, bob, { headers: { host: 'localhost', 'x-forwarded-proto': 'https', ...more } })
      for (const more of [
        {},
        { host: 'localhost:9443' },
        { 'x-forwarded-port': '8443' },
        { 'x-forwarded-host': 'localhost:9443' },
        { 'x-forwarded-port': '80@evil.example/' },
      ]) {
        expect([more, await through(more)]).toEqual([more, 'https://localhost/api/accounts'])
      }
    }))

  test('in a mail is on no port that whoever asked for it has named', () =>
    withSettings(
      { TRUSTED_PROXIES: '192.0.2.7', MAIL_HOST: 'mail.example', MAIL_FROM_ADDRESS: 'a@mail.example' },
      async (app) => {
        const [bob, root] = [await app.account({ email: 'bob@mail.example' }), await app.account({ admin: true })]
        const headers = { host: 'localhost:666', 'x-forwarded-proto': 'https', 'x-forwarded-port': '667' }
        expect(
          (await app.post(`/api/accounts/${bob.id}/send_reset_password_email`, { as: root, headers })).status,
        ).toBe(200)
        const [message] = await app.messages()
        expect(message?.data?.link).toStartWith('https://localhost/reset_password/')
      },
    ))
})

describe('under BASE_PATH', () => {
  test('every route answers, the digest uri may hold it, and links do', () =>
    withSettings({ BASE_PATH: '/panel' }, async (app) => {
      const bob = await app.account({ username: 'bob', admin: true })
      for (const path of ['/panel/api/ping', '/api/ping', '/panel/up', '/panel/provisioning']) {
        expect([path, (await app.get(path)).status]).toEqual([path, 200])
      }
      for (const path of ['/panel', '/panelapi/ping', '/panel/panel/api/ping']) {
        expect([path, [302, 404].includes((await app.get(path)).status)]).toEqual([path, true])
      }
      expect((await app.digest(bob, 'GET', '/panel/api/accounts/me')).status).toBe(200)
      expect((await app.digest(bob, 'GET', '/panel/api/accounts?page=1')).status).toBe(200)
      // A proxy that takes the path away leaves the client's signature as it was.
      const signed = await app.digest(bob, 'GET', '/api/accounts/me', {
        change: (parameters) => parameters,
      })
      expect(signed.status).toBe(200)
      const list = await app.get('/panel/api/accounts', { as: bob })
      expect(list.json.path).toBe('http://localhost/panel/api/accounts')
      const body = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5' }
      expect((await app.post('/panel/api/accounts', { as: bob, body })).status).toBe(200)
    }))
})

describe('scripts of other origins', () => {
  const ORIGIN = { origin: 'https://app.example' }

  test('may ask beforehand, on any path of the API and any host', async () => {
    for (const path of ['/api/accounts', '/api/nothing', '/api']) {
      const headers = {
        ...ORIGIN,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'x-api-key',
      }
      const reply = await t.send('OPTIONS', path, { host: 'unknown.localhost', headers })
      expect([reply.status, reply.text]).toEqual([204, ''])
      expect(reply.headers.get('access-control-allow-origin')).toBe('*')
      expect(reply.headers.get('access-control-allow-headers')).toBe('x-api-key')
      expect(reply.headers.get('access-control-allow-methods')).toContain('PUT')
      expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  test('may read every reply of the API, refusals included, and never with cookies', async () => {
    for (const call of [{ as: admin }, {}, { host: 'unknown.localhost' }]) {
      const reply = await t.get('/api/accounts', { ...call, headers: ORIGIN })
      expect(reply.headers.get('access-control-allow-origin')).toBe('*')
      expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  test('may be narrowed to one origin', () =>
    withSettings({ CORS_ALLOW_ORIGIN: ORIGIN.origin }, async (app) => {
      for (const reply of [
        await app.get('/api/ping'),
        await app.get('/api/accounts'),
        await app.get('/api/ping', { host: 'unknown.localhost' }),
        await app.send('OPTIONS', '/api/ping'),
        // Programs are refused outside of the API as well.
        await app.get('/provisioning/unknown', { headers: { 'x-linphone-provisioning': '1' } }),
        await app.get('/contacts/vcard'),
        await app.get('/nothing/here'),
        await app.get('/provisioning/me', { host: 'unknown.localhost' }),
      ]) {
        expect(reply.headers.get('access-control-allow-origin')).toBe(ORIGIN.origin)
      }
    }))
})
