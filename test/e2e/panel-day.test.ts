import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { type RedisServer, startRedis } from '../registrar/servers.ts'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram, prepared, type Running, serve, sipkeeper } from '../support/executable.ts'

// A day of whoever looks after the phones of a small company, and has never seen the panel before: a new colleague, a
// lost phone, somebody who leaves, a number that moves, codes on paper, and "it does not ring".

const DOMAIN = 'halden.example'
const PHONES = 30
const PHONE = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
const ANDROID = 'LinphoneAndroid/5.2.1 (Pixel 8) LinphoneSDK/5.3'

/** Whose day is walked twice stands in the way of nobody: each walk has people of its own. */
const WALKS = {
  'at a desk, in English, with scripts': {
    look: { javaScriptEnabled: true, locale: 'en-GB', viewport: { width: 1280, height: 900 } },
    from: 0,
    said: {
      menu: 'More',
      created: 'The account is created. Next: set up its phone.',
      unused: 'No phone yet',
      lost: 'Phone lost or stolen…',
      locked: 'The lost phone is locked out.',
      leaves: 'Leaves the company…',
      freed: 'its number is free. Whose is it now?',
      number: 'Change the number…',
      held: (number: string) => `${number} is the number of`,
      moved: 'The number is changed.',
      print: 'Print QR codes',
      once: 'It works once.',
      diverted: 'All calls go somewhere else',
      off: 'Turn off',
      still: 'Everything is fine here, and it still does not ring?',
    },
  },
  'on a phone, in French, without scripts': {
    look: {
      javaScriptEnabled: false,
      locale: 'fr-FR',
      viewport: { width: 390, height: 800 },
      colorScheme: 'dark',
    },
    from: 10,
    said: {
      menu: 'Plus',
      created: 'Le compte est créé. Ensuite : configurez son téléphone.',
      unused: 'Pas encore de téléphone',
      lost: 'Téléphone perdu ou volé…',
      locked: 'Le téléphone perdu est exclu.',
      leaves: 'Quitte l’entreprise…',
      freed: 'son numéro est libre. Qui le reçoit ?',
      number: 'Changer le numéro…',
      held: (number: string) => `${number} est le numéro de`,
      moved: 'Le numéro est changé.',
      print: 'Imprimer des codes QR',
      once: 'Il sert une fois.',
      diverted: 'Tous les appels vont ailleurs',
      off: 'Désactiver',
      still: 'Tout va bien ici, et il ne sonne toujours pas ?',
    },
  },
} as const

