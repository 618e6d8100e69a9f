import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Db } from '../../src/db/db.ts'
import { PermanentFailure } from '../../src/outbox/messages.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { MINUTE_MS } from '../support/time.ts'
import { add, dispatcherOf, mailTo, never, recording, smsTo } from './recording.ts'

const SECOND_MS = 1000

let t: TestApp
beforeEach(async () => {
  t = await testApp()
})
afterEach(() => t.close())

const rows = async () => (await t.db.read.select().from(t.db.tables.outboxMessages)).sort((a, b) => a.id - b.id)
const stateOf = async (id = 1) => {
  const row = (await rows()).find((one) => one.id === id)
  if (row === undefined) return 'gone'
  return row.sentAt !== null ? 'sent' : row.deadAt !== null ? 'dead' : 'waiting'
}
const recipients = ({ given }: { given: readonly { recipient: string }[] }) => given.map(({ recipient }) => recipient)

describe('what is not sent', () => {
  test('a message whose transaction failed', async () => {
    const mail = recording('mail')
    const sending = dispatcherOf(t, [mail])
    const failed = t.db.transaction(async (tx) => {
      await t.parts.outbox.add(tx, mailTo(t, 'a@example.org'))
      throw new Error('rolled back')
    })
    await expect(failed).rejects.toThrow('rolled back')
    await sending.settle()
    expect(mail.given).toEqual([])
    expect(await rows()).toEqual([])
  })

  test('a code that has expired, and what was in it is gone', async () => {
    const mail = recording('mail')
    await add(t, mailTo(t, 'a@example.org', { expiresAt: new Date(t.clock.now.getTime() + MINUTE_MS) }))
    t.later(MINUTE_MS)
    await dispatcherOf(t, [mail]).settle()
    expect(mail.given).toEqual([])
    expect(await rows()).toMatchObject([{ lastError: 'expired', data: null, sentAt: null }])
    expect(await stateOf()).toBe('dead')
    expect(await t.parts.outbox.retry(1)).toBe(false)
  })

  test('a message for which there is no channel', async () => {
    await add(t, smsTo(t, '+33612345678'))
    await dispatcherOf(t, [recording('mail')]).settle()
    expect(await rows()).toMatchObject([{ lastError: 'no channel' }])
    expect(await stateOf()).toBe('dead')
  })

  test('a second one with the same dedup key, sent or not', async () => {
    const mail = recording('mail')
    const sending = dispatcherOf(t, [mail])
    const message = mailTo(t, 'a@example.org', { dedupKey: 'once' })
    expect([await add(t, message), await add(t, message)]).toEqual([expect.any(Number), null])
    await sending.settle()
    expect(await add(t, message)).toBeNull()
    await sending.settle()
    expect(mail.given).toHaveLength(1)
  })

  test('an older code, when a newer one is asked for', async () => {
    const account = await t.account()
    const mail = recording('mail')
    const code = (value: string) => {
      const { data } = mailTo(t, '')
      return mailTo(t, 'a@example.org', { accountId: account.id, supersedes: true, data: { ...data, code: value } })
    }
    await add(t, code('1111'))
    await add(t, code('2222'))
    await dispatcherOf(t, [mail]).settle()
    expect(mail.given.map(({ data }) => data.code)).toEqual(['2222'])
    expect(await rows()).toMatchObject([{ lastError: 'superseded', data: null }, { lastError: null }])
  })

  test('an older code that failed on its way while the newer one was asked for', async () => {
    const account = await t.account()
    const message = mailTo(t, 'a@example.org', { accountId: account.id, supersedes: true })
    const failing = Promise.withResolvers<void>()
    const mail = recording('mail', ({ id }) => (id === 1 ? failing.promise : Promise.resolve()))
    const sending = dispatcherOf(t, [mail])
    await add(t, message)
    sending.look()
    await eventually(() => mail.given.length === 1)
    await add(t, message)
    failing.reject(new Error('try later'))
    await sending.settle()
    t.later(5 * MINUTE_MS)
    await sending.settle()
    expect(mail.given.map(({ id }) => id)).toEqual([1, 2])
    expect([await stateOf(1), await stateOf(2)]).toEqual(['dead', 'sent'])
  })
})

