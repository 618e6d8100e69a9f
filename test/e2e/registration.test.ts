import { describe, expect, test } from 'bun:test'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { fakeApns, workshop } from '../push/fakes.ts'
import { shoot } from '../support/browser.ts'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'

// What an app does to get an account for somebody who has none, against the compiled executable.

const post = (running: Running, path: string, body?: unknown) =>
  fetch(`${running.base}/api${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })

/** The account works: it signs in, and a phone can be set up for it. */
const useAccount = async (running: Running, username: string, password: string, token: string) => {
  const from = `From: sip:${username}@sip.example.org`
  const curl = Bun.spawnSync([
    'curl',
    '-s',
    '--digest',
    '-u',
    `${username}:${password}`,
    '-H',
    from,
    `${running.base}/api/accounts/me`,
  ])
  expect(JSON.parse(curl.stdout.toString())).toMatchObject({ username, activated: false })
  const document = await fetch(`${running.base}/provisioning/${token}`)
  expect(await document.text()).toContain(`&lt;sip:${username}@sip.example.org&gt;`)
}

const browser = () =>
  chromium.launch({
    executablePath: Bun.which('chromium') ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

describe.skipIf(!hasProgram('chromium') || !hasProgram('curl'))('registering through the browser', () => {
  for (const [captcha, scripts] of [
    ['none', false],
    ['pow', true],
  ] as const) {
    test(`with captcha ${captcha}, scripts ${scripts ? 'on' : 'off'}`, async () => {
      const place = await prepared({ CAPTCHA_PROVIDER: captcha })
      const running = await serve(place)
      const { token: requestToken, validation_url } = await (
        await post(running, '/account_creation_request_tokens')
      ).json()
      const exchange = () =>
        post(running, '/account_creation_tokens/using-account-creation-request-token', {
          account_creation_request_token: requestToken,
        })
      expect((await exchange()).status).toBe(404)

      const chrome = await browser()
      const context = await chrome.newContext({
        javaScriptEnabled: scripts,
        locale: 'fr-FR',
        viewport: { width: 390, height: 700 },
      })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(validation_url)
      expect(await page.textContent('h1')).toBe('Confirmez que vous êtes une personne')
      await page.click('a[lang=en]')
      expect(await page.textContent('h1')).toBe('Confirm that you are a person')
      await page.click('a[lang=fr]')
      expect((await exchange()).status).toBe(404)
      await shoot(page, `creation-token-${captcha}`)
      await page.click('button[type=submit]:not([disabled])')
      await page.waitForSelector('text=Revenez à l’application')
      expect(complaints).toEqual([])
      await chrome.close()

      const exchanged = await exchange()
      expect(exchanged.status).toBe(201)
      const { token } = await exchanged.json()
      const body = {
        username: 'newcomer',
        password: 'correct-horse',
        algorithm: 'SHA-256',
        account_creation_token: token,
      }
      const made = await (await post(running, '/accounts/with-account-creation-token', body)).json()
      expect(
        (await post(running, '/accounts/with-account-creation-token', { ...body, username: 'second' })).status,
      ).toBe(422)
      await useAccount(running, 'newcomer', 'correct-horse', made.provisioning_token)
      await running.stop()
      await place.remove()
    }, 60_000)
  }
})

describe.skipIf(!hasProgram('curl') || !hasProgram('openssl'))('registering through push', () => {
  test('the device learns its token from Apple, and makes its account', async () => {
    const shop = workshop()
    const apple = await fakeApns(shop)
    const place = await prepared()
    const running = await serve({
      env: {
        ...place.env,
        APNS_KEY_FILE: shop.p8('one.p8'),
        APNS_KEY_ID: 'KEYONE1234',
        APNS_TEAM_ID: 'ABCDE12345',
        APNS_ENDPOINT: `localhost:${apple.fake.port}`,
        PUSH_CA_FILE: shop.file('tls.pem'),
      },
    })
    const device = { pn_provider: 'apns', pn_param: 'ABCDE12345.org.linphone.phone.voip', pn_prid: 'aa11' }
    apple.fake.answers = [{ status: 410, reason: 'Unregistered' }, { status: 200 }]
    expect((await post(running, '/account_creation_tokens/send-by-push', device)).status).toBe(503)
    expect((await post(running, '/account_creation_tokens/send-by-push', device)).status).toBe(200)
    const token = String(apple.fake.requests[1]?.body.token)
    const body = {
      username: 'newcomer',
      password: 'correct-horse',
      algorithm: 'SHA-256',
      account_creation_token: token,
    }
    const made = await (await post(running, '/accounts/with-account-creation-token', body)).json()
    await useAccount(running, 'newcomer', 'correct-horse', made.provisioning_token)
    expect(running.output()).not.toContain(token)
    await running.stop()
    await place.remove()
    apple.stop()
    shop.remove()
  }, 60_000)

  test('the device learns its token from the operator’s program, and makes its account', async () => {
    const place = await prepared()
    const program = join(place.folder, 'pusher')
    const record = join(place.folder, 'arguments')
    writeFileSync(program, `#!/bin/sh\nfor word in "$@"; do printf '%s\\n' "$word"; done > ${record}\n`)
    chmodSync(program, 0o755)
    const running = await serve({ env: { ...place.env, APP_FLEXISIP_PUSHER_PATH: program } })
    const device = { pn_provider: 'fcm', pn_param: 'project', pn_prid: 'device:one' }
    const sent = await post(running, '/account_creation_tokens/send-by-push', device)
    expect([sent.status, await sent.text()]).toEqual([200, ''])
    const words = readFileSync(record, 'utf8').split('\n')
    const payload = words[words.indexOf('--customPayload') + 1] ?? ''
    const { token } = JSON.parse(payload) as { token: string }
    expect((await post(running, '/account_creation_tokens/send-by-push', device)).status).toBe(403)
    const body = {
      username: 'newcomer',
      password: 'correct-horse',
      algorithm: 'SHA-256',
      account_creation_token: token,
    }
    const made = await (await post(running, '/accounts/with-account-creation-token', body)).json()
    await useAccount(running, 'newcomer', 'correct-horse', made.provisioning_token)
    expect(running.output()).not.toContain(token)
    await running.stop()
    await place.remove()
  })
})
