import { describe, expect, test } from 'bun:test'
import { EXAMPLE, mailChannel, message, outcome, serverAt } from './channel.ts'
import { smtpServer } from './smtp.ts'

const SELF_SIGNED = { MAIL_ALLOW_SELF_SIGNED: 'true' }
const LOGIN = { user: 'mailer', password: 'correct-horse' }
const CREDENTIALS = { MAIL_USERNAME: LOGIN.user, MAIL_PASSWORD: LOGIN.password }

/** Sends one mail to a server like this; what came of it on both sides. */
const sending = async (server: Parameters<typeof smtpServer>[0], env: Record<string, string>) => {
  await using smtp = await smtpServer(server)
  await using mail = mailChannel({ env: { MAIL_PORT: String(smtp.port), ...env } })
  const thrown = await outcome(mail.dispatch(message()))
  return { thrown, received: smtp.received, logins: smtp.logins }
}

describe('a server that cannot be trusted gets neither mail nor password', () => {
  const refusals: [string, Parameters<typeof smtpServer>[0], Record<string, string>][] = [
    ['STARTTLS is required and not offered', { tls: 'none' }, { MAIL_ENCRYPTION: 'starttls' }],
    ['the certificate is self-signed', { tls: 'offered' }, {}],
    ['the certificate is self-signed, STARTTLS required', { tls: 'offered' }, { MAIL_ENCRYPTION: 'starttls' }],
    ['the certificate is self-signed, TLS at once', { tls: 'at once' }, { MAIL_ENCRYPTION: 'tls' }],
    [
      'only the name is not checked and the certificate is self-signed',
      { tls: 'offered' },
      { MAIL_VERIFY_PEER_NAME: 'false' },
    ],
  ]
  for (const [name, server, env] of refusals) {
    test(name, async () => {
      const { thrown, received, logins } = await sending({ ...server, login: LOGIN }, { ...CREDENTIALS, ...env })
      expect(thrown).toMatch(/^MailFailure: localhost:\d+: .*(certificate|STARTTLS|TLS)/i)
      expect([received.length, logins]).toEqual([0, []])
    })
  }

  test('TLS at once is wanted and the server speaks none', async () => {
    const { thrown, received } = await sending({ tls: 'none' }, { MAIL_ENCRYPTION: 'tls', ...SELF_SIGNED })
    expect(thrown).toStartWith('MailFailure: ')
    expect(received).toEqual([])
  })
})

describe('mail leaves', () => {
  const ways: [string, Parameters<typeof smtpServer>[0], Record<string, string>, boolean][] = [
    ['in the clear where nothing else is offered', { tls: 'none' }, {}, false],
    ['in the clear where no encryption is wanted', { tls: 'offered' }, { MAIL_ENCRYPTION: 'none' }, false],
    ['by STARTTLS where it is offered', { tls: 'offered' }, SELF_SIGNED, true],
    ['by STARTTLS where it is required', { tls: 'offered' }, { MAIL_ENCRYPTION: 'starttls', ...SELF_SIGNED }, true],
    ['by TLS from the first byte', { tls: 'at once' }, { MAIL_ENCRYPTION: 'tls', ...SELF_SIGNED }, true],
    ['whatever the certificate is, when it is not checked', { tls: 'offered' }, { MAIL_VERIFY_PEER: 'false' }, true],
  ]
  for (const [name, server, env, secure] of ways) {
    test(name, async () => {
      const { thrown, received } = await sending(server, env)
      expect([thrown, received.map((one) => one.secure)]).toEqual([null, [secure]])
    })
  }

  test('with user name and password', async () => {
    const { thrown, received } = await sending({ tls: 'offered', login: LOGIN }, { ...CREDENTIALS, ...SELF_SIGNED })
    expect([thrown, received.map(({ user }) => user)]).toEqual([null, ['mailer']])
  })
})

test('a wrong password is told without the password, and tried again later', async () => {
  const env = { ...CREDENTIALS, MAIL_PASSWORD: 'battery-staple', ...SELF_SIGNED }
  const { thrown, received } = await sending({ tls: 'offered', login: LOGIN }, env)
  expect(thrown).toMatch(/^MailFailure: localhost:\d+: the server does not accept user name and password \(535\)$/)
  expect(received).toEqual([])
})

describe('a Space decides for its own server', () => {
  const own = async (tls: 'none' | 'offered' | 'at once', more: Parameters<typeof serverAt>[1]) => {
    await using smtp = await smtpServer({ tls, login: LOGIN })
    const server = serverAt(smtp.port, { username: LOGIN.user, password: LOGIN.password, ...more })
    await using mail = mailChannel({
      env: { MAIL_SPACE_HOSTS_ALLOW: 'localhost' },
      senders: { 1: { ...EXAMPLE, server } },
    })
    const spoken: string[] = []
    const thrown = await outcome(mail.sendTest({ recipient: 'me@example.org', spaceId: 1, language: 'en' }, spoken))
    return { thrown, secure: smtp.received[0]?.secure ?? null, logins: smtp.logins, spoken: spoken.join('\n') }
  }

  test('that it is encrypted, or not, and whether its certificate is looked at', async () => {
    const trusting = { verifyCertificate: false } as const
    expect((await own('at once', { encryption: 'tls', ...trusting })).secure).toBe(true)
    expect((await own('offered', { encryption: 'starttls', ...trusting })).secure).toBe(true)
    expect((await own('offered', { encryption: 'none' })).secure).toBe(false)
    const refused = await own('offered', { encryption: 'starttls', verifyCertificate: true })
    expect([refused.secure, refused.logins]).toEqual([null, []])
    expect((await own('none', { encryption: 'starttls' })).logins).toEqual([])
  })

  test('and reads what was spoken, without its password', async () => {
    const { spoken, thrown } = await own('none', { encryption: 'none', password: 'wrong-horse' })
    expect(thrown).toMatch(/^MailFailure/)
    expect(spoken).toMatch(/^S: 220 /)
    expect(spoken).toContain('C: AUTH')
    expect(spoken).toMatch(/^S: 535$/m)
    for (const secret of ['wrong-horse', btoa('wrong-horse'), btoa(`\0${LOGIN.user}\0wrong-horse`)]) {
      expect(spoken).not.toContain(secret)
    }
  })
})
