import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { type RedisServer, startRedis } from '../registrar/servers.ts'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

// "It does not ring": an administrator is called, reads why, and mends it while the caller waits.

const PHONE = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'

const LOOKS = {
  'on a desk, in English, with scripts': {
    look: { javaScriptEnabled: true, locale: 'en-GB', viewport: { width: 1280, height: 900 } },
    username: 'caller-en',
    said: {
      blocked: 'It is blocked',
      waiting: 'It is not activated yet',
      unused: 'No phone yet',
      rings: 'Does it ring?',
      mailed: 'The password link is on its way.',
      removed: 'The device is removed.',
      more: 'More',
      reset: 'Send a password link',
    },
  },
  'on a phone, in French, without scripts': {
    look: { javaScriptEnabled: false, locale: 'fr-FR', viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
    username: 'caller-fr',
    said: {
      blocked: 'Il est bloqué',
      waiting: 'Il n’est pas encore activé',
      unused: 'Pas encore de téléphone',
      rings: 'Est-ce qu’il sonne ?',
      mailed: 'Le lien de mot de passe est en route.',
      removed: 'L’appareil est retiré.',
      more: 'Plus',
      reset: 'Envoyer un lien de mot de passe',
    },
  },
} as const

describe.skipIf(!hasProgram('chromium') || !hasProgram('redis-server'))('an administrator who is called', () => {
  let redis: RedisServer
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>

  beforeAll(async () => {
    redis = await startRedis()
    place = await prepared({ REDIS_URL: redis.url, MAIL_DRIVER: 'null', MAIL_FROM_ADDRESS: 'sip@example.org' })
    running = await serve(place)
    chrome = await browser()
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    await place.remove()
    await redis.stop()
    expect(chrome.complaints).toEqual([])
  })

  const called = async (username: string): Promise<number> => {
    const account = {
      username,
      password: 'correct-horse',
      algorithm: 'SHA-256',
      blocked: true,
      email: `${username}@example.org`,
    }
    const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
    const made = await fetch(`${running.base}/api/accounts`, { method: 'POST', headers, body: JSON.stringify(account) })
    expect(made.status).toBe(200)
    return ((await made.json()) as { id: number }).id
  }
  const isSound = async (page: Page, withScripts: boolean) =>
    expect([withScripts ? await barriers(page) : [], await overflows(page)]).toEqual([[], false])

  for (const [name, { look, username, said }] of Object.entries(LOOKS)) {
    test(`reads why, and mends it: ${name}`, async () => {
      const path = `${running.base}/admin/accounts/${await called(username)}`
      const page = await chrome.open(look)
      const sound = () => isSound(page, look.javaScriptEnabled)
      const fault = () => page.textContent('main .note.bad b')
      await page.goto(`${running.base}/login`)
      await page.fill('[name=username]', 'admin')
      await page.fill('[name=password]', 'correct-horse')
      await page.click('main form button[type=submit]')

      await page.goto(path)
      expect(await fault()).toBe(said.blocked)
      await sound()
      await chrome.shoot(page, `support-blocked-${username}`)
      await page.click('main .note.bad button')
      expect(await fault()).toBe(said.waiting)
      await page.click('main .note.bad button')
      expect(await page.textContent('main')).toContain(said.unused)

      const updatedAt = Math.floor(Date.now() / 1000)
      const userAgent = 'LinphoneAndroid/5.2.1 (Pixel 8) LinphoneSDK/5.3'
      await redis.register(`${username}@sip.example.org`, PHONE, { updatedAt, userAgent })
      await page.goto(path)
      expect(await page.textContent('main')).toContain(said.rings)
      expect(await page.textContent('main')).toContain('LinphoneAndroid 5.2.1 Pixel 8')
      await sound()
      await chrome.shoot(page, `support-rings-${username}`)

      await page.click('main a[href*="/devices/"]')
      await sound()
      await page.click('main form button[type=submit]')
      expect(await page.textContent('main')).toContain(said.removed)

      await page.click(`main summary:has-text("${said.more}")`)
      await page.click(`main .menu-list >> text=${said.reset}`)
      expect(await page.textContent('main')).toContain(`${username}@example.org`)
      await sound()
      await page.click('main form button[type=submit]')
      expect(await page.textContent('main')).toContain(said.mailed)
      await page.click('main nav.tabs a >> nth=-1')
      await sound()
      await chrome.shoot(page, `support-activity-${username}`)
    }, 30_000)
  }
})
