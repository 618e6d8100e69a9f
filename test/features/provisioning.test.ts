import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let admin: TestAccount
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin', admin: true })
}
beforeEach(() => start())
afterEach(() => t.close())

const FROM_LINPHONE = { 'x-linphone-provisioning': '1' }

type Section = { '@name': string; entry?: { '@name': string; '#text'?: string; '@overwrite'?: string }[] }

/** Sections in their order, entries in theirs, read by somebody else's parser. */
const sections = (xml: string): [string, Record<string, string>][] => {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    trimValues: false,
    isArray: (name) => name === 'section' || name === 'entry',
  })
  const { config } = parser.parse(xml) as { config: { '@xmlns': string; section: Section[] } }
  expect(config['@xmlns']).toBe('http://www.linphone.org/xsds/lpconfig.xsd')
  return config.section.map((section) => [
    section['@name'],
    Object.fromEntries((section.entry ?? []).map((entry) => [entry['@name'], entry['#text'] ?? ''])),
  ])
}
const section = (xml: string, name: string) => sections(xml).find(([found]) => found === name)?.[1]

const tokenOf = async (account: TestAccount, host = 'localhost'): Promise<string> =>
  (await t.get('/api/accounts/me', { as: account, host })).json.provisioning_token

const changeSpace = async (columns: Record<string, unknown>) => {
  await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set(columns).returning())
  t.parts.spaces.forget()
}

describe('the base document', () => {
  test('is plain XML without any account', async () => {
    const reply = await t.get('/provisioning?reset_password=1')
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/xml'])
    expect(reply.text).toStartWith('<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd"><section')
    expect(reply.text).not.toContain('ha1')
    expect(sections(reply.text)).toEqual([['misc', { 'contacts-vcard-list': 'http://localhost/contacts/vcard' }]])
  })

  test('starts with the Space’s own entries, extends their sections, and leaves managed keys out', async () => {
    await changeSpace({
      customProvisioningEntries: '[net]\nmtu=1300\nurl=https://x/?a=b&c=d\n[misc]\nuuid_check=yes\nmax_account=3',
      customProvisioningOverwriteAll: true,
    })
    const reply = await t.get('/provisioning')
    expect(sections(reply.text)).toEqual([
      ['net', { mtu: '1300', url: 'https://x/?a=b&amp;c=d'.replace('&amp;', '&') }],
      ['misc', { uuid_check: '1', 'contacts-vcard-list': 'http://localhost/contacts/vcard' }],
    ])
    expect(reply.text.match(/<entry /g)).toHaveLength(4)
    expect(reply.text.match(/overwrite="true"/g)).toHaveLength(4)
  })

  test('comes from ACCOUNT_PROVISIONING_RC_FILE for Spaces without own entries', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-rc-'))
    const file = join(folder, 'rc')
    writeFileSync(file, '[sip]\nverify_server_certs=0\n')
    await t.close()
    await start({ ACCOUNT_PROVISIONING_RC_FILE: file, ACCOUNT_PROVISIONING_OVERWRITE_ALL: 'true' })
    const reply = await t.get('/provisioning')
    expect(section(reply.text, 'sip')).toEqual({ verify_server_certs: '0' })
    expect(reply.text).toContain('overwrite="true"')
    rmSync(folder, { recursive: true })
  })
})

