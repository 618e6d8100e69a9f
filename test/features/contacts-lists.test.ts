import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Contacts lists (behaviour/address-books.md §4): kept by the administrators of one Space, read through address books.

let t: TestApp
let admin: TestAccount
let stranger: TestAccount
let carol: TestAccount
let erin: TestAccount
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
  stranger = await t.account({ username: 'stranger', admin: true, space: t.other })
})
afterAll(() => t.close())

let titles = 0
let list: number
beforeEach(async () => {
  carol = await t.account({})
  erin = await t.account({})
  titles += 1
  list = (await create({ title: `List ${titles}`, description: 'For a test' })).json.id
})

const create = (body: unknown) => t.post('/api/contacts_lists', { as: admin, body })
const elsewhere = { host: 'other.localhost' }
const member = (who: TestAccount) => `/api/contacts_lists/${list}/contacts/${who.id}`
const attachment = (who: TestAccount) => `/api/accounts/${who.id}/contacts_lists/${list}`

describe('contacts lists', () => {
  test('are an administrator’s: not a stranger’s, not a user’s, not another Space’s, not even a super administrator’s there', async () => {
    const root = { as: admin, ...elsewhere }
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', `/api/contacts_lists/${list}`],
      ['PUT', `/api/contacts_lists/${list}`],
      ['PATCH', `/api/contacts_lists/${list}`],
      ['DELETE', `/api/contacts_lists/${list}`],
      ['GET', `/api/contacts_lists/${list}/contacts`],
      ['POST', member(carol)],
      ['DELETE', member(carol)],
      ['POST', attachment(carol)],
      ['DELETE', attachment(carol)],
    ] as const) {
      const body = method === 'PUT' || method === 'PATCH' ? { body: { title: 'Taken over', description: 'x' } } : {}
      expect([path, (await t.send(method, path, body)).status]).toEqual([path, 401])
      expect([path, (await t.send(method, path, { as: carol, ...body })).status]).toEqual([path, 403])
      expect([path, (await t.send(method, path, { as: stranger, ...elsewhere, ...body })).status]).toEqual([path, 404])
      expect([path, (await t.send(method, path, { ...root, ...body })).status]).toEqual([path, 404])
    }
    expect((await t.get('/api/contacts_lists', { as: stranger, ...elsewhere })).json).toEqual([])
    expect(await t.snapshot()).toBe(before)
  })

  test('are refused without a title and a description of their shape', async () => {
    const before = await t.snapshot()
    for (const [body, fields] of [
      [{}, ['title', 'description']],
      [{ title: '  ', description: null }, ['title', 'description']],
      [{ title: ['a'], description: { a: 1 } }, ['title', 'description']],
      [{ title: 'x'.repeat(256), description: 'é'.repeat(32_768) }, ['title', 'description']],
      [{ title: 'a\nb', description: 'x' }, ['title']],
      [{ title: 'x' }, ['description']],
    ] as const) {
      for (const reply of [await create(body), await t.put(`/api/contacts_lists/${list}`, { as: admin, body })]) {
        expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, [...fields]])
      }
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('have titles of their own, in their Space', async () => {
    const body = { title: `List ${titles}`, description: 'x' }
    expect(Object.keys((await create(body)).json.errors)).toEqual(['title'])
    const other = (await create({ title: `Other ${titles}`, description: 'x' })).json.id
    const renamed = await t.put(`/api/contacts_lists/${other}`, { as: admin, body })
    expect([renamed.status, Object.keys(renamed.json.errors)]).toEqual([422, ['title']])
    expect((await t.get(`/api/contacts_lists/${other}`, { as: admin })).json.title).toBe(`Other ${titles}`)
    // Its own title is no other's.
    expect((await t.put(`/api/contacts_lists/${list}`, { as: admin, body })).status).toBe(200)
    expect((await t.post('/api/contacts_lists', { as: stranger, ...elsewhere, body })).status).toBe(201)
  })

  test('that take a title at the same time are one', async () => {
    const body = { title: `Twins ${titles}`, description: 'x' }
    const made = await Promise.all([create(body), create(body), create(body)])
    expect(made.map(({ status }) => status).sort()).toEqual([201, 422, 422])
    const [a, b] = [(await create({ ...body, title: 'a' })).json.id, (await create({ ...body, title: 'b' })).json.id]
    const rename = (id: number) =>
      t.put(`/api/contacts_lists/${id}`, { as: admin, body: { ...body, title: `c ${titles}` } })
    const renamed = await Promise.all([rename(a), rename(b)])
    expect(renamed.map(({ status }) => status).sort()).toEqual([200, 422])
  })

  test('are created, read, changed and deleted', async () => {
    const description = 'Front desk\nand gate'
    const made = await create({ title: 'Reception', description })
    const expected = {
      id: made.json.id,
      title: 'Reception',
      description,
      space_id: t.main.id,
      contacts_count: 0,
      created_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:00.000000Z',
    }
    expect([made.status, made.json]).toEqual([201, expected])
    const path = `/api/contacts_lists/${made.json.id}`
    expect((await t.get(path, { as: admin })).json).toEqual(expected)
    expect((await t.get('/api/contacts_lists', { as: admin })).json).toContainEqual(expected)
    for (const [method, title] of [
      ['PUT', 'Gate'],
      ['PATCH', 'Doors'],
    ] as const) {
      const changed = await t.send(method, path, { as: admin, body: { title, description: 'x' } })
      expect([changed.status, changed.json]).toEqual([200, { ...expected, title, description: 'x' }])
    }
    const gone = await t.delete(path, { as: admin })
    expect([gone.status, gone.json]).toEqual([200, 1])
    for (const method of ['GET', 'DELETE']) expect((await t.send(method, path, { as: admin })).status).toBe(404)
    expect((await t.put(path, { as: admin, body: { title: 'x', description: 'x' } })).status).toBe(404)
  })
})

