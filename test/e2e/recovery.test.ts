import { describe, expect, test } from 'bun:test'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { smtpServer } from '../mail/smtp.ts'
import { fakeGateway } from '../sms/fakes.ts'
import { shoot } from '../support/browser.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

// Somebody who has forgotten the password, with the compiled executable, a mail server, an SMS gateway and a browser.

const browser = () =>
  chromium.launch({
    executablePath: Bun.which('chromium') ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  })

/** The message number `count`, once it is there. */
const arrival = async <Message>(received: readonly Message[], count: number): Promise<Message> => {
  for (let waited = 0; waited < 10_000; waited += 20) {
    const message = received[count - 1]
    if (message !== undefined) return message
    await Bun.sleep(20)
  }
  throw new Error(`message ${count} has not arrived`)
}

const api = (running: Running, key: string, path: string, body?: unknown) =>
  fetch(`${running.base}/api${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

/** What the account's phone would be told: 200 or 401. */
const signIn = (running: Running, password: string): string => {
  const words = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--digest', '-u', `somebody:${password}`]
  const from = ['-H', 'From: sip:somebody@sip.example.org', `${running.base}/api/accounts/me`]
  return Bun.spawnSync(['curl', ...words, ...from]).stdout.toString()
}

const choose = async (page: Page, password: string) => {
  await page.fill('[name=password]', password)
  await page.fill('[name=password_confirmation]', password)
  await page.click('main button[type=submit]')
}

const setUp = async (look: BrowserContextOptions) => {
  const smtp = await smtpServer()
  const gateway = fakeGateway()
  const place = await prepared({
    MAIL_HOST: 'localhost',
    MAIL_PORT: String(smtp.port),
    MAIL_ENCRYPTION: 'none',
    MAIL_FROM_ADDRESS: 'sip@example.org',
    ACCOUNT_EMAIL_UNIQUE: 'true',
    SMS_PROVIDER: 'http',
    SMS_HTTP_URL: `${gateway.url}/sms`,
  })
  const pusher = join(place.folder, 'pusher')
  const pushed = join(place.folder, 'pushed')
  writeFileSync(pusher, `#!/bin/sh\nfor word in "$@"; do printf '%s\\n' "$word"; done > ${pushed}\n`)
  chmodSync(pusher, 0o755)
  const running = await serve({ env: { ...place.env, APP_FLEXISIP_PUSHER_PATH: pusher } })
  await api(running, place.admin.api_key, '/phone_countries/FR/activate')
  const account = {
    username: 'somebody',
    password: 'correct-horse',
    algorithm: 'SHA-256',
    email: 'somebody@example.org',
    phone: '+33612345678',
  }
  const { id } = (await (await api(running, place.admin.api_key, '/accounts', account)).json()) as { id: number }
  const chrome = await browser()
  const page = await (await chrome.newContext({ javaScriptEnabled: false, ...look })).newPage()
  return {
    smtp,
    gateway,
    running,
    page,
    key: place.admin.api_key,
    id,
    /** What the app on the account's phone has been sent. */
    recoveryToken: async (): Promise<string> => {
      const device = { pn_provider: 'fcm', pn_param: 'project', pn_prid: 'device:one' }
      const sent = await api(running, place.admin.api_key, '/account_recovery_tokens/send-by-push', device)
      expect(sent.status).toBe(200)
      const words = readFileSync(pushed, 'utf8').split('\n')
      return JSON.parse(words[words.indexOf('--customPayload') + 1] ?? '').token
    },
    shoot: (name: string) => shoot(page, `recovery-${name}`),
    end: async () => {
      await chrome.close()
      await running.stop()
      gateway.stop()
      await smtp.close()
      await place.remove()
    },
  }
}

