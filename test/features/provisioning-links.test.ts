import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Space } from '../../src/nouns/space.ts'
import { type Call, type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { hasProgram } from '../support/executable.ts'
import { words } from '../support/page.ts'

// Who may open a provisioning link, how often, and what people and programs see that only look
// (behaviour/provisioning.md §4).

let t: TestApp
let admin: TestAccount
let carol: TestAccount
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin', admin: true })
  carol = await t.account({ username: 'carol', activated: false })
}
const restart = async (env: Record<string, string>) => {
  await t.close()
  await start(env)
}
beforeEach(() => start())
afterEach(() => t.close())

const HEADER = { 'x-linphone-provisioning': '1' }
const BROWSER = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' }
const tokenOf = async (account = carol): Promise<string> =>
  (
    await t.get('/api/accounts/me', {
      as: account,
      host: account.domain === 'sip.other.org' ? 'other.localhost' : 'localhost',
    })
  ).json.provisioning_token
const isActivated = async (id = carol.id) =>
  (await t.db.read.select().from(t.db.tables.accounts)).find((row) => row.id === id)?.activated
const hashOf = async (id = carol.id) =>
  (await t.db.read.select().from(t.db.tables.passwords)).find((row) => row.accountId === id)?.password
const changeSpaces = async (columns: Partial<Space>) => {
  const { digest: _, carddavServers: __, ...plain } = columns
  await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set(plain).returning())
  t.parts.spaces.forget()
}
/** An auth token that carol has attached herself to. */
const attached = async (): Promise<string> => {
  const { token } = (await t.post('/api/accounts/auth_token')).json
  await t.get(`/api/accounts/auth_token/${token}/attach`, { as: carol })
  return token
}
const unchanged = async (work: () => Promise<unknown>) => {
  const before = await t.snapshot()
  await work()
  expect(await t.snapshot()).toBe(before)
}
const isRefusal = ({ status, json, headers }: Reply) =>
  status >= 400 && typeof json?.message === 'string' && headers.get('content-type') === 'application/json'

/** People read of links, not of tokens. */
const isPage = (reply: Reply) =>
  reply.headers.get('content-type') === 'text/html; charset=utf-8' &&
  reply.text.includes('<h1>') &&
  !words(reply).includes('token')

