import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import type { Space } from '../../src/features/spaces/space.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// What the provisioning document says (spec provisioning.md §6), read by somebody else's parser.

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

const mine = async (as = carol, host = 'localhost') => (await t.get('/provisioning/me', { as, host })).text
const base = async (host = 'localhost') => (await t.get('/provisioning', { host })).text
const changeSpaces = async (columns: Partial<Space>) => {
  const { digest: _, ...plain } = columns
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
    const lines = t.lines.filter((line) => line.includes('custom provisioning entries cannot be read'))
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
        const kept = reply.json.display_name as string | null
        expect(kept).toBe(name.trim() === '' ? null : name.trim())
        const quoted = kept === null ? '' : `"${kept.replace(/[\\"]/g, '\\$&')}" `
        expect(entry(await mine(), 'proxy_0', 'reg_identity')).toBe(`${quoted}<sip:carol.x@sip.example.org>`)
      }),
      { numRuns: 100 },
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
