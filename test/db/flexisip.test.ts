import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { type OtherConnection, otherConnection } from '../support/other-connection.ts'

// What a SIP proxy asks our database in plain SQL (behaviour/data.md §2). Operators edit these statements, so several
// spellings of the same question must run unchanged on both databases: the names and types of columns are a contract.

/** The password of `:id` at `:domain`, as Flexisip's authentication and Kamailio's `auth_db` ask for it. */
const PASSWORD_OF = {
  'a join written with a comma':
    'select password, algorithm from passwords, accounts where accounts.id = passwords.account_id and accounts.username = :id and accounts.domain = :domain and accounts.activated = true',
  'a join that asks for the flag itself':
    'SELECT passwords.password, passwords.algorithm FROM passwords INNER JOIN accounts ON passwords.account_id = accounts.id WHERE accounts.username = :id AND accounts.domain = :domain AND accounts.activated',
  'a subquery':
    'select password, algorithm from passwords where account_id = (select id from accounts where username = :id and domain = :domain and activated = true)',
  'a subquery that asks for the flag itself, with a semicolon':
    'select password, algorithm from passwords where account_id in (select id from accounts where username = :id and domain = :domain and activated);',
  'the flag compared by IS':
    'select password, algorithm from accounts join passwords on accounts.id = account_id where username = :id and domain = :domain and activated is true',
  'quoted names':
    'select "password", "algorithm" from "passwords" where "account_id" = (select "id" from "accounts" where "username" = :id and "domain" = :domain and "activated" = true)',
  'blocked accounts left out, as we recommend':
    'select password, algorithm from passwords, accounts where accounts.id = passwords.account_id and accounts.username = :id and accounts.domain = :domain and accounts.activated = true and accounts.blocked = false',
} as const

const PRESENCE_OF_ONE = {
  'the flag compared':
    'select username, domain from accounts where activated = true and (username = :phone or phone = :phone)',
  'the flag itself': 'select username, domain from accounts where activated and (phone = :phone or username = :phone)',
} as const

const presenceOfMany = (phones: readonly string[]) => {
  const list = phones.map((phone) => `'${phone}'`).join(', ')
  return [
    `select username, domain, phone from accounts where activated = true and (username in (${list}) or phone in (${list})) order by id`,
    `select username, domain, phone from accounts where activated and phone in (${list}) order by id`,
  ]
}

let t: TestApp
let proxy: OtherConnection
let alice: TestAccount
let bob: TestAccount

const ha1 = (algorithm: 'MD5' | 'SHA-256', text: string) =>
  algorithm === 'MD5' ? Bun.MD5.hash(text, 'hex') : Bun.SHA256.hash(text, 'hex')

beforeAll(async () => {
  t = await testApp()
  proxy = otherConnection(t.database.url)
  alice = await t.account({ username: 'alice', phone: '+33612345678' })
  bob = await t.account({ username: 'bob.1', algorithm: 'MD5', phone: '+33612345679' })
  await t.account({ username: 'alice', space: t.other, phone: '+33612345678' })
  await t.account({ username: 'asleep', activated: false, phone: '+33612345670' })
  await t.account({ username: 'blocked', blocked: true })
})
afterAll(async () => {
  await proxy.close()
  await t.close()
})

describe('the password of an account is found by', () => {
  for (const [spelling, statement] of Object.entries(PASSWORD_OF)) {
    test(spelling, async () => {
      const find = (id: string, domain: string) => proxy.query(statement, { id, domain })
      expect(await find('asleep', 'sip.example.org')).toEqual([])
      expect(await find('nobody', 'sip.example.org')).toEqual([])
      expect(await find('bob.1', 'sip.other.org')).toEqual([])
      expect(await find("alice' or '1'='1", 'sip.example.org')).toEqual([])
      expect(await find('alice', 'sip.example.org')).toEqual([
        { password: ha1('SHA-256', `alice:sip.example.org:${alice.password}`), algorithm: 'SHA-256' },
      ])
      expect(await find('bob.1', 'sip.example.org')).toEqual([
        { password: ha1('MD5', `bob.1:sip.example.org:${bob.password}`), algorithm: 'MD5' },
      ])
      expect(await find('alice', 'sip.other.org')).toMatchObject([{ algorithm: 'SHA-256' }])
      expect(await find('blocked', 'sip.example.org')).toHaveLength(statement.includes('blocked') ? 0 : 1)
    })
  }

  test('a query of one column, which implies MD5', async () => {
    const statement =
      'select password from passwords where account_id = (select id from accounts where username = :id and domain = :domain and activated = true)'
    expect(await proxy.query(statement, { id: 'bob.1', domain: 'sip.example.org' })).toEqual([
      { password: ha1('MD5', `bob.1:sip.example.org:${bob.password}`) },
    ])
  })

  test('none any more once the account is deactivated over the API, and again when it is activated', async () => {
    const admin = await t.account({ admin: true })
    const statement = PASSWORD_OF['a join written with a comma']
    const find = () => proxy.query(statement, { id: 'bob.1', domain: 'sip.example.org' })
    expect((await t.post(`/api/accounts/${bob.id}/deactivate`, { as: admin })).status).toBe(200)
    expect(await find()).toEqual([])
    expect((await t.post(`/api/accounts/${bob.id}/activate`, { as: admin })).status).toBe(200)
    expect(await find()).toHaveLength(1)
  })

  test('an account that has both algorithms, in two rows', async () => {
    const both = await t.account({ username: 'both' })
    await t.db.transaction((tx) =>
      tx.insert(t.db.tables.passwords).values({ accountId: both.id, password: 'ha1-of-md5', algorithm: 'MD5' }),
    )
    const rows = await proxy.query(PASSWORD_OF['a subquery'], { id: 'both', domain: 'sip.example.org' })
    expect(rows.map((row) => row.algorithm).sort()).toEqual(['MD5', 'SHA-256'])
  })
})

describe('presence finds', () => {
  for (const [spelling, statement] of Object.entries(PRESENCE_OF_ONE)) {
    test(`one account by name or phone number: ${spelling}`, async () => {
      const inMain = async (phone: string) =>
        (await proxy.query(statement, { phone })).filter(({ domain }) => domain === 'sip.example.org')
      expect(await inMain('+33612345670')).toEqual([])
      expect(await inMain('asleep')).toEqual([])
      const found = [{ username: 'alice', domain: 'sip.example.org' }]
      expect([await inMain('alice'), await inMain('+33612345678')]).toEqual([found, found])
    })
  }

  test('several by a list of phone numbers, without the deactivated one', async () => {
    for (const statement of presenceOfMany(['+33612345678', '+33612345679', '+33612345670'])) {
      const found = await proxy.query(statement)
      expect(found.map(({ username, domain }) => `${username}@${domain}`)).toEqual([
        'alice@sip.example.org',
        'bob.1@sip.example.org',
        'alice@sip.other.org',
      ])
    }
  })
})

test('the flag is a boolean to the proxy, not a number that looks like one', async () => {
  const [row] = await proxy.query('select activated from accounts where username = :id and domain = :domain', {
    id: 'alice',
    domain: 'sip.example.org',
  })
  expect(row?.activated).toBe(t.db.dialect === 'postgres' ? true : 1)
})
