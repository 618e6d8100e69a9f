import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram } from '../support/executable.ts'
import { serveGallery } from '../support/gallery.tsx'

// Every part of the kit in Chromium: those that no page has yet are looked at as well.

describe.skipIf(!hasProgram('chromium'))('the kit', () => {
  let t: TestApp
  let gallery: ReturnType<typeof serveGallery>
  let chrome: Awaited<ReturnType<typeof browser>>

  beforeAll(async () => {
    t = await testApp()
    gallery = serveGallery(t)
    chrome = await browser()
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    gallery.stop()
    await t.close()
    expect(chrome.complaints).toEqual([])
  })

  for (const width of [390, 1280]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`${width} px, ${colorScheme}: nothing keeps anybody out, and nothing is wider than the window`, async () => {
        const page = await chrome.open({ viewport: { width, height: 800 }, colorScheme, javaScriptEnabled: true })
        for (const path of [
          '/people',
          '/people?state=offline&search=x',
          '/people?state=none',
          '/parts',
          '/fields',
          '/refused',
          '/delete',
        ]) {
          await page.goto(gallery.base + path)
          await chrome.shoot(page, `gallery-${path.slice(1).replaceAll(/\W/g, '-')}-${width}-${colorScheme}`)
          expect([path, await barriers(page), await overflows(page)]).toEqual([path, [], false])
        }
      }, 60_000)
    }
  }

  test('without scripts: folds open, a list is searched, sorted and turned', async () => {
    const page = await chrome.open({ viewport: { width: 1280, height: 800 } })
    await page.goto(`${gallery.base}/people`)
    await page.selectOption('[name=state]', 'offline')
    await page.click('.filters button')
    expect(new URL(page.url()).search).toBe('?search=&state=offline&from=')
    expect(await page.locator('tbody tr').count()).toBe(1)
    await page.click('thead a >> text=Seen')
    expect(new URL(page.url()).search).toBe('?state=offline&sort=seen')
    await page.click('.applied a')
    expect(await page.locator('tbody tr').count()).toBe(3)
    await page.click('[aria-label="What to do with Amara Nwosu"]')
    expect(await page.locator('text=Delete…').first().isVisible()).toBe(true)
    await page.check('[aria-label="Select Amara Nwosu"]')
    expect(await page.locator('.bulk').isVisible()).toBe(true)
    await page.goto(`${gallery.base}/parts`)
    expect(await page.locator('img[alt="QR code that sets up this account"]').isVisible()).toBe(false)
    await page.click('text=Show the QR code')
    expect(await page.locator('img[alt="QR code that sets up this account"]').isVisible()).toBe(true)
  }, 60_000)

  test('with scripts, a choice changes the list alone: the page stays, its address follows, nothing is stored', async () => {
    const page = await chrome.open({ javaScriptEnabled: true, viewport: { width: 1280, height: 800 } })
    await page.goto(`${gallery.base}/people`)
    await page.evaluate(() => document.body.setAttribute('data-same', ''))
    await page.selectOption('[name=state]', 'offline')
    await page.waitForURL('**/people?*state=offline*')
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1)
    expect(await page.locator('body[data-same]').count()).toBe(1)
    expect(await page.textContent('.applied')).toContain('Offline')
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.getItem('htmx-history-cache')])).toEqual([
      0,
      null,
    ])
    await page.goBack()
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 3)
  }, 60_000)

  test('shows where the focus is, and reads on in the order in which it stands', async () => {
    const page = await chrome.open({ javaScriptEnabled: true, viewport: { width: 1280, height: 800 } })
    await page.goto(`${gallery.base}/people`)
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip')
    for (let presses = 0; presses < 12; presses += 1) {
      const { width, style } = await page.evaluate(() => {
        const { outlineWidth, outlineStyle } = getComputedStyle(document.activeElement ?? document.body)
        return { width: Number.parseFloat(outlineWidth), style: outlineStyle }
      })
      expect([style, width >= 2]).toEqual(['solid', true])
      await page.keyboard.press('Tab')
    }
  }, 60_000)
})
