import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'

let t: TestApp
beforeEach(async () => {
  t = await testApp()
})
afterEach(() => t.close())

const create = async () => (await t.post('/api/accounts/auth_token')).json.token as string
const attach = (token: string, as: Awaited<ReturnType<TestApp['account']>>) =>
  t.get(`/api/accounts/auth_token/${token}/attach`, { as })
const redeem = (token: string) => t.get(`/api/accounts/me/api_key/${token}`)

test('an auth token opens nothing until somebody attaches itself, and can be polled', async () => {
  const token = await create()
  expect(token).toMatch(/^[A-Za-z0-9]{32}$/)
  expect((await redeem(token)).status).toBe(404)
  expect((await t.get(`/provisioning/auth_token/${token}`)).status).toBe(404)
  expect((await attach(token, await t.account({}))).status).toBe(200)
  expect((await redeem(token)).status).toBe(200)
})

test('it cannot be attached twice, without an identity, or after five minutes', async () => {
  const alice = await t.account({})
  const token = await create()
  expect((await t.get(`/api/accounts/auth_token/${token}/attach`)).status).toBe(401)
  expect((await attach('unknown', alice)).status).toBe(404)
  expect((await attach(token, alice)).status).toBe(200)
  expect((await attach(token, alice)).status).toBe(404)
  const late = await create()
  t.later(5 * 60_000 + 1)
  expect((await attach(late, alice)).status).toBe(404)
  expect((await redeem(token)).status).toBe(404)
})

test('it gives an API key of the attached account, bound to the caller’s address, once', async () => {
  const alice = await t.account({})
  const token = await create()
  await attach(token, alice)
  const replies = await Promise.all(Array.from({ length: 50 }, () => redeem(token)))
  const won = replies.filter(({ status }) => status === 200)
  expect(won).toHaveLength(1)
  expect(replies.filter(({ status }) => status === 404)).toHaveLength(49)
  const key = won[0]?.json.api_key
  expect(won[0]?.headers.get('set-cookie')).toContain(`x-api-key=${key}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax`)
  expect((await t.get('/api/accounts/me', { key })).json.id).toBe(alice.id)
  expect((await t.get('/api/accounts/me', { key, address: '192.0.2.99' })).status).toBe(401)
})

test('it provisions the attached account once, without activating it', async () => {
  const alice = await t.account({ activated: false })
  const token = await create()
  await attach(token, alice)
  expect((await t.send('HEAD', `/provisioning/auth_token/${token}`)).status).toBe(200)
  const first = await t.get(`/provisioning/auth_token/${token}`)
  expect([first.status, first.text.includes('ha1')]).toEqual([200, true])
  expect((await t.get(`/provisioning/auth_token/${token}`)).status).toBe(404)
  expect((await t.get('/api/accounts/me', { as: alice })).json.activated).toBe(false)
})

test('a blocked account gets nothing for it', async () => {
  const alice = await t.account({})
  const token = await create()
  await attach(token, alice)
  await t.db.transaction((tx) => tx.update(t.db.tables.accounts).set({ blocked: true }).returning())
  expect((await redeem(token)).status).toBe(403)
})

test('a HEAD attaches and redeems nothing', async () => {
  const alice = await t.account({})
  const token = await create()
  const before = await t.snapshot()
  await t.send('HEAD', `/api/accounts/auth_token/${token}/attach`, { as: alice })
  expect(await t.snapshot()).toBe(before)
  await attach(token, alice)
  const attached = await t.snapshot()
  await t.send('HEAD', `/api/accounts/me/api_key/${token}`)
  expect(await t.snapshot()).toBe(attached)
})

test('it is stored as a hash and logged nowhere', async () => {
  const token = await create()
  await attach(token, await t.account({}))
  expect(await t.snapshot()).not.toContain(token)
  expect(t.lines.join('\n')).not.toContain(token)
})

test('its picture is a PNG while it lives', async () => {
  const token = await create()
  const picture = await t.get(`/auth_tokens/qrcode/${token}`)
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png'])
  expect((await t.get('/auth_tokens/qrcode/unknown')).status).toBe(404)
})

test('of another Space it is unknown', async () => {
  const bob = await t.account({ space: t.other })
  const token = await create()
  expect((await t.get(`/api/accounts/auth_token/${token}/attach`, { as: bob, host: 'other.localhost' })).status).toBe(
    404,
  )
})
