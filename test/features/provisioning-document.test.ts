import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import type { Space } from '../../src/nouns/space.ts'
import { parseIni } from '../../src/protocols/ini.ts'
import { toXml } from '../../src/protocols/lpconfig.ts'
import { provisioningDocument } from '../../src/provisioning/provisioning/document.ts'
import { oneTimeShape } from '../../src/provisioning/provisioning/shape.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// What the provisioning document says (behaviour/provisioning.md §7), read by somebody else's parser.

let t: TestApp
let carol: TestAccount
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  carol = await t.account({ username: 'carol', displayName: 'Carol', algorithm: 'MD5' })
}

interface Entry {
  readonly '@name': string
  readonly '@overwrite'?: string
  readonly '#text'?: string
}
interface Section {
  readonly '@name': string
  readonly entry?: readonly Entry[]
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => name === 'section' || name === 'entry',
})
const sections = (xml: string): readonly Section[] => parser.parse(xml).config.section
const names = (xml: string) => sections(xml).map((section) => section['@name'])
const entriesOf = (xml: string, name: string): [string, string][] =>
  (sections(xml).find((section) => section['@name'] === name)?.entry ?? []).map((entry) => [
    entry['@name'],
    entry['#text'] ?? '',
  ])
const entry = (xml: string, section: string, name: string) =>
  entriesOf(xml, section).find(([found]) => found === name)?.[1]

/** Its own key ends whenever it gets a password. */
const keyed = async () => {
  carol = { ...carol, key: await t.db.transaction((tx) => t.parts.apiKeys.regenerate(tx, carol.id, null)) }
}
const mine = async (as = carol, host = 'localhost') => (await t.get('/provisioning/me', { as, host })).text
const base = async (host = 'localhost') => (await t.get('/provisioning', { host })).text
const changeSpaces = async (columns: Partial<Space>) => {
  const { digest: _, carddavServers: __, ...plain } = columns
  await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set(plain).returning())
  t.parts.spaces.forget()
}
const custom = (text: string | null, more: Partial<Space> = {}) =>
  changeSpaces({ customProvisioningEntries: text, ...more })