describe('what fails', () => {
  const attemptsOf = async (message: Parameters<typeof add>[1], stepMs: number, forMs: number) => {
    const started = t.clock.now.getTime()
    const attempts: number[] = []
    const channel = recording(message.channel, async () => {
      attempts.push((t.clock.now.getTime() - started) / stepMs)
      throw new Error('try later')
    })
    const sending = dispatcherOf(t, [channel])
    await add(t, message)
    for (let passed = 0; passed <= forMs; passed += stepMs) {
      await sending.settle()
      t.later(stepMs)
    }
    return attempts
  }

  test('for good is dead at once, with the reason, and is not tried again', async () => {
    const mail = recording('mail', async () => {
      throw new PermanentFailure('550 no such mailbox')
    })
    const sending = dispatcherOf(t, [mail])
    await add(t, mailTo(t, 'a@example.org'))
    await sending.settle()
    t.later(24 * 60 * MINUTE_MS)
    await sending.settle()
    expect(mail.given).toHaveLength(1)
    expect(await rows()).toMatchObject([{ lastError: '550 no such mailbox', attempts: 1 }])
    expect(await stateOf()).toBe('dead')
    expect(t.logged('event=mail.dead')).toHaveLength(1)
  })

  test('for now is tried again after 1, 5, 15 and 60 minutes, then every hour for a day', async () => {
    const attempts = await attemptsOf(mailTo(t, 'a@example.org'), MINUTE_MS, 30 * 60 * MINUTE_MS)
    const hourly = Array.from({ length: 23 }, (_, hour) => 81 + 60 * hour)
    expect(attempts).toEqual([0, 1, 6, 21, ...hourly])
    expect(await stateOf()).toBe('dead')
  })

  test('as an SMS is tried again after 20 seconds, then every minute for ten', async () => {
    const attempts = await attemptsOf(smsTo(t, '+33612345678'), 10 * SECOND_MS, 15 * MINUTE_MS)
    expect(attempts).toEqual([0, 2, 8, 14, 20, 26, 32, 38, 44, 50, 56])
    expect(await stateOf()).toBe('dead')
  })

  test('is given up when the next attempt would come after the end of its code', async () => {
    const expiresAt = new Date(t.clock.now.getTime() + 10 * MINUTE_MS)
    const attempts = await attemptsOf(mailTo(t, 'a@example.org', { expiresAt }), MINUTE_MS, 30 * MINUTE_MS)
    expect(attempts).toEqual([0, 1, 6])
    expect(await stateOf()).toBe('dead')
  })

  test('leaves no secret behind, and no line break, whatever the other side answers', async () => {
    const mail = recording('mail', async ({ data }) => {
      throw new Error(`rejected:\u0000\r\n"Your code is ${data.code}, or ${data.code_link}"${'x'.repeat(900)}`)
    })
    await add(t, mailTo(t, 'a@example.org'))
    await dispatcherOf(t, [mail]).settle()
    const [row] = await rows()
    expect(row?.lastError).toStartWith('rejected: "Your code is …, or …"')
    expect(row?.lastError).toHaveLength(500)
    const written = JSON.stringify([row, t.lines])
    expect(written).not.toContain('48151623')
    expect(written).not.toContain('SECRETLINK')
  })

  test('does not keep the next recipient waiting', async () => {
    const mail = recording('mail', async ({ recipient }) => {
      if (recipient === 'bad@example.org') throw new PermanentFailure('no')
    })
    await add(t, mailTo(t, 'bad@example.org'))
    await add(t, mailTo(t, 'good@example.org'))
    await dispatcherOf(t, [mail], { workers: 1 }).settle()
    expect([await stateOf(1), await stateOf(2)]).toEqual(['dead', 'sent'])
  })

  test('can be tried again by hand, a dead one too', async () => {
    let isBroken = true
    const mail = recording('mail', async () => {
      if (isBroken) throw new PermanentFailure('no')
    })
    const sending = dispatcherOf(t, [mail])
    await add(t, mailTo(t, 'a@example.org'))
    await sending.settle()
    isBroken = false
    const about = { kind: 'message', id: 1 } as const
    const retry = () =>
      t.parts.outbox.retry(1, (tx) => t.parts.audit.record(tx, 'message.resent', { by: null, space: null, about }))
    expect(await retry()).toBe(true)
    await sending.settle()
    expect(await stateOf()).toBe('sent')
    expect(await retry()).toBe(false)
    expect(t.logged('message.resent')).toHaveLength(1)
  })

  test('at unsealing, after APP_KEY was changed, waits for the right key', async () => {
    await add(t, mailTo(t, 'a@example.org'))
    const { secrets } = await import('../../src/secrets.ts')
    const other = secrets(new Uint8Array(32), t.world.random)
    const mail = recording('mail')
    await dispatcherOf(t, [mail], { secrets: other }).settle()
    t.later(MINUTE_MS)
    await dispatcherOf(t, [mail]).settle()
    expect(mail.given).toHaveLength(1)
  })
})

