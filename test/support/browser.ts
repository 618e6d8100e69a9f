import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { type BrowserContextOptions, type CDPSession, chromium, type Page } from 'playwright-core'
import { artefacts } from './folder.ts'

interface Finding {
  readonly id: string
  readonly impact: string | null | undefined
  readonly where: string
}

/** A picture of the page, for whoever has said where they want them. */
export const shoot = async (page: Page, name: string): Promise<void> => {
  if (artefacts === null) return
  mkdirSync(artefacts, { recursive: true })
  await page.screenshot({ path: join(artefacts, `${name}.png`), fullPage: true })
}

const SCRIPTS = 'Emulation.setScriptExecutionDisabled'
const stilled = new WeakMap<Page, CDPSession>()

/**
 * No script of this window's pages runs from now on. Unlike Playwright's own way of saying so (`javaScriptEnabled`), it
 * can be taken back for the moment that axe, which is a script, needs to look at a page that was drawn without any.
 */
export const stopScripts = async (page: Page): Promise<void> => {
  const session = await page.context().newCDPSession(page)
  await session.send(SCRIPTS, { value: true })
  stilled.set(page, session)
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
    shoot,
    close: () => chrome.close(),
  }
}

/** What keeps people from using the page: the serious findings of axe. Needs scripts, or `stopScripts`. */
export const barriers = async (page: Page): Promise<readonly Finding[]> => {
  const still = stilled.get(page)
  await still?.send(SCRIPTS, { value: false })
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'], preload: false }),
  )
  await still?.send(SCRIPTS, { value: true })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => ({ id, impact, where: html.slice(0, 200) })))
}

/** Whether the page is wider than its window: people would have to push it to and fro. */
export const overflows = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
