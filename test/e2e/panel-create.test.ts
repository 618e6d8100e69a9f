import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

// A new colleague: an administrator creates an account, sends or shows what sets its phone up, and goes on to the next one.

const LOOKS = {
  'on a desk, in English, with scripts': {
    look: { javaScriptEnabled: true, locale: 'en-GB', viewport: { width: 1280, height: 900 } },
    username: '101',
    said: {
      made: 'The account is created.',
      mailed: 'its set-up link is on its way',
      open: 'Show the QR code',
    },
  },
  'on a phone, in French, without scripts': {
    look: { javaScriptEnabled: false, locale: 'fr-FR', viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
    username: '102',
    said: {
      made: 'Le compte est créé.',
      mailed: 'son lien de configuration est en route',
      open: 'Afficher le code QR',
    },
  },
} as const

describe.skipIf(!hasProgram('chromium'))('an administrator creates an account', () => {
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>

  beforeAll(async () => {
    place = await prepared({ MAIL_DRIVER: 'null', MAIL_FROM_ADDRESS: 'sip@example.org' })
    running = await serve(place)
    chrome = await browser()
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    await place.remove()
    expect(chrome.complaints).toEqual([])
  })

  const submit = (page: Page) => page.click('main form button[type=submit]')
  /** axe needs scripts. */
  const isSound = async (page: Page, withScripts: boolean) =>
    expect([withScripts ? await barriers(page) : [], await overflows(page)]).toEqual([[], false])

  for (const [name, { look, username, said }] of Object.entries(LOOKS)) {
    test(`${name}`, async () => {
      const page = await chrome.open(look)
      const sound = () => isSound(page, look.javaScriptEnabled)
      await page.goto(`${running.base}/login`)
      await page.fill('[name=username]', 'admin')
      await page.fill('[name=password]', 'correct-horse')
      await submit(page)

      await page.goto(`${running.base}/admin/accounts`)
      await page.click('main a[href="/admin/accounts/create"]')
      expect(await page.locator('#password').isVisible()).toBe(false)
      await sound()
      await page.fill('[name=username]', 'Front Desk')
      await submit(page)
      await sound()
      expect(await page.getAttribute('[name=username]', 'aria-invalid')).toBe('true')
      expect(await page.inputValue('[name=username]')).toBe('Front Desk')

      await page.fill('[name=username]', username)
      await page.fill('[name=display_name]', 'Amara Nwosu')
      await submit(page)
      expect(await page.textContent('main')).toContain(said.made)
      expect(await page.textContent('h1')).toBe('Amara Nwosu')
      await sound()

      // The code lets in whoever scans it: it is folded until somebody wants it.
      const code = page.locator('.qr img')
      expect(await code.isVisible()).toBe(false)
      await page.click(`text=${said.open}`)
      expect(await code.isVisible()).toBe(true)
      await sound()
      await chrome.shoot(page, `account-created-${username}`)
      if (hasProgram('zbarimg')) {
        const [, data = ''] = ((await code.getAttribute('src')) ?? '').split(',')
        const file = join(place.folder, 'code.png')
        writeFileSync(file, Buffer.from(data, 'base64'))
        const scanned = Bun.spawnSync(['zbarimg', '--quiet', '--raw', file]).stdout.toString().trim()
        expect(scanned).toBe(await page.inputValue('#link'))
        expect(scanned).toMatch(/\/provisioning\/\w{13}$/)
      }

      await page.goto(`${running.base}/admin/accounts/create`)
      await page.fill('[name=username]', `${username}0`)
      await page.fill('[name=email]', `desk${username}@example.org`)
      await page.check('[name=mails]')
      await page.check('[name=another]')
      await submit(page)
      expect(await page.textContent('main')).toContain(said.mailed)
      expect([await page.inputValue('[name=username]'), await page.isChecked('[name=another]')]).toEqual(['', true])
      await page.goto(`${running.base}/admin/accounts?search=${username}0`)
      expect(await page.textContent('main table')).toContain(`${username}0`)
    }, 30_000)
  }
})
