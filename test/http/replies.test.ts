import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { AppError } from '../../src/errors.ts'
import { refusal } from '../../src/http/errors.ts'
import { negotiateLanguage } from '../../src/messages/messages.ts'
import { type Call, type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let admin: TestAccount
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())

const JSON_TYPE = { 'content-type': 'application/json' }

/** As if it had a defect that every request meets. */
const spoil = ({ parts }: TestApp) =>
  Object.assign(parts.spaces, { byHost: () => Promise.reject(new Error('nobody expected this')) })

describe('every refusal', () => {
  const refusals: [number, string, () => Promise<Reply>][] = [
    [400, 'malformed JSON', () => t.post('/api/accounts', { body: '{', headers: JSON_TYPE })],
    [401, 'nobody', () => t.get('/api/accounts/me')],
    [401, 'a challenge', () => t.get('/api/accounts/me', { headers: { from: 'sip:admin@sip.example.org' } })],
    [401, 'nobody at the root', () => t.get('/provisioning/me')],
    [403, 'a user', async () => t.get('/api/accounts', { as: await t.account() })],
    [404, 'an unknown path', () => t.get('/api/nothing')],
    [404, 'an unknown path at the root', () => t.get('/nothing')],
    [404, 'an unknown token', () => t.get('/provisioning/unknown')],
    [404, 'an unknown account', () => t.get('/api/accounts/999', { as: admin })],
    [404, 'an unknown host', () => t.get('/api/ping', { host: 'unknown.localhost' })],
    [405, 'a wrong method', () => t.send('PATCH', '/api/ping')],
    [413, 'a large body', () => t.post('/api/accounts', { as: admin, body: 'x'.repeat(1_048_577) })],
    [422, 'an empty form', () => t.post('/api/accounts', { as: admin, body: {} })],
    [
      429,
      'too many requests',
      async () => {
        const limited = await testApp({ env: { API_RATE_LIMIT_PER_MINUTE: '1' } })
        await limited.get('/api/ping')
        return limited.get('/api/ping').finally(() => limited.close())
      },
    ],
    [
      500,
      'a defect of ours',
      async () => {
        const broken = await testApp()
        spoil(broken)
        return broken.get('/api/ping').finally(() => broken.close())
      },
    ],
    [
      503,
      'a host outside the root',
      async () => {
        const elsewhere = await testApp({ env: { APP_ROOT_HOST: 'example.com' } })
        return elsewhere.get('/api/ping').finally(() => elsewhere.close())
      },
    ],
  ]
  for (const [status, name, provoke] of refusals) {
    test(`is exactly application/json with a message, and is not kept: ${status} to ${name}`, async () => {
      const reply = await provoke()
      expect(reply.status).toBe(status)
      expect(reply.headers.get('content-type')).toBe('application/json')
      expect(reply.headers.get('cache-control')).toBe('no-cache, private')
      expect(reply.headers.get('vary')).toBe('Accept-Language')
      expect(reply.headers.get('content-language')).toBe('en')
      expect(Object.keys(reply.json)).toEqual(status === 422 ? ['message', 'errors'] : ['message'])
      expect(reply.json.message).toMatch(/\S/)
    })
  }

  test('of a defect of ours says nothing about it but a number that the log knows', async () => {
    const broken = await testApp()
    spoil(broken)
    const reply = await broken.get('/api/accounts/me')
    await broken.close()
    expect(reply.text).toBe('{"message":"Server Error"}')
    const id = reply.headers.get('x-request-id') ?? 'none'
    expect(broken.logged(id)).toHaveLength(1)
  })

  test('counts what is behind its first message', async () => {
    const body = async (fields: [string, number][]) => {
      const messages = fields.map(([name, count]) => [name, Array(count).fill({ id: 'v.string' })] as const)
      const error = new AppError('invalid', 'errors.invalid', { fields: new Map(messages) })
      return ((await refusal(error, 'en').json()) as { message: string }).message
    }
    await expect(body([['value', 1]])).resolves.toBe('The value must be text.')
    await expect(body([['value', 2]])).resolves.toBe('The value must be text. (and 1 more error)')
    await expect(
      body([
        ['value', 1],
        ['name', 2],
      ]),
    ).resolves.toBe('The value must be text. (and 2 more errors)')
  })
})

