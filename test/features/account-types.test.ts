import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Labels of accounts (behaviour/telephony.md §3, D25).

let t: TestApp
/** Of the super Space, and of an ordinary one. */
let root: TestAccount
let admin: TestAccount
let carol: TestAccount
const there = { host: 'other.localhost' }
beforeAll(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
  admin = await t.account({ username: 'admin', admin: true, space: t.other })
  carol = await t.account({ space: t.other })
})
afterAll(() => t.close())

let keys = 0
let type: { id: number; key: string }
beforeEach(async () => {
  keys += 1
  type = (await create({ key: `type-${keys}` })).json
})

const create = (body: unknown) => t.post('/api/account_types', { as: admin, ...there, body })
const change = (id: number, body: unknown, as = admin) => t.put(`/api/account_types/${id}`, { as, ...there, body })
const attachment = (id = type.id, who = carol) => `/api/accounts/${who.id}/types/${id}`
const attach = (id = type.id) => t.post(attachment(id), { as: admin, ...there })

/** A type that every Space sees. */
const platformType = async (key: string): Promise<number> => {
  const row = { key, createdAt: t.clock.now, updatedAt: t.clock.now }
  const { accountTypes } = t.db.tables
  const [made] = await t.db.transaction((tx) => tx.insert(accountTypes).values(row).returning({ id: accountTypes.id }))
  return made?.id ?? 0
}

describe('account types', () => {
  test('are an administrator’s: not a stranger’s, not a user’s, not another Space’s', async () => {
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', `/api/account_types/${type.id}`],
      ['PUT', `/api/account_types/${type.id}`],
      ['PATCH', `/api/account_types/${type.id}`],
      ['DELETE', `/api/account_types/${type.id}`],
      ['POST', attachment()],
      ['DELETE', attachment()],
    ] as const) {
      const body = method === 'PUT' || method === 'PATCH' ? { body: { key: 'taken-over' } } : {}
      expect([path, (await t.send(method, path, { ...there, ...body })).status]).toEqual([path, 401])
      expect([path, (await t.send(method, path, { as: carol, ...there, ...body })).status]).toEqual([path, 403])
      expect([path, (await t.send(method, path, { as: root, ...body })).status]).toEqual([path, 404])
    }
    expect((await t.get('/api/account_types', { as: root })).json).toEqual([])
    expect(await t.snapshot()).toBe(before)
  })

  test('have keys of lower-case letters, digits, hyphens and underscores', async () => {
    const before = await t.snapshot()
    for (const key of [undefined, null, '', ' ', 'Door', 'a b', 'a.b', 'é', 'x'.repeat(65), ['a'], { a: 1 }, true]) {
      for (const reply of [await create({ key }), await change(type.id, { key })]) {
        expect([key, reply.status, Object.keys(reply.json.errors)]).toEqual([key, 422, ['key']])
      }
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('have keys of their own, in their Space', async () => {
    const other = (await create({ key: `other-${keys}` })).json
    for (const reply of [await create({ key: type.key }), await change(other.id, { key: type.key })]) {
      expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['key']])
    }
    expect((await change(type.id, { key: type.key })).status).toBe(200)
    expect((await t.post('/api/account_types', { as: root, body: { key: type.key } })).status).toBe(201)
  })

  test('that take a key at the same time are one', async () => {
    const key = `twin-${keys}`
    const made = await Promise.all([create({ key }), create({ key }), create({ key })])
    expect(made.map(({ status }) => status).sort()).toEqual([201, 422, 422])
    const [a, b] = [(await create({ key: `a-${keys}` })).json.id, (await create({ key: `b-${keys}` })).json.id]
    const renamed = await Promise.all([change(a, { key: `c-${keys}` }), change(b, { key: `c-${keys}` })])
    expect(renamed.map(({ status }) => status).sort()).toEqual([200, 422])
  })

  test('are created, listed, read, changed and deleted', async () => {
    const made = await create({ key: 'door_1-a' })
    const { id } = made.json
    expect([made.status, made.json]).toEqual([201, { id: expect.any(Number), key: 'door_1-a' }])
    const path = `/api/account_types/${id}`
    expect((await t.get(path, { as: admin, ...there })).json).toEqual({ id, key: 'door_1-a' })
    const ids = (await t.get('/api/account_types', { as: admin, ...there })).json.map((one: { id: number }) => one.id)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    expect(ids).toContain(id)
    for (const method of ['PUT', 'PATCH']) {
      const body = { key: method.toLowerCase() }
      const changed = await t.send(method, path, { as: admin, ...there, body })
      expect([changed.status, changed.json]).toEqual([200, { id, ...body }])
    }
    const gone = await t.delete(path, { as: admin, ...there })
    expect([gone.status, gone.json]).toEqual([200, 1])
    for (const method of ['GET', 'DELETE'])
      expect((await t.send(method, path, { as: admin, ...there })).status).toBe(404)
    expect((await change(id, { key: 'x' })).status).toBe(404)
  })
})

