import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { read } from '../../src/http/input.ts'
import type { Caller } from '../../src/nouns/caller.ts'
import type { Visit } from '../../src/nouns/visit.ts'
import { callLog as callLogOf } from '../../src/telephony/statistics/call-log.ts'
import { type Chart, ChartFilter, chartCsv } from '../../src/telephony/statistics/charts.ts'
import type { Whose } from '../../src/telephony/statistics/whose.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'

// Call logs, charts, and what ends statistics (behaviour/statistics.md §4, behaviour/statistics.md §5 and behaviour/statistics.md §6).

let t: TestApp
let flexisip: TestAccount
let alice: TestAccount
let bob: TestAccount
beforeEach(async () => {
  t = await testApp()
  flexisip = await t.account({ username: 'flexisip', admin: true })
  alice = await t.account({ username: 'alice' })
  bob = await t.account({ username: 'bob' })
})
afterEach(() => t.close())

const OURS = 'sip.example.org'
const OTHERS = 'sip.other.org'
let ids = 0
const call = async (from: string, to: string, initiated_at: string, id = `c${++ids}`) => {
  const reply = await t.post('/api/statistics/calls', { as: flexisip, body: { id, from, to, initiated_at } })
  expect(reply.status).toBe(200)
  return id
}
const message = async (from: string, to: readonly string[], sent_at: string, id = `m${++ids}`) => {
  const body = { id, from, sent_at, encrypted: false }
  expect((await t.post('/api/statistics/messages', { as: flexisip, body })).status).toBe(200)
  const news = { last_status: 200, received_at: sent_at }
  for (const one of to) {
    const path = `/api/statistics/messages/${id}/to/${one}/devices/urn:uuid:1`
    expect((await t.send('PATCH', path, { as: flexisip, body: news })).status).toBe(201)
    const other = `/api/statistics/messages/${id}/to/${one}/devices/urn:uuid:2`
    expect((await t.send('PATCH', other, { as: flexisip, body: news })).status).toBe(201)
  }
  return id
}
const log = async (who: TestAccount, query = '') => {
  const reply = await t.get(`/api/accounts/me/statistics/calls${query}`, { as: who })
  expect(reply.status).toBe(200)
  return reply.json
}
const idsOf = ({ data }: { data: { id: string }[] }) => data.map(({ id }) => id)

/** Every hour that says something, in one line each. */
const hours = async () => {
  const sums = new Map<string, number[]>()
  for (const row of await t.db.read.select().from(t.db.tables.statisticsHours)) {
    const key = `${row.kind} ${row.domain} ${row.hour.toISOString().slice(0, 13)}`
    const [sent = 0, received = 0, inside = 0] = sums.get(key) ?? []
    sums.set(key, [sent + row.sent, received + row.received, inside + row.inside])
  }
  const said = [...sums].filter(([, counts]) => counts.some((count) => count !== 0))
  return said.map(([key, counts]) => `${key}: ${counts.join(' ')}`).sort()
}
/** What the hours would say if they were counted anew. */
const isExact = async () => {
  const before = await hours()
  expect(await t.parts.statisticsClearing.recount()).toBe(0)
  return before
}

const chart = (name: Chart, whose: Whose, query: Record<string, unknown> = {}) =>
  t.parts.charts.of(name, whose, read(ChartFilter, query))
const everybody: Whose = { of: 'everybody' }
const domain = (name: string): Whose => ({ of: 'domain', domain: name })
const party = ({ username, domain }: TestAccount, direction: 'incoming' | 'outgoing' | null = null): Whose => ({
  of: 'party',
  party: { username, domain },
  direction,
})
const counts = (buckets: readonly { key: string; sent: number; received: number; count: number }[]) =>
  buckets.filter(({ count }) => count > 0).map(({ key, count, sent, received }) => [key, count, sent, received])

