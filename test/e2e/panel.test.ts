import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { type Received, smtpServer } from '../mail/smtp.ts'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram, type Installation, prepared, type Running, serve } from '../support/executable.ts'

// A person who has an account, with the compiled executable, a mail server and a browser.

describe.skipIf(!hasProgram('chromium'))('the panel, signed in', () => {
  let smtp: Awaited<ReturnType<typeof smtpServer>>
  let place: Installation & { readonly admin: { readonly api_key: string } }
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>

  const call = async (path: string, key = place.admin.api_key, body?: unknown) =>
    fetch(`${running.base}/api${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  beforeAll(async () => {
    smtp = await smtpServer()
    place = await prepared({
      MAIL_HOST: 'localhost',
      MAIL_PORT: String(smtp.port),
      MAIL_ENCRYPTION: 'none',
      MAIL_FROM_ADDRESS: 'sip@example.org',
      ACCOUNT_EMAIL_UNIQUE: 'true',
      SMS_PROVIDER: 'log',
    })
    running = await serve(place)
    chrome = await browser()
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    await smtp.close()
    await place.remove()
    expect(chrome.complaints).toEqual([])
  })

  const account = async (username: string, more: Record<string, unknown> = {}) => {
    const row = { username, password: 'correct-horse', algorithm: 'SHA-256', activated: true, ...more }
    expect((await call('/accounts', place.admin.api_key, row)).status).toBe(200)
  }
  const pathOf = (page: Page) => new URL(page.url()).pathname
  const submit = (page: Page) => page.click('main form button[type=submit]')
  const signIn = async (page: Page, username: string, password = 'correct-horse') => {
    if (pathOf(page) !== '/login') await page.goto(`${running.base}/login`)
    await page.fill('[name=username]', username)
    await page.fill('[name=password]', password)
    await submit(page)
  }
  const signedIn = async (username: string, look: BrowserContextOptions = {}) => {
    const page = await chrome.open({ locale: 'en-GB', ...look })
    await signIn(page, username)
    expect(pathOf(page)).toBe('/dashboard')
    return page
  }
  const mailTo = async (address: string): Promise<Received> => {
    for (let waited = 0; waited < 10_000; waited += 20) {
      const mail = smtp.received.find(({ envelope }) => envelope.to.includes(address))
      if (mail !== undefined) return mail
      await Bun.sleep(20)
    }
    throw new Error(`no mail to ${address} has come`)
  }

  test('lets nobody in with a wrong password, then leads on to the page that was asked for', async () => {
    await account('somebody', { email: 'somebody@example.org' })
    const page = await chrome.open({ locale: 'en-GB' })
    await page.goto(`${running.base}/sessions`)
    expect(pathOf(page)).toBe('/login')
    await signIn(page, 'somebody@example.org', 'wrong')
    expect(await page.textContent('[role=alert]')).toContain('do not belong together')
    expect(await page.inputValue('[name=username]')).toBe('somebody@example.org')
    await chrome.shoot(page, 'panel-sign-in-refused')
    await page.fill('[name=password]', 'correct-horse')
    await submit(page)
    expect(pathOf(page)).toBe('/sessions')
    expect(await page.textContent('header')).toContain('somebody@sip.example.org')
    await page.click('header .me > summary')
    await page.click('header form[action="/logout"] button')
    expect(pathOf(page)).toBe('/login')
    expect(await page.textContent('[role=status]')).toContain('signed out')
    await page.goto(`${running.base}/dashboard`)
    expect(pathOf(page)).toBe('/login')
  }, 60_000)

  test('sets a phone up with a link that is renewed, and makes a key for the API, shown once', async () => {
    await account('linker')
    const page = await signedIn('linker')
    const link = await page.inputValue('[readonly]')
    expect((await fetch(link, { headers: { 'x-linphone-provisioning': 'true' }, method: 'HEAD' })).status).toBe(200)
    await page.click('text=Show the QR code')
    await page.click('text=Replace the link')
    expect(await page.textContent('[role=status]')).toContain('new link')
    expect(await page.inputValue('[readonly]')).not.toBe(link)
    expect((await fetch(link, { headers: { 'x-linphone-provisioning': 'true' } })).status).toBe(404)
    await page.click('header .me > summary')
    await page.click('header .me >> text=API key')
    await page.click('text=Make a key')
    const key = await page.inputValue('.secret input')
    expect(key).toMatch(/^[A-Za-z0-9]{40}$/)
    expect(await (await call('/accounts/me', key)).json()).toMatchObject({ username: 'linker' })
    await page.goto(`${running.base}/api_key`)
    expect(await page.content()).not.toContain(key)
    await page.click('text=Revoke the key')
    expect((await call('/accounts/me', key)).status).toBe(401)
    expect(running.output()).not.toContain(key)
  }, 60_000)

  test('changes the e-mail address with the code that was mailed to it', async () => {
    await account('removal', { email: 'old@example.org' })
    const page = await signedIn('removal')
    await page.goto(`${running.base}/email/change`)
    await page.fill('[name=email]', 'new@example.org')
    await submit(page)
    expect(pathOf(page)).toBe('/email/validate')
    const { mail } = await mailTo('new@example.org')
    const code = /^\s*(\d{4})\s*$/m.exec(mail.text ?? '')?.[1] ?? ''
    await page.fill('[name=code]', code === '1000' ? '1001' : '1000')
    await submit(page)
    expect(await page.textContent('.error')).toContain('2 more tries')
    await chrome.shoot(page, 'panel-code')
    await page.fill('[name=code]', code)
    await submit(page)
    expect(pathOf(page)).toBe('/dashboard')
    expect(await page.textContent('main')).toContain('new@example.org')
    await mailTo('old@example.org')
  }, 60_000)

  test('changes the password, and whoever else was signed in no longer is', async () => {
    await account('changer')
    const [page, other, third] = [await signedIn('changer'), await signedIn('changer'), await signedIn('changer')]
    await page.goto(`${running.base}/sessions`)
    expect(await page.locator('.rows > li').count()).toBe(3)
    await chrome.shoot(page, 'panel-sessions')
    await page.click('.rows button >> nth=0')
    expect(await page.locator('.rows > li').count()).toBe(2)
    await page.goto(`${running.base}/password`)
    const choose = async (current: string) => {
      await page.fill('[name=current_password]', current)
      await page.fill('[name=password]', 'battery-staple')
      await page.fill('[name=password_confirmation]', 'battery-staple')
      await submit(page)
    }
    await choose('wrong-horse')
    expect(await page.textContent('#current_password-note')).not.toBe('')
    await chrome.shoot(page, 'panel-password-refused')
    await choose('correct-horse')
    expect(pathOf(page)).toBe('/dashboard')
    for (const gone of [other, third]) {
      await gone.goto(`${running.base}/dashboard`)
      expect(pathOf(gone)).toBe('/login')
    }
    await signIn(other, 'changer', 'battery-staple')
    expect(pathOf(other)).toBe('/dashboard')
    expect(running.output()).not.toContain('battery-staple')
  }, 60_000)

  test('signs another browser in by its code, once that was approved; both show the same words', async () => {
    await account('scanner')
    const waiting = await chrome.open({ locale: 'en-GB', javaScriptEnabled: true })
    await waiting.goto(`${running.base}/login`)
    await waiting.click('text=Sign in with a QR code')
    const token = /qrcode\/([A-Za-z0-9]{32})/.exec(waiting.url())?.[1] ?? 'none'
    await chrome.shoot(waiting, 'panel-code-sign-in')
    const phone = await signedIn('scanner', { viewport: { width: 360, height: 640 } })
    await phone.goto(`${running.base}/auth_tokens/auth/external/${token}`)
    expect(await phone.textContent('.phrase strong')).toBe(await waiting.textContent('.phrase strong'))
    await chrome.shoot(phone, 'panel-code-approve')
    await submit(phone)
    await waiting.waitForURL('**/dashboard', { timeout: 15_000 })
    expect(await waiting.textContent('header')).toContain('scanner@sip.example.org')
    expect(running.output()).not.toContain(token)
  }, 60_000)

  test('does the same without scripts, and the other way round', async () => {
    await account('slowly')
    const [waiting, phone] = [await chrome.open({ locale: 'en-GB' }), await signedIn('slowly')]
    await waiting.goto(`${running.base}/authenticate/qrcode`)
    const token = /qrcode\/([A-Za-z0-9]{32})/.exec(waiting.url())?.[1] ?? 'none'
    await phone.goto(`${running.base}/auth_tokens/auth/external/${token}`)
    await submit(phone)
    await waiting.waitForSelector('text=Approved', { timeout: 15_000 })
    await submit(waiting)
    expect(pathOf(waiting)).toBe('/dashboard')
    await waiting.goto(`${running.base}/sessions`)
    await waiting.click('text=Sign in on another device')
    const own = /qrcode\/([A-Za-z0-9]{32})/.exec(await waiting.content())?.[1] ?? 'none'
    const third = await chrome.open({ locale: 'en-GB' })
    await third.goto(`${running.base}/auth_tokens/auth/${own}`)
    expect(await third.textContent('main')).toContain('slowly@sip.example.org')
    await submit(third)
    expect(pathOf(third)).toBe('/dashboard')
  }, 60_000)

  test('hands over all data, then deletes the account for good', async () => {
    await account('leaver')
    const page = await signedIn('leaver')
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download as JSON')])
    const data = JSON.parse(readFileSync((await download.path()) ?? '', 'utf8'))
    expect(data.account).toMatchObject({ username: 'leaver' })
    await page.goto(`${running.base}/delete`)
    await page.fill('[name=current_password]', 'correct-horse')
    await submit(page)
    expect(await page.textContent('[role=status]')).toContain('deleted')
    await signIn(page, 'leaver')
    expect(await page.textContent('[role=alert]')).toContain('do not belong together')
  }, 60_000)

  test('copies at a click where scripts run', async () => {
    await account('copier')
    const page = await signedIn('copier', {
      javaScriptEnabled: true,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await page.click('text=Show the QR code')
    await page.click('main input[readonly] ~ button')
    await page.waitForSelector('text=Copied')
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await page.inputValue('[readonly]'))
  }, 60_000)

  test('prints without the menu, as wide as the paper', async () => {
    await account('printer')
    const page = await signedIn('printer', { viewport: { width: 1280, height: 800 } })
    await page.emulateMedia({ media: 'print' })
    for (const path of ['/dashboard', '/devices', '/provisioning/documentation']) {
      await page.goto(running.base + path)
      expect([path, await page.locator('nav:visible').count()]).toEqual([path, 0])
      const card = page.locator('main .card, main .prose').first()
      expect((await card.boundingBox())?.width).toBeGreaterThan(1000)
    }
  }, 60_000)

  describe('looks right', () => {
    const LOOKS = {
      'wide-light': { viewport: { width: 1280, height: 800 }, colorScheme: 'light', locale: 'en-GB' },
      'wide-dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark', locale: 'fr-FR' },
      'narrow-light': { viewport: { width: 320, height: 640 }, colorScheme: 'light', locale: 'fr-FR' },
      'narrow-dark': { viewport: { width: 360, height: 740 }, colorScheme: 'dark', locale: 'en-GB' },
    } as const

    for (const [name, look] of Object.entries(LOOKS)) {
      test(`${name}: nothing keeps anybody out, and nothing is wider than the window`, async () => {
        const username = `a-rather-long-name-of-somebody.${name}`
        await account(username, {
          email: `${name}.with-a-long-address@example.org`,
          activated: name !== 'narrow-light',
        })
        const page = await chrome.open({ ...look, javaScriptEnabled: true })
        const inspect = async (path: string) => {
          await page.goto(running.base + path)
          const shown = path.slice(1).replaceAll('/', '-')
          await chrome.shoot(page, `panel-${name}-${shown}`)
          expect([path, await barriers(page), await overflows(page)]).toEqual([path, [], false])
        }
        for (const path of ['/login', '/authenticate/qrcode', '/blocked']) await inspect(path)
        await signIn(page, username)
        const own = ['/dashboard', '/devices', '/password', '/sessions', '/api_key', '/email/change', '/phone/change']
        for (const path of [...own, '/delete', '/logout', '/nothing-here']) await inspect(path)
      }, 60_000)
    }
  })
})
