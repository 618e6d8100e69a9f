import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { testFolder } from '../support/folder.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'
import { form, wav } from '../support/voice.ts'

// Call forwarding and voicemails of an account, as administrators see and change them (behaviour/panel.md §7.18).

let t: TestApp
let folder: string
/** Of the Space of alice and of bob. */
let boss: TestAccount
/** A super administrator, on another host. */
let root: TestAccount
let alice: TestAccount
let bob: TestAccount
let path: string

beforeEach(async () => {
  folder = mkdtempSync(join(testFolder, 'account-telephony-'))
  t = await testApp({ env: { DATA_DIR: folder } })
  root = await t.account({ username: 'root', admin: true })
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
  alice = await t.account({ username: 'alice', email: 'alice@example.org', space: t.other })
  bob = await t.account({ username: 'bob', email: 'bob@example.org', space: t.other })
  path = `/admin/accounts/${alice.id}/telephony`
})
afterEach(async () => {
  await t.close()
  rmSync(folder, { recursive: true, force: true })
})

const signedIn = async ({ username, password }: TestAccount, host = t.other.host) => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  expect((await browser.submit({ username, password })).status).toBe(302)
  return browser
}
const there = () => ({ as: boss, host: t.other.host })
const rulesOf = async ({ id }: TestAccount) => (await t.get(`/api/accounts/${id}/call_forwardings`, there())).json
const rule = async ({ id }: TestAccount, body: object): Promise<number> =>
  (await t.post(`/api/accounts/${id}/call_forwardings`, { ...there(), body: { enabled: true, ...body } })).json.id
const leave = async ({ id }: TestAccount) => {
  const body = { content_type: 'audio/wav', sip_from: 'sip:carol@sip.other.org' }
  const slot = (await t.post(`/api/accounts/${id}/voicemails`, { ...there(), body })).json.id as string
  expect((await t.post(`/api/files/${slot}`, { ...there(), ...form(wav(34)) })).status).toBe(200)
  return slot
}
const messagesOf = async ({ id }: TestAccount) => (await t.get(`/api/accounts/${id}/voicemails`, there())).json
const RECEPTION = { type: 'busy', forward_to: 'sip_uri', sip_uri: 'sip:reception@example.org' }

describe('is refused', () => {
  test('to people who administer nothing, also about themselves', async () => {
    const browser = await signedIn(alice)
    for (const rest of ['', '/forwardings/create']) expect((await browser.open(path + rest)).status).toBe(403)
  })

  test('about an account of another Space: it is not there, and nothing of it changes', async () => {
    const id = await rule(alice, RECEPTION)
    const uuid = await leave(alice)
    const foreign = await t.account({
      username: 'foreign',
      admin: true,
      space: await t.space({ domain: 'sip.third.org', host: 'third.localhost' }),
    })
    const browser = await signedIn(foreign, 'third.localhost')
    const pages = [
      '',
      '/forwardings/create',
      `/forwardings/${id}`,
      `/forwardings/${id}/delete`,
      `/voicemails/${uuid}/delete`,
    ]
    for (const rest of pages) expect([rest, (await browser.open(path + rest)).status]).toEqual([rest, 404])
    expect((await messagesOf(alice)).length).toBe(1)
  })

  test('where the rule or the message is of another account than the address says', async () => {
    const id = await rule(bob, RECEPTION)
    const uuid = await leave(bob)
    const browser = await signedIn(boss)
    for (const rest of [`/forwardings/${id}`, `/forwardings/${id}/delete`, `/voicemails/${uuid}/delete`]) {
      expect([rest, (await browser.open(path + rest)).status]).toEqual([rest, 404])
    }
    const theirs = `/admin/accounts/${bob.id}/telephony`
    await browser.open(theirs)
    expect((await browser.submit({}, { form: `${theirs}/forwardings/${id}/turn`, stay: true })).status).toBe(302)
    expect(await rulesOf(bob)).toMatchObject([{ enabled: false }])
    expect(await rulesOf(alice)).toEqual([])
  })
})