describe('a type of the platform', () => {
  test('is seen and attached by every Space, and its key is nobody else’s', async () => {
    const id = await platformType(`shared-${keys}`)
    for (const [as, host] of [
      [admin, 'other.localhost'],
      [root, 'localhost'],
    ] as const) {
      expect((await t.get(`/api/account_types/${id}`, { as, host })).json).toEqual({ id, key: `shared-${keys}` })
      expect((await t.get('/api/account_types', { as, host })).json).toContainEqual({ id, key: `shared-${keys}` })
    }
    expect((await create({ key: `shared-${keys}` })).status).toBe(422)
    expect((await attach(id)).status).toBe(200)
  })

  test('is changed by super administrators only, and never to the key of a Space', async () => {
    const id = await platformType(`shared-${keys}`)
    const path = `/api/account_types/${id}`
    const before = await t.snapshot()
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const refused = await t.send(method, path, { as: admin, ...there, body: { key: 'mine' } })
      expect([refused.status, refused.json.message]).toEqual([
        403,
        'Only a super administrator may change a type that all spaces share.',
      ])
    }
    expect((await t.put(path, { as: root, body: { key: type.key } })).status).toBe(422)
    expect(await t.snapshot()).toBe(before)
    expect((await t.put(path, { as: root, body: { key: `renamed-${keys}` } })).json).toEqual({
      id,
      key: `renamed-${keys}`,
    })
    expect((await t.delete(path, { as: root })).json).toBe(1)
  })
})

describe('a type of an account', () => {
  test('is attached once, shown with the account, and detached once', async () => {
    const attached = await attach()
    expect([attached.status, attached.text]).toEqual([200, ''])
    const again = await attach()
    expect([again.status, again.json.message]).toEqual([403, 'The account has this type already.'])
    const second = (await create({ key: `second-${keys}` })).json
    await attach(second.id)
    for (const [path, as] of [
      [`/api/accounts/${carol.id}`, admin],
      [`/api/accounts/${carol.username}@${carol.domain}/search`, admin],
      ['/api/accounts/me', carol],
    ] as const) {
      const { types } = (await t.get(path, { as, ...there })).json
      expect(types).toEqual(expect.arrayContaining([type, second]))
    }
    const listed = (await t.get('/api/accounts', { as: admin, ...there })).json.data
    const one = listed.find((account: { id: number }) => account.id === carol.id)
    expect(one.types).toEqual(expect.arrayContaining([type, second]))
    expect(listed.find((account: { id: number }) => account.id === admin.id).types).toEqual([])
    const detached = await t.delete(attachment(), { as: admin, ...there })
    expect([detached.status, detached.json]).toEqual([200, 1])
    expect((await t.delete(attachment(), { as: admin, ...there })).status).toBe(403)
    expect((await t.get('/api/accounts/me', { as: carol, ...there })).json.types).not.toContainEqual(type)
  })

  test('is attached once by two requests at once', async () => {
    const replies = await Promise.all([attach(), attach()])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 403])
  })

  test('must be one that the Space sees, of an account that it has', async () => {
    const theirs = (await t.post('/api/account_types', { as: root, body: { key: `theirs-${keys}` } })).json.id
    const before = await t.snapshot()
    for (const id of [9999, theirs]) expect((await attach(id)).status).toBe(404)
    expect((await t.post(attachment(type.id, root), { as: admin, ...there })).status).toBe(404)
    expect((await t.delete(attachment(9999), { as: admin, ...there })).status).toBe(403)
    expect((await t.post(`/api/accounts/${carol.id}/types/x`, { as: admin, ...there })).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
  })

  test('goes when the type is deleted, also at the same time, and when the account is', async () => {
    const leaving = await t.account({ space: t.other })
    await t.post(attachment(type.id, leaving), { as: admin, ...there })
    await t.delete(`/api/accounts/${leaving.id}`, { as: admin, ...there })
    const [attached, deleted] = await Promise.all([
      attach(),
      t.delete(`/api/account_types/${type.id}`, { as: admin, ...there }),
    ])
    expect([200, 404]).toContain(attached.status)
    expect(deleted.status).toBe(200)
    const rows = await t.db.read.select().from(t.db.tables.accountAccountType)
    expect(
      rows.filter(({ accountTypeId, accountId }) => accountTypeId === type.id || accountId === leaving.id),
    ).toEqual([])
  })
})
