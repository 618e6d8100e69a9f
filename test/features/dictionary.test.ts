import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Text that operators attach to an account (behaviour/telephony.md §5).

let t: TestApp
let admin: TestAccount
let carol: TestAccount
let at: string
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())
beforeEach(async () => {
  carol = await t.account({})
  at = `/api/accounts/${carol.id}/dictionary`
})

const set = (key: string, value: unknown) => t.post(`${at}/${key}`, { as: admin, body: { value } })

describe('a dictionary', () => {
  test('is an administrator’s: not a stranger’s, not its account’s, not another Space’s', async () => {
    const foreign = await t.account({ space: t.other, admin: true })
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', at],
      ['DELETE', at],
      ['GET', `${at}/key`],
      ['POST', `${at}/key`],
      ['DELETE', `${at}/key`],
    ] as const) {
      const body = method === 'POST' ? { body: { value: 'x' } } : {}
      expect([path, (await t.send(method, path, body)).status]).toEqual([path, 401])
      expect([path, (await t.send(method, path, { as: carol, ...body })).status]).toEqual([path, 403])
      const elsewhere = await t.send(method, path, { as: foreign, host: 'other.localhost', ...body })
      expect([path, elsewhere.status]).toEqual([path, 404])
      const nobody = await t.send(method, path.replace(String(carol.id), '99999'), { as: admin, ...body })
      expect([path, nobody.status]).toEqual([path, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('of nothing is an object', async () => {
    expect((await t.get(at, { as: admin })).text).toBe('{}')
    expect((await t.delete(at, { as: admin })).text).toBe('0')
  })

  test('refuses a value that is none, and stores nothing', async () => {
    const before = await t.snapshot()
    const required = ['The value field is required.']
    for (const [value, messages] of [
      [undefined, required],
      [null, required],
      ['', required],
      [' \n ', required],
      [{}, ['The value must be text.']],
      [['x'], ['The value must be text.']],
      ['half \ud83d', ['The value must be text.']],
      ['x'.repeat(256), ['The value must not be longer than 255 characters.']],
    ] as const) {
      const reply = await set('key', value)
      expect([value, reply.status, reply.json.errors]).toEqual([value, 422, { value: [...messages] }])
    }
    const long = await set('k'.repeat(256), 'x')
    expect([long.status, long.json.errors]).toEqual([422, { key: ['The key must not be longer than 255 characters.'] }])
    expect((await t.post(`${at}/key`, { as: admin, body: [] })).status).toBe(422)
    expect(await t.snapshot()).toBe(before)
  })

  test('creates and replaces with 201, in place, numbers and truths as text', async () => {
    for (const [key, value, stored] of [
      ['b', 'sales', 'sales'],
      ['a', 12, '12'],
      ['b', ' x ', 'x'],
      ['c', true, '1'],
      ['d', false, '0'],
      ['e', 0, '0'],
      ['f', '🙂'.repeat(255), '🙂'.repeat(255)],
    ] as const) {
      const reply = await set(key, value)
      expect([reply.status, reply.json, reply.headers.get('content-type')]).toEqual([
        201,
        { value: stored },
        'application/json',
      ])
    }
    expect(Object.keys((await t.get(at, { as: admin })).json)).toEqual(['b', 'a', 'c', 'd', 'e', 'f'])
    expect((await t.get(`/api/accounts/${carol.id}`, { as: admin })).json.dictionary.b).toBe('x')
  })

  test('takes any key that a path can spell', async () => {
    for (const key of ['clear', '0', 'a b', 'ключ', '🙂', 'a/b', '__proto__', 'constructor', '%41', '..x', 'a?b#c']) {
      const path = encodeURIComponent(key)
      expect([key, (await set(path, `of ${key}`)).status]).toEqual([key, 201])
      expect([key, (await t.get(`${at}/${path}`, { as: admin })).json]).toEqual([key, { value: `of ${key}` }])
      expect([key, (await t.delete(`${at}/${path}`, { as: admin })).text]).toEqual([key, '1'])
      expect([key, (await t.get(`${at}/${path}`, { as: admin })).status]).toEqual([key, 404])
    }
  })

  test('says how many entries went', async () => {
    for (const key of ['a', 'b', 'clear']) await set(key, 'x')
    expect((await t.delete(`${at}/a`, { as: admin })).text).toBe('1')
    expect((await t.delete(`${at}/a`, { as: admin })).text).toBe('0')
    // An entry called "clear", not a verb.
    expect((await t.delete(`${at}/clear`, { as: admin })).text).toBe('1')
    expect((await t.delete(at, { as: admin })).text).toBe('1')
    expect((await t.get(`${at}/b`, { as: admin })).json).toEqual({ message: 'This account has no such entry.' })
  })

  test('is replaced as a whole by a change of the account, and only when the change names it', async () => {
    await set('old', 'x')
    const change = (more: object) =>
      t.put(`/api/accounts/${carol.id}`, { as: admin, body: { username: carol.username, algorithm: 'MD5', ...more } })
    const named = { ...carol, username: 'dictionary.1' }
    const renamed = await change({ username: named.username, password: 'correct-horse' })
    expect(renamed.json.dictionary).toEqual({ old: 'x' })
    carol = named
    for (const nothing of [null, undefined, '']) {
      expect((await change({ dictionary: nothing })).json.dictionary).toEqual({ old: 'x' })
    }
    for (const bad of [['x'], 'x', { a: 1 }]) {
      const reply = await change({ dictionary: bad })
      expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['dictionary']])
    }
    expect((await change({ dictionary: { fresh: 'y', old: 'z' } })).json.dictionary).toEqual({ fresh: 'y', old: 'z' })
    expect((await change({ dictionary: {} })).json.dictionary).toEqual({})
  })
})
