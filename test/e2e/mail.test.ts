import { afterEach, beforeEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificate, smtpServer } from '../mail/smtp.ts'
import { type Installation, prepared, serve, sipkeeper } from '../support/executable.ts'

let place: Installation & { admin: { id: number; api_key: string } }
beforeEach(async () => {
  place = await prepared({ MAIL_HOST: 'localhost', MAIL_FROM_ADDRESS: 'noreply@example.org' })
})
afterEach(() => place.remove())

interface Waiting {
  readonly id: number
  readonly state: string
  readonly last_error: string | null
}

const outbox = async () => {
  const { stdout } = await sipkeeper(['mail:outbox', '--all', '--json'], place.env)
  return JSON.parse(stdout).messages as Waiting[]
}

/** Until the outbox of the installation says so. */
const until = async (isSo: (message: Waiting) => boolean) => {
  for (let tries = 0; ; tries++) {
    const messages = await outbox()
    if (messages.length === 1 && messages.every(isSo)) return
    if (tries === 100) throw new Error(`the outbox says ${JSON.stringify(messages)}`)
    await Bun.sleep(100)
  }
}

test('the executable trusts who is signed by a known authority and has the right name, and sends with both parts', async () => {
  const { cert } = certificate()
  const authority = join(place.folder, 'authority.pem')
  writeFileSync(authority, cert)
  await using smtp = await smtpServer({ tls: 'offered', login: { user: 'mailer', password: 'correct-horse' } })
  const credentials = { MAIL_USERNAME: 'mailer', MAIL_PASSWORD: 'correct-horse', MAIL_PORT: String(smtp.port) }
  const send = (env: Record<string, string>) =>
    sipkeeper(['mail:test', 'alice@example.net', '--space', 'sip.example.org'], {
      ...place.env,
      ...credentials,
      ...env,
    })
  expect((await send({})).code).toBe(78)
  const known = { NODE_EXTRA_CA_CERTS: authority }
  const wrongName = await send({ ...known, MAIL_HOST: '127.0.0.1' })
  expect([wrongName.code, smtp.logins]).toEqual([78, []])
  expect((await send(known)).code).toBe(0)
  expect((await send({ ...known, MAIL_HOST: '127.0.0.1', MAIL_VERIFY_PEER_NAME: 'false' })).code).toBe(0)
  expect(smtp.received.map(({ secure, user }) => [secure, user])).toEqual(Array(2).fill([true, 'mailer']))
  const mail = smtp.received[0]?.mail
  expect(mail?.subject).toBe('Example: test mail')
  expect(mail?.text).toContain('Example can send mails')
  expect(String(mail?.html)).toContain('<html lang="en">')
}, 60_000)

test('what waits when the process dies leaves after the next start, once', async () => {
  await using away = await smtpServer({ answer: () => '451 later' })
  place.env.MAIL_PORT = String(away.port)
  const first = await serve(place)
  const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
  const account = { username: 'carol.test', password: 'correct-horse', algorithm: 'SHA-256', activated: true }
  const email = 'carol@example.net'
  const made = await fetch(`${first.base}/api/accounts`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...account, email }),
  })
  const { id } = (await made.json()) as { id: number }
  const asked = await fetch(`${first.base}/api/accounts/${id}/send_provisioning_email`, {
    method: 'POST',
    headers,
    body: '{}',
  })
  expect([made.status, asked.status]).toEqual([200, 200])
  // Not on its way, which another process could not tell from a dead one's for half a minute.
  await until(({ state, last_error }) => state === 'waiting' && last_error !== null)
  await first.kill()

  await using back = await smtpServer()
  place.env.MAIL_PORT = String(back.port)
  const second = await serve(place)
  for (const { id } of await outbox()) await sipkeeper(['mail:outbox', '--retry', String(id)], place.env)
  await until(({ state }) => state === 'sent')
  expect(await second.stop()).toBe(0)
  expect(back.received.map(({ envelope }) => envelope.to)).toEqual([[email]])
  expect(back.received[0]?.mail.attachments.map(({ contentType }) => contentType)).toEqual(['image/png'])
  const link = /https?:\/\/\S+\/wizard\/(\S+)/.exec(back.received[0]?.mail.text ?? '')?.[1] ?? 'no link'
  expect(first.output() + second.output()).not.toContain(link)
}, 60_000)
