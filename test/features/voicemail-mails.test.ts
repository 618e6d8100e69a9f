import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { type ParsedMail, simpleParser } from 'mailparser'
import type { Dispatcher } from '../../src/outbox/dispatcher.ts'
import { dispatcherOf, recording } from '../outbox/recording.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { testFolder } from '../support/folder.ts'
import { form, opus, wav } from '../support/voice.ts'

// Mails about voicemails (behaviour/messages.md §1), as they lie where MAIL_DRIVER=file puts them.

let t: TestApp
let folder: string
let admin: TestAccount
let alice: TestAccount
let sending: Dispatcher

beforeEach(async () => {
  folder = mkdtempSync(join(testFolder, 'voicemail-mails-'))
  t = await testApp({
    env: {
      DATA_DIR: folder,
      MAIL_DRIVER: 'file',
      MAIL_FROM_ADDRESS: 'sip@example.org',
      PUBLIC_SCHEME: 'https',
      APP_API_KEY_EXPIRATION_MINUTES: '0',
    },
  })
  admin = await t.account({ username: 'admin', admin: true })
  alice = await t.account({ username: 'alice', email: 'alice@example.org' })
  sending = dispatcherOf(t, [t.parts.mail])
})
afterEach(async () => {
  await sending.stop()
  await t.close()
  rmSync(folder, { recursive: true })
})

const leave = async (
  account: TestAccount,
  file = wav(42),
  type = 'audio/wav',
  from: string | null = 'sip:bob@x.org',
) => {
  const body = { content_type: type, sip_from: from }
  const { id } = (await t.post(`/api/accounts/${account.id}/voicemails`, { as: admin, body })).json
  const { status, json, text } = await t.post(`/api/files/${id}`, { as: admin, ...form(file) })
  if (status !== 200) throw new Error(text)
  return json
}
const mails = async (): Promise<ParsedMail[]> => {
  const at = join(folder, 'mail')
  return Promise.all(readdirSync(at).map((name) => simpleParser(readFileSync(join(at, name)))))
}
const sent = async (): Promise<ParsedMail> => {
  await sending.settle()
  const [mail, ...more] = await mails()
  if (mail === undefined || more.length > 0) throw new Error('not exactly one mail')
  return mail
}
const outbox = () => t.db.read.select().from(t.db.tables.outboxMessages)
const change = (account: TestAccount, email: string | null) =>
  t.db.transaction((tx) =>
    tx.update(t.db.tables.accounts).set({ email }).where(eq(t.db.tables.accounts.id, account.id)),
  )

