import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { visitor } from '../support/visitor.ts'

// Pages that say no (behaviour/panel.md §5).

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

const PAGE = { accept: 'text/html,application/xhtml+xml' }
const open = (path: string) => t.get(path, { headers: PAGE })
const linkIn = (text: string) => /<a href="([^"]+)" lang="fr"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? null

describe('a page that says no', () => {
  test.each([
    ['nothing is at', '/nothing/here?x=1'],
    ['whose link is dead, at', '/reset_password/abcdefghijklmnop'],
    ['about an unknown document, at', '/provisioning/aaaaaaaaaaaaa'],
  ])('leads to itself in the other language: %s %s', async (_, path) => {
    const english = await open(path)
    expect([english.status, english.text.includes('<html lang="en"')]).toEqual([404, true])
    const link = linkIn(english.text)
    expect(link).toStartWith(path)
    const browser = visitor(t)
    const asked = await browser.open(link ?? '', { headers: PAGE })
    // Pages of the panel remember the choice and leave it out of the address.
    const french =
      asked.status === 302 ? await browser.open(asked.headers.get('location') ?? '', { headers: PAGE }) : asked
    expect([french.status, french.text.includes('<html lang="fr"')]).toEqual([404, true])
  })

  test('leads nowhere else: not to another host, and not to what a form has sent', async () => {
    for (const path of ['//evil.example/', '/%5Cevil.example/']) {
      const { status, text } = await open(path)
      expect([path, status]).toEqual([path, 404])
      expect(text).not.toMatch(/href="(?:\/\/|\/\\)/)
    }
    const posted = await t.post('/nothing/here', { headers: { ...PAGE, 'content-type': 'text/plain' }, body: 'x' })
    expect([posted.status, linkIn(posted.text)]).toEqual([404, null])
  })

  test('for whoever is signed in keeps the way to speak another language', async () => {
    const account = await t.account()
    const browser = visitor(t)
    await browser.open('/login')
    await browser.submit({ username: account.username, password: account.password })
    const page = await browser.open('/telephony/forwardings/7')
    expect([page.status, page.text.includes('action="/language"')]).toEqual([404, true])
  })

  test('answers where a provider of identities would be asked, in the language of whoever is there', async () => {
    for (const path of ['/login/oidc', '/login/oidc/redirect?code=x']) {
      const page = await open(path)
      expect([page.status, page.text.includes('its own password or a QR code')]).toEqual([403, true])
      const french = await t.get(path, { headers: { ...PAGE, 'accept-language': 'fr' } })
      expect([french.status, french.text.includes('son propre mot de passe')]).toEqual([403, true])
    }
  })
})
