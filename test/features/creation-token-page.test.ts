import { afterEach, describe, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { FORM } from '../support/page.ts'

let t: TestApp
afterEach(() => t.close())

const open = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  const { token } = (await t.post('/api/account_creation_request_tokens')).json
  const page = await t.get(`/creation_token/check/${token}`)
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? ''
  const formToken = /name="form_token" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const submit = (fields: Record<string, string> = {}, headers: Record<string, string> = { cookie }) =>
    t.post('/creation_token/validate', {
      headers: { ...FORM, ...headers },
      body: new URLSearchParams({ form_token: formToken, account_creation_request_token: token, ...fields }).toString(),
    })
  const isValidated = async () =>
    (await t.db.read.select().from(t.db.tables.accountCreationRequestTokens))[0]?.validatedAt !== null
  return { token, page, submit, isValidated }
}

describe('the browser check', () => {
  test('is a page of its own headers: no inline script, no framing, no cache, no referrer', async () => {
    const { page } = await open()
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = page.headers.get('content-security-policy') ?? ''
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"]) {
      expect(policy).toContain(part)
    }
    expect(policy).not.toContain('unsafe-inline')
    expect(page.headers.get('cache-control')).toBe('no-store, private')
    expect(page.text).not.toMatch(/<script(?! type="module" src=)| style=| on\w+=/)
  })

  test('does not know unknown, exchanged or old tokens', async () => {
    const { token, submit } = await open()
    expect((await t.get('/creation_token/check/unknown-token')).status).toBe(404)
    expect((await t.get(`/creation_token/check/${token}`, { host: 'other.localhost' })).status).toBe(404)
    await submit()
    await t.post('/api/account_creation_tokens/using-account-creation-request-token', {
      body: { account_creation_request_token: token },
    })
    expect((await t.get(`/creation_token/check/${token}`)).status).toBe(404)
    expect((await submit()).status).toBe(404)
  })

  test('is not confirmed by looking, by another site, or without the form’s token', async () => {
    const { submit, isValidated } = await open()
    const foreign = [{}, { cookie: 'sipkeeper_form='.padEnd(47, 'x') }]
    for (const headers of foreign) expect((await submit({}, headers)).status).toBe(403)
    expect((await submit({ form_token: 'x'.repeat(64) })).status).toBe(403)
    expect(await isValidated()).toBe(false)
    expect((await submit()).status).toBe(200)
    expect(await isValidated()).toBe(true)
    expect((await submit()).status).toBe(200)
  })

  test('does not listen to a form that a browser says came from elsewhere', async () => {
    const { page, submit, isValidated } = await open()
    const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect((await submit({}, { cookie, origin: 'https://evil.example' })).status).toBe(403)
    expect((await submit({}, { cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(await isValidated()).toBe(false)
  })

  test('leads to the about page where the panel is off, and for programs that want JSON', async () => {
    const { token } = await open()
    const json = await t.get(`/creation_token/check/${token}`, { headers: { accept: 'application/json' } })
    expect([json.status, json.headers.get('location')]).toEqual([302, '/about'])
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ webPanel: false }).returning())
    t.parts.spaces.forget()
    expect((await t.get(`/creation_token/check/${token}`)).status).toBe(302)
    expect((await t.get('/about')).status).toBe(200)
  })
})

describe('hCaptcha', () => {
  const withFake = async (answer: (form: URLSearchParams) => Response) => {
    const asked: URLSearchParams[] = []
    const fake = Bun.serve({
      port: 0,
      fetch: async (request) => {
        const form = new URLSearchParams(await request.text())
        asked.push(form)
        return answer(form)
      },
    })
    const opened = await open({
      HCAPTCHA_SITEKEY: '10000000-ffff-ffff-ffff-000000000001',
      HCAPTCHA_SECRET: 'captcha-secret',
      HCAPTCHA_VERIFY_URL: `http://localhost:${fake.port}/siteverify`,
    })
    return { ...opened, asked, stop: () => fake.stop(true) }
  }

  test('is asked with the secret, and only its yes counts', async () => {
    const { page, submit, isValidated, asked, stop } = await withFake((form) =>
      Response.json({ success: form.get('response') === 'good' }),
    )
    expect(page.text).toContain('data-sitekey="10000000-ffff-ffff-ffff-000000000001"')
    expect(page.headers.get('content-security-policy')).toContain('https://hcaptcha.com')
    expect((await submit()).status).toBe(422)
    expect(asked).toHaveLength(0)
    const refused = await submit({ 'h-captcha-response': 'bad' })
    expect([refused.status, refused.text.includes('role="alert"')]).toEqual([422, true])
    expect(await isValidated()).toBe(false)
    expect((await submit({ 'h-captcha-response': 'good' })).status).toBe(200)
    expect(asked.at(-1)?.get('secret')).toBe('captcha-secret')
    expect(asked.at(-1)?.get('remoteip')).toBe('192.0.2.7')
    expect(t.lines.join('\n')).not.toContain('captcha-secret')
    stop()
  })

  test('that breaks lets nobody in', async () => {
    const { submit, isValidated, stop } = await withFake(() => new Response('<html>', { status: 502 }))
    expect((await submit({ 'h-captcha-response': 'good' })).status).toBe(422)
    expect(await isValidated()).toBe(false)
    stop()
  })
})

describe('the proof of work', () => {
  test('must be of this very token and rightly solved', async () => {
    const { page, submit, isValidated } = await open({ CAPTCHA_PROVIDER: 'pow' })
    const text =
      /data-challenge="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&') ?? ''
    const challenge = JSON.parse(text)
    const payload = (more: Record<string, unknown>) => btoa(JSON.stringify({ ...challenge, ...more }))
    let number = 0
    while (Bun.SHA256.hash(challenge.salt + number, 'hex') !== challenge.challenge) number += 1
    for (const altcha of [
      '',
      'garbage',
      payload({ number: number + 1 }),
      payload({ number, salt: challenge.salt.replace('subject=', 'subject=x') }),
    ]) {
      expect((await submit({ altcha })).status).toBe(422)
    }
    expect(await isValidated()).toBe(false)
    expect((await submit({ altcha: payload({ number }) })).status).toBe(200)
  })
})
