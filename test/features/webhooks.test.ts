import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { EVENTS } from '../../src/webhooks/events.ts'
import { dispatcherOf } from '../outbox/recording.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { type Receiver, receiver, WITH_LOCAL_WEBHOOKS, webhookOf, withWebhook } from '../support/webhooks.ts'

// Webhooks of a Space, over REST (behaviour/webhooks.md §1).

let t: TestApp
/** Of the other Space, and of the super Space. */
let admin: TestAccount
let root: TestAccount
const host = 'other.localhost'

const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  admin = await t.account({ space: t.other, username: 'admin01', admin: true })
  root = await t.account({ username: 'root01', admin: true })
}
beforeEach(() => start())
afterEach(() => t.close())

const NEW = { name: 'Ledger', url: 'https://ledger.example.com/hook', events: ['account.created'] }
const create = (more: object = {}) => t.post('/api/webhooks', { as: admin, host, body: { ...NEW, ...more } })
const list = async () => (await t.get('/api/webhooks', { as: admin, host })).json

describe('a webhook is refused', () => {
  test('without a name, a URL and events', async () => {
    const reply = await t.post('/api/webhooks', { as: admin, host, body: {} })
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['name', 'url', 'events']])
  })

  test('at an address that nobody may be sent to', async () => {
    const refused = [
      'ledger.example.com',
      'http://ledger.example.com/',
      'ftp://ledger.example.com/',
      'https://user:secret@ledger.example.com/',
      'https://ledger.example.com:22/',
      'https://127.0.0.1/',
      'https://localhost/',
      'https://10.0.0.1/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://169.254.169.254/latest/meta-data',
      'https://0x7f.1/',
    ]
    for (const url of refused) {
      const reply = await create({ url })
      expect([url, reply.status, Object.keys(reply.json.errors ?? {})]).toEqual([url, 422, ['url']])
    }
    expect((await create({ url: `https://example.com/${'x'.repeat(2048)}` })).status).toBe(422)
    expect(await list()).toEqual([])
  })

  test('for events that are none, and for changes of Spaces where its Space is no super Space', async () => {
    for (const events of [[], ['account.exploded'], 'account.created', {}, null, ['account.created', 5]]) {
      expect((await create({ events })).status).toBe(422)
    }
    const reply = await create({ events: ['space.created'] })
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['events']])
    expect(await list()).toEqual([])
  })

  test('when the Space has 20, also to two who ask at once', async () => {
    for (let n = 0; n < 19; n++) expect((await create({ name: `n${n}` })).status).toBe(201)
    const statuses = (await Promise.all([create(), create(), create()])).map(({ status }) => status)
    expect(statuses.sort()).toEqual([201, 403, 403])
    expect(await list()).toHaveLength(20)
  })
})