describe('the document', () => {
  beforeAll(() => start())
  afterAll(() => t.close())
  beforeEach(() => custom(null, { customProvisioningOverwriteAll: false, accountProxyRegistrarAddress: null }))

  test('is one line, byte for byte', async () => {
    const config = '<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">'
    const misc =
      '<section name="misc"><entry name="contacts-vcard-list">http://localhost/contacts/vcard</entry></section>'
    expect(await base()).toBe(`${config}${misc}</config>`)
    const ui = [
      ['super', 1],
      ['disable_chat_feature', 0],
      ['disable_meetings_feature', 0],
      ['disable_broadcast_feature', 1],
      ['hide_settings', 0],
      ['hide_account_settings', 0],
      ['disable_call_recordings_feature', 0],
      ['only_display_sip_uri_username', 0],
      ['assistant_hide_create_account', 0],
      ['assistant_disable_qr_code', 0],
      ['assistant_hide_third_party_account', 0],
      ['max_account', 0],
    ]
      .map(([name, value]) => `<entry name="${name}">${value}</entry>`)
      .join('')
    const proxy = [
      ['reg_identity', '"Carol" &lt;sip:carol@sip.example.org&gt;'],
      ['reg_proxy', '&lt;sip:sip.example.org;transport=tls&gt;'],
      ['reg_sendregister', '1'],
      ['refkey', 'push_notification'],
    ]
      .map(([name, value]) => `<entry name="${name}">${value}</entry>`)
      .join('')
    const auth = [
      ['username', 'carol'],
      ['domain', 'sip.example.org'],
      ['ha1', Bun.MD5.hash('carol:sip.example.org:correct-horse', 'hex')],
      ['realm', 'sip.example.org'],
      ['algorithm', 'MD5'],
    ]
      .map(([name, value]) => `<entry name="${name}">${value}</entry>`)
      .join('')
    expect(await mine()).toBe(
      `${config}${misc}<section name="ui">${ui}</section><section name="proxy_0">${proxy}</section><section name="auth_info_0">${auth}</section></config>`,
    )
  })

  test('has the custom sections first, in their order, and extends those that it needs itself', async () => {
    await custom(
      '[z]\nb=2\na=1\n[proxy_0]\nreg_expires=60\nrefkey=mine\n[misc]\nuuid_check=yes\ncontacts-vcard-list=elsewhere\n[auth_info_0]\nuserid=7\n[empty]\n',
    )
    const text = await mine()
    expect(names(text)).toEqual(['z', 'proxy_0', 'misc', 'auth_info_0', 'empty', 'ui'])
    expect(entriesOf(text, 'z')).toEqual([
      ['b', '2'],
      ['a', '1'],
    ])
    expect(entriesOf(text, 'proxy_0').map(([name]) => name)).toEqual([
      'reg_expires',
      'refkey',
      'reg_identity',
      'reg_proxy',
      'reg_sendregister',
    ])
    expect(entry(text, 'proxy_0', 'refkey')).toBe('mine')
    expect(entriesOf(text, 'misc')).toEqual([
      ['uuid_check', '1'],
      ['contacts-vcard-list', 'http://localhost/contacts/vcard'],
    ])
    expect(entriesOf(text, 'auth_info_0').map(([name]) => name)).toEqual([
      'userid',
      'username',
      'domain',
      'ha1',
      'realm',
      'algorithm',
    ])
    expect(names(await base())).toEqual(['z', 'proxy_0', 'misc', 'auth_info_0', 'empty'])
    expect(await base()).not.toContain('ha1')
  })

  test('leaves its own switches to a custom ui section, but not to one that only holds what it sets itself', async () => {
    await custom('[ui]\nlogo=x\nmax_account=7')
    expect(entriesOf(await mine(), 'ui')).toEqual([['logo', 'x']])
    await custom('[ui]\nmax_account=7\nhide_settings=1\n[net]\nmtu=1300')
    const text = await mine()
    expect(names(text)).toEqual(['net', 'misc', 'ui', 'proxy_0', 'auth_info_0'])
    expect([entry(text, 'ui', 'max_account'), entry(text, 'ui', 'hide_settings')]).toEqual(['0', '0'])
  })

  test('names a registrar in every form that a Space may give it, unless custom entries did', async () => {
    for (const [address, written] of [
      [null, '<sip:sip.example.org;transport=tls>'],
      ['proxy.example.org', '<sip:proxy.example.org>'],
      ['proxy.example.org:5061', '<sip:proxy.example.org:5061>'],
      ['192.0.2.1:5060;transport=tcp', '<sip:192.0.2.1:5060;transport=tcp>'],
      ['sip:proxy.example.org;transport=tls', '<sip:proxy.example.org;transport=tls>'],
      ['sips:proxy.example.org', '<sips:proxy.example.org>'],
      ['<sip:proxy.example.org;lr>', '<sip:proxy.example.org;lr>'],
    ] as const) {
      await custom(null, { accountProxyRegistrarAddress: address })
      expect([address, entry(await mine(), 'proxy_0', 'reg_proxy')]).toEqual([address, written])
    }
    await custom('[proxy_0]\nreg_proxy=<sip:own;transport=udp>\nreg_sendregister=0')
    expect(entriesOf(await mine(), 'proxy_0')).toEqual([
      ['reg_proxy', '<sip:own;transport=udp>'],
      ['reg_sendregister', '0'],
      ['reg_identity', '"Carol" <sip:carol@sip.example.org>'],
      ['refkey', 'push_notification'],
    ])
    await custom('[proxy_0]\nreg_proxy=')
    expect(entry(await mine(), 'proxy_0', 'reg_proxy')).toBe('')
    // A proxy of another number says nothing about ours.
    await custom('[proxy_1]\nreg_proxy=<sip:other>', { accountProxyRegistrarAddress: null })
    expect(entry(await mine(), 'proxy_0', 'reg_proxy')).toBe('<sip:sip.example.org;transport=tls>')
  })

  test('marks every entry or none', async () => {
    const marks = (xml: string) =>
      new Set(sections(xml).flatMap(({ entry = [] }) => entry.map((each) => each['@overwrite'])))
    await custom('[net]\nmtu=1300\nempty=')
    expect([...marks(await mine())]).toEqual([undefined])
    await custom('[net]\nmtu=1300\nempty=', { customProvisioningOverwriteAll: true })
    expect([...marks(await mine())]).toEqual(['true'])
    expect([...marks(await base())]).toEqual(['true'])
    await custom(null, { customProvisioningOverwriteAll: true })
    expect([...marks(await mine())]).toEqual(['true'])
  })

  test('carries values of every kind through the XML', async () => {
    await custom(
      `[x]\nurl=https://h/?a=b&c=<d>\nquotes="it's"\nraw=say "hi"\nentity=a&amp;b\nuri=<sip:a@b;transport=tls>\non=on\noff=off\nenv=\${HOME}\nwords=été 🙂`,
    )
    expect(entriesOf(await base(), 'x')).toEqual([
      ['url', 'https://h/?a=b&c=<d>'],
      ['quotes', "it's"],
      ['raw', 'say "hi"'],
      ['entity', 'a&amp;b'],
      ['uri', '<sip:a@b;transport=tls>'],
      ['on', '1'],
      ['off', ''],
      ['env', `\${HOME}`],
      ['words', 'été 🙂'],
    ])
  })

  test('is served without lines that cannot be read, which the log tells once', async () => {
    await custom('before=1\n[net]\nmtu=1300\nnonsense\n[broken\n')
    for (let i = 0; i < 3; i++) expect(entriesOf(await base(), 'net')).toEqual([['mtu', '1300']])
    const lines = t.logged('custom provisioning entries cannot be read')
    expect(lines).toHaveLength(1)
    await custom('[net]\nmtu=1400')
    expect(entriesOf(await base(), 'net')).toEqual([['mtu', '1400']])
  })

  test('says nothing of the dictionary, and names no password that is not there', async () => {
    const dora = await t.account({ username: 'dora' })
    await t.db.transaction(async (tx) => {
      await tx
        .insert(t.db.tables.accountDictionaryEntries)
        .values({ accountId: dora.id, key: 'secret', value: 'of-dora', createdAt: t.clock.now, updatedAt: t.clock.now })
        .returning()
    })
    expect(await mine(dora)).not.toContain('of-dora')
    const sso = await t.space({ domain: 'sip.sso.org', host: 'sso.localhost', digest: null })
    const erin = await t.account({ space: sso, username: 'erin' })
    const text = await mine(erin, sso.host)
    expect(names(text)).toEqual(['misc', 'ui', 'proxy_0'])
    expect(entry(text, 'proxy_0', 'reg_identity')).toBe('<sip:erin@sip.sso.org>')
  })

  test('makes both hashes of a clear password, the strongest last', async () => {
    const { id } = await t.account({ username: 'frank' })
    const frank = await t.account({ username: 'frank.2' })
    await t.db.transaction(async (tx) => {
      await tx
        .insert(t.db.tables.passwords)
        .values({ accountId: frank.id, algorithm: 'CLRTXT', password: 'clear-horse' })
        .returning()
    })
    expect(id).toBeLessThan(frank.id)
    const text = await mine(frank)
    // The stored SHA-256 row stays what it is; the MD5 one comes from the clear password.
    expect(entriesOf(text, 'auth_info_0').slice(2)).toEqual([
      ['ha1', Bun.MD5.hash('frank.2:sip.example.org:clear-horse', 'hex')],
      ['realm', 'sip.example.org'],
      ['algorithm', 'MD5'],
    ])
    expect(entry(text, 'auth_info_1', 'ha1')).toBe(Bun.SHA256.hash('frank.2:sip.example.org:correct-horse', 'hex'))
    expect(text).not.toContain('clear-horse')
  })

  test('writes a display name as a SIP quoted-string', async () => {
    const admin = await t.account({ admin: true })
    for (const [name, written] of [
      ["Séan O'Neil", `"Séan O'Neil"`],
      ['say "hi"', '"say \\"hi\\""'],
      ['back\\slash', '"back\\\\slash"'],
      ['a & b < c > d', '"a & b < c > d"'],
      [']]>', '"]]>"'],
      ['&amp;', '"&amp;"'],
    ] as const) {
      const body = { username: 'carol', algorithm: 'MD5', display_name: name }
      await t.put(`/api/accounts/${carol.id}`, {
        as: admin,
        body: { ...body, username: 'carol.x', password: 'correct-horse' },
      })
      await keyed()
      const text = await mine()
      expect(entry(text, 'proxy_0', 'reg_identity')).toBe(`${written} <sip:carol.x@sip.example.org>`)
    }
  })

  test('carries any display name that the API accepts through our writer and somebody else’s parser', async () => {
    const admin = await t.account({ admin: true })
    const body = { username: 'carol.x', algorithm: 'MD5', password: 'correct-horse' }
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), async (name) => {
        const reply = await t.put(`/api/accounts/${carol.id}`, { as: admin, body: { ...body, display_name: name } })
        expect(reply.status).toBe(200)
        await keyed()
        const kept = reply.json.display_name as string | null
        expect(kept).toBe(name.trim() === '' ? null : name.trim())
        const quoted = kept === null ? '' : `"${kept.replace(/[\\"]/g, '\\$&')}" `
        expect(entry(await mine(), 'proxy_0', 'reg_identity')).toBe(`${quoted}<sip:carol.x@sip.example.org>`)
      }),
      { numRuns: 100 },
    )
  })
})