describe('the call log of an account', () => {
  test('is refused to strangers, to users about others, and about accounts that are not there', async () => {
    expect((await t.get('/api/accounts/me/statistics/calls')).status).toBe(401)
    expect((await t.get(`/api/accounts/${bob.id}/statistics/calls`, { as: alice })).status).toBe(403)
    expect((await t.get('/api/accounts/999999/statistics/calls', { as: flexisip })).status).toBe(404)
    const foreign = await t.account({ space: t.other })
    expect((await t.get(`/api/accounts/${foreign.id}/statistics/calls`, { as: flexisip })).status).toBe(404)
  })

  test('refuses a filter that is none', async () => {
    const reply = await t.get('/api/accounts/me/statistics/calls?from=x&to=2026&direction=up', { as: alice })
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['from', 'to', 'direction']])
  })

  test('has what it placed and what it received, the newest first, those of one instant by id', async () => {
    const [a, b] = [`alice@${OURS}`, `bob@${OURS}`]
    await call(a, b, '2026-03-01T10:00:00Z', 'first')
    await call(b, a, '2026-03-02T10:00:00Z', 'y')
    await call(a, b, '2026-03-02T10:00:00Z', 'x')
    await call(a, a, '2026-03-03T10:00:00Z', 'self')
    await call(b, `alice@${OTHERS}`, '2026-03-04T10:00:00Z', 'namesake')
    expect(idsOf(await log(alice))).toEqual(['self', 'x', 'y', 'first'])
    expect(idsOf(await log(alice, '?direction=outgoing'))).toEqual(['self', 'x', 'first'])
    expect(idsOf(await log(alice, '?direction=incoming'))).toEqual(['self', 'y'])
    expect(idsOf(await log(alice, '?from=2026-03-02T10:00:00Z&to=2026-03-02'))).toEqual(['x', 'y'])
    expect(idsOf(await log(alice, '?direction=incoming&to=2026-03-02T09:59'))).toEqual([])
    expect(idsOf(await log(bob, '?from=&direction='))).toEqual(['namesake', 'x', 'y', 'first'])
    const seen = await t.get(`/api/accounts/${alice.id}/statistics/calls`, { as: flexisip })
    expect(idsOf(seen.json)).toEqual(['self', 'x', 'y', 'first'])
  })

  test('has pages of 30, each call on one of them, and links that keep the filter', async () => {
    const at = (n: number) => `2026-03-01T10:${String(Math.floor(n / 3)).padStart(2, '0')}:00Z`
    const made: string[] = []
    for (let n = 0; n < 65; n++) {
      const id = `c${String(n).padStart(3, '0')}`
      const [from, to] = n % 2 === 0 ? ['alice', 'bob'] : ['bob', 'alice']
      await call(`${from}@${OURS}`, `${to}@${OURS}`, at(n), id)
      made.push(`${at(n)} ${id}`)
    }
    const expected = made.sort((a, b) => (a.slice(0, 20) === b.slice(0, 20) ? (a < b ? -1 : 1) : a > b ? -1 : 1))
    const pages = [
      await log(alice),
      await log(alice, '?page=2'),
      await log(alice, '?page=3'),
      await log(alice, '?page=4'),
    ]
    expect(pages.flatMap(idsOf)).toEqual(expected.map((one) => one.slice(21)))
    const path = 'http://localhost/api/accounts/me/statistics/calls'
    expect(pages[1]).toMatchObject({ current_page: 2, from: 31, to: 60, last_page: 3, per_page: 30, total: 65, path })
    expect(pages[3]).toMatchObject({ data: [], from: null, to: null, total: 65 })
    const filtered = await log(alice, '?direction=outgoing&from=2026-03-01')
    expect(filtered).toMatchObject({ total: 33, next_page_url: `${path}?page=2&from=2026-03-01&direction=outgoing` })
  })

  test('of a Space or of everybody: totals from the hours, pages and an export without formulas', async () => {
    const expected: string[] = []
    for (let n = 0; n < 40; n++) {
      const at = new Date(Date.UTC(2026, 2, 1, 0, 20 * n)).toISOString()
      const id = await call(`alice@${OURS}`, n % 2 === 0 ? `bob@${OURS}` : `carol@${OTHERS}`, at, `c${100 + n}`)
      expected.unshift(id)
    }
    const { callLog } = t.parts
    const period = { from: new Date('2026-03-01T00:20:00Z'), until: new Date('2026-03-01T12:30:00Z') }
    const all = await callLog.page(everybody, period, 1)
    expect([all.total, all.calls.length, all.calls[0]?.call.id]).toEqual([37, 30, 'c137'])
    expect((await callLog.page(everybody, period, 2)).calls.map(({ call }) => call.id)).toEqual(expected.slice(32, 39))
    const open = { from: null, until: null }
    expect((await callLog.page(domain(OTHERS), open, 1)).total).toBe(20)
    expect((await callLog.page(domain(OURS), open, 2)).calls.map(({ call }) => call.id)).toEqual(expected.slice(30))
    expect((await callLog.page(domain(OURS), { from: period.until, until: period.from }, 1)).total).toBe(0)
    const close = { from: new Date('2026-03-01T00:10:00Z'), until: new Date('2026-03-01T00:50:00Z') }
    expect((await callLog.page(domain(OURS), close, 1)).total).toBe(2)

    await call('=cmd()@evil.example', `+33612345678@${OURS}`, '2026-04-01', 'evil')
    await t.send('PATCH', '/api/statistics/calls/evil', { as: flexisip, body: { ended_at: '2026-04-01T00:01:30Z' } })
    const device = { invite_terminated: { at: '2026-04-01', state: 'declined_elsewhere' } }
    await t.send('PATCH', '/api/statistics/calls/evil/devices/x', { as: flexisip, body: device })
    let csv = ''
    for await (const piece of callLog.csv(everybody, open)) csv += piece
    const lines = csv.split('\n')
    expect(lines).toHaveLength(43)
    expect(lines.slice(0, 2)).toEqual([
      'from,to,initiated_at,ended_at,duration_seconds,outcome',
      '"sip:=cmd()@evil.example","sip:+33612345678@sip.example.org",2026-04-01T00:00:00.000Z,2026-04-01T00:01:30.000Z,90,declined',
    ])
    expect(lines[2]).toContain(',,,error')
  })
})