describe('a webhook', () => {
  test('is made with a secret that is shown once, and stored sealed', async () => {
    const { status, json } = await create({ events: ['account.created', 'account.created', 'call.ended'] })
    expect(status).toBe(201)
    const { secret, ...shown } = json
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(shown).toEqual({
      id: 1,
      ...NEW,
      events: ['account.created', 'call.ended'],
      enabled: true,
      gone_at: null,
      previous_secret_until: null,
      created_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:00.000000Z',
    })
    expect((await t.get('/api/webhooks/1', { as: admin, host })).json).toEqual(shown)
    expect(await list()).toEqual([shown])
    const snapshot = await t.snapshot()
    expect([snapshot.includes(secret), snapshot.includes(secret.slice(6))]).toEqual([false, false])
    expect(t.lines.join()).not.toContain(secret.slice(6))
  })

  test('is changed as a whole; it stays on or off where that is left out, and on means that it is not gone', async () => {
    await create()
    await t.db.transaction((tx) => tx.update(t.db.tables.webhooks).set({ enabled: false, goneAt: t.clock.now }))
    const put = (body: object) => t.put('/api/webhooks/1', { as: admin, host, body })
    expect((await put({ ...NEW, url: undefined })).status).toBe(422)
    t.later(1000)
    expect((await put({ ...NEW, name: 'Other', events: ['call.ended'] })).json).toMatchObject({
      name: 'Other',
      events: ['call.ended'],
      enabled: false,
      gone_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:01.000000Z',
    })
    expect((await put({ ...NEW, enabled: true })).json).toMatchObject({ enabled: true, gone_at: null })
    expect((await t.put('/api/webhooks/9', { as: admin, host, body: NEW })).status).toBe(404)
  })

  test('is deleted once', async () => {
    await create()
    const remove = () => t.delete('/api/webhooks/1', { as: admin, host })
    expect((await Promise.all([remove(), remove()])).map(({ status }) => status).sort()).toEqual([200, 404])
    expect((await remove()).status).toBe(404)
    expect(await list()).toEqual([])
  })

  test('gets another secret, and of two rotations at once the last two are good', async () => {
    const { secret } = (await create()).json
    const rotate = () => t.post('/api/webhooks/1/rotate', { as: admin, host })
    const replies = await Promise.all([rotate(), rotate()])
    const made = replies.map(({ json }) => json.secret as string)
    expect(new Set([secret, ...made]).size).toBe(3)
    const [row] = await t.db.read.select().from(t.db.tables.webhooks)
    const stored = [row?.sealed ?? '', row?.sealedPrevious ?? ''].map((sealed) => t.parts.secrets.open(sealed))
    expect(stored.sort()).toEqual(made.sort())
    expect((await t.get('/api/webhooks/1', { as: admin, host })).json.previous_secret_until).toBe(
      '2026-06-02T12:00:00.000000Z',
    )
    t.later(24 * 3_600_000)
    const fresh = await t.db.transaction((tx) => t.parts.apiKeys.regenerate(tx, admin.id, null))
    expect((await t.get('/api/webhooks/1', { key: fresh, host })).json.previous_secret_until).toBeNull()
  })

  test('and every change of it stands in the audit log, without its address', async () => {
    await create()
    await t.put('/api/webhooks/1', {
      as: admin,
      host,
      body: { ...NEW, url: 'https://new.example.com/token', enabled: false },
    })
    await t.post('/api/webhooks/1/rotate', { as: admin, host })
    await t.delete('/api/webhooks/1', { as: admin, host })
    const rows = await t.db.read.select().from(t.db.tables.auditLog).orderBy(t.db.tables.auditLog.id)
    const written = rows.filter(({ action }) => action.startsWith('webhook.'))
    expect(
      written.map(({ action, subjectKind, subjectId, subjectName, domain }) => [
        action,
        subjectKind,
        subjectId,
        subjectName,
        domain,
      ]),
    ).toEqual(
      ['created', 'updated', 'rotated', 'deleted'].map((what) => [
        `webhook.${what}`,
        'webhook',
        '1',
        'Ledger',
        'sip.other.org',
      ]),
    )
    expect(JSON.parse(written[1]?.changes ?? '')).toEqual({ url: null, enabled: [true, false] })
    expect(JSON.stringify(rows)).not.toContain('example.com')
    expect(t.logged('event=webhook.').join()).not.toContain('example.com')
  })
})

