import { describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { MAIL_KINDS } from '../../src/mail/templates/samples.ts'
import { smtpServer } from '../mail/smtp.ts'
import { databaseOf, place, placeWithSpace, sipkeeper } from './command.ts'

const FROM = { MAIL_FROM_ADDRESS: 'noreply@example.org' }
const at = (port: number) => ({ ...FROM, MAIL_HOST: '127.0.0.1', MAIL_PORT: String(port) })

describe('mail:test', () => {
  test('says what is not set up', async () => {
    await using here = await placeWithSpace()
    const unset = await sipkeeper(['mail:test', 'a@example.net'], here)
    expect([unset.code, unset.stdout, unset.stderr]).toEqual([78, '', expect.stringContaining('MAIL_HOST is not set')])
    expect((await sipkeeper(['mail:test', 'nobody'], here, { env: at(1) })).code).toBe(2)
    expect(
      (await sipkeeper(['mail:test', 'a@example.net', '--space', 'sip.nowhere.org'], here, { env: at(1) })).code,
    ).toBe(3)
  })

  test('tells a server that is away from one that says no', async () => {
    await using here = await placeWithSpace()
    const gone = await smtpServer()
    await gone.close()
    const exitOf = async (port: number, env: Record<string, string> = {}) =>
      (await sipkeeper(['mail:test', 'a@example.net'], here, { env: { ...at(port), ...env } })).code
    expect(await exitOf(gone.port)).toBe(69)
    await using later = await smtpServer({ answer: () => '451 later' })
    expect(await exitOf(later.port)).toBe(75)
    await using never = await smtpServer({ answer: () => '550 never' })
    expect(await exitOf(never.port)).toBe(1)
    await using plain = await smtpServer()
    expect(await exitOf(plain.port, { MAIL_ENCRYPTION: 'starttls' })).toBe(78)
  })

  test('sends one mail now, in the name of a Space where one is named', async () => {
    await using here = await placeWithSpace()
    await using smtp = await smtpServer()
    const args = ['mail:test', 'a@example.net', '--space', 'sip.example.org', '--json']
    const { code, stdout } = await sipkeeper(args, here, { env: at(smtp.port) })
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { server: `127.0.0.1:${smtp.port}`, answer: expect.stringMatching(/^250 /) },
    ])
    expect(smtp.received.map(({ mail }) => mail.subject)).toEqual(['Example: test mail'])
  })

  test('hands in to the sendmail program', async () => {
    await using here = await placeWithSpace()
    const bin = join(here.folder, 'bin')
    mkdirSync(bin)
    const script = `#!/bin/sh\necho "$@" > ${here.folder}/words\ncat > ${here.folder}/mail.eml\n`
    writeFileSync(join(bin, 'sendmail'), script, { mode: 0o755 })
    const env = { ...FROM, MAIL_DRIVER: 'sendmail', PATH: `${bin}:/usr/bin:/bin` }
    expect((await sipkeeper(['mail:test', 'a@example.net'], here, { env })).code).toBe(0)
    expect(readFileSync(join(here.folder, 'words'), 'utf8').trim()).toBe('-i -f noreply@example.org a@example.net')
    const mail = await simpleParser(readFileSync(join(here.folder, 'mail.eml')))
    expect(mail.subject).toBe('sipkeeper: test mail')
  })
})