describe('a provisioning link refuses', () => {
  test('what is no token of the account’s Space, in JSON, and changes nothing', async () => {
    const used = await tokenOf()
    await t.get(`/provisioning/${used}`)
    const foreign = await tokenOf(await t.account({ space: t.other }))
    const older = await tokenOf(admin)
    await t.get('/api/accounts/me/provision', { as: admin })
    await unchanged(async () => {
      for (const token of [
        '1234',
        'x'.repeat(13),
        'x'.repeat(5000),
        used,
        foreign,
        older,
        used.toLowerCase() === used ? used.toUpperCase() : used.toLowerCase(),
        `${used} `,
        "'; drop table",
        '🙂'.repeat(13),
        '%2e%2e',
        'null',
      ]) {
        for (const path of [
          `/provisioning/${encodeURIComponent(token)}`,
          `/provisioning/qrcode/${encodeURIComponent(token)}`,
        ]) {
          for (const headers of [{}, HEADER, { 'sec-purpose': 'prefetch' }, { accept: 'application/json' }]) {
            const reply = await t.get(path, { headers })
            expect([path, headers, reply.status, isRefusal(reply)]).toEqual([path, headers, 404, true])
          }
          for (const headers of [BROWSER, { accept: 'text/html' }, { accept: 'image/png, text/html;q=0.9' }]) {
            const reply = await t.get(path, { headers })
            expect([path, headers, reply.status, isPage(reply)]).toEqual([path, headers, 404, true])
          }
          expect((await t.send('HEAD', path)).status).toBe(404)
        }
      }
    })
  })

  test('an old one to the millisecond, wherever it is shown, and says that it has expired', async () => {
    await restart({ APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: '10' })
    const token = await tokenOf()
    const paths = [`/provisioning/${token}`, `/provisioning/qrcode/${token}`]
    t.clock.now = new Date('2026-06-01T12:10:00.001Z')
    await unchanged(async () => {
      for (const path of paths) {
        const reply = await t.get(path)
        expect([reply.status, isRefusal(reply), reply.json.message]).toEqual([
          404,
          true,
          'This provisioning token has expired.',
        ])
        expect(isPage(await t.get(path, { headers: BROWSER }))).toBe(true)
        expect((await t.send('HEAD', path)).status).toBe(404)
      }
    })
    const page = await t.get(paths[0] ?? '', { headers: { ...BROWSER, 'accept-language': 'fr' } })
    expect([page.status, page.text.includes('Ce lien a expiré')]).toEqual([410, true])
    t.clock.now = new Date('2026-06-01T12:10:00.000Z')
    expect((await t.get(paths[1] ?? '')).status).toBe(200)
    expect((await t.get(paths[0] ?? '')).status).toBe(200)
  })

  test('a blocked account’s with 403, and for good: unblocking gives the account another one', async () => {
    const token = await tokenOf()
    const auth = await attached()
    await t.post(`/api/accounts/${carol.id}/block`, { as: admin })
    await unchanged(async () => {
      for (const path of [token, `qrcode/${token}`, `auth_token/${auth}`]) {
        expect([path, (await t.get(`/provisioning/${path}`)).status]).toEqual([path, 403])
      }
      expect((await t.get('/provisioning/me', { as: carol })).status).toBe(403)
    })
    const fresh = (await t.post(`/api/accounts/${carol.id}/unblock`, { as: admin })).json.provisioning_token
    expect((await t.get(`/provisioning/${token}`)).status).toBe(404)
    expect((await t.get(`/provisioning/auth_token/${auth}`)).status).toBe(404)
    expect((await t.get(`/provisioning/${fresh}`)).status).toBe(200)
  })

  test('any other method', async () => {
    const token = await tokenOf()
    await unchanged(async () => {
      for (const path of ['', '/me', `/${token}`, `/qrcode/${token}`, '/documentation']) {
        for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
          const reply = await t.send(method, `/provisioning${path}`, { headers: HEADER, as: carol })
          expect([path, method, reply.status, reply.headers.get('allow')]).toEqual([path, method, 405, 'GET, HEAD'])
        }
      }
    })
  })
})

describe('a provisioning link', () => {
  test('answers a phone with XML and nothing else: no cookie, nothing to keep', async () => {
    const reply = await t.get(`/provisioning/${await tokenOf()}`, { headers: { ...HEADER, from: 'sip:x@y.z' } })
    expect([reply.status, reply.headers.get('content-type'), reply.headers.get('cache-control')]).toEqual([
      200,
      'application/xml',
      'no-store, private',
    ])
    expect(reply.headers.get('set-cookie')).toBeNull()
    expect(reply.headers.get('content-encoding')).toBeNull()
    const plain = await t.get('/provisioning')
    expect([plain.headers.get('content-type'), plain.headers.get('cache-control')]).toEqual([
      'application/xml',
      'no-cache, private',
    ])
  })

  test('activates; one’s own document and an auth token do not', async () => {
    await t.get('/provisioning/me', { as: carol })
    await t.get(`/provisioning/auth_token/${await attached()}`)
    expect(await isActivated()).toBe(false)
    await t.get(`/provisioning/${await tokenOf()}`)
    expect(await isActivated()).toBe(true)
  })

  test('that an administrator renews works, and the one before does not', async () => {
    const older = await tokenOf()
    const newer = (await t.get(`/api/accounts/${carol.id}/provision`, { as: admin })).json.provisioning_token
    expect((await t.get(`/provisioning/${older}`)).status).toBe(404)
    expect((await t.get(`/provisioning/${newer}`)).text).toContain('ha1')
    // Nor does it come back to life when the newer one is spent.
    expect((await t.get(`/provisioning/${older}`)).status).toBe(404)
  })

  test('works with a slash at its end', async () => {
    expect((await t.get('/provisioning/')).status).toBe(200)
    expect((await t.get(`/provisioning/${await tokenOf()}/`)).text).toContain('ha1')
    expect((await t.get('/provisioning/me/', { as: carol })).text).toContain('ha1')
  })

  test('of an auth token is there once, and does not ask for the header', async () => {
    const token = await attached()
    await changeSpaces({ provisioningUseLinphoneProvisioningHeader: true })
    const reply = await t.get(`/provisioning/auth_token/${token}`)
    expect([reply.status, reply.text.includes('ha1'), reply.headers.get('cache-control')]).toEqual([
      200,
      true,
      'no-store, private',
    ])
    expect(await t.db.read.select().from(t.db.tables.authTokens)).toEqual([])
    expect((await t.get(`/provisioning/auth_token/${token}`)).status).toBe(404)
  })
})