describe('a voicemail', () => {
  test('is mailed to its account with the recording, and says who called, when and for how long', async () => {
    await leave(alice)
    const mail = await sent()
    expect([mail.to].flat()[0]?.text).toBe('alice@example.org')
    expect(mail.subject).toBe('Example: new voice message from sip:bob@x.org')
    expect(mail.text).toContain('From: sip:bob@x.org')
    expect(mail.text).toContain('To: sip:alice@sip.example.org')
    expect(mail.text).toContain('Recorded: 1 June 2026 at 12:00 UTC')
    expect(mail.text).toContain('Length: 42 seconds')
    expect(mail.text).toContain('attached')
    expect(mail.text).not.toContain('/f/')
    const [attached, ...more] = mail.attachments
    expect([attached?.filename, attached?.contentType, more]).toEqual(['voicemail-20260601-1200.wav', 'audio/wav', []])
    expect(attached?.content.equals(wav(42))).toBe(true)
  })

  test('is mailed in French to whom it concerns, without a caller that is not known', async () => {
    const fanny = await t.account({ username: 'fanny', email: 'fanny@example.org', locale: 'fr' })
    await leave(fanny, opus(125), 'audio/opus', null)
    const mail = await sent()
    expect(mail.subject).toBe('Example\u00a0: nouveau message vocal')
    expect(mail.text).toMatch(/Durée\u00a0: 2\s?minutes 5\s?secondes/)
    expect(mail.text).not.toContain('De\u00a0:')
    expect(mail.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([
      ['voicemail-20260601-1200.opus', 'audio/opus'],
    ])
  })

  test('that is large is mailed as a link, which opens it', async () => {
    await leave(alice, wav(0, 10 * 1024 * 1024 + 1))
    const mail = await sent()
    expect(mail.attachments).toEqual([])
    const link = /https:\/\/localhost(\/f\/\S+)/.exec(mail.text ?? '')?.[1] ?? ''
    const head = await t.send('HEAD', link)
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'audio/wav'])
    expect(mail.subject).not.toContain('/f/')
  })

  test('goes out by the server of its Space, and in its name', async () => {
    const carol = await t.account({ space: t.other, username: 'carol', email: 'carol@example.org' })
    const server = { host: 'mail.other.org', port: 587, from_address: 'voice@other.org', from_name: 'Other' }
    expect((await t.post(`/api/spaces/${t.other.domain}/email`, { as: admin, body: server })).status).toBeLessThan(300)
    await leave(carol)
    expect((await sent()).from?.text).toBe('"Other" <voice@other.org>')
  })

  test('is mailed to the address that the account has by then, and not at all when it has none', async () => {
    await leave(alice)
    await change(alice, 'alice@elsewhere.example')
    expect([(await sent()).to].flat()[0]?.text).toBe('alice@elsewhere.example')
    await leave(alice)
    await change(alice, null)
    await sending.settle()
    expect(await mails()).toHaveLength(1)
    expect((await outbox()).map(({ lastError }) => lastError)).toContain('the account has no address any more')
  })

  test('that is deleted before its mail leaves is not mailed', async () => {
    const { id } = await leave(alice)
    await t.delete(`/api/accounts/me/voicemails/${id}`, { as: alice })
    await sending.settle()
    const [message] = await outbox()
    expect([message?.lastError, message?.deadAt !== null]).toEqual(['the voicemail was deleted', true])
  })

  test('is mailed once, and later when its account had no address then', async () => {
    const { id } = await leave(alice)
    expect(await t.parts.voicemails.mailUnmailed()).toBe(0)
    const dave = await t.account({ username: 'dave', email: 'dave@example.org' })
    const body = { content_type: 'audio/wav' }
    const slot = (await t.post('/api/accounts/me/voicemails', { as: dave, body })).json
    await change(dave, null)
    expect((await t.post(`/api/files/${slot.id}`, { as: admin, ...form(wav()) })).status).toBe(200)
    expect(await t.parts.voicemails.mailUnmailed()).toBe(0)
    await change(dave, 'dave@elsewhere.example')
    expect([await t.parts.voicemails.mailUnmailed(), await t.parts.voicemails.mailUnmailed()]).toEqual([1, 0])
    expect(t.logged('voicemail.mailed')).toHaveLength(1)
    expect((await outbox()).map(({ dedupKey }) => dedupKey)).toEqual([`voicemail:${id}`, `voicemail:${slot.id}`])
  })
})

test('a mail that no server takes is tried after 1, 5 and 15 minutes, given up, and keeps no other', async () => {
  const bob = await t.account({ username: 'bob', email: 'bob@example.org' })
  const channel = recording('mail', async ({ recipient }) => {
    if (recipient === 'alice@example.org') throw new Error('451 not now')
  })
  const trying = dispatcherOf(t, [channel])
  await leave(alice)
  await leave(bob)
  const waits: number[] = []
  for (let tries = 1; tries <= 4; tries++) {
    await trying.settle()
    const message = (await outbox()).find(({ recipient }) => recipient === 'alice@example.org')
    expect([message?.attempts, message?.deadAt !== null]).toEqual([tries, tries === 4])
    const wait = (message?.notBefore.getTime() ?? 0) - t.clock.now.getTime()
    if (tries < 4) waits.push(wait / 60_000)
    t.clock.now = new Date(t.clock.now.getTime() + Math.max(0, wait))
  }
  expect(waits).toEqual([1, 5, 15])
  expect(channel.given.filter(({ recipient }) => recipient === 'bob@example.org')).toHaveLength(1)
  expect(t.lines.some((line) => line.includes('mail.dead') && line.includes('451 not now'))).toBe(true)
  // By hand, as long as it was tried less often than that.
  expect(await t.parts.outbox.retryKind('voicemail', 4)).toBe(0)
  expect(await t.parts.outbox.retryKind('voicemail', 5)).toBe(1)
  await trying.settle()
  const [message] = (await outbox()).filter(({ recipient }) => recipient === 'alice@example.org')
  expect([message?.attempts, message?.deadAt !== null]).toEqual([5, true])
  await trying.stop()
})