describe('mail:render', () => {
  test('refuses kinds and languages that there are not', async () => {
    await using here = await placeWithSpace()
    expect((await sipkeeper(['mail:render', 'greeting'], here)).code).toBe(2)
    expect((await sipkeeper(['mail:render'], here)).code).toBe(2)
    expect((await sipkeeper(['mail:render', 'test', '--locale', 'de'], here)).code).toBe(2)
  })

  test('shows what a mail would say', async () => {
    await using here = await placeWithSpace()
    expect((await sipkeeper(['mail:render', '--list'], here)).stdout.trim().split('\n')).toEqual([...MAIL_KINDS])
    const args = ['mail:render', 'reset_password', '--locale', 'fr', '--space', 'sip.example.org']
    const text = await sipkeeper(args, here, { env: FROM })
    expect([text.code, text.stdout]).toEqual([
      0,
      expect.stringContaining(
        'From: sipkeeper <noreply@example.org>\nSubject: Example\u00a0: choisissez un nouveau mot',
      ),
    ])
    expect((await sipkeeper([...args, '--html'], here)).stdout).toStartWith('<!doctype html>')
  })

  test('and every other command refuses templates with mistakes', async () => {
    await using here = await placeWithSpace()
    const file = join(here.folder, 'reset_password.en.txt')
    writeFileSync(file, 'Hello,\n{{lnk}}\n')
    const env = { TEMPLATES_PATH: here.folder }
    for (const args of [['mail:render', 'test'], ['serve']]) {
      const { code, stderr } = await sipkeeper(args, here, { env })
      expect([code, stderr]).toEqual([78, expect.stringContaining(`${file}:2: {{lnk}} is not known here.`)])
    }
    const doctor = await sipkeeper(['doctor'], here, { env })
    expect([doctor.code, doctor.stdout]).toEqual([78, expect.stringContaining(`${file}:2`)])
  })
})

test('mail:outbox shows what waits without what it says or exactly to whom, and tries it again', async () => {
  await using here = await placeWithSpace()
  expect((await sipkeeper(['mail:outbox'], here)).stdout.trim()).toBe('Nothing waits.')
  await using database = databaseOf(here)
  await database.query(
    `INSERT INTO outbox_messages (channel, kind, recipient, language, data, attempts, not_before, last_error, dead_at, created_at, updated_at)
     VALUES ('mail', 'test', 'alice@example.net', 'en', 'sealed', 3, '2026-01-01 00:00:00', '550 never', '2026-01-01 00:00:00', '2026-01-01 00:00:00', '2026-01-01 00:00:00')`,
  )
  const list = async (...more: string[]) =>
    JSON.parse((await sipkeeper(['mail:outbox', '--json', ...more], here)).stdout)
  const { messages } = await list()
  const dead = { channel: 'mail', kind: 'test', to: 'a***@example.net', state: 'dead', attempts: 3 }
  expect(messages).toEqual([{ id: messages[0].id, ...dead, next_attempt_at: null, last_error: '550 never' }])
  expect((await sipkeeper(['mail:outbox', '--retry', '4711'], here)).code).toBe(3)
  expect((await sipkeeper(['mail:outbox', '--retry', 'all'], here)).code).toBe(2)
  expect((await sipkeeper(['mail:outbox', '--retry', String(messages[0].id)], here)).code).toBe(0)
  expect((await list()).messages).toMatchObject([{ state: 'waiting', attempts: 0 }])
})

test('doctor connects to the mail server and signs in, and sends nothing', async () => {
  await using here = await placeWithSpace()
  await using smtp = await smtpServer({ login: { user: 'mailer', password: 'right' } })
  const findings = async (env: Record<string, string>) => {
    const { code, stdout } = await sipkeeper(['doctor', '--json'], here, { env })
    const found = JSON.parse(stdout).findings.find(({ name }: { name: string }) => name === 'mail')
    return [code, found.level, found.detail]
  }
  const [, level, detail] = await findings({})
  expect([level, detail]).toEqual(['warning', 'MAIL_HOST is not set; mails wait, and are given up after a day'])
  const wrong = await findings({ ...at(smtp.port), MAIL_USERNAME: 'mailer', MAIL_PASSWORD: 'not-right-at-all' })
  expect(wrong).toEqual([1, 'problem', expect.stringContaining('does not accept user name and password')])
  expect(String(wrong[2])).not.toContain('not-right')
  const right = await findings({ ...at(smtp.port), MAIL_USERNAME: 'mailer', MAIL_PASSWORD: 'right' })
  expect(right).toEqual([0, 'ok', `127.0.0.1:${smtp.port}, from noreply@example.org`])
  expect(smtp.received).toEqual([])
})

test('on an empty place nothing is needed to see the kinds', async () => {
  await using here = await place()
  expect((await sipkeeper(['mail:render', '--list'], here)).code).toBe(0)
})
