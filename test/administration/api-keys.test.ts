import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// Keys that programs have, as pages: one's own, and those that an administrator may end (behaviour/panel.md §4.12, behaviour/panel.md §7.14).

let t: TestApp
let boss: TestAccount
let somebody: TestAccount

beforeEach(async () => {
  t = await testApp()
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
  somebody = await t.account({ username: 'somebody', space: t.other })
})
afterEach(() => t.close())

const signedIn = async (who: TestAccount, host = 'other.localhost') => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username: who.username, password: who.password })
  return browser
}
const WANTED = { name: 'Billing', scope: 'read', networks: '', expires_after_last_used_minutes: '0', expire_at: '' }
const stored = async () => (await t.db.read.select().from(t.db.tables.apiKeys)).filter(({ name }) => name !== null)
const keyIn = (html: string): string => /id="key"[^>]*value="(\w{40})"/.exec(html)?.[1] ?? ''
const asks = async (key: string, path = '/api/accounts/me', address = '192.0.2.7') =>
  (await t.send('GET', path, { host: 'other.localhost', address, headers: { 'x-api-key': key } })).status

describe('a key of a program', () => {
  test('is refused with each fault at its field, and none is made', async () => {
    const browser = await signedIn(boss)
    await browser.open('/admin/api_keys/create')
    const wrong = { name: 'ab', scope: 'scim', networks: '10.0.0.0/33', expires_after_last_used_minutes: '-1' }
    const refused = await browser.submit({ ...wrong, expire_at: '2026-05-31' })
    expect(refused.status).toBe(422)
    for (const field of ['name', 'networks', 'expires_after_last_used_minutes', 'expire_at']) {
      expect([field, refused.text.includes(`id="${field}-note"`)]).toEqual([field, true])
    }
    expect(await stored()).toEqual([])
  })

  test('is shown once, works within its limits, and stops when it is revoked', async () => {
    const browser = await signedIn(boss)
    await browser.open('/admin/api_keys/create')
    const limits = { networks: '10.0.0.0/8\n192.0.2.0/24\n', expire_at: '2026-07-01' }
    const made = await browser.submit({ ...WANTED, ...limits })
    const key = keyIn(made.text)
    expect([made.status, key.length]).toEqual([200, 40])
    expect(made.headers.get('cache-control')).toContain('no-store')
    expect([await asks(key), await asks(key, undefined, '198.51.100.1')]).toEqual([200, 403])
    expect(await stored()).toMatchObject([{ name: 'Billing', scope: 'read', networks: '10.0.0.0/8 192.0.2.0/24' }])
    const list = await browser.open('/admin/api_keys')
    expect([list.text.includes(key), words(list).includes(`${key.slice(0, 6)}…`)]).toEqual([false, true])
    const [{ id } = { id: 0 }] = await stored()
    expect(words(await browser.open(`/admin/api_keys/${id}/delete`))).toContain('Revoke the key “Billing”?')
    expect(await asks(key)).toBe(200)
    expect((await browser.submit()).headers.get('location')).toBe('/admin/api_keys')
    expect([await stored(), await asks(key)]).toEqual([[], 401])
    expect((await browser.open(`/admin/api_keys/${id}/delete`)).status).toBe(404)
  })

  test('gets another name and goes on working, unless somebody else has renamed it meanwhile', async () => {
    const browser = await signedIn(boss)
    await browser.open('/admin/api_keys/create')
    const key = keyIn((await browser.submit(WANTED)).text)
    const [{ id } = { id: 0 }] = await stored()
    expect(words(await browser.open(`/admin/api_keys/${id}/edit`))).toContain('Rename the key “Billing”')
    for (const name of ['', 'ab']) expect((await browser.submit({ name }, { stay: true })).status).toBe(422)
    expect(await stored()).toMatchObject([{ name: 'Billing' }])
    const colleague = await signedIn(boss)
    await colleague.open(`/admin/api_keys/${id}/edit`)
    expect((await browser.submit({ name: 'Invoices' })).headers.get('location')).toBe('/admin/api_keys')
    const stale = await colleague.submit({ name: 'Accounting' }, { stay: true })
    expect([stale.status, words(stale).includes('Somebody else')]).toEqual([422, true])
    expect([await stored(), await asks(key)]).toMatchObject([[{ name: 'Invoices', scope: 'read' }], 200])
    const [row] = (await t.get('/api/audit_log?action=apikey.updated', { as: boss, host: t.other.host })).json.data
    expect([row.fields, row.values]).toEqual([['name'], {}])
    expect((await (await signedIn(somebody)).open(`/api_key/named/${id}/edit`)).status).toBe(404)
  })

  test('asks for the password again where the sign-in was a while ago', async () => {
    const browser = await signedIn(boss)
    t.later(16 * 60_000)
    expect((await browser.open('/admin/api_keys/create')).text).toContain('name="current_password"')
    expect((await browser.submit({ ...WANTED, current_password: 'wrong-horse' }, { stay: true })).status).toBe(422)
    expect((await browser.submit({ ...WANTED }, { stay: true })).status).toBe(422)
    expect(await stored()).toEqual([])
    const made = await browser.submit({ ...WANTED, current_password: boss.password })
    expect([made.status, (await stored()).length]).toEqual([200, 1])
  })

  test('says when it has ended, and why', async () => {
    const browser = await signedIn(boss)
    for (const more of [{ expire_at: '2026-06-02' }, { expires_after_last_used_minutes: '1440' }]) {
      await browser.open('/admin/api_keys/create')
      await browser.submit({ ...WANTED, ...more })
    }
    expect(words(await browser.open('/admin/api_keys'))).toContain('Unused for 1 day')
    t.later(25 * 3_600_000)
    const list = words(await (await signedIn(boss)).open('/admin/api_keys'))
    expect([list.includes('Ended: unused for 1 day'), list.includes('Never Ended')]).toEqual([true, true])
  })
})

