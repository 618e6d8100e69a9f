import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let root: TestAccount
beforeEach(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
})
afterEach(() => t.close())

const wanted = { name: 'Alpha', domain: 'sip.alpha.example', host: 'alpha.localhost' }
const create = (body: Record<string, unknown> = wanted) => t.post('/api/spaces', { as: root, body })
const put = (domain: string, body: unknown, method = 'PUT') =>
  t.send(method, `/api/spaces/${domain}`, { as: root, body })

test('Spaces belong to super administrators', async () => {
  const ownAdmin = await t.account({ space: t.other, admin: true })
  const third = await t.space({ domain: 'sip.third.org', host: 'third.localhost' })
  const foreign = await t.account({ space: third, admin: true })
  const user = await t.account({})
  await t.parts.apiKeys.flush()
  const before = await t.snapshot()
  for (const [method, path] of [
    ['GET', '/api/spaces'],
    ['POST', '/api/spaces'],
    ['GET', '/api/spaces/sip.other.org'],
    ['PUT', '/api/spaces/sip.other.org'],
    ['PATCH', '/api/spaces/sip.other.org'],
    ['DELETE', '/api/spaces/sip.other.org'],
  ] as const) {
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} }
    expect((await t.send(method, path, body)).status).toBe(401)
    expect((await t.send(method, path, { as: user, ...body })).status).toBe(403)
    expect((await t.send(method, path, { as: ownAdmin, host: 'other.localhost', ...body })).status).toBe(403)
    expect((await t.send(method, path, { as: foreign, host: 'other.localhost', ...body })).status).toBe(403)
    expect((await t.send(method, path, { as: foreign, host: 'third.localhost', ...body })).status).toBe(403)
  }
  expect(await t.snapshot()).toBe(before)
})

test('a Space is found by its SIP domain only, as it is written', async () => {
  for (const path of ['other.localhost', 'SIP.OTHER.ORG', 'sip.other.org%00', '%ff', '2']) {
    expect([path, (await t.get(`/api/spaces/${path}`, { as: root })).status]).toEqual([path, 404])
  }
  expect((await t.get('/api/spaces/sip.other.org', { as: root })).json).toMatchObject({ host: 'other.localhost' })
})

