import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Space } from '../../src/nouns/space.ts'
import { foldedEmail, isSameEmail } from '../../src/protocols/email-address.ts'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { visitor } from '../support/visitor.ts'

let t: TestApp
let space: Space
let boss: TestAccount

/** A Space with unique addresses, where Carol has one that she wrote with capitals. */
beforeEach(async () => {
  t = await testApp({ env: WITH_MAIL })
  space = await t.space({ domain: 'sip.unique.org', host: 'unique.localhost', uniqueEmail: true })
  boss = await t.account({ space, admin: true })
})
afterEach(() => t.close())

const create = (username: string, email: string) =>
  t.post('/api/accounts', {
    as: boss,
    host: space.host,
    body: { username, password: 'correct-horse', algorithm: 'SHA-256', email, activated: true },
  })
const carol = () => t.account({ space, username: 'carol01', email: 'Carol.Jones@Example.org' })
const TAKEN = { email: ['The e-mail is already used.'] }

describe('addresses are the same whatever their case', () => {
  test('so that a second account cannot have one, nor change to it; they are stored as typed', async () => {
    const first = await create('carol01', 'Carol.Jones@Example.org')
    expect([first.status, first.json.email]).toEqual([200, 'Carol.Jones@Example.org'])
    for (const email of ['carol.jones@example.org', 'CAROL.JONES@EXAMPLE.ORG', 'Carol.Jones@example.org']) {
      expect((await create('carol02', email)).json.errors).toEqual(TAKEN)
    }
    const { id } = (await create('carol02', 'other@example.org')).json
    const body = { username: 'carol02', algorithm: 'SHA-256', email: 'carol.jones@example.ORG' }
    expect((await t.put(`/api/accounts/${id}`, { as: boss, host: space.host, body })).json.errors).toEqual(TAKEN)
    // Her own she may write as she likes.
    const own = { username: 'carol01', algorithm: 'SHA-256', email: 'carol.jones@example.org' }
    const kept = await t.put(`/api/accounts/${first.json.id}`, { as: boss, host: space.host, body: own })
    expect([kept.status, kept.json.email]).toEqual([200, 'carol.jones@example.org'])
  })

  test('ASCII letters only, on both databases: others differ', async () => {
    await create('carol01', 'élodie@example.org')
    expect((await create('carol02', 'Élodie@example.org')).status).toBe(200)
    expect((await create('carol03', 'éLODIE@EXAMPLE.org')).json.errors).toEqual(TAKEN)
    expect(foldedEmail('ÉLodie@Example.ORG')).toBe('Élodie@example.org')
    expect([
      isSameEmail(null, null),
      isSameEmail(null, 'a@example.org'),
      isSameEmail('\u212a@x.org', 'k@x.org'),
    ]).toEqual([true, false, false])
  })

  test('and an administrator finds an account by one', async () => {
    const { id } = await carol()
    const found = await t.get('/api/accounts/cAROL.jones@example.org/search-by-email', { as: boss, host: space.host })
    expect([found.status, found.json.id]).toEqual([200, id])
  })

  test('and a person signs in with one', async () => {
    await carol()
    const browser = visitor(t, { host: space.host })
    await browser.open('/login')
    const reply = await browser.submit({ username: 'CAROL.JONES@example.org', password: 'correct-horse' })
    expect(reply.status).toBe(302)
  })

  test('and finds back into the account with one: the code goes to the address that is stored', async () => {
    await carol()
    const browser = visitor(t, { host: space.host })
    await browser.open('/recovery/email')
    await browser.submit({ email: 'carol.jones@EXAMPLE.org' })
    await t.work()
    expect(await t.messages()).toMatchObject([{ kind: 'recovery_code', recipient: 'Carol.Jones@Example.org' }])
  })

  test('and nobody changes to the address that they have, or that somebody has', async () => {
    const her = await carol()
    const { token } = (await t.post('/api/account_creation_tokens', { as: boss, host: space.host })).json
    const vouched = { account_creation_token: token }
    await t.post('/api/account_creation_tokens/consume', { as: her, host: space.host, body: vouched })
    const dave = await t.account({ space, username: 'dave001', email: 'dave@example.org' })
    const ask = (who: TestAccount, email: string) =>
      t.post('/api/accounts/me/email/request', { as: who, host: space.host, body: { email } })
    expect((await ask(her, 'carol.jones@example.org')).json.errors).toEqual({
      email: ['The e-mail is the address that the account has already.'],
    })
    const again = (await t.post('/api/account_creation_tokens', { as: boss, host: space.host })).json
    const body = { account_creation_token: again.token }
    await t.post('/api/account_creation_tokens/consume', { as: dave, host: space.host, body })
    expect((await ask(dave, 'carol.jones@example.org')).json.errors).toEqual(TAKEN)
    expect(await t.messages()).toEqual([])
  })

  test('and whoever registers with somebody’s gets no code there; its owner learns of it', async () => {
    await carol()
    const browser = visitor(t, { host: space.host })
    await browser.open('/register/email')
    const email = 'CAROL.jones@example.org'
    const typed = { username: 'carol09', password: 'orange-teapot', password_confirmation: 'orange-teapot' }
    await browser.submit({ ...typed, email, email_confirmation: email.toLowerCase() })
    expect(await t.messages()).toMatchObject([{ kind: 'registration_attempted', recipient: 'Carol.Jones@Example.org' }])
  })
})

test('two that ask at once for the same address in another case: one of them gets it', async () => {
  const replies = await Promise.all([
    create('carol01', 'carol@example.org'),
    create('carol02', 'CAROL@example.org'),
    create('carol03', 'Carol@example.org'),
  ])
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 422, 422])
})
