import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type Call, type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { visitor } from '../support/visitor.ts'

let t: TestApp
let account: TestAccount
beforeEach(async () => {
  t = await testApp({ env: { TRUSTED_PROXIES: '192.0.2.7' } })
  account = await t.account({ username: 'alice01' })
})
afterEach(() => t.close())

const HTTPS = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'localhost', 'x-forwarded-for': '203.0.113.9' }

/**
 * Somebody signs in, with a wrong password first, chooses a language, asks for a QR code, and signs out: all that is
 * set.
 */
const walk = async (headers: Record<string, string>): Promise<{ lines: string[]; landed: Reply }> => {
  const lines: string[] = []
  const browser = visitor(t)
  const keep = (reply: Reply): Reply => {
    lines.push(...reply.headers.getSetCookie())
    return reply
  }
  const open = async (path: string) => keep(await browser.open(path, { headers }))
  const submit = async (fields: Record<string, string>, form?: string) =>
    keep(await browser.submit(fields, { headers, ...(form === undefined ? {} : { form }) }))
  await open('/login?lang=fr')
  await open('/authenticate/qrcode')
  await open('/login')
  await submit({ username: account.username, password: 'wrong-horse' })
  await submit({ username: account.username, password: account.password })
  const landed = await open('/dashboard')
  await submit({}, '/dashboard/provision')
  await open('/dashboard')
  await submit({}, '/logout')
  return { lines, landed }
}
const nameOf = (line: string) => line.slice(0, line.indexOf('='))

describe('over HTTPS', () => {
  test('every cookie belongs to this host and to HTTPS alone, and signing in works', async () => {
    const { lines, landed } = await walk(HTTPS)
    expect([landed.status, landed.text]).toEqual([200, expect.stringContaining('alice01@sip.example.org')])
    expect([...new Set(lines.map(nameOf))].sort()).toEqual([
      '__Host-sipkeeper_code',
      '__Host-sipkeeper_flash',
      '__Host-sipkeeper_form',
      '__Host-sipkeeper_known',
      '__Host-sipkeeper_language',
      '__Host-sipkeeper_session',
    ])
    for (const line of lines) {
      // What a browser asks of the prefix.
      expect(line).toContain('; Path=/; HttpOnly; SameSite=Lax; Secure')
      expect(line.toLowerCase()).not.toContain('domain')
    }
  })

  test('a cookie that a neighbour or a plain connection has planted says nothing', async () => {
    const planted = 'a'.repeat(32)
    const call = (cookie: string): Call => ({ headers: { ...HTTPS, cookie } })
    const page = await t.get('/login', call(`sipkeeper_form=${planted}; sipkeeper_language=fr`))
    expect(page.text).toContain('lang="en"')
    expect(page.headers.getSetCookie().map(nameOf)).toEqual(['__Host-sipkeeper_form'])
    const known = await t.get('/login', call(`__Host-sipkeeper_form=${planted}; __Host-sipkeeper_language=fr`))
    expect([known.text.includes('lang="fr"'), known.headers.getSetCookie()]).toEqual([true, []])
  })

  test('whoever was signed in under the older name signs in again', async () => {
    const cookie = await t.cookie(account)
    const reply = await t.get('/dashboard', { headers: { ...HTTPS, cookie } })
    expect([reply.status, reply.headers.get('location')]).toEqual([302, '/login?next=%2Fdashboard'])
  })

  test('the key of an API client keeps the name that old clients read', async () => {
    const reply = await t.get('/api/accounts/me/api_key', { as: account, headers: HTTPS })
    expect(reply.headers.getSetCookie()).toEqual([
      `x-api-key=${reply.text}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure`,
    ])
  })
})

describe('a browser that keeps much', () => {
  const me = async (cookie: string) => (await t.get('/api/accounts/me', { headers: { cookie } })).status
  const key = () => account.key

  test.each([
    ['alone', (of: string) => `x-api-key=${of}`],
    ['among others, with and without blanks', (of: string) => `a=b;c=d ;  x-api-key=${of} ;e=f`],
    ['once more, where the first counts', (of: string) => `x-api-key=${of}; x-api-key=${'x'.repeat(40)}`],
    ['beside what is no cookie', (of: string) => `;; nonsense; =; x-api-key=${of}; %`],
  ])('shows its key %s', async (_, header) => {
    expect(await me(header(key()))).toBe(200)
  })

  test.each([
    ['under a longer name', (of: string) => `my-x-api-key=${of}`],
    ['inside another value', (of: string) => `a="x-api-key=${of}"`],
    ['after a value that is not its own', (of: string) => `x-api-key=${'x'.repeat(40)}; x-api-key=${of}`],
    ['in quotes', (of: string) => `x-api-key="${of}"`],
    ['as nothing', () => 'x-api-key=; __proto__=x; constructor=y'],
  ])('does not show its key %s', async (_, header) => {
    expect(await me(header(key()))).toBe(401)
  })
})

test('over plain HTTP signing in goes on, without the prefix that a browser would refuse', async () => {
  const { lines, landed } = await walk({})
  expect(landed.status).toBe(200)
  expect(lines.filter((line) => line.includes('__Host-') || line.includes('Secure'))).toEqual([])
  expect(lines.map(nameOf)).toContain('sipkeeper_session')
})