describe('a provisioning token', () => {
  test('activates the account, gives its document once, and is unknown afterwards', async () => {
    const carol = await t.account({ username: 'carol', displayName: 'Carol', algorithm: 'MD5', activated: false })
    const token = await tokenOf(carol)
    const reply = await t.get(`/provisioning/${token}`)
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'no-store, private'])
    expect(reply.headers.get('set-cookie')).toBeNull()
    expect(sections(reply.text).map(([name]) => name)).toEqual(['misc', 'ui', 'proxy_0', 'auth_info_0'])
    expect(section(reply.text, 'proxy_0')).toEqual({
      reg_identity: '"Carol" <sip:carol@sip.example.org>',
      reg_proxy: '<sip:sip.example.org;transport=tls>',
      reg_sendregister: '1',
      refkey: 'push_notification',
    })
    expect(section(reply.text, 'auth_info_0')).toEqual({
      username: 'carol',
      domain: 'sip.example.org',
      ha1: Bun.MD5.hash('carol:sip.example.org:correct-horse', 'hex'),
      realm: 'sip.example.org',
      algorithm: 'MD5',
    })
    expect(Object.keys(section(reply.text, 'ui') ?? {})).toHaveLength(12)
    expect((await t.get('/api/accounts/me', { as: carol })).json.activated).toBe(true)
    expect((await t.get(`/provisioning/${token}`)).status).toBe(404)
    expect((await t.get('/provisioning/1234')).json).toEqual({ message: expect.any(String) })
  })

  test('used fifty times at once is used once', async () => {
    const token = await tokenOf(await t.account({}))
    const replies = await Promise.all(Array.from({ length: 50 }, () => t.get(`/provisioning/${token}`)))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(49).fill(404)])
  })

  test('stays unspent for HEAD, prefetchers, and people in a browser, who see a page in their language', async () => {
    const carol = await t.account({ activated: false })
    const token = await tokenOf(carol)
    const before = await t.snapshot()
    const head = await t.send('HEAD', `/provisioning/${token}`)
    expect([head.status, head.text, head.headers.get('content-type')]).toEqual([200, '', 'application/xml'])
    const browser = { 'sec-fetch-dest': 'document', 'accept-language': 'fr' }
    const prefetchers: Record<string, string>[] = [
      { 'sec-purpose': 'prefetch;prerender' },
      { purpose: 'prefetch' },
      browser,
    ]
    for (const headers of prefetchers) {
      const reply = await t.get(`/provisioning/${token}`, { headers })
      expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(reply.text).toContain(`linphone-config:http://localhost/provisioning/${token}`)
      expect(reply.text).not.toContain('<script')
    }
    expect((await t.get(`/provisioning/${token}`, { headers: browser })).text).toContain('Configurez votre téléphone')
    expect((await t.get('/provisioning/unknown-token', { headers: browser })).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
    expect((await t.get(`/provisioning/${token}`, { headers: { ...browser, ...FROM_LINPHONE } })).text).toContain('ha1')
  })

  test('is refused when old, blocked, of another Space, or not the newest', async () => {
    await t.close()
    await start({ APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: '10' })
    const carol = await t.account({})
    const json = (await t.get('/api/accounts/me', { as: carol })).json
    expect(json.provisioning_token_expire_at).toBe('2026-06-01T12:10:00.000000Z')
    expect((await t.get(`/provisioning/${json.provisioning_token}`, { host: 'other.localhost' })).status).toBe(404)
    const newer = (await t.get('/api/accounts/me/provision', { as: carol })).json.provisioning_token
    expect((await t.get(`/provisioning/${json.provisioning_token}`)).status).toBe(404)
    await t.post(`/api/accounts/${carol.id}/block`, { as: admin })
    expect((await t.get(`/provisioning/${newer}`)).status).toBe(403)
    const newest = (await t.post(`/api/accounts/${carol.id}/unblock`, { as: admin })).json.provisioning_token
    expect((await t.get(`/provisioning/${newer}`)).status).toBe(404)
    t.later(10 * 60_000 + 1)
    expect((await t.get(`/provisioning/${newest}`)).status).toBe(404)
    expect((await t.get(`/provisioning/qrcode/${newest}`)).status).toBe(404)
  })

  test('with reset_password carries a hash that nobody had before, and that signs in nobody else', async () => {
    const carol = await t.account({ username: 'carol' })
    const reply = await t.get(`/provisioning/${await tokenOf(carol)}?reset_password`)
    const ha1 = section(reply.text, 'auth_info_0')?.ha1
    const [row] = (await t.db.read.select().from(t.db.tables.passwords)).filter(
      ({ accountId }) => accountId === carol.id,
    )
    expect(ha1).toBe(row?.password as string)
    expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(401)
  })

  test('unknown gives the base document where an old fleet relies on that', async () => {
    await t.close()
    await start({ LEGACY_PROVISIONING_FALLBACK: 'true' })
    const reply = await t.get('/provisioning/unknown-token')
    expect([reply.status, reply.text.includes('ha1')]).toEqual([200, false])
  })
})

describe('the X-Linphone-Provisioning header', () => {
  test('is demanded where the Space says so, before anything is looked at or spent', async () => {
    const carol = await t.account({ activated: false })
    const token = await tokenOf(carol)
    await changeSpace({ provisioningUseLinphoneProvisioningHeader: true })
    const before = await t.snapshot()
    for (const path of ['/provisioning', `/provisioning/${token}`, '/provisioning/unknown']) {
      expect([path, (await t.get(path)).status]).toEqual([path, 400])
    }
    expect((await t.get('/provisioning/me')).status).toBe(401)
    expect((await t.get('/provisioning/me', { as: carol })).status).toBe(400)
    expect(await t.snapshot()).toBe(before)
    expect((await t.get('/provisioning/me', { as: carol, headers: FROM_LINPHONE })).status).toBe(200)
    expect((await t.get(`/provisioning/${token}`, { headers: { 'x-linphone-provisioning': '' } })).status).toBe(200)
  })
})