describe.skipIf(!hasProgram('chromium') || !hasProgram('curl') || !hasProgram('openssl'))(
  'a forgotten password',
  () => {
    test('is replaced through the link that an administrator has mailed, once', async () => {
      const { smtp, running, page, key, id, shoot, end } = await setUp({ locale: 'en-GB' })
      expect((await api(running, key, `/accounts/${id}/send_reset_password_email`)).status).toBe(200)
      const { envelope, mail } = await arrival(smtp.received, 1)
      expect(envelope.to).toEqual(['somebody@example.org'])
      const link = /http:\/\/\S+\/reset_password\/[A-Za-z0-9]{16}/.exec(mail.text ?? '')?.[0] ?? ''
      // The host of the Space, with the port that the test listens on.
      await page.goto(link)
      expect(await page.textContent('h1')).toBe('Choose a new password')
      await shoot('link')
      await choose(page, 'battery-staple')
      expect(await page.textContent('h1')).toBe('Password changed')
      expect([signIn(running, 'correct-horse'), signIn(running, 'battery-staple')]).toEqual(['401', '200'])
      const notice = await arrival(smtp.received, 2)
      expect(notice.envelope.to).toEqual(['somebody@example.org'])
      expect((await page.goto(link))?.status()).toBe(410)
      expect(running.output()).not.toContain(link.slice(-16))
      await end()
    }, 60_000)

    test('is replaced with a code by e-mail, on a phone in the dark, in French', async () => {
      const { smtp, running, page, shoot, end } = await setUp({
        locale: 'fr-FR',
        colorScheme: 'dark',
        viewport: { width: 360, height: 640 },
      })
      await page.goto(`${running.base}/recovery/email`)
      await shoot('email')
      await page.fill('[name=email]', 'somebody@example.org')
      await page.click('main button[type=submit]')
      const { mail } = await arrival(smtp.received, 1)
      const code = /^\s*(\d{4})\s*$/m.exec(mail.text ?? '')?.[1] ?? ''
      expect(mail.subject).not.toContain(code)
      await page.fill('[name=code]', code === '1000' ? '1001' : '1000')
      await page.click('main button[type=submit]')
      expect(await page.textContent('.error')).toContain('2 essais')
      await shoot('code')
      await page.fill('[name=code]', code)
      await page.click('main button[type=submit]')
      expect(new URL(page.url()).pathname).toBe('/password')
      await shoot('password')
      await choose(page, 'battery-staple')
      expect(await page.textContent('h1')).toBe('Mot de passe changé')
      expect([signIn(running, 'correct-horse'), signIn(running, 'battery-staple')]).toEqual(['401', '200'])
      // The session is spent.
      await page.goto(`${running.base}/password`)
      expect(new URL(page.url()).pathname).toBe('/login')
      await end()
    }, 60_000)

    test('is replaced with a code by SMS, on the page that the app has opened', async () => {
      const { gateway, running, page, recoveryToken, shoot, end } = await setUp({
        javaScriptEnabled: true,
        locale: 'en-GB',
        viewport: { width: 360, height: 640 },
      })
      const complaints: string[] = []
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(error.message))
      const token = await recoveryToken()
      await page.goto(`${running.base}/recovery/phone/${token}?phone=${encodeURIComponent('+33612345678')}`)
      expect(await page.inputValue('[name=phone]')).toBe('+33612345678')
      expect(gateway.requests).toEqual([])
      await shoot('phone')
      await page.click('main button[type=submit]')
      const { to, text } = JSON.parse((await arrival(gateway.requests, 1)).body) as { to: string; text: string }
      expect(to).toBe('+33612345678')
      const code = /\b\d{4}\b/.exec(text)?.[0] ?? ''
      await shoot('phone-code')
      await page.click('.boxes > input:first-child')
      await page.keyboard.type(code)
      await page.click('main button[type=submit]')
      await page.waitForURL('**/password')
      await choose(page, 'battery-staple')
      expect(await page.textContent('h1')).toBe('Password changed')
      expect([signIn(running, 'correct-horse'), signIn(running, 'battery-staple')]).toEqual(['401', '200'])
      expect(complaints).toEqual([])
      // The token is spent, and one SMS was all it was worth.
      expect((await page.goto(`${running.base}/recovery/phone/${token}`))?.status()).toBe(404)
      expect(gateway.requests).toHaveLength(1)
      for (const secret of [token, `"${code}"`, 'battery-staple']) expect(running.output()).not.toContain(secret)
      await end()
    }, 60_000)
  },
)
