import { expect, test } from 'bun:test'
import { testApp } from '../support/app.ts'

test('smoke', async () => {
  const t = await testApp()
  const alice = await t.account({ username: 'alice1', algorithm: 'MD5' })
  const admin = await t.account({ admin: true })
  expect((await t.digest(alice, 'GET', '/api/accounts/me?x=1')).status).toBe(200)
  expect((await t.get('/api/accounts', { as: admin })).json.total).toBe(2)
  const r = await t.post('/api/accounts', {
    as: admin,
    body: { username: 'bobby1', password: 'secret1', algorithm: 'MD5', dictionary: { b: '2', a: '1' } },
  })
  expect(r.json.username).toBe('bobby1')
  expect(
    (await t.post('/api/accounts', { as: admin, body: { username: 'bobby1', password: 'secret1', algorithm: 'MD5' } }))
      .status,
  ).toBe(422)
  const p = await t.get(`/provisioning/${r.json.provisioning_token}`)
  expect(p.status).toBe(200)
  expect((await t.get(`/provisioning/${r.json.provisioning_token}`)).status).toBe(404)
  expect(
    (await t.put(`/api/accounts/${r.json.id}`, { as: admin, body: { username: 'bobby1', algorithm: 'MD5' } })).json
      .dictionary,
  ).toEqual({ a: '1', b: '2' })
  expect((await t.delete(`/api/accounts/${r.json.id}`, { as: admin })).status).toBe(200)
  await t.close()
})