describe('address books and lines of a carrier', () => {
  let root: TestAccount
  const line = { username: 'ext', domain: 'carrier.example', password: 'carrier-horse', protocol: 'TLS' }
  const setLine = (changed: object = {}, id = carol.id) =>
    t.post(`/api/accounts/${id}/external`, { as: root, body: { ...line, ...changed } })
  const addServer = async (body: object): Promise<number> =>
    (await t.post('/api/spaces/sip.example.org/carddavs', { as: root, body })).json.id
  const setCredential = (id: number, algorithm: string) =>
    t.put(`/api/accounts/${carol.id}/carddavs/${id}`, {
      as: root,
      body: { username: 'carol@dav', password: 'dav-horse', realm: 'dav & co', algorithm },
    })
  const md5 = (text: string) => Bun.MD5.hash(text, 'hex')
  beforeEach(async () => {
    await start()
    root = await t.account({ admin: true })
    await changeSpaces({ carddavUserCredentials: true })
  })
  afterEach(() => t.close())

  test('of the Space come first, in every document; credentials are numbered before the passwords', async () => {
    const first = await addServer({ uri: 'https://dav.example/?a=1&b=<2>', enabled: true, fields_for_domain: 'impp' })
    const second = await addServer({ uri: 'http://server', results_limit: 7, use_exact_match_policy: '1' })
    await custom('[net]\nmtu=1300')
    const defaults = [
      ['min_characters', '3'],
      ['results_limit', '0'],
      ['timeout', '5'],
      ['delay', '500'],
      ['carddav_fields_for_user_input', ''],
    ]
    expect(names(await base())).toEqual(['net', 'remote_contact_directory_0', 'remote_contact_directory_1', 'misc'])
    expect(entriesOf(await base(), 'remote_contact_directory_0')).toEqual([
      ['enabled', '1'],
      ['type', 'carddav'],
      ['uri', 'https://dav.example/?a=1&b=<2>'],
      ...defaults,
      ['carddav_fields_for_domain', 'impp'],
      ['carddav_use_exact_match_policy', '0'],
    ] as [string, string][])
    const disabled = await base()
    expect([
      entry(disabled, 'remote_contact_directory_1', 'enabled'),
      entry(disabled, 'remote_contact_directory_1', 'results_limit'),
      entry(disabled, 'remote_contact_directory_1', 'carddav_use_exact_match_policy'),
    ]).toEqual(['0', '7', '1'])

    await setCredential(second, 'SHA-256')
    await setCredential(first, 'MD5')
    const text = await mine()
    const books = ['remote_contact_directory_0', 'remote_contact_directory_1']
    const numbered = ['auth_info_0', 'auth_info_1', 'misc', 'ui', 'proxy_0', 'auth_info_2']
    expect(names(text)).toEqual(['net', ...books, ...numbered])
    expect(entriesOf(text, 'auth_info_0')).toEqual([
      ['username', 'carol@dav'],
      ['realm', 'dav & co'],
      ['ha1', md5('carol@dav:dav & co:dav-horse')],
      ['algorithm', 'MD5'],
    ])
    expect(entry(text, 'auth_info_1', 'algorithm')).toBe('SHA-256')
    expect(entry(text, 'auth_info_2', 'domain')).toBe('sip.example.org')
    expect(await base()).not.toContain('ha1')
    // Another Space's phones hear nothing of them.
    expect(names(await base('other.localhost'))).toEqual(['net', 'misc'])
  })

  test('that are enabled come first: a new app keeps only the first', async () => {
    await addServer({ uri: 'https://off.example', enabled: false })
    await addServer({ uri: 'https://on.example', enabled: true })
    await addServer({ uri: 'https://on.2.example', enabled: true })
    for (const text of [await base(), await mine()]) {
      const uris = [0, 1, 2].map((index) => entry(text, `remote_contact_directory_${index}`, 'uri'))
      expect(uris).toEqual(['https://on.example', 'https://on.2.example', 'https://off.example'])
    }
  })

  test('at a carrier follow the account’s own, which waits for none of them', async () => {
    await setLine({ realm: 'voice', registrar: 'reg.carrier.example', outbound_proxy: 'edge.carrier.example' })
    const text = await mine()
    expect(names(text)).toEqual(['misc', 'ui', 'proxy_0', 'auth_info_0', 'proxy_1', 'auth_info_1'])
    expect(text).not.toContain('depends_on')
    expect(entriesOf(text, 'proxy_1')).toEqual([
      ['reg_identity', '<sip:ext@carrier.example>'],
      ['reg_sendregister', '1'],
      ['refkey', 'push_notification'],
      ['idkey', 'external_account'],
      ['reg_proxy', '<sip:reg.carrier.example;transport=tls>'],
      ['reg_route', '<sip:edge.carrier.example;lr>'],
    ])
    expect(entriesOf(text, 'auth_info_1')).toEqual([
      ['username', 'ext'],
      ['domain', 'carrier.example'],
      ['ha1', md5('ext:voice:carrier-horse')],
      ['realm', 'voice'],
      ['algorithm', 'MD5'],
    ])
    await setLine({ domain: '2001:db8::1', protocol: 'UDP' })
    const sixth = await mine()
    expect(entriesOf(sixth, 'proxy_1').map(([, value]) => value)).toEqual([
      '<sip:ext@[2001:db8::1]>',
      '1',
      'push_notification',
      'external_account',
      '<sip:[2001:db8::1];transport=udp>',
    ])
    expect(entry(sixth, 'auth_info_1', 'realm')).toBe('2001:db8::1')
  })

  test('at a carrier take the next free number, and leave what custom entries depend on', async () => {
    await setLine()
    await custom('[proxy_0]\ndepends_on=mine\n[proxy_1]\nreg_identity=<sip:a@b>\n[auth_info_1]\nuserid=7')
    const text = await mine()
    expect(entry(text, 'proxy_0', 'depends_on')).toBe('mine')
    expect(entriesOf(text, 'proxy_1')).toEqual([['reg_identity', '<sip:a@b>']])
    expect(entry(text, 'proxy_2', 'idkey')).toBe('external_account')
    expect(entriesOf(text, 'auth_info_1').slice(0, 2)).toEqual([
      ['userid', '7'],
      ['username', 'ext'],
    ])
  })

  test('are all overwritten where the Space says so', async () => {
    const server = await addServer({ uri: 'http://server' })
    await setCredential(server, 'MD5')
    await setLine()
    await changeSpaces({ customProvisioningOverwriteAll: true })
    const entries = sections(await mine()).flatMap((section) => section.entry ?? [])
    expect(entries.length).toBeGreaterThan(40)
    expect(entries.filter((each) => each['@overwrite'] !== 'true')).toEqual([])
  })
})

