import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

// Address book work in the compiled executable, as an administrator does it in Chromium, with scripts and without.

const BOSS = { username: 'boss01', password: 'correct-horse', algorithm: 'SHA-256', activated: true, admin: true }
const LISTS = '/admin/spaces/me/contacts_lists'

describe.skipIf(!hasProgram('chromium'))('contacts lists in the panel', () => {
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>

  beforeAll(async () => {
    place = await prepared()
    running = await serve(place)
    chrome = await browser()
    const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
    const people = ['Ada Lovelace', 'Ada Byron', 'Grace Hopper'].map((name, index) => ({
      ...{ username: `phone${index}`, password: 'correct-horse', algorithm: 'SHA-256', activated: true },
      display_name: name,
    }))
    for (const wanted of [BOSS, ...people]) {
      const body = JSON.stringify(wanted)
      const made = await fetch(`${running.base}/api/accounts`, { method: 'POST', headers, body })
      expect(made.status).toBe(200)
    }
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    await place.remove()
    expect(chrome.complaints).toEqual([])
  })

  /** axe needs scripts of the page to run. */
  const look = async (page: Page, name: string, scripts: boolean) => {
    if (scripts) expect([name, await barriers(page)]).toEqual([name, []])
    expect([name, await overflows(page)]).toEqual([name, false])
    await chrome.shoot(page, `contacts-${name}`)
  }

  for (const [title, language, width, scripts] of [
    ['Sales', 'en-GB', 1280, true],
    ['Ventes', 'fr-FR', 390, true],
    ['Accueil', 'fr-FR', 390, false],
  ] as const) {
    test(`are made, filled by searching and emptied (${language}, ${width} px, scripts ${scripts ? 'on' : 'off'})`, async () => {
      const page = await chrome.open({
        locale: language,
        javaScriptEnabled: scripts,
        viewport: { width, height: 800 },
      })
      await page.goto(`${running.base}/login`)
      await page.fill('[name=username]', BOSS.username)
      await page.fill('[name=password]', BOSS.password)
      await page.click('main form button[type=submit]')
      await page.goto(`${running.base}${LISTS}/create`)
      await page.fill('[name=title]', title)
      await page.click('main form button[type=submit]')
      await page.click('main a[href$="/contacts/add"]')
      // Who types before the scripts are there presses the button.
      await page.waitForLoadState()
      await page.fill('[name=search]', 'lovelace')
      if (!scripts) await page.click('search button')
      await page.waitForURL(/search=lovelace/)
      const boxes = page.locator('tbody input[type=checkbox]')
      await page.locator('text=Grace Hopper').waitFor({ state: 'detached' })
      expect(await boxes.count()).toBe(1)
      await boxes.first().check()
      await look(page, `add-${language}-${scripts}`, scripts)
      await page.click('.bulk button')
      await page.goto(`${running.base}${LISTS}`)
      await look(page, `lists-${language}-${scripts}`, scripts)
      await page.click(`main a:text-is("${title}")`)
      expect(await boxes.count()).toBe(1)
      await boxes.first().check()
      await look(page, `members-${language}-${scripts}`, scripts)
      await page.click('.bulk button')
      await look(page, `question-${language}-${scripts}`, scripts)
      await page.click('main form button[type=submit]')
      expect(await page.locator('tbody input[type=checkbox]').count()).toBe(0)
    }, 60_000)
  }
})
