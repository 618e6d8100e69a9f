import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type Call, type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Where the calls of an account go instead (behaviour/telephony.md §7).

let t: TestApp
let admin: TestAccount
let carol: TestAccount
let erin: TestAccount
beforeEach(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
  carol = await t.account({ username: 'carol.1' })
  erin = await t.account({ username: 'erin.1' })
})
afterEach(() => t.close())

const OWN = '/api/accounts/me/call_forwardings'
const of = ({ id }: TestAccount) => `/api/accounts/${id}/call_forwardings`
/** By its owner. */
const add = (body: object, as = carol, call: Call = {}) => t.post(OWN, { as, body, ...call })
const change = (id: number, body: object, as = carol) => t.put(`${OWN}/${id}`, { as, body })
const list = async (as = carol, call: Call = {}) => (await t.get(OWN, { as, ...call })).json
const fieldsOf = ({ status, json }: { status: number; json: { errors?: object } }) => [
  status,
  Object.keys(json?.errors ?? {}),
]

const voicemail = { forward_to: 'voicemail', enabled: true }
const toUri = (sip_uri: string) => ({ forward_to: 'sip_uri', sip_uri, enabled: true })
const toContact = ({ id }: TestAccount) => ({ forward_to: 'contact', contact_id: id, enabled: true })
const addressOf = ({ username, domain }: TestAccount) => `sip:${username}@${domain}`

const know = (who: TestAccount, whom: TestAccount) =>
  t.post(`/api/accounts/${who.id}/contacts/${whom.id}`, { as: admin })
const newList = async (title: string) =>
  (await t.post('/api/contacts_lists', { as: admin, body: { title, description: 'x' } })).json.id as number
const join = (id: number, whom: TestAccount) => t.post(`/api/contacts_lists/${id}/contacts/${whom.id}`, { as: admin })
const attach = (who: TestAccount, id: number) => t.post(`/api/accounts/${who.id}/contacts_lists/${id}`, { as: admin })

