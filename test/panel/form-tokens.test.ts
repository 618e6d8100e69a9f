import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { FORM, parsePage } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// A form of somebody else is refused by every route that people send forms to, whatever is added tomorrow.

let t: TestApp
let signedIn: string

beforeAll(async () => {
  t = await testApp({ env: { SMS_PROVIDER: 'log' } })
  const on = { publicRegistration: true, phoneRegistration: true }
  await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set(on).returning())
  t.parts.spaces.forget()
  const { username, password } = await t.account({ username: 'somebody', email: 'somebody@example.org' })
  const browser = visitor(t)
  await browser.open('/login')
  await browser.submit({ username, password })
  signedIn = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
})
afterAll(() => t.close())

interface FormRoute {
  readonly path: string
  readonly needsSession: boolean
}

/** Every route that changes something and is not of the API, whose callers bring a key or a password each time. */
const formRoutes = (): FormRoute[] =>
  t.routes.routes
    .filter(({ method, path }) => !['GET', 'HEAD', 'OPTIONS'].includes(method) && !path.startsWith('/api/'))
    .map(({ method, path, hooks }) => {
      expect([method, path]).toEqual(['POST', path])
      type Security = { readonly session?: readonly string[] }
      const [security] = (hooks as { detail?: { security?: readonly Security[] } }).detail?.security ?? []
      return { path: path.replace(/\/$/, ''), needsSession: security?.session !== undefined }
    })

const OWN = { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' }
const send = (path: string, cookie: string, fields: Record<string, string>, from: Record<string, string> = OWN) =>
  t.post(path, {
    body: new URLSearchParams(fields).toString(),
    headers: { ...FORM, accept: 'text/html', cookie, ...from },
  })

/** A token that is right, and the cookie that it belongs to. */
const tokenOf = async (cookie: string): Promise<{ token: string; cookie: string }> => {
  const page = await t.get(cookie === '' ? '/login' : '/sessions', { headers: { cookie } })
  const { fields, cookies } = parsePage(page, cookie === '' ? '/authenticate' : '/logout')
  return { token: fields.form_token ?? '', cookie: cookie === '' ? cookies.join('; ') : cookie }
}

describe('no form is taken', () => {
  test('whose token is missing, or of somebody else: each route says so, and nothing changes', async () => {
    const routes = formRoutes()
    expect(routes.length).toBeGreaterThan(30)
    const stranger = await tokenOf('')
    const before = await t.snapshot()
    for (const { path, needsSession } of routes) {
      const cookie = needsSession ? signedIn : stranger.cookie
      const tries: Record<string, string>[] = [{}, { form_token: '' }, { form_token: 'x'.repeat(64) }]
      if (needsSession) tries.push({ form_token: stranger.token })
      for (const fields of tries) {
        const { status, text } = await send(path, cookie, fields)
        expect([path, fields, status]).toEqual([path, fields, 403])
        expect(text).toContain('<h1>Not allowed</h1>')
      }
      if (!needsSession)
        expect([path, (await send(path, '', { form_token: stranger.token })).status]).toEqual([path, 403])
    }
    expect(await t.snapshot()).toBe(before)
  }, 60_000)

  test('that another site sends, with the right token or without', async () => {
    const before = await t.snapshot()
    const own = { session: await tokenOf(signedIn), stranger: await tokenOf('') }
    for (const { path, needsSession } of formRoutes()) {
      const { token, cookie } = needsSession ? own.session : own.stranger
      for (const from of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.example' },
      ]) {
        const { status } = await send(path, cookie, { form_token: token }, from)
        expect([path, from, status]).toEqual([path, from, 403])
      }
    }
    expect(await t.snapshot()).toBe(before)
  }, 60_000)

  test('of whoever is not signed in, where somebody has to be: it leads to the sign-in', async () => {
    const before = await t.snapshot()
    for (const { path } of formRoutes().filter(({ needsSession }) => needsSession)) {
      const { status, headers } = await send(path, '', {})
      expect([path, status, headers.get('location')]).toEqual([path, 302, '/login'])
    }
    expect(await t.snapshot()).toBe(before)
  }, 60_000)
})

test('with its own token, a form gets through to what it asks for', async () => {
  const { token, cookie } = await tokenOf(signedIn)
  const reply = await send('/sessions/revoke', cookie, { form_token: token, session: '0' })
  expect([reply.status, reply.headers.get('location')]).toEqual([302, '/sessions'])
})