describe('one’s own document', () => {
  test('can be had again and again, and activates nobody', async () => {
    const carol = await t.account({ username: 'carol', activated: false })
    for (let i = 0; i < 2; i++) {
      const reply = await t.digest(carol, 'GET', '/provisioning/me')
      expect([reply.status, reply.text.includes('ha1'), reply.text.includes('contacts-vcard-list')]).toEqual([
        200,
        true,
        true,
      ])
    }
    expect((await t.get('/api/accounts/me', { as: carol })).json.activated).toBe(false)
  })

  test('sends the weakest password first and the strongest last', async () => {
    const carol = await t.account({ username: 'carol', algorithm: 'SHA-256' })
    await t.db.transaction((tx) =>
      tx
        .insert(t.db.tables.passwords)
        .values({ accountId: carol.id, algorithm: 'MD5', password: 'a'.repeat(32) })
        .returning(),
    )
    const { text } = await t.get('/provisioning/me', { as: carol })
    expect([section(text, 'auth_info_0')?.algorithm, section(text, 'auth_info_1')?.algorithm]).toEqual([
      'MD5',
      'SHA-256',
    ])
  })

  test('follows the account’s own Space: its switches, its realm, its registrar', async () => {
    const strict = await t.space({
      domain: 'sip.strict.org',
      host: 'strict.localhost',
      digest: { realm: 'realm.strict.org', defaultPasswordAlgorithm: null },
      disableChatFeature: true,
      maxAccount: 3,
      accountProxyRegistrarAddress: 'proxy.strict.org:5061;transport=tcp',
    })
    const carol = await t.account({ space: strict, username: 'carol' })
    const { text } = await t.get('/provisioning/me', { as: carol, host: 'strict.localhost' })
    expect(section(text, 'ui')).toMatchObject({ disable_chat_feature: '1', max_account: '3', super: '0' })
    expect(section(text, 'proxy_0')?.reg_proxy).toBe('<sip:proxy.strict.org:5061;transport=tcp>')
    expect(section(text, 'auth_info_0')?.realm).toBe('realm.strict.org')
  })

  test('keeps a registrar, a ui section and an identity’s neighbours that custom entries brought', async () => {
    await changeSpace({
      customProvisioningEntries: '[proxy_0]\nreg_proxy=<sip:mine;transport=udp>\nreg_expires=60\n[ui]\nmine=1',
    })
    const { text } = await t.get('/provisioning/me', { as: admin })
    expect(sections(text).map(([name]) => name)).toEqual(['proxy_0', 'ui', 'misc', 'auth_info_0'])
    expect(section(text, 'proxy_0')).toMatchObject({ reg_proxy: '<sip:mine;transport=udp>', reg_expires: '60' })
    expect(section(text, 'ui')).toEqual({ mine: '1' })
  })

  test('carries any display name through our writer and somebody else’s parser', async () => {
    const carol = await t.account({ username: 'carol' })
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), async (drawn) => {
        // PostgreSQL stores no NUL; the API refuses one.
        const name = drawn.replaceAll('\0', '')
        await t.db.transaction((tx) => tx.update(t.db.tables.accounts).set({ displayName: name }).returning())
        const { status, text } = await t.get('/provisioning/me', { as: carol })
        const kept = [...name].filter((c) => !/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]|\p{Cs}/u.test(c)).join('')
        const quoted = name === '' ? '' : `"${kept.replace(/[\\"]/g, '\\$&')}" `
        const identity = section(text, 'proxy_0')?.reg_identity?.normalize()
        expect([status, identity]).toEqual([200, `${quoted}<sip:carol@sip.example.org>`.normalize()])
      }),
      { numRuns: 60 },
    )
  })
})

describe('the QR code', () => {
  test('says the URL of the token, spends nothing, and is unknown with it', async () => {
    const carol = await t.account({})
    const token = await tokenOf(carol)
    const before = await t.snapshot()
    const reply = await t.get(`/provisioning/qrcode/${token}?reset_password`)
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(reply.headers.get('x-qrcode-url')).toBe(`http://localhost/provisioning/${token}?reset_password=1`)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(await t.snapshot()).toBe(before)
    await t.get(`/provisioning/${token}`)
    expect((await t.get(`/provisioning/qrcode/${token}`)).status).toBe(404)
  })
})