describe('a chart', () => {
  test('that nobody knows is 404, and a period that is none is refused', async () => {
    expect(() => t.parts.charts.named('users')).toThrow()
    for (const [query, fields] of [
      [{ from: '2026-03-01' }, ['to']],
      [{ to: '2026-03-01' }, ['from']],
      [{ from: '2026-03-02', to: '2026-03-02' }, ['to']],
      [{ from: '2026-03-02T10:00', to: 'x', by: 'hour' }, ['from', 'to', 'by']],
      [{ from: '1970-01-01', to: '2026-01-01' }, ['to']],
    ] as const) {
      const error = await chart('calls', everybody, query).catch((thrown) => thrown)
      expect([...error.fields.keys()]).toEqual([...fields])
    }
  })

  test('has every bucket of its period, and of each what was sent and received, internal calls once', async () => {
    await call(`alice@${OURS}`, `bob@${OURS}`, '2026-06-01T11:59:59.999Z')
    await call(`alice@${OURS}`, `carol@${OTHERS}`, '2026-06-01T12:00:00Z')
    await call(`carol@${OTHERS}`, `alice@${OURS}`, '2026-05-31T12:10:00Z')
    await call(`carol@${OTHERS}`, `dave@${OTHERS}`, '2026-05-20T12:10:00Z')
    await call('eve@elsewhere.example', `alice@${OURS}`, '2025-06-01T00:00:00Z')
    const day = await chart('calls', domain(OURS))
    expect(day).toHaveLength(25)
    expect([day[0]?.key, day.at(-1)?.key]).toEqual(['2026-05-31 12', '2026-06-01 12'])
    expect(counts(day)).toEqual([
      ['2026-05-31 12', 1, 0, 1],
      ['2026-06-01 11', 1, 1, 1],
      ['2026-06-01 12', 1, 1, 0],
    ])
    expect(counts(await chart('calls', domain(OURS), { by: 'week' }))).toEqual([
      ['2026-05-31', 1, 0, 1],
      ['2026-06-01', 2, 2, 1],
    ])
    expect(await chart('calls', domain(OURS), { by: 'month' })).toHaveLength(32)
    const year = await chart('calls', domain(OURS), { by: 'year' })
    expect([year.length, counts(year)]).toEqual([
      13,
      [
        ['2025-06', 1, 0, 1],
        ['2026-05', 1, 0, 1],
        ['2026-06', 2, 2, 1],
      ],
    ])
    // The last day is a whole one.
    const days = await chart('calls', everybody, { by: 'month', from: '2026-05-20', to: '2026-05-31' })
    expect([days.length, counts(days)]).toEqual([
      12,
      [
        ['2026-05-20', 1, 1, 0],
        ['2026-05-31', 1, 1, 0],
      ],
    ])
    expect(chartCsv('calls', days).split('\n').slice(0, 2)).toEqual(['moment,count,sent,received', '2026-05-20,1,1,0'])
    expect(await t.parts.charts.domains('calls')).toEqual(['elsewhere.example', OURS, OTHERS])
    await isExact()
  })

  test('counts a message once for each Space that it went to, however many people and devices got it', async () => {
    const at = '2026-06-01T10:00:00Z'
    await message(`alice@${OURS}`, [`bob@${OURS}`, `carol@${OTHERS}`, `dave@${OTHERS}`], at)
    await message(`alice@${OURS}`, [], at)
    expect(counts(await chart('messages', everybody))).toEqual([['2026-06-01 10', 2, 2, 0]])
    expect(counts(await chart('messages', domain(OURS)))).toEqual([['2026-06-01 10', 2, 2, 1]])
    expect(counts(await chart('messages', domain(OTHERS)))).toEqual([['2026-06-01 10', 1, 0, 1]])
    await isExact()
  })

  test('of a Space or of everybody never looks at the calls themselves', async () => {
    await call(`alice@${OURS}`, `bob@${OURS}`, '2026-06-01T10:00:00Z')
    await t.db.transaction((tx) => tx.delete(t.db.tables.statisticsCalls))
    for (const whose of [everybody, domain(OURS)]) {
      expect((await chart('calls', whose, { by: 'year' })).at(-1)).toMatchObject({ key: '2026-06', count: 1 })
    }
    // Counted anew, there is none.
    expect(await t.parts.statisticsClearing.recount()).toBe(1)
    expect(await hours()).toEqual([])
  })

  test('of one account has its own numbers, by direction', async () => {
    const at = '2026-06-01T10:00:00Z'
    await call(`alice@${OURS}`, `bob@${OURS}`, at)
    await call(`bob@${OURS}`, `alice@${OURS}`, at)
    await call(`alice@${OURS}`, `alice@${OURS}`, at)
    await message(`alice@${OURS}`, [`bob@${OURS}`, `alice@${OURS}`], at)
    await message(`bob@${OURS}`, [`alice@${OURS}`], at)
    const visit = { space: t.main } as Visit
    const of = async (who: TestAccount, name: 'calls' | 'messages') =>
      counts(await t.parts.charts.ofAccount(visit, who.id, name, read(ChartFilter, {})))
    expect(await of(alice, 'calls')).toEqual([['2026-06-01 10', 3, 2, 2]])
    expect(await of(bob, 'calls')).toEqual([['2026-06-01 10', 2, 1, 1]])
    expect(await of(alice, 'messages')).toEqual([['2026-06-01 10', 2, 1, 2]])
    expect(await of(bob, 'messages')).toEqual([['2026-06-01 10', 2, 1, 1]])
    await expect(of({ ...alice, id: 999 }, 'calls')).rejects.toThrow()
  })

  test('of a contacts list has its members, each with its own domain, and accounts by when they were made', async () => {
    const carol = await t.account({ username: 'carol' })
    const { contactsLists, contactsListContact } = t.db.tables
    const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const listId = await t.db.transaction(async (tx) => {
      const [list] = await tx
        .insert(contactsLists)
        .values({ spaceId: t.main.id, title: 'x', ...stamps })
        .returning()
      const contactsListId = list?.id ?? 0
      for (const { id: contactId } of [alice, bob])
        await tx.insert(contactsListContact).values({ contactsListId, contactId })
      return contactsListId
    })
    const at = '2026-06-01T10:00:00Z'
    await call(`alice@${OURS}`, `bob@${OURS}`, at)
    await call(`carol@${OURS}`, `bob@${OURS}`, at)
    await call(`carol@${OURS}`, `alice@${OTHERS}`, at)
    await message(`carol@${OURS}`, [`alice@${OURS}`, `bob@${OURS}`], at)
    await message(`alice@${OURS}`, [`bob@${OURS}`, `carol@${OURS}`], at)
    const list: Whose = { of: 'list', listId }
    expect(counts(await chart('calls', list))).toEqual([['2026-06-01 10', 2, 1, 2]])
    expect(counts(await chart('messages', list))).toEqual([['2026-06-01 10', 2, 1, 2]])
    expect(counts(await chart('accounts', list))).toEqual([['2026-06-01 12', 2, 2, 0]])
    expect((await t.parts.callLog.page(list, { from: null, until: null }, 1)).total).toBe(2)
    expect(counts(await chart('accounts', everybody))).toEqual([['2026-06-01 12', 4, 4, 0]])
    expect(counts(await chart('accounts', domain(OTHERS)))).toEqual([])
    expect(chartCsv('accounts', await chart('accounts', everybody))).toContain('\n2026-06-01 12,4\n')

    const { whoseFor } = t.parts.charts
    const [root, local] = [
      { role: 'super', space: t.main },
      { role: 'admin', space: t.other },
    ] as Caller[]
    const asks = (caller: Caller | undefined, space = t.main, query = {}) =>
      whoseFor({ space } as Visit, caller as Caller, read(ChartFilter, query))
    expect(await asks(root)).toEqual(everybody)
    expect(await asks(root, t.main, { domain: 'SIP.other.org' })).toEqual(domain(OTHERS))
    expect(await asks(local, t.other, { domain: OURS })).toEqual(domain(OTHERS))
    expect(await asks(root, t.main, { contacts_list: listId })).toEqual(list)
    await expect(asks(local, t.other, { contacts_list: listId })).rejects.toThrow()
    expect(carol.id).toBeGreaterThan(0)
  })
})

