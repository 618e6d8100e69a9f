import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Mails that nobody asked for, and the one that brings an account to its phone (behaviour/messages.md §1).

let t: TestApp
let admin: TestAccount
let bob: TestAccount

const begin = async (env: Record<string, string> = { MAIL_HOST: 'smtp.example.org' }) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin01', admin: true })
  bob = await t.account({ username: 'bobby01', email: 'bob@example.org', locale: 'fr' })
}
beforeEach(() => begin())
afterEach(() => t.close())

const kinds = async () => (await t.messages()).map(({ kind, recipient, language }) => [kind, recipient, language])
const toBob = (kind: string) => [kind, 'bob@example.org', 'fr']
const session = async (account: TestAccount) => {
  const visit = { address: '192.0.2.7', userAgent: null } as Parameters<typeof t.parts.sessions.open>[3]
  await t.db.transaction((tx) => t.parts.sessions.open(tx, account, 'panel', visit))
}
const sessions = async () => (await t.db.read.select().from(t.db.tables.sessions)).length
const put = (more: Record<string, unknown>) =>
  t.put(`/api/accounts/${bob.id}`, {
    as: admin,
    body: { username: bob.username, email: 'bob@example.org', algorithm: 'SHA-256', ...more },
  })

describe('an account hears of', () => {
  test('a password that it changed, and whoever was signed in no longer is', async () => {
    await session(bob)
    const body = { algorithm: 'SHA-256', password: 'new-horse', old_password: bob.password }
    expect((await t.post('/api/accounts/me/password', { as: bob, body: { ...body, old_password: 'no' } })).status).toBe(
      422,
    )
    expect([await kinds(), await sessions()]).toEqual([[], 1])
    expect((await t.post('/api/accounts/me/password', { as: bob, body })).status).toBe(200)
    expect([await kinds(), await sessions()]).toEqual([[toBob('password_changed')], 0])
    const [notice] = await t.messages()
    expect(notice?.data).toEqual({
      'account.identifier': `${bob.username}@${bob.domain}`,
      ip: '192.0.2.7',
      time: '2026-06-01T12:00:00.000Z',
      link: 'http://localhost/recovery/email',
    })
  })

  test('a password that an administrator changed, not of anything else that it did', async () => {
    await session(bob)
    expect((await put({ display_name: 'Bob' })).status).toBe(200)
    expect([await kinds(), await sessions()]).toEqual([[], 1])
    expect((await put({ password: 'new-horse' })).status).toBe(200)
    expect([await kinds(), await sessions()]).toEqual([[toBob('password_changed')], 0])
  })

  test('being blocked and unblocked, once each; blocking signs it out', async () => {
    await session(bob)
    for (const action of ['block', 'block', 'unblock', 'unblock']) {
      expect((await t.post(`/api/accounts/${bob.id}/${action}`, { as: admin })).status).toBe(200)
    }
    expect((await put({ blocked: true })).status).toBe(200)
    expect((await put({ blocked: true })).status).toBe(200)
    const told = (await t.messages()).map(({ kind, data }) => [kind, data?.is_blocked, data?.is_automatic])
    expect(told).toEqual([
      ['account_blocked', true, false],
      ['account_blocked', false, false],
      ['account_blocked', true, false],
    ])
    expect(await sessions()).toBe(0)
  })

  test('its end, although it is gone when the mail leaves', async () => {
    expect((await t.delete(`/api/accounts/${bob.id}`, { as: admin })).status).toBe(200)
    expect(await kinds()).toEqual([toBob('account_deleted')])
    expect((await t.messages())[0]?.accountId).toBeNull()
  })

  test('nothing when it has no address, or when mails cannot leave', async () => {
    const carol = await t.account()
    await t.post(`/api/accounts/${carol.id}/block`, { as: admin })
    await t.delete(`/api/accounts/${carol.id}`, { as: admin })
    expect(await kinds()).toEqual([])
    await t.close()
    await begin({})
    await t.post(`/api/accounts/${bob.id}/block`, { as: admin })
    expect(await kinds()).toEqual([])
  })
})

describe('the provisioning mail', () => {
  const send = (id: number | string = bob.id, as = admin) =>
    t.post(`/api/accounts/${id}/send_provisioning_email`, { as })

  test('is refused for an account without an address, and for one that is not there', async () => {
    const carol = await t.account()
    const before = await t.snapshot()
    expect((await send(carol.id)).status).toBe(403)
    expect((await send(99_999)).status).toBe(404)
    expect((await send('x')).status).toBe(404)
    expect((await send(bob.id, bob)).status).toBe(403)
    expect(await t.snapshot()).toBe(before)
  })

  test('carries a new token, which the older one dies of, to the address of the account', async () => {
    const old = (await t.get('/api/accounts/me', { as: bob })).json.provisioning_token
    const reply = await send()
    expect([reply.status, reply.text]).toEqual([200, ''])
    const [mail] = await t.messages()
    expect(mail).toMatchObject({ channel: 'mail', kind: 'provisioning', recipient: 'bob@example.org', language: 'fr' })
    const link = String(mail?.data?.provisioning_link)
    expect(String(mail?.data?.wizard_link)).toBe(link.replace('/provisioning/', '/wizard/'))
    expect(link).toMatch(/^http:\/\/localhost\/provisioning\/[A-Za-z0-9]{13}$/)
    const headers = { 'x-linphone-provisioning': '1' }
    expect((await t.get(`/provisioning/${old}`, { headers })).status).toBe(404)
    expect((await t.get(new URL(link).pathname, { headers })).status).toBe(200)
    expect(t.lines.join('\n')).not.toContain(link.slice(-13))
  })

  test('leads to a page that scanners and people look at as often as they like, and a phone then sets itself up', async () => {
    await send()
    const [mail] = await t.messages()
    const link = new URL(String(mail?.data?.wizard_link))
    const before = await t.snapshot()
    for (const headers of [{}, { accept: 'text/html' }, { accept: '*/*', 'user-agent': 'Scanner' }]) {
      const page = await t.get(link.pathname, { headers })
      expect([page.status, page.text.includes('linphone-config:http://localhost/provisioning/')]).toEqual([200, true])
    }
    expect((await t.send('HEAD', link.pathname)).status).toBe(200)
    expect(await t.snapshot()).toBe(before)
    const document = link.pathname.replace('/wizard/', '/provisioning/')
    expect((await t.get(document, { headers: { 'x-linphone-provisioning': '1' } })).status).toBe(200)
    // One phone together: the page knows that it is over.
    expect((await t.get(link.pathname, { headers: { accept: 'text/html' } })).status).toBe(404)
  })

  test('of a Space without a panel leads to the document, whose page is as safe to look at', async () => {
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ webPanel: false }))
    await send()
    const [mail] = await t.messages()
    expect(String(mail?.data?.wizard_link)).toBe(String(mail?.data?.provisioning_link))
  })

  test('that was sent twice leaves once, with the newer token', async () => {
    await send()
    await send()
    expect((await t.messages()).map(({ isDead }) => isDead)).toEqual([true, false])
  })
})