describe('whoever only looks', () => {
  const LOOKS: [string, Record<string, string>][] = [
    ['a browser', BROWSER],
    ['a browser that looks ahead', { 'sec-purpose': 'prefetch' }],
    ['a browser that draws ahead', { 'sec-purpose': 'prefetch;prerender' }],
    ['an older browser', { purpose: 'prefetch' }],
    ['a preview', { purpose: 'preview' }],
    ['a mail scanner', { accept: '*/*, text/html;q=0.5', 'user-agent': 'scanner' }],
    ['a browser of old', { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }],
    ['a prefetch that carries our header', { ...HEADER, 'sec-purpose': 'prefetch' }],
  ]

  test('sees a page without a script and spends nothing, with or without the header rule', async () => {
    const token = await tokenOf()
    for (const rule of [false, true]) {
      await changeSpaces({ provisioningUseLinphoneProvisioningHeader: rule })
      await unchanged(async () => {
        for (const [who, headers] of LOOKS) {
          const reply = await t.get(`/provisioning/${token}?reset_password`, { headers })
          expect([who, reply.status, reply.headers.get('content-type')]).toEqual([who, 200, 'text/html; charset=utf-8'])
          expect(reply.text).toContain(`href="linphone-config:http://localhost/provisioning/${token}?reset_password=1"`)
          expect(reply.text).toContain(`src="/provisioning/qrcode/${token}?reset_password=1"`)
          expect(reply.text).not.toMatch(/<script|ha1|\son\w+=|style=/)
          expect(reply.headers.get('cache-control')).toBe('no-store, private')
          expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
          const policy = reply.headers.get('content-security-policy') ?? ''
          expect([
            policy.includes("default-src 'none'"),
            policy.includes('script-src'),
            policy.includes('unsafe'),
          ]).toEqual([true, false, false])
        }
        const head = await t.send('HEAD', `/provisioning/${token}`, { headers: HEADER })
        expect([head.status, head.text, head.headers.get('content-type'), head.headers.get('cache-control')]).toEqual([
          200,
          '',
          'application/xml',
          'no-store, private',
        ])
      })
    }
    const app = { ...BROWSER, accept: 'text/html', ...HEADER }
    expect((await t.get(`/provisioning/${token}`, { headers: app })).text).toContain('ha1')
  })

  test('is told what to do in an app that has the account already, once there can be one', async () => {
    const words = 'remove the account in the app first'
    const look = async () => (await t.get(`/provisioning/${await tokenOf()}`, { headers: BROWSER })).text
    expect(await look()).not.toContain(words)
    await t.get(`/provisioning/${await tokenOf()}`)
    await t.get('/api/accounts/me/provision', { as: carol })
    expect(await look()).toContain(words)
    const wizard = await t.get(`/wizard/${await tokenOf()}`, { headers: BROWSER })
    expect(wizard.text).toContain(words)
    const body = { provisioning_account_id: carol.id }
    const { token } = (await t.post('/api/wizard', { as: admin, body })).json
    expect((await t.get(`/wizard/${token}`, { headers: BROWSER })).text).toContain(words)
  })

  test('at a link of before, of whatever kind, reads a page about links, in either language', async () => {
    const used = await tokenOf()
    const auth = await attached()
    await t.get(`/provisioning/${used}`)
    await t.get(`/provisioning/auth_token/${auth}`)
    const { token: opened } = (await t.post('/api/wizard', { as: admin, body: {} })).json
    await t.db.transaction((tx) => tx.update(t.db.tables.wizards).set({ usedAt: t.clock.now }).returning())
    const paths = [used, `auth_token/${auth}`, `qrcode/${used}`, 'x'].map((path) => `/provisioning/${path}`)
    for (const path of [...paths, `/wizard/${used}`, `/wizard/${opened}`, '/wizard/x', '/wizard/xxxxxxxx']) {
      for (const [headers, words] of [
        [BROWSER, /This link was used before|This link does not work/],
        [{ accept: 'text/html', 'accept-language': 'fr' }, /Ce lien a déjà servi|Ce lien ne fonctionne pas/],
      ] as const) {
        const reply = await t.get(path, { headers })
        expect([path, isPage(reply), words.test(reply.text)]).toEqual([path, true, true])
      }
    }
  })

  test('at an auth token sees a page as well, which has no picture', async () => {
    const token = await attached()
    await unchanged(async () => {
      for (const [who, headers] of LOOKS) {
        const reply = await t.get(`/provisioning/auth_token/${token}`, { headers })
        expect([who, reply.status, reply.text.includes('<img')]).toEqual([who, 200, false])
        expect(reply.text).toContain(`href="linphone-config:http://localhost/provisioning/auth_token/${token}"`)
      }
      expect((await t.send('HEAD', `/provisioning/auth_token/${token}`)).status).toBe(200)
    })
    expect((await t.get(`/provisioning/auth_token/${token}`)).text).toContain('ha1')
  })

  test('reads it in a language of theirs', async () => {
    const token = await tokenOf()
    for (const [wanted, language, words] of [
      ['fr-CA,fr;q=0.9', 'fr', 'Configurez votre téléphone'],
      ['de', 'en', 'Set up your phone'],
      ['', 'en', 'Set up your phone'],
    ] as const) {
      const headers = { ...BROWSER, 'accept-language': wanted }
      const reply = await t.get(`/provisioning/${token}`, { headers })
      expect(reply.text).toContain(`<html lang="${language}">`)
      expect([reply.text.includes(words), reply.headers.get('content-language')]).toEqual([true, language])
      expect(reply.headers.get('vary')).toContain('Accept-Language')
    }
  })

  test('finds the picture and the link below the base path', async () => {
    await restart({ BASE_PATH: '/provisioning/x' })
    const token = await tokenOf()
    const reply = await t.get(`/provisioning/x/provisioning/${token}`, { headers: BROWSER })
    const [, picture = ''] = /<img[^>]*src="([^"]+)"/.exec(reply.text) ?? []
    const [, style = ''] = /<link[^>]*href="([^"]+\.css)"/.exec(reply.text) ?? []
    expect(picture).toBe(`/provisioning/x/provisioning/qrcode/${token}`)
    expect((await t.get(picture)).headers.get('x-qrcode-url')).toBe(
      `http://localhost/provisioning/x/provisioning/${token}`,
    )
    expect((await t.get(style)).headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(reply.text).toContain(`linphone-config:http://localhost/provisioning/x/provisioning/${token}`)
    expect((await t.get('/provisioning/x/provisioning')).text).toContain(
      'http://localhost/provisioning/x/contacts/vcard',
    )
  })

  test('is led to the Space’s host, whatever the request called it', async () => {
    const headers = { ...BROWSER, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    const reply = await t.get(`/provisioning/${await tokenOf()}`, { headers })
    expect([reply.text.includes('evil'), reply.text.includes('https://localhost')]).toEqual([false, false])
  })
})