describe('a route', () => {
  test('that does not exist is 404 for every method', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const path of ['/api/nothing', '/nothing', '/api/accounts/1/nothing/more', '/api//ping', '//api/ping']) {
        expect([method, path, (await t.send(method, path, { as: admin })).status]).toEqual([method, path, 404])
      }
    }
  })

  test('asked with a wrong method names the right ones, whoever asks', async () => {
    const table: [string, string, string][] = [
      ['PATCH', '/api/ping', 'GET, HEAD'],
      ['POST', '/api/ping/', 'GET, HEAD'],
      ['PATCH', '/api/accounts', 'GET, HEAD, POST'],
      ['DELETE', '/api/accounts/', 'GET, HEAD, POST'],
      ['PATCH', '/api/accounts/5', 'DELETE, GET, HEAD, PUT'],
      ['PUT', '/api/accounts/5/activate', 'GET, HEAD, POST'],
      ['POST', '/provisioning', 'GET, HEAD'],
      ['POST', '/provisioning/abc', 'GET, HEAD'],
      ['OPTIONS', '/provisioning', 'GET, HEAD'],
      ['HEAD', '/api/account_creation_tokens', 'POST'],
      ['DELETE', '/api/spaces', 'GET, HEAD, POST'],
    ]
    for (const [method, path, allowed] of table) {
      const reply = await t.send(method, path)
      expect([method, path, reply.status]).toEqual([method, path, 405])
      expect(reply.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allowed)
    }
  })

  test('answers with a slash at its end too', async () => {
    for (const path of [
      '/api/ping',
      '/api/accounts',
      '/api/accounts/me',
      `/api/accounts/${admin.id}`,
      '/provisioning',
    ]) {
      expect([path, (await t.get(`${path}/`, { as: admin })).status]).toEqual([path, 200])
    }
  })

  test('does not mind what the client says it accepts', async () => {
    for (const accept of ['text/html', '*/*', 'application/xml', 'nonsense', '']) {
      const reply = await t.get('/api/accounts', { as: admin, headers: { accept } })
      expect([accept, reply.status, reply.headers.get('content-type')]).toEqual([accept, 200, 'application/json'])
      const refused = await t.post('/api/accounts', { as: admin, body: {}, headers: { accept } })
      expect([accept, refused.status]).toEqual([accept, 422])
    }
  })

  test('reads percent-encoding once, and the letters of addresses as they come', async () => {
    const { username } = await t.account({ username: 'percent.bob' })
    for (const [path, status] of [
      [`/api/accounts/${username}@sip.example.org/search`, 200],
      [`/api/accounts/${username}%40sip.example.org/search`, 200],
      [`/api/accounts/sip:${username}@sip.example.org/search`, 200],
      [`/api/accounts/percent%2ebob%40sip.example.org/search`, 200],
      [`/api/accounts/${username}%2540sip.example.org/search`, 404],
    ] as const) {
      expect([path, (await t.get(path, { as: admin })).status]).toEqual([path, status])
    }
  })

  test('is never broken by a strange path', async () => {
    for (const path of [
      '/api/accounts/%zz',
      '/api/accounts/%',
      '/api/accounts/%ff%fe',
      '/api/accounts/%00',
      '/api/accounts/%c0%ae',
      '/provisioning/%E0%A4%A',
      '/provisioning/%2e%2e%2fetc',
      '/%2e%2e/etc',
      '/api/accounts/1e3',
      '/api/accounts/0x1',
      '/api/accounts/-1',
      '/api/accounts/1.5',
      '/api/accounts/99999999999999999999',
      '/api/accounts/2147483648',
      '/api/accounts/%E2%80%AE',
      `/api/accounts/${'x'.repeat(15_000)}`,
      `/provisioning/${'x'.repeat(15_000)}`,
      `/api/accounts?${'page=1&'.repeat(2000)}`,
      '/api/accounts?page=%zz&%=&=',
    ]) {
      const reply = await t.get(path, { as: admin })
      const expected = path.includes('?') ? 200 : 404
      expect([path.slice(0, 40), reply.status]).toEqual([path.slice(0, 40), expected])
      expect(reply.headers.get('content-type')).toBe('application/json')
    }
  })
})

