import { expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'

const requests = (t: TestApp) => t.logged('"msg":"request"').map((line) => JSON.parse(line) as Record<string, unknown>)

test('a request leaves one line with its route, its account and its address, and no token', async () => {
  const t = await testApp({ env: { ACCESS_LOG: 'true' } })
  const admin = await t.account({ username: 'admin', admin: true })
  const { provisioning_token: token } = (await t.get('/api/accounts/me', { as: admin })).json
  await t.get(`/provisioning/${token}?secret=horse`)
  await t.send('HEAD', '/api/ping', { host: 'unknown.localhost' })
  await t.get('/up')
  await t.get('/api/ping', { headers: { host: ':x' } })
  const seen = requests(t)
  expect(
    seen.map(({ method, route, status, space, account, ip }) => [method, route, status, space, account, ip]),
  ).toEqual([
    ['GET', '/api/accounts/me', 200, 'sip.example.org', 'admin@sip.example.org', '192.0.2.7'],
    ['GET', '/provisioning/:token', 200, 'sip.example.org', undefined, '192.0.2.7'],
    ['HEAD', 'none', 404, undefined, undefined, '192.0.2.7'],
    ['GET', 'none', 200, undefined, undefined, '192.0.2.7'],
    ['GET', 'none', 400, undefined, undefined, '192.0.2.7'],
  ])
  for (const { duration_ms: duration, request_id: id } of seen) {
    expect([typeof duration, String(id).length]).toEqual(['number', 36])
  }
  expect(JSON.stringify(seen)).not.toContain(token)
  expect(JSON.stringify(seen)).not.toContain('horse')
  await t.close()
})

test('without the setting only a served provisioning document does, not a page about it, a refusal or a HEAD of it', async () => {
  const t = await testApp()
  const admin = await t.account({ username: 'admin', admin: true })
  const { provisioning_token: token } = (await t.get('/api/accounts/me', { as: admin })).json
  await t.get('/provisioning/unknown')
  await t.get(`/provisioning/${token}`, { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' } })
  await t.send('HEAD', `/provisioning/${token}`)
  expect(requests(t)).toEqual([])
  expect((await t.get(`/provisioning/${token}`)).status).toBe(200)
  expect(requests(t).map(({ route, status }) => [route, status])).toEqual([['/provisioning/:token', 200]])
  await t.close()
})

test('LOG_LEVEL=warn keeps them out', async () => {
  const t = await testApp({ env: { ACCESS_LOG: 'true', LOG_LEVEL: 'warn' } })
  await t.get('/api/ping')
  expect(requests(t)).toEqual([])
  await t.close()
})
