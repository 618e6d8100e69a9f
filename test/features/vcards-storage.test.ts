import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import ICAL from 'ical.js'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// The address book that an app keeps with us (behaviour/address-books.md §6).

let t: TestApp
let admin: TestAccount
let carol: TestAccount
beforeAll(async () => {
  t = await testApp({ env: { VCARDS_STORAGE_MAX_PER_ACCOUNT: '3' } })
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())
beforeEach(async () => {
  carol = await t.account({})
})

const me = '/api/accounts/me/vcards-storage'
const FIRST = 'urn:uuid:6d0b7c52-8f0e-4c8b-9a35-0d2f6a1b7c33'
const SECOND = '6d0b7c52-8f0e-4c8b-9a35-0d2f6a1b7c34'
const card = (uid: string, ...more: string[]) =>
  ['BEGIN:VCARD', 'VERSION:4.0', 'FN:Erin', `UID:${uid}`, ...more, 'END:VCARD'].join('\n')
const store = (vcard: unknown, as = carol) => t.post(me, { as, body: { vcard } })

describe('stored vCards', () => {
  test('are their account’s, and its administrator’s: nobody else reads or writes them', async () => {
    await store(card(FIRST))
    const erin = await t.account({})
    const foreign = await t.account({ space: t.other, admin: true })
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', `/${FIRST}`],
      ['PUT', `/${FIRST}`],
      ['PATCH', `/${FIRST}`],
      ['DELETE', `/${FIRST}`],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: { vcard: card(FIRST, 'NOTE:x') } }
      const theirs = `/api/accounts/${carol.id}/vcards-storage${path}`
      expect([method, path, (await t.send(method, me + path, body)).status]).toEqual([method, path, 401])
      expect([method, path, (await t.send(method, theirs, body)).status]).toEqual([method, path, 401])
      expect([method, path, (await t.send(method, theirs, { as: carol, ...body })).status]).toEqual([method, path, 403])
      const elsewhere = await t.send(method, theirs, { as: foreign, host: 'other.localhost', ...body })
      expect([method, path, elsewhere.status]).toEqual([method, path, 404])
      const nobody = theirs.replace(String(carol.id), '99999')
      expect([method, path, (await t.send(method, nobody, { as: admin, ...body })).status]).toEqual([method, path, 404])
    }
    for (const path of ['/vcards-storage', `/vcards-storage/${FIRST}`]) {
      const refused = await t.get(path)
      expect([path, refused.status, refused.headers.get('content-type')]).toEqual([path, 401, 'application/json'])
    }
    expect((await t.get(me, { as: erin })).json).toEqual({})
    for (const path of [`${me}/${FIRST}`, `/vcards-storage/${FIRST}`]) {
      expect([path, (await t.get(path, { as: erin })).status]).toEqual([path, 404])
    }
    expect((await t.delete(`${me}/${FIRST}`, { as: erin })).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
  })

  test('are refused unless they are one card', async () => {
    const large = card(FIRST, `NOTE:${'é'.repeat(32_768)}`)
    const before = await t.snapshot()
    for (const [vcard, message] of [
      [undefined, 'The vCard field is required.'],
      [null, 'The vCard field is required.'],
      ['  ', 'The vCard field is required.'],
      [12, 'The vCard must be text.'],
      [[card(FIRST)], 'The vCard must be text.'],
      ['hello', 'The vCard must be exactly one card, from BEGIN:VCARD to END:VCARD.'],
      [`${card(FIRST)}\n${card(SECOND)}`, 'The vCard must be exactly one card, from BEGIN:VCARD to END:VCARD.'],
      [card(FIRST).replace('FN:Erin\n', ''), 'The vCard must have exactly one FN.'],
      [card(FIRST).replace(`UID:${FIRST}\n`, ''), 'The vCard must have exactly one UID, of 255 characters at most.'],
      [card('x'.repeat(256)), 'The vCard must have exactly one UID, of 255 characters at most.'],
      [card(FIRST).replace('4.0', '1.0'), 'The vCard must have exactly one VERSION: 2.1, 3.0 or 4.0.'],
      [card(FIRST, 'N:a', 'N:b'), 'The vCard must not repeat N, BDAY, ANNIVERSARY, GENDER, KIND, PRODID or REV.'],
      [large, 'The vCard must not be larger than 65535 bytes.'],
      // It fits until it is folded.
      [card(FIRST, `NOTE:${'x'.repeat(65_400)}`), 'The vCard must not be larger than 65535 bytes.'],
    ]) {
      const reply = await store(vcard)
      expect([reply.status, reply.json.errors]).toEqual([422, { vcard: [message] }])
      expect((await t.put(`${me}/${FIRST}`, { as: carol, body: { vcard } })).status).toBe(422)
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('are stored once under a UID, also by two requests at once', async () => {
    const replies = await Promise.all([store(card(FIRST)), store(card(FIRST, 'NOTE:x')), store(card(FIRST))])
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409])
    expect((await store(card(FIRST))).json).toEqual({ message: 'A vCard with this UID is stored already.' })
    // Another account has UIDs of its own.
    expect((await store(card(FIRST), await t.account({}))).status).toBe(201)
  })

  test('are changed under the UID that they were stored under, and no other', async () => {
    await store(card(FIRST))
    const before = await t.snapshot()
    const put = (uuid: string, vcard: unknown) => t.put(`${me}/${uuid}`, { as: carol, body: { vcard } })
    expect((await put(SECOND, 'hello')).json.errors).toHaveProperty('vcard')
    const other = await put(FIRST, card(SECOND))
    expect([other.status, other.json]).toEqual([
      422,
      { message: 'The UID of the vCard is not the one in the address.' },
    ])
    expect((await put(SECOND, card(SECOND))).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
  })

  test('are as many as the operator allows, also when they arrive together', async () => {
    const replies = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((uid) => store(card(uid))))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 201, 201, 422, 422])
    expect((await store(card('f'))).json.errors).toEqual({
      vcard: ['No more than 3 vCards can be stored for an account.'],
    })
    const [uid = ''] = Object.keys((await t.get(me, { as: carol })).json)
    expect((await t.put(`${me}/${uid}`, { as: carol, body: { vcard: card(uid, 'NOTE:x') } })).status).toBe(200)
  })

  test('fill 16 MiB at most', async () => {
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const large = { accountId: carol.id, uuid: 'large', vcard: 'é'.repeat(8 * 1_048_576 - 50), ...at }
    await t.db.transaction((tx) => tx.insert(t.db.tables.vcardsStorage).values(large))
    const { vcard } = (await store(card(FIRST))).json
    expect(vcard).toBe(`${card(FIRST)}\n`)
    const full = { vcard: ['The vCards of an account must not be larger than 16777216 bytes together.'] }
    expect((await store(card(SECOND))).json.errors).toEqual(full)
    const grown = await t.put(`${me}/${FIRST}`, { as: carol, body: { vcard: card(FIRST, `NOTE:${'x'.repeat(99)}`) } })
    expect(grown.json.errors).toEqual(full)
    expect((await t.get(`${me}/${FIRST}`, { as: carol })).json.vcard).toBe(vcard)
  })

  test('are stored, listed, read, changed and deleted', async () => {
    expect((await t.get(me, { as: carol })).json).toEqual({})
    const made = await store(`${card(FIRST).replace('UID', 'uid')}\n\n`)
    const first = {
      vcard: `${card(FIRST)}\n`,
      created_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:00.000000Z',
    }
    expect([made.status, made.json]).toEqual([201, first])
    await store(card(SECOND))
    for (const method of ['PUT', 'PATCH']) {
      const changed = await t.send(method, `${me}/${SECOND}`, {
        as: carol,
        body: { vcard: card(SECOND, `NOTE:${method}`) },
      })
      expect([changed.status, changed.json.vcard]).toEqual([200, `${card(SECOND, `NOTE:${method}`)}\n`])
    }
    const listed = (await t.get(me, { as: carol })).json
    expect(Object.keys(listed)).toEqual([FIRST, SECOND])
    expect(listed[FIRST]).toEqual(first)
    for (const uuid of [FIRST, encodeURIComponent(FIRST)]) {
      expect((await t.get(`${me}/${uuid}`, { as: carol })).json).toEqual(first)
    }
    const gone = await t.delete(`${me}/${FIRST}`, { as: carol })
    expect([gone.status, gone.json]).toEqual([200, 1])
    for (const method of ['GET', 'DELETE']) {
      expect((await t.send(method, `${me}/${FIRST}`, { as: carol })).status).toBe(404)
    }
    expect(Object.keys((await t.get(me, { as: carol })).json)).toEqual([SECOND])
  })

  test('are read and written by an administrator, as the account itself would', async () => {
    const theirs = `/api/accounts/${carol.id}/vcards-storage`
    const made = await t.post(theirs, { as: admin, body: { vcard: card(FIRST) } })
    expect(made.status).toBe(201)
    expect((await t.get(`${me}/${FIRST}`, { as: carol })).json).toEqual(made.json)
    expect((await t.get(theirs, { as: admin })).json).toEqual({ [FIRST]: made.json })
    expect((await t.get(`${theirs}/${FIRST}`, { as: admin })).json).toEqual(made.json)
    const changed = await t.put(`${theirs}/${FIRST}`, { as: admin, body: { vcard: card(FIRST, 'NOTE:x') } })
    expect(changed.status).toBe(200)
    expect((await t.delete(`${theirs}/${FIRST}`, { as: admin })).json).toBe(1)
    expect((await t.get(me, { as: carol })).json).toEqual({})
  })

  test('leave as text with CRLF, every one followed by an empty line, and a foreign library reads them', async () => {
    const empty = await t.get('/vcards-storage', { as: carol })
    expect([empty.status, empty.headers.get('content-type'), empty.text]).toEqual([
      200,
      'text/vcard; charset=utf-8',
      '',
    ])
    const note = `NOTE:${'é'.repeat(60)}`
    await store(card(FIRST, note))
    await store(card(SECOND))
    const all = await t.get('/vcards-storage', { as: carol })
    const one = await t.get(`/vcards-storage/${SECOND}`, { as: carol })
    expect(one.headers.get('content-type')).toBe('text/vcard; charset=utf-8')
    expect(one.text).toBe(`${card(SECOND)}\n`.replaceAll('\n', '\r\n'))
    expect(all.text).toEndWith(`${one.text}\r\n`)
    expect(all.text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    const read = (ICAL.parse(all.text) as unknown[]).map((parsed) => new ICAL.Component(parsed as string))
    expect(read.map((each) => each.getFirstPropertyValue('uid'))).toEqual([FIRST, SECOND])
    expect(read[0]?.getFirstPropertyValue('note')).toBe('é'.repeat(60))
  })

  test('have any UID that a client may choose', async () => {
    for (const uid of ['__proto__', 'constructor', '0', 'a/b?c#d', 'é 🙂', '%41']) {
      const path = `${me}/${encodeURIComponent(uid)}`
      expect([uid, (await store(card(uid))).status]).toEqual([uid, 201])
      expect([uid, Object.keys((await t.get(me, { as: carol })).json)]).toEqual([uid, [uid]])
      expect([uid, (await t.get(path, { as: carol })).json?.vcard]).toEqual([uid, `${card(uid)}\n`])
      expect([uid, (await t.delete(path, { as: carol })).json]).toEqual([uid, 1])
    }
  })

  test('go with the account', async () => {
    await store(card(FIRST))
    await t.delete('/api/accounts/me', { as: carol })
    const rows = await t.db.read.select().from(t.db.tables.vcardsStorage)
    expect(rows.filter(({ accountId }) => accountId === carol.id)).toEqual([])
  })
})
