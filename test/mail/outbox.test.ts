import { afterEach, expect, test } from 'bun:test'
import { add, dispatcherOf, mailTo } from '../outbox/recording.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { MINUTE_MS } from '../support/time.ts'
import { smtpServer } from './smtp.ts'

// From the outbox to a mail server and back, with the clock in hand.

let t: TestApp
afterEach(async () => {
  await t.parts.mail.close()
  await t.close()
})

const begin = async (port: number, env: Record<string, string> = {}) => {
  const base = { MAIL_HOST: 'localhost', MAIL_PORT: String(port), MAIL_FROM_ADDRESS: 'noreply@example.org' }
  t = await testApp({ env: { ...base, ...env } })
  return dispatcherOf(t, [t.parts.mail])
}
const state = async () => {
  const [row] = await t.parts.outbox.list({ most: 1, unsent: false })
  const end = row?.sentAt ? 'sent' : row?.deadAt ? 'dead' : 'waiting'
  return { end, attempts: row?.attempts, error: row?.lastError }
}
const nothingLeaks = async () => {
  const rows = JSON.stringify(await t.parts.outbox.list({ most: 10, unsent: false }))
  for (const text of [t.lines.join('\n'), rows]) expect(text).not.toMatch(/48151623|SECRETLINK/)
}

test('a recipient who does not exist is given up at once', async () => {
  await using smtp = await smtpServer({ answer: (recipient) => `550 <${recipient}> is nobody here` })
  const sending = await begin(smtp.port)
  await add(t, mailTo(t, 'nobody@example.net'))
  await sending.settle()
  expect(await state()).toEqual({
    end: 'dead',
    attempts: 1,
    error: `localhost:${smtp.port}: 550 <n***@example.net> is nobody here`,
  })
  expect(t.lines.join('\n')).toContain('event=mail.dead')
  await nothingLeaks()
})

test('a greylisting server has the mail a minute later, once', async () => {
  await using smtp = await smtpServer({ answer: (_, attempt) => (attempt === 1 ? '451 4.7.1 come back' : null) })
  const sending = await begin(smtp.port)
  await add(t, mailTo(t, 'alice@example.net'))
  await sending.settle()
  expect(await state()).toMatchObject({ end: 'waiting', attempts: 1 })
  await sending.settle()
  expect(smtp.received).toEqual([])
  t.later(MINUTE_MS)
  await sending.settle()
  expect(await state()).toEqual({ end: 'sent', attempts: 2, error: null })
  expect(smtp.received.map(({ envelope }) => envelope.to)).toEqual([['alice@example.net']])
  await nothingLeaks()
})

test('mails wait while the server is away, and leave when it is back', async () => {
  const before = await smtpServer()
  await before.close()
  const sending = await begin(before.port)
  await add(t, mailTo(t, 'alice@example.net', { expiresAt: null }))
  await sending.settle()
  expect(await state()).toMatchObject({ end: 'waiting', error: expect.stringContaining('does not answer') })
  await using smtp = await smtpServer({ port: before.port })
  t.later(MINUTE_MS)
  await sending.settle()
  expect([(await state()).end, smtp.received.length]).toEqual(['sent', 1])
})

test('a mail about a Space leaves by its server, also when the Space was set up after the mail', async () => {
  await using own = await smtpServer()
  await using instance = await smtpServer()
  const sending = await begin(instance.port, { MAIL_SPACE_HOSTS_ALLOW: '127.0.0.1' })
  const root = await t.account({ admin: true })
  await add(t, mailTo(t, 'alice@example.net', { spaceId: t.other.id }))
  const body = { host: '127.0.0.1', port: own.port, from_name: 'Other phones', from_address: 'hi@other.example' }
  expect((await t.post('/api/spaces/sip.other.org/email', { as: root, body })).status).toBe(201)
  await sending.settle()
  expect(own.received.map(({ mail }) => [mail.from?.text, mail.subject])).toEqual([
    ['"Other phones" <hi@other.example>', 'Other: confirm your e-mail address'],
  ])
  expect(own.received[0]?.mail.text).toContain('http://other.localhost:8080')
  expect(instance.received).toEqual([])
})
