import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { visitor } from '../support/visitor.ts'

let t: TestApp
let root: TestAccount
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env: { ...WITH_MAIL, ...env } })
  root = await t.account({ username: 'root', admin: true })
}
beforeEach(() => start())
afterEach(() => t.close())

const DOMAIN = 'sip.other.org'
const read = async () => (await t.get(`/api/spaces/${DOMAIN}`, { as: root })).json
const set = async (more: object, method = 'PUT') =>
  t.send(method, `/api/spaces/${DOMAIN}`, { as: root, body: { ...(await read()), ...more } })
const create = (username: string, email: string) =>
  t.post('/api/accounts', {
    as: root,
    body: { username, password: 'correct-horse', algorithm: 'SHA-256', email, domain: DOMAIN },
  })
const change = async (username: string, email: string, id: number) =>
  t.put(`/api/accounts/${id}`, {
    as: await t.account({ space: t.other, admin: true }),
    host: t.other.host,
    body: { username, algorithm: 'SHA-256', email },
  })

const named = () => ({ domain: DOMAIN, host: t.other.host, name: t.other.name })

describe('`unique_email` of a Space', () => {
  test('is refused while accounts share an address, in whatever case, with a list of them', async () => {
    await t.account({ space: t.other, username: 'alice', email: 'us@example.org' })
    await t.account({ space: t.other, username: 'bob', email: 'US@example.org' })
    await t.account({ space: t.other, username: 'carol', email: 'me@example.org' })
    // In another Space: nobody's business.
    for (const username of ['dave', 'erin']) await t.account({ username, email: 'dave@example.org' })
    await t.parts.apiKeys.flush()
    const before = await t.snapshot()
    for (const method of ['PUT', 'PATCH']) {
      const reply = await set({ unique_email: true, name: 'Changed' }, method)
      expect([reply.status, reply.json.errors]).toEqual([
        422,
        {
          unique_email: [
            'E-mail addresses cannot become unique while several accounts have the same one: us@example.org (alice, bob)',
          ],
        },
      ])
    }
    expect(await t.parts.spaceAdministration.upsert({ ...named(), uniqueEmail: true }).catch(({ code }) => code)).toBe(
      'conflict',
    )
    expect(await t.snapshot()).toBe(before)
  })

  test('lists twenty of them at most', async () => {
    for (let i = 0; i < 25; i++) {
      for (const _ of ['a', 'b']) await t.account({ space: t.other, email: `shared${i}@example.org` })
    }
    const [message] = (await set({ unique_email: true })).json.errors.unique_email
    expect(message.match(/shared\d+@/g)).toHaveLength(20)
  })

  test('is refused when it is neither yes nor no', async () => {
    const body = { name: 'N', domain: 'sip.n.example', host: 'n.localhost', unique_email: 'perhaps' }
    expect(Object.keys((await t.post('/api/spaces', { as: root, body })).json.errors)).toEqual(['unique_email'])
    expect(Object.keys((await set({ client_certificate_authentication: 2 })).json.errors)).toEqual([
      'client_certificate_authentication',
    ])
  })

  test('is set and taken away, and stays when nobody speaks of it', async () => {
    expect((await create('alice01', 'us@example.org')).status).toBe(200)
    expect((await set({ unique_email: true, client_certificate_authentication: true })).json).toMatchObject({
      unique_email: true,
      client_certificate_authentication: true,
    })
    expect((await create('alice02', 'US@example.org')).json.errors).toEqual({ email: ['The e-mail is already used.'] })
    const { unique_email: _, client_certificate_authentication: __, ...silent } = await read()
    const kept = await t.put(`/api/spaces/${DOMAIN}`, { as: root, body: silent })
    expect(kept.json).toMatchObject({ unique_email: true, client_certificate_authentication: true })
    expect((await set({ unique_email: '0' }, 'PATCH')).json.unique_email).toBe(false)
    expect((await create('alice02', 'US@example.org')).status).toBe(200)
  })

  test('is set from the command line, which leaves what it does not name', async () => {
    const { space } = await t.parts.spaceAdministration.upsert({ ...named(), uniqueEmail: true })
    expect([space.uniqueEmail, space.clientCertificateAuthentication]).toEqual([true, false])
    const again = await t.parts.spaceAdministration.upsert({ ...named(), clientCertificateAuthentication: true })
    expect([again.space.uniqueEmail, again.space.clientCertificateAuthentication]).toEqual([true, true])
    const off = await t.parts.spaceAdministration.upsert({ ...named(), uniqueEmail: false })
    expect([off.space.uniqueEmail, off.space.clientCertificateAuthentication]).toEqual([false, true])
  })

  test('and an account that gets a shared address at the same moment: never both', async () => {
    await create('alice01', 'us@example.org')
    for (let round = 0; round < 10; round++) {
      const username = `bob.00${round}`
      const { id } = (await create(username, `bob${round}@example.org`)).json
      const [flag, moved] = await Promise.all([
        set({ unique_email: true }),
        change(username, 'us@EXAMPLE.org', id),
        create(`carol0${round}`, 'Us@example.org'),
      ])
      const { accounts } = t.db.tables
      const shared = (await t.db.read.select().from(accounts)).filter((a) => /^us@example.org$/i.test(a.email ?? ''))
      expect([flag.status, shared.length > 1]).toEqual(shared.length > 1 ? [422, true] : [200, false])
      expect([200, 422]).toContain(moved.status)
      await set({ unique_email: false })
      for (const { id: other, username: name } of shared.slice(1)) await change(name, `${name}@example.org`, other)
    }
  })
})

test('a stranger who registers is not told whose address it is, and gets none', async () => {
  await set({ unique_email: true })
  expect((await create('alice01', 'us@example.org')).status).toBe(200)
  const admin = await t.account({ space: t.other, admin: true })
  const { token } = (await t.post('/api/account_creation_tokens', { as: admin, host: t.other.host })).json
  const body = { username: 'mallory', password: 'correct-horse', algorithm: 'SHA-256', account_creation_token: token }
  const reply = await t.post('/api/accounts/with-account-creation-token', {
    host: t.other.host,
    body: { ...body, email: 'us@example.org' },
  })
  expect([reply.status, reply.json.email]).toEqual([200, null])
})

describe('ACCOUNT_EMAIL_UNIQUE=true', () => {
  beforeEach(async () => {
    await t.close()
    await start({ ACCOUNT_EMAIL_UNIQUE: 'true' })
  })

  test('makes addresses unique in a Space whose flag is off, and the flag stays what it was', async () => {
    expect((await read()).unique_email).toBe(false)
    expect((await create('alice01', 'us@example.org')).status).toBe(200)
    expect((await create('alice02', 'Us@example.org')).json.errors).toEqual({ email: ['The e-mail is already used.'] })
    const { id } = (await create('alice02', 'me@example.org')).json
    expect((await change('alice02', 'us@example.org', id)).status).toBe(422)
    expect((await read()).unique_email).toBe(false)
    // In another Space it is another account's.
    await t.account({ username: 'alice01', email: 'us@example.org' })
  })

  test('and a recovery there asks for the address alone', async () => {
    await t.account({ space: t.other, username: 'alice01', email: 'us@example.org' })
    const browser = visitor(t, { host: t.other.host })
    expect((await browser.open('/recovery/email')).text).not.toContain('name="username"')
    await browser.submit({ email: 'us@example.org' })
    await t.work()
    expect(await t.messages()).toMatchObject([{ kind: 'recovery_code', recipient: 'us@example.org' }])
  })
})