describe('the X-Linphone-Provisioning header, where a Space demands it', () => {
  test('is missed before anything is looked at, but after who asks', async () => {
    const token = await tokenOf()
    await changeSpaces({ provisioningUseLinphoneProvisioningHeader: true })
    await unchanged(async () => {
      for (const path of ['', `/${token}`, '/unknown', `/${token}?reset_password`]) {
        const reply = await t.get(`/provisioning${path}`)
        expect([path, reply.status, isRefusal(reply)]).toEqual([path, 400, true])
        expect((await t.send('HEAD', `/provisioning${path}`)).status).toBe(400)
      }
      expect((await t.get('/provisioning/me')).status).toBe(401)
      expect((await t.get('/provisioning/me?reset_password', { as: carol })).status).toBe(400)
      for (const path of [`qrcode/${token}`, 'documentation']) {
        expect((await t.get(`/provisioning/${path}`)).status).toBe(200)
      }
    })
    // A digest that was right is spent, on PostgreSQL as a row.
    expect((await t.digest(carol, 'GET', '/provisioning/me')).status).toBe(400)
    for (const value of ['', '0', 'no']) {
      const headers = { 'x-linphone-provisioning': value }
      expect((await t.get('/provisioning', { headers })).status).toBe(200)
      expect((await t.get('/provisioning/me', { as: carol, headers })).status).toBe(200)
    }
    expect((await t.get(`/provisioning/${token}`, { headers: HEADER })).status).toBe(200)
  })
})