describe('creating', () => {
  const refusals: [string, Record<string, unknown>, string[]][] = [
    ['nothing', { name: null, domain: null, host: null }, ['name', 'domain', 'host']],
    ['a name of two lines', { name: 'Alpha\r\nBcc: eve@example.org' }, ['name']],
    ['a name of 256 characters', { name: 'a'.repeat(256) }, ['name']],
    ['a word that no Flexisip knows', { call_forwarding_no_answer_wire: 'always' }, ['call_forwarding_no_answer_wire']],
    ['a single label', { domain: 'baddomain' }, ['domain']],
    ['an underscore', { domain: 'sip_alpha.example' }, ['domain']],
    ['an address', { domain: '192.0.2.1', host: '2001:db8::1' }, ['domain', 'host']],
    ['a domain of 65 characters', { domain: `${'a'.repeat(57)}.example` }, ['domain']],
    ['upper case', { domain: 'SIP.alpha.example' }, ['domain']],
    ['a port', { host: 'alpha.localhost:8080' }, ['host']],
    ['a taken domain', { domain: 'sip.other.org' }, ['domain']],
    ['a taken host and name', { host: 'other.localhost', name: 'Other' }, ['name', 'host']],
    ['"false" as a flag', { super: 'false' }, ['super']],
    ['a negative quota', { max_accounts: -1 }, ['max_accounts']],
    ['text as a number', { max_account: 'x' }, ['max_account']],
    ['a fraction as a number', { max_accounts: 1.5 }, ['max_accounts']],
    ['what is no date', { expire_at: 'soon' }, ['expire_at']],
    ['a day that no calendar has', { expire_at: '2027-02-31' }, ['expire_at']],
    ['a year of five digits', { expire_at: '+012345-01-01' }, ['expire_at']],
    ['yesterday', { expire_at: '2026-05-31' }, ['expire_at']],
    ['a hue beyond the circle', { theme_hue: 361 }, ['theme_hue']],
    ['INI that cannot be read', { custom_provisioning_entries: '[open\na=b' }, ['custom_provisioning_entries']],
    ['INI of remarks only', { custom_provisioning_entries: '; nothing\n[net]' }, ['custom_provisioning_entries']],
    ['INI without a section', { custom_provisioning_entries: 'a=b' }, ['custom_provisioning_entries']],
    ['managed keys', { custom_provisioning_entries: '[ui]\nhide_settings=1' }, ['custom_provisioning_entries']],
    ['an unknown algorithm', { account_default_password_algorithm: 'SHA1' }, ['account_default_password_algorithm']],
    ['a realm that is no domain', { account_realm: 'a"b' }, ['account_realm']],
    ['text as a configuration', { digest_authentication_configuration: 'x' }, ['digest_authentication_configuration']],
    [
      'a configuration with an unknown algorithm',
      { digest_authentication_configuration: { default_password_algorithm: 'SHA1' } },
      ['digest_authentication_configuration'],
    ],
    [
      'two algorithms',
      {
        digest_authentication_configuration: { default_password_algorithm: 'MD5' },
        account_default_password_algorithm: 'SHA-256',
      },
      ['account_default_password_algorithm'],
    ],
    [
      'a realm without DIGEST',
      { digest_authentication_configuration: null, account_realm: 'voip.example' },
      ['account_realm'],
    ],
    ['a super Space that expires', { super: true, expire_at: '2027-01-01' }, ['expire_at']],
  ]
  for (const [name, change, fields] of refusals) {
    test(`refuses ${name} and stores nothing`, async () => {
      const before = await t.snapshot()
      const reply = await create({ ...wanted, ...change })
      expect([reply.status, Object.keys(reply.json.errors ?? {})]).toEqual([422, fields])
      expect(await t.snapshot()).toBe(before)
    })
  }

  test('names the line of the INI text that cannot be read, and every key that the Space sets itself', async () => {
    const refusalOf = async (text: string) =>
      (await create({ ...wanted, custom_provisioning_entries: text })).json.errors.custom_provisioning_entries
    const name = 'The custom provisioning entries'
    expect(await refusalOf('[net]\nmtu=1300\n[open\n')).toEqual([`${name} cannot be read in line 3.`])
    expect(await refusalOf('; a remark\nmtu=1300')).toEqual([`${name} has a key before the first [section] in line 2.`])
    expect(await refusalOf('[net]\nmax_account=1\nmtu=1300\n[ui]\nhide_settings=1')).toEqual([
      `${name} must not contain what the space sets itself: max_account, hide_settings.`,
    ])
  })

  test('takes the day as it is written, with or without a time, wherever the server stands', async () => {
    const zone = process.env.TZ
    try {
      for (const TZ of ['America/New_York', 'Asia/Tokyo']) {
        process.env.TZ = TZ
        for (const written of ['2027-01-31', '2027-01-31 23:30:00', '2027-01-31T23:30:00-05:00', '31 January 2027']) {
          const { expire_at } = (await create({ ...wanted, expire_at: written })).json
          expect([written, TZ, expire_at]).toEqual([written, TZ, '2027-01-31T00:00:00.000000Z'])
          await t.delete(`/api/spaces/${wanted.domain}`, { as: root })
        }
      }
    } finally {
      process.env.TZ = zone ?? 'UTC'
    }
  })

  test('begins with the defaults of the instance', async () => {
    await t.close()
    t = await testApp({
      env: {
        ACCOUNT_EMAIL_UNIQUE: 'true',
        PROVISIONING_HEADER_REQUIRED_DEFAULT: 'true',
        ACCOUNT_DEFAULT_PASSWORD_ALGORITHM: 'MD5',
      },
    })
    root = await t.account({ username: 'root', admin: true })
    expect((await create()).json).toMatchObject({
      unique_email: true,
      provisioning_use_linphone_provisioning_header: true,
      account_default_password_algorithm: 'MD5',
    })
    const other = { name: 'B', domain: 'sip.b.example', host: 'b.localhost' }
    const digest = { realm: null, default_password_algorithm: null }
    const made = await create({
      ...other,
      provisioning_use_linphone_provisioning_header: '0',
      digest_authentication_configuration: digest,
    })
    expect(made.json).toMatchObject({
      provisioning_use_linphone_provisioning_header: false,
      account_default_password_algorithm: null,
    })
  })

  test('warns about a host outside APP_ROOT_HOST, which is answered with 503', async () => {
    expect((await create({ ...wanted, host: 'third.domain' })).status).toBe(201)
    expect(t.lines.some((line) => line.includes('APP_ROOT_HOST') && line.includes('third.domain'))).toBe(true)
    expect((await t.get('/api/ping', { host: 'third.domain' })).status).toBe(503)
  })

  test('opens a domain for accounts, up to its quota', async () => {
    const account = (username: string) => ({
      as: root,
      body: { username, password: 'correct-horse', algorithm: 'MD5', domain: wanted.domain },
    })
    expect((await t.post('/api/accounts', account('carol.1'))).status).toBe(403)
    await create({ ...wanted, max_accounts: 1 })
    expect((await t.post('/api/accounts', account('carol.1'))).status).toBe(200)
    expect((await t.post('/api/accounts', account('carol.2'))).status).toBe(403)
  })

  test('answers 201 with the whole object, and the Space works at once', async () => {
    const reply = await create({ ...wanted, max_accounts: null, unique_email: true })
    expect(reply.status).toBe(201)
    expect(reply.json).toMatchObject({
      ...wanted,
      super: false,
      max_accounts: 0,
      unique_email: true,
      call_forwarding_no_answer_wire: 'away',
      disable_broadcast_feature: true,
      theme_hue: 22,
      email_server: null,
      carddav_servers: [],
      digest_authentication_configuration: { realm: 'sip.alpha.example', default_password_algorithm: null },
      oidc_authentication_configuration: null,
    })
    expect(reply.json.id).toBeUndefined()
    expect((await t.get('/api/ping', { host: 'alpha.localhost' })).text).toBe('pong')
    expect((await t.get('/api/spaces', { as: root })).json.map(({ domain }: { domain: string }) => domain)).toEqual([
      'sip.example.org',
      'sip.other.org',
      'sip.alpha.example',
    ])
  })

  test('can leave DIGEST out: accounts are made then, without a password', async () => {
    expect(
      (await create({ ...wanted, digest_authentication_configuration: null })).json.digest_authentication_configuration,
    ).toBeNull()
    const body = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5', domain: wanted.domain }
    expect((await t.post('/api/accounts', { as: root, body })).json.passwords).toEqual([])
  })
})

