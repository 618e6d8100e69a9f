import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { picture } from '../support/picture.ts'
import { visitor } from '../support/visitor.ts'

// What a Space looks like, says and allows (behaviour/panel.md §7.15 and behaviour/panel.md §7.16), by those who administer it.

let t: TestApp
let boss: ReturnType<typeof visitor>
let root: ReturnType<typeof visitor>

const enter = async (host: string, { username, password }: { username: string; password: string }) => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username, password })
  return browser
}

beforeEach(async () => {
  t = await testApp()
  boss = await enter('other.localhost', await t.account({ username: 'boss', admin: true, space: t.other }))
  root = await enter('localhost', await t.account({ username: 'root', admin: true }))
})
afterEach(() => t.close())

const stored = async () => {
  const found = await t.parts.spaceAdministration.byDomain(t.other.domain)
  return found
}
const sent = async (browser: ReturnType<typeof visitor>, path: string, fields: Record<string, string>) => {
  await browser.open(path)
  return browser.submit(fields)
}

describe('the settings of a Space', () => {
  const PATH = '/admin/spaces/me/configuration'

  test('are refused with each fault at its field, with the line of an entry, and nothing changes', async () => {
    const before = await stored()
    const refused = await sent(boss, PATH, {
      theme_hue: '361',
      newsletter_registration_address: 'nobody',
      custom_provisioning_entries: '[net]\nmtu=1300\n[ui]\ndisable_chat_feature=1\n[broken',
    })
    expect(refused.status).toBe(422)
    for (const said of ['line 5', 'disable_chat_feature', 'Enter an e-mail address']) {
      expect(words(refused)).toContain(said)
    }
    expect(refused.text).toContain('mtu=1300')
    expect(await stored()).toEqual(before)
  })

  test('change what the form has, and leave the rest of the Space alone', async () => {
    const rest = { maxAccounts: 9, disableChatFeature: true, carddavUserCredentials: true, uniqueEmail: true }
    await t.db.transaction((tx) =>
      tx.update(t.db.tables.spaces).set(rest).where(eq(t.db.tables.spaces.id, t.other.id)).returning(),
    )
    const saved = await sent(boss, PATH, {
      theme_hue: '#1a9e8f',
      intro_registration_text: 'Trouble? Call **100**.\r\nAlways.',
      copyright_text: '© Other',
      newsletter_registration_address: 'news@other.example',
      account_proxy_registrar_address: 'reg.other.example',
      custom_provisioning_entries: '[net]\r\nmtu=1300',
      intercom_features: '1',
    })
    expect([saved.status, saved.headers.get('location')]).toEqual([302, PATH])
    expect(await stored()).toMatchObject({
      ...rest,
      themeHue: 173,
      introRegistrationText: 'Trouble? Call **100**.\nAlways.',
      customProvisioningEntries: '[net]\nmtu=1300',
      newsletterRegistrationAddress: 'news@other.example',
      accountProxyRegistrarAddress: 'reg.other.example',
      intercomFeatures: true,
      digest: { realm: null },
    })
    const page = await boss.open(PATH)
    expect(page.text).toContain('<strong>100</strong>')
    // Picked again, where the own hue was left as it was; texts that are emptied go.
    await boss.submit({ swatch: '285', copyright_text: '' })
    expect(await stored()).toMatchObject({ themeHue: 285, copyrightText: null, intercomFeatures: true })
  })

  test('that somebody else has changed meanwhile are not overwritten', async () => {
    await boss.open(PATH)
    await sent(root, `/admin/spaces/${t.other.id}/configuration`, { copyright_text: 'theirs' })
    const stale = await boss.submit({ copyright_text: 'ours' })
    expect([stale.status, words(stale).includes('Somebody else changed this')]).toEqual([422, true])
    expect((await stored()).copyrightText).toBe('theirs')
    expect((await boss.submit({ copyright_text: 'ours' })).status).toBe(302)
    expect((await stored()).copyrightText).toBe('ours')
  })

  test('of another Space are not there, and super administrators alone find its limits and its apps', async () => {
    for (const path of ['configuration', 'digest']) {
      expect((await boss.open(`/admin/spaces/${t.main.id}/${path}`)).status).toBe(404)
    }
    for (const path of ['administration', 'edit']) {
      expect((await boss.open(`/admin/spaces/me/${path}`)).status).toBe(403)
    }
  })
})

