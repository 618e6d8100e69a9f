import { expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { smtpServer } from '../mail/smtp.ts'
import { hasProgram, prepared, serve } from '../support/executable.ts'

// A number, an address and a phone of one account, with the compiled executable, a mail server and an SMS gateway.

const until = async <Value>(what: string, find: () => Value | undefined): Promise<Value> => {
  for (let waited = 0; waited < 10_000; waited += 10) {
    const found = find()
    if (found !== undefined) return found
    await Bun.sleep(10)
  }
  throw new Error(`${what} did not come`)
}

const setUp = async () => {
  const smtp = await smtpServer()
  const texts: { to: string; text: string; signature: string; expected: string }[] = []
  const gateway = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const body = await request.text()
      const expected = createHmac('sha256', 'gateway-secret').update(body).digest('hex')
      texts.push({ ...JSON.parse(body), signature: request.headers.get('x-signature') ?? '', expected })
      return new Response()
    },
  })
  const place = await prepared({
    MAIL_HOST: 'localhost',
    MAIL_PORT: String(smtp.port),
    MAIL_ENCRYPTION: 'none',
    MAIL_FROM_ADDRESS: 'sip@example.org',
    SMS_PROVIDER: 'http',
    SMS_HTTP_URL: `http://127.0.0.1:${gateway.port}/sms`,
    SMS_HTTP_SECRET: 'gateway-secret',
  })
  const server = await serve(place)
  const call = async (method: string, path: string, key: string, body?: unknown) => {
    const reply = await fetch(`${server.base}${path}`, {
      method,
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    // biome-ignore lint/suspicious/noExplicitAny: replies of every shape
    return { status: reply.status, json: (text.startsWith('{') ? JSON.parse(text) : null) as any, text }
  }
  const admin = place.admin.api_key
  await call('POST', '/api/phone_countries/FR/activate', admin)
  const body = { username: 'somebody', password: 'correct-horse', algorithm: 'MD5', email: 'old@example.org' }
  const { id } = (await call('POST', '/api/accounts', admin, body)).json
  const from = 'From: sip:somebody@sip.example.org'
  const digest = ['curl', '-s', '--digest', '-u', 'somebody:correct-horse', '-H', from]
  const own = Bun.spawnSync([...digest, `${server.base}/api/accounts/me/api_key`]).stdout.toString()
  const { token } = (await call('POST', '/api/account_creation_tokens', admin)).json
  await call('POST', '/api/account_creation_tokens/consume', own, { account_creation_token: token })
  return {
    smtp,
    texts,
    server,
    folder: place.folder,
    id,
    asAdmin: (method: string, path: string, more?: unknown) => call(method, path, admin, more),
    asOwner: (method: string, path: string, more?: unknown) => call(method, path, own, more),
    async [Symbol.asyncDispose]() {
      await server.kill()
      await gateway.stop(true)
      await smtp.close()
      await place.remove()
    },
  }
}

test('a number and an address are confirmed by what arrives there, and the old address hears of it', async () => {
  await using at = await setUp()
  expect((await at.asOwner('POST', '/api/accounts/me/phone/request', { phone: '+33612345678' })).status).toBe(200)
  const text = await until('the SMS', () => at.texts[0])
  expect([text.to, text.signature]).toEqual(['+33612345678', text.expected])
  const code = /^Your Example validation code is (\d{4})\. /.exec(text.text)?.[1]
  const confirmed = await at.asOwner('POST', '/api/accounts/me/phone', { code })
  expect([confirmed.status, confirmed.json.phone, confirmed.json.activated]).toEqual([200, '+33612345678', true])

  expect((await at.asOwner('POST', '/api/accounts/me/email/request', { email: 'new@example.org' })).status).toBe(200)
  const mail = await until('the mail', () => at.smtp.received[0])
  expect(mail.envelope.to).toEqual(['new@example.org'])
  const mailed = /^ {4}(\d{4})$/m.exec(mail.mail.text ?? '')?.[1]
  const changed = await at.asOwner('POST', '/api/accounts/me/email', { code: mailed })
  expect([changed.status, changed.json.email]).toEqual([200, 'new@example.org'])
  const notice = await until('the notice', () => at.smtp.received[1])
  expect([notice.envelope.to, notice.mail.text?.includes('new@example.org')]).toEqual([['old@example.org'], false])

  const output = at.server.output()
  for (const secret of [code, mailed, /undo\/(\w+)/.exec(notice.mail.text ?? '')?.[1]]) {
    expect(output).not.toContain(` ${secret}`)
    expect(output).not.toContain(`"${secret}"`)
  }
})

test.skipIf(!hasProgram('zbarimg'))('the provisioning mail sets a phone up by the QR code in it', async () => {
  await using at = await setUp()
  expect((await at.asAdmin('POST', `/api/accounts/${at.id}/send_provisioning_email`)).status).toBe(200)
  const { mail } = await until('the mail', () => at.smtp.received[0])
  const [picture] = mail.attachments
  expect([picture?.contentType, picture?.contentDisposition]).toEqual(['image/png', 'inline'])
  // Where the HTML names the part by its id, the parser puts the picture itself.
  expect(mail.html || '').toContain('<img src="data:image/png;base64,')
  const file = join(at.folder, 'qr.png')
  writeFileSync(file, picture?.content ?? '')
  const scanned = Bun.spawnSync(['zbarimg', '--quiet', '--raw', file]).stdout.toString().trim()
  expect(mail.text).toContain(scanned.replace('/provisioning/', '/wizard/'))
  const document = await fetch(scanned, { headers: { 'x-linphone-provisioning': '1' } })
  expect([document.status, (await document.text()).includes('sip:somebody@sip.example.org')]).toEqual([200, true])
})