describe('a reply', () => {
  test('is exactly application/json when it is JSON, and text/plain when it is text', async () => {
    const { headers } = await t.get('/api/accounts/me', { as: admin })
    expect([headers.get('content-type'), headers.get('cache-control')]).toEqual([
      'application/json',
      'no-cache, private',
    ])
    const ping = await t.get('/api/ping')
    expect([ping.text, ping.headers.get('content-type')]).toEqual(['pong', 'text/plain; charset=utf-8'])
  })

  test('that depends on the language names it, and every reply says that it might', async () => {
    for (const [language, next] of [
      ['en', 'Next &raquo;'],
      ['fr', 'Suivant &raquo;'],
    ] as const) {
      const list = await t.get('/api/accounts', { as: admin, headers: { 'accept-language': language } })
      expect([list.headers.get('content-language'), list.json.links.at(-1).label]).toEqual([language, next])
      expect(list.headers.get('vary')).toBe('Accept-Language')
    }
    const ping = await t.get('/api/ping', { headers: { 'accept-language': 'fr' } })
    expect([ping.headers.get('content-language'), ping.headers.get('vary')]).toEqual([null, 'Accept-Language'])
  })

  test('speaks French to whoever asks: names of fields, counts and refusals', async () => {
    const french: Call = { headers: { 'accept-language': 'fr-CH, fr;q=0.9, en;q=0.5' } }
    const reply = await t.post('/api/accounts', { as: admin, body: {}, ...french })
    expect(reply.headers.get('content-language')).toBe('fr')
    expect(reply.json.errors.username[0]).toContain('pseudo')
    expect(reply.json.errors.password[0]).toContain('mot de passe')
    expect(reply.json.message).toEndWith(' (et 2 autres erreurs)')
    const refusals = [
      await t.get('/api/nothing', french),
      await t.get('/api/accounts/me', french),
      await t.send('PATCH', '/api/ping', french),
      await t.get('/api/ping', { host: 'unknown.localhost', ...french }),
    ]
    for (const { status, headers, json } of refusals) {
      const english = { 401: 'Authenticate', 404: 'Nothing', 405: 'This method' }[status] ?? ''
      expect([headers.get('content-language'), json.message.startsWith(english) && english !== '']).toEqual([
        'fr',
        false,
      ])
    }
    const malformed = await t.post('/api/accounts', { body: '{', headers: { ...JSON_TYPE, ...french.headers } })
    expect(malformed.json.message).not.toContain('{reason}')
  })
})

describe('Accept-Language', () => {
  const table: [string | null, 'en' | 'fr'][] = [
    [null, 'en'],
    ['', 'en'],
    ['fr', 'fr'],
    ['FR', 'fr'],
    ['fr_FR', 'fr'],
    ['fr-CA', 'fr'],
    ['en-GB', 'en'],
    ['de', 'en'],
    ['*', 'en'],
    ['de, fr;q=0.3', 'fr'],
    ['en;q=0.1, fr;q=0.9', 'fr'],
    ['fr-CA, en;q=0.5', 'fr'],
    ['fr;q=0, en', 'en'],
    ['fr;q=0', 'en'],
    ['french', 'en'],
    ['fr;q=nonsense, en', 'fr'],
    [';;;,=,fr', 'fr'],
    [`fr,${'x'.repeat(2000)}`, 'en'],
  ]
  for (const [header, language] of table) {
    test(`${JSON.stringify(header)?.slice(0, 30)} means ${language}`, () => {
      expect(negotiateLanguage(header)).toBe(language)
    })
  }
})

describe('what decides', () => {
  const weak = { username: 'bob', password: 'abc', algorithm: 'MD5' }

  test('is named to administrators, where it is a setting of the server', async () => {
    const admin = await t.account({ admin: true })
    const { status, json } = await t.post('/api/accounts', { as: admin, body: weak })
    expect([status, json.settings]).toEqual([422, ['ACCOUNT_USERNAME_MIN_LENGTH', 'ACCOUNT_PASSWORD_MIN_LENGTH']])
    expect(json.errors.username).toEqual(['The username must be at least 6 characters.'])
    const turn = await t.get('/api/accounts/me/services/turn', { as: admin })
    expect([turn.status, turn.json.settings]).toEqual([404, ['COTURN_SERVER_HOST']])
  })

  test('is nothing that strangers and users are told', async () => {
    const body = { ...weak, account_creation_token: 'unknown' }
    const stranger = await t.post('/api/accounts/with-account-creation-token', { body })
    expect([stranger.status, stranger.json.settings]).toEqual([422, undefined])
    const turn = await t.get('/api/accounts/me/services/turn', { as: await t.account() })
    expect([turn.status, turn.json]).toEqual([404, { message: 'No TURN server is configured.' }])
  })

  test('is a setting that there is', async () => {
    const { settings } = await import('../../src/config/settings.ts')
    const sources = new Bun.Glob('src/**/*.ts').scan({ cwd: join(import.meta.dir, '../..') })
    const named: string[] = []
    for await (const file of sources) {
      const text = await Bun.file(join(import.meta.dir, '../..', file)).text()
      named.push(...[...text.matchAll(/setting: '([A-Z_]+)'/g)].map(([, name = '']) => name))
    }
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !Object.hasOwn(settings, name))).toEqual([])
  })
})

test('an id that is none is nobody’s, and the reply says what is not there', async () => {
  const admin = await t.account({ admin: true })
  for (const [path, message] of [
    ['/api/accounts/abc', 'No such account.'],
    ['/api/accounts/0', 'No such account.'],
    ['/api/accounts/99999999999/dictionary', 'No such account.'],
    ['/api/contacts_lists/abc', 'No such contacts list.'],
    ['/api/account_types/1.5', 'No such account type.'],
  ]) {
    const { status, json } = await t.get(path ?? '', { as: admin })
    expect([path, status, json]).toEqual([path, 404, { message }])
  }
})
