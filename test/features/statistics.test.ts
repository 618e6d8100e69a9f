import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// What Flexisip reports of calls, messages and conferences (behaviour/statistics.md).

let t: TestApp
/** A super administrator, whose key a Flexisip has. */
let flexisip: TestAccount
/** An administrator of the other Space. */
let admin: TestAccount
let alice: TestAccount
beforeEach(async () => {
  t = await testApp()
  flexisip = await t.account({ username: 'flexisip', admin: true })
  admin = await t.account({ username: 'admin', space: t.other, admin: true })
  alice = await t.account({ username: 'alice' })
})
afterEach(() => t.close())

const DEVICE = '"<urn:uuid:1b7e0a2c-0000-4000-8000-000000000001>"'
const AT = '2026-03-01T10:00:00Z'
const ISO = '2026-03-01T10:00:00.000000Z'

const post = (path: string, body: unknown, as = flexisip) => t.post(`/api/statistics/${path}`, { as, body })
const patch = (path: string, body: unknown, as = flexisip) => t.send('PATCH', `/api/statistics/${path}`, { as, body })
const elsewhere = { host: 'other.localhost' }

const message = (id = 'm1', more = {}) => ({
  id,
  from: 'alice@sip.example.org',
  sent_at: AT,
  encrypted: true,
  ...more,
})
const call = (id = 'c1', more = {}) => ({
  id,
  from: 'alice@sip.example.org',
  to: 'bob@sip.example.org',
  initiated_at: AT,
  ...more,
})
const delivery = (more = {}) => ({ last_status: 200, received_at: AT, ...more })
const callDevice = (id: string, device = DEVICE) => `calls/${id}/devices/${encodeURIComponent(device)}`
const toBob = (id: string, device = DEVICE, to = 'bob@sip.example.org') =>
  `messages/${id}/to/${encodeURIComponent(to)}/devices/${encodeURIComponent(device)}`
const rows = async (table: 'statisticsCalls' | 'statisticsMessages' | 'statisticsHours' | 'statisticsCallDevices') =>
  t.db.read.select().from(t.db.tables[table])