describe('reset_password', () => {
  const hashIn = (xml: string) => /<entry name="ha1"[^>]*>([0-9a-f]+)</.exec(xml)?.[1]

  test('gives a token, an auth token and oneself a new password, however it is spelled', async () => {
    const before = new Set([await hashOf()])
    const asks: (() => Promise<Reply>)[] = [
      async () => t.get(`/provisioning/${await tokenOf()}?reset_password`),
      async () => t.get(`/provisioning/auth_token/${await attached()}?reset_password=0`),
      async () => t.get('/provisioning/me?reset_password=1', { as: carol }),
      async () => t.digest(carolNow, 'GET', '/provisioning/me'),
    ]
    const carolNow = carol
    for (const ask of asks.slice(0, 3)) {
      // The new password ends the key of its own that the account had.
      carol = { ...carol, key: await t.db.transaction((tx) => t.parts.apiKeys.regenerate(tx, carol.id, null)) }
      const { text } = await ask()
      expect([hashIn(text), before.has(hashIn(text))]).toEqual([await hashOf(), false])
      before.add(hashIn(text))
    }
    // Nobody knows it: the old one is gone.
    expect((await asks[3]?.())?.status).toBe(401)
  })

  test('does nothing to the base document, for HEAD, for prefetchers, or where no passwords are stored', async () => {
    const sso = await t.space({ domain: 'sip.sso.org', host: 'sso.localhost', digest: null })
    const erin = await t.account({ space: sso })
    await unchanged(async () => {
      expect((await t.get('/provisioning?reset_password', { as: carol })).status).toBe(200)
      expect((await t.send('HEAD', '/provisioning/me?reset_password', { as: carol })).status).toBe(200)
      const ahead = { as: carol, headers: { 'sec-purpose': 'prefetch' } }
      expect((await t.get('/provisioning/me?reset_password', ahead)).status).toBe(200)
      expect((await t.get('/provisioning/me?reset_password', { as: erin, host: sso.host })).status).toBe(200)
      expect((await t.get('/provisioning/me?Reset_Password', { as: carol })).status).toBe(200)
    })
  })

  test('cannot be done to somebody by a link on another site', async () => {
    const cookie = `x-api-key=${carol.key}`
    await unchanged(async () => {
      for (const site of ['cross-site', 'same-site']) {
        const forged: Call = { headers: { cookie, 'sec-fetch-site': site, ...HEADER } }
        expect([site, (await t.get('/provisioning/me?reset_password', forged)).status]).toEqual([site, 403])
        expect([site, (await t.get('/provisioning/me', forged)).status]).toEqual([site, 200])
      }
    })
    const own: Call = { headers: { cookie, 'sec-fetch-site': 'same-origin' } }
    expect((await t.get('/provisioning/me?reset_password', own)).status).toBe(200)
  })

  test('stores the algorithm of the Space', async () => {
    for (const algorithm of ['MD5', 'SHA-256'] as const) {
      const space = await t.space({
        domain: `sip.${algorithm}.org`.toLowerCase(),
        host: `${algorithm}.localhost`.toLowerCase(),
        digest: { realm: null, defaultPasswordAlgorithm: algorithm },
      })
      const erin = await t.account({ space, algorithm: algorithm === 'MD5' ? 'SHA-256' : 'MD5' })
      const { text } = await t.get('/provisioning/me?reset_password', { as: erin, host: space.host })
      const named = [...text.matchAll(/<entry name="algorithm"[^>]*>([^<]+)/g)].map(([, found]) => found)
      expect(named).toEqual([algorithm])
    }
  })
})

