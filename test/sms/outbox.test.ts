import { afterEach, beforeEach, expect, test } from 'bun:test'
import { dispatcher } from '../../src/outbox/dispatcher.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { type FakeGateway, fakeGateway, SECRETS } from './fakes.ts'

let gateway: FakeGateway
let t: TestApp
beforeEach(() => {
  gateway = fakeGateway()
})
afterEach(async () => {
  gateway.stop()
  await t.close()
})

/** Adds one SMS with a code, and sends what is due, `seconds` later each time. */
const texted = async (env: Record<string, string>, ...seconds: number[]) => {
  t = await testApp({ env: { SMS_HTTP_URL: gateway.url, ...env } })
  const { id: accountId } = await t.account({ locale: 'fr' })
  const { outbox, channels, secrets } = t.parts
  const expiresAt = new Date(t.clock.now.getTime() + 600_000)
  await t.db.transaction((tx) =>
    outbox.add(tx, {
      channel: 'sms',
      kind: 'phone_code',
      spaceId: t.main.id,
      accountId,
      recipient: '+33612345678',
      language: 'fr',
      data: { code: '73415926', expires_minutes: 10 },
      expiresAt,
    }),
  )
  const { db, clock } = t
  const sending = dispatcher({ db, secrets, log: t.world.log, now: () => clock.now, outbox, channels, workers: 2 })
  for (const after of seconds) {
    clock.now = new Date(clock.now.getTime() + after * 1000)
    await sending.settle()
  }
  await sending.stop()
  const [message] = await t.messages()
  const leaks = [...t.lines, message?.lastError ?? ''].filter((line) => SECRETS.some((one) => line.includes(one)))
  return { message, leaks, lines: t.lines.join('\n') }
}

test('without a provider a message is dead, and the log says why', async () => {
  const { message, leaks, lines } = await texted({}, 0)
  expect(message).toMatchObject({ isDead: true, lastError: 'no SMS provider' })
  expect(lines).toContain('event=sms.unconfigured result=fail')
  expect(lines).toContain('event=sms.fail')
  expect(leaks).toEqual([])
})

test('a refusal for good is not repeated', async () => {
  gateway.behaviour = ({ body }) => new Response(body, { status: 400 })
  const { message, leaks } = await texted({ SMS_PROVIDER: 'http' }, 0, 60, 60)
  expect(message).toMatchObject({ isDead: true, lastError: 'http: HTTP 400' })
  expect(gateway.requests).toHaveLength(1)
  expect(leaks).toEqual([])
})

test('a gateway that is away gets the message later, under the same id and in the language of the person', async () => {
  gateway.behaviour = ({ body }) => new Response(body, { status: gateway.requests.length < 3 ? 503 : 200 })
  const { message, leaks, lines } = await texted({ SMS_PROVIDER: 'http' }, 0, 19, 1, 60)
  expect(message).toMatchObject({ isDead: false, lastError: null, data: null })
  expect(gateway.requests).toHaveLength(3)
  expect(new Set(gateway.requests.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
  expect(JSON.parse(gateway.last.body).text).toStartWith('Votre code de validation Example est 73415926.')
  expect(lines).toContain('event=sms.sent')
  expect(leaks).toEqual([])
})