describe('hours stay exact', () => {
  test('while many report the same message and call at once', async () => {
    const at = '2026-06-01T10:00:00Z'
    const report = (n: number) => [
      message(`alice@${OURS}`, [], at, `m${n}`),
      call(`alice@${OURS}`, `carol@${OTHERS}`, at, `c${n}`),
      call(`carol@${OTHERS}`, `alice@${OURS}`, at, `d${n}`),
    ]
    await Promise.all(Array.from({ length: 8 }, (_, n) => report(n)).flat())
    const news = { last_status: 200, received_at: at }
    const deliver = (n: number, to: string, device: number) =>
      t.send('PATCH', `/api/statistics/messages/m${n}/to/${to}/devices/urn:uuid:${device}`, {
        as: flexisip,
        body: news,
      })
    const recipients = [`bob@${OURS}`, `dave@${OURS}`, `carol@${OTHERS}`, `eve@${OTHERS}`]
    const all = recipients.flatMap((to) => [1, 2].flatMap((device) => [0, 1, 2].map((n) => deliver(n, to, device))))
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 201))
    expect(await isExact()).toEqual([
      'calls  2026-06-01T10: 16 0 0',
      `calls ${OURS} 2026-06-01T10: 8 8 0`,
      `calls ${OTHERS} 2026-06-01T10: 8 8 0`,
      'messages  2026-06-01T10: 8 0 0',
      `messages ${OURS} 2026-06-01T10: 8 3 3`,
      `messages ${OTHERS} 2026-06-01T10: 0 3 0`,
    ])
  })

  test('while accounts go, old rows are cleared and others report, all at once', async () => {
    const at = (n: number) => `2026-06-01T${String(n % 3).padStart(2, '0')}:00:00Z`
    const names = ['alice', 'bob', 'carol', 'dave']
    const others = await Promise.all(['carol', 'dave'].map((username) => t.account({ username })))
    for (let n = 0; n < 24; n++) {
      const [from, to] = [names[n % 4], names[(n + 1) % 4]]
      await call(`${from}@${OURS}`, `${to}@${n % 2 === 0 ? OURS : OTHERS}`, at(n), `old${n}`)
      await message(`${from}@${OURS}`, [`${to}@${OURS}`], at(n), `note${n}`)
    }
    t.clock.now = new Date(t.clock.now.getTime() + 1000)
    const news = { last_status: 200, received_at: at(0) }
    const work = Array.from({ length: 24 }, (_, n) => [
      call(`bob@${OURS}`, `carol@${OTHERS}`, at(n), `new${n}`),
      call(`carol@${OTHERS}`, `bob@${OURS}`, at(n), `back${n}`),
      t
        .send('PATCH', `/api/statistics/messages/note${n}/to/eve@${OTHERS}/devices/x`, { as: flexisip, body: news })
        .then(({ status }) => expect([201, 400]).toContain(status)),
    ]).flat()
    const { clear, recount } = t.parts.statisticsClearing
    const ends = [alice, ...others].map(async ({ id }) => {
      expect((await t.delete(`/api/accounts/${id}`, { as: flexisip })).status).toBe(200)
    })
    await Promise.all([...work, ...ends, clear(0, { apply: true }), recount()])
    await isExact()
  })

  test('when somebody has spoilt them, after a recount', async () => {
    await call(`alice@${OURS}`, `bob@${OURS}`, '2026-06-01T10:00:00Z')
    await message(`alice@${OURS}`, [`bob@${OURS}`], '2026-06-01T10:00:00Z')
    const right = await hours()
    const { statisticsHours } = t.db.tables
    const wrong = {
      kind: 'calls',
      domain: 'x',
      hour: new Date('2020-01-01'),
      part: 3,
      sent: 5,
      received: 0,
      inside: 0,
    } as const
    await t.db.transaction(async (tx) => {
      await tx.delete(statisticsHours)
      await tx.insert(statisticsHours).values(wrong)
    })
    expect(await t.parts.statisticsClearing.recount()).toBe(2)
    expect(await hours()).toEqual(right)
    await isExact()
  })
})