describe('the QR code', () => {
  test('is a PNG of 320 by 320 that spends nothing, of the live token only', async () => {
    const token = await tokenOf()
    await unchanged(async () => {
      const { status, headers } = await t.get(`/provisioning/qrcode/${token}`)
      expect([status, headers.get('content-type'), headers.get('cache-control'), headers.get('x-qrcode-url')]).toEqual([
        200,
        'image/png',
        'no-store',
        `http://localhost/provisioning/${token}`,
      ])
      expect((await t.get(`/provisioning/qrcode/${token}`, { host: 'other.localhost' })).status).toBe(404)
      const { png } = await t.parts.provisioning.qrCode(
        { space: t.main, input: {}, baseUrl: () => 'http://localhost' } as never,
        token,
      )
      const view = new DataView(png.buffer, png.byteOffset)
      expect([view.getUint32(16), view.getUint32(20)]).toEqual([320, 320])
    })
  })

  test.skipIf(!hasProgram('zbarimg'))('is read by somebody else’s scanner as the URL that it says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-qr-'))
    const token = await tokenOf()
    for (const query of ['', '?reset_password', '?reset_password=0']) {
      const request = new Request(`http://localhost/provisioning/qrcode/${token}${query}`, {
        headers: { host: 'localhost' },
      })
      const response = await t.front.fetch(request, { requestIP: () => null, port: 80 })
      const file = join(folder, 'code.png')
      writeFileSync(file, Buffer.from(await response.arrayBuffer()))
      const scanned = Bun.spawnSync(['zbarimg', '--quiet', '--raw', file]).stdout.toString().trim()
      const expected = `http://localhost/provisioning/${token}${query === '' ? '' : '?reset_password=1'}`
      expect([scanned, response.headers.get('x-qrcode-url')]).toEqual([expected, expected])
    }
    rmSync(folder, { recursive: true })
  })
})

describe('a fleet of 2021', () => {
  test('takes an unknown token for no account yet, where the operator says so', async () => {
    await restart({ LEGACY_PROVISIONING_FALLBACK: 'true', APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: '10' })
    const old = await tokenOf()
    await unchanged(async () => {
      const bare = (await t.get('/provisioning')).text
      for (const token of ['unknown', 'x'.repeat(13)]) {
        const reply = await t.get(`/provisioning/${token}?reset_password`)
        expect([token, reply.status, reply.text]).toEqual([token, 200, bare])
        expect((await t.send('HEAD', `/provisioning/${token}`)).status).toBe(200)
        expect((await t.get(`/provisioning/qrcode/${token}`)).status).toBe(404)
        expect((await t.get(`/provisioning/${token}`, { headers: BROWSER })).status).toBe(404)
      }
      t.clock.now = new Date('2026-06-01T12:11:00.000Z')
      expect((await t.get(`/provisioning/${old}`)).status).toBe(404)
    })
  })
})

describe('the documentation', () => {
  test('is a page in English and French, without scripts, for everybody', async () => {
    for (const [language, headers, path] of [
      ['en', {}, '/provisioning/documentation'],
      ['fr', { 'accept-language': 'fr' }, '/provisioning/documentation'],
      ['fr', {}, '/provisioning/documentation?lang=fr'],
      ['en', { 'accept-language': 'fr' }, '/provisioning/documentation?lang=en'],
      ['en', {}, '/provisioning/documentation?lang=xx'],
    ] as const) {
      const reply = await t.get(path, { headers })
      expect([path, reply.status, reply.headers.get('content-type'), reply.headers.get('content-language')]).toEqual([
        path,
        200,
        'text/html; charset=utf-8',
        language,
      ])
      expect(reply.text).toContain(`<html lang="${language}">`)
      expect(reply.text).toContain('http://localhost/provisioning/{provisioning_token}')
      expect(reply.text).not.toContain('<script')
    }
  })

  test('says whether the header is needed here', async () => {
    const free = (await t.get('/provisioning/documentation')).text
    await changeSpaces({ provisioningUseLinphoneProvisioningHeader: true })
    const needed = (await t.get('/provisioning/documentation')).text
    expect([free.includes('every request needs'), needed.includes('every request needs')]).toEqual([false, true])
  })
})
