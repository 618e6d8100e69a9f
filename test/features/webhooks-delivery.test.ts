import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { Webhook } from 'standardwebhooks'
import { add, dispatcherOf, mailTo, recording } from '../outbox/recording.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { MINUTE_MS } from '../support/time.ts'
import {
  type Answered,
  type Received,
  type Receiver,
  receiver,
  WITH_LOCAL_WEBHOOKS,
  webhookOf,
} from '../support/webhooks.ts'

// How messages reach webhooks (behaviour/webhooks.md §4): signed, in order, again and again, and what is written down of it.

const SECOND_MS = 1000
const HOUR_MS = 60 * MINUTE_MS

let t: TestApp
let admin: TestAccount
let there: Receiver
let answer: (got: Received) => Answered | Promise<Answered>
const receivers: Receiver[] = []

const receiving = async (how?: (got: Received) => Answered | Promise<Answered>) => {
  const one = await receiver(how)
  receivers.push(one)
  return one
}

beforeEach(async () => {
  t = await testApp({ env: { ...WITH_LOCAL_WEBHOOKS, APP_API_KEY_EXPIRATION_MINUTES: '0' } })
  admin = await t.account({ username: 'admin01', admin: true })
  answer = () => ({})
  there = await receiving((got) => answer(got))
})
afterEach(async () => {
  await t.close()
  for (const one of receivers.splice(0)) await one.close()
})

const sending = (...more: Parameters<typeof dispatcherOf>[1]) =>
  dispatcherOf(t, [t.parts.webhookDelivery.channel, ...more])
const change = (id: number, name: string) =>
  t.put(`/api/accounts/${id}`, {
    as: admin,
    body: { username: 'alice01', display_name: name, algorithm: 'SHA-256' },
  })
const deliveries = async (id: number) => (await t.get(`/api/webhooks/${id}/deliveries`, { as: admin })).json.data
const rows = () => t.db.read.select().from(t.db.tables.outboxMessages)
const names = ({ received }: Receiver) => received.map(({ json }) => json.data.display_name)

describe('a message', () => {
  test('is signed as a public library expects, with a secret that nobody else knows', async () => {
    const { secret } = await webhookOf(t, t.main, there.url, { events: ['account.created'] })
    const body = { username: 'alice01', password: 'correct-horse', algorithm: 'SHA-256', email: 'a@example.org' }
    expect((await t.post('/api/accounts', { as: admin, body })).status).toBe(200)
    // The library compares with the clock of the machine.
    t.clock.now = new Date()
    await sending().settle()
    expect(there.received).toHaveLength(1)
    const [{ headers = {}, body: sent = '' } = {}] = there.received
    expect(new Webhook(secret).verify(sent, headers)).toMatchObject({
      type: 'account.created',
      version: 1,
      space: { domain: 'sip.example.org', host: 'localhost', name: 'Example' },
      data: { username: 'alice01', email: 'a@example.org' },
    })
    const other = `whsec_${Buffer.from(t.world.random(32)).toString('base64')}`
    expect(() => new Webhook(other).verify(sent, headers)).toThrow()
    expect(() => new Webhook(secret).verify(sent.replace('alice01', 'mallory'), headers)).toThrow()
    expect(() => new Webhook(secret).verify(sent, { ...headers, 'webhook-id': 'msg_other' })).toThrow()
    expect(headers['content-type']).toBe('application/json')
  })

  test('is signed with both secrets for 24 hours after a rotation, and then with the new one', async () => {
    const { id, secret: old } = await webhookOf(t, t.main, there.url)
    const rotated = await t.post(`/api/webhooks/${id}/rotate`, { as: admin })
    const { secret } = rotated.json
    expect(rotated.json).toMatchObject({ previous_secret_until: '2026-06-02T12:00:00.000000Z' })
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    await t.account({ username: 'alice01' }).then(({ id }) => change(id, 'One'))
    t.later(24 * HOUR_MS - SECOND_MS)
    await sending().settle()
    const [{ headers = {}, body = '' } = {}] = there.received
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2)
    t.clock.now = new Date(t.clock.now.getTime() + SECOND_MS)
    await t.account({ username: 'bobby01' }).then(({ id }) => t.delete(`/api/accounts/${id}`, { as: admin }))
    await sending().settle()
    const last = there.received.at(-1)
    expect(last?.headers['webhook-signature']?.split(' ')).toHaveLength(1)
    // Whoever looks at the time of a message is some months away.
    const verifies = (with_: string, got: { headers: Record<string, string>; body: string }) => {
      const at = new Date(Number(got.headers['webhook-timestamp']) * 1000)
      const [id = '', signatures = ''] = [got.headers['webhook-id'], got.headers['webhook-signature']]
      return signatures.split(' ').includes(new Webhook(with_).sign(id, at, got.body))
    }
    expect([verifies(old, { headers, body }), verifies(secret, { headers, body })]).toEqual([true, true])
    const now = { headers: last?.headers ?? {}, body: last?.body ?? '' }
    expect([verifies(old, now), verifies(secret, now)]).toEqual([false, true])
  })

  test('of a transaction that failed is never told', async () => {
    await webhookOf(t, t.main, there.url)
    const alice = await t.account({ username: 'alice01' })
    const failed = t.db.transaction(async (tx) => {
      const { account } = await t.parts.accounts.view(tx, t.main, alice.id)
      await t.parts.accountNews.tell(tx, 'account.updated', account)
      throw new Error('rolled back')
    })
    await expect(failed).rejects.toThrow('rolled back')
    await sending().settle()
    expect([there.received, await rows()]).toEqual([[], []])
  })
})

