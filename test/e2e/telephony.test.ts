import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { barriers, browser, overflows } from '../support/browser.ts'
import { hasProgram, type Installation, prepared, type Running, serve } from '../support/executable.ts'
import { form, wav } from '../support/voice.ts'

// Calls, voicemails and call forwarding of a person, in the compiled executable and in Chromium.

const PASSWORD = 'correct-horse'

describe.skipIf(!hasProgram('chromium'))('the telephony of a person', () => {
  let place: Installation & { readonly admin: { readonly api_key: string } }
  let running: Running
  let chrome: Awaited<ReturnType<typeof browser>>

  beforeAll(async () => {
    place = await prepared()
    running = await serve(place)
    chrome = await browser()
  }, 60_000)
  afterAll(async () => {
    await chrome.close()
    await running.stop()
    await place.remove()
    expect(chrome.complaints).toEqual([])
  })

  /** As Flexisip and administrators call. */
  const api = async (method: string, path: string, body?: unknown) => {
    const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const reply = await fetch(`${running.base}/api${path}`, { method, headers, ...sent })
    expect([path, reply.status < 300]).toEqual([path, true])
    return reply.json()
  }
  const account = async (username: string, more: object = {}): Promise<number> =>
    (await api('POST', '/accounts', { username, password: PASSWORD, algorithm: 'SHA-256', activated: true, ...more }))
      .id
  const leave = async (id: number, from: string | null, seconds: number) => {
    const slot = await api('POST', `/accounts/${id}/voicemails`, { content_type: 'audio/wav', sip_from: from })
    const { body, headers } = form(wav(seconds))
    const key = { 'x-api-key': place.admin.api_key }
    const sent = await fetch(`${running.base}/api/files/${slot.id}`, {
      method: 'POST',
      body,
      headers: { ...headers, ...key },
    })
    expect(sent.status).toBe(200)
  }
  const reportCall = async (id: string, from: string, to: string, minute: number, state: string, seconds = 62) => {
    const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, minute, second)).toISOString()
    await api('POST', '/statistics/calls', {
      id,
      from: `${from}@sip.example.org`,
      to: `${to}@sip.example.org`,
      initiated_at: at(0),
      ended_at: at(seconds),
    })
    const ended = { invite_terminated: { at: at(seconds), state } }
    await api('PATCH', `/statistics/calls/${id}/devices/urn:uuid:1b7e0a2c-0000-4000-8000-000000000001`, ended)
  }
  const signedIn = async (username: string, look: BrowserContextOptions = {}): Promise<Page> => {
    const page = await chrome.open({ locale: 'en-GB', ...look })
    await page.goto(`${running.base}/login`)
    await page.fill('[name=username]', username)
    await page.fill('[name=password]', PASSWORD)
    await page.click('main form button[type=submit]')
    return page
  }
  const submit = (page: Page) => page.click('main form:not(.action) button[type=submit]')
  /** Somebody who has been called, and an acquaintance. */
  const person = async (username: string) => {
    const id = await account(username, { email: `${username}@example.org` })
    const friend = await account(`friend.of-${username}`, { display_name: 'Dr. Marguerite Lefèvre-Montgolfier' })
    await api('POST', `/accounts/${id}/contacts/${friend}`)
    await leave(id, `sip:friend.of-${username}@sip.example.org`, 34)
    await leave(id, null, 2)
    await reportCall(`${username}-1`, 'a-caller-with-quite-a-long-name', username, 1, 'accepted', 3750)
    await reportCall(`${username}-2`, 'bob', username, 2, 'canceled', 12)
    await reportCall(`${username}-3`, username, 'carol', 3, 'declined', 9)
    await reportCall(`${username}-4`, username, '+33184001200', 4, 'error', 0)
    return id
  }

  test('without scripts calls are forwarded, a contradiction is told at its field, and what forwards now is on the start page', async () => {
    await person('forwarder')
    const page = await signedIn('forwarder')
    await page.goto(`${running.base}/telephony`)
    expect(await page.textContent('main')).toContain('No calls are forwarded')
    await page.click('text=Forward calls')
    await page.check('[name=type][value=busy]')
    await page.check('[name=forward_to][value=contact]')
    expect(await page.isVisible('[name=sip_uri]')).toBe(false)
    await page.selectOption('[name=contact_id]', { index: 1 })
    await submit(page)
    expect(await page.textContent('[role=status]')).toContain('saved')
    expect(await page.textContent('main')).toContain('To friend.of-forwarder@sip.example.org')
    await page.click('main >> text=Add')
    await page.check('[name=type][value=always]')
    await submit(page)
    expect(await page.textContent('#enabled-note')).toContain('disable the other forwarding first')
    await page.uncheck('[name=enabled]')
    await submit(page)
    // Turned on from the list, it is refused the same, and what it says is kept.
    await page.click('text=Turn on')
    expect(await page.textContent('#enabled-note')).toContain('disable the other forwarding first')
    await page.goto(`${running.base}/dashboard`)
    expect(await page.textContent('main')).toContain('When the line is busy')
    expect(await page.textContent('main')).not.toContain('All calls are')
  }, 60_000)

  test('a message is played from this host, downloaded, and deleted after a question', async () => {
    const id = await person('listener')
    const page = await signedIn('listener', { javaScriptEnabled: true })
    await page.goto(`${running.base}/telephony`)
    expect(await page.locator('main audio').count()).toBe(2)
    expect(await page.getAttribute('main audio', 'preload')).toBe('none')
    const seconds = await page
      .locator('main audio')
      .nth(1)
      .evaluate(
        (player) =>
          new Promise<number>((resolve, reject) => {
            const audio = player as unknown as {
              load(): void
              preload: string
              duration: number
              onloadedmetadata: () => void
              onerror: () => void
            }
            audio.onloadedmetadata = () => resolve(audio.duration)
            audio.onerror = () => reject(new Error('not played'))
            audio.preload = 'metadata'
            audio.load()
          }),
      )
    expect(seconds).toBe(34)
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('main >> text=Download >> nth=0')])
    expect(readFileSync(await download.path()).equals(wav(2))).toBe(true)
    await page.click('main >> text=Delete… >> nth=1')
    expect(await page.textContent('main')).toMatch(/Message from .*\(friend\.of-listener@sip\.example\.org\)/)
    await chrome.shoot(page, 'telephony-delete')
    await submit(page)
    expect(await page.locator('main audio').count()).toBe(1)
    expect((await api('GET', `/accounts/${id}/voicemails`)).length).toBe(1)
  }, 60_000)

  test('calls are narrowed by direction and days, and handed over as they are narrowed', async () => {
    await person('caller')
    const page = await signedIn('caller')
    await page.goto(`${running.base}/statistics/call_logs`)
    expect(await page.locator('tbody tr').count()).toBe(4)
    await page.selectOption('[name=direction]', 'incoming')
    await page.fill('[name=from]', '2026-03-01')
    await page.fill('[name=to]', '2026-03-01')
    await page.click('.filters button')
    expect(await page.locator('tbody tr').count()).toBe(2)
    expect(await page.textContent('tbody')).toContain('Missed')
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download as CSV')])
    expect(
      readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\n').length,
    ).toBe(3)
    await page.fill('[name=from]', '2026-03-02')
    await page.click('.filters button')
    await page.click('text=Show all calls')
    expect(await page.locator('tbody tr').count()).toBe(4)
  }, 60_000)

  describe('looks right', () => {
    const LOOKS = {
      'wide-light': { viewport: { width: 1280, height: 800 }, colorScheme: 'light', locale: 'en-GB' },
      'wide-dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark', locale: 'fr-FR' },
      'narrow-light': { viewport: { width: 390, height: 844 }, colorScheme: 'light', locale: 'fr-FR' },
      'narrow-dark': { viewport: { width: 360, height: 740 }, colorScheme: 'dark', locale: 'en-GB' },
    } as const

    for (const [name, look] of Object.entries(LOOKS)) {
      test(`${name}: nothing keeps anybody out, and nothing is wider than the window`, async () => {
        const id = await person(`looker.${name}`)
        const rule = (type: string, target: object, enabled = true) =>
          api('POST', `/accounts/${id}/call_forwardings`, { type, ...target, enabled })
        const bare = await account(`bare.${name}`)
        expect(bare).toBeGreaterThan(0)
        const inspect = async (page: Page, path: string, what: string) => {
          await page.goto(running.base + path)
          await chrome.shoot(page, `telephony-${name}-${what}`)
          expect([path, await barriers(page), await overflows(page)]).toEqual([path, [], false])
        }
        const [page, empty] = [
          await signedIn(`looker.${name}`, { ...look, javaScriptEnabled: true }),
          await signedIn(`bare.${name}`, { ...look, javaScriptEnabled: true }),
        ]
        await inspect(page, '/telephony/forwardings/create', 'new-rule')
        const { id: busy } = await rule('busy', { forward_to: 'sip_uri', sip_uri: 'sip:reception@another.example.org' })
        await rule('no_answer', { forward_to: 'voicemail' })
        await rule('always', { forward_to: 'voicemail' }, false)
        await inspect(page, `/telephony/forwardings/${busy}`, 'rule')
        for (const path of ['/telephony', '/statistics/call_logs', '/dashboard'])
          await inspect(page, path, path.slice(1).replaceAll('/', '-'))
        await inspect(page, '/statistics/call_logs?direction=incoming&from=2030-01-01', 'no-match')
        for (const path of ['/telephony', '/statistics/call_logs'])
          await inspect(empty, path, `empty${path.replaceAll('/', '-')}`)
        await page.click('header .me > summary')
        await chrome.shoot(page, `telephony-${name}-menu`)
        expect([await barriers(page), await overflows(page)]).toEqual([[], false])
      }, 120_000)
    }
  })
})
