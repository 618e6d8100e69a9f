import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Call, type TestApp, testApp } from '../support/app.ts'
import { picture } from '../support/picture.ts'
import { form } from '../support/voice.ts'

let t: TestApp
let folder: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-branding-'))
  t = await testApp({ env: { DATA_DIR: folder, MAIL_DRIVER: 'null' } })
})
afterEach(async () => {
  await t.close()
  rmSync(folder, { recursive: true })
})

const setSpace = async (columns: Record<string, unknown>): Promise<void> => {
  await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set(columns).returning())
  t.parts.spaces.forget()
}
const logoOf = async (path = '/about') => /src="(\/storage\/img\/[^"]+)"/.exec((await t.get(path)).text)?.[1] ?? null
const files = () => {
  const own = join(folder, 'public', String(t.main.id))
  return existsSync(own) ? readdirSync(own) : []
}

describe('a logo', () => {
  const refusal = (bytes: Uint8Array) =>
    t.parts.branding.setLogo(null, 'sip.example.org', bytes).then(
      () => null,
      (error) => [error.code, error.fields?.get('logo')?.[0]?.id ?? error.text.id],
    )

  test('is refused when it is no PNG, or one that is damaged, interlaced or too large; nothing is kept', async () => {
    const good = picture()
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    expect(await refusal(svg)).toEqual(['invalid', 'v.png'])
    expect(await refusal(new Uint8Array())).toEqual(['invalid', 'v.png'])
    expect(await refusal(good.subarray(0, good.length - 20))).toEqual(['invalid', 'v.png'])
    const spoiled = Uint8Array.from(good)
    spoiled[45] = (spoiled[45] ?? 0) ^ 1
    expect(await refusal(spoiled)).toEqual(['invalid', 'v.png'])
    expect(await refusal(picture({ interlaced: true }))).toEqual(['invalid', 'v.png'])
    expect(await refusal(picture({ missing: 1 }))).toEqual(['invalid', 'v.png'])
    expect(await refusal(picture({ more: 1 }))).toEqual(['invalid', 'v.png'])
    expect(await refusal(picture({ width: 1025 }))).toEqual(['invalid', 'v.png_size'])
    expect(await refusal(new Uint8Array(2048 * 1024 + 1))).toEqual(['invalid', 'v.png_size'])
    expect(files()).toEqual([])
    expect(await logoOf()).toBeNull()
  })

  test('of a Space that is not there is refused', async () => {
    const set = t.parts.branding.setLogo(null, 'sip.nowhere.org', picture())
    expect(await set.catch(({ code }) => code)).toBe('not_found')
  })

  test('is shown on every page, served to be kept for ever, without what else was in the file', async () => {
    await t.parts.branding.setLogo(null, 'sip.example.org', picture({ text: 'taken at home' }))
    const path = await logoOf()
    expect(path).toMatch(/^\/storage\/img\/[0-9a-f]{64}\.png$/)
    expect(await logoOf('/recovery/email')).toBe(path)
    const served = await t.get(path ?? '')
    expect([served.status, served.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(served.headers.get('cache-control')).toContain('immutable')
    expect(served.headers.get('x-content-type-options')).toBe('nosniff')
    expect(served.text).not.toContain('taken at home')
    const kept = Bun.SHA256.hash(
      await Bun.file(join(folder, 'public', String(t.main.id), files()[0] ?? '')).bytes(),
      'hex',
    )
    expect(path).toContain(kept)
  })

  test('is nowhere but on the host of its Space, and no other file is there either', async () => {
    await t.parts.branding.setLogo(null, 'sip.example.org', picture())
    const path = await logoOf()
    expect((await t.get(path ?? '', { host: 'other.localhost' })).status).toBe(404)
    for (const name of ['..%2F..%2Fapp.key', 'app.key', `${'0'.repeat(64)}.png`]) {
      expect((await t.get(`/storage/img/${name}`)).status).toBe(404)
    }
    expect(await logoOf('/about')).not.toBeNull()
    expect((await t.get('/about', { host: 'other.localhost' })).text).not.toContain('/storage/img/')
  })

  test('goes with its file when another one comes, or none', async () => {
    await t.parts.branding.setLogo(null, 'sip.example.org', picture())
    const first = files()
    await t.parts.branding.setLogo(null, 'sip.example.org', picture({ width: 3 }))
    expect(files()).toHaveLength(1)
    expect(files()).not.toEqual(first)
    await t.parts.branding.removeLogo(null, 'sip.example.org')
    expect(files()).toEqual([])
    expect(await logoOf()).toBeNull()
    expect(t.logged('space.updated')).toHaveLength(3)
  })
})

describe('over REST', () => {
  const PATH = '/api/spaces/sip.other.org/logo'
  const send = (bytes: Uint8Array | null, more: Call = {}, part = 'logo') =>
    t.post(PATH, { ...more, ...form(bytes === null ? null : Buffer.from(bytes), { part }) })

  test('a logo is refused to all but super administrators, and where it is none; nothing is kept', async () => {
    const root = await t.account({ username: 'root', admin: true })
    const boss = await t.account({ username: 'boss', admin: true, space: t.other })
    const before = await t.snapshot()
    expect((await send(picture())).status).toBe(401)
    expect((await send(picture(), { as: boss, host: 'other.localhost' })).status).toBe(403)
    expect((await t.delete(PATH, { as: boss, host: 'other.localhost' })).status).toBe(403)
    expect(
      (
        await t.post('/api/spaces/sip.nowhere.org/logo', {
          as: root,
          ...form(Buffer.from(picture()), { part: 'logo' }),
        })
      ).status,
    ).toBe(404)
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')
    for (const [bytes, said] of [
      [null, 'The logo field is required.'],
      [svg, 'The logo must be a PNG picture that is not interlaced.'],
      [new Uint8Array(3 * 1024 * 1024), 'The logo must not be larger than 2097152 bytes and 1024 pixels each way.'],
    ] as const) {
      const refused = await send(bytes, { as: root })
      expect([refused.status, refused.json.errors]).toEqual([422, { logo: [said] }])
    }
    expect((await send(picture(), { as: root }, 'file')).status).toBe(422)
    expect(await t.snapshot()).toBe(before)
    expect(existsSync(join(folder, 'public'))).toBe(false)
  })

  test('a logo is set and removed by super administrators, told, and written down with who did it', async () => {
    const root = await t.account({ username: 'root', admin: true })
    const set = await send(picture(), { as: root })
    expect([set.status, set.json.logo]).toEqual([200, expect.stringMatching(/^[0-9a-f]{64}\.png$/)])
    const removed = await t.delete(PATH, { as: root })
    expect([removed.status, removed.json.logo]).toEqual([200, null])
    expect(readdirSync(join(folder, 'public', String(t.other.id)))).toEqual([])
    const rows = (await t.db.read.select().from(t.db.tables.auditLog)).filter(
      ({ action }) => action === 'space.updated',
    )
    expect(rows.map(({ actorName, spaceId }) => [actorName, spaceId])).toEqual([
      ['root@sip.example.org', t.other.id],
      ['root@sip.example.org', t.other.id],
    ])
  })
})

test('a logo goes with its Space, folder and all; a Space that stays keeps its own', async () => {
  const root = await t.account({ username: 'root', admin: true })
  await t.parts.branding.setLogo(null, 'sip.example.org', picture())
  await t.parts.branding.setLogo(null, 'sip.other.org', picture())
  const drop = (domain: string) => t.delete(`/api/spaces/${domain}`, { as: root })
  expect((await drop('sip.example.org')).status).toBe(403)
  expect((await drop('sip.other.org')).status).toBe(200)
  expect(readdirSync(join(folder, 'public'))).toEqual([String(t.main.id)])
  expect(files()).toHaveLength(1)
})

describe('the hue', () => {
  test('colours the pages of its Space alone, by a stylesheet that is kept for ever', async () => {
    await setSpace({ themeHue: 210 })
    const page = await t.get('/about')
    expect(page.text).not.toContain('style=')
    const path = /href="(\/assets\/[^"]+-hue-210\.css)"/.exec(page.text)?.[1] ?? ''
    const sheet = await t.get(path)
    expect([sheet.status, sheet.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
    // The angle of `hsl(210 100% 50%)` in OKLCH.
    expect(sheet.text).toContain('--hue:256.2')
    expect(sheet.headers.get('cache-control')).toContain('immutable')
  })

  test('is no hue of ours: nothing is made up', async () => {
    for (const name of ['x-hue-210.css', 'x-hue-999.css', '-hue-.css', 'x-hue-21.css']) {
      expect((await t.get(`/assets/${name}`)).status).toBe(404)
    }
  })
})

describe('texts of a Space', () => {
  const intro = async (introRegistrationText: string) => {
    await setSpace({ introRegistrationText })
    const { text } = await t.get('/register/email')
    return text.slice(text.indexOf('<main'), text.indexOf('</main>'))
  }

  const cases: [string, string, string][] = [
    ['HTML is text', '<img src=x onerror=alert(1)>', '<p>&lt;img src=x onerror=alert(1)></p>'],
    ['a script is no link', '[x](javascript:alert(1))', '<p>[x](javascript:alert(1))</p>'],
    ['nor is data', '[x](data:text/html,hi)', '<p>[x](data:text/html,hi)</p>'],
    ['nor is what only looks like one', '[x](java\tscript:alert)', '<p>[x](java\tscript:alert)</p>'],
    ['a link cannot leave its quotes', '[x](https://e.org/"onclick="x)', 'href="https://e.org/%22onclick=%22x"'],
    [
      'a link',
      '[us](https://example.org/a?b=1&c)',
      '<a href="https://example.org/a?b=1&amp;c" rel="noopener noreferrer">us</a>',
    ],
    ['a mailbox', '[us](mailto:a@example.org)', '<a href="mailto:a@example.org" rel="noopener noreferrer">us</a>'],
    ['emphasis', '**so** and *so*, `**so**`', '<p><strong>so</strong> and <em>so</em>, <code>**so**</code></p>'],
    ['emphasis within', '**a *b* c**', '<strong>a <em>b</em> c</strong>'],
    ['headings below that of the page', '# One\n\n### Two', '<h2>One</h2><h3>Two</h3>'],
    ['lists', '- a\n- b\n\n1. c\n2. d', '<ul><li>a</li><li>b</li></ul><ol><li>c</li><li>d</li></ol>'],
    ['lines', 'a\nb\r\n\r\nc', '<p>a<br/>b</p><p>c</p>'],
    ['what is meant literally', '\\*a\\*', '<p>*a*</p>'],
  ]
  test.each(cases)('%s', async (_, source, html) => {
    expect(await intro(source)).toContain(html)
  })

  test('stand on one line in the foot of every page', async () => {
    await setSpace({ copyrightText: '© **Example**\n\n[Terms](https://example.org/terms)' })
    const foot = (await t.get('/recovery/email')).text.split('<footer>')[1]
    expect(foot).toContain(
      '© <strong>Example</strong> <a href="https://example.org/terms" rel="noopener noreferrer">Terms</a>',
    )
  })

  test('take no longer than they are long', async () => {
    const started = performance.now()
    for (const piece of ['*', '[', '`', '**a', '[a](', '\n\n', '- ']) await intro(piece.repeat(20_000))
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('and its logo are there for templates of mails', async () => {
    await t.parts.branding.setLogo(null, 'sip.example.org', picture())
    const sender = await t.parts.spaceEmailServers.senderOf(t.main.id)
    expect(sender?.space.logo).toBe(files()[0] ?? '')
  })
})

describe('the page about the server', () => {
  const links = (text: string) => [...text.matchAll(/<li><a href="([^"]+)"/g)].map(([, url]) => url)

  test('names the product, its version, the Space, and links what the operator has', async () => {
    const before = links((await t.get('/about')).text)
    expect(before).toEqual(['/api', '/provisioning/documentation', '/wizard/documentation', '/third-party-components'])
    for (const path of before) expect([path, (await t.get(path ?? '')).status]).toEqual([path, 200])
    await t.close()
    t = await testApp({
      env: {
        DATA_DIR: folder,
        APP_PROJECT_URL: 'https://example.org/',
        TERMS_OF_USE_URL: 'https://example.org/terms',
        PRIVACY_POLICY_URL: 'https://example.org/privacy',
      },
    })
    const { text } = await t.get('/about')
    expect(links(text).slice(0, 3)).toEqual([
      'https://example.org/',
      'https://example.org/terms',
      'https://example.org/privacy',
    ])
    expect(text).toMatch(/sipkeeper \d+\.\d+\.\d+/)
    expect(text).toContain('Example')
  })

  test('stays when the panel is off, without ways into the panel, in the language that was chosen', async () => {
    await setSpace({ webPanel: false })
    const page = await t.get('/about')
    expect(page.status).toBe(200)
    for (const path of ['/login', '/register', '/wizard/documentation']) expect(page.text).not.toContain(`"${path}"`)
    const chosen = await t.get('/about?lang=fr')
    expect([chosen.status, chosen.headers.get('location')]).toEqual([302, '/about'])
    const cookie = chosen.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect((await t.get('/about', { headers: { cookie } })).text).toContain('<html lang="fr">')
    expect((await t.get('/third-party-components')).status).toBe(200)
  })

  test('leads to everybody whose work is inside, and to their licences', async () => {
    const { text } = await t.get('/third-party-components')
    for (const name of ['bun', 'elysia', 'drizzle-orm', '@picocss/pico', 'preact', 'nodemailer']) {
      expect(text).toContain(`>${name}</a>`)
    }
    expect(text).not.toContain('>typescript<')
    const licenses = await t.get('/third-party-components/licenses')
    expect(licenses.headers.get('content-type')).toStartWith('text/plain')
    expect(licenses.text).toContain('Permission is hereby granted')
    expect(licenses.text).toMatch(/^preact \d/m)
  })
})

describe('a refusal', () => {
  const browser = { headers: { accept: 'text/html,application/xhtml+xml;q=0.9' } }

  test('is a page for a browser, with the number of its request and a way back, and JSON for a program', async () => {
    const page = await t.get('/nothing/here', browser)
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(page.text).toContain('<h1>Not found</h1>')
    expect(page.text).toMatch(/request [0-9a-f-]{36}/)
    expect(page.text).toContain('href="/"')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect((await t.get('/nothing/here')).json.message).toBe('There is nothing at this address.')
    expect((await t.get('/api/nothing', browser)).json.message).toBe('There is nothing at this address.')
  })

  test('of a method is a page too: the address of an answered form is loaded again', async () => {
    const page = await t.get('/accounts', browser)
    expect([page.status, page.headers.get('allow')]).toEqual([405, 'POST'])
    expect(page.text).toContain('<h1>Not found</h1>')
    expect((await t.get('/accounts')).json.message).toContain('POST')
  })

  test('of a link that is unknown, old or used is about the link, not about a page that is missing', async () => {
    const dead = 'abcdefghijklm'
    const paths = ['/provisioning', '/provisioning/auth_token', '/wizard', '/email/confirm', '/email/undo']
    for (const path of [...paths, '/reset_password', '/auth_tokens/auth', '/creation_token/check']) {
      const page = await t.get(`${path}/${dead}`, browser)
      const shown = /<h1>(.*?)<\/h1>/.exec(page.text)?.[1]
      expect([path, page.status, shown]).toEqual([path, 404, 'This link does not work'])
      expect(page.text).toContain('href="/"')
    }
  })

  test('speaks the language that was chosen', async () => {
    const headers = { ...browser.headers, cookie: 'sipkeeper_language=fr' }
    expect((await t.get('/nothing/here', { headers })).text).toContain(
      '<h1>Introuvable</h1><p class="muted id">Il n’y a rien à cette adresse.</p>',
    )
  })

  test('of our own making says so and nothing else', async () => {
    t.parts.branding.logo = () => Promise.reject(new Error('SELECT secret FROM class'))
    const page = await t.get('/storage/img/x.png', browser)
    expect([page.status, page.headers.get('x-request-id')]).toEqual([500, expect.any(String)])
    expect(page.text).toContain(page.headers.get('x-request-id') ?? 'nothing')
    expect(page.text).not.toContain('SELECT')
    expect((await t.get('/storage/img/x.png')).json).toEqual({ message: 'Server Error' })
  })

  test('before any Space answers is a page that loads nothing', async () => {
    const unknown = await t.get('/about', { ...browser, host: 'nobody.localhost' })
    expect([unknown.status, unknown.text]).toEqual([404, expect.stringContaining('<h1>Not found</h1>')])
    expect(unknown.text).not.toContain('/assets/')
    const style = /<style>([^<]+)<\/style>/.exec(unknown.text)?.[1] ?? ''
    const hash = new Bun.CryptoHasher('sha256').update(style).digest('base64')
    expect(unknown.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}';`)
    await setSpace({ expireAt: new Date('2026-01-01T00:00:00Z'), super: false })
    const expired = await t.get('/about', browser)
    expect([expired.status, expired.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8'])
    expect(expired.text).toContain('<h1>No longer available</h1>')
    expect((await t.get('/about')).json.message).toEqual(expect.any(String))
  })
})