describe('changing', () => {
  test('an empty body fails on exactly nineteen fields, before the domain is looked up', async () => {
    for (const method of ['PUT', 'PATCH']) {
      const reply = await put('sip.unknown.org', {}, method)
      expect([reply.status, Object.keys(reply.json.errors).length]).toEqual([422, 19])
    }
  })

  test('refuses in order: what is required, an unknown Space, the quota, name and host', async () => {
    const { name: _, host: __, ...made } = (await create()).json
    const space = (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other
    await t.account({ space })
    await t.account({ space })
    const before = await t.snapshot()
    const fieldsOf = async (domain: string, body: unknown) => {
      const reply = await put(domain, body)
      return [reply.status, ...Object.keys(reply.json.errors ?? {})]
    }
    const { super: ___, ...incomplete } = made
    expect(await fieldsOf('sip.unknown.org', { ...incomplete, max_accounts: 1 })).toEqual([422, 'super'])
    expect(await fieldsOf('sip.unknown.org', { ...made, max_accounts: 1 })).toEqual([404])
    expect(await fieldsOf(wanted.domain, { ...made, max_accounts: 1 })).toEqual([422, 'max_accounts'])
    expect(await fieldsOf(wanted.domain, { ...made, max_accounts: 2 })).toEqual([422, 'name', 'host'])
    expect(await fieldsOf(wanted.domain, { ...made, name: 'Other', host: 'other.localhost' })).toEqual([
      422,
      'name',
      'host',
    ])
    expect(await t.snapshot()).toBe(before)
  })

  test('every field that was set is read back, and the object that was read can be sent back', async () => {
    const made = (await create()).json
    const full = {
      ...made,
      name: 'Alpha 2',
      host: 'alpha2.localhost',
      max_accounts: 250,
      max_account: 2,
      expire_at: '2027-01-31',
      account_proxy_registrar_address: 'sip:proxy.alpha.example',
      custom_provisioning_entries: '[net]\nmtu=1300',
      copyright_text: '© Alpha',
      intro_registration_text: '**Welcome**',
      newsletter_registration_address: 'news@alpha.example',
      theme_hue: 200,
      provisioning_use_linphone_provisioning_header: true,
      call_forwarding_no_answer_wire: 'no_answer',
      account_realm: 'voip.alpha.example',
      account_default_password_algorithm: 'SHA-256',
      digest_authentication_configuration: { realm: 'voip.alpha.example', default_password_algorithm: 'SHA-256' },
      domain: 'ignored.example',
      custom_theme: true,
    }
    for (const [key, value] of Object.entries(full)) {
      if (typeof value === 'boolean' && key !== 'super' && key !== 'custom_theme') full[key] = !made[key]
    }
    const changed = await put('sip.alpha.example', full)
    expect(changed.status).toBe(200)
    for (const [key, value] of Object.entries(full)) {
      if (['domain', 'created_at', 'updated_at', 'custom_theme'].includes(key)) continue
      const expected = key === 'expire_at' ? '2027-01-31T00:00:00.000000Z' : value
      expect([key, changed.json[key]]).toEqual([key, expected])
    }
    const again = await put('sip.alpha.example', changed.json, 'PATCH')
    expect(again.status).toBe(200)
    expect({ ...again.json, updated_at: null }).toEqual({ ...changed.json, updated_at: null })
    expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(404)
    expect((await t.get('/api/ping', { host: 'alpha2.localhost' })).status).toBe(200)
    expect(changed.json.custom_theme).toBeUndefined()
    expect((await t.get('/api/spaces/sip.alpha.example', { as: root })).json).toEqual(again.json)
  })

  test('keeps the word for calls that nobody answers when the body is silent about it', async () => {
    const made = (await create({ ...wanted, call_forwarding_no_answer_wire: 'no_answer' })).json
    const { call_forwarding_no_answer_wire: word, ...silent } = made
    expect([word, (await put(wanted.domain, silent)).json.call_forwarding_no_answer_wire]).toEqual([
      'no_answer',
      'no_answer',
    ])
    const refused = await put(wanted.domain, { ...made, call_forwarding_no_answer_wire: true })
    expect([refused.status, Object.keys(refused.json.errors)]).toEqual([422, ['call_forwarding_no_answer_wire']])
    const again = await put(wanted.domain, { ...made, call_forwarding_no_answer_wire: 'away' }, 'PATCH')
    expect(again.json.call_forwarding_no_answer_wire).toBe('away')
  })

  test('clears every text, the date and the hue that the body leaves out, and takes blank for nothing', async () => {
    const made = (await create()).json
    const texts = {
      expire_at: '2027-01-31',
      account_proxy_registrar_address: 'sip:proxy.alpha.example',
      custom_provisioning_entries: '[net]\nmtu=1300',
      copyright_text: '© Alpha',
      intro_registration_text: '**Welcome**',
      newsletter_registration_address: 'news@alpha.example',
      theme_hue: 200,
    }
    const nothing = { ...Object.fromEntries(Object.keys(texts).map((name) => [name, null])), theme_hue: 22 }
    expect((await put(wanted.domain, { ...made, ...texts })).json).toMatchObject({
      ...texts,
      expire_at: '2027-01-31T00:00:00.000000Z',
    })
    const without = Object.fromEntries(Object.entries(made).filter(([name]) => !(name in texts)))
    expect((await put(wanted.domain, without)).json).toMatchObject(nothing)
    await put(wanted.domain, { ...made, ...texts })
    const blank = Object.fromEntries(Object.keys(texts).map((name) => [name, ' ']))
    expect((await put(wanted.domain, { ...made, ...blank })).json).toMatchObject(nothing)
  })

  test('ignores what cannot be set here, nested members and moments included', async () => {
    const made = (await create()).json
    const reply = await put(wanted.domain, {
      ...made,
      id: 999,
      created_at: '2000-01-01T00:00:00.000000Z',
      email_server: { host: 'smtp.example.org' },
      carddav_servers: [{ uri: 'https://dav.example.org' }],
    })
    expect(reply.status).toBe(200)
    expect({ ...reply.json, updated_at: null }).toEqual({ ...made, updated_at: null })
  })

  test('refuses by name what no request can set yet, whatever else it says, and takes back what was read', async () => {
    const made = (await create()).json
    const before = await t.snapshot()
    for (const [name, value] of [
      ['logo', 'x.png'],
      ['logo', { file: 'x.png' }],
      ['oidc_authentication_configuration', { realm: 'x' }],
    ] as const) {
      const other = { name: 'B', domain: 'sip.b.example', host: 'b.localhost' }
      const replies = [await put(wanted.domain, { ...made, [name]: value }), await create({ ...other, [name]: value })]
      for (const { status, json } of replies) {
        expect([name, status, json.errors]).toEqual([name, 422, { [name]: [expect.stringContaining('cannot be set')] }])
      }
    }
    expect(await t.snapshot()).toBe(before)
    const logo = `${'a'.repeat(64)}.png`
    const { spaces } = t.db.tables
    await t.db.transaction((tx) => tx.update(spaces).set({ logo }).where(eq(spaces.domain, wanted.domain)))
    const read = (await t.get(`/api/spaces/${wanted.domain}`, { as: root })).json
    expect([(await put(wanted.domain, read)).json.logo, read.logo]).toEqual([logo, logo])
    expect((await put(wanted.domain, { ...read, logo: null })).json.errors).toEqual({
      logo: ['The logo cannot be set here.'],
    })
  })

  test('takes every way to say yes and no, and nothing else', async () => {
    const made = (await create()).json
    for (const [said, meant] of [
      [true, true],
      ['0', false],
      [1, true],
      [false, false],
      ['1', true],
      [0, false],
    ]) {
      expect((await put(wanted.domain, { ...made, hide_settings: said })).json.hide_settings).toBe(meant)
    }
    for (const said of ['true', 'no', 2, null, [], {}]) {
      const reply = await put(wanted.domain, { ...made, hide_settings: said })
      expect([said, reply.status, Object.keys(reply.json.errors)]).toEqual([said, 422, ['hide_settings']])
    }
  })

  test('reaches the provisioning document', async () => {
    const made = (await create()).json
    const space = (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other
    const uiOf = async () => {
      const as = await t.account({ space })
      const token = (await t.get('/api/accounts/me', { as, host: 'alpha.localhost' })).json.provisioning_token
      const xml = (await t.get(`/provisioning/${token}`, { host: 'alpha.localhost' })).text
      const ui = /<section name="ui">(.*?)<\/section>/.exec(xml)?.[1] ?? ''
      return Object.fromEntries(
        [...ui.matchAll(/<entry name="(\w+)"[^>]*>(\w*)</g)].map(([, key, value]) => [key, value]),
      )
    }
    const switches = {
      super: false,
      disable_chat_feature: false,
      disable_meetings_feature: false,
      disable_broadcast_feature: true,
      hide_settings: false,
      hide_account_settings: false,
      disable_call_recordings_feature: false,
      only_display_sip_uri_username: false,
      assistant_hide_create_account: false,
      assistant_disable_qr_code: false,
      assistant_hide_third_party_account: false,
    }
    const written = (values: Record<string, boolean>) =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ? '1' : '0']))
    expect(await uiOf()).toEqual({ ...written(switches), max_account: '0' })
    for (const name of Object.keys(switches)) {
      const turned = { ...switches, [name]: !switches[name as keyof typeof switches] }
      expect((await put(wanted.domain, { ...made, ...turned, max_account: 3 })).status).toBe(200)
      expect([name, await uiOf()]).toEqual([name, { ...written(turned), max_account: '3' }])
    }
  })

  test('is written down, with the names of what changed and without their values', async () => {
    const made = (await create()).json
    await put(wanted.domain, { ...made, copyright_text: '© Alpha', hide_settings: true })
    await put(wanted.domain, { ...made, name: 'Other' })
    await t.delete(`/api/spaces/${wanted.domain}`, { as: root })
    const events = t.lines.filter((line) => /space\.(created|updated|deleted)/.test(line))
    expect(events).toHaveLength(3)
    expect(events[0]).toContain('space.created')
    expect(events[1]).toMatch(/space\.updated.*fields="?copyright_text,hide_settings\b/)
    expect(events[2]).toContain('space.deleted')
    for (const event of events) {
      expect(event).toContain('sip.alpha.example')
      expect(event).toContain('root@sip.example.org')
      expect(event).not.toContain('©')
    }
  })

  test('is refused where it would lock somebody out', async () => {
    const own = (await t.get('/api/spaces/sip.example.org', { as: root })).json
    expect(Object.keys((await put('sip.example.org', { ...own, super: false })).json.errors)).toEqual(['super'])
    expect(Object.keys((await put('sip.example.org', { ...own, expire_at: '2027-01-01' })).json.errors)).toEqual([
      'expire_at',
    ])
    const made = (await create()).json
    for (const host of ['not a host', 'alpha.example.com', 'evillocalhost']) {
      expect([host, Object.keys((await put(wanted.domain, { ...made, host })).json.errors)]).toEqual([host, ['host']])
    }
    expect(
      Object.keys((await put(wanted.domain, { ...made, super: true, expire_at: '2027-01-01' })).json.errors),
    ).toEqual(['expire_at'])
  })

  test('makes another Space super and takes it back', async () => {
    const made = (await create()).json
    const theirs = await t.account({ space: (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other, admin: true })
    const asks = () => t.get('/api/spaces', { as: theirs, host: 'alpha.localhost' })
    expect((await asks()).status).toBe(403)
    expect((await put(wanted.domain, { ...made, super: true })).json.super).toBe(true)
    expect((await asks()).status).toBe(200)
    expect((await put(wanted.domain, { ...made, super: false })).json.super).toBe(false)
    expect((await asks()).status).toBe(403)
  })

  test('leaves alone a host and a realm that only the command line may give', async () => {
    const digest = { realm: 'asterisk', defaultPasswordAlgorithm: null }
    await t.space({ domain: 'sip.lan.example', host: '192.0.2.9', name: 'LAN', digest })
    const read = (await t.get('/api/spaces/sip.lan.example', { as: root })).json
    const sent = await put('sip.lan.example', { ...read, copyright_text: '© LAN' })
    expect([sent.status, sent.json.host, sent.json.account_realm]).toEqual([200, '192.0.2.9', 'asterisk'])
  })
})

describe('deleting', () => {
  test('takes the accounts along and answers 1; an unknown Space is 404', async () => {
    await create()
    const space = (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other
    for (let i = 0; i < 3; i++) await t.account({ space })
    const before = await t.get('/api/spaces', { as: root })
    const reply = await t.delete(`/api/spaces/${wanted.domain}`, { as: root })
    expect([reply.status, reply.text]).toEqual([200, '1'])
    expect(before.json).toHaveLength(3)
    expect((await t.get('/api/spaces', { as: root })).json).toHaveLength(2)
    const counts = await t.db.read.select().from(t.db.tables.accountBlocks)
    expect(counts.filter(({ domain }) => domain === wanted.domain)).toEqual([])
    const rows = await t.db.read.select().from(t.db.tables.accounts)
    expect(rows.filter(({ domain }) => domain === wanted.domain)).toEqual([])
    expect((await t.delete(`/api/spaces/${wanted.domain}`, { as: root })).status).toBe(404)
    expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(404)
  })

  test('never the own Space, from whatever host', async () => {
    await t.account({})
    await t.parts.apiKeys.flush()
    const before = await t.snapshot()
    for (const host of ['localhost', 'other.localhost']) {
      expect((await t.delete('/api/spaces/sip.example.org', { as: root, host })).status).toBe(403)
    }
    // A host is no SIP domain.
    expect((await t.delete('/api/spaces/other.localhost', { as: root })).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
  })

  test('leaves no tombstones, so that the names are free in a Space of the same domain', async () => {
    await create()
    const body = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5', domain: wanted.domain }
    expect((await t.post('/api/accounts', { as: root, body })).status).toBe(200)
    await t.delete(`/api/spaces/${wanted.domain}`, { as: root })
    expect((await create()).status).toBe(201)
    expect((await t.post('/api/accounts', { as: root, body })).status).toBe(200)
  })

  test('lets others be served between its batches', async () => {
    await create()
    const space = (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other
    for (let i = 0; i < 450; i++) await t.account({ space })
    let running = true
    const deleting = t.delete(`/api/spaces/${wanted.domain}`, { as: root }).finally(() => {
      running = false
    })
    let served = 0
    while (running) {
      expect((await t.get('/api/ping')).status).toBe(200)
      await new Promise((resolve) => setImmediate(resolve))
      served += 1
    }
    expect((await deleting).text).toBe('1')
    expect(served).toBeGreaterThan(4)
  })
})

test('a Space expires at 00:00 UTC of its day, everything on its host with it, and comes back with a later date', async () => {
  const made = (await create({ ...wanted, expire_at: '2026-06-02' })).json
  expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(200)
  t.clock.now = new Date('2026-06-02T00:00:00.000Z')
  for (const path of ['/api/ping', '/provisioning', '/api/accounts/me']) {
    expect((await t.get(path, { host: 'alpha.localhost' })).status).toBe(403)
  }
  expect((await t.get('/up', { host: 'alpha.localhost' })).status).toBe(200)
  // The key of before has been idle for hours.
  root = await t.account({ admin: true })
  const lifted = await put(wanted.domain, { ...made, expire_at: '2026-06-03' })
  expect(lifted.status).toBe(200)
  expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(200)
})