describe('the list of keys', () => {
  const made = async (who: TestAccount, name: string, path: string, host = 'other.localhost') => {
    const browser = await signedIn(who, host)
    await browser.open(`${path}/create`)
    expect((await browser.submit({ ...WANTED, name })).status).toBe(200)
    return (await stored()).find((row) => row.name === name)?.id ?? 0
  }

  test('shows an administrator whose keys there are in the Space, and of colleagues’ keys no more than that', async () => {
    await made(somebody, 'Directory', '/api_key/named')
    await made(boss, 'Billing', '/admin/api_keys')
    const root = await t.account({ username: 'root', admin: true })
    const foreign = await made(root, 'Elsewhere', '/admin/api_keys', 'localhost')
    const list = words(await (await signedIn(boss)).open('/admin/api_keys'))
    expect(['Directory', 'somebody', 'Billing', 'Elsewhere'].map((word) => list.includes(word))).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(list.match(/Read only/g)).toHaveLength(1)
    expect((await (await signedIn(boss)).open(`/admin/api_keys/${foreign}/delete`)).status).toBe(404)
    const all = words(await (await signedIn(root, 'localhost')).open('/admin/api_keys'))
    expect([all.match(/Read only/g)?.length, all.includes(`@${t.other.domain}`)]).toEqual([3, true])
    const some = words(await (await signedIn(root, 'localhost')).open(`/admin/api_keys?domain=${t.other.domain}`))
    expect([some.includes('Elsewhere'), some.includes('Directory')]).toEqual([false, true])
  })

  test('of people has their own alone, and offers no scope of administrators', async () => {
    const theirs = await made(boss, 'Billing', '/admin/api_keys')
    const browser = await signedIn(somebody)
    expect(words(await browser.open('/api_key/named'))).toContain('No program has a key yet')
    expect((await browser.open('/admin/api_keys')).status).toBe(403)
    expect((await browser.open(`/api_key/named/${theirs}/delete`)).status).toBe(404)
    const form = (await browser.open('/api_key/named/create')).text
    expect([form.includes('value="full"'), form.includes('value="telephony"')]).toEqual([true, false])
    const own = await made(somebody, 'Directory', '/api_key/named')
    expect(words(await browser.open('/api_key/named'))).toContain('Directory')
    await browser.open(`/api_key/named/${own}/delete`)
    expect((await browser.submit()).headers.get('location')).toBe('/api_key/named')
    expect((await stored()).map(({ id }) => id)).toEqual([theirs])
  })
})
