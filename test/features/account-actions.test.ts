import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// What an intercom does when it hears a code (behaviour/telephony.md §4).

let t: TestApp
let admin: TestAccount
let door: TestAccount
let at: string
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())
beforeEach(async () => {
  door = await t.account({})
  at = `/api/accounts/${door.id}/actions`
  await speak('sipinfo')
})

/** Gives the account a DTMF protocol, or takes it away. */
const speak = (dtmf_protocol: string | null) =>
  t.put(`/api/accounts/${door.id}`, {
    as: admin,
    body: { username: door.username, algorithm: 'SHA-256', dtmf_protocol },
  })
const add = (body: unknown) => t.post(at, { as: admin, body })

describe('the actions of an account', () => {
  test('are an administrator’s: not a stranger’s, not their account’s, not another Space’s', async () => {
    const foreign = await t.account({ space: t.other, admin: true })
    const { id } = (await add({ key: 'open', code: '123' })).json
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', at],
      ['POST', at],
      ['GET', `${at}/${id}`],
      ['PUT', `${at}/${id}`],
      ['PATCH', `${at}/${id}`],
      ['DELETE', `${at}/${id}`],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: { key: 'open', code: '1' } }
      expect([path, (await t.send(method, path, body)).status]).toEqual([path, 401])
      expect([path, (await t.send(method, path, { as: door, ...body })).status]).toEqual([path, 403])
      const elsewhere = await t.send(method, path, { as: foreign, host: 'other.localhost', ...body })
      expect([path, elsewhere.status]).toEqual([path, 404])
      const nobody = await t.send(method, path.replace(String(door.id), '99999'), { as: admin, ...body })
      expect([path, nobody.status]).toEqual([path, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('do not exist for an account without a DTMF protocol; they are kept until it has one again', async () => {
    const { json: action } = await add({ key: 'open', code: '123' })
    await speak(null)
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', at],
      ['POST', at],
      ['GET', `${at}/${action.id}`],
      ['PUT', `${at}/${action.id}`],
      ['DELETE', `${at}/${action.id}`],
    ] as const) {
      // Asked before the body is looked at.
      const body = method === 'POST' || method === 'PUT' ? { body: {} } : {}
      expect([method, (await t.send(method, path, { as: admin, ...body })).status]).toEqual([method, 403])
    }
    expect(await t.snapshot()).toBe(before)
    expect((await t.get(`/api/accounts/${door.id}`, { as: admin })).json.actions).toEqual([])
    await speak('rfc2833')
    expect((await t.get(at, { as: admin })).json).toEqual([action])
    expect((await t.get(`/api/accounts/${door.id}`, { as: admin })).json.actions).toEqual([action])
  })

  test('have a key and a code of the characters that phones send', async () => {
    const { id } = (await add({ key: '123', code: '123' })).json
    const before = await t.snapshot()
    for (const [body, fields] of [
      [{}, ['key', 'code']],
      [{ code: '123' }, ['key']],
      [{ key: 'open' }, ['code']],
      [{ key: 'Abc1234', code: 'ABC' }, ['key', 'code']],
      [{ key: 'a b', code: '12#' }, ['key', 'code']],
      [{ key: 'é', code: '*1' }, ['key', 'code']],
      [{ key: 'a-b_c', code: 'a-b' }, ['code']],
      [{ key: 'x'.repeat(256), code: '1'.repeat(256) }, ['key', 'code']],
      [{ key: ['a'], code: { a: 1 } }, ['key', 'code']],
    ] as const) {
      for (const reply of [
        await add(body),
        await t.put(`${at}/${id}`, { as: admin, body }),
        await t.send('PATCH', `${at}/${id}`, { as: admin, body }),
      ]) {
        expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, [...fields]])
      }
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('are created, listed, read, changed and deleted; keys may repeat', async () => {
    const first = await add({ key: 'open', code: '123' })
    expect([first.status, first.json]).toEqual([201, { id: expect.any(Number), key: 'open', code: '123' }])
    const second = (await add({ key: 'open', code: 'b7' })).json
    expect((await t.get(at, { as: admin })).json).toEqual([first.json, second])
    const path = `${at}/${first.json.id}`
    expect((await t.get(path, { as: admin })).json).toEqual(first.json)
    for (const [method, key] of [
      ['PUT', 'light'],
      ['PATCH', 'lock'],
    ] as const) {
      const changed = await t.send(method, path, { as: admin, body: { key, code: 9 } })
      expect([changed.status, changed.json]).toEqual([200, { id: first.json.id, key, code: '9' }])
    }
    expect((await t.get('/api/accounts/me', { as: door })).json.actions).toHaveLength(2)
    const gone = await t.delete(path, { as: admin })
    expect([gone.status, gone.json]).toEqual([200, 1])
    for (const method of ['GET', 'DELETE']) expect((await t.send(method, path, { as: admin })).status).toBe(404)
    expect((await t.put(path, { as: admin, body: { key: 'a', code: '1' } })).status).toBe(404)
    expect((await t.get(at, { as: admin })).json).toEqual([second])
  })

  test('are not those of another account', async () => {
    const { id } = (await add({ key: 'open', code: '123' })).json
    door = await t.account({})
    await speak('sipinfo')
    const path = `/api/accounts/${door.id}/actions/${id}`
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { body: { key: 'a', code: '1' } } : {}
      expect([method, (await t.send(method, path, { as: admin, ...body })).status]).toEqual([method, 404])
    }
  })

  test('are a hundred at most', async () => {
    const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const rows = Array.from({ length: 99 }, (_, n) => ({ accountId: door.id, key: `k${n}`, code: '1', ...stamps }))
    await t.db.transaction((tx) => tx.insert(t.db.tables.accountActions).values(rows))
    const replies = await Promise.all([add({ key: 'open', code: '1' }), add({ key: 'shut', code: '2' })])
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 403])
    expect((await t.get(at, { as: admin })).json).toHaveLength(100)
  })

  test('go with the account', async () => {
    await add({ key: 'open', code: '123' })
    await t.delete(`/api/accounts/${door.id}`, { as: admin })
    const rows = await t.db.read.select().from(t.db.tables.accountActions)
    expect(rows.filter(({ accountId }) => accountId === door.id)).toEqual([])
  })
})
