import { describe, expect, test } from 'bun:test'
import { startRedis } from '../registrar/servers.ts'
import { barriers, browser, overflows } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, serve } from '../support/executable.ts'

// What a person's phone has to do with the panel: a registered device, and a number that gets an SMS.

const PHONE = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
const TABLET = 'urn:uuid:0f8c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20'
const ADDRESS = 'somebody@sip.example.org'

const setUp = async () => {
  const redis = await startRedis()
  const texts: { readonly to: string; readonly text: string }[] = []
  const gateway = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      texts.push((await request.json()) as { to: string; text: string })
      return new Response()
    },
  })
  const place = await prepared({
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(redis.port),
    SMS_PROVIDER: 'http',
    SMS_HTTP_URL: `http://127.0.0.1:${gateway.port}/sms`,
  })
  const running = await serve(place)
  const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
  const post = (path: string, body = {}) =>
    fetch(`${running.base}/api${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const row = { username: 'somebody', password: 'correct-horse', algorithm: 'SHA-256', activated: true }
  expect((await post('/accounts', row)).status).toBe(200)
  expect((await post('/phone_countries/FR/activate')).status).toBe(200)
  const chrome = await browser()
  return {
    redis,
    texts,
    chrome,
    running,
    signedIn: async (look: Parameters<typeof chrome.open>[0] = {}) => {
      const page = await chrome.open({ locale: 'en-GB', ...look })
      await page.goto(`${running.base}/login`)
      await page.fill('[name=username]', 'somebody')
      await page.fill('[name=password]', 'correct-horse')
      await page.click('main form button[type=submit]')
      return page
    },
    async [Symbol.asyncDispose]() {
      await chrome.close()
      await running.kill()
      await gateway.stop(true)
      await redis.stop()
      await place.remove()
    },
  }
}

describe.skipIf(!hasProgram('chromium') || !hasProgram('redis-server'))('a person and a phone', () => {
  test('a device that is registered is shown, and removed after a question; then all of them', async () => {
    await using at = await setUp()
    for (const device of [PHONE, TABLET]) await at.redis.register(ADDRESS, device, { expires: null })
    const page = await at.signedIn()
    await page.goto(`${at.running.base}/devices`)
    expect(await page.locator('ul.rows > li').count()).toBe(2)
    expect(await page.textContent('main')).toContain('Pixel 8')
    await at.chrome.shoot(page, 'panel-devices')
    await page.click(`a[href$="${encodeURIComponent(PHONE)}/delete"]`)
    await at.chrome.shoot(page, 'panel-device-remove')
    expect(await at.redis.send('HLEN', `fs:${ADDRESS}`)).toBe(2)
    await page.click('main form button')
    expect(await page.textContent('[role=status]')).toContain('removed')
    expect(await page.locator('ul.rows > li').count()).toBe(1)
    expect(await at.redis.send('HLEN', `fs:${ADDRESS}`)).toBe(1)

    await at.redis.register(ADDRESS, PHONE, { expires: null })
    const scripted = await at.signedIn({
      javaScriptEnabled: true,
      viewport: { width: 320, height: 640 },
      colorScheme: 'dark',
    })
    await scripted.goto(`${at.running.base}/devices`)
    expect([await barriers(scripted), await overflows(scripted)]).toEqual([[], false])
    await scripted.click('text=Remove all devices')
    expect([await barriers(scripted), await overflows(scripted)]).toEqual([[], false])
    await at.chrome.shoot(scripted, 'panel-devices-remove-all')
    await scripted.click('main form button')
    expect(await at.redis.send('HLEN', `fs:${ADDRESS}`)).toBe(0)
    expect(await scripted.textContent('main')).toContain('No device is registered')
    await eventually(() => at.running.output().includes('event=device.removed'))
    expect(at.chrome.complaints).toEqual([])
  }, 120_000)

  test('a new number is the account’s with the code that the SMS brings', async () => {
    await using at = await setUp()
    const page = await at.signedIn()
    await page.goto(`${at.running.base}/phone/change`)
    await page.fill('[name=phone]', '0612345678')
    await page.click('main form button[type=submit]')
    expect([await page.getAttribute('[name=phone]', 'aria-invalid'), at.texts.length]).toEqual(['true', 0])
    await page.fill('[name=phone]', '+33 6 12 34 56 78')
    await page.click('main form button[type=submit]')
    expect(new URL(page.url()).pathname).toBe('/phone/validate')
    await eventually(() => at.texts.length === 1)
    await at.chrome.shoot(page, 'panel-phone-code')
    const code = /code is (\d{4})/.exec(at.texts[0]?.text ?? '')?.[1] ?? ''
    await page.fill('[name=code]', code)
    await page.click('main form button[type=submit]')
    expect(new URL(page.url()).pathname).toBe('/dashboard')
    expect([at.texts[0]?.to, await page.textContent('main')]).toEqual([
      '+33612345678',
      expect.stringContaining('+33612345678'),
    ])
    expect(at.running.output()).not.toContain(`"${code}"`)
    expect(at.chrome.complaints).toEqual([])
  }, 120_000)
})
