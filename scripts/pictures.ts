/**
 * `bun scripts/pictures.ts [FOLDER]`: the pictures of README.md, taken by Chromium of a demonstration that the executable
 * starts and ends. Into docs/pictures, or the folder that is named.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { build, executable } from './build.ts'

const root = join(import.meta.dir, '..')
const folder = process.argv[2] ?? join(root, 'docs/pictures')
const LISTEN = '127.0.0.1:8089'

/** Pictures that a README may have: what is larger is not worth its wait. */
const MOST_BYTES = 150_000

interface SignIn {
  readonly address: string
  readonly name: string
  readonly password: string
}

/** Starts a demonstration; resolves with whom it lets in: super administrator, administrator, person. */
const demonstration = async () => {
  const child = Bun.spawn([executable, 'demo', '--listen', LISTEN], { stdout: 'pipe', stderr: 'inherit' })
  let printed = ''
  const reader = child.stdout.getReader()
  const decoder = new TextDecoder()
  while (!printed.includes('Ctrl-C')) {
    const { value, done } = await reader.read()
    if (done) throw new Error('the demonstration has not started')
    printed += decoder.decode(value, { stream: true })
  }
  const [addresses, names, passwords] = ['Address', 'Name', 'Password'].map((label) =>
    [...printed.matchAll(new RegExp(`^ +${label} +(\\S+)`, 'gm'))].map(([, text]) => text ?? ''),
  )
  const people = (names ?? []).map(
    (name, at): SignIn => ({ name, address: addresses?.[at] ?? '', password: passwords?.[at] ?? '' }),
  )
  return {
    people,
    end: async () => {
      child.kill('SIGINT')
      await child.exited
    },
  }
}

const signIn = async (page: Page, { address, name, password }: SignIn) => {
  await page.goto(`${address}login`)
  await page.fill('main [name=username]', name)
  await page.fill('main [name=password]', password)
  await page.click('main form button[type=submit]')
}

const save = async (page: Page, name: string) => {
  await page.waitForLoadState('networkidle')
  const picture = await page.screenshot()
  if (picture.length > MOST_BYTES) throw new Error(`${name} has ${picture.length} bytes`)
  const file = join(folder, `${name}.png`)
  writeFileSync(file, picture)
  process.stdout.write(`${file}: ${Math.ceil(picture.length / 1000)} kB\n`)
}

await build()
mkdirSync(folder, { recursive: true })
const { people, end } = await demonstration()
const chrome = await chromium.launch({
  executablePath: Bun.which('chromium') ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
})
try {
  const window = async (who: SignIn | undefined) => {
    if (who === undefined) throw new Error('nobody to sign in as')
    const look = { viewport: { width: 1200, height: 780 }, locale: 'en', colorScheme: 'light' } as const
    const page = await (await chrome.newContext(look)).newPage()
    await signIn(page, who)
    return page
  }
  const [, administrator, person] = people
  const office = await window(administrator)
  await office.goto(`${administrator?.address}admin/spaces/me`)
  await save(office, 'overview')
  await office.fill('main [name=search]', person?.name ?? '')
  await Promise.all([office.waitForURL(/search=/), office.click('main form [type=submit]')])
  await Promise.all([office.waitForURL(/accounts\/\d+/), office.click('main table a[href*="/admin/accounts/"]')])
  await save(office, 'account')
  await office.goto(`${administrator?.address}dashboard`)
  await office.click('main details summary:has-text("QR")')
  await save(office, 'phone')
} finally {
  await chrome.close()
  await end()
}
