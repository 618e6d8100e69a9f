import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { EXAMPLE, mailChannel, message, outcome, serverAt } from './channel.ts'
import { silentServer, smtpServer } from './smtp.ts'

const through = (port: number, env: Record<string, string> = {}) =>
  mailChannel({ env: { MAIL_PORT: String(port), ...env } })

describe('what is not set up yet may be set up later', () => {
  test('no server', async () => {
    await using mail = mailChannel({ env: { MAIL_HOST: '' } })
    expect(await outcome(mail.dispatch(message()))).toBe('MailFailure: MAIL_HOST is not set')
    expect(await mail.canSend(1)).toBe(false)
  })
  test('no sender', async () => {
    await using mail = mailChannel({ env: { MAIL_FROM_ADDRESS: '' } })
    expect(await outcome(mail.dispatch(message()))).toBe('MailFailure: MAIL_FROM_ADDRESS is not set')
  })
})

describe('a server that says no', () => {
  test('for good to a recipient or to a mail ends it', async () => {
    await using never = await smtpServer({ answer: () => '550 5.1.1 unknown' })
    await using mail = through(never.port)
    expect(await outcome(mail.dispatch(message()))).toMatch(/^PermanentFailure: localhost:\d+: 550 5\.1\.1 unknown$/)
    await using spam = await smtpServer({ answerData: () => '554 looks like spam' })
    await using other = through(spam.port)
    expect(await outcome(other.dispatch(message()))).toMatch(/^PermanentFailure: .*554 looks like spam$/)
  })

  test('for now is asked again', async () => {
    await using busy = await smtpServer({ answer: (_, attempt) => (attempt === 1 ? '451 4.7.1 greylisted' : null) })
    await using mail = through(busy.port)
    expect(await outcome(mail.dispatch(message()))).toMatch(/^MailFailure: localhost:\d+: 451 4\.7\.1 greylisted$/)
    expect(await outcome(mail.dispatch(message()))).toBeNull()
    expect(busy.received).toHaveLength(1)
  })

  test('and repeats the mail with it tells nobody what stood in it', async () => {
    await using echo = await smtpServer({
      answerData: (raw) => `554 ${raw.replace(/=\r?\n/g, '').replace(/\s+/g, ' ')}`,
    })
    await using mail = through(echo.port)
    const link = 'https://accounts.example.org/reset_password/abcdefghijklmnop'
    const told = await outcome(mail.dispatch(message({ data: { link } })))
    expect(told).toStartWith('PermanentFailure: ')
    for (const secret of ['abcdefghijklmnop', 'alice@example.net']) expect(told).not.toContain(secret)
  })

  test('does not answer at all: others get their mail meanwhile', async () => {
    await using silent = await silentServer()
    await using smtp = await smtpServer()
    await using mail = mailChannel({
      env: { MAIL_PORT: String(smtp.port), MAIL_SPACE_HOSTS_ALLOW: 'localhost' },
      senders: { 1: { ...EXAMPLE, server: serverAt(silent.port) }, 2: EXAMPLE },
      limitMs: 900,
    })
    let ended = false
    const stuck = outcome(mail.dispatch(message())).finally(() => {
      ended = true
    })
    expect(await outcome(mail.dispatch(message({ spaceId: 2 })))).toBeNull()
    expect([ended, smtp.received.length]).toEqual([false, 1])
    expect(await stuck).toMatch(/^MailFailure: localhost:\d+: /)
    expect(silent.connections()).toBeGreaterThan(0)
  })

  test('is not there', async () => {
    const { port } = await smtpServer().then(async (server) => {
      await server.close()
      return server
    })
    await using mail = through(port)
    expect(await outcome(mail.dispatch(message()))).toMatch(/^MailFailure: \S+:\d+ does not answer: /)
  })
})