describe('a report that is refused stores nothing', () => {
  const isRefused = async (reply: { status: number; json: { errors: Record<string, unknown> } }, fields: string[]) => {
    expect(reply.status).toBe(422)
    expect(Object.keys(reply.json.errors)).toEqual(fields)
  }

  test('whatever of a message is missing or wrong', async () => {
    const before = await t.snapshot()
    await isRefused(await post('messages', {}), ['id', 'from', 'sent_at', 'encrypted'])
    await isRefused(await post('messages', message('x'.repeat(65))), ['id'])
    await isRefused(await post('messages', message('m1', { encrypted: 'yes' })), ['encrypted'])
    await isRefused(await post('messages', message('m1', { conference_id: 'x'.repeat(256) })), ['conference_id'])
    const long = `${'x'.repeat(250)}@example.org`
    for (const from of ['alice', '@sip.example.org', 'alice@', 'alice@-x.org', 'alice@bob@example.org', long, 5]) {
      await isRefused(await post('messages', message('m1', { from })), ['from'])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('whatever of a call is missing or wrong', async () => {
    const before = await t.snapshot()
    await isRefused(await post('calls', {}), ['id', 'from', 'to', 'initiated_at'])
    await isRefused(await post('calls', call('c1', { to: 'sip:bob', ended_at: 'soon' })), ['to', 'ended_at'])
    expect(await t.snapshot()).toBe(before)
  })

  test('an instant that is partial, out of the calendar or in words', async () => {
    const bad = ['2026', '2026-03', '2026-W05-1', '2026-03-01T10', '2026-02-30', '2026-13-01', 'garbage', 1772359200]
    const worse = ['2026-03-01T25:00', '2026-03-01T10:00:00+24:00', '1969-12-31T23:59:59Z', '0000-01-01', '2026-3-1']
    for (const sent_at of [...bad, ...worse]) {
      await isRefused(await post('messages', message('m1', { sent_at })), ['sent_at'])
    }
    const reply = await post('messages', message('m1', { sent_at: '2026' }))
    expect(reply.json.errors.sent_at[0]).toContain('must be a date, or a date and a time')
  })

  test('news of a device that are of no use', async () => {
    await post('calls', call())
    await post('messages', message())
    const before = await t.snapshot()
    const state = 'accepted'
    await isRefused(await patch(callDevice('c1'), { rang_at: 'garbage' }), ['rang_at'])
    await isRefused(await patch(callDevice('c1'), { invite_terminated: { state } }), ['invite_terminated.at'])
    await isRefused(await patch(callDevice('c1'), { invite_terminated: { at: AT } }), ['invite_terminated.state'])
    await isRefused(await patch(callDevice('c1'), { invite_terminated: { at: AT, state: 'whatever' } }), [
      'invite_terminated.state',
    ])
    await isRefused(await patch(callDevice('c1'), { invite_terminated: { at: 'garbage', state } }), [
      'invite_terminated.at',
    ])
    await isRefused(await patch(callDevice('c1'), { invite_terminated: 'accepted' }), ['invite_terminated'])
    await isRefused(await patch(callDevice('c1', 'x'.repeat(256)), {}), ['device_id'])
    await isRefused(await patch(toBob('m1'), {}), ['last_status', 'received_at'])
    await isRefused(await patch(toBob('m1'), delivery({ last_status: 'ok' })), ['last_status'])
    await isRefused(await patch(toBob('m1', DEVICE, 'bob'), delivery()), ['to'])
    await isRefused(await patch(toBob('m1', 'x'.repeat(256)), delivery()), ['device_id'])
    await isRefused(await patch('calls/c1', {}), ['ended_at'])
    expect(await t.snapshot()).toBe(before)
  })

  test('in the language of whoever asks', async () => {
    const french = { as: flexisip, body: call('c1', { to: 'bob' }), headers: { 'accept-language': 'fr' } }
    const reply = await t.post('/api/statistics/calls', french)
    expect(reply.json.errors.to).toEqual(['Le champ « à » doit être une adresse SIP, comme alice@example.org.'])
  })
})

describe('who may report', () => {
  test('nobody but administrators', async () => {
    expect((await t.post('/api/statistics/calls', { body: call() })).status).toBe(401)
    expect((await post('calls', call(), alice)).status).toBe(403)
    expect((await patch('calls/c1', { ended_at: AT }, alice)).status).toBe(403)
  })

  test('an administrator what somebody of its own Space took part in, a super administrator everything', async () => {
    const as = admin
    const report = (path: string, body: unknown) => t.post(`/api/statistics/${path}`, { as, body, ...elsewhere })
    const news = (path: string, body: unknown) => t.send('PATCH', `/api/statistics/${path}`, { as, body, ...elsewhere })
    const ours = 'carol@sip.other.org'
    expect((await report('calls', call('c1'))).status).toBe(403)
    expect((await report('messages', message('m1'))).status).toBe(403)
    expect((await report('calls', call('c2', { to: ours }))).status).toBe(200)
    expect((await report('calls', call('c3', { from: ours }))).status).toBe(200)
    expect((await report('messages', message('m2', { from: ours }))).status).toBe(200)
    // What others have reported, of others.
    await post('calls', call('c1'))
    await post('messages', message('m1'))
    const before = await t.snapshot()
    expect((await news('calls/c1', { ended_at: AT })).status).toBe(403)
    expect((await news(callDevice('c1'), {})).status).toBe(403)
    expect((await news(toBob('m1'), delivery())).status).toBe(403)
    expect((await report('conferences', { id: 'x', created_at: AT })).status).toBe(403)
    expect(await t.snapshot()).toBe(before)
    expect((await news('calls/c2', { ended_at: AT })).status).toBe(200)
    expect((await news(toBob('m2'), delivery())).status).toBe(201)
    expect((await news(toBob('m1', DEVICE, ours), delivery())).status).toBe(201)
  })
})

test('as much as there is, past the limit of requests, which would lose reports; nobody else passes it', async () => {
  await t.close()
  t = await testApp({ env: { API_RATE_LIMIT_PER_MINUTE: '3' } })
  flexisip = await t.account({ username: 'flexisip', admin: true })
  alice = await t.account({ username: 'alice' })
  for (let n = 0; n < 5; n++) expect((await post('calls', call(`c${n}`))).status).toBe(200)
  const asked = []
  for (let n = 0; n < 5; n++) asked.push((await post('calls', call(`d${n}`), alice)).status)
  expect(asked).toEqual([403, 403, 403, 429, 429])
  for (let n = 0; n < 3; n++) expect((await t.get('/api/accounts/me', { as: flexisip })).status).toBe(200)
  expect((await t.get('/api/accounts/me', { as: flexisip })).status).toBe(429)
})

describe('a message', () => {
  test('is reported once: `1`, then 400 with the same id, whatever else it says', async () => {
    const reply = await post('messages', message())
    expect([reply.status, reply.text, reply.headers.get('content-type')]).toEqual([200, '1', 'application/json'])
    expect((await post('messages', message('m1', { from: 'bob@sip.example.org' }))).status).toBe(400)
    expect(await rows('statisticsMessages')).toHaveLength(1)
  })

  test('is delivered to a device: 201 at first, 200 then, and one row stays', async () => {
    await post('messages', message())
    const first = await patch(toBob('m1'), delivery({ last_status: '180' }))
    expect(first.status).toBe(201)
    expect(first.json).toEqual({
      id: first.json.id,
      message_id: 'm1',
      to_username: 'bob',
      to_domain: 'sip.example.org',
      device_id: DEVICE,
      last_status: 180,
      received_at: ISO,
      created_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:00.000000Z',
    })
    const second = await patch(toBob('m1', ` ${DEVICE} `, ' sip:bob@SIP.example.org:5060;transport=tls '), delivery())
    expect([second.status, second.json.id, second.json.last_status]).toEqual([200, first.json.id, 200])
  })

  test('that nobody has reported is delivered to no device: 400', async () => {
    const before = await t.snapshot()
    expect((await patch(toBob('m9'), delivery())).status).toBe(400)
    expect(await t.snapshot()).toBe(before)
  })
})

describe('a call', () => {
  test('goes its way, as the reference is tested', async () => {
    expect((await post('calls', call())).text).toBe('1')
    expect((await post('calls', call())).status).toBe(400)
    const rang = await patch(callDevice('c1'), { rang_at: '2026-03-01T10:00:01Z' })
    expect(rang.status).toBe(201)
    const accepted = { at: '2026-03-01T10:00:02+0100', state: 'accepted' }
    const terminated = await patch(callDevice('c1'), { invite_terminated: accepted })
    expect(terminated.status).toBe(200)
    expect(terminated.json).toEqual({
      id: rang.json.id,
      call_id: 'c1',
      device_id: DEVICE,
      rang_at: '2026-03-01T10:00:01.000000Z',
      invite_terminated_at: '2026-03-01T09:00:02.000000Z',
      invite_terminated_state: 'accepted',
      created_at: rang.json.created_at,
      updated_at: rang.json.updated_at,
    })
    // What is not said stays, in whatever order it comes.
    const again = await patch(callDevice('c1'), { rang_at: '2026-03-01T10:00:03Z' })
    expect(again.json.invite_terminated_state).toBe('accepted')
    expect((await patch(callDevice('c1'), { rang_at: null })).json.rang_at).toBe('2026-03-01T10:00:03.000000Z')
    expect(await rows('statisticsCallDevices')).toHaveLength(1)

    const ended = await patch('calls/c1', { ended_at: '2026-03-01 10:05' })
    expect(ended.status).toBe(200)
    const whole = {
      id: 'c1',
      from_username: 'alice',
      from_domain: 'sip.example.org',
      to_username: 'bob',
      to_domain: 'sip.example.org',
      initiated_at: ISO,
      ended_at: '2026-03-01T10:05:00.000000Z',
      conference_id: null,
      created_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:00.000000Z',
      devices: [(await patch(callDevice('c1'), {})).json],
    }
    expect(ended.json).toEqual(whole)
    const bob = await t.account({ username: 'bob' })
    for (const who of [alice, bob]) {
      expect((await t.get('/api/accounts/me/statistics/calls', { as: who })).json.data).toEqual([whole])
    }
    await t.delete(`/api/accounts/${alice.id}`, { as: flexisip })
    expect((await t.get('/api/accounts/me/statistics/calls', { as: bob })).json.data).toEqual([])
    for (const table of ['statisticsCalls', 'statisticsCallDevices', 'statisticsHours'] as const) {
      expect(await rows(table)).toEqual([])
    }
  })

  test('a device that has said nothing yet has an empty row', async () => {
    await post('calls', call())
    const reply = await patch(callDevice('c1'), {})
    expect([reply.status, reply.json.rang_at, reply.json.invite_terminated_state]).toEqual([201, null, null])
  })

  test('may be announced with its devices and whatever else', async () => {
    const more = {
      devices: { 'urn:uuid:1': null, 'urn:uuid:2': {} },
      sip_call_id: 'x',
      conference_id: 'room',
      ended_at: null,
    }
    expect((await post('calls', call('c1', more))).status).toBe(200)
    expect((await post('calls', call('c2', { devices: ['urn:uuid:3', 5, '', 'x'.repeat(300)] }))).status).toBe(200)
    expect((await post('calls', call('c3', { devices: 'nonsense' }))).status).toBe(200)
    const devices = (await rows('statisticsCallDevices')).map((row) => ('deviceId' in row ? row.deviceId : ''))
    expect(devices.sort()).toEqual(['urn:uuid:1', 'urn:uuid:2', 'urn:uuid:3'])
    expect((await patch(callDevice('c1', 'urn:uuid:1'), {})).status).toBe(200)
    const { data } = (await t.get('/api/accounts/me/statistics/calls', { as: alice })).json
    expect(data[0].conference_id).toBe('room')
  })

  test('that nobody has reported cannot end (404), and no device has news of it (400)', async () => {
    const before = await t.snapshot()
    expect((await patch('calls/c9', { ended_at: AT })).status).toBe(404)
    expect((await patch(callDevice('c9'), { rang_at: AT })).status).toBe(400)
    expect(await t.snapshot()).toBe(before)
  })
})

test('addresses and instants are stored in one spelling', async () => {
  const spellings = ['bob@SIP.Example.ORG', 'sip:bob@sip.example.org', 'sips:bob:secret@sip.example.org:5061;x=y']
  const instants = ['2026-03-01', '2026-03-01T00:00', '2026-03-01 01:00:00.5+01:00']
  for (const [n, to] of spellings.entries()) {
    await post('calls', call(`c${n}`, { to, initiated_at: instants[n] }))
  }
  const bob = await t.account({ username: 'bob' })
  const { data } = (await t.get('/api/accounts/me/statistics/calls', { as: bob })).json
  expect(data.map((one: { to_domain: string; initiated_at: string }) => [one.to_domain, one.initiated_at])).toEqual([
    ['sip.example.org', '2026-03-01T00:00:00.500000Z'],
    ['sip.example.org', '2026-03-01T00:00:00.000000Z'],
    ['sip.example.org', '2026-03-01T00:00:00.000000Z'],
  ])
})

test('a conference is reported once, and what is told of it later is kept', async () => {
  const schedule = { start: AT, end: null }
  expect((await post('conferences', { id: 'room', created_at: AT, schedule })).text).toBe('1')
  expect((await post('conferences', { id: 'room', created_at: AT })).status).toBe(400)
  expect((await post('conferences', { created_at: 'x' })).status).toBe(422)
  expect((await post('conferences', { id: 'y', created_at: AT, schedule: 'x'.repeat(5000) })).status).toBe(422)
  expect((await patch('conferences/room', { ended_at: '2026-03-01T11:00:00Z' })).json).toEqual({
    id: 'room',
    created_at: ISO,
    ended_at: '2026-03-01T11:00:00.000000Z',
    schedule,
    updated_at: '2026-06-01T12:00:00.000000Z',
  })
  expect((await post('conferences/room', {})).json.schedule).toEqual(schedule)
  for (const other of [true, 7, 'noon', [AT]]) {
    expect((await post('conferences/room', { schedule: other })).json.schedule).toEqual(other)
  }
  expect((await patch('conferences/none', { ended_at: AT })).status).toBe(404)
  expect((await post('conferences', { id: 'x', created_at: AT }, alice)).status).toBe(403)
})

describe('two at the same time', () => {
  test('with one id: one is stored, the other is told 400', async () => {
    for (const [path, body] of [
      ['calls', call()],
      ['messages', message()],
      ['conferences', { id: 'room', created_at: AT }],
    ] as const) {
      const replies = await Promise.all(Array.from({ length: 8 }, () => post(path, body)))
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400, 400, 400])
    }
    const everybody = (await rows('statisticsHours')).filter((row) => 'domain' in row && row.domain === '')
    expect(everybody.map((row) => ('sent' in row ? row.sent : 0))).toEqual([1, 1])
  })

  test('of one device: 201 once, 200 then, and what both say is kept', async () => {
    await post('calls', call())
    await post('messages', message())
    const rings = Array.from({ length: 4 }, () => patch(callDevice('c1'), { rang_at: AT }))
    const ends = Array.from({ length: 4 }, () =>
      patch(callDevice('c1'), { invite_terminated: { at: AT, state: 'declined' } }),
    )
    const statuses = (await Promise.all([...rings, ...ends])).map(({ status }) => status)
    expect(statuses.sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201])
    const known = (await patch(callDevice('c1'), {})).json
    expect([known.rang_at, known.invite_terminated_state]).toEqual([ISO, 'declined'])
    const deliveries = await Promise.all(Array.from({ length: 8 }, () => patch(toBob('m1'), delivery())))
    expect(deliveries.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201])
  })
})
