import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { ha1 } from '../../src/protocols/digest.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// How a Space stores passwords (behaviour/spaces.md §2, D34), in the object of today and in the two attributes of the
// generation before, which say the same.

let t: TestApp
let root: TestAccount
beforeEach(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
})
afterEach(() => t.close())

const wanted = { name: 'Alpha', domain: 'sip.alpha.example', host: 'alpha.localhost' }
const create = async (more: object = {}) => {
  const { status, json } = await t.post('/api/spaces', { as: root, body: { ...wanted, ...more } })
  expect(status).toBe(201)
  return json
}
const put = (body: object) => t.put(`/api/spaces/${wanted.domain}`, { as: root, body })
const member = async () => t.account({ space: (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other })
const configuration = (realm: string | null, algorithm: string | null) => ({
  digest_authentication_configuration: { realm, default_password_algorithm: algorithm },
})
/** What a reply says about it, in both ways. */
const saidBy = (json: Record<string, unknown>) => [
  json.digest_authentication_configuration,
  json.account_realm,
  json.account_default_password_algorithm,
]
const says = (realm: string | null, algorithm: string | null) => [
  { realm: realm ?? wanted.domain, default_password_algorithm: algorithm },
  realm,
  algorithm,
]
const OFF = [null, null, null]
const refusedFields = async (body: object) => {
  const { status, json } = await put(body)
  return [status, ...Object.keys(json.errors ?? {})]
}

describe('with accounts in the Space', () => {
  test('another realm is refused where it was named, and nothing changes', async () => {
    const made = await create()
    await member()
    const before = await t.snapshot()
    expect(await refusedFields({ ...made, ...configuration('new.alpha.example', null) })).toEqual([
      422,
      'digest_authentication_configuration',
    ])
    expect(await refusedFields({ ...made, account_realm: 'new.alpha.example' })).toEqual([422, 'account_realm'])
    expect(await t.snapshot()).toBe(before)
  })

  test('the same realm, the SIP domain by name, and another algorithm are accepted', async () => {
    const made = await create({ account_realm: 'voip.alpha.example' })
    await member()
    expect((await put({ ...made, account_realm: 'voip.alpha.example' })).status).toBe(200)
    expect((await put({ ...made, account_realm: null })).status).toBe(422)
    const changed = await put({ ...made, ...configuration('voip.alpha.example', 'MD5') })
    expect(saidBy(changed.json)).toEqual(says('voip.alpha.example', 'MD5'))
  })

  test('the next password is stored with the algorithm of the Space, the ones before stay', async () => {
    const made = await create({ account_default_password_algorithm: 'SHA-256' })
    const account = (username: string) => ({
      as: root,
      body: { username, password: 'correct-horse', domain: wanted.domain },
    })
    const first = await t.post('/api/accounts', account('carol.1'))
    expect(first.json.passwords).toEqual([{ algorithm: 'SHA-256' }])
    expect((await put({ ...made, account_default_password_algorithm: 'MD5' })).status).toBe(200)
    expect((await t.post('/api/accounts', account('carol.2'))).json.passwords).toEqual([{ algorithm: 'MD5' }])
    const rows = await t.db.read.select().from(t.db.tables.passwords)
    expect(rows.filter(({ accountId }) => accountId === first.json.id).map(({ password }) => password)).toEqual([
      ha1('SHA-256', 'carol.1', wanted.domain, 'correct-horse'),
    ])
  })
})

describe('without accounts', () => {
  test('refuses what is no realm, no algorithm and no object', async () => {
    const made = await create()
    const object = 'digest_authentication_configuration'
    expect(await refusedFields({ ...made, ...configuration('not a realm', null) })).toEqual([422, object])
    expect(await refusedFields({ ...made, ...configuration(wanted.domain, 'sha-256') })).toEqual([422, object])
    expect(await refusedFields({ ...made, digest_authentication_configuration: 'on' })).toEqual([422, object])
    expect(await refusedFields({ ...made, digest_authentication_configuration: ['x'] })).toEqual([422, object])
    expect(await refusedFields({ ...made, account_realm: 'single' })).toEqual([422, 'account_realm'])
    expect(await refusedFields({ ...made, account_default_password_algorithm: 'CLRTXT' })).toEqual([
      422,
      'account_default_password_algorithm',
    ])
  })

  test('refuses two changes that contradict each other', async () => {
    const made = await create()
    const object = configuration('one.alpha.example', 'MD5')
    expect(await refusedFields({ ...made, ...object, account_realm: 'two.alpha.example' })).toEqual([
      422,
      'account_realm',
    ])
    expect(await refusedFields({ ...made, ...object, account_default_password_algorithm: 'SHA-256' })).toEqual([
      422,
      'account_default_password_algorithm',
    ])
    const off = { digest_authentication_configuration: null, account_realm: 'two.alpha.example' }
    expect(await refusedFields({ ...made, ...off })).toEqual([422, 'account_realm'])
  })

  test('takes the one that was changed from a body that was read, and keeps what nobody mentions', async () => {
    let read = await create()
    const next = async (changes: object) => {
      read = (await put({ ...read, ...changes })).json
      return saidBy(read)
    }
    expect(saidBy(read)).toEqual(says(null, null))
    expect(await next({ account_realm: 'voip.alpha.example' })).toEqual(says('voip.alpha.example', null))
    expect(await next({ account_default_password_algorithm: 'MD5' })).toEqual(says('voip.alpha.example', 'MD5'))
    expect(await next(configuration('sip2.alpha.example', 'SHA-256'))).toEqual(says('sip2.alpha.example', 'SHA-256'))
    expect(await next({ digest_authentication_configuration: { default_password_algorithm: 'MD5' } })).toEqual(
      says('sip2.alpha.example', 'MD5'),
    )
    expect(await next({ digest_authentication_configuration: {} })).toEqual(says('sip2.alpha.example', 'MD5'))
    const { digest_authentication_configuration: _, account_realm: __, ...rest } = read
    const { account_default_password_algorithm: ___, ...silent } = rest
    expect(saidBy((await put(silent)).json)).toEqual(says('sip2.alpha.example', 'MD5'))
    expect(await next({ account_realm: wanted.domain })).toEqual(says(null, 'MD5'))
    expect(await next(configuration(null, null))).toEqual(says(null, null))
  })

  test('switches DIGEST off with null, leaves it off, and on again with either way of saying so', async () => {
    let read = await create({ account_realm: 'voip.alpha.example' })
    const next = async (changes: object) => {
      read = (await put({ ...read, ...changes })).json
      return saidBy(read)
    }
    expect(await next({ digest_authentication_configuration: null })).toEqual(OFF)
    const rows = await t.db.read.select().from(t.db.tables.spaceDigestAuthenticationConfigurations)
    expect(rows).toHaveLength(2)
    expect(await next({})).toEqual(OFF)
    expect(await next({ account_default_password_algorithm: 'MD5' })).toEqual(says(null, 'MD5'))
    expect(await next({ digest_authentication_configuration: null })).toEqual(OFF)
    expect(await next({ digest_authentication_configuration: {} })).toEqual(says(null, null))
    expect(await next({ digest_authentication_configuration: null })).toEqual(OFF)
    expect(await next(configuration('new.alpha.example', 'SHA-256'))).toEqual(says('new.alpha.example', 'SHA-256'))
  })
})

test('a realm of its own enters the hashes of new accounts', async () => {
  await create(configuration('voip.alpha.example', 'MD5'))
  const body = { username: 'carol.1', password: 'correct-horse', domain: wanted.domain }
  const { id } = (await t.post('/api/accounts', { as: root, body })).json
  const rows = await t.db.read.select().from(t.db.tables.passwords)
  expect(rows.find(({ accountId }) => accountId === id)?.password).toBe(
    ha1('MD5', 'carol.1', 'voip.alpha.example', 'correct-horse'),
  )
})
