import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { artefacts } from './folder.ts'

interface Finding {
  readonly id: string
  readonly impact: string | null | undefined
  readonly where: string
}

/**
 * The Chromium of the system. Whatever one of its pages complains about, a blocked style or a broken picture, is in
 * `complaints`, which a test expects to be empty at its end.
 */
export const browser = async () => {
  const chrome = await chromium.launch({
    executablePath: Bun.which('chromium') ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  })
  const complaints: string[] = []
  mkdirSync(artefacts, { recursive: true })
  return {
    complaints,
    /** A window of its own, without scripts unless it is told otherwise. */
    open: async (look: BrowserContextOptions = {}): Promise<Page> => {
      const page = await (await chrome.newContext({ javaScriptEnabled: false, ...look })).newPage()
      page.on('console', (message) => {
        // A refusal that was meant has a status, and Chromium says so.
        if (message.type() === 'error' && !/the server responded with a status of 4/.test(message.text())) {
          complaints.push(message.text())
        }
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      return page
    },
    shoot: (page: Page, name: string) => page.screenshot({ path: join(artefacts, `${name}.png`), fullPage: true }),
    close: () => chrome.close(),
  }
}

/** What keeps people from using the page: the serious findings of axe. Needs a window with scripts. */
export const barriers = async (page: Page): Promise<readonly Finding[]> => {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run())
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => ({ id, impact, where: html.slice(0, 200) })))
}

/** Whether the page is wider than its window: people would have to push it to and fro. */
export const overflows = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
