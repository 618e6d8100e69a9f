import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { digestHeader, digestParameters } from '../support/digest.ts'

const ME = '/api/accounts/me'

let t: TestApp
beforeAll(async () => {
  t = await testApp({ env: { LOG_LEVEL: 'debug', AUTH_RATE_LIMIT_PER_MINUTE: '50', API_RATE_LIMIT_PER_MINUTE: '500' } })
})
afterAll(() => t.close())

/** `2026-06-01T12:00:00.000Z security event=… result=… name=value …`, values quoted where they need it. */
const LINE =
  /^\d{4}-\d\d-\d\dT[\d:.]+Z security event=[a-z]+(?:\.[a-z_]+)+ result=(?:ok|fail)(?: [a-z_]+=(?:"(?:[^"\\]|\\.)*"|[^\s"=]+))*$/

test('no secret reaches a line, whatever is sent and whatever becomes of it', async () => {
  const root = await t.account({ username: 'root.admin', admin: true })
  const secrets = new Set<string>([root.key, root.password])
  const keep = (secret: string | null | undefined) => {
    if (secret) secrets.add(secret)
    return secret ?? ''
  }

  const words = { username: 'carol.1', password: keep('very-secret-password'), algorithm: 'MD5' }
  const made = (await t.post('/api/accounts', { as: root, body: words })).json
  keep(made.provisioning_token)
  const carol = { id: made.id, username: 'carol.1', domain: made.domain, password: words.password, key: '' }
  keep(Bun.MD5.hash(`carol.1:${made.domain}:${words.password}`, 'hex'))

  const headers = { from: `sip:carol.1@${made.domain}` }
  for (const password of [words.password, keep('another-secret-guess')]) {
    const { nonce, opaque, realm, algorithm } = await t
      .get(ME, { headers })
      .then((reply) => reply.headers.get('www-authenticate') ?? '')
      .then((text) => ({
        realm: made.domain as string,
        algorithm: 'MD5' as const,
        nonce: keep(/nonce="([^"]+)"/.exec(text)?.[1]),
        opaque: keep(/opaque="([^"]+)"/.exec(text)?.[1]),
      }))
    const parameters = digestParameters({ ...carol, password }, { nonce, opaque, realm, algorithm }, { uri: ME })
    keep(parameters.response)
    for (let i = 0; i < 2; i++) await t.get(ME, { headers: { ...headers, authorization: digestHeader(parameters) } })
  }
  await t.get(ME, { headers: { ...headers, authorization: `Basic ${keep('Y2Fyb2w6c2VjcmV0')}` } })
  await t.get(ME, { headers: { ...headers, authorization: `Bearer ${keep('eyJhbGciOiJub25lIn0.secret.')}` } })

  await t.get(ME, { key: keep('an-unknown-key-1234567890') })
  await t.get(ME, { headers: { cookie: `x-api-key=${keep('anUnknownCookie1234567890')}` } })
  const key = keep((await t.get(`${ME}/api_key`, { as: root })).text)
  await t.get(ME, { key, address: '198.51.100.9' })
  await t.get('/api/accounts', { key })

  const change = { old_password: words.password, password: keep('brand-new-secret'), algorithm: 'SHA-256' }
  await t.digest(carol, 'POST', `${ME}/password`, { body: change })
  await t.digest({ ...carol, password: change.password }, 'POST', `${ME}/password`, {
    body: { ...change, password: 1 },
  })
  await t.put(`/api/accounts/${carol.id}`, { key, body: { ...words, password: keep('admin-made-secret') } })
  await t.get(`/api/accounts/${carol.id}/provision`, { key }).then((reply) => keep(reply.json.provisioning_token))

  await t.get(`/provisioning/${made.provisioning_token}`)
  const fresh = keep((await t.get(`/api/accounts/${carol.id}`, { key })).json.provisioning_token)
  await t.get(`/provisioning/qrcode/${fresh}`)
  await t.get(`/provisioning/${fresh}`)
  await t.get(`/provisioning/${keep('an-unknown-provisioning-token')}`)
  const request = (await t.post('/api/account_creation_request_tokens')).json
  keep(request.token)
  await t.get(new URL(request.validation_url).pathname)
  const creation = (await t.post('/api/account_creation_tokens', { key })).json
  const registration = { ...words, username: 'carol.2', account_creation_token: keep(creation.token) }
  await t.post('/api/accounts/with-account-creation-token', { body: registration })
  await t.post('/api/accounts/with-account-creation-token', { body: registration })
  const auth = (await t.post('/api/accounts/auth_token')).json
  keep(auth.token)
  await t.get(`/api/accounts/auth_token/${auth.token}/attach`, { key })
  await t.get(`${ME}/api_key/${auth.token}`).then((reply) => keep(reply.json?.api_key))
  await t.delete(`/api/accounts/${carol.id}`, { key })

  expect(t.lines.length).toBeGreaterThan(10)
  const log = t.lines.join('\n')
  expect([...secrets].filter((secret) => log.includes(secret))).toEqual([])
})

test('a security event is one line of the documented shape, with who, from where and why', async () => {
  const alice = await t.account({ username: 'event.alice' })
  t.lines.length = 0
  await t.digest({ ...alice, password: 'wrong' }, 'GET', ME, { headers: { 'user-agent': 'phone "x"\t1' } })
  await t.get(ME, { key: 'unknown' })
  const key = (await t.get(`${ME}/api_key`, { as: alice })).text
  await t.get(ME, { key, address: '198.51.100.9' })
  await t.get('/api/accounts?secret=1', { key })
  const events = t.lines.filter((line) => /event=(auth|admin)/.test(line))
  expect(events.filter((line) => !LINE.test(line))).toEqual([])
  const who = 'ip=192.0.2.7 space=sip.example.org account=event.alice@sip.example.org'
  for (const [event, words] of [
    ['auth.digest.fail result=fail', `${who} via=digest reason=bad_password ua="phone`],
    ['auth.key.fail result=fail', 'ip=192.0.2.7 space=sip.example.org via=key reason=unknown_key'],
    ['auth.key.fail result=fail', 'ip=198.51.100.9 space=sip.example.org via=key reason=other_address'],
    ['admin.denied result=fail', `${who} path=/api/accounts rid=`],
  ] as const) {
    expect(events).toContainEqual(expect.stringContaining(`event=${event} ${words}`))
  }
})

test('nobody can forge a line with what they send', async () => {
  t.lines.length = 0
  const evil = 'x\r\n2026-06-01T12:00:00.000Z security event=auth.login.ok result=ok'
  const as = await t.account()
  await t.get(`/api/accounts/${encodeURIComponent(evil)}`, { as })
  await t.digest({ ...as, password: 'wrong' }, 'GET', ME, { headers: { 'user-agent': 'a" event=auth.login.ok b="' } })
  const security = t.logged(' security ')
  expect(security.length).toBeGreaterThan(0)
  expect(security.filter((line) => /[\r\n]/.test(line) || !LINE.test(line))).toEqual([])
})
