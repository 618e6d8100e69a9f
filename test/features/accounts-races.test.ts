import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { ha1 } from '../../src/protocols/digest.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { outcomes, times } from '../support/at-once.ts'
import { postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { otherConnection } from '../support/other-connection.ts'

// The same thing fifty times at once, and things that do not go together: one of them happens, the others are refused
// in words, and nobody ever sees a 500.

let t: TestApp
let admin: TestAccount
beforeEach(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterEach(() => t.close())

const valid = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5' }
const create = (body: object) => t.post('/api/accounts', { as: admin, body })
const change = (id: number, body: object) => t.put(`/api/accounts/${id}`, { as: admin, body })
const accountRows = () => t.db.read.select().from(t.db.tables.accounts)
const passwordsOf = async (id: number) =>
  (await t.db.read.select().from(t.db.tables.passwords)).filter(({ accountId }) => accountId === id)
/** On PostgreSQL: a statement waits for a row that another transaction holds. */
const somebodyWaits = async () => {
  const other = otherConnection(t.database.url)
  const waiting = await other.query(
    "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  )
  await other.close()
  return waiting.length > 0
}
const accountsOf = (count: number) => times(count, (i) => t.account({ username: `person.${i}` }))

describe('fifty creations at once', () => {
  test('of one name make one account, with one password and one token', async () => {
    expect(outcomes(await times(50, () => create(valid)))).toEqual({ 200: 1, 422: 49 })
    const carols = (await accountRows()).filter(({ username }) => username === 'carol.1')
    expect(carols).toHaveLength(1)
    expect(await passwordsOf(carols[0]?.id ?? 0)).toHaveLength(1)
    const tokens = await t.db.read.select().from(t.db.tables.provisioningTokens)
    expect(tokens.filter(({ accountId }) => accountId === carols[0]?.id)).toHaveLength(1)
  })

  test('fill a Space for five with five', async () => {
    const { domain } = await t.space({ domain: 'sip.small.org', host: 'small.localhost', maxAccounts: 5 })
    const replies = await times(50, (i) => create({ ...valid, username: `carol.${i}`, domain }))
    expect(outcomes(replies)).toEqual({ 200: 5, 403: 45 })
    expect((await accountRows()).filter((row) => row.domain === domain)).toHaveLength(5)
  })

  test('with one e-mail address make one account where it must be unique, and fifty where not', async () => {
    const { domain } = await t.space({ domain: 'sip.unique.org', host: 'unique.localhost', uniqueEmail: true })
    const email = 'a@example.org'
    const unique = await times(50, (i) => create({ ...valid, username: `carol.${i}`, email, domain }))
    expect(outcomes(unique)).toEqual({ 200: 1, 422: 49 })
    expect(unique.find(({ status }) => status === 422)?.json.errors).toEqual({ email: ['The e-mail is already used.'] })
    expect(outcomes(await times(50, (i) => create({ ...valid, username: `dave.${i}x`, email })))).toEqual({ 200: 50 })
  })

  test('with one number, written in two ways, make one account', async () => {
    await t.parts.phoneCountries.activate(null, 'FR')
    const spellings = ['+33612345678', '+33 6 12 34 56 78']
    const replies = await times(50, (i) => create({ ...valid, username: `carol.${i}`, phone: spellings[i % 2] }))
    expect(outcomes(replies)).toEqual({ 200: 1, 422: 49 })
    expect(replies.find(({ status }) => status === 422)?.json.errors).toEqual({ phone: ['The phone is already used.'] })
  })

  test('of a number as a name and as a number make one account', async () => {
    await t.close()
    t = await testApp({ env: { APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API: 'true' } })
    admin = await t.account({ username: 'admin', admin: true })
    await t.parts.phoneCountries.activate(null, 'FR')
    const number = '+33612345678'
    const replies = await times(50, (i) =>
      create(i % 2 === 0 ? { ...valid, username: number } : { ...valid, username: `carol.${i}`, phone: number }),
    )
    const named = (await accountRows()).filter(({ username }) => username === number).length
    const numbered = (await accountRows()).filter(({ phone }) => phone === number).length
    // A name may be somebody's number already; a number may not be somebody's name.
    expect([outcomes(replies)[500], named <= 1, numbered <= 1, named + numbered >= 1]).toEqual([
      undefined,
      true,
      true,
      true,
    ])
  })
})

describe('changes at once', () => {
  test('to one name, while it is also being created: one account has it', async () => {
    const people = await accountsOf(25)
    const wanted = { username: 'wanted.1', password: 'correct-horse', algorithm: 'MD5' }
    const replies = await Promise.all([
      ...people.map(({ id }) => change(id, wanted)),
      ...Array.from({ length: 25 }, () => create(wanted)),
    ])
    expect(outcomes(replies)).toEqual({ 200: 1, 422: 49 })
    expect((await accountRows()).filter(({ username }) => username === 'wanted.1')).toHaveLength(1)
  })

  // On SQLite writers queue, so nothing can come between a look and a write.
  test.skipIf(postgresUrl === null)(
    'to a name that another process is just giving away are refused in words',
    async () => {
      const { id } = await t.account({ username: 'person.1' })
      const elsewhere = t.database.reopen()
      const [template] = (await accountRows()).map(({ id: _, ...row }) => row)
      const [given, waitedFor] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const taking = elsewhere.transaction(async (tx) => {
        await tx.insert(elsewhere.tables.accounts).values({ ...template, username: 'wanted.1' } as never)
        given.resolve()
        await waitedFor.promise
      })
      await given.promise
      const changing = change(id, { ...valid, username: 'wanted.1' })
      await eventually(somebodyWaits)
      waitedFor.resolve()
      const reply = await changing
      await taking
      await elsewhere.close()
      expect([reply.status, reply.json.errors]).toEqual([422, { username: ['The username is already used.'] }])
    },
  )

  test('to one number, while it is also being given to new accounts: one account has it', async () => {
    await t.parts.phoneCountries.activate(null, 'FR')
    const people = await accountsOf(20)
    const phone = '+33612345678'
    const replies = await Promise.all([
      ...people.map(({ id, username }) => change(id, { username, algorithm: 'MD5', phone })),
      ...Array.from({ length: 20 }, (_, i) => create({ ...valid, username: `carol.${i}`, phone })),
    ])
    expect(outcomes(replies)).toEqual({ 200: 1, 422: 39 })
  })

  test('to one e-mail address that must be unique: one account has it', async () => {
    const space = await t.space({ domain: 'sip.unique.org', host: 'unique.localhost', uniqueEmail: true })
    const boss = await t.account({ space, admin: true })
    const people = await times(20, (i) => t.account({ space, username: `person.${i}` }))
    const replies = await Promise.all(
      people.map(({ id, username }) =>
        t.put(`/api/accounts/${id}`, {
          as: boss,
          host: space.host,
          body: { username, algorithm: 'MD5', email: 'a@example.org' },
        }),
      ),
    )
    expect(outcomes(replies)).toEqual({ 200: 1, 422: 19 })
  })

  test('of a password by its owner: one of them, and one row', async () => {
    const alice = await t.account({ username: 'alice.1' })
    const algorithms = ['MD5', 'SHA-256']
    const replies = await times(30, (i) =>
      t.post('/api/accounts/me/password', {
        as: alice,
        body: { algorithm: algorithms[i % 2], password: `new-password-${i}`, old_password: 'correct-horse' },
      }),
    )
    const counts = outcomes(replies)
    expect([counts[200], (counts[409] ?? 0) + (counts[422] ?? 0)]).toEqual([1, 29])
    const winner = replies.findIndex(({ status }) => status === 200)
    expect(await passwordsOf(alice.id)).toHaveLength(1)
    const renewed = { ...alice, password: `new-password-${winner}` }
    expect((await t.digest(renewed, 'GET', '/api/accounts/me')).status).toBe(200)
  })

  test('of a password by an administrator: all of them, and one row', async () => {
    const alice = await t.account({ username: 'alice.1' })
    const replies = await times(30, (i) =>
      change(alice.id, { username: 'alice.1', algorithm: i % 2 ? 'MD5' : 'SHA-256', password: `new-password-${i}` }),
    )
    expect(outcomes(replies)).toEqual({ 200: 30 })
    expect(await passwordsOf(alice.id)).toHaveLength(1)
  })

  test('of the name and of the first password never leave a hash of another name', async () => {
    for (let round = 0; round < 8; round++) {
      const alice = await t.account({ username: `alice.${round}` })
      await t.db.transaction((tx) => tx.delete(t.db.tables.passwords).returning())
      const [first, renamed] = await Promise.all([
        t.post('/api/accounts/me/password', { as: alice, body: { algorithm: 'MD5', password: 'new-password' } }),
        change(alice.id, { username: `renamed.${round}`, algorithm: 'MD5' }),
      ])
      expect([200, 409]).toContain(first?.status ?? 0)
      expect([200, 422]).toContain(renamed?.status ?? 0)
      const row = (await accountRows()).find(({ id }) => id === alice.id)
      for (const { password } of await passwordsOf(alice.id)) {
        expect(password).toBe(ha1('MD5', row?.username ?? '', 'sip.example.org', 'new-password'))
      }
    }
  })
})

describe('tokens and keys at once', () => {
  test('one of fifty readers of a provisioning link gets the account, even when each resets the password', async () => {
    for (const query of ['', '?reset_password']) {
      const alice = await t.account({ activated: false })
      const token = (await t.get('/api/accounts/me', { as: alice })).json.provisioning_token
      const replies = await times(50, () => t.get(`/provisioning/${token}${query}`))
      expect(outcomes(replies)).toEqual({ 200: 1, 404: 49 })
      expect(await passwordsOf(alice.id)).toHaveLength(1)
    }
  })

  test('everybody who asks for a new token gets one, and one of them works', async () => {
    const alice = await t.account({})
    const replies = await times(30, () => t.get('/api/accounts/me/provision', { as: alice }))
    expect(outcomes(replies)).toEqual({ 200: 30 })
    const tokens = new Set(replies.map(({ json }) => json.provisioning_token as string))
    const looked = await Promise.all([...tokens].map((token) => t.get(`/provisioning/qrcode/${token}`)))
    expect(outcomes(looked)).toEqual({ 200: 1, ...(tokens.size > 1 ? { 404: tokens.size - 1 } : {}) })
  })

  test('a password that is reset thirty times ends as one row, the one that was sent last', async () => {
    const alice = await t.account({})
    const replies = await times(30, () => t.get('/provisioning/me?reset_password', { as: alice }))
    expect(outcomes(replies)).toEqual({ 200: 30 })
    const rows = await passwordsOf(alice.id)
    expect(rows).toHaveLength(1)
    expect(replies.some(({ text }) => text.includes(rows[0]?.password ?? '-'))).toBe(true)
  })

  test('of API keys asked for at once one survives, and each died that asked too late', async () => {
    const alice = await t.account({ username: 'alice.1' })
    const replies = await times(20, () => t.get('/api/accounts/me/api_key', { as: alice }))
    const counts = outcomes(replies)
    expect((counts[200] ?? 0) + (counts[401] ?? 0)).toBe(20)
    const keys = replies.filter(({ status }) => status === 200).map(({ text }) => text)
    const alive = await Promise.all(keys.map((key) => t.get('/api/accounts/me', { key })))
    expect(outcomes(alive)[200]).toBe(1)
  })
})

describe('an account that is deleted meanwhile', () => {
  test('is gone for everybody who wanted something of it, and leaves nothing', async () => {
    for (let round = 0; round < 5; round++) {
      const alice = await t.account({ username: `alice.${round}` })
      const at = `/api/accounts/${alice.id}`
      const replies = await Promise.all([
        ...Array.from({ length: 5 }, (_, i) => t.post(`${at}/dictionary/k${i}`, { as: admin, body: { value: 'x' } })),
        ...Array.from({ length: 5 }, () => t.get(`${at}/provision`, { as: admin })),
        ...Array.from({ length: 5 }, () => t.get('/api/accounts/me/api_key', { as: alice })),
        ...Array.from({ length: 5 }, () => t.get('/provisioning/me?reset_password', { as: alice })),
        t.delete(at, { as: admin }),
        t.delete('/api/accounts/me', { as: alice }),
        ...Array.from({ length: 5 }, () => t.post(`${at}/activate`, { as: admin })),
        ...Array.from({ length: 5 }, () => change(alice.id, { username: alice.username, algorithm: 'MD5' })),
        t.post('/api/accounts/me/password', {
          as: alice,
          body: { algorithm: 'MD5', password: 'new-password', old_password: 'correct-horse' },
        }),
      ])
      // 409 and 422: the password that `me/password` knew was reset meanwhile.
      for (const { status } of replies) expect([200, 201, 401, 404, 409, 422]).toContain(status)
      expect((await t.get(at, { as: admin })).status).toBe(404)
      for (const table of Object.values(t.db.tables)) {
        if (!('accountId' in table)) continue
        const rows = (await t.db.read.select().from(table)) as { accountId: number | null }[]
        expect(rows.filter(({ accountId }) => accountId === alice.id)).toEqual([])
      }
    }
  })

  test('twice at once is deleted once', async () => {
    const alice = await t.account({})
    const replies = await times(20, () => t.delete(`/api/accounts/${alice.id}`, { as: admin }))
    expect(outcomes(replies)).toEqual({ 200: 1, 404: 19 })
  })
})

describe('a dictionary written from many sides', () => {
  test('keeps one value a key', async () => {
    const alice = await t.account({})
    const at = `/api/accounts/${alice.id}/dictionary`
    const replies = await times(50, (i) => t.post(`${at}/key`, { as: admin, body: { value: `v${i}` } }))
    expect(outcomes(replies)).toEqual({ 201: 50 })
    expect((await t.get(at, { as: admin })).json.key).toMatch(/^v\d+$/)
  })

  test('as a whole and by its keys never fails', async () => {
    const alice = await t.account({ username: 'alice.1' })
    const replies = await times(40, (i) =>
      i % 2 === 0
        ? t.post(`/api/accounts/${alice.id}/dictionary/key`, { as: admin, body: { value: `v${i}` } })
        : change(alice.id, { username: 'alice.1', algorithm: 'MD5', dictionary: { key: 'whole', other: 'x' } }),
    )
    expect(outcomes(replies)).toEqual({ 200: 20, 201: 20 })
  })
})
