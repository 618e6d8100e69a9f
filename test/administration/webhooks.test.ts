import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'
import { receiver, WITH_LOCAL_WEBHOOKS, withWebhook } from '../support/webhooks.ts'

// Webhooks of a Space as pages, and what came of them (behaviour/panel.md §7.21).

let t: TestApp
let boss: TestAccount
let browser: ReturnType<typeof visitor>

beforeEach(async () => {
  t = await testApp({ env: WITH_LOCAL_WEBHOOKS })
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
  browser = await signedIn(boss)
})
afterEach(() => t.close())

const signedIn = async (who: TestAccount, host = 'other.localhost') => {
  const other = visitor(t, { host })
  await other.open('/login')
  await other.submit({ username: who.username, password: who.password })
  return other
}
const WANTED = { name: 'CRM', url: 'https://crm.example/hook', 'events[]': 'account.created' }
const stored = () => t.db.read.select().from(t.db.tables.webhooks)
const made = async (wanted: Record<string, string> = WANTED) => {
  await browser.open('/admin/webhooks/create')
  const page = await browser.submit(wanted)
  expect(page.status).toBe(200)
  const secret = /id="secret"[^>]*value="(whsec_[^"]+)"/.exec(page.text)?.[1] ?? ''
  const [{ id } = { id: 0 }] = await stored()
  return { secret, path: `/admin/webhooks/${id}` }
}

test('a webhook is refused with each fault at its field, and keeps what was ticked', async () => {
  expect(words(await browser.open('/admin/webhooks'))).toContain('Nobody is told yet')
  await browser.open('/admin/webhooks/create')
  const bare = await browser.submit({ name: '', url: 'ftp://crm.example', 'events[]': 'nothing' }, { stay: true })
  expect(bare.status).toBe(422)
  for (const field of ['name', 'url', 'events']) {
    expect([field, new RegExp(`class="error" id="${field}-note"`).test(bare.text)]).toEqual([field, true])
  }
  const inner = await browser.submit({ ...WANTED, url: 'https://10.0.0.1/' }, { stay: true })
  expect([inner.status, /value="account.created"[^>]*checked/.test(inner.text)]).toEqual([422, true])
  // What happens to Spaces is for those who administer them all.
  expect(inner.text).not.toContain('space.created')
  expect((await browser.submit({ ...WANTED, 'events[]': 'space.created' })).status).toBe(422)
  expect(await stored()).toEqual([])
})

test('its secret is shown once, when it is made and when it is replaced', async () => {
  const { secret, path } = await made()
  expect(secret).toStartWith('whsec_')
  expect((await browser.open(path)).text).not.toContain(secret)
  expect(words(await browser.open(`${path}/rotate`))).toContain('Replace the secret of “CRM”?')
  const rotated = await browser.submit()
  expect([rotated.status, /value="whsec_/.test(rotated.text), rotated.text.includes(secret)]).toEqual([
    200,
    true,
    false,
  ])
  expect(words(await browser.open(path))).toContain('The secret before still signs until')
})

test('a form that somebody else has overtaken changes nothing', async () => {
  const { path } = await made()
  await browser.open(`${path}/edit`)
  await t.db.transaction((tx) => tx.update(t.db.tables.webhooks).set({ name: 'Their name' }))
  const stale = await browser.submit({ ...WANTED, name: 'My name' })
  expect([stale.status, words(stale).includes('Somebody else changed this')]).toEqual([422, true])
  expect((await browser.submit({ ...WANTED, name: 'My name', 'events[]': 'call.ended' })).status).toBe(302)
  expect(await stored()).toMatchObject([{ name: 'My name', events: ['call.ended'], enabled: true }])
})

test('a test event says there and then what came of it, and stands in the log', async () => {
  let status = 204
  const server = await receiver(() => ({ status }))
  const { path } = await made({ ...WANTED, url: server.url })
  expect(words(await browser.open(path))).toContain('Nothing was sent yet')
  expect(words(await browser.submit({}, { form: `${path}/test` }))).toContain('The test event was taken: answer 204')
  status = 503
  await browser.open(path)
  expect(words(await browser.submit({}, { form: `${path}/test` }))).toContain('not taken: the server answered 503')
  await server.close()
  await browser.open(path)
  expect(words(await browser.submit({}, { form: `${path}/test` }))).toContain('no answer came')
  expect((await browser.open(path)).text.match(/>webhook\.<wbr\/>test/g)).toHaveLength(3)
  expect(server.types()).toEqual(['webhook.test', 'webhook.test'])
})

test('a message that was given up is sent again while the webhook is on', async () => {
  const { webhook, delivery } = await withWebhook(t, t.other)
  const path = `/admin/webhooks/${webhook}`
  const again = `${path}/deliveries/${delivery}/send_again`
  const page = await browser.open(path)
  expect([words(page).includes('Given up'), page.text.includes(again)]).toEqual([true, true])
  await browser.submit({}, { form: `${path}/turn` })
  expect((await browser.open(path)).text).not.toContain(again)
  await browser.submit({}, { form: `${path}/turn` })
  await browser.open(path)
  expect((await browser.submit({}, { form: again })).headers.get('location')).toBe(path)
  const waiting = await t.db.read.select().from(t.db.tables.outboxMessages)
  expect(waiting.map(({ deadAt }) => deadAt)).toEqual([null])
})

test('it is deleted after a question', async () => {
  const { path } = await made()
  expect(words(await browser.open(`${path}/delete`))).toContain('Delete the webhook “CRM”?')
  expect((await browser.submit()).headers.get('location')).toBe('/admin/webhooks')
  expect([await stored(), (await browser.open(path)).status]).toEqual([[], 404])
})

test('an administrator sees those of the own Space, a super administrator those of any', async () => {
  const { path } = await made()
  const third = await t.space({ domain: 'sip.third.org', host: 'third.localhost' })
  const stranger = await signedIn(
    await t.account({ username: 'stranger', admin: true, space: third }),
    'third.localhost',
  )
  expect((await stranger.open(path)).status).toBe(404)
  expect((await stranger.open(`/admin/webhooks?domain=${t.other.domain}`)).text).not.toContain('crm.example')
  const root = await signedIn(await t.account({ username: 'root', admin: true }), 'localhost')
  expect(words(await root.open('/admin/webhooks'))).toContain('Nobody is told yet')
  expect((await root.open(`/admin/webhooks?domain=${t.other.domain}`)).text).toContain('crm.example')
  expect((await root.open(path)).text).toContain('https://crm.example/hook')
  await root.open(`/admin/webhooks/create?domain=${t.other.domain}`)
  await root.submit({ ...WANTED, name: 'Second' })
  expect((await stored()).map(({ spaceId }) => spaceId)).toEqual([t.other.id, t.other.id])
})