describe('call forwarding', () => {
  test('that an administrator makes is the account’s, not their own', async () => {
    const browser = await signedIn(boss)
    expect((await browser.open(`/admin/accounts/${alice.id}`)).text).toContain(`href="${path}"`)
    const empty = await browser.open(path)
    expect(empty.text).toContain('No calls are forwarded')
    expect(empty.text).toContain(`href="${path}/forwardings/create"`)
    expect(empty.text).toContain('alice@sip.other.org')
    await browser.open(`${path}/forwardings/create`)
    const wrong = { type: 'no_answer', forward_to: 'sip_uri', sip_uri: 'alice@sip.other.org' }
    const refused = await browser.submit(wrong)
    expect([refused.status, words(refused).includes('cannot forward its calls to itself')]).toEqual([422, true])
    const made = await browser.submit({ ...wrong, sip_uri: 'reception@example.org' })
    expect([made.status, made.headers.get('location')]).toEqual([302, path])
    expect(await rulesOf(alice)).toMatchObject([
      { type: 'no_answer', sip_uri: 'sip:reception@example.org', enabled: true },
    ])
    expect(await rulesOf(boss)).toEqual([])
    const page = words(await browser.open(path))
    for (const text of ['The forwarding is saved.', 'When nobody answers', 'To reception@example.org', 'Turn off']) {
      expect(page).toContain(text)
    }
  })

  test('goes to somebody in the address book of the account', async () => {
    await t.post(`/api/accounts/${alice.id}/contacts/${bob.id}`, there())
    const browser = await signedIn(boss)
    const page = await browser.open(`${path}/forwardings/create`)
    expect(page.text).toContain(`<option value="${bob.id}">bob@sip.other.org</option>`)
    await browser.submit({ type: 'always', forward_to: 'contact', contact_id: String(bob.id) })
    expect(await rulesOf(alice)).toMatchObject([{ type: 'always', contact_id: bob.id }])
  })

  test('is turned off and on, changed, and removed after a question', async () => {
    const id = await rule(alice, RECEPTION)
    const browser = await signedIn(boss)
    const turn = async () => {
      await browser.open(path)
      const done = await browser.submit({}, { form: `${path}/forwardings/${id}/turn` })
      expect([done.status, done.headers.get('location')]).toEqual([302, path])
    }
    await turn()
    expect(await rulesOf(alice)).toMatchObject([{ enabled: false, sip_uri: 'sip:reception@example.org' }])
    await turn()
    expect(await rulesOf(alice)).toMatchObject([{ enabled: true, sip_uri: 'sip:reception@example.org' }])
    await browser.open(`${path}/forwardings/${id}`)
    const changed = await browser.submit({ forward_to: 'voicemail' })
    expect([changed.status, changed.headers.get('location')]).toEqual([302, path])
    expect(await rulesOf(alice)).toMatchObject([{ forward_to: 'voicemail' }])
    expect(words(await browser.open(`${path}/forwardings/${id}/delete`))).toContain('Remove this forwarding?')
    expect(await rulesOf(alice)).toHaveLength(1)
    const removed = await browser.submit()
    expect([removed.status, removed.headers.get('location')]).toEqual([302, path])
    expect(await rulesOf(alice)).toEqual([])
  })

  test('that the person has changed meanwhile is not overwritten, nor the other way round', async () => {
    const id = await rule(alice, RECEPTION)
    const administrator = await signedIn(boss)
    const person = await signedIn(alice)
    await administrator.open(`${path}/forwardings/${id}`)
    await person.open(`/telephony/forwardings/${id}`)
    expect((await person.submit({ forward_to: 'sip_uri', sip_uri: 'sip:mobile@example.org' })).status).toBe(302)
    const stale = await administrator.submit({ forward_to: 'voicemail' })
    expect([stale.status, words(stale).includes('Somebody else changed this')]).toEqual([422, true])
    expect(await rulesOf(alice)).toMatchObject([{ sip_uri: 'sip:mobile@example.org' }])
    await person.open(`/telephony/forwardings/${id}`)
    // Whoever has seen it, and saves once more, means it.
    expect((await administrator.submit({ forward_to: 'voicemail' })).status).toBe(302)
    expect((await person.submit({ forward_to: 'sip_uri', sip_uri: 'sip:home@example.org' })).status).toBe(422)
    expect(await rulesOf(alice)).toMatchObject([{ forward_to: 'voicemail' }])
  })

  test('stands in the audit log with the administrator who changed it', async () => {
    const browser = await signedIn(boss)
    await browser.open(`${path}/forwardings/create`)
    await browser.submit({ type: 'busy', forward_to: 'voicemail' })
    const { json } = await t.get('/api/audit_log', there())
    const row = JSON.stringify(json)
    expect(row).toContain('call_forwardings')
    expect(row).toContain('boss')
  })
})