describe('order', () => {
  test('the oldest first; one message at a time to one recipient, in their order', async () => {
    const onTheirWay = new Set<string>()
    let together = 0
    const mail = recording('mail', async ({ recipient }) => {
      if (onTheirWay.has(recipient)) together += 1
      onTheirWay.add(recipient)
      await Bun.sleep(2)
      onTheirWay.delete(recipient)
    })
    for (let round = 0; round < 5; round++) {
      for (const name of ['a', 'b', 'c']) await add(t, mailTo(t, `${name}@example.org`))
    }
    await dispatcherOf(t, [mail], { workers: 3 }).settle()
    expect(mail.given).toHaveLength(15)
    expect(together).toBe(0)
    for (const name of ['a', 'b', 'c']) {
      const ids = mail.given.filter(({ recipient }) => recipient.startsWith(name)).map(({ id }) => id)
      expect(ids).toEqual([...ids].sort((a, b) => a - b))
    }
  })

  test('one server has as many messages at once as there are workers', async () => {
    let now = 0
    let most = 0
    const mail = recording('mail', async () => {
      now += 1
      most = Math.max(most, now)
      await Bun.sleep(2)
      now -= 1
    })
    for (let index = 0; index < 20; index++) await add(t, mailTo(t, `a${index}@example.org`))
    await dispatcherOf(t, [mail], { workers: 2 }).settle()
    expect([mail.given.length, most]).toEqual([20, 2])
  })

  test("a server that hangs holds up neither another Space's mails nor any SMS", async () => {
    const mail = recording('mail', ({ spaceId }) => (spaceId === t.main.id ? never() : Promise.resolve()))
    const sms = recording('sms')
    for (let index = 0; index < 10; index++) await add(t, mailTo(t, `slow${index}@example.org`))
    await add(t, mailTo(t, 'fast@example.org', { spaceId: t.other.id }))
    await add(t, smsTo(t, '+33612345678'))
    const sending = dispatcherOf(t, [mail, sms], { drainMs: 0 })
    sending.look()
    await eventually(async () => (await stateOf(11)) === 'sent' && (await stateOf(12)) === 'sent')
    expect(recipients(mail).sort()).toEqual(['fast@example.org', 'slow0@example.org', 'slow1@example.org'])
    // What was chosen and had no room was given back untried.
    expect((await rows()).map(({ attempts }) => attempts)).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    await sending.stop()
  })

  test('a channel that does not answer at all is taken for broken, and the next message has its turn', async () => {
    const mail = recording('mail', ({ id }) => (id === 1 ? never() : Promise.resolve()))
    await add(t, mailTo(t, 'a@example.org'))
    await add(t, mailTo(t, 'b@example.org'))
    await dispatcherOf(t, [mail], { workers: 1, patienceMs: 10 }).settle()
    expect([await stateOf(1), await stateOf(2)]).toEqual(['waiting', 'sent'])
    expect(await rows()).toMatchObject([{ lastError: 'no answer in time', leasedUntil: null }, {}])
  })
})