describe('members', () => {
  test('are accounts of the Space', async () => {
    const before = await t.snapshot()
    for (const id of [1234, stranger.id, 'carol', 0]) {
      const path = `/api/contacts_lists/${list}/contacts/${id}`
      expect([path, (await t.post(path, { as: admin })).status]).toEqual([path, 404])
      expect([path, (await t.delete(path, { as: admin })).status]).toEqual([path, 404])
    }
    expect((await t.post(`/api/contacts_lists/9999/contacts/${carol.id}`, { as: admin })).status).toBe(404)
    expect((await t.delete(`/api/contacts_lists/9999/contacts/${carol.id}`, { as: admin })).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
  })

  test('are added as often as one likes, counted, shown as contacts, and removed once', async () => {
    for (const who of [erin, carol, erin]) {
      const reply = await t.post(member(who), { as: admin })
      expect([reply.status, reply.text]).toEqual([200, ''])
    }
    const path = `/api/contacts_lists/${list}`
    expect((await t.get(path, { as: admin })).json.contacts_count).toBe(2)
    const members = (await t.get(`${path}/contacts`, { as: admin })).json
    expect(members.map(({ username }: { username: string }) => username)).toEqual([carol.username, erin.username])
    expect(Object.keys(members[0])).not.toContain('provisioning_token')
    const removed = await t.delete(member(erin), { as: admin })
    expect([removed.status, removed.json]).toEqual([200, 1])
    expect((await t.delete(member(erin), { as: admin })).status).toBe(404)
    expect((await t.get(path, { as: admin })).json.contacts_count).toBe(1)
  })

  test('are one row when they are added at the same time, also while the list is attached to them', async () => {
    const replies = await Promise.all([
      t.post(member(carol), { as: admin }),
      t.post(attachment(carol), { as: admin }),
      t.post(member(carol), { as: admin }),
      t.post(member(erin), { as: admin }),
    ])
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await t.get(`/api/contacts_lists/${list}`, { as: admin })).json.contacts_count).toBe(2)
  })

  test('are not left behind by a list that is deleted meanwhile', async () => {
    const [added, attached, deleted] = await Promise.all([
      t.post(member(carol), { as: admin }),
      t.post(attachment(erin), { as: admin }),
      t.delete(`/api/contacts_lists/${list}`, { as: admin }),
    ])
    expect([200, 404]).toContain(added.status)
    expect([200, 404]).toContain(attached.status)
    expect(deleted.status).toBe(200)
    const { accountContactsList, contactsListContact } = t.db.tables
    const rows = [
      ...(await t.db.read.select().from(accountContactsList)),
      ...(await t.db.read.select().from(contactsListContact)),
    ]
    expect(rows.filter(({ contactsListId }) => contactsListId === list)).toEqual([])
  })
})

describe('a list attached to an account', () => {
  test('is attached once, and detached once', async () => {
    const attached = await t.post(attachment(carol), { as: admin })
    expect([attached.status, attached.text]).toEqual([200, ''])
    const again = await t.post(attachment(carol), { as: admin })
    expect([again.status, again.json.message]).toEqual([403, 'The account has this contacts list already.'])
    const detached = await t.delete(attachment(carol), { as: admin })
    expect([detached.status, detached.json]).toEqual([200, 1])
    expect((await t.delete(attachment(carol), { as: admin })).status).toBe(403)
  })

  test('is attached once by two requests at once', async () => {
    const replies = await Promise.all([
      t.post(attachment(carol), { as: admin }),
      t.post(attachment(carol), { as: admin }),
    ])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 403])
  })

  test('must exist, in the same Space as the account', async () => {
    const body = { title: `Theirs ${titles}`, description: 'x' }
    const theirs = (await t.post('/api/contacts_lists', { as: stranger, ...elsewhere, body })).json.id
    const before = await t.snapshot()
    for (const [account, id, status] of [
      [9999, list, 404],
      [stranger.id, list, 404],
      [carol.id, 9999, 404],
      [carol.id, theirs, 404],
      [carol.id, 'x', 404],
    ] as const) {
      const path = `/api/accounts/${account}/contacts_lists/${id}`
      expect([path, (await t.post(path, { as: admin })).status]).toEqual([path, status])
    }
    expect((await t.delete(`/api/accounts/${carol.id}/contacts_lists/9999`, { as: admin })).status).toBe(403)
    expect(await t.snapshot()).toBe(before)
  })

  test('brings its members into the address book, and takes them along when it goes', async () => {
    const names = async () =>
      (await t.get('/api/accounts/me/contacts', { as: carol })).json.map(({ id }: { id: number }) => id)
    await t.post(member(erin), { as: admin })
    expect(await names()).toEqual([])
    await t.post(attachment(carol), { as: admin })
    expect(await names()).toEqual([erin.id])
    await t.delete(`/api/contacts_lists/${list}`, { as: admin })
    expect(await names()).toEqual([])
  })
})