describe('with the account that sent them', () => {
  test('calls and messages go, and those that it received stay', async () => {
    const at = '2026-06-01T10:00:00Z'
    await call(`alice@${OURS}`, `bob@${OURS}`, at)
    await call(`bob@${OURS}`, `alice@${OURS}`, at, 'stays')
    await message(`alice@${OURS}`, [`bob@${OURS}`, `carol@${OTHERS}`], at)
    await message(`bob@${OURS}`, [`alice@${OURS}`], at)
    await t.delete(`/api/accounts/${alice.id}`, { as: flexisip })
    expect(idsOf(await log(bob))).toEqual(['stays'])
    expect(await isExact()).toEqual([
      'calls  2026-06-01T10: 1 0 0',
      `calls ${OURS} 2026-06-01T10: 1 1 1`,
      'messages  2026-06-01T10: 1 0 0',
      `messages ${OURS} 2026-06-01T10: 1 1 1`,
    ])
  })

  test('many of them go soon after, by the outbox, but for those of whoever has the name then', async () => {
    for (let n = 0; n < 130; n++) await call(`alice@${OURS}`, `bob@${OURS}`, '2026-06-01T10:00:00Z')
    await t.delete(`/api/accounts/${alice.id}`, { as: flexisip })
    const [left] = await t.messages()
    expect([left?.channel, left?.recipient]).toEqual(['statistics', `alice@${OURS}`])
    t.clock.now = new Date(t.clock.now.getTime() + 1000)
    const kept = await call(`alice@${OURS}`, `bob@${OURS}`, '2026-06-01T10:00:00Z')
    await t.parts.statisticsClearing.channel.dispatch({
      id: 1,
      kind: 'forget',
      spaceId: null,
      webhookId: null,
      attempt: 1,
      recipient: '',
      language: 'en',
      data: left?.data as Record<string, string | number>,
    })
    expect(idsOf(await log(bob))).toEqual([kept])
    expect((await isExact())[0]).toBe('calls  2026-06-01T10: 1 0 0')
  })

  test('also when many accounts go: with their Space, or because nobody activated them', async () => {
    const at = '2026-06-01T10:00:00Z'
    const gone = await t.account({ username: 'gone', space: t.other })
    await t.account({ username: 'never', activated: false })
    await call(`${gone.username}@${OTHERS}`, `bob@${OURS}`, at)
    await call(`never@${OURS}`, `bob@${OURS}`, at)
    await message(`never@${OURS}`, [`bob@${OURS}`], at)
    await call(`bob@${OURS}`, `never@${OURS}`, at, 'stays')
    expect((await t.delete(`/api/spaces/${OTHERS}`, { as: flexisip })).status).toBe(200)
    const later = { apply: true, confirmed: false, domain: null }
    t.clock.now = new Date(t.clock.now.getTime() + 40 * 86_400_000)
    expect(await t.parts.housekeeping.unconfirmed(30, later)).toBe(1)
    const left = await t.db.read.select().from(t.db.tables.statisticsCalls)
    expect(left.map(({ id }) => id)).toEqual(['stays'])
    expect(await isExact()).toEqual(['calls  2026-06-01T10: 1 0 0', `calls ${OURS} 2026-06-01T10: 1 1 1`])
  })
})