describe('a lease', () => {
  test('is renewed for as long as the message is on its way: nobody else sends it', async () => {
    const answer = Promise.withResolvers<void>()
    const [slow, other] = [recording('mail', () => answer.promise), recording('mail')]
    const [first, second] = [dispatcherOf(t, [slow]), dispatcherOf(t, [other])]
    await add(t, mailTo(t, 'a@example.org'))
    first.look()
    await eventually(() => slow.given.length === 1)
    for (let passed = 0; passed < 120; passed += 20) {
      t.later(20 * SECOND_MS)
      await first.renew()
      await second.settle()
    }
    answer.resolve()
    await first.settle()
    await second.settle()
    expect([slow.given.length, other.given.length, await stateOf()]).toEqual([1, 0, 'sent'])
  })

  test('of a process that died runs out, and another process sends', async () => {
    const [dead, alive] = [recording('mail', never), recording('mail')]
    const [first, second] = [dispatcherOf(t, [dead], { drainMs: 0 }), dispatcherOf(t, [alive])]
    await add(t, mailTo(t, 'a@example.org'))
    first.look()
    await eventually(() => dead.given.length === 1)
    t.later(29 * SECOND_MS)
    await second.settle()
    expect(alive.given).toHaveLength(0)
    t.later(2 * SECOND_MS)
    await second.settle()
    expect([alive.given.length, await stateOf()]).toEqual([1, 'sent'])
    await first.stop()
  })

  test('that was lost decides nothing any more: a late failure does not bring the message back', async () => {
    const failing = Promise.withResolvers<void>()
    const hanging = Promise.withResolvers<void>()
    const [late, next] = [recording('mail', () => failing.promise), recording('mail', () => hanging.promise)]
    const [first, second] = [dispatcherOf(t, [late]), dispatcherOf(t, [next])]
    await add(t, mailTo(t, 'a@example.org'))
    first.look()
    await eventually(() => late.given.length === 1)
    t.later(31 * SECOND_MS)
    second.look()
    await eventually(() => next.given.length === 1)
    failing.reject(new PermanentFailure('the first one says no'))
    await first.settle()
    expect(await stateOf()).toBe('waiting')
    hanging.resolve()
    await second.settle()
    expect(await stateOf()).toBe('sent')
  })

  test('of the only process there can be is free at the next start', async () => {
    if (t.db.dialect !== 'sqlite') return
    const dead = dispatcherOf(t, [recording('mail', never)], { drainMs: 0 })
    await add(t, mailTo(t, 'a@example.org'))
    dead.look()
    await eventually(async () => (await rows())[0]?.leasedUntil !== null)
    const mail = recording('mail')
    const sending = dispatcherOf(t, [mail])
    await sending.start()
    await eventually(async () => (await stateOf()) === 'sent')
    await sending.stop()
    await dead.stop()
  })
})

describe('a running dispatcher', () => {
  test('is woken by a message, right after the commit', async () => {
    const mail = recording('mail')
    const sending = dispatcherOf(t, [mail])
    await sending.start()
    await add(t, mailTo(t, 'a@example.org'))
    const added = performance.now()
    await eventually(() => mail.given.length === 1)
    expect(performance.now() - added).toBeLessThan(1000)
    await sending.stop()
  })

  test('stops after what is on its way, takes nothing more, and closes its channels', async () => {
    const answer = Promise.withResolvers<void>()
    const mail = recording('mail', () => answer.promise)
    const sending = dispatcherOf(t, [mail], { workers: 1 })
    await sending.start()
    await add(t, mailTo(t, 'a@example.org'))
    await eventually(() => mail.given.length === 1)
    await add(t, mailTo(t, 'b@example.org'))
    const stopped = sending.stop()
    await Bun.sleep(20)
    expect(mail.isClosed()).toBe(false)
    answer.resolve()
    await stopped
    expect([mail.isClosed(), mail.given.length, await stateOf(1), await stateOf(2)]).toEqual([
      true,
      1,
      'sent',
      'waiting',
    ])
  })

  test('stops within its time although a server hangs, and the message waits for the next start', async () => {
    const mail = { ...recording('mail', never), close: never }
    const sending = dispatcherOf(t, [mail], { drainMs: 50 })
    await add(t, mailTo(t, 'a@example.org'))
    sending.look()
    await eventually(() => mail.given.length === 1)
    const started = performance.now()
    await sending.stop()
    expect(performance.now() - started).toBeLessThan(3000)
    expect(await rows()).toMatchObject([{ leasedUntil: null, lastError: 'the process ended' }])
    const next = recording('mail')
    await dispatcherOf(t, [next]).settle()
    expect(next.given).toHaveLength(1)
  })

  /** The database, which the test can take away. */
  const shaky = () => {
    const state = { isAway: false }
    const db: Db = {
      ...t.db,
      transaction: async (work) => {
        if (state.isAway) throw new Error('the database is away')
        return t.db.transaction(work)
      },
    }
    return { state, db }
  }

  test('whose database goes away while a message leaves notes that later, and sends it once', async () => {
    const { state, db } = shaky()
    const mail = recording('mail', async () => {
      state.isAway = true
    })
    const sending = dispatcherOf(t, [mail], { db })
    await add(t, mailTo(t, 'a@example.org'))
    sending.look()
    await eventually(() => mail.given.length === 1)
    await Bun.sleep(50)
    expect(await stateOf()).toBe('waiting')
    state.isAway = false
    await eventually(async () => (await stateOf()) === 'sent')
    await sending.settle()
    expect(mail.given).toHaveLength(1)
  })

  test('whose database is away says so once, and goes on when it is back', async () => {
    const { state, db } = shaky()
    const mail = recording('mail')
    const sending = dispatcherOf(t, [mail], { db })
    await add(t, mailTo(t, 'a@example.org'))
    state.isAway = true
    for (let looks = 0; looks < 5; looks++) await sending.settle()
    expect(t.logged('the outbox cannot be read')).toHaveLength(1)
    state.isAway = false
    await sending.settle()
    expect(await stateOf()).toBe('sent')
  })
})

