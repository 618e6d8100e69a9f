import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import ICAL from 'ical.js'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Address books (behaviour/address-books.md §1): administrators write them, accounts read their own.

let t: TestApp
let admin: TestAccount
let carol: TestAccount
let erin: TestAccount
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())
beforeEach(async () => {
  carol = await t.account({})
  erin = await t.account({ displayName: 'Erin' })
})

const sipOf = (who: TestAccount) => `${who.username}@${who.domain}`
const link = (who: TestAccount, contact: TestAccount) => `/api/accounts/${who.id}/contacts/${contact.id}`
const add = (who: TestAccount, contact: TestAccount) => t.post(link(who, contact), { as: admin })
const idsOf = (reply: { json: { id: number }[] }) => reply.json.map(({ id }) => id)

/** An intercom: a type, two actions, a DTMF protocol. */
const makeDoor = async (who: TestAccount, dtmf: string | null = 'sipinfo') => {
  const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
  const { accountAccountType, accountActions, accountTypes } = t.db.tables
  await t.db.transaction(async (tx) => {
    const type = { spaceId: t.main.id, key: `door-${who.id}`, ...at }
    const [made] = await tx.insert(accountTypes).values(type).returning({ id: accountTypes.id })
    await tx.insert(accountAccountType).values({ accountId: who.id, accountTypeId: made?.id ?? 0 })
    await tx.insert(accountActions).values([
      { accountId: who.id, key: 'open', code: '123', ...at },
      { accountId: who.id, key: 'light', code: '9', ...at },
    ])
  })
  await t.put(`/api/accounts/${who.id}`, {
    as: admin,
    body: { username: who.username, algorithm: 'SHA-256', dtmf_protocol: dtmf, dictionary: { floor: '2' } },
  })
}

/** A list with these members, attached to an account. */
const share = async (who: TestAccount, members: TestAccount[]) => {
  const body = { title: `list ${crypto.randomUUID()}`, description: 'of a test' }
  const list = (await t.post('/api/contacts_lists', { as: admin, body })).json.id
  for (const member of members) await t.post(`/api/contacts_lists/${list}/contacts/${member.id}`, { as: admin })
  await t.post(`/api/accounts/${who.id}/contacts_lists/${list}`, { as: admin })
  return list as number
}