describe('a mail', () => {
  test('is what mail programs expect of a machine', async () => {
    await using smtp = await smtpServer()
    await using mail = through(smtp.port, { MAIL_FROM_NAME: 'Ünïted "Phones", Inc.', MAIL_SIGNATURE: 'Your operators' })
    await mail.dispatch(message())
    const [{ envelope, mail: read }] = smtp.received as [(typeof smtp.received)[0]]
    expect(envelope).toEqual({ from: 'noreply@example.org', to: ['alice@example.net'] })
    expect(read.from?.value).toEqual([{ name: 'Ünïted "Phones", Inc.', address: 'noreply@example.org' }])
    expect(read.subject).toBe('Example: choose a new password')
    expect(read.date).toEqual(new Date('2026-06-01T12:00:00.000Z'))
    expect(read.headers.get('auto-submitted')).toBe('auto-generated')
    expect(read.headers.get('x-auto-response-suppress')).toBe('All')
    expect(read.messageId).toMatch(/^<7\.[0-9a-f]{32}@example\.org>$/)
    expect(read.text).toContain('Your operators')
  })

  test('that is repeated has the same Message-ID, and no other mail has it', async () => {
    await using smtp = await smtpServer()
    await using mail = through(smtp.port)
    await mail.dispatch(message())
    await mail.dispatch(message())
    await mail.dispatch(message({ data: { link: 'https://accounts.example.org/reset_password/other' } }))
    const [first, again, other] = smtp.received.map((one) => one.mail.messageId)
    expect([again, other === first]).toEqual([first, false])
    expect(smtp.connections()).toBe(1)
  })

  test('cannot be given more headers by what people call themselves', async () => {
    await using smtp = await smtpServer()
    const evil = 'Eve\r\nBcc: eve@example.com\r\n\r\nHello =?utf-8?q?=0D=0ABcc:_eve=40example.com?='
    const server = serverAt(smtp.port, { fromName: evil, signature: evil })
    await using mail = mailChannel({
      env: { MAIL_SPACE_HOSTS_ALLOW: '127.0.0.0/8 ::1' },
      senders: { 1: { space: { name: evil, host: 'accounts.example.org', copyrightText: evil, logo: null }, server } },
    })
    const data = { 'account.display_name': evil, 'account.identifier': evil, registrar: evil }
    await mail.dispatch(message({ kind: 'provisioning', data }))
    const [{ envelope, mail: read }] = smtp.received as [(typeof smtp.received)[0]]
    expect(envelope.to).toEqual(['alice@example.net'])
    expect([read.headers.has('bcc'), read.bcc]).toEqual([false, undefined])
    expect(read.from?.value[0]?.address).toBe('noreply@example.org')
    expect(read.subject?.length).toBeLessThanOrEqual(78)
    expect(read.subject).toEndWith(': your account is ready')
  })

  test('shows what people call themselves as text, not as markup', async () => {
    await using smtp = await smtpServer()
    const name = '<img src=x onerror=alert(1)> [Log in] {{code}} "'
    await using mail = mailChannel({
      env: { MAIL_PORT: String(smtp.port) },
      senders: { 1: { ...EXAMPLE, space: { ...EXAMPLE.space, name } } },
    })
    await mail.dispatch(message())
    const html = String(smtp.received[0]?.mail.html)
    expect(html).not.toContain('<img src=x')
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt; [Log in] {{code}} &quot;')
  })

  test('with a phone to set up carries the QR code in it, not a link to one', async () => {
    await using smtp = await smtpServer()
    await using mail = through(smtp.port)
    await mail.dispatch(message({ kind: 'provisioning' }))
    const { attachments, html } = smtp.received[0]?.mail ?? { attachments: [], html: '' }
    expect(attachments.map(({ contentType, contentId }) => [contentType, contentId])).toEqual([
      ['image/png', '<qr@sipkeeper>'],
    ])
    // mailparser puts pictures in the place of their cid.
    expect(String(html)).toContain('data:image/png;base64')
  })
})

