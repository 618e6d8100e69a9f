import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { barriers, browser, overflows } from '../support/browser.ts'
import { postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

// A company starts with a spreadsheet: a file is uploaded, looked at, imported while somebody watches, and taken out again.

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1280, height: 900 }

let place: Awaited<ReturnType<typeof prepared>>
let running: Running
beforeAll(async () => {
  place = await prepared()
  running = await serve(place)
}, 60_000)
afterAll(async () => {
  await running.stop()
  await place.remove()
})

const api = async (path: string, init: RequestInit = {}) => {
  const headers = { 'x-api-key': place.admin.api_key, ...(init.headers as Record<string, string>) }
  return (await fetch(running.base + path, { ...init, headers })).json()
}
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})
const linesOf = (prefix: string, count: number) =>
  ['Username,Display Name', ...Array.from({ length: count }, (_, at) => `${prefix}${at},Person ${at}`)].join('\r\n')
const uploaded = async (file: string) => {
  const form = new FormData()
  form.set('file', new Blob([file]), 'people.csv')
  return api('/api/account_imports', { method: 'POST', body: form })
}
const total = async (): Promise<number> => (await api('/api/accounts')).total ?? -1

test('an import that a power cut breaks off is whole once the server is there again', async () => {
  const { id } = await uploaded(linesOf('cut', 3000))
  const task = await api(`/api/account_imports/${id}`, json({}))
  const progress = async (): Promise<number> => (await api(`/api/tasks/${task.id}`)).done
  await eventually(async () => (await progress()) > 100)
  await running.kill()
  running = await serve(place)
  const isOver = async () => (await api(`/api/tasks/${task.id}`)).finished_at !== null
  // On PostgreSQL others might hold it: half a minute goes by before anybody takes it over.
  if (postgresUrl !== null) await eventually(isOver).catch(() => {})
  await eventually(isOver)
  expect(await api(`/api/tasks/${task.id}`)).toMatchObject({ status: 'done', done: 3000 })
  const file = await (
    await fetch(`${running.base}/api/accounts/export`, { headers: { 'x-api-key': place.admin.api_key } })
  ).json()
  const names = file.map(({ username }: { username: string }) => username).filter((name: string) => /^cut/.test(name))
  expect(new Set(names).size).toBe(3000)
  expect(names).toHaveLength(3000)
}, 120_000)

describe.skipIf(!hasProgram('chromium'))('in the browser', () => {
  let chrome: Awaited<ReturnType<typeof browser>>
  beforeAll(async () => {
    chrome = await browser()
  })
  afterAll(async () => {
    await chrome.close()
    expect(chrome.complaints).toEqual([])
  })

  const signedIn = async (look: BrowserContextOptions = {}): Promise<Page> => {
    const page = await chrome.open({ locale: 'en-GB', ...look })
    await page.goto(`${running.base}/login`)
    await page.fill('[name=username]', 'admin')
    await page.fill('[name=password]', 'correct-horse')
    await page.click('main form button[type=submit]')
    return page
  }

  const look = async (page: Page, name: string, hasScripts: boolean) => {
    expect([name, await overflows(page)]).toEqual([name, false])
    if (hasScripts) expect([name, await barriers(page)]).toEqual([name, []])
    await chrome.shoot(page, `import-${name}`)
  }

  /** The whole way, from the file to the accounts. */
  const walk = async (page: Page, prefix: string, name: string, hasScripts: boolean) => {
    const path = join(place.folder, `${name}.csv`)
    writeFileSync(path, `${linesOf(prefix, 300)}\r\nNOT GOOD,Nobody\r\nadmin,Somebody else`)
    await page.goto(`${running.base}/admin/accounts/import`)
    await look(page, `${name}-upload`, hasScripts)
    await page.setInputFiles('[name=file]', path)
    await page.click('main form button[type=submit]')
    await page.waitForURL(/\/admin\/accounts\/import\/\w+$/)
    await look(page, `${name}-preview`, hasScripts)
    await page.check('[name=skip_faulty]')
    await page.click('main form button[type=submit]')
    await page.waitForURL(/\/admin\/tasks\/\d+$/)
    await page.reload()
    await page.waitForSelector('.note.good', { timeout: 30_000 })
    await look(page, `${name}-done`, hasScripts)
    expect(await page.textContent('main')).toContain('300')
  }

  test('a file is imported and exported with scripts, on a desk, in English', async () => {
    const page = await signedIn({ javaScriptEnabled: true, viewport: DESK })
    await walk(page, 'desk', 'desk', true)
    await page.goto(`${running.base}/admin/tasks`)
    await look(page, 'desk-tasks', true)
    await page.goto(`${running.base}/admin/accounts/export`)
    await look(page, 'desk-export', true)
    await page.fill('[name=current_password]', 'correct-horse')
    const arriving = page.waitForEvent('download')
    await page.click('main form button[type=submit]')
    const file = readFileSync((await (await arriving).path()) ?? '', 'utf8')
    expect(file).toContain('desk299,user,active')
  }, 60_000)

  test('and without scripts, on a phone, in French', async () => {
    const page = await signedIn({ locale: 'fr-FR', viewport: PHONE })
    await walk(page, 'tel', 'phone-fr', false)
    expect(await total()).toBeGreaterThan(0)
  }, 60_000)
})