describe('by their age', () => {
  const days = (n: number) => {
    t.clock.now = new Date(t.clock.now.getTime() + n * 86_400_000)
  }
  const run = async (name: string) => {
    const job = t.parts.jobs.named(name)
    if (job === null) throw new Error(`no job ${name}`)
    return (await t.parts.jobs.run(job))?.count
  }
  const fill = async () => {
    // The key of the one before has died of disuse.
    flexisip = await t.account({ admin: true })
    for (let n = 0; n < 3; n++) {
      await call(`alice@${OURS}`, `bob@${OURS}`, `2026-06-01T0${n}:00:00Z`)
      await message(`alice@${OURS}`, [`bob@${OURS}`], `2026-06-01T0${n}:00:00Z`)
    }
    const body = { id: `room${++ids}`, created_at: '2026-06-01' }
    await t.post('/api/statistics/conferences', { as: flexisip, body })
  }

  test('calls, messages and conferences go 400 days after their report, whenever they took place', async () => {
    await fill()
    days(300)
    await fill()
    days(101)
    expect(await t.parts.statisticsClearing.clear(400, { apply: false })).toBe(7)
    expect(await run('app:clear-statistics')).toBe(7)
    expect(await run('statistics')).toBe(0)
    const { statisticsCalls, statisticsMessageDevices, statisticsConferences } = t.db.tables
    for (const [table, n] of [
      [statisticsCalls, 3],
      [statisticsMessageDevices, 6],
      [statisticsConferences, 1],
    ] as const) {
      expect(await t.db.read.select().from(table)).toHaveLength(n)
    }
    await isExact()
  })

  test('0 days keep them for ever', async () => {
    await t.close()
    t = await testApp({ env: { STATISTICS_RETENTION_DAYS: '0' } })
    await fill()
    days(9000)
    expect(await run('statistics')).toBe(0)
    expect(await t.db.read.select().from(t.db.tables.statisticsCalls)).toHaveLength(3)
  })
})