describe('voicemails', () => {
  test('are played, and deleted after a question; those of others stay', async () => {
    const uuid = await leave(alice)
    await leave(bob)
    const browser = await signedIn(boss)
    const page = await browser.open(path)
    expect(page.headers.get('content-security-policy')).toContain("media-src 'self'")
    const src = /<audio controls preload="none" src="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const played = await browser.open(src.replaceAll('&amp;', '&'), { headers: { accept: 'audio/*' } })
    expect([played.status, played.headers.get('content-type')]).toEqual([200, 'audio/wav'])
    const asked = await browser.open(`${path}/voicemails/${uuid}/delete`)
    expect(words(asked)).toContain('Delete this message?')
    expect(await messagesOf(alice)).toHaveLength(1)
    const done = await browser.submit({}, { stay: true })
    expect([done.status, done.headers.get('location')]).toEqual([302, path])
    expect([(await messagesOf(alice)).length, (await messagesOf(bob)).length]).toEqual([0, 1])
    expect((await browser.submit({}, { stay: true })).status).toBe(404)
  })

  test('are named as the address book of the account has it, not that of who looks', async () => {
    const carol = await t.account({ username: 'carol', displayName: 'Carol of Alice', space: t.other })
    await t.post(`/api/accounts/${alice.id}/contacts/${carol.id}`, there())
    await leave(alice)
    await leave(bob)
    const browser = await signedIn(boss)
    expect((await browser.open(path)).text).toContain('Carol of Alice')
    expect((await browser.open(`/admin/accounts/${bob.id}/telephony`)).text).not.toContain('Carol of Alice')
  })

  test('cannot be left for who has no address: the page leads to the form of the account', async () => {
    const dave = await t.account({ username: 'dave', space: t.other })
    const browser = await signedIn(boss)
    const page = await browser.open(`/admin/accounts/${dave.id}/telephony`)
    expect(page.text).toContain('Nobody can leave a message yet')
    expect(page.text).toContain(`href="/admin/accounts/${dave.id}/edit"`)
  })

  test('are twenty a page, at the address of the account', async () => {
    for (let left = 0; left < 21; left += 1) await leave(alice)
    const browser = await signedIn(boss)
    const first = await browser.open(path)
    expect(first.text).toContain(`href="${path}?page=2"`)
    expect([...(await browser.open(`${path}?page=2`)).text.matchAll(/<audio /g)]).toHaveLength(1)
  })
})

describe('a super administrator', () => {
  test('does all of it for a Space on another host, and hears its messages there', async () => {
    const uuid = await leave(alice)
    const browser = await signedIn(root, 'localhost')
    const page = await browser.open(path)
    const src = (/<audio controls preload="none" src="([^"]+)"/.exec(page.text)?.[1] ?? '').replaceAll('&amp;', '&')
    const played = await browser.open(src, { headers: { accept: 'audio/*' } })
    expect([played.status, played.headers.get('content-type')]).toEqual([200, 'audio/wav'])
    // A signed link is good on the host of its Space alone, for everybody else.
    expect((await t.get(src, { headers: { accept: 'audio/*' } })).status).toBe(404)
    const plain = await t.account({ username: 'plain', admin: false })
    const stranger = await signedIn(plain, 'localhost')
    expect((await stranger.open(src, { headers: { accept: 'audio/*' } })).status).toBe(404)
    await browser.open(`${path}/forwardings/create`)
    expect((await browser.submit({ type: 'busy', forward_to: 'voicemail' })).status).toBe(302)
    expect(await rulesOf(alice)).toMatchObject([{ type: 'busy', forward_to: 'voicemail', enabled: true }])
    await browser.open(`${path}/voicemails/${uuid}/delete`)
    expect((await browser.submit()).status).toBe(302)
    expect(await messagesOf(alice)).toEqual([])
    const log = JSON.stringify((await t.get('/api/audit_log', there())).json)
    expect(log).toContain('voicemail.deleted')
  })
})