test('a line of a carrier stays out of documents where a bridge registers it', async () => {
  await start({ PROVISIONING_EXTERNAL_ACCOUNT: 'false' })
  const root = await t.account({ admin: true })
  const body = { username: 'ext', domain: 'carrier.example', password: 'carrier-horse', protocol: 'TLS' }
  expect((await t.post(`/api/accounts/${carol.id}/external`, { as: root, body })).status).toBe(201)
  expect(names(await mine())).toEqual(['misc', 'ui', 'proxy_0', 'auth_info_0'])
  expect(await mine()).not.toContain('carrier')
  await t.close()
})

describe('a one-time document', () => {
  let root: TestAccount
  const KEYS = ['username', 'domain', 'ha1', 'realm', 'algorithm']
  const OWN = 'sip:carol@sip.example.org'
  const OTHER = 'sip:bob@bob.example'
  const line = { username: 'ext', domain: 'carrier.example', password: 'carrier-horse', protocol: 'TLS' }
  const setLine = (more: object = {}) =>
    t.post(`/api/accounts/${carol.id}/external`, { as: root, body: { ...line, ...more } })
  const newToken = async (): Promise<string> =>
    (await t.get(`/api/accounts/${carol.id}/provision`, { as: root })).json.provisioning_token
  const fetched = async (from: string | null = null, query = '') =>
    (await t.get(`/provisioning/${await newToken()}${query}`, { headers: from === null ? {} : { from } })).text
  /** Section → what it overwrites; sections that overwrite nothing are left out. */
  const overwritten = (xml: string) =>
    Object.fromEntries(
      sections(xml).flatMap(({ '@name': name, entry = [] }) => {
        const marked = entry.filter((each) => each['@overwrite'] === 'true').map((each) => each['@name'])
        return marked.length === 0 ? [] : [[name, marked]]
      }),
    )
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const isBlank = (xml: string, name: string) => entriesOf(xml, name).every(([, value]) => value === '')
  /** The numbers of sections of that kind. */
  const numbersOf = (xml: string, kind: string) =>
    names(xml).flatMap((name) => (name.startsWith(kind) ? [Number(name.slice(kind.length))] : []))
  const FORGETS = { misc: ['transient_provisioning'] }
  const BEHIND = Object.fromEntries([8, 9, 10].map((index) => [`auth_info_${index}`, KEYS]))
  const touchesNothing = (xml: string) => {
    for (const index of numbers(0, 7)) expect(entriesOf(xml, `auth_info_${index}`)).toEqual([['username', '-']])
    const marked = Object.keys(overwritten(xml)).filter((name) => /^(auth_info|proxy)_[0-7]$/.test(name))
    expect(marked).toEqual([])
  }
  beforeEach(async () => {
    await start()
    root = await t.account({ admin: true })
  })
  afterEach(() => t.close())

  test('has the phone forget its address, whatever the phone or the Space say, and no other document has', async () => {
    await custom('[misc]\ntransient_provisioning=0')
    for (const from of [null, OWN, OTHER]) {
      const text = await fetched(from)
      expect(entry(text, 'misc', 'transient_provisioning')).toBe('1')
      expect(overwritten(text).misc).toEqual(['transient_provisioning'])
    }
    await custom(null)
    for (const text of [await mine(), await base()]) expect(text).not.toContain('transient')
  })

  test('the first, for a phone of its own or one that says nothing, stands in front and overwrites nothing', async () => {
    for (const from of [null, '', OWN, 'sip:Carol@SIP.example.org', '"C" <sip:carol@sip.example.org;transport=tls>']) {
      await t.close()
      await start()
      root = await t.account({ admin: true })
      const text = await fetched(from)
      expect([from, overwritten(text)]).toEqual([from, FORGETS])
      expect(text.replace('<entry name="transient_provisioning" overwrite="true">1</entry>', '')).toBe(await mine())
    }
  })

  test('for a phone of somebody else stands behind fillers, and overwrites nothing of theirs', async () => {
    for (const from of [OTHER, 'sip:carol@bob.example', 'nonsense', 'mailto:carol@sip.example.org']) {
      const text = await fetched(from)
      expect(numbersOf(text, 'proxy_')).toEqual([0, 1, 2, 3, 4])
      for (const index of numbers(0, 3)) {
        expect(entriesOf(text, `proxy_${index}`)).toEqual([['reg_expires', '3600']])
      }
      expect(entry(text, 'proxy_4', 'reg_identity')).toBe('"Carol" <sip:carol@sip.example.org>')
      // Behind the first there is nothing to clear away.
      const isFirst = from === OTHER
      expect(overwritten(text)).toEqual(isFirst ? { ...FORGETS, auth_info_8: KEYS } : { ...FORGETS, ...BEHIND })
      expect(numbersOf(text, 'auth_info_')).toEqual(numbers(0, isFirst ? 8 : 10))
      touchesNothing(text)
      expect(entry(text, 'auth_info_8', 'ha1')).toBe(Bun.MD5.hash('carol:sip.example.org:correct-horse', 'hex'))
      expect(['auth_info_9', 'auth_info_10'].every((name) => isBlank(text, name))).toBe(true)
    }
  })

  test('again puts new credentials behind those that the phone has, the strongest last', async () => {
    await fetched()
    const md5 = Bun.MD5.hash('carol:sip.example.org:clear-horse', 'hex')
    await t.db.transaction((tx) =>
      tx
        .insert(t.db.tables.passwords)
        .values({ accountId: carol.id, algorithm: 'CLRTXT', password: 'clear-horse' })
        .returning(),
    )
    for (const from of [null, OWN, OTHER]) {
      const text = await fetched(from)
      touchesNothing(text)
      const shown = [8, 9].map((index) => ['algorithm', 'ha1'].map((key) => entry(text, `auth_info_${index}`, key)))
      expect(shown.map(([algorithm]) => algorithm)).toEqual(['MD5', 'SHA-256'])
      expect(shown[1]?.[1]).toBe(Bun.SHA256.hash('carol:sip.example.org:clear-horse', 'hex'))
      expect(md5).toHaveLength(32)
      expect(overwritten(text)).toEqual({ ...FORGETS, ...BEHIND })
      expect(entry(text, from === OTHER ? 'proxy_4' : 'proxy_0', 'reg_identity')).toContain('carol@')
    }
    const reset = await fetched(OWN, '?reset_password')
    touchesNothing(reset)
    expect(entry(reset, 'auth_info_8', 'ha1')).not.toBe(md5)
  })

  test('moves a phone of the account’s own after the registrar or the name changed, and no other phone', async () => {
    const MOVES = ['reg_identity', 'reg_proxy']
    await fetched()
    expect(overwritten(await fetched(OWN)).proxy_0).toBeUndefined()
    await changeSpaces({ accountProxyRegistrarAddress: 'proxy.example.org' })
    for (const from of [null, OWN, OWN]) {
      const text = await fetched(from)
      expect(overwritten(text).proxy_0).toEqual(from === OWN ? MOVES : undefined)
      expect(entry(text, 'proxy_0', 'reg_proxy')).toBe('<sip:proxy.example.org>')
    }
    await t.db.transaction((tx) => tx.update(t.db.tables.accounts).set({ displayName: 'Caroline' }).returning())
    const named = await fetched(OWN)
    expect(overwritten(named).proxy_0).toEqual(MOVES)
    // Once a phone holds it beside others, whose account is first there is anybody's guess.
    touchesNothing(await fetched(OTHER))
    expect(overwritten(await fetched(OWN)).proxy_0).toBeUndefined()
  })

  test('overwrites no proxy of somebody else’s even where the Space has everything overwritten', async () => {
    await changeSpaces({ customProvisioningOverwriteAll: true })
    const text = await fetched(OTHER)
    touchesNothing(text)
    const proxies = Object.keys(overwritten(text)).filter((name) => name.startsWith('proxy_'))
    expect([proxies, overwritten(text).misc]).toEqual([[], ['contacts-vcard-list', 'transient_provisioning']])
    const again = await fetched()
    touchesNothing(again)
    expect(overwritten(again).proxy_0).toBeUndefined()
  })

  test('has the line and what the address books need in the same place, and the line once', async () => {
    await changeSpaces({ carddavUserCredentials: true })
    const servers = ['https://one.example', 'https://two.example']
    const ids = await Promise.all(
      servers.map((uri) => t.post('/api/spaces/sip.example.org/carddavs', { as: root, body: { uri } })),
    )
    const dav = { username: 'carol@dav', password: 'dav-horse', realm: 'dav', algorithm: 'MD5' }
    await t.put(`/api/accounts/${carol.id}/carddavs/${ids[0]?.json.id}`, { as: root, body: dav })
    await fetched()
    await setLine({ outbound_proxy: 'edge.example' })
    const users = (text: string) => numbers(8, 12).map((index) => entry(text, `auth_info_${index}`, 'username'))
    const newer = await fetched(OWN)
    expect(users(newer)).toEqual(['carol@dav', 'carol', 'ext', '', ''])
    // It is newer than the phone, whose `proxy_1` may be anybody's.
    expect(numbersOf(newer, 'proxy_').sort()).toEqual([0, 1, 2, 3, 4])
    expect([entry(newer, 'proxy_4', 'idkey'), entriesOf(newer, 'proxy_1')]).toEqual([
      'external_account',
      [['reg_expires', '3600']],
    ])
    const known = await fetched(OWN)
    expect([users(known)[2], numbersOf(known, 'proxy_')]).toEqual(['ext', [0]])
    const other = await fetched(OTHER)
    expect([users(other), entry(other, 'proxy_5', 'reg_route')]).toEqual([users(newer), '<sip:edge.example;lr>'])
    const fresh = await fetched()
    expect([users(fresh), entry(fresh, 'proxy_1', 'idkey')]).toEqual([users(newer), 'external_account'])
    for (const text of [newer, known, other, fresh]) touchesNothing(text)
    expect(entry(known, 'proxy_0', 'depends_on')).toBeUndefined()
  })

  test('ends the wait for the line that documents of before had, on a phone of the account’s own', async () => {
    await setLine()
    await t.db.transaction((tx) =>
      tx
        .insert(t.db.tables.accountSetups)
        .values({ accountId: carol.id, line: true, createdAt: t.clock.now, updatedAt: t.clock.now })
        .returning(),
    )
    const text = await fetched(OWN)
    expect([entry(text, 'proxy_0', 'depends_on'), overwritten(text).proxy_0]).toEqual([
      '',
      ['reg_identity', 'reg_proxy', 'depends_on'],
    ])
  })

  test('has what custom entries say of the account where the account is', async () => {
    await custom('[proxy_0]\ndepends_on=mine\n[proxy_1]\nreg_identity=<sip:a@b>\n[auth_info_0]\nuserid=7')
    const text = await fetched(OTHER)
    expect([entry(text, 'proxy_4', 'depends_on'), entry(text, 'proxy_5', 'reg_identity')]).toEqual([
      'mine',
      '<sip:a@b>',
    ])
    expect([entry(text, 'auth_info_8', 'userid'), entriesOf(text, 'proxy_0')]).toEqual(['7', [['reg_expires', '3600']]])
    touchesNothing(text)
  })

  test('is one by an auth token too; the caller’s own request is none', async () => {
    const byAuthToken = async (from: string | null = null) => {
      const { token } = (await t.post('/api/accounts/auth_token')).json
      await t.get(`/api/accounts/auth_token/${token}/attach`, { as: carol })
      return (await t.get(`/provisioning/auth_token/${token}`, { headers: from === null ? {} : { from } })).text
    }
    expect(overwritten(await byAuthToken())).toEqual(FORGETS)
    expect(overwritten(await byAuthToken())).toEqual({ ...FORGETS, ...BEHIND })
    expect(overwritten(await byAuthToken(OTHER))).toEqual({ ...FORGETS, ...BEHIND })
    expect(await mine()).not.toContain('overwrite')
    expect((await t.get('/provisioning/me', { as: carol, headers: { from: OWN } })).text).toBe(await mine())
    // At every start: proxies would pile up beside those of others.
    const foreign = (await t.get('/provisioning/me', { as: carol, headers: { from: OTHER } })).text
    expect([numbersOf(foreign, 'proxy_'), overwritten(foreign)]).toEqual([[], BEHIND])
    touchesNothing(foreign)
    const reset = await t.get('/provisioning/me?reset_password', { as: carol })
    touchesNothing(reset.text)
    expect([numbersOf(reset.text, 'proxy_'), overwritten(reset.text)]).toEqual([[0], BEHIND])
  })

  test('is not the first for having been looked at, or for links that were never used', async () => {
    await newToken()
    const token = await newToken()
    await t.get(`/provisioning/${token}`, { headers: { 'sec-fetch-dest': 'document' } })
    await t.send('HEAD', `/provisioning/${token}`)
    await t.get(`/provisioning/qrcode/${token}`)
    expect(overwritten((await t.get(`/provisioning/${token}`)).text)).toEqual(FORGETS)
  })

  test('is not the first long after the links of before were cleared away', async () => {
    await fetched()
    await fetched()
    const token = await newToken()
    t.later(40 * 86_400_000)
    const job = t.parts.jobs.named('tokens')
    await (job === null ? null : t.parts.jobs.run(job))
    expect((await t.db.read.select().from(t.db.tables.provisioningTokens)).filter(({ used }) => used)).toEqual([])
    expect(overwritten((await t.get(`/provisioning/${token}`)).text)).toEqual({ ...FORGETS, ...BEHIND })
  })
})

