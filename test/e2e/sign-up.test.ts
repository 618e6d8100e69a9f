import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { type Received, smtpServer } from '../mail/smtp.ts'
import { type FakeGateway, fakeGateway } from '../sms/fakes.ts'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram, type Installation, prepared, type Running, serve, sipkeeper } from '../support/executable.ts'
import { picture } from '../support/picture.ts'

// Somebody without an account, with the compiled executable, a mail server, an SMS gateway and a browser.

const until = async <Value>(what: string, find: () => Value | undefined): Promise<Value> => {
  for (let waited = 0; waited < 10_000; waited += 10) {
    const found = find()
    if (found !== undefined) return found
    await Bun.sleep(10)
  }
  throw new Error(`${what} did not come`)
}

describe.skipIf(!hasProgram('chromium') || !hasProgram('curl') || !hasProgram('openssl'))('a new account', () => {
  let smtp: Awaited<ReturnType<typeof smtpServer>>
  let gateway: FakeGateway
  let place: Installation & { readonly admin: { readonly api_key: string } }
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>

  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${running.base}/api${path}`, {
      method,
      headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  beforeAll(async () => {
    smtp = await smtpServer()
    gateway = fakeGateway()
    place = await prepared({
      MAIL_HOST: 'localhost',
      MAIL_PORT: String(smtp.port),
      MAIL_ENCRYPTION: 'none',
      MAIL_FROM_ADDRESS: 'sip@example.org',
      SMS_PROVIDER: 'http',
      SMS_HTTP_URL: `${gateway.url}/sms`,
      ACCOUNT_EMAIL_UNIQUE: 'true',
      TERMS_OF_USE_URL: 'https://example.org/terms',
      PRIVACY_POLICY_URL: 'https://example.org/privacy',
      APP_PROJECT_URL: 'https://example.org/',
    })
    const logo = join(place.folder, 'logo.png')
    writeFileSync(logo, picture({ width: 64, height: 64 }))
    expect((await sipkeeper(['spaces:logo', 'sip.example.org', logo], place.env)).code).toBe(0)
    running = await serve(place)
    await call('POST', '/phone_countries/FR/activate')
    const space = (await (await call('GET', '/spaces/sip.example.org')).json()) as Record<string, unknown>
    const changed = await call('PUT', '/spaces/sip.example.org', {
      ...space,
      expire_at: null,
      theme_hue: 60,
      newsletter_registration_address: 'news@example.org',
      intro_registration_text: '**Welcome** to our phones. [Read more](https://example.org/)',
      copyright_text: '© Example, *all of it*',
    })
    expect([changed.status, await changed.text()]).toEqual([200, expect.any(String)])
    chrome = await browser()
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    gateway.stop()
    await smtp.close()
    await place.remove()
  })

  /** What the account's phone would be told: 200 or 401. */
  const signIn = (username: string): string => {
    const words = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--digest', '-u', `${username}:battery-staple`]
    const from = ['-H', `From: sip:${username}@sip.example.org`, `${running.base}/api/accounts/me`]
    return Bun.spawnSync(['curl', ...words, ...from]).stdout.toString()
  }

  const fill = async (page: Page, username: string, more: Record<string, string>) => {
    const fields = { username, password: 'battery-staple', password_confirmation: 'battery-staple', ...more }
    for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value)
    await page.check('[name=terms]')
  }
  const mailTo = (address: string): Promise<Received> =>
    until(`a mail to ${address}`, () => smtp.received.find(({ envelope }) => envelope.to.includes(address)))
  const submit = (page: Page) => page.click('main form button[type=submit]')
  const pathOf = (page: Page) => new URL(page.url()).pathname

  test('by e-mail: a wrong code, then the right one, and the browser is signed in', async () => {
    const page = await chrome.open({ locale: 'en-GB' })
    await page.goto(`${running.base}/register`)
    expect(pathOf(page)).toBe('/register/email')
    await chrome.shoot(page, 'sign-up-email')
    const address = { email: 'newcomer@example.org', email_confirmation: 'newcomer@example.org' }
    await fill(page, 'newcomer', { ...address, password_confirmation: 'other-words' })
    await submit(page)
    expect(await page.textContent('#password_confirmation-note')).toContain('not the same')
    expect(await page.inputValue('[name=email]')).toBe('newcomer@example.org')
    await chrome.shoot(page, 'sign-up-refused')
    await fill(page, 'newcomer', address)
    await page.check('[name=newsletter]')
    await submit(page)
    expect(pathOf(page)).toBe('/register/code')
    const { mail } = await mailTo('newcomer@example.org')
    const code = /^\s*(\d{4})\s*$/m.exec(mail.text ?? '')?.[1] ?? ''
    await page.fill('[name=code]', code === '1000' ? '1001' : '1000')
    await submit(page)
    expect(await page.textContent('.error')).toContain('2 more tries')
    await chrome.shoot(page, 'sign-up-code')
    await page.fill('[name=code]', code)
    await submit(page)
    expect(pathOf(page)).toBe('/dashboard')
    expect(await page.textContent('header')).toContain('newcomer@sip.example.org')
    expect(signIn('newcomer')).toBe('200')
    const { mail: news } = await mailTo('news@example.org')
    expect(news.text).toContain('newcomer@example.org')
    expect(running.output()).not.toContain(`"${code}"`)
    expect(running.output()).not.toContain('battery-staple')
  }, 60_000)

  test('by phone, on a small one, in the dark, in French', async () => {
    const look = { locale: 'fr-FR', colorScheme: 'dark', viewport: { width: 320, height: 640 } } as const
    const page = await chrome.open(look)
    await page.goto(`${running.base}/register/phone`)
    expect(await page.textContent('h1')).toBe('Créer un compte')
    await chrome.shoot(page, 'sign-up-phone')
    await fill(page, 'nouvelle', { phone: '+33 6 12 34 56 78' })
    await submit(page)
    expect(pathOf(page)).toBe('/register/code')
    const { to, text } = JSON.parse((await until('an SMS', () => gateway.requests[0])).body)
    expect(to).toBe('+33612345678')
    await page.fill('[name=code]', /\d{4}/.exec(text)?.[0] ?? '')
    await submit(page)
    expect(pathOf(page)).toBe('/dashboard')
    expect(signIn('nouvelle')).toBe('200')
  }, 60_000)

  test('types its code into boxes where scripts run, or pastes it', async () => {
    const page = await chrome.open({
      locale: 'en-GB',
      javaScriptEnabled: true,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await page.goto(`${running.base}/register/email`)
    await fill(page, 'typist', { email: 'typist@example.org', email_confirmation: 'typist@example.org' })
    await submit(page)
    const { mail } = await mailTo('typist@example.org')
    const code = /^\s*(\d{4})\s*$/m.exec(mail.text ?? '')?.[1] ?? ''
    const boxes = page.locator('.boxes input')
    const group = page.getByRole('group', { name: 'Code' })
    const typed = () => boxes.evaluateAll((all) => all.map((box) => (box as HTMLInputElement).value).join('|'))
    const focused = () => boxes.evaluateAll((all) => all.indexOf(document.activeElement as HTMLElement))
    await page.waitForSelector('.countdown:not(:empty)')
    expect([await boxes.count(), await group.getByLabel('Digit 2 of 4').count()]).toEqual([4, 1])
    expect(await boxes.nth(0).getAttribute('autocomplete')).toBe('one-time-code')
    expect(await page.textContent('.countdown')).toMatch(/^\((1:00|0:\d\d)\)$/)
    await boxes.nth(0).focus()
    await page.keyboard.type('1x23')
    expect([await typed(), await focused()]).toEqual(['1|2|3|', 3])
    await page.keyboard.press('Backspace')
    expect([await typed(), await focused()]).toEqual(['1|2||', 2])
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    expect(await focused()).toBe(0)
    await page.keyboard.type(code === '1000' ? '1001' : '1000')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.error:has-text("2 more tries")')
    expect(await boxes.nth(0).getAttribute('aria-invalid')).toBe('true')
    await chrome.shoot(page, 'sign-up-boxes-refused')
    expect(await barriers(page)).toEqual([])
    await page.evaluate((text) => navigator.clipboard.writeText(text), ` ${code.slice(0, 2)} ${code.slice(2)}\n`)
    await boxes.nth(2).focus()
    await page.keyboard.press('Control+V')
    expect(await typed()).toBe([...code].join('|'))
    await chrome.shoot(page, 'sign-up-boxes')
    await submit(page)
    expect(pathOf(page)).toBe('/dashboard')
  }, 60_000)

  test('with an address that somebody has goes on alike, and its owner gets a mail', async () => {
    const taken = { username: 'somebody', password: 'correct-horse', algorithm: 'SHA-256', email: 'known@example.org' }
    expect((await call('POST', '/accounts', taken)).status).toBe(200)
    const page = await chrome.open({ locale: 'en-GB' })
    await page.goto(`${running.base}/register/email`)
    await fill(page, 'latecomer', { email: 'known@example.org', email_confirmation: 'known@example.org' })
    await submit(page)
    expect(await page.textContent('main')).toContain('A mail is on its way to known@example.org')
    const { mail } = await mailTo('known@example.org')
    expect(mail.subject).toContain('you have an account already')
    expect(mail.text).toContain('/recovery/email')
    expect(signIn('latecomer')).toBe('200')
  }, 60_000)

  const PAGES = ['/register/email', '/register/phone', '/about', '/third-party-components', '/nothing/here']
  const LOOKS: [string, BrowserContextOptions][] = [
    ['wide-light', { viewport: { width: 1280, height: 800 }, colorScheme: 'light', locale: 'en-GB' }],
    ['narrow-dark', { viewport: { width: 320, height: 640 }, colorScheme: 'dark', locale: 'fr-FR' }],
  ]
  test.each(LOOKS)(
    'can be made by everybody: %s',
    async (name, look) => {
      const page = await chrome.open({ ...look, javaScriptEnabled: true })
      const examine = async (path: string) => {
        await page.goto(running.base + path)
        await chrome.shoot(page, `sign-up-${name}${path.replaceAll('/', '-')}`)
        expect([path, await overflows(page)]).toEqual([path, false])
        expect([path, await barriers(page)]).toEqual([path, []])
      }
      for (const path of PAGES) await examine(path)
      await page.goto(`${running.base}/register/email`)
      const address = 'a-rather-long-name-for-a-mailbox-of-one@subdomain.example.org'
      await fill(page, name, { email: address, email_confirmation: address })
      await submit(page)
      for (const path of ['/register/code', '/register/again']) await examine(path)
      const image = await page.evaluate(() => document.querySelector<HTMLImageElement>('.brand img')?.naturalWidth)
      expect(image).toBe(64)
    },
    60_000,
  )

  test('made no page complain', () => {
    expect(chrome.complaints).toEqual([])
  })
})
