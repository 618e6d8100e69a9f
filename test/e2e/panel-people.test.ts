import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type BrowserContextOptions, devices, type Page } from 'playwright-core'
import { barriers, browser, overflows } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

// People with a keyboard, a phone or another time zone, and the compiled executable in Chromium.

const KEY = { username: 'somebody', password: 'correct-horse', algorithm: 'SHA-256', activated: true }
const ANDROID = devices['Pixel 7']
const IPHONE = devices['iPhone 13']

describe.skipIf(!hasProgram('chromium'))('the panel', () => {
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>

  beforeAll(async () => {
    place = await prepared()
    running = await serve(place)
    chrome = await browser()
    const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
    const made = await fetch(`${running.base}/api/accounts`, { method: 'POST', headers, body: JSON.stringify(KEY) })
    expect(made.status).toBe(200)
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    await place.remove()
    expect(chrome.complaints).toEqual([])
  })

  const submit = (page: Page) => page.click('main form button[type=submit]')
  const signedIn = async (look: BrowserContextOptions = {}) => {
    const page = await chrome.open({ locale: 'en-GB', ...look })
    await page.goto(`${running.base}/login`)
    await page.fill('[name=username]', KEY.username)
    await page.fill('[name=password]', KEY.password)
    await submit(page)
    return page
  }
  /** What has the focus: its name, or its text. */
  const focused = (page: Page) =>
    page.evaluate(() => document.activeElement?.getAttribute('name') ?? document.activeElement?.textContent ?? '')

  test('shows each time in the zone of whoever looks, and in UTC where no script runs', async () => {
    const [plain, tokyo] = [
      await signedIn(),
      await signedIn({ locale: 'fr-FR', javaScriptEnabled: true, timezoneId: 'Asia/Tokyo' }),
    ]
    for (const page of [plain, tokyo]) await page.goto(`${running.base}/sessions`)
    expect(await plain.textContent('main time')).toMatch(/^\d+ \w+ \d{4}, \d\d:\d\d UTC$/)
    const time = tokyo.locator('main time').first()
    expect(await time.getAttribute('title')).toMatch(/^\d+ [\p{L}.]+ \d{4}(,| à) \d\d:\d\d UTC$/u)
    const [shown, at] = [(await time.textContent()) ?? '', new Date((await time.getAttribute('datetime')) ?? '')]
    expect(shown).toEndWith('UTC+9')
    expect(shown).toContain(at.toLocaleTimeString('fr', { timeZone: 'Asia/Tokyo', hour: '2-digit', minute: '2-digit' }))
    await chrome.shoot(tokyo, 'panel-local-time')
  }, 60_000)

  describe('after a refused form, where no script runs', () => {
    const refused = async (page: Page, path: string, fields: Record<string, string>) => {
      await page.goto(running.base + path)
      for (const [name, text] of Object.entries(fields)) await page.fill(`[name=${name}]`, text)
      await submit(page)
      // A browser sets the focus when it first draws the page.
      await eventually(() => page.evaluate(() => document.activeElement !== document.body))
      return focused(page)
    }

    test('the focus is on the first field that was wrong', async () => {
      const page = await signedIn()
      const wrong = { current_password: 'wrong-horse', password: 'battery-staple' }
      const other = { ...wrong, password_confirmation: 'staple-battery' }
      expect(await refused(page, '/password', other)).toBe('password_confirmation')
      expect(await refused(page, '/password', { ...wrong, password_confirmation: wrong.password })).toBe(
        'current_password',
      )
      expect(await page.textContent('#current_password-note')).toBe('This is not your current password.')
      await chrome.shoot(page, 'panel-first-wrong-field')
      expect(await page.locator('[autofocus]').count()).toBe(1)
    }, 60_000)

    test('it is on the password where a name and a password did not fit', async () => {
      const page = await chrome.open({ locale: 'en-GB' })
      expect(await refused(page, '/login', { username: 'somebody', password: 'wrong' })).toBe('password')
    }, 60_000)

    test('a page that was not refused leaves it alone', async () => {
      const page = await signedIn()
      await page.goto(`${running.base}/password`)
      expect(await page.locator('[autofocus]').count()).toBe(0)
    }, 60_000)
  })

  test('says of no field what only programs call it', async () => {
    const words = {
      'en-GB': ['Fill in this field.', 'This is not your current password.'],
      'fr-FR': ['Remplissez ce champ.', 'Ce n’est pas votre mot de passe actuel.'],
    }
    for (const [locale, [missing, wrong]] of Object.entries(words)) {
      const page = await signedIn({ locale, javaScriptEnabled: true })
      for (const [text, note] of [
        ['', missing],
        ['wrong-horse', wrong],
      ] as const) {
        await page.goto(`${running.base}/delete`)
        await page.fill('[name=current_password]', text)
        // Browsers keep empty fields back; whoever has another one does not.
        await page.evaluate(() => {
          for (const form of document.forms) form.noValidate = true
        })
        await submit(page)
        expect(await page.textContent('#current_password-note')).toBe(note ?? '')
      }
    }
  }, 60_000)

  test('shows where the focus is in the menu, on the current entry, too', async () => {
    const page = await signedIn({ javaScriptEnabled: true })
    const current = page.locator('header nav a[aria-current]')
    const outline = () =>
      current.evaluate((entry) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(entry)
        return `${outlineStyle} ${outlineWidth}`
      })
    expect(await outline()).not.toBe('solid 2px')
    for (let presses = 0; presses < 10 && (await focused(page)) !== 'Your account'; presses += 1) {
      await page.keyboard.press('Tab')
    }
    expect([await focused(page), await outline()]).toEqual(['Your account', 'solid 2px'])
    await chrome.shoot(page, 'panel-menu-focus')
  }, 60_000)

  test('opens the app on a phone at once, and has the code for another device below', async () => {
    for (const [look, store] of [
      [ANDROID, 'https://play.google.com/store/apps/details?id=org.linphone'],
      [IPHONE, 'https://apps.apple.com/app/linphone/id360065638'],
    ] as const) {
      const { defaultBrowserType, ...phone } = look ?? {}
      const page = await signedIn({ ...phone, javaScriptEnabled: true })
      const open = page.locator('main a[href^="linphone-config:"]')
      expect([await open.textContent(), await open.getAttribute('href')]).toEqual([
        'Open in Linphone',
        `linphone-config:${await page.inputValue('[readonly]')}`,
      ])
      // The code lets in whoever scans it: it is folded until somebody wants it.
      expect(await page.locator('.qr img').isVisible()).toBe(false)
      await page.click('text=Set up another phone')
      const [button, code] = [await open.boundingBox(), await page.locator('.qr img').boundingBox()]
      expect(button?.y ?? Infinity).toBeLessThan(code?.y ?? 0)
      const stores = await page.$$eval('main a[href^="https:"]', (links) =>
        links.map((link) => link.getAttribute('href')),
      )
      expect(stores).toEqual([store])
      expect([await barriers(page), await overflows(page)]).toEqual([[], false])
      await chrome.shoot(page, `panel-phone-${store.includes('apple') ? 'ios' : 'android'}`)
    }
  }, 60_000)

  test('elsewhere has the code first, names the app, and links to both stores', async () => {
    const page = await signedIn()
    expect(await page.locator('main a[href^="linphone-config:"]').count()).toBe(0)
    expect(await page.textContent('main')).toContain('Scan this code with Linphone on your phone.')
    expect(await page.locator('main a[href^="https:"]').count()).toBe(2)
  }, 60_000)

  test('does not say that no device is registered where nobody was asked', async () => {
    const page = await signedIn()
    for (const path of ['/dashboard', '/devices']) {
      await page.goto(running.base + path)
      expect(await page.textContent('main')).toContain('not connected to the SIP server')
      expect(await page.textContent('main')).not.toContain('No device is registered')
    }
  }, 60_000)

  test('finds routes in the documentation by what is typed, copies a call, and leads back', async () => {
    const page = await chrome.open({
      javaScriptEnabled: true,
      viewport: { width: 1280, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await page.goto(`${running.base}/api`)
    const shown = () => page.locator('.reference article:visible h3').allTextContents()
    const all = (await shown()).length
    await page.fill('[data-search] input', 'DELETE devices')
    expect(await page.textContent('[data-search] [role=status]')).toBe(`2 of ${all}`)
    expect(await shown()).toEqual([
      'DELETE /api/accounts/me/devices/{uuid}',
      'DELETE /api/accounts/{id}/devices/{uuid}',
    ])
    expect(await page.locator('.reference > nav details a:visible').count()).toBe(2)
    expect([await barriers(page), await overflows(page)]).toEqual([[], false])
    await chrome.shoot(page, 'api-search')
    await page.click('.reference article:visible button >> nth=0')
    await page.waitForSelector('text=Copied')
    expect(await page.evaluate(() => navigator.clipboard.readText())).toStartWith(`curl -X DELETE ${running.base}/api/`)
    await page.fill('[data-search] input', '')
    expect((await shown()).length).toBe(all)
    await page.click('text=Back to the panel')
    expect(new URL(page.url()).pathname).toBe('/login')
  }, 60_000)
})