describe.skipIf(!hasProgram('chromium') || !hasProgram('redis-server'))('a company with thirty phones', () => {
  let redis: RedisServer
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>
  let base: string
  let key: string

  const api = async (method: string, path: string, body: object): Promise<{ readonly id: number }> => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    const reply = await fetch(base + path, { method, headers, body: JSON.stringify(body) })
    expect([path, reply.ok]).toEqual([path, true])
    return (await reply.json()) as { id: number }
  }

  beforeAll(async () => {
    redis = await startRedis()
    const mail = { MAIL_DRIVER: 'null', MAIL_FROM_ADDRESS: 'sip@example.org' }
    place = await prepared({ REDIS_URL: redis.url, ACCOUNT_USERNAME_MIN_LENGTH: '2', ...mail })
    await sipkeeper(['spaces:create-update', DOMAIN, 'halden.localhost', 'Halden Logistics'], place.env)
    const nora = ['accounts:create-admin-account', '-u', 'nora', '-p', 'correct-horse', '-d', DOMAIN, '--json']
    key = JSON.parse((await sipkeeper(nora, place.env)).stdout).api_key
    running = await serve(place)
    base = `http://halden.localhost:${running.port}`
    chrome = await browser()
    for (let n = 1; n < PHONES; n += 1) {
      const person = { username: String(2100 + n), display_name: `Person ${n}`, email: `person${n}@${DOMAIN}` }
      await api('POST', '/api/accounts', {
        ...person,
        password: 'correct-horse',
        activated: true,
        algorithm: 'SHA-256',
      })
    }
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    await place.remove()
    await redis.stop()
    expect(chrome.complaints).toEqual([])
  })

  const main = async (page: Page) => (await page.textContent('main')) ?? ''
  const press = (page: Page) => page.click('main form button[type=submit]')
  /** The address of a set-up link, as the page that shows its code has it. */
  const linkOn = (page: Page) => page.inputValue('main input#link')
  const provisioned = async (link: string) => {
    const { pathname } = new URL(link)
    return (await fetch(base + pathname, { headers: { 'x-linphone-provisioning': '1' } })).status
  }

  for (const [name, { look, from, said }] of Object.entries(WALKS)) {
    test(`is looked after ${name}`, async () => {
      const tag = look.locale
      const page = await chrome.open(look)
      const sound = async (what: string) => {
        const found = look.javaScriptEnabled ? await barriers(page) : []
        expect([what, found, await overflows(page)]).toEqual([what, [], false])
        await chrome.shoot(page, `day-${what}-${tag}`)
      }
      const numberOf = (n: number) => String(2100 + from + n)
      /** By the search of the first page, as somebody who knows a number would. */
      const find = async (number: string) => {
        await page.goto(`${base}/admin/spaces/me`)
        await page.fill('main [name=search]', number)
        await page.press('main [name=search]', 'Enter')
        await page.click(`main tbody tr:has-text("${number}") th a`)
        await page.waitForURL(/\/admin\/accounts\/\d+$/)
      }
      const choose = async (item: string) => {
        await page.click(`main summary:has-text("${said.menu}")`)
        await page.click(`main .menu-list a:has-text("${item}")`)
      }

      await page.goto(`${base}/login`)
      await page.fill('[name=username]', 'nora')
      await page.fill('[name=password]', 'correct-horse')
      await press(page)

      // A new colleague: made, and straight on to the code for the phone.
      await page.click('main a[href$="/admin/accounts/create"]')
      await page.fill('[name=username]', `21${from}40`)
      await page.fill('[name=display_name]', 'Nadia Benali')
      await press(page)
      expect(await main(page)).toContain(said.created)
      expect(await main(page)).toContain(said.unused)
      await sound('new')
      await page.click('main .note a[href*="show=code"]')
      expect(await page.isVisible('main .qr img')).toBe(true)
      expect(await provisioned(await linkOn(page))).toBe(200)

      // A lost phone: one page, one button, and the code for the next phone.
      const lost = `${numberOf(1)}@${DOMAIN}`
      await redis.register(lost, PHONE, { updatedAt: Math.floor(Date.now() / 1000), userAgent: ANDROID })
      await find(numberOf(1))
      expect(await main(page)).toContain(said.still)
      await choose(said.lost)
      expect(await main(page)).toContain('LinphoneAndroid 5.2.1 Pixel 8')
      await sound('lost')
      await press(page)
      expect(await main(page)).toContain(said.locked)
      // Nobody is shown the lost phone as one that rings.
      expect(await main(page)).not.toContain('LinphoneAndroid')
      expect(await redis.send('EXISTS', `fs:${lost}`)).toBe(0)
      expect(await provisioned(await linkOn(page))).toBe(200)
      await sound('replaced')

      // Somebody leaves, and somebody else gets the number at once.
      await find(numberOf(2))
      await choose(said.leaves)
      await sound('leaving')
      await page.click('main .rows a >> nth=0')
      await page.fill('[name=username]', numberOf(2))
      await sound('deleting')
      await press(page)
      expect(await main(page)).toContain(said.freed)
      expect(await page.inputValue('[name=username]')).toBe(numberOf(2))
      await page.fill('[name=display_name]', 'Olga Petrova')
      await press(page)
      expect(await page.textContent('h1')).toBe('Olga Petrova')

      // A number moves: the page says who has it, then takes another.
      await find(numberOf(3))
      await choose(said.number)
      await page.fill('[name=username]', numberOf(4))
      await press(page)
      expect(await main(page)).toContain(said.held(numberOf(4)))
      await sound('number')
      await page.fill('[name=username]', `${from}177`)
      await press(page)
      expect(await main(page)).toContain(said.moved)
      expect(await main(page)).toContain(`${from}177@`)

      // Codes on paper, for three at once.
      await page.goto(`${base}/admin/accounts?sort=name`)
      for (const row of [0, 1, 2]) await page.check(`main tbody input >> nth=${row}`)
      await page.click(`main .bulk button:has-text("${said.print}")`)
      await sound('sheet-asked')
      await press(page)
      expect(await page.locator('main .sheet li').count()).toBe(3)
      expect(await page.textContent('main .sheet li')).toContain(said.once)
      await sound('sheet')
      await page.emulateMedia({ media: 'print' })
      expect([await page.isVisible('.sheet'), await page.isVisible('header.side, main .note')]).toEqual([true, false])
      await page.emulateMedia({ media: 'screen' })

      // "It does not ring": all calls go elsewhere, which is said first and mended where the page leads to.
      await redis.register(`${numberOf(5)}@${DOMAIN}`, PHONE, { updatedAt: Math.floor(Date.now() / 1000) })
      await find(numberOf(5))
      const account = /accounts\/(\d+)/.exec(page.url())?.[1]
      const rule = { type: 'always', forward_to: 'sip_uri', sip_uri: `sip:nora@${DOMAIN}`, enabled: true }
      await api('POST', `/api/accounts/${account}/call_forwardings`, rule)
      await page.reload()
      expect(await page.textContent('main .note.bad')).toContain(said.diverted)
      expect(await page.textContent('main .note.bad')).toContain(`nora@${DOMAIN}`)
      await sound('diverted')
      await page.click('main .note.bad a')
      await page.click(`main button:has-text("${said.off}")`)
      await page.goto(`${base}/admin/accounts/${account}`)
      expect(await page.locator('main .note.bad').count()).toBe(0)
      await page.click(`main summary:has-text("${said.still}")`)
      await sound('rings')
    }, 60_000)
  }
})