describe('what super administrators decide', () => {
  const path = (rest: string) => `/admin/spaces/${t.other.id}/${rest}`

  test('is refused where it would lock somebody out, or does not fit the accounts that there are', async () => {
    await t.account({ username: 'one', space: t.other, email: 'shared@other.example' })
    await t.account({ username: 'two', space: t.other, email: 'shared@other.example' })
    const before = await stored()
    const refused = await sent(root, path('administration'), {
      name: '',
      max_accounts: '2',
      expire_at: '2026-06-01',
      unique_email: '1',
    })
    expect(refused.status).toBe(422)
    for (const said of ['Fill in this field', 'at least 3', 'a day after today', 'shared@other.example']) {
      expect(words(refused)).toContain(said)
    }
    expect(await stored()).toEqual(before)
    const own = await sent(root, '/admin/spaces/me/administration', {
      super: '0',
      web_panel: '0',
      expire_at: '2027-01-31',
    })
    for (const said of ['must stay a super space', 'lock yourself out', 'cannot expire'])
      expect(words(own)).toContain(said)
    expect((await t.parts.spaceAdministration.byDomain(t.main.domain)).super).toBe(true)
  })

  test('is saved, with an end that stays when other things change', async () => {
    const wanted = { name: 'Other Ltd', max_accounts: '12', expire_at: '2027-01-31', web_panel: '1' }
    expect((await sent(root, path('administration'), wanted)).status).toBe(302)
    expect(await stored()).toMatchObject({
      name: 'Other Ltd',
      maxAccounts: 12,
      expireAt: new Date('2027-01-31T00:00:00Z'),
      publicRegistration: true,
    })
    // Its administrator saves what is theirs.
    expect((await sent(boss, '/admin/spaces/me/configuration', { copyright_text: '©' })).status).toBe(302)
    expect((await stored()).expireAt).toEqual(new Date('2027-01-31T00:00:00Z'))
  })

  test('makes super administrators only with the password, where the sign-in is long ago', async () => {
    t.clock.now = new Date(t.clock.now.getTime() + 20 * 60_000)
    const wanted = { super: '1', web_panel: '1' }
    expect((await sent(root, path('administration'), wanted)).status).toBe(422)
    expect((await stored()).super).toBe(false)
  })

  test('says what the apps show, as people mean it', async () => {
    const page = await root.open(path('edit'))
    expect(page.text).toMatch(/name="chat" value="1" checked/)
    await root.submit({ broadcast: '1', usernames: '1', max_account: '2' })
    expect(await stored()).toMatchObject({
      disableBroadcastFeature: false,
      onlyDisplaySipUriUsername: true,
      maxAccount: 2,
    })
    expect((await sent(root, path('edit'), { max_account: 'many' })).status).toBe(422)
  })
})

describe('how passwords are stored', () => {
  const PATH = '/admin/spaces/me/digest'

  test('keeps its realm while there are accounts, and says how many still have MD5 alone', async () => {
    await t.account({ username: 'old', space: t.other, algorithm: 'MD5' })
    expect(words(await boss.open(PATH))).toContain('1 account has an MD5 password only')
    const refused = await boss.submit({ account_realm: 'realm.other.example' })
    expect([refused.status, words(refused).includes('realm cannot change')]).toEqual([422, true])
    expect((await sent(boss, PATH, { account_default_password_algorithm: 'MD5' })).status).toBe(302)
    expect((await stored()).digest).toMatchObject({ realm: null, defaultPasswordAlgorithm: 'MD5' })
  })

  test('may have another realm where nobody is yet, by default the domain', async () => {
    const empty = await t.space({ domain: 'sip.empty.org', host: 'empty.localhost' })
    const at = `/admin/spaces/${empty.id}/digest`
    expect((await sent(root, at, { account_realm: 'not a realm' })).status).toBe(422)
    await sent(root, at, { account_realm: 'realm.empty.org', account_default_password_algorithm: 'SHA-256' })
    const of = async () => (await t.parts.spaceAdministration.byDomain('sip.empty.org')).digest
    expect(await of()).toMatchObject({ realm: 'realm.empty.org' })
    await sent(root, at, { account_realm: '', account_default_password_algorithm: 'SHA-256' })
    expect(await of()).toMatchObject({ realm: null, defaultPasswordAlgorithm: 'SHA-256' })
  })
})