describe('personal contacts', () => {
  test('are an administrator’s to see and to change: not a stranger’s, not their account’s, not another Space’s', async () => {
    const foreign = await t.account({ space: t.other, admin: true })
    await add(carol, erin)
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', `/api/accounts/${carol.id}/contacts`],
      ['GET', link(carol, erin)],
      ['POST', link(carol, erin)],
      ['DELETE', link(carol, erin)],
    ] as const) {
      expect([path, (await t.send(method, path)).status]).toEqual([path, 401])
      expect([path, (await t.send(method, path, { as: carol })).status]).toEqual([path, 403])
      const elsewhere = await t.send(method, path, { as: foreign, host: 'other.localhost' })
      expect([path, elsewhere.status]).toEqual([path, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('are refused where one of the two accounts does not exist, or lives in another Space', async () => {
    const foreign = await t.account({ space: t.other })
    const before = await t.snapshot()
    for (const [id, contact] of [
      [99_999, erin.id],
      ['carol', erin.id],
      [carol.id, 99_999],
      [carol.id, 'erin'],
      [carol.id, foreign.id],
      [foreign.id, carol.id],
    ] as const) {
      const path = `/api/accounts/${id}/contacts/${contact}`
      expect([path, (await t.post(path, { as: admin })).status]).toEqual([path, 404])
      expect([path, (await t.get(path, { as: admin })).status]).toEqual([path, 404])
      expect([path, (await t.delete(path, { as: admin })).status]).toEqual([path, 404])
    }
    expect((await t.get('/api/accounts/99999/contacts', { as: admin })).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
  })

  test('never hold the account itself', async () => {
    const reply = await add(carol, carol)
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['contact_id']])
    expect((await t.get(`/api/accounts/${carol.id}/contacts`, { as: admin })).json).toEqual([])
  })

  test('are added as often as one likes, listed as accounts, and removed once', async () => {
    const frank = await t.account({})
    for (const contact of [frank, erin, erin]) {
      const reply = await add(carol, contact)
      expect([reply.status, reply.text]).toEqual([200, ''])
    }
    const listed = await t.get(`/api/accounts/${carol.id}/contacts`, { as: admin })
    expect(idsOf(listed)).toEqual([erin.id, frank.id])
    expect(listed.json[0]).toMatchObject({
      username: erin.username,
      email_change_code: null,
      provisioning_token: expect.any(String),
    })
    expect((await t.get(link(carol, erin), { as: admin })).json).toEqual(listed.json[0])
    // One direction only.
    expect((await t.get(`/api/accounts/${erin.id}/contacts`, { as: admin })).json).toEqual([])

    const removed = await t.delete(link(carol, erin), { as: admin })
    expect([removed.status, removed.json]).toEqual([200, 1])
    expect((await t.delete(link(carol, erin), { as: admin })).status).toBe(404)
    expect((await t.get(link(carol, erin), { as: admin })).status).toBe(404)
    expect(idsOf(await t.get(`/api/accounts/${carol.id}/contacts`, { as: admin }))).toEqual([frank.id])
  })

  test('are one row when they are added twice at once, and both when each adds the other', async () => {
    const replies = await Promise.all([add(carol, erin), add(carol, erin), add(erin, carol), add(erin, carol)])
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(idsOf(await t.get(`/api/accounts/${carol.id}/contacts`, { as: admin }))).toEqual([erin.id])
    expect(idsOf(await t.get(`/api/accounts/${erin.id}/contacts`, { as: admin }))).toEqual([carol.id])
  })

  test('are found or not, never half, when the contact is deleted at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const leaving = await t.account({})
      const [added, deleted] = await Promise.all([
        add(carol, leaving),
        t.delete(`/api/accounts/${leaving.id}`, { as: admin }),
      ])
      expect([200, 404]).toContain(added.status)
      expect(deleted.status).toBe(200)
      expect((await t.get(`/api/accounts/${carol.id}/contacts`, { as: admin })).json).toEqual([])
    }
  })

  test('do not keep two accounts that know each other from being deleted at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await t.account({}), await t.account({})]
      await add(a, b)
      await add(b, a)
      const gone = [a, b].map(({ id }) => t.delete(`/api/accounts/${id}`, { as: admin }))
      expect((await Promise.all(gone)).map(({ status }) => status)).toEqual([200, 200])
    }
  })

  test('go with the account that they name, and with the one whose they are', async () => {
    await add(carol, erin)
    await add(erin, carol)
    const list = await share(carol, [erin])
    await t.delete(`/api/accounts/${erin.id}`, { as: admin })
    expect((await t.get(`/api/accounts/${carol.id}/contacts`, { as: admin })).json).toEqual([])
    expect((await t.get('/api/accounts/me/contacts', { as: carol })).json).toEqual([])
    expect((await t.get(`/api/contacts_lists/${list}`, { as: admin })).json.contacts_count).toBe(0)
    const rows = await t.db.read.select().from(t.db.tables.contacts)
    expect(rows.filter((row) => [row.accountId, row.contactId].includes(erin.id))).toEqual([])
  })

  test('have an end', async () => {
    const { accounts, contacts } = t.db.tables
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const rows = Array.from({ length: 4999 }, (_, n) => ({
      username: `crowd-${n}`,
      domain: t.main.domain,
      ipAddress: '192.0.2.1',
      userAgent: 'test',
      ...at,
    }))
    await t.db.transaction(async (tx) => {
      for (let from = 0; from < rows.length; from += 1000) {
        const made = await tx
          .insert(accounts)
          .values(rows.slice(from, from + 1000))
          .returning({ id: accounts.id })
        await tx.insert(contacts).values(made.map(({ id }) => ({ accountId: carol.id, contactId: id })))
      }
    })
    expect((await add(carol, erin)).status).toBe(200)
    const frank = await t.account({})
    const reply = await add(carol, frank)
    expect([reply.status, reply.json.message]).toEqual([403, 'No more than 5000 fit here.'])
    // Whoever is there already may be added again.
    expect((await add(carol, erin)).status).toBe(200)
    expect((await t.get(`/api/accounts/${carol.id}/contacts`, { as: admin })).json).toHaveLength(5000)
    expect((await t.get('/api/accounts/me/contacts', { as: carol })).json).toHaveLength(5000)
  })
})

