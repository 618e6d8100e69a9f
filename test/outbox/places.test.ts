import { afterEach, beforeEach, test } from 'bun:test'
import type { Dispatcher } from '../../src/outbox/dispatcher.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { webhookOf } from '../support/webhooks.ts'
import { add, dispatcherOf, mailTo, never, recording } from './recording.ts'

// Nobody's server or target holds up those of others, however many there are of it (behaviour/messages.md §3).

let t: TestApp
let sending: Dispatcher | null = null
beforeEach(async () => {
  t = await testApp()
})
afterEach(async () => {
  await sending?.stop()
  await t.close()
})

const spacesOf = (count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, n) =>
      t.space({ domain: `sip.s${n}.org`, host: `s${n}.localhost`, name: `Space ${n}` }),
    ),
  )
const URL = 'https://192.0.2.1/'
const events = ['account.created'] as const
const tell = (ids: readonly number[], subject: string) =>
  t.db.transaction(async (tx) => {
    for (const webhookId of ids) {
      await t.parts.outbox.add(tx, {
        channel: 'webhook',
        kind: 'account.created',
        spaceId: null,
        accountId: null,
        webhookId,
        recipient: `webhook ${webhookId} ${subject}`,
        language: 'en',
        data: { id: 'msg_1', subject, body: '{}' },
      })
    }
  })

test('several hundred webhooks that hang hold up none of another Space, and none beside them', async () => {
  const hanging = new Set<number>()
  const twenty = async (space: typeof t.main) => {
    for (let n = 0; n < 19; n += 1) hanging.add((await webhookOf(t, space, URL, { events })).id)
  }
  for (const space of [t.main, ...(await spacesOf(16))]) await twenty(space)
  const beside = (await webhookOf(t, t.main, URL, { events })).id
  const another = (await webhookOf(t, t.other, URL, { events })).id
  let ends: (() => void)[] = []
  const channel = recording('webhook', ({ webhookId }) =>
    hanging.has(webhookId ?? 0)
      ? new Promise((_, reject) => ends.push(() => reject(new Error('no answer in time'))))
      : Promise.resolve(),
  )
  const heard = () => channel.given.filter(({ webhookId }) => [beside, another].includes(webhookId ?? 0)).length
  sending = dispatcherOf(t, [channel], { drainMs: 0 })
  for (const subject of ['a', 'b', 'c']) await tell([...hanging], subject)
  sending.look()
  await eventually(() => ends.length === 256)
  await tell([beside, another], 'a')
  // What hangs for a second keeps no place.
  t.later(1000)
  sending.look()
  await eventually(() => heard() === 2)
  // All of them fail, and hang once more.
  await eventually(() => ends.length === hanging.size)
  const failed = ends
  ends = []
  for (const end of failed) end()
  await Bun.sleep(0)
  t.later(60_000)
  sending.look()
  await eventually(() => ends.length >= 200)
  await tell([beside, another], 'b')
  sending.look()
  await eventually(() => heard() === 4)
})

test('mail servers that hang hold up nobody else’s mails, however many Spaces have one', async () => {
  const spaces = await spacesOf(40)
  const mail = recording('mail', ({ spaceId }) => (spaceId === t.main.id ? Promise.resolve() : never()))
  sending = dispatcherOf(t, [mail], { drainMs: 0 })
  for (const { id } of spaces) {
    for (const name of ['a', 'b']) await add(t, mailTo(t, `${name}${id}@example.org`, { spaceId: id }))
  }
  sending.look()
  await eventually(() => mail.given.length === 64)
  await add(t, mailTo(t, 'me@example.org'))
  t.later(1000)
  sending.look()
  await eventually(() => mail.given.some(({ recipient }) => recipient === 'me@example.org'))
})

test('a mail server that hangs keeps nobody’s mails from another Space', async () => {
  const mail = recording('mail', ({ spaceId }) => (spaceId === t.other.id ? never() : Promise.resolve()))
  sending = dispatcherOf(t, [mail], { drainMs: 0 })
  await add(t, mailTo(t, 'both@example.org', { spaceId: t.other.id }))
  await add(t, mailTo(t, 'both@example.org'))
  sending.look()
  await eventually(() => mail.given.length === 2)
})