describe('the logo of a Space', () => {
  const PATH = '/admin/spaces/me/configuration'
  const logo = (bytes: Uint8Array) => ({ file: { part: 'logo', name: 'logo.png', bytes } })
  const folder = () => join(t.config.DATA_DIR, 'public', String(t.other.id))
  const files = () => (existsSync(folder()) ? readdirSync(folder()) : [])
  afterEach(() => rmSync(folder(), { recursive: true, force: true }))

  test('that is none, or too large, is refused at its field, and nothing of the form is saved', async () => {
    const before = await stored()
    for (const [bytes, said] of [
      [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'must be a PNG'],
      [picture({ width: 1025 }), '1024 pixels'],
      [new Uint8Array(5 * 1024 * 1024), '2097152 bytes'],
    ] as const) {
      await boss.open(PATH)
      const refused = await boss.submit({ copyright_text: 'Mine' }, logo(bytes))
      expect([refused.status, words(refused)]).toEqual([422, expect.stringContaining(said)])
      expect(refused.text).toMatch(/<input id="logo"[^>]* aria-invalid="true"/)
      expect(refused.text).toContain('value="Mine"')
    }
    expect([await stored(), files()]).toEqual([before, []])
  })

  test('is not kept when another part of the form is refused, or somebody else has saved meanwhile', async () => {
    await boss.open(PATH)
    const refused = await boss.submit({ newsletter_registration_address: 'nobody' }, logo(picture()))
    expect(refused.status).toBe(422)
    await boss.open(PATH)
    await root.open(`/admin/spaces/${t.other.id}/configuration`)
    await root.submit({ copyright_text: 'Theirs' })
    expect((await boss.submit({}, logo(picture()))).status).toBe(422)
    expect([(await stored()).logo, (await stored()).copyrightText]).toEqual([null, 'Theirs'])
  })

  test('is saved with the rest of the form, stays when the form brings none, and is removed', async () => {
    await boss.open(PATH)
    const saved = await boss.submit({ copyright_text: 'Mine' }, logo(picture({ text: 'taken at home' })))
    expect([saved.status, saved.headers.get('location')]).toEqual([302, PATH])
    const { logo: name, copyrightText } = await stored()
    expect([name, copyrightText, files()]).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.png$/), 'Mine', [name ?? '']])
    const shown = await t.get(`/storage/img/${name}`, { host: 'other.localhost' })
    expect(
      ['content-type', 'x-content-type-options', 'content-security-policy'].map((one) => shown.headers.get(one)),
    ).toEqual(['image/png', 'nosniff', "default-src 'none'"])
    expect((await boss.open(PATH)).text).toContain(`/storage/img/${name}`)
    // A browser sends an empty file where none was chosen.
    await boss.submit({ copyright_text: 'Still mine' }, { file: { part: 'logo', name: '', bytes: new Uint8Array() } })
    expect([(await stored()).logo, (await stored()).copyrightText]).toEqual([name, 'Still mine'])
    await boss.open(PATH)
    await boss.submit({}, logo(picture({ width: 3 })))
    expect(files()).toEqual([(await stored()).logo ?? ''])
    expect(files()).not.toEqual([name ?? ''])
    await boss.open(PATH)
    await boss.submit({ logo_delete: '1' })
    expect([(await stored()).logo, files()]).toEqual([null, []])
  })

  test('of another Space is for super administrators, from the host of theirs, and written down there', async () => {
    expect((await boss.open(`/admin/spaces/${t.main.id}/configuration`)).status).toBe(404)
    await root.open(`/admin/spaces/${t.other.id}/configuration`)
    expect((await root.submit({}, logo(picture()))).status).toBe(302)
    expect([files().length, (await t.parts.spaceAdministration.byDomain(t.main.domain)).logo]).toEqual([1, null])
    const rows = (await t.db.read.select().from(t.db.tables.auditLog)).filter(
      ({ action }) => action === 'space.updated',
    )
    expect(rows.map(({ actorName, spaceId }) => [actorName, spaceId])).toEqual([['root@sip.example.org', t.other.id]])
  })

  test('without the token of its page changes nothing, whatever it brings', async () => {
    await boss.open(PATH)
    expect((await boss.submit({ form_token: 'forged' }, logo(picture()))).status).toBe(403)
    expect([(await stored()).logo, files()]).toEqual([null, []])
  })
})