describe('an address book', () => {
  test('is read by its account alone', async () => {
    await add(carol, erin)
    for (const path of [
      '/api/accounts/me/contacts',
      `/api/accounts/me/contacts/${sipOf(erin)}`,
      '/contacts/vcard',
      `/contacts/vcard/${sipOf(erin)}`,
    ]) {
      const refused = await t.get(path)
      expect([path, refused.status, refused.headers.get('content-type')]).toEqual([path, 401, 'application/json'])
    }
    expect((await t.get('/api/accounts/me/contacts', { as: erin })).json).toEqual([])
    expect((await t.get(`/api/accounts/me/contacts/${sipOf(carol)}`, { as: erin })).status).toBe(404)
  })

  test('is closed to a blocked account, its vCards too', async () => {
    await add(carol, erin)
    await t.post(`/api/accounts/${carol.id}/block`, { as: admin })
    expect((await t.get('/contacts/vcard', { as: carol })).status).toBe(403)
  })

  test('holds personal contacts and members of lists, each once, by id, wherever they live', async () => {
    const [frank, grace] = [await t.account({}), await t.account({})]
    const foreign = await t.account({ space: t.other })
    await add(carol, grace)
    await add(carol, erin)
    await share(carol, [frank, erin])
    await share(carol, [erin])
    // An account that was moved to another Space stays where it was known.
    const row = { accountId: carol.id, contactId: foreign.id }
    await t.db.transaction((tx) => tx.insert(t.db.tables.contacts).values(row))
    const found = await t.get('/api/accounts/me/contacts', { as: carol })
    expect(idsOf(found)).toEqual([erin.id, frank.id, grace.id, foreign.id].sort((a, b) => a - b))
    expect((await t.get(`/api/accounts/me/contacts/${sipOf(foreign)}`, { as: carol })).json.id).toBe(foreign.id)
    // An administrator of this Space is shown nothing of that account.
    expect(idsOf(await t.get(`/api/accounts/${carol.id}/contacts`, { as: admin }))).not.toContain(foreign.id)
    expect((await t.get(link(carol, foreign), { as: admin })).status).toBe(404)
  })

  test('shows what a contact is, and none of its secrets', async () => {
    await makeDoor(erin)
    await add(carol, erin)
    const expected = {
      id: erin.id,
      username: erin.username,
      domain: 'sip.example.org',
      sip_uri: `sip:${sipOf(erin)}`,
      display_name: null,
      activated: true,
      dtmf_protocol: 'sipinfo',
      dictionary: { floor: '2' },
      types: [{ id: expect.any(Number), key: `door-${erin.id}` }],
      actions: [
        { id: expect.any(Number), key: 'open', code: '123' },
        { id: expect.any(Number), key: 'light', code: '9' },
      ],
    }
    expect((await t.get('/api/accounts/me/contacts', { as: carol })).json).toEqual([expected])
    for (const sip of [sipOf(erin), `sip:${sipOf(erin)}`, `sips:${sipOf(erin)}`, `${erin.username}@SIP.EXAMPLE.ORG`]) {
      const found = await t.get(`/api/accounts/me/contacts/${sip}`, { as: carol })
      expect([sip, found.json]).toEqual([sip, expected])
    }
  })

  test('knows nobody by half an address', async () => {
    await add(carol, erin)
    for (const sip of [
      erin.username,
      `sip:${erin.username}`,
      `@${erin.domain}`,
      `${erin.username}@sip.other.org`,
      'x@y',
    ]) {
      for (const path of [`/api/accounts/me/contacts/${sip}`, `/contacts/vcard/${sip}`]) {
        const reply = await t.get(path, { as: carol })
        expect([path, reply.status, reply.headers.get('content-type')]).toEqual([path, 404, 'application/json'])
      }
    }
  })

  test('hides the actions of a contact that has no DTMF protocol any more', async () => {
    await makeDoor(erin, null)
    await add(carol, erin)
    expect((await t.get('/api/accounts/me/contacts', { as: carol })).json[0].actions).toEqual([])
    expect((await t.get('/contacts/vcard', { as: carol })).text).not.toContain('ACTION')
  })
})