describe('call forwardings', () => {
  test('are their account’s and its administrators’: nobody else reads or writes one', async () => {
    const { id } = (await add({ type: 'busy', ...voicemail })).json
    const foreign = await t.account({ space: t.other, admin: true })
    const body = { type: 'busy', ...voicemail }
    const before = await t.snapshot()
    const ways = [
      ['GET', '', {}],
      ['POST', '', { body }],
      ['GET', `/${id}`, {}],
      ['PUT', `/${id}`, { body }],
      ['PATCH', `/${id}`, { body }],
      ['DELETE', `/${id}`, {}],
    ] as const
    for (const [method, rest, call] of ways) {
      const asked = async (path: string, more: Call = {}) =>
        (await t.send(method, path + rest, { ...call, ...more })).status
      expect([method, await asked(OWN), await asked(of(carol))]).toEqual([method, 401, 401])
      expect([method, await asked(of(carol), { as: carol }), await asked(of(carol), { as: erin })]).toEqual([
        method,
        403,
        403,
      ])
      expect([method, await asked(of(carol), { as: foreign, host: t.other.host })]).toEqual([method, 404])
      expect([method, await asked('/api/accounts/99999/call_forwardings', { as: admin })]).toEqual([method, 404])
      // Of somebody else: there is none.
      if (rest !== '')
        expect([method, await asked(OWN, { as: erin }), await asked(of(erin), { as: admin })]).toEqual([
          method,
          404,
          404,
        ])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('are refused with every mistake at once, and nothing is stored', async () => {
    await know(carol, erin)
    const before = await t.snapshot()
    for (const [body, fields] of [
      [{}, ['type', 'forward_to', 'enabled']],
      [{ type: 'sometimes', forward_to: 'mars', enabled: 'yes' }, ['type', 'forward_to', 'enabled']],
      [
        { type: ['busy'], forward_to: {}, sip_uri: 7, contact_id: 'x', enabled: 2 },
        ['type', 'forward_to', 'sip_uri', 'contact_id', 'enabled'],
      ],
      [{ type: 'busy', forward_to: 'sip_uri', enabled: true }, ['sip_uri']],
      [{ type: 'busy', forward_to: 'sip_uri', sip_uri: null, enabled: true }, ['sip_uri']],
      [{ type: 'busy', forward_to: 'sip_uri', sip_uri: ' ', enabled: false }, ['sip_uri']],
      [{ type: 'busy', forward_to: 'contact', enabled: false }, ['contact_id']],
      [{ type: 'busy', forward_to: 'contact', contact_id: null, enabled: false }, ['contact_id']],
      [{ type: 'busy', forward_to: 'contact', contact_id: 99_999, enabled: false }, ['contact_id']],
      [{ type: 'busy', forward_to: 'contact', contact_id: admin.id, enabled: false }, ['contact_id']],
      [
        { type: 'busy', forward_to: 'contact', contact_id: 0, sip_uri: 'tel:1', enabled: false },
        ['sip_uri', 'contact_id'],
      ],
      // Also where calls do not go there.
      [{ type: 'busy', ...voicemail, sip_uri: 'nonsense' }, ['sip_uri']],
      ...[
        'uri',
        'tel:+33612',
        'sip:',
        'sip:a b@ex.org',
        'sip:a@-ex.org',
        'sip:a@e_x.org',
        'sip:a@999.1.1.1',
        'sip:a@ex.org\n;x',
        'http://ex.org',
        `sip:${'a'.repeat(260)}@ex.org`,
      ].map((sip_uri) => [{ type: 'busy', forward_to: 'sip_uri', sip_uri, enabled: false }, ['sip_uri']] as const),
    ] as const) {
      for (const reply of [await add(body), await t.post(of(carol), { as: admin, body })]) {
        expect([body, ...fieldsOf(reply)]).toEqual([body, 422, [...fields]])
      }
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('that do not exist are 404 before anything is said about the body', async () => {
    for (const path of [`${OWN}/99999`, `${OWN}/abc`, `${OWN}/0`]) {
      expect([path, (await t.put(path, { as: carol, body: {} })).status]).toEqual([path, 404])
      expect([path, (await t.delete(path, { as: carol })).status]).toEqual([path, 404])
      expect([path, (await t.get(path, { as: carol })).status]).toEqual([path, 404])
    }
    expect((await t.post('/api/accounts/99999/call_forwardings', { as: admin, body: {} })).status).toBe(404)
    expect((await t.put(`${of(carol)}/99999`, { as: admin, body: {} })).status).toBe(404)
  })

  test('are created, listed with the newest first, read, changed and deleted, by whoever may', async () => {
    const made = await add({ type: 'no_answer', ...toUri('sip:bob@elsewhere.example;transport=tls'), contact_id: null })
    const expected = {
      id: made.json.id,
      type: 'no_answer',
      forward_to: 'sip_uri',
      sip_uri: 'sip:bob@elsewhere.example;transport=tls',
      enabled: true,
      contact_id: null,
      contact_sip_uri: null,
      created_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:00.000000Z',
    }
    expect([made.status, made.json]).toEqual([201, expected])
    const second = (
      await t.post(of(carol), { as: admin, body: { type: 'busy', forward_to: 'voicemail', enabled: '0' } })
    ).json
    t.clock.now = new Date('2026-06-01T12:00:05.000Z')
    const third = (
      await add({ type: 'always', forward_to: 'sip_uri', sip_uri: 'SIPS:+33612@[2001:db8::1]:5061', enabled: 0 })
    ).json
    expect(await list()).toEqual([third, second, expected])
    expect((await t.get(of(carol), { as: admin })).json).toEqual([third, second, expected])
    for (const [as, at] of [
      [carol, OWN],
      [admin, of(carol)],
    ] as const) {
      expect((await t.get(`${at}/${third.id}`, { as })).json).toEqual(third)
      const body = { forward_to: 'voicemail', sip_uri: null, enabled: true }
      for (const method of ['PUT', 'PATCH']) {
        const changed = await t.send(method, `${at}/${made.json.id}`, { as, body })
        const now = { ...expected, ...body, updated_at: '2026-06-01T12:00:05.000000Z' }
        expect([method, changed.status, changed.json]).toEqual([method, 200, now])
      }
    }
    const gone = await t.delete(`${OWN}/${made.json.id}`, { as: carol })
    expect([gone.status, gone.json]).toEqual([200, 1])
    expect((await t.delete(`${OWN}/${made.json.id}`, { as: carol })).status).toBe(404)
    expect((await t.delete(`${of(carol)}/${second.id}`, { as: admin })).json).toBe(1)
    expect(await list()).toEqual([third])
  })

  test('of a super administrator are its own from the host of another Space, too', async () => {
    const elsewhere = { host: t.other.host }
    const { status, json } = await add({ type: 'busy', ...voicemail }, admin, elsewhere)
    expect([status, await list(admin, elsewhere)]).toEqual([201, [json]])
    expect((await t.put(`${OWN}/${json.id}`, { as: admin, ...elsewhere, body: voicemail })).status).toBe(200)
    expect(await list(admin)).toEqual([json])
    expect((await t.delete(`${OWN}/${json.id}`, { as: admin, ...elsewhere })).json).toBe(1)
  })

  test('are one of a type, also when two are made at once', async () => {
    expect((await add({ type: 'busy', ...voicemail })).status).toBe(201)
    expect(fieldsOf(await add({ type: 'busy', ...voicemail }))).toEqual([422, ['type']])
    const twins = await Promise.all([1, 2, 3].map(() => add({ type: 'no_answer', ...voicemail })))
    expect(twins.map(({ status }) => status).sort()).toEqual([201, 422, 422])
    expect(await list()).toHaveLength(2)
    // The same type of another account is another rule.
    expect((await add({ type: 'busy', ...voicemail }, erin)).status).toBe(201)
  })

  test('are called `no_answer`, however they were called when they were made', async () => {
    const { json } = await add({ type: 'away', ...voicemail })
    expect(json.type).toBe('no_answer')
    expect(fieldsOf(await add({ type: 'no_answer', ...voicemail }))).toEqual([422, ['type']])
    for (const type of ['away', 'no_answer']) {
      expect((await change(json.id, { type, ...voicemail })).json.type).toBe('no_answer')
    }
  })

  test('keep their type: a change may repeat it, not change it', async () => {
    const { id } = (await add({ type: 'busy', ...voicemail })).json
    for (const type of ['always', 'no_answer', 'away']) {
      expect([type, ...fieldsOf(await change(id, { type, ...voicemail }))]).toEqual([type, 422, ['type']])
    }
    expect(fieldsOf(await change(id, { type: 'never', ...voicemail }))).toEqual([422, ['type']])
    expect((await change(id, { type: 'busy', forward_to: 'voicemail', enabled: false })).json.enabled).toBe(false)
    expect(fieldsOf(await change(id, {}))).toEqual([422, ['forward_to', 'enabled']])
    expect(await list()).toMatchObject([{ type: 'busy', enabled: false }])
  })

  test('remember a SIP URI while calls go to the voicemail', async () => {
    const { id } = (await add({ type: 'busy', ...voicemail, sip_uri: 'sip:bob@elsewhere.example' })).json
    expect(await list()).toMatchObject([{ forward_to: 'voicemail', sip_uri: 'sip:bob@elsewhere.example' }])
    expect((await change(id, voicemail)).json.sip_uri).toBe(null)
  })

  test('take no contact that calls do not go to, so that none goes with an account that has nothing to do with it', async () => {
    await know(carol, erin)
    await add({ type: 'busy', ...toUri('sip:bob@elsewhere.example'), contact_id: erin.id })
    expect(await list()).toMatchObject([{ contact_id: null, contact_sip_uri: null }])
    await t.delete(`/api/accounts/${erin.id}`, { as: admin })
    expect(await list()).toHaveLength(1)
  })
})

describe('a forwarding of all calls', () => {
  test('is not enabled beside one of some calls, nor the other way round; those that are off do not count', async () => {
    const always = (await add({ type: 'always', ...voicemail })).json
    for (const type of ['busy', 'no_answer']) {
      expect(fieldsOf(await add({ type, ...voicemail }))).toEqual([422, ['enabled']])
      expect((await add({ type, ...voicemail, enabled: false })).status).toBe(201)
    }
    const [noAnswer, busy] = await list()
    // What is said of the type makes no difference: the rule is what it is.
    expect(fieldsOf(await change(busy.id, voicemail))).toEqual([422, ['enabled']])
    expect((await change(always.id, { ...voicemail, enabled: false })).status).toBe(200)
    expect((await change(busy.id, voicemail)).status).toBe(200)
    expect((await change(noAnswer.id, voicemail)).status).toBe(200)
    expect(fieldsOf(await change(always.id, voicemail))).toEqual([422, ['enabled']])
    expect((await list()).map(({ enabled }: { enabled: boolean }) => enabled)).toEqual([true, true, false])
  })

  test('is not enabled beside another that is enabled at the same moment', async () => {
    const ids: number[] = []
    for (const type of ['always', 'busy', 'no_answer']) {
      ids.push((await add({ type, ...voicemail, enabled: false })).json.id)
    }
    for (let round = 0; round < 5; round++) {
      const replies = await Promise.all(ids.map((id) => change(id, voicemail)))
      const on = (await list()).filter(({ enabled }: { enabled: boolean }) => enabled)
      const types = on.map(({ type }: { type: string }) => type).sort()
      expect([['always'], ['busy', 'no_answer']]).toContainEqual(types)
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(on.length)
      for (const id of ids) await change(id, { ...voicemail, enabled: false })
    }
  })
})

describe('a contact', () => {
  test('is one of the account’s own address book, alone or by a list', async () => {
    const dave = await t.account({ username: 'dave.1' })
    const foreign = await t.account({ space: t.other, username: 'erin.1' })
    for (const whom of [erin, dave, foreign]) {
      expect(fieldsOf(await add({ type: 'busy', ...toContact(whom) }))).toEqual([422, ['contact_id']])
    }
    // That erin knows carol makes erin no contact of carol's.
    await know(erin, carol)
    expect(fieldsOf(await add({ type: 'busy', ...toContact(erin) }))).toEqual([422, ['contact_id']])
    await know(carol, erin)
    const made = await add({ type: 'busy', ...toContact(erin) })
    expect([made.status, made.json.contact_id, made.json.contact_sip_uri]).toEqual([201, erin.id, addressOf(erin)])
    const staff = await newList('Staff')
    await join(staff, dave)
    expect(fieldsOf(await add({ type: 'no_answer', ...toContact(dave) }))).toEqual([422, ['contact_id']])
    await attach(carol, staff)
    expect((await add({ type: 'no_answer', ...toContact(dave) })).status).toBe(201)
    expect(fieldsOf(await change(made.json.id, toContact(foreign)))).toEqual([422, ['contact_id']])
  })

  test('that is deleted takes the rule with it', async () => {
    await know(carol, erin)
    await add({ type: 'busy', ...toContact(erin) })
    await add({ type: 'no_answer', ...voicemail })
    await t.delete(`/api/accounts/${erin.id}`, { as: admin })
    expect(await list()).toMatchObject([{ type: 'no_answer' }])
    await t.delete(`/api/accounts/${carol.id}`, { as: admin })
    expect(await t.db.read.select().from(t.db.tables.callForwardings)).toEqual([])
  })
})

describe('a rule whose contact leaves the address book is off', () => {
  let staff: number
  beforeEach(async () => {
    staff = await newList('Staff')
    await join(staff, erin)
  })
  const left = async () => {
    const [rule] = await list()
    return [rule.enabled, rule.contact_id, rule.contact_sip_uri, rule.updated_at]
  }
  const LATER = '2026-06-01T12:01:00.000000Z'
  const off = () => [false, erin.id, addressOf(erin), LATER]
  const ON = () => [true, erin.id, addressOf(erin), '2026-06-01T12:00:00.000000Z']
  const forward = async () => {
    expect((await add({ type: 'busy', ...toContact(erin) })).status).toBe(201)
    t.clock.now = new Date('2026-06-01T12:01:00.000Z')
  }

  test('when the contact is removed, unless a list still has it', async () => {
    await know(carol, erin)
    await attach(carol, staff)
    await forward()
    await t.delete(`/api/accounts/${carol.id}/contacts/${erin.id}`, { as: admin })
    expect(await left()).toEqual(ON())
    await know(carol, erin)
    await t.delete(`/api/accounts/${carol.id}/contacts_lists/${staff}`, { as: admin })
    expect(await left()).toEqual(ON())
    await t.delete(`/api/accounts/${carol.id}/contacts/${erin.id}`, { as: admin })
    expect(await left()).toEqual(off())
    // That it is there again enables nothing.
    await know(carol, erin)
    expect(await left()).toEqual(off())
  })

  test('when the list is detached', async () => {
    await attach(carol, staff)
    await forward()
    await t.delete(`/api/accounts/${carol.id}/contacts_lists/${staff}`, { as: admin })
    expect(await left()).toEqual(off())
  })

  test('when it is taken off the list, unless another one has it', async () => {
    const others = await newList('Others')
    await join(others, erin)
    await attach(carol, staff)
    await attach(carol, others)
    await forward()
    await t.delete(`/api/contacts_lists/${staff}/contacts/${erin.id}`, { as: admin })
    expect(await left()).toEqual(ON())
    await t.delete(`/api/contacts_lists/${others}/contacts/${erin.id}`, { as: admin })
    expect(await left()).toEqual(off())
  })

  test('when the list is deleted', async () => {
    await attach(carol, staff)
    await forward()
    expect((await t.delete(`/api/contacts_lists/${staff}`, { as: admin })).json).toBe(1)
    expect(await left()).toEqual(off())
  })

  test('when the contact, or the account, moves to another Space', async () => {
    const move = (who: TestAccount) =>
      t.put(`/api/accounts/${who.id}`, {
        as: admin,
        body: { username: who.username, algorithm: 'MD5', password: 'battery-staple', domain: t.other.domain },
      })
    await know(carol, erin)
    await know(erin, carol)
    await forward()
    await add({ type: 'busy', ...voicemail }, erin)
    expect((await move(erin)).status).toBe(200)
    expect((await left()).slice(0, 2)).toEqual([false, erin.id])
    const dave = await t.account({ username: 'dave.1' })
    await know(carol, dave)
    await change((await list())[0].id, toContact(dave))
    expect((await list())[0].enabled).toBe(true)
    expect((await move(carol)).status).toBe(200)
    const rows = await t.db.read.select().from(t.db.tables.callForwardings)
    expect(rows.map(({ accountId, enabled }) => [accountId, enabled]).sort()).toEqual(
      [
        [carol.id, false],
        [erin.id, true],
      ].sort(),
    )
  })

  test('and nothing else is: rules to elsewhere, and those of others, stay as they are', async () => {
    const dave = await t.account({ username: 'dave.1' })
    await attach(carol, staff)
    await attach(dave, staff)
    await know(dave, erin)
    await add({ type: 'busy', ...toContact(erin) }, dave)
    await add({ type: 'no_answer', ...voicemail }, carol)
    await add({ type: 'busy', ...toUri(addressOf(erin)) }, carol)
    const before = [await list(carol), await list(dave)]
    await t.delete(`/api/contacts_lists/${staff}`, { as: admin })
    expect([await list(carol), await list(dave)]).toEqual(before)
  })

  test('also when both happen at the same moment', async () => {
    for (const round of [1, 2, 3, 4]) {
      const team = await newList(`Team ${round}`)
      const extra = await newList(`Extra ${round}`)
      for (const id of [team, extra]) {
        await join(id, erin)
        await attach(carol, id)
      }
      const leave = [
        t.delete(`/api/contacts_lists/${team}`, { as: admin }),
        round % 2 === 0
          ? t.delete(`/api/contacts_lists/${extra}/contacts/${erin.id}`, { as: admin })
          : t.delete(`/api/accounts/${carol.id}/contacts_lists/${extra}`, { as: admin }),
      ]
      const [made, ...gone] = await Promise.all([add({ type: 'busy', ...toContact(erin) }), ...leave])
      expect(gone.map(({ status }) => status)).toEqual([200, 200])
      expect([201, 422]).toContain(made?.status ?? 0)
      const rules = await list()
      expect(rules.filter(({ enabled }: { enabled: boolean }) => enabled)).toEqual([])
      for (const { id } of rules) await t.delete(`${OWN}/${id}`, { as: carol })
    }
  })
})

describe('calls do not go round in circles', () => {
  test('to the account itself, however it is written, enabled or not', async () => {
    for (const sip_uri of [
      addressOf(carol),
      'SIPS:CAROL.1@SIP.EXAMPLE.ORG:5061;transport=tls?subject=x',
      'sip:%63arol.1@sip.example.org',
      'sip:carol.1:secret@sip.example.org',
    ]) {
      for (const enabled of [true, false]) {
        const reply = await add({ type: 'always', ...toUri(sip_uri), enabled })
        expect([sip_uri, ...fieldsOf(reply)]).toEqual([sip_uri, 422, ['sip_uri']])
      }
    }
    // Of the same name elsewhere.
    expect((await add({ type: 'always', ...toUri('sip:carol.1@sip.other.org') })).status).toBe(201)
  })

  test('between two accounts, by address or by contact, of whatever type', async () => {
    await know(carol, erin)
    await know(erin, carol)
    const made = (await add({ type: 'no_answer', ...toUri('sip:ERIN.1@sip.example.org') }, carol)).json
    for (const [body, field] of [
      [{ type: 'busy', ...toContact(carol) }, 'contact_id'],
      [{ type: 'always', ...toUri(addressOf(carol)) }, 'sip_uri'],
      [{ type: 'no_answer', ...toUri('sip:Carol.1@SIP.example.org;x=y') }, 'sip_uri'],
    ] as const) {
      expect(fieldsOf(await add(body, erin))).toEqual([422, [field]])
    }
    // What is off leads nowhere, until it is enabled.
    const back = (await add({ type: 'busy', ...toContact(carol), enabled: false }, erin)).json
    expect(fieldsOf(await change(back.id, toContact(carol), erin))).toEqual([422, ['contact_id']])
    expect((await change(made.id, { ...toUri(addressOf(erin)), enabled: false })).status).toBe(200)
    expect((await change(back.id, toContact(carol), erin)).status).toBe(200)
    expect(fieldsOf(await change(made.id, toContact(erin)))).toEqual([422, ['contact_id']])
    expect((await change(made.id, voicemail)).status).toBe(200)
  })

  test('between accounts of two Spaces', async () => {
    const dave = await t.account({ username: 'dave.1', space: t.other })
    expect((await add({ type: 'busy', ...toUri(addressOf(dave)) }, carol)).status).toBe(201)
    const back = await add({ type: 'busy', ...toUri(addressOf(carol)) }, dave, { host: t.other.host })
    expect(fieldsOf(back)).toEqual([422, ['sip_uri']])
    expect(
      (await add({ type: 'busy', ...toUri('sip:nobody@sip.example.org') }, dave, { host: t.other.host })).status,
    ).toBe(201)
  })

  test('when two accounts forward to each other at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const replies = await Promise.all([
        add({ type: 'busy', ...toUri(addressOf(erin)) }, carol),
        add({ type: 'always', ...toUri(addressOf(carol)) }, erin),
      ])
      expect(replies.map(({ status }) => status).sort()).toEqual([201, 422])
      for (const [who, rules] of [
        [carol, await list(carol)],
        [erin, await list(erin)],
      ] as const) {
        for (const { id } of rules) await t.delete(`${OWN}/${id}`, { as: who })
      }
    }
  })
})

describe('what Flexisip reads', () => {
  const replies = async (who: TestAccount, as = admin) => {
    const address = `${who.username}@${who.domain}`
    const resolved = (await t.get(`/api/resolve/${address}`, { as })).json
    expect(resolved.type).toBe('account')
    const found = (await t.get(`/api/accounts/${address}/search`, { as })).json
    expect(found).toEqual(resolved.payload)
    return resolved.payload.call_forwardings
  }
  const setWord = async (call_forwarding_no_answer_wire: 'away' | 'no_answer', space = t.main) => {
    const { spaces } = t.db.tables
    await t.db.transaction((tx) =>
      tx
        .update(spaces)
        .set({ callForwardingNoAnswerWire: call_forwarding_no_answer_wire })
        .where(eq(spaces.id, space.id)),
    )
    t.parts.spaces.forget()
  }

  test('is `away` for calls that nobody answers, until the Space says that its Flexisip knows `no_answer`', async () => {
    await know(carol, erin)
    const [uri, contact] = [toUri('sip:bob@elsewhere.example'), toContact(erin)]
    const busy = (await add({ type: 'busy', ...contact })).json
    const noAnswer = (await add({ type: 'no_answer', ...uri })).json
    const always = (await add({ type: 'always', ...voicemail, enabled: false })).json
    expect(await replies(carol)).toEqual([always, { ...noAnswer, type: 'away' }, busy])
    expect(busy.contact_sip_uri).toBe(addressOf(erin))
    await setWord('no_answer')
    expect(await replies(carol)).toEqual([always, noAnswer, busy])
    expect(await replies(erin)).toEqual([])
  })

  test('is in the words of the account’s Space, whatever host was asked', async () => {
    const dave = await t.account({ username: 'dave.1', space: t.other })
    await add({ type: 'no_answer', ...voicemail }, dave, { host: t.other.host })
    await setWord('no_answer')
    expect(await replies(dave)).toMatchObject([{ type: 'away' }])
    await setWord('no_answer', t.other)
    expect(await replies(dave)).toMatchObject([{ type: 'no_answer' }])
  })

  test('has no rule without a valid destination, not even a disabled one: the others, and the account, stay', async () => {
    const strange = await t.account({ username: 'not a name' })
    const { callForwardings } = t.db.tables
    const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const rows = [
      { type: 'always', forwardTo: 'sip_uri', sipUri: null },
      { type: 'busy', forwardTo: 'contact', contactId: null },
      { type: 'no_answer', forwardTo: 'voicemail', sipUri: null, enabled: true },
    ] as const
    await t.db.transaction((tx) =>
      tx.insert(callForwardings).values(rows.map((row) => ({ accountId: carol.id, ...row, ...stamps }))),
    )
    expect(await replies(carol)).toMatchObject([{ type: 'away', forward_to: 'voicemail', enabled: true }])
    expect(await list()).toHaveLength(3)
    await t.db.transaction(async (tx) => {
      await tx
        .update(callForwardings)
        .set({ sipUri: 'bob@elsewhere.example' })
        .where(eq(callForwardings.type, 'always'))
      await tx.update(callForwardings).set({ contactId: strange.id }).where(eq(callForwardings.type, 'busy'))
    })
    expect(await replies(carol)).toHaveLength(1)
  })

  test('stands in no other reply but `search-by-email`, which speaks as the API does', async () => {
    const dave = await t.account({ username: 'dave.1', email: 'dave@example.org' })
    const { json } = await add({ type: 'no_answer', ...voicemail }, dave)
    const found = (await t.get('/api/accounts/dave@example.org/search-by-email', { as: admin })).json
    expect(found.call_forwardings).toEqual([json])
    for (const reply of [
      (await t.get('/api/accounts/me', { as: dave })).json,
      (await t.get(`/api/accounts/${dave.id}`, { as: admin })).json,
      (await t.get('/api/accounts', { as: admin })).json.data[0],
    ]) {
      expect(Object.keys(reply)).not.toContain('call_forwardings')
    }
  })
})

test('the flow that scripts of the reference know goes through', async () => {
  const post = (body: object) => t.post(of(carol), { as: admin, body })
  expect((await post({ type: 'always', forward_to: 'contact', enabled: true })).status).toBe(422)
  expect((await post({ type: 'always', ...toContact(erin) })).status).toBe(422)
  await know(carol, erin)
  const { json: made } = await post({ type: 'always', ...toContact(erin) })
  expect((await t.get(`${of(carol)}/${made.id}`, { as: admin })).json.contact_sip_uri).toBe(addressOf(erin))
  expect(fieldsOf(await post({ type: 'always', ...toContact(erin) }))).toEqual([422, ['type']])
  expect((await t.delete(`${of(carol)}/${made.id}`, { as: admin })).json).toBe(1)
  expect((await post({ type: 'always', forward_to: 'sip_uri', sip_uri: null, enabled: true })).status).toBe(422)
  const { status, json } = await post({ type: 'always', ...toUri('sip:uri') })
  expect(status).toBe(201)
  expect(fieldsOf(await post({ type: 'no_answer', ...toUri('sip:uri') }))).toEqual([422, ['enabled']])
  const put = await t.put(`${of(carol)}/${json.id}`, {
    as: admin,
    body: { type: 'always', ...toUri('sip:uri'), enabled: false },
  })
  expect(put.status).toBe(200)
  expect((await post({ type: 'no_answer', ...toUri('sip:uri') })).status).toBe(201)
  expect((await t.get(of(carol), { as: admin })).json).toHaveLength(2)
})