const SKIPPED = 'skipped: two processes share one PostgreSQL; a SQLite file belongs to one'

describe('two processes on one database', () => {
  test('send each of 200 messages once', async () => {
    if (t.db.dialect !== 'postgres') return void process.stdout.write(`${SKIPPED}\n`)
    const again = t.database.reopen()
    const channels = [0, 1].map(() => recording('mail', () => Bun.sleep(Math.random() * 4)))
    await t.db.transaction(async (tx) => {
      for (let index = 0; index < 200; index++) await t.parts.outbox.add(tx, mailTo(t, `a${index % 150}@example.org`))
    })
    const [first, second] = [
      dispatcherOf(t, channels.slice(0, 1), { workers: 4 }),
      dispatcherOf(t, channels.slice(1), { workers: 4, db: again }),
    ]
    await Promise.all([first?.settle(), second?.settle()])
    await eventually(async () => (await rows()).every(({ sentAt }) => sentAt !== null))
    const ids = channels.flatMap(({ given }) => given.map(({ id }) => id))
    expect(ids.length).toBe(200)
    expect(new Set(ids).size).toBe(200)
    // Neither of them had everything to do.
    for (const { given } of channels) expect(given.length).toBeGreaterThan(20)
    await again.close()
  })
})

describe('the outbox', () => {
  test('forgets what was sent a week ago and what was given up a month ago, and nothing that waits', async () => {
    const mail = recording('mail', async ({ recipient }) => {
      if (recipient === 'dead@example.org') throw new PermanentFailure('no')
      if (recipient === 'waiting@example.org') throw new Error('later')
    })
    for (const name of ['sent', 'dead']) await add(t, mailTo(t, `${name}@example.org`))
    await dispatcherOf(t, [mail]).settle()
    await add(t, mailTo(t, 'waiting@example.org'))
    const days = (count: number) => t.later(count * 24 * 60 * MINUTE_MS)
    days(6)
    expect(await t.parts.outbox.clear()).toBe(0)
    days(2)
    expect(await t.parts.outbox.clear()).toBe(1)
    days(23)
    expect(await t.parts.outbox.clear()).toBe(1)
    days(100)
    expect(await t.parts.outbox.clear()).toBe(0)
    expect((await rows()).map(({ recipient }) => recipient)).toEqual(['waiting@example.org'])
  })

  test('drops what a message said once it has left', async () => {
    await add(t, mailTo(t, 'a@example.org'))
    await dispatcherOf(t, [recording('mail')]).settle()
    expect(await rows()).toMatchObject([{ data: null, lastError: null }])
  })

  test('says what waits in each channel, and for how long', async () => {
    expect(await t.parts.outbox.depth()).toEqual([
      { channel: 'mail', waiting: 0, oldest: null },
      { channel: 'sms', waiting: 0, oldest: null },
      { channel: 'recovery', waiting: 0, oldest: null },
      { channel: 'bridge', waiting: 0, oldest: null },
      { channel: 'hook', waiting: 0, oldest: null },
      { channel: 'statistics', waiting: 0, oldest: null },
      { channel: 'proxy', waiting: 0, oldest: null },
      { channel: 'webhook', waiting: 0, oldest: null },
    ])
    const at = t.clock.now
    await add(t, mailTo(t, 'a@example.org'))
    t.later(MINUTE_MS)
    await add(t, mailTo(t, 'b@example.org'))
    expect(await t.parts.outbox.depth()).toMatchObject([
      { channel: 'mail', waiting: 2, oldest: at },
      { waiting: 0 },
      { waiting: 0 },
      { waiting: 0 },
      { waiting: 0 },
      { waiting: 0 },
      { waiting: 0 },
      { waiting: 0 },
    ])
  })
})
