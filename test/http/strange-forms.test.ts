import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { parsePage } from '../support/page.ts'
import { nameOf, objectsOf, routesOf } from '../support/routes.ts'

// What no form of ours sends: scripts of strangers do.

let t: TestApp
let root: TestAccount
beforeAll(async () => {
  t = await testApp({ env: { CAPTCHA_PROVIDER: 'none' } })
  root = await t.account({ admin: true })
})
afterAll(() => t.close())

/** Text is made of it only by whoever asks first what it is. */
const NO_TEXT = { toString: 1, valueOf: 1 }

const FIELDS = [
  ...[
    'token',
    'link',
    'uuid',
    'session',
    'code',
    'number_1',
    'number_2',
    'username',
    'password',
    'password_confirmation',
  ],
  ...['email', 'phone', 'next', 'language', 'domain', 'flow', 'terms', 'account_recovery_token', 'old_password'],
  ...['account_creation_request_token', 'current_password', 'algorithm', 'display_name', 'website', 'altcha', 'sip'],
  ...[
    'lang',
    'newsletter',
    'search',
    'linphone-use-sips',
    'linphone_action',
    'h-captcha-response',
    'name',
    'host',
    'uri',
  ],
]

test('an object where a form or a body wants text breaks nothing, on any route', async () => {
  const own = await objectsOf(t, t.main)
  const account = await t.account({ admin: true })
  for (const value of [NO_TEXT, [NO_TEXT]]) {
    const strange = Object.fromEntries(FIELDS.map((name) => [name, value]))
    for (const route of routesOf(t)) {
      if (route.method === 'GET' || route.path === '/logout' || route.path === '/sessions/revoke_all') continue
      const cookie = await t.cookie(account)
      const page = await t.get('/sessions', { headers: { cookie } })
      const { fields } = parsePage(page)
      const form_token = Object.values(fields)[0]
      const body = { ...strange, ...fields, form_token, session: value }
      for (const call of [{ as: root }, { headers: { cookie } }]) {
        const reply = await t.send(route.method, own.urlOf(route), { ...call, body })
        expect([nameOf(route), reply.status, reply.status < 500]).toEqual([nameOf(route), reply.status, true])
      }
    }
  }
})

test('a link with a query of any length shows its QR code', async () => {
  const fresh = await testApp()
  const made = await fresh.post('/api/wizard', {
    as: await fresh.account({ admin: true }),
    body: { linphone_action: 'show' },
  })
  const { token } = made.json
  for (const length of [2400, 14_000]) {
    const reply = await fresh.get(`/wizard/${token}?linphone-use-sips&x=${'y'.repeat(length)}`, {
      headers: { accept: 'text/html' },
    })
    expect([length, reply.status, reply.text.includes('data:image/png;base64,')]).toEqual([length, 200, true])
  }
  await fresh.close()
})