describe('its vCards', () => {
  const card = (who: TestAccount, ...more: string[]) =>
    ['BEGIN:VCARD', 'VERSION:4.0', 'KIND:individual', `IMPP:sip:${sipOf(who)}`, ...more, 'END:VCARD', ''].join('\r\n')

  test('are nothing at all when there is nobody', async () => {
    const reply = await t.get('/contacts/vcard', { as: carol })
    expect([reply.status, reply.headers.get('content-type'), reply.text]).toEqual([
      200,
      'text/vcard; charset=utf-8',
      '',
    ])
  })

  test('are written line by line as Linphone reads them, one after the other', async () => {
    const door = await t.account({})
    await makeDoor(door)
    await add(carol, erin)
    await add(carol, door)
    const doorCard = card(
      door,
      `FN:${sipOf(door)}`,
      'X-LINPHONE-ACCOUNT-DTMF-PROTOCOL:sipinfo',
      `X-LINPHONE-ACCOUNT-TYPE:door-${door.id}`,
      'X-LINPHONE-ACCOUNT-ACTION:open;123',
      'X-LINPHONE-ACCOUNT-ACTION:light;9',
    )
    expect((await t.get('/contacts/vcard', { as: carol })).text).toBe(card(erin, 'FN:Erin') + doorCard)
    for (const sip of [sipOf(door), `sip:${sipOf(door)}`]) {
      const one = await t.get(`/contacts/vcard/${sip}`, { as: carol })
      expect([one.headers.get('content-type'), one.text]).toEqual(['text/vcard; charset=utf-8', doorCard])
    }
  })

  test('answer a DIGEST challenge, as Linphone asks', async () => {
    await add(carol, erin)
    const headers = { accept: 'text/vcard' }
    const reply = await t.digest(carol, 'GET', '/contacts/vcard', { headers })
    expect([reply.status, reply.text]).toEqual([200, card(erin, 'FN:Erin')])
  })

  test('are read back by a foreign library, whatever the names', async () => {
    const names = ['Doe, Jane; "J" \\ x', `${'é'.repeat(60)} 🙂 李`, 'a\\nb', 'x:y', '=?utf-8?', "O'Néill"]
    const contacts: TestAccount[] = []
    for (const displayName of names) contacts.push(await t.account({ displayName }))
    // Stored by somebody else than this server.
    const odd = await t.account({ displayName: 'Mallory\r\nTEL:+15550100\r\nEND:VCARD\u0007', username: 'm%#é "x' })
    for (const contact of [...contacts, odd]) await add(carol, contact)
    const { text } = await t.get('/contacts/vcard', { as: carol })
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
    const read = (ICAL.parse(text) as unknown[]).map((parsed) => new ICAL.Component(parsed as string))
    expect(read.map((one) => one.getFirstPropertyValue('fn'))).toEqual([...names, 'Mallory\nTEL:+15550100\nEND:VCARD'])
    expect(read.map((one) => one.getFirstPropertyValue('impp'))).toEqual([
      ...contacts.map((contact) => `sip:${sipOf(contact)}`),
      'sip:m%25%23%C3%A9%20%22x@sip.example.org',
    ])
    expect(read.every((one) => one.getAllProperties('tel').length === 0)).toBe(true)
  })

  test('are a header without a body for HEAD', async () => {
    await add(carol, erin)
    const reply = await t.send('HEAD', '/contacts/vcard', { as: carol })
    expect([reply.status, reply.text]).toEqual([200, ''])
  })
})