describe('a document of whatever there may be', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 30 })
  /** A value that the INI reader takes as it is: quoted, so without that quote, and on one line. */
  const quotable = line.map((text) => text.replace(/["\p{Cc}\u2028\u2029]/gu, ''))
  const word = fc.string({ unit: fc.constantFrom(..."abcxyz_0129&<>'é🙂"), minLength: 1, maxLength: 8 })
  const printable = line.map((text) => text.replace(/\p{Cc}/gu, '').trim())
  const stamps = { createdAt: new Date(0), updatedAt: new Date(0) }
  const server = fc
    .record({
      uri: printable,
      fieldsForUserInput: fc.option(printable),
      minCharacters: fc.nat(),
      enabled: fc.boolean(),
    })
    .map((some) => ({
      ...{ id: 1, spaceId: 1, resultsLimit: 0, timeout: 5, delay: 500 },
      ...{ fieldsForDomain: null, useExactMatchPolicy: false },
      ...stamps,
      ...some,
    }))
  const credential = fc
    .record({ username: printable, realm: printable, algorithm: fc.constantFrom('MD5' as const, 'SHA-256' as const) })
    .map((some) => ({ accountId: 1, spaceCarddavServerId: 1, password: 'f00d', ...stamps, ...some }))
  const external = fc
    .record({
      realm: fc.option(printable),
      registrar: fc.option(printable),
      outboundProxy: fc.option(printable),
      protocol: fc.constantFrom('UDP' as const, 'TCP' as const, 'TLS' as const),
    })
    .map((some) => ({
      ...{
        id: 1,
        accountId: 1,
        username: 'ext',
        domain: 'carrier.example',
        password: 'beef',
        algorithm: 'MD5' as const,
      },
      ...stamps,
      ...some,
    }))

  test('has sections and entries and nothing else, in one namespace; what went in comes out byte for byte', async () => {
    await start()
    const space = t.main
    await t.close()
    await fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ section: word, key: word, value: quotable }), {
          maxLength: 6,
          selector: ({ section, key }) => `${section}\n${key}`,
        }),
        fc.array(server, { maxLength: 3 }),
        fc.array(credential, { maxLength: 3 }),
        fc.option(external),
        fc.option(printable),
        fc.boolean(),
        (custom, carddavServers, carddavCredentials, externalAccount, displayName, overwriteAll) => {
          const ini = custom.map(({ section, key, value }) => `[${section}]\n${key}="${value}"`).join('\n')
          const document = provisioningDocument({
            entries: custom.length === 0 ? null : parseIni(ini),
            carddavServers,
            contactsUrl: 'https://accounts.example/contacts/vcard',
            subject: {
              ...{
                space,
                username: 'carol',
                domain: 'sip.example.org',
                displayName,
                carddavCredentials,
                externalAccount,
              },
              credentials: [{ algorithm: 'MD5', password: 'cafe' }],
            },
            additions: null,
            shape: oneTimeShape('unknown', null),
            setup: null,
          })
          const xml = toXml(document, { overwriteAll })
          const parsed = parser.parse(xml)
          expect(Object.keys(parsed)).toEqual(['config'])
          const { section: found, ...rest } = parsed.config
          expect(rest).toEqual({ '@xmlns': 'http://www.linphone.org/xsds/lpconfig.xsd' })
          for (const { '@name': name, entry: entries = [], ...others } of found as Section[]) {
            expect([typeof name, others]).toEqual(['string', {}])
            for (const { '@name': key, '@overwrite': overwrite, '#text': _, ...more } of entries) {
              const isMarked = overwriteAll || key === 'transient_provisioning'
              expect([typeof key, overwrite, more]).toEqual(['string', isMarked ? 'true' : undefined, {}])
            }
          }
          expect(new Set(names(xml)).size).toBe(names(xml).length)
          for (const { section, key, value } of custom) expect(entry(xml, section, key)).toBe(value)
          const enabledFirst = carddavServers.toSorted((a, b) => Number(b.enabled) - Number(a.enabled))
          enabledFirst.forEach((one, index) => {
            expect(entry(xml, `remote_contact_directory_${index}`, 'uri')).toBe(one.uri)
            const fields = entry(xml, `remote_contact_directory_${index}`, 'carddav_fields_for_user_input')
            expect(fields).toBe(one.fieldsForUserInput ?? '')
          })
          carddavCredentials.forEach((one, index) => {
            expect(entriesOf(xml, `auth_info_${index}`).slice(0, 2)).toEqual([
              ['username', one.username],
              ['realm', one.realm],
            ])
          })
          const own = carddavCredentials.length
          expect(entry(xml, `auth_info_${own}`, 'ha1')).toBe('cafe')
          const quoted = displayName ? `"${displayName.replace(/[\\"]/g, '\\$&')}" ` : ''
          expect(entry(xml, 'proxy_0', 'reg_identity')).toBe(`${quoted}<sip:carol@sip.example.org>`)
          if (externalAccount === null) return
          expect(entry(xml, `auth_info_${own + 1}`, 'realm')).toBe(externalAccount.realm ?? 'carrier.example')
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('an account on a host of another Space', () => {
  beforeAll(() => start())
  afterAll(() => t.close())

  test('gets its own Space’s switches, realm, registrar and host, and the entries of the host it asked', async () => {
    await changeSpaces({ customProvisioningEntries: '[net]\nmtu=1300' })
    const boss = await t.space({
      domain: 'sip.boss.org',
      host: 'boss.localhost',
      super: true,
      digest: { realm: 'boss realm', defaultPasswordAlgorithm: null },
      accountProxyRegistrarAddress: 'proxy.boss.org',
      hideSettings: true,
      maxAccount: 4,
    })
    const chief = await t.account({ space: boss, username: 'chief', admin: true })
    const text = await mine(chief, 'other.localhost')
    expect(names(text)).toEqual(['net', 'misc', 'ui', 'proxy_0', 'auth_info_0'])
    expect([entry(text, 'ui', 'super'), entry(text, 'ui', 'hide_settings'), entry(text, 'ui', 'max_account')]).toEqual([
      '1',
      '1',
      '4',
    ])
    expect(entry(text, 'proxy_0', 'reg_proxy')).toBe('<sip:proxy.boss.org>')
    expect(entry(text, 'auth_info_0', 'realm')).toBe('boss realm')
    expect(entry(text, 'misc', 'contacts-vcard-list')).toBe('http://boss.localhost/contacts/vcard')
  })
})

describe('the instance’s own entries', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sipkeeper-rc-'))
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true })
    await t.close()
  })
  const withFile = (text: string | null, env: Record<string, string> = {}) => {
    const file = join(folder, 'linphonerc')
    if (text !== null) writeFileSync(file, text)
    return start({ ACCOUNT_PROVISIONING_RC_FILE: file, ...env })
  }

  test('are for Spaces without own ones, and all of them: the operator knows', async () => {
    await withFile('[ui]\nhide_settings=1\n[sip]\nverify_server_certs=0\n')
    expect(entriesOf(await mine(), 'ui')).toEqual([['hide_settings', '1']])
    expect(names(await base('other.localhost'))).toEqual(['ui', 'sip', 'misc'])
    for (const blank of ['', '  \n ']) {
      await custom(blank)
      expect(names(await base())).toEqual(['ui', 'sip', 'misc'])
    }
    await custom('[net]\nmtu=1300')
    expect(names(await base())).toEqual(['net', 'misc'])
  })

  test('mark every entry where the operator says so, and only there', async () => {
    await withFile('[sip]\nx=1\n', { ACCOUNT_PROVISIONING_OVERWRITE_ALL: 'true' })
    expect((await base()).match(/overwrite="true"/g)).toHaveLength(2)
    await custom('[net]\nmtu=1300')
    expect(await base()).not.toContain('overwrite')
  })

  test('that are missing are none', async () => {
    await withFile(null, { ACCOUNT_PROVISIONING_OVERWRITE_ALL: 'true' })
    expect(names(await base())).toEqual(['misc'])
    expect(await base()).not.toContain('overwrite')
  })
})
