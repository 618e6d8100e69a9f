import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type RedisServer, startRedis } from '../registrar/servers.ts'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { hasProgram } from '../support/executable.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// What helps somebody whose phone does not ring (behaviour/panel.md §7.4).

const entered = async (t: TestApp, account: TestAccount, host = 'localhost') => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username: account.username, password: account.password })
  return browser
}

describe('an administrator who is called', () => {
  let t: TestApp
  let browser: Awaited<ReturnType<typeof entered>>

  beforeEach(async () => {
    t = await testApp({ env: { ...WITH_MAIL, SMS_PROVIDER: 'log' } })
    browser = await entered(t, await t.account({ username: 'boss', admin: true, space: t.other }), 'other.localhost')
  })
  afterEach(() => t.close())

  const somebody = (more: Partial<Parameters<TestApp['account']>[0]> = {}) =>
    t.account({ username: 'somebody', space: t.other, email: 'somebody@example.org', ...more })
  const read = async (path: string) => words(await browser.open(path))
  const mails = async () =>
    (await t.db.read.select().from(t.db.tables.outboxMessages)).map(({ kind, recipient }) => [kind, recipient])

  test('does not block their own account, whatever they send, and cannot see that of another Space', async () => {
    const own = (await t.db.read.select().from(t.db.tables.accounts)).find(({ username }) => username === 'boss')
    const elsewhere = await t.account({ username: 'elsewhere' })
    await browser.open('/admin')
    const before = await t.snapshot()
    await browser.open(`/admin/accounts/${own?.id}/block`)
    expect((await browser.submit({}, { stay: true })).status).toBe(403)
    for (const rest of [
      '',
      '/edit',
      '/delete',
      '/block',
      '/deactivate',
      '/provision',
      '/reset_password_email/create',
    ]) {
      expect([rest, (await browser.open(`/admin/accounts/${elsewhere.id}${rest}`)).status]).toEqual([rest, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('reads first what is wrong, with what mends it, and mends it there', async () => {
    const { id } = await somebody({ activated: false, blocked: true })
    const path = `/admin/accounts/${id}`
    const blocked = await read(path)
    expect(blocked).toContain('Why does it not ring?')
    expect(blocked).toContain('Nobody can sign in with it')
    expect((await browser.submit({}, { form: `${path}/unblock` })).status).toBe(302)
    const waiting = await read(path)
    expect(waiting).toContain('The account is no longer blocked.')
    expect(waiting).toContain('It becomes active when its phone is set up by a link')
    await browser.submit({}, { form: `${path}/activate` })
    const mended = await read(path)
    for (const sentence of [
      'Does it ring?',
      'It is active',
      'It is not blocked',
      'SHA-256, realm sip.other.org',
      'No phone was set up by a link yet',
      'This site is not connected to the SIP server',
    ]) {
      expect(mended).toContain(sentence)
    }
  })

  test('sees that a password was stored for another algorithm than the Space uses', async () => {
    const { id } = await somebody({ algorithm: 'MD5' })
    expect(await read(`/admin/accounts/${id}`)).toContain('It is stored as MD5 only; this space uses SHA-256.')
  })

  test('blocks and switches off after a question, and undoes both', async () => {
    const { id } = await somebody()
    const path = `/admin/accounts/${id}`
    expect(await read(`${path}/block`)).toContain('Block somebody?')
    await browser.submit()
    expect(await read(path)).toContain('The account is blocked.')
    await browser.submit({}, { form: `${path}/unblock` })
    expect(await read(`${path}/deactivate`)).toContain('Switch somebody off?')
    await browser.submit()
    expect(await read(path)).toContain('An administrator switched it off')
    await browser.submit({}, { form: `${path}/activate` })
    expect(await read(path)).toContain('The account is active.')
  })

  test('is told where a mail goes and how long its link is good, before it is sent', async () => {
    const { id } = await somebody()
    const path = `/admin/accounts/${id}`
    const asked = await read(`${path}/reset_password_email/create`)
    expect(asked).toContain('somebody@example.org')
    expect(asked).toContain('The link is good for 24 hours.')
    expect(await mails()).toEqual([])
    await browser.submit()
    expect(await read(path)).toContain('The password link is on its way.')
    expect(await read(`${path}/provisioning_email/create`)).toContain('The link works until it is used.')
    await browser.submit()
    expect(await mails()).toEqual([
      ['reset_password', 'somebody@example.org'],
      ['provisioning', 'somebody@example.org'],
    ])
  })

  test('is sent to add an address where there is none, and nothing leaves', async () => {
    const { id } = await t.account({ username: 'nobody', space: t.other })
    for (const kind of ['reset_password', 'provisioning']) {
      expect(await read(`/admin/accounts/${id}/${kind}_email/create`)).toContain('There is no address to send to')
    }
    expect(await mails()).toEqual([])
  })

  test('never reads the code that waits, and has it sent again: the one before is worth nothing then', async () => {
    const owner = await somebody()
    const host = 'other.localhost'
    const person = await entered(t, owner, host)
    await person.open('/email/change')
    expect((await person.submit({ email: 'new@example.org', current_password: owner.password })).status).toBe(302)
    const code = async () => {
      const [mail] = (await t.db.read.select().from(t.db.tables.outboxMessages)).toReversed()
      return String((JSON.parse(t.parts.secrets.open(mail?.data ?? '')) as { code: string }).code)
    }
    const first = await code()
    const path = `/admin/accounts/${owner.id}`
    const page = await browser.open(path)
    expect(words(page)).toContain('new@example.org')
    expect(words(page)).toContain('Code ••••')
    expect(page.text).not.toContain(`>${first}<`)
    const again = () => browser.submit({}, { form: `${path}/codes/email/send`, stay: true })
    expect((await again()).status).toBe(429)
    t.clock.now = new Date(t.clock.now.getTime() + 61_000)
    expect((await again()).headers.get('location')).toBe(path)
    expect((await mails()).filter(([, recipient]) => recipient === 'new@example.org').length).toBeGreaterThan(0)
    // Over the API, too, where it is the same.
    const key = await t.account({ username: 'robot', admin: true, space: t.other })
    const overApi = (kind: string) => t.post(`/api/accounts/${owner.id}/send_code`, { host, as: key, body: { kind } })
    expect([(await overApi('email')).status, (await overApi('phone')).status, (await overApi('fax')).status]).toEqual([
      429, 404, 422,
    ])
    t.clock.now = new Date(t.clock.now.getTime() + 61_000)
    expect((await overApi('email')).status).toBe(200)
    await person.open('/email/validate')
    expect((await person.submit({ code: await code() })).headers.get('location')).toBe('/dashboard')
    expect((await again()).status).toBe(404)
  })
})

describe.skipIf(!hasProgram('redis-server'))('the devices of an account', () => {
  const PHONE = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
  let redis: RedisServer
  let t: TestApp

  beforeAll(async () => {
    redis = await startRedis()
    t = await testApp({ env: { REDIS_URL: redis.url } })
  })
  afterAll(async () => {
    t.parts.registrar.close()
    await t.close()
    await redis.stop()
  })

  test('are shown as they are registered now, and one is removed after a question', async () => {
    const browser = await entered(t, await t.account({ username: 'boss', admin: true }))
    const { id } = await t.account({ username: 'somebody' })
    const path = `/admin/accounts/${id}`
    const read = async () => words(await browser.open(path))
    const silent = await read()
    // Nothing is wrong with an account that nobody has used yet.
    expect(silent).not.toContain('Why does it not ring?')
    expect(silent).toContain('No phone yet Scan the code with the phone, or send it by e-mail.')
    const updatedAt = Math.floor(t.clock.now.getTime() / 1000)
    await redis.register('somebody@sip.example.org', PHONE, {
      updatedAt,
      userAgent: 'LinphoneAndroid/5.2.1 (Pixel 8) SDK/5',
    })
    const ringing = await read()
    expect(ringing).toContain('1 phone is connected')
    expect(ringing).toContain('LinphoneAndroid 5.2.1 Pixel 8')
    const asked = await browser.open(`${path}/devices/${encodeURIComponent(PHONE)}/delete`)
    expect(words(asked)).toContain('Remove LinphoneAndroid 5.2.1 Pixel 8?')
    expect((await browser.submit()).headers.get('location')).toBe(path)
    expect(await read()).toContain('No phone is connected')
    expect((await browser.open(`${path}/devices/${encodeURIComponent(PHONE)}/delete`)).status).toBe(404)
  })

  test('stay where the registrar does not answer, and the page says so', async () => {
    const browser = await entered(t, await t.account({ username: 'boss2', admin: true }))
    const { id } = await t.account({ username: 'unreachable' })
    await redis.register('unreachable@sip.example.org', PHONE)
    const path = `/admin/accounts/${id}`
    await browser.open(`${path}/devices/${encodeURIComponent(PHONE)}/delete`)
    await redis.stop()
    const refused = await browser.submit()
    expect([refused.status, words(refused).includes('the device was not removed')]).toEqual([422, true])
    expect(words(await browser.open(path))).toContain('The SIP server does not answer at the moment')
  })
})
