import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { nameOf, type Objects, objectsOf, routesOf } from '../support/routes.ts'

let t: TestApp
let own: Objects
let root: TestAccount
beforeAll(async () => {
  t = await testApp()
  own = await objectsOf(t, t.main)
  root = await t.account({ admin: true })
  await t.parts.apiKeys.flush()
})
afterAll(() => t.close())

const gets = () => routesOf(t).filter(({ method }) => method === 'GET')

test('a HEAD of any GET changes nothing and has no body', async () => {
  const before = await t.snapshot()
  for (const route of gets()) {
    const reply = await t.send('HEAD', own.urlOf(route), { as: root })
    expect([nameOf(route), reply.status < 500, reply.text]).toEqual([nameOf(route), true, ''])
  }
  expect(await t.snapshot()).toBe(before)
})

test('a HEAD is refused as its GET is', async () => {
  const user = await t.account()
  for (const route of gets()) {
    if (route.role === null) continue
    const url = own.urlOf(route)
    const refused = (await t.get(url)).status
    expect([nameOf(route), (await t.send('HEAD', url)).status]).toEqual([nameOf(route), refused])
    // 404: what is switched off in this installation.
    expect(route.isPage ? [302, 404] : [401]).toContain(refused)
    // Pages know people by their sessions: test/features/tenancy.test.ts asks for them.
    if (route.role !== 'account' && !route.isPage) {
      expect([nameOf(route), (await t.send('HEAD', url, { as: user })).status]).toEqual([nameOf(route), 403])
    }
  }
})

test('a HEAD has the status and the headers of its GET, wherever the GET only reads', async () => {
  const known = (headers: Headers) =>
    Object.fromEntries([...headers].filter(([name]) => name !== 'content-length' && name !== 'set-cookie'))
  const compared: string[] = []
  for (const route of gets()) {
    const url = own.urlOf(route)
    const before = await t.snapshot()
    const head = await t.send('HEAD', url, { as: root })
    const get = await t.get(url, { as: root })
    if ((await t.snapshot()) !== before) continue
    compared.push(nameOf(route))
    expect([nameOf(route), head.status, known(head.headers)]).toEqual([nameOf(route), get.status, known(get.headers)])
    if (/^(text|application\/json)/.test(get.headers.get('content-type') ?? '')) {
      expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(get.text)))
    }
  }
  expect(compared.length).toBeGreaterThan(20)
  expect(compared).toContain('GET /api/accounts/me')
})