describe('what is not taken', () => {
  test('is tried again after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, with the same id, and then given up', async () => {
    const { id, secret } = await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    answer = () => ({ status: 503, body: 'not\u0007 now' })
    await change(alice.id, 'One')
    const started = t.clock.now.getTime()
    const at: number[] = []
    const dispatcher = sending()
    for (let round = 0; round < 12; round++) {
      const before = there.received.length
      await dispatcher.settle()
      if (there.received.length > before) at.push(Math.round((t.clock.now.getTime() - started) / SECOND_MS))
      const [row] = await rows()
      if (row?.deadAt != null) break
      t.clock.now = row?.notBefore ?? t.clock.now
    }
    const steps = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    expect(at.map((second, index) => second - (at[index - 1] ?? 0))).toEqual(steps)
    expect(new Set(there.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(there.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10)
    expect(new Set(there.received.map(({ body }) => body)).size).toBe(1)
    expect(secret).not.toBe('')

    const listed = await deliveries(id)
    expect(listed).toHaveLength(10)
    expect(listed[0]).toMatchObject({
      attempt: 10,
      event: 'account.updated',
      subject: `account ${alice.id}`,
      status: 503,
      answer: 'not\ufffd now',
      state: 'dead',
      next_attempt_at: null,
    })
    t.later(100 * HOUR_MS)
    await dispatcher.settle()
    expect(there.received).toHaveLength(10)
    // An operator is not told of what is broken at a tenant's.
    expect(t.logged('given up')).toEqual([])

    answer = () => ({})
    expect((await t.post(`/api/webhooks/${id}/deliveries/${listed[3].id}/send-again`, { as: admin })).json).toBe(1)
    await dispatcher.settle()
    expect(there.received).toHaveLength(11)
    expect(there.received.at(-1)?.headers['webhook-id']).toBe(listed[0].message_id)
    expect((await deliveries(id))[0]).toMatchObject({ status: 204, state: 'delivered' })
    const again = await t.post(`/api/webhooks/${id}/deliveries/${listed[3].id}/send-again`, { as: admin })
    expect([again.status, again.json.message]).toEqual([
      409,
      'It was delivered, is on its way, or is not kept any more.',
    ])
  })

  test('is redirected nowhere', async () => {
    const elsewhere = await receiving()
    const { id } = await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    answer = () => ({ status: 307, headers: { location: elsewhere.url } })
    await t.account({ username: 'alice01' }).then((alice) => change(alice.id, 'One'))
    await sending().settle()
    expect([there.received.length, elsewhere.received.length]).toEqual([1, 0])
    expect((await deliveries(id))[0]).toMatchObject({ status: 307, state: 'waiting' })
  })

  test('by nobody, since nobody listens, says so', async () => {
    const closed = await receiver()
    await closed.close()
    const { id } = await webhookOf(t, t.main, closed.url, { events: ['account.updated'] })
    await t.account({ username: 'alice01' }).then((alice) => change(alice.id, 'One'))
    await sending().settle()
    expect((await deliveries(id))[0]).toMatchObject({ status: null, answer: null, state: 'waiting' })
    expect((await deliveries(id))[0].error).toContain(new URL(closed.url).host)
  })

  test('all at once is sent again where that is asked for', async () => {
    const { id } = await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    for (const name of ['One', 'Two', 'Three']) await change(alice.id, name)
    const { outboxMessages } = t.db.tables
    await t.db.transaction((tx) => tx.update(outboxMessages).set({ deadAt: t.clock.now }))
    expect((await t.post(`/api/webhooks/${id}/send-again`, { as: admin })).json).toEqual({ sent_again: 3 })
    const { auditLog } = t.db.tables
    const said = async () =>
      (await t.db.read.select().from(auditLog)).filter(({ action }) => action === 'webhook.resent')
    expect((await said()).map(({ detail }) => detail)).toEqual(['{"count":3}'])
    await sending().settle()
    expect(names(there)).toEqual(['One', 'Two', 'Three'])
    expect((await t.post(`/api/webhooks/${id}/send-again`, { as: admin })).json).toEqual({ sent_again: 0 })
    expect(await said()).toHaveLength(1)
  })

  test('is not sent again when that cannot be written down', async () => {
    const { id } = await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    await change(alice.id, 'One')
    const { outboxMessages } = t.db.tables
    await t.db.transaction((tx) => tx.update(outboxMessages).set({ deadAt: t.clock.now }))
    const { record } = t.parts.audit
    t.parts.audit.record = () => Promise.reject(new Error('the power went'))
    const reply = await t.post(`/api/webhooks/${id}/send-again`, { as: admin })
    t.parts.audit.record = record
    expect([reply.status, (await rows()).filter(({ deadAt }) => deadAt === null)]).toEqual([500, []])
  })

  test('because nobody is there any more (410) switches the webhook off, and gives up what waits', async () => {
    const { id } = await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    answer = () => ({ status: 410 })
    await change(alice.id, 'One')
    await change(alice.id, 'Two')
    await sending().settle()
    expect(there.received).toHaveLength(1)
    expect((await t.get(`/api/webhooks/${id}`, { as: admin })).json).toMatchObject({
      enabled: false,
      gone_at: '2026-06-01T12:00:00.000000Z',
    })
    expect(await deliveries(id)).toMatchObject([
      { status: null, error: 'the webhook is switched off', state: 'dead' },
      { status: 410, state: 'dead' },
    ])
    expect(t.logged('event=webhook.updated').join()).toContain('reason=gone')
    await change(alice.id, 'Three')
    expect(await rows()).toHaveLength(2)
    const refused = await t.post(`/api/webhooks/${id}/send-again`, { as: admin })
    expect([refused.status, refused.json.message]).toEqual([409, 'The webhook is switched off: switch it on first.'])
  })
})

describe('order', () => {
  test('of what is about one account is kept, while others go on', async () => {
    await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    const bobby = await t.account({ username: 'bobby01' })
    const rename = (id: number, username: string, display_name: string) =>
      t.put(`/api/accounts/${id}`, { as: admin, body: { username, display_name, algorithm: 'SHA-256' } })
    let isBroken = true
    answer = ({ json }) => (isBroken && json.data.username === 'alice01' ? { status: 500 } : {})
    await rename(alice.id, 'alice01', 'A1')
    await rename(alice.id, 'alice01', 'A2')
    await rename(bobby.id, 'bobby01', 'B1')
    await rename(alice.id, 'alice01', 'A3')
    await rename(bobby.id, 'bobby01', 'B2')
    const dispatcher = sending()
    await dispatcher.settle()
    expect(names(there).sort()).toEqual(['A1', 'B1', 'B2'])
    t.later(5 * SECOND_MS)
    await dispatcher.settle()
    expect(names(there).filter((name) => name.startsWith('A'))).toEqual(['A1', 'A1'])
    isBroken = false
    t.later(5 * MINUTE_MS)
    await dispatcher.settle()
    expect(names(there).filter((name) => name.startsWith('A'))).toEqual(['A1', 'A1', 'A1', 'A2', 'A3'])
    expect(names(there).filter((name) => name.startsWith('B'))).toEqual(['B1', 'B2'])
  })

  test('is kept by two processes that send at the same time', async () => {
    await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    const wanted = Array.from({ length: 12 }, (_, n) => `N${n}`)
    for (const name of wanted) await change(alice.id, name)
    const [one, two] = [sending(), sending()]
    await Promise.all([one.settle(), two.settle()])
    await eventually(async () => {
      t.later(2 * SECOND_MS)
      await Promise.all([one.settle(), two.settle()])
      return there.received.length >= wanted.length
    })
    expect(names(there)).toEqual(wanted)
  })

  test('lets what follows a message that was given up go on', async () => {
    await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    for (const name of ['One', 'Two']) await change(alice.id, name)
    answer = ({ json }) => (json.data.display_name === 'One' ? { status: 500 } : {})
    const dispatcher = sending()
    for (let round = 0; round < 30 && !names(there).includes('Two'); round++) {
      await dispatcher.settle()
      const waiting = (await rows()).filter(({ deadAt, sentAt }) => deadAt === null && sentAt === null)
      const next = waiting.map(({ notBefore }) => notBefore.getTime()).sort((a, b) => a - b)[0]
      if (next !== undefined) t.clock.now = new Date(Math.max(next, t.clock.now.getTime()))
    }
    expect(names(there)).toEqual([...Array.from({ length: 10 }, () => 'One'), 'Two'])
  })
})

describe('a webhook that never answers', () => {
  test('holds up no other webhook, no mail and no other Space, whatever waits for it', async () => {
    const hanging: (() => void)[] = []
    answer = () => new Promise<Answered>((resolve) => hanging.push(() => resolve({})))
    const quick = await receiving()
    const neighbour = await receiving()
    const slow = await webhookOf(t, t.main, there.url, { events: ['account.created', 'account.updated'] })
    await webhookOf(t, t.main, quick.url, { events: ['account.created'] })
    await webhookOf(t, t.other, neighbour.url, { events: ['account.created'] })
    const theirs = await t.account({ space: t.other, username: 'theirs1', admin: true })
    const make = (n: number, as: TestAccount, host: string) =>
      t.post('/api/accounts', {
        as,
        host,
        body: { username: `account${n}x`, password: 'correct-horse', algorithm: 'SHA-256' },
      })
    for (let n = 0; n < 40; n++) await make(n, admin, 'localhost')
    await make(1, theirs, 'other.localhost')
    const mail = recording('mail')
    await add(t, mailTo(t, 'a@example.org'))
    const dispatcher = sending(mail)
    await dispatcher.start()
    try {
      await eventually(() => quick.received.length === 40 && neighbour.received.length === 1 && mail.given.length === 1)
      expect(there.received).toHaveLength(1)
      // What comes now is not behind what waits.
      await make(2, theirs, 'other.localhost')
      await add(t, mailTo(t, 'b@example.org'))
      await eventually(() => neighbour.received.length === 2 && mail.given.length === 2)
      answer = () => ({})
      for (const end of hanging) end()
      await eventually(() => there.received.length === 40)
    } finally {
      await dispatcher.stop()
    }
    expect(await deliveries(slow.id)).toHaveLength(40)
  })

  test('gets one message at a time until it has taken one, and again once it has failed', async () => {
    const hanging: ((answered: Answered) => void)[] = []
    answer = () => new Promise<Answered>((resolve) => hanging.push(resolve))
    await webhookOf(t, t.main, there.url, { events: ['account.created'] })
    for (let n = 0; n < 12; n++) {
      const body = { username: `account${n}x`, password: 'correct-horse', algorithm: 'SHA-256' }
      await t.post('/api/accounts', { as: admin, body })
    }
    const dispatcher = sending()
    dispatcher.look()
    await eventually(() => hanging.length === 1)
    hanging.splice(0)[0]?.({})
    await eventually(() => hanging.length === 4)
    for (const end of hanging.splice(0)) end({ status: 500 })
    await eventually(() => hanging.length === 1)
    hanging.splice(0)[0]?.({})
    await eventually(() => hanging.length === 4)
    answer = () => ({})
    for (const end of hanging) end({})
    await dispatcher.settle()
    expect(there.received).toHaveLength(12)
  })
})

describe('what waits', () => {
  test('goes with its webhook, and with its Space', async () => {
    const theirs = await t.account({ space: t.other, username: 'theirs1', admin: true })
    const { id } = await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    await webhookOf(t, t.other, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    await change(alice.id, 'One')
    const body = { username: 'theirs1', display_name: 'X', algorithm: 'SHA-256', admin: true }
    const changed = await t.put(`/api/accounts/${theirs.id}`, { as: theirs, host: 'other.localhost', body })
    expect([changed.status, (await rows()).length]).toEqual([200, 2])
    expect((await t.delete(`/api/webhooks/${id}`, { as: admin })).json).toBe(1)
    expect((await rows()).length).toBe(1)
    expect((await t.delete('/api/spaces/sip.other.org', { as: admin })).json).toBe(1)
    expect((await rows()).filter(({ channel }) => channel === 'webhook')).toEqual([])
    await sending().settle()
    expect(there.received).toEqual([])
  })

  test('goes also while it is being sent, however much it is', async () => {
    const { id } = await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const data = t.parts.secrets.seal(JSON.stringify({ id: 'msg_1', subject: 'call 1', body: '{"data":{}}' }))
    const stamps = { notBefore: t.clock.now, createdAt: t.clock.now, updatedAt: t.clock.now }
    const one = { channel: 'webhook', kind: 'call.ended', webhookId: id, language: 'en', data, ...stamps } as const
    const many = Array.from({ length: 1200 }, (_, n) => ({ ...one, recipient: `webhook ${id} call ${n}` }))
    await t.db.transaction((tx) => tx.insert(t.db.tables.outboxMessages).values(many))
    const dispatcher = sending()
    dispatcher.look()
    await eventually(() => there.received.length > 20)
    expect((await t.delete(`/api/webhooks/${id}`, { as: admin })).json).toBe(1)
    await dispatcher.settle()
    expect(there.received.length).toBeLessThan(1200)
    expect([await rows(), await t.db.read.select().from(t.db.tables.webhookAttempts)]).toEqual([[], []])
    expect(t.logged('cannot be')).toEqual([])
  })

  test('survives the end of the process, and is sent once more with the same id', async () => {
    await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    await t.account({ username: 'alice01' }).then((alice) => change(alice.id, 'One'))
    const never = new Promise<Answered>(() => {})
    answer = () => never
    const dying = sending()
    dying.look()
    await eventually(() => there.received.length === 1)
    // The process is gone, and its lease runs out.
    answer = () => ({})
    t.later(MINUTE_MS)
    await sending().settle()
    expect(there.received).toHaveLength(2)
    expect(new Set(there.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  test('is written down for 14 days', async () => {
    const { id } = await webhookOf(t, t.main, there.url, { events: ['account.updated'] })
    const alice = await t.account({ username: 'alice01' })
    await change(alice.id, 'One')
    await sending().settle()
    t.later(14 * 24 * HOUR_MS)
    await change(alice.id, 'Two')
    await sending().settle()
    expect(await t.parts.webhooks.clear()).toBe(0)
    t.later(SECOND_MS)
    expect(await t.parts.webhooks.clear()).toBe(1)
    expect(await deliveries(id)).toHaveLength(1)
  })
})