describe('a Space with a server of its own', () => {
  test('sends by it, with what it sets, and falls back for what it does not', async () => {
    await using own = await smtpServer({ login: { user: 'alpha', password: 'alpha-secret' } })
    await using instance = await smtpServer()
    const server = serverAt(own.port, { username: 'alpha', password: 'alpha-secret', fromAddress: 'hi@alpha.example' })
    await using mail = mailChannel({
      env: { MAIL_PORT: String(instance.port), MAIL_SPACE_HOSTS_ALLOW: 'LOCALHOST', MAIL_FROM_NAME: 'Instance' },
      senders: { 1: { ...EXAMPLE, server }, 2: EXAMPLE },
    })
    await mail.dispatch(message())
    await mail.dispatch(message({ spaceId: 2 }))
    await mail.dispatch(message({ spaceId: null }))
    expect(own.received.map(({ user, mail: { from } }) => [user, from?.text])).toEqual([
      ['alpha', '"Instance" <hi@alpha.example>'],
    ])
    expect(instance.received.map(({ mail: { from } }) => from?.text)).toEqual(
      Array(2).fill('"Instance" <noreply@example.org>'),
    )
  })

  test('may not have it in the network of the operator, by whatever name', async () => {
    await using smtp = await smtpServer()
    for (const host of [
      'localhost',
      '127.0.0.1',
      '::ffff:127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '::1',
      '0.0.0.0',
    ]) {
      const senders = { 1: { ...EXAMPLE, server: serverAt(smtp.port, { host }) } }
      await using mail = mailChannel({ senders, env: { MAIL_SPACE_HOSTS_ALLOW: 'other.example 192.0.2.0/24' } })
      expect([host, await outcome(mail.dispatch(message()))]).toEqual([
        host,
        expect.stringContaining('is not at a public address, and MAIL_SPACE_HOSTS_ALLOW does not name it'),
      ])
      // Nor do a test and a check go there.
      const to = { recipient: 'alice@example.net', spaceId: 1, language: 'en' } as const
      expect([host, await outcome(mail.sendTest(to))]).toEqual([
        host,
        expect.stringContaining('MAIL_SPACE_HOSTS_ALLOW'),
      ])
      const [, own] = await mail.check()
      expect([host, own?.ok, own?.detail]).toEqual([host, false, expect.stringContaining('MAIL_SPACE_HOSTS_ALLOW')])
    }
    expect([smtp.connections(), smtp.received]).toEqual([0, []])
  })

  test('that changes is served by the new one from the next mail on', async () => {
    await using before = await smtpServer()
    await using after = await smtpServer()
    const senders = { 1: { ...EXAMPLE, server: serverAt(before.port) } }
    await using mail = mailChannel({ senders, env: { MAIL_SPACE_HOSTS_ALLOW: 'localhost' } })
    await mail.dispatch(message())
    senders[1].server = serverAt(after.port)
    await mail.dispatch(message())
    expect([before.received.length, after.received.length]).toEqual([1, 1])
  })
})

describe('other ways out', () => {
  test('files, which only we can read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-mail-'))
    await using mail = mailChannel({ env: { MAIL_DRIVER: 'file', MAIL_HOST: '', DATA_DIR: folder } })
    await mail.dispatch(message())
    await mail.dispatch(message())
    const [name, ...more] = readdirSync(join(folder, 'mail'))
    expect([name, more]).toEqual([expect.stringMatching(/^7\.[0-9a-f]{32}\.eml$/), []])
    const file = join(folder, 'mail', name ?? '')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await simpleParser(readFileSync(file))).subject).toBe('Example: choose a new password')
    rmSync(folder, { recursive: true })
  })

  test('the log, which tells what stands in them to developers only', async () => {
    await using mail = mailChannel({ env: { MAIL_DRIVER: 'log', MAIL_HOST: '' } })
    await mail.dispatch(message())
    expect(mail.lines.join('\n')).toContain('Example: choose a new password')
    expect(mail.lines.join('\n')).not.toMatch(/EXAMPLEEXAMPLE16|alice@/)
    await using local = mailChannel({ env: { MAIL_DRIVER: 'log', MAIL_HOST: '', APP_ENV: 'local' } })
    await local.dispatch(message())
    expect(local.lines.join('\n')).toContain('EXAMPLEEXAMPLE16')
  })

  test('nowhere', async () => {
    await using mail = mailChannel({ env: { MAIL_DRIVER: 'null', MAIL_HOST: '' } })
    expect([await outcome(mail.dispatch(message())), mail.lines]).toEqual([null, []])
  })
})

test('a check connects and signs in, and sends nothing', async () => {
  await using own = await smtpServer({ login: { user: 'alpha', password: 'right' } })
  await using instance = await smtpServer()
  const server = serverAt(own.port, { username: 'alpha', password: 'wrong-password' })
  await using mail = mailChannel({
    env: { MAIL_PORT: String(instance.port), MAIL_SPACE_HOSTS_ALLOW: 'localhost' },
    senders: { 1: { ...EXAMPLE, server } },
  })
  expect(await mail.check()).toEqual([
    { name: 'mail', ok: true, detail: `localhost:${instance.port}, from noreply@example.org` },
    {
      name: 'mail of accounts.example.org',
      ok: false,
      detail: `localhost:${own.port}: the server does not accept user name and password (535)`,
    },
  ])
  expect([own.logins, instance.connections(), instance.received]).toEqual([['alpha'], 1, []])
})