describe('webhooks of another Space', () => {
  test('are not there for administrators, whatever they name', async () => {
    const { webhook, delivery } = await withWebhook(t, t.main)
    const routes = [
      ['GET', `/api/webhooks/${webhook}`],
      ['PUT', `/api/webhooks/${webhook}`],
      ['DELETE', `/api/webhooks/${webhook}`],
      ['POST', `/api/webhooks/${webhook}/rotate`],
      ['POST', `/api/webhooks/${webhook}/test`],
      ['POST', `/api/webhooks/${webhook}/send-again`],
      ['GET', `/api/webhooks/${webhook}/deliveries`],
      ['POST', `/api/webhooks/${webhook}/deliveries/${delivery}/send-again`],
    ] as const
    await t.parts.apiKeys.flush()
    const before = await t.snapshot()
    for (const [method, path] of [...routes, ['GET', '/api/webhooks'], ['POST', '/api/webhooks']] as const) {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: NEW }
      const named = await t.send(method, `${path}?domain=sip.example.org`, { as: admin, host, ...body })
      expect([method, path, named.status]).toEqual([method, path, 404])
    }
    for (const [method, path] of routes) {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: NEW }
      expect((await t.send(method, path, { as: admin, host, ...body })).status).toBe(404)
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('are the super administrators’, who name the Space', async () => {
    const made = await t.post('/api/webhooks?domain=sip.other.org', { as: root, body: NEW })
    expect(made.status).toBe(201)
    expect((await t.get('/api/webhooks', { as: root })).json).toEqual([])
    expect((await t.get('/api/webhooks?domain=sip.other.org', { as: root })).json).toHaveLength(1)
    expect((await t.get('/api/webhooks/1?domain=SIP.other.org', { as: root })).status).toBe(200)
    expect((await t.get('/api/webhooks/1', { as: root })).status).toBe(404)
    expect((await t.get('/api/webhooks?domain=sip.nowhere.org', { as: root })).status).toBe(404)
    const other = await t.post('/api/webhooks?domain=sip.other.org', { as: root, body: { ...NEW, events: EVENTS } })
    expect(other.status).toBe(422)
    expect((await t.post('/api/webhooks', { as: root, body: { ...NEW, events: EVENTS } })).status).toBe(201)
    expect((await t.delete('/api/webhooks/1?domain=sip.other.org', { as: root })).json).toBe(1)
    expect(await list()).toEqual([])
  })
})

describe('on this machine', () => {
  let there: Receiver
  beforeEach(async () => {
    await t.close()
    await start(WITH_LOCAL_WEBHOOKS)
    there = await receiver()
  })
  afterEach(() => there.close())

  test('a webhook may be where WEBHOOKS_ALLOW_LOCAL says so, and nowhere else inside', async () => {
    expect((await create({ url: there.url })).status).toBe(201)
    expect((await create({ url: 'https://10.0.0.1/' })).status).toBe(422)
    expect((await create({ url: 'http://ledger.example.com/' })).status).toBe(422)
  })

  test('a test event is sent now, once, and what came of it is the reply; also to one that is off', async () => {
    await create({ url: there.url, enabled: false })
    const reply = await t.post('/api/webhooks/1/test', { as: admin, host })
    expect(reply.json).toMatchObject({
      event: 'webhook.test',
      subject: 'test',
      attempt: 1,
      status: 204,
      answer: '',
      error: null,
      state: null,
      next_attempt_at: null,
    })
    expect(there.received).toHaveLength(1)
    expect(there.received[0]?.json).toEqual({
      type: 'webhook.test',
      timestamp: '2026-06-01T12:00:00.000Z',
      version: 1,
      space: { domain: 'sip.other.org', host: 'other.localhost', name: 'Other' },
      data: { webhook: 1 },
    })
    const { json } = await t.get('/api/webhooks/1/deliveries', { as: admin, host })
    expect(json).toEqual({ data: [reply.json], next: null })
    await dispatcherOf(t, [t.parts.webhookDelivery.channel]).settle()
    expect(there.received).toHaveLength(1)
    await t.put('/api/webhooks/1', { as: admin, host, body: { ...NEW, url: there.url, enabled: true } })
    const again = await t.post(`/api/webhooks/1/deliveries/${reply.json.id}/send-again`, { as: admin, host })
    expect(again.status).toBe(409)
  })

  test('deliveries are listed 50 at a time, the newest first, each once', async () => {
    const { id } = await webhookOf(t, t.other, there.url)
    const one = { webhookId: id, messageId: 'msg_1', event: 'call.ended', subject: 'call 1', durationMs: 3 }
    const rows = Array.from({ length: 120 }, (_, n) => ({
      ...one,
      attempt: n + 1,
      status: 500,
      createdAt: t.clock.now,
    }))
    await t.db.transaction((tx) => tx.insert(t.db.tables.webhookAttempts).values(rows))
    const seen: number[] = []
    const sizes: number[] = []
    for (let next: number | null = 0; next !== null; ) {
      const before = next === 0 ? '' : `?before=${next}`
      const { json } = await t.get(`/api/webhooks/${id}/deliveries${before}`, { as: admin, host })
      seen.push(...json.data.map(({ attempt }: { attempt: number }) => attempt))
      sizes.push(json.data.length)
      next = json.next
    }
    expect([sizes, seen]).toEqual([[50, 50, 20], Array.from({ length: 120 }, (_, n) => 120 - n)])
    for (const before of ['x', '0', '-1']) {
      expect((await t.get(`/api/webhooks/${id}/deliveries?before=${before}`, { as: admin, host })).status).toBe(422)
    }
  })
})
