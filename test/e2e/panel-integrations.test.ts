import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'
import { type Receiver, receiver, WITH_LOCAL_WEBHOOKS } from '../support/webhooks.ts'

// An administrator connects a program and a server of somebody else, and reads who did it: the compiled executable in Chromium.

const BOSS = { username: 'overseer', password: 'correct-horse', algorithm: 'SHA-256', activated: true, admin: true }

const LOOKS = [
  { locale: 'en-GB', javaScriptEnabled: true, viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { locale: 'fr-FR', javaScriptEnabled: true, viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
  { locale: 'en-GB', javaScriptEnabled: false, viewport: { width: 390, height: 800 }, colorScheme: 'light' },
] as const

const WORDS = {
  'en-GB': { taken: 'was taken: answer 204', revoked: 'revoked an API key of', gone: 'The key no longer works.' },
  'fr-FR': {
    taken: 'a été reçu : réponse 204',
    revoked: 'a révoqué une clé d’API de',
    gone: 'La clé ne fonctionne plus.',
  },
} as const

describe.skipIf(!hasProgram('chromium'))('integrations in the panel', () => {
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>
  let server: Receiver

  beforeAll(async () => {
    place = await prepared(WITH_LOCAL_WEBHOOKS)
    running = await serve(place)
    chrome = await browser()
    server = await receiver()
    const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
    const made = await fetch(`${running.base}/api/accounts`, { method: 'POST', headers, body: JSON.stringify(BOSS) })
    expect(made.status).toBe(200)
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    await place.remove()
    await server.close()
    expect(chrome.complaints).toEqual([])
  })

  const submit = (page: Page) => page.click('main form button[type=submit]')
  const statusWith = async (key: string): Promise<number> =>
    (await fetch(`${running.base}/api/accounts/me`, { headers: { 'x-api-key': key } })).status

  for (const look of LOOKS) {
    const name = `${look.locale}-${look.viewport.width}-${look.javaScriptEnabled ? 'scripts' : 'plain'}`

    test(`a key, a webhook and the log of both: ${name}`, async () => {
      const page = await chrome.open(look)
      const words = WORDS[look.locale]
      /** Nobody is kept out of the page, and it is not wider than its window. */
      const lookAt = async (what: string) => {
        await chrome.shoot(page, `integrations-${what}-${name}`)
        if (look.javaScriptEnabled)
          expect([what, await barriers(page), await overflows(page)]).toEqual([what, [], false])
      }
      await page.goto(`${running.base}/login`)
      await page.fill('[name=username]', BOSS.username)
      await page.fill('[name=password]', BOSS.password)
      await submit(page)

      await page.goto(`${running.base}/admin/api_keys/create`)
      await lookAt('key-form')
      await page.fill('[name=name]', `Billing ${name}`)
      await submit(page)
      const key = await page.inputValue('#key')
      expect(await statusWith(key)).toBe(200)
      await page.click('.secret a.button')
      await lookAt('keys')
      await page.click(`tr:has-text("Billing ${name}") a.button`)
      await submit(page)
      expect([await statusWith(key), await page.textContent('main')]).toEqual([
        401,
        expect.stringContaining(words.gone),
      ])

      await page.goto(`${running.base}/admin/webhooks/create`)
      await page.fill('[name=name]', `Ledger ${name}`)
      await page.fill('[name=url]', server.url)
      await page.check('[value="account.created"]')
      await lookAt('webhook-form')
      await submit(page)
      expect(await page.inputValue('#secret')).toStartWith('whsec_')
      await page.click('.secret a.button')
      await page.click('form[action$="/test"] button')
      expect(await page.textContent('main')).toContain(words.taken)
      await lookAt('webhook')

      await page.goto(`${running.base}/admin/audit_log`)
      expect(await page.textContent('main')).toContain(words.revoked)
      await lookAt('audit')
      await page.goto(`${running.base}/admin/audit_log/export?action=apikey.deleted`)
      await page.fill('[name=current_password]', BOSS.password)
      const [download] = await Promise.all([page.waitForEvent('download'), submit(page)])
      const [row] = (await Bun.file((await download.path()) ?? '').text()).trim().split('\n')
      expect(JSON.parse(row ?? '')).toMatchObject({ action: 'apikey.deleted', way: 'panel' })
    }, 60_000)
  }
})