/** How SQLite finds the rows: a log and a chart must not become slower with the calls of others. */
test.skipIf(postgresUrl !== null)('a call log and a chart read indexes only', async () => {
  const asked: string[] = []
  const db = {
    ...t.db,
    read: new Proxy(t.db.read, {
      get: (target, name) =>
        name !== 'select'
          ? Reflect.get(target, name)
          : (...fields: []) => {
              const builder = target.select(...fields)
              return { from: (table: never) => spied(builder.from(table)) }
            },
    }),
  }
  const spied = <Query extends object>(query: Query): Query =>
    new Proxy(query, {
      get: (target, name) => {
        if (name === 'then') asked.push((target as unknown as { toSQL(): { sql: string } }).toSQL().sql)
        const value = Reflect.get(target, name)
        return typeof value !== 'function'
          ? value
          : (...given: unknown[]) => {
              const result = value.apply(target, given)
              return name === 'then' || typeof result !== 'object' ? result : spied(result)
            }
      },
    })
  const logOf = callLogOf({ db, accounts: t.parts.accounts })
  const period = { from: new Date(0), until: new Date('2027-01-01') }
  await call(`alice@${OURS}`, `bob@${OURS}`, '2026-06-01T10:00:00Z')
  for (const direction of ['incoming', 'outgoing', null] as const) await logOf.page(party(alice, direction), period, 1)
  for (const whose of [domain(OURS), everybody]) await logOf.page(whose, period, 1)
  const { otherConnection } = await import('../support/other-connection.ts')
  const other = otherConnection(t.database.url)
  const plans: string[] = []
  for (const text of asked) {
    const plan = (await other.query(`EXPLAIN QUERY PLAN ${text.replaceAll('+?', "'0'")}`)) as { detail: string }[]
    plans.push(plan.map(({ detail }) => detail).join(' | '))
  }
  await other.close()
  expect(plans.length).toBeGreaterThan(8)
  for (const plan of plans.filter((text) => !text.includes('statistics_call_devices'))) {
    expect(plan).not.toMatch(/SCAN statistics_(calls|hours)(?! USING (COVERING )?INDEX)|B-TREE FOR ORDER BY/)
  }
})
