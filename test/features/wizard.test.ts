import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { hasProgram } from '../support/executable.ts'
import { parsePage } from '../support/page.ts'

// Links that open the app, once (behaviour/wizard.md §2): a click uses one up, looking at it does not (D28).

let t: TestApp
let admin: TestAccount
let carol: TestAccount
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin', admin: true })
}
const SIP = 'sip:desk@sip.alpha.example'

const make = (body: object = {}) => t.post('/api/wizard', { as: admin, body })
const link = async (body: object = {}): Promise<string> => {
  const { url } = (await make(body)).json
  return url.replace('http://localhost', '')
}
/** The link of the page that opens the app. */
const hrefOf = ({ text }: Reply): string | null =>
  / href="(sip-linphone:[^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? null
const click = async (path: string) => parsePage(await t.get(path)).submit(t)
const tokens = () => t.db.read.select().from(t.db.tables.provisioningTokens)

describe('a wizard link', () => {
  beforeAll(() => start())
  afterAll(() => t.close())
  beforeEach(async () => {
    carol = await t.account({ activated: false })
  })

  test('is made by administrators of its Space, for accounts of its Space', async () => {
    const elsewhere = await t.account({ space: t.other })
    const before = await t.snapshot()
    expect((await t.post('/api/wizard', { body: {} })).status).toBe(401)
    expect((await t.post('/api/wizard', { as: carol, body: {} })).status).toBe(403)
    for (const id of [elsewhere.id, 99999]) {
      const reply = await make({ provisioning_account_id: id })
      expect([id, reply.status, Object.keys(reply.json.errors)]).toEqual([id, 422, ['provisioning_account_id']])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('is refused when it says what no app does', async () => {
    const before = await t.snapshot()
    for (const [body, field] of [
      [{ linphone_action: 'call' }, 'sip'],
      [{ linphone_action: 'call', sip: null }, 'sip'],
      [{ linphone_action: 'dance' }, 'linphone_action'],
      [{ sip: 'desk@sip.alpha.example' }, 'sip'],
      [{ sip: 'tel:+33612345678' }, 'sip'],
      [{ sip: 'javascript:alert(1)' }, 'sip'],
      [{ sip: `sip:${'x'.repeat(255)}@x.org` }, 'sip'],
      [{ linphone_use_sips: 'true' }, 'linphone_use_sips'],
      [{ provisioning_account_id: 'x' }, 'provisioning_account_id'],
      [{ provisioning_account_id: 0 }, 'provisioning_account_id'],
    ] as const) {
      const reply = await make(body)
      expect([body, reply.status, Object.keys(reply.json.errors)]).toEqual([body, 422, [field]])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('says all that it does, and nothing of who made it; an empty body only opens the app', async () => {
    const body = { provisioning_account_id: carol.id, sip: SIP, linphone_action: 'call', linphone_use_sips: '0' }
    const made = await make(body)
    const { token } = made.json
    expect(token).toMatch(/^[A-Za-z0-9]{8}$/)
    const url = `http://localhost/wizard/${token}`
    expect([made.status, made.json]).toEqual([201, { ...body, linphone_use_sips: false, token, url }])
    for (const nothing of [undefined, {}, { sip: null, linphone_action: null, linphone_use_sips: null }]) {
      const empty = await t.post('/api/wizard', { as: admin, body: nothing })
      const nulls = { provisioning_account_id: null, sip: null, linphone_action: null, linphone_use_sips: null }
      expect([empty.status, empty.json]).toMatchObject([201, nulls])
    }
  })

  test('that is looked at, by anybody and as often as they like, changes nothing', async () => {
    const path = await link({ provisioning_account_id: carol.id, sip: SIP, linphone_action: 'call' })
    const before = await t.snapshot()
    for (const headers of [{}, { 'sec-purpose': 'prefetch' }, { 'user-agent': 'WhatsApp/2' }]) {
      for (const method of ['GET', 'HEAD']) {
        expect([method, (await t.send(method, path, { headers })).status]).toEqual([method, 200])
      }
    }
    const page = await t.get(path)
    expect(hrefOf(page)).toBe(null)
    expect(page.text).not.toContain('provisioning/')
    expect(page.text).toContain('The app will call desk@sip.alpha.example.')
    expect(page.headers.get('cache-control')).toBe('no-store, private')
    expect(await t.snapshot()).toBe(before)
  })

  test('opens the app at the click, with all that it says in a fixed order', async () => {
    const { provisioning_token: known } = (await t.get(`/api/accounts/${carol.id}`, { as: admin })).json
    const fetch = encodeURIComponent(`http://localhost/provisioning/${known}`)
    for (const [body, href] of [
      [{}, 'sip-linphone:?linphone-action=show'],
      [{ sip: SIP }, 'sip-linphone:desk@sip.alpha.example?linphone-action=show'],
      [
        { sip: 'SIPS:bob@x.org;transport=tls', linphone_action: 'bye', linphone_use_sips: true },
        'sip-linphone:bob@x.org;transport=tls?linphone-action=bye&linphone-use-sips=true',
      ],
      [
        { sip: SIP, linphone_action: 'call', linphone_use_sips: false, provisioning_account_id: carol.id },
        `sip-linphone:desk@sip.alpha.example?linphone-action=call&linphone-fetch-config=${fetch}`,
      ],
      [
        { provisioning_account_id: carol.id, linphone_use_sips: true },
        `sip-linphone:?linphone-action=show&linphone-fetch-config=${fetch}&linphone-use-sips=true`,
      ],
      // What stands behind the question mark would become parameters of the link.
      [
        { sip: 'sip:eve@x.org?linphone-fetch-config=http%3A%2F%2Fevil', linphone_action: 'accept' },
        'sip-linphone:eve@x.org?linphone-action=accept',
      ],
    ] as const) {
      const clicked = await click(await link(body))
      expect([body, clicked.status, hrefOf(clicked)]).toEqual([body, 200, href])
    }
  })

  test('has the query say whether SIPS is used when its maker did not', async () => {
    for (const [stored, query, asked] of [
      [null, '', false],
      [null, '?linphone-use-sips=whatever', true],
      [null, '?linphone-use-sips', true],
      [false, '?linphone-use-sips=true', false],
      [true, '', true],
    ] as const) {
      const clicked = await click((await link({ linphone_use_sips: stored })) + query)
      expect([stored, query, hrefOf(clicked)?.endsWith('&linphone-use-sips=true')]).toEqual([stored, query, asked])
    }
  })

  test('works once, for one of many who click at the same time', async () => {
    const path = await link({ provisioning_account_id: carol.id })
    const page = parsePage(await t.get(path))
    const clicked = await Promise.all(Array.from({ length: 10 }, () => page.submit(t)))
    expect(clicked.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(clicked.filter((reply) => hrefOf(reply)?.includes('fetch-config'))).toHaveLength(1)
    for (const reply of [await t.get(path), await page.submit(t), ...clicked]) {
      if (hrefOf(reply)?.includes('fetch-config')) continue
      expect(hrefOf(reply)).toBe('sip-linphone:?linphone-action=show')
      expect(reply.text).toContain('This link does not work')
    }
    const events = t.lines.filter((line) => /event=account\.provisioned .*via=wizard/.test(line))
    expect(events.filter((line) => line.includes(`account=${carol.username}@`))).toHaveLength(1)
  })

  test('hands out the token that the account has, or a new one when that is spent', async () => {
    const mine = async () => (await tokens()).filter(({ accountId }) => accountId === carol.id)
    const before = await mine()
    const fetchOf = async () => {
      const href = hrefOf(await click(await link({ provisioning_account_id: carol.id }))) ?? ''
      return decodeURIComponent(/linphone-fetch-config=([^&]+)/.exec(href)?.[1] ?? '').replace('http://localhost', '')
    }
    const first = await fetchOf()
    expect(await mine()).toEqual(before)
    expect((await t.get(`/api/accounts/${carol.id}`, { as: admin })).json.activated).toBe(false)
    expect((await t.get(first)).text).toContain('ha1')
    expect((await t.get(`/api/accounts/${carol.id}`, { as: admin })).json.activated).toBe(true)
    const second = await fetchOf()
    expect(second).not.toBe(first)
    expect((await t.get(first)).status).toBe(404)
    expect((await t.get(second)).text).toContain('ha1')
    expect(t.lines.join()).not.toContain(second.slice(-13))
  })

  test('of a blocked account is refused, and worth nothing afterwards; of a deleted one it is gone', async () => {
    const path = await link({ provisioning_account_id: carol.id })
    await t.post(`/api/accounts/${carol.id}/block`, { as: admin })
    expect((await click(path)).status).toBe(403)
    await t.post(`/api/accounts/${carol.id}/unblock`, { as: admin })
    expect((await t.get(path)).text).toContain('This link does not work')
    const page = parsePage(await t.get(await link({ provisioning_account_id: carol.id })))
    await t.delete(`/api/accounts/${carol.id}`, { as: admin })
    expect((await page.submit(t)).text).toContain('This link does not work')
  })

  test('is not followed from another site, nor without the form that it was shown with', async () => {
    const path = await link()
    const page = parsePage(await t.get(path))
    const before = await t.snapshot()
    const forged = await page.submit(t, { form_token: 'x'.repeat(64) })
    const bare = await t.post('/wizard', { body: { token: path.slice(-8) } })
    expect([forged.status, bare.status]).toEqual([403, 403])
    expect(await t.snapshot()).toBe(before)
  })

  test('is unknown on the host of another Space, where its form does nothing', async () => {
    const path = await link({ provisioning_account_id: carol.id })
    const shown = await t.get(path, { host: 'other.localhost' })
    expect([shown.status, hrefOf(shown)]).toEqual([200, 'sip-linphone:?linphone-action=show'])
    const foreign = parsePage(await t.get(await link()))
    const sent = await foreign.submit(t, { token: path.slice(-8) }, { host: 'other.localhost' })
    expect(hrefOf(sent)).toBe('sip-linphone:?linphone-action=show')
    expect(hrefOf(await click(path))).toContain('linphone-fetch-config')
  })

  test('is too old after a week, to the second', async () => {
    const path = await link()
    const start = t.clock.now
    try {
      t.clock.now = new Date(start.getTime() + 7 * 24 * 3_600_000 - 1000)
      const page = parsePage(await t.get(path))
      expect(page.action).toBe('/wizard')
      t.clock.now = new Date(start.getTime() + 7 * 24 * 3_600_000)
      expect((await t.get(path)).text).toContain('This link does not work')
      expect(hrefOf(await page.submit(t))).toBe('sip-linphone:?linphone-action=show')
    } finally {
      t.clock.now = start
    }
  })

  test('that was used, or is too old, is cleared away with the tokens; one that works stays', async () => {
    const today = t.clock.now
    await t.db.transaction((tx) => tx.delete(t.db.tables.wizards))
    t.clock.now = new Date(today.getTime() - 38 * 24 * 3_600_000)
    await click(await link())
    await link()
    t.clock.now = today
    // The key of the other one has not been used for too long by now.
    admin = await t.account({ admin: true })
    const fresh = await link()
    const { tokens: clear } = t.parts.housekeeping
    expect([await clear(30, { apply: false }), await clear(30, { apply: true })]).toEqual([2, 2])
    const left = await t.db.read.select().from(t.db.tables.wizards)
    expect(left.map(({ token }) => token)).toEqual([t.parts.secrets.hash(fresh.replace('/wizard/', ''))])
  })

  test('that nobody made is a plain page, whatever it looks like', async () => {
    for (const token of ['AAAAAAAA', 'x', '..%2f', 'a%20b', 'é'.repeat(8), 'x'.repeat(5000)]) {
      const reply = await t.get(`/wizard/${token}`)
      expect([token, reply.status, hrefOf(reply)]).toEqual([token, 200, 'sip-linphone:?linphone-action=show'])
    }
  })
})

describe('the page without a token', () => {
  beforeAll(() => start())
  afterAll(() => t.close())

  test('does what its query says, when it is something that an app does', async () => {
    for (const [query, href] of [
      ['', 'sip-linphone:?linphone-action=show'],
      [`?sip=${SIP}&linphone-action=decline`, 'sip-linphone:desk@sip.alpha.example?linphone-action=decline'],
      ['?sip=bob@x.org&linphone-action=dance', 'sip-linphone:?linphone-action=show'],
      [
        `?sip=${SIP}&linphone-use-sips=whatever`,
        'sip-linphone:desk@sip.alpha.example?linphone-action=show&linphone-use-sips=true',
      ],
      ['?sip=sip:%2B33612@ex.org&linphone-action=call', 'sip-linphone:+33612@ex.org?linphone-action=call'],
      [
        `?sip=${encodeURIComponent('sip:eve@x.org?linphone-fetch-config=http%3A%2F%2Fevil')}`,
        'sip-linphone:eve@x.org?linphone-action=show',
      ],
      [`?sip=${encodeURIComponent('sip:"><script>alert(1)</script>@x.org')}`, 'sip-linphone:?linphone-action=show'],
    ] as const) {
      const reply = await t.get(`/wizard${query}`)
      expect([query, reply.status, hrefOf(reply)]).toEqual([query, 200, href])
      expect(reply.text).not.toContain('<script>')
    }
  })

  test('keeps its query when the language changes, and speaks French', async () => {
    const french = await t.get(`/wizard?sip=${SIP}&linphone-action=call`, { headers: { 'accept-language': 'fr' } })
    expect(french.text).toContain('L’application va appeler desk@sip.alpha.example.')
    const other = / href="([^"]+)" lang="en"/.exec(french.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const chosen = await t.get(other, { headers: { 'accept-language': 'fr' } })
    const location = chosen.headers.get('location') ?? ''
    expect(hrefOf(await t.get(location))).toBe('sip-linphone:desk@sip.alpha.example?linphone-action=call')
  })

  test('has a guide beside it, which is no token', async () => {
    const guide = await t.get('/wizard/documentation')
    expect([guide.status, guide.text.includes('http://localhost/wizard/{token}')]).toEqual([200, true])
  })

  test('is hidden with the panel, and from programs', async () => {
    const quiet = await t.space({ domain: 'sip.quiet.org', host: 'quiet.localhost', webPanel: false })
    for (const path of ['/wizard', '/wizard/AAAAAAAA', '/wizard/documentation']) {
      const off = await t.get(path, { host: quiet.host })
      const json = await t.get(path, { headers: { accept: 'application/json' } })
      for (const reply of [off, json]) expect([reply.status, reply.headers.get('location')]).toEqual([302, '/about'])
    }
  })
})

describe('a page with a provisioning token', () => {
  beforeAll(() =>
    start({ APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: '10', MAIL_APP_DOWNLOAD_URL: 'https://app.example' }),
  )
  afterAll(() => t.close())

  test('offers the old link and the QR code, spends nothing, and says when the token no longer works', async () => {
    carol = await t.account({ activated: false })
    const { provisioning_token: token } = (await t.get(`/api/accounts/${carol.id}`, { as: admin })).json
    const before = await t.snapshot()
    const page = await t.get(`/wizard/${token}?reset_password`)
    expect(page.text).toContain(`href="linphone-config:http://localhost/provisioning/${token}?reset_password=1"`)
    expect(page.text).toContain(`src="/provisioning/qrcode/${token}?reset_password=1"`)
    expect(page.text).toContain('href="https://app.example"')
    expect((await t.get('/wizard/AAAAAAAAAAAAA')).status).toBe(404)
    expect((await t.get(`/wizard/${token}`, { host: 'other.localhost' })).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
    t.later(11 * 60_000)
    expect((await t.get(`/wizard/${token}`)).status).toBe(410)
  })
})

describe('without a lifetime', () => {
  beforeAll(() => start({ WIZARD_LINK_EXPIRATION_MINUTES: '0' }))
  afterAll(() => t.close())

  test('a link works for ever', async () => {
    const path = await link()
    t.later(10 * 365 * 24 * 3_600_000)
    expect(hrefOf(await click(path))).toBe('sip-linphone:?linphone-action=show')
  })
})

describe.skipIf(!hasProgram('zbarimg'))('its picture', () => {
  beforeAll(() => start())
  afterAll(() => t.close())

  test('leads another device to the page itself', async () => {
    const path = await link({ linphone_action: 'show' })
    const picture = /src="data:image\/png;base64,([^"]+)"/.exec((await t.get(path)).text)?.[1] ?? ''
    const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-qr-'))
    writeFileSync(join(folder, 'qr.png'), Buffer.from(picture, 'base64'))
    const read = await Bun.$`zbarimg --quiet --raw -Sdisable -Sqrcode.enable ${join(folder, 'qr.png')}`.text()
    expect(read.trim()).toBe(`http://localhost${path}`)
    rmSync(folder, { recursive: true })
  })
})
