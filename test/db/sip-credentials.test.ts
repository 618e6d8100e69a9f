import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomUUID } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { type OtherConnection, otherConnection } from '../support/other-connection.ts'

// The view that SIP servers read (behaviour/data.md §1.4), asked by a client that knows nothing of us.

const COLUMNS = 'username, domain, realm, ha1_md5, ha1_sha256, enabled'
const BY_DOMAIN = `select ${COLUMNS} from sip_credentials where username = :user and domain = :where`
const BY_REALM = `select ${COLUMNS} from sip_credentials where username = :user and realm = :where`

const md5 = (text: string) => Bun.MD5.hash(text, 'hex')
const sha256 = (text: string) => Bun.SHA256.hash(text, 'hex')

let t: TestApp
let proxy: OtherConnection
let alice: TestAccount
let [yes, no]: (boolean | number)[] = []

beforeAll(async () => {
  t = await testApp()
  proxy = otherConnection(t.database.url)
  const isPostgres = t.db.dialect === 'postgres'
  yes = isPostgres ? true : 1
  no = isPostgres ? false : 0
  alice = await t.account({ username: 'alice' })
  await t.account({ username: 'alice', space: t.other, algorithm: 'MD5' })
})
afterAll(async () => {
  await proxy.close()
  await t.close()
})

const find = (user: string, where = 'sip.example.org', statement = BY_DOMAIN) => proxy.query(statement, { user, where })
const isEnabled = async (user: string) => (await find(user)).map(({ enabled }) => enabled)

describe('what a SIP server reads in sip_credentials', () => {
  test('is nothing for a name that nobody has, however it is written', async () => {
    for (const user of ['nobody', '', 'ALICE', 'alice%', "alice' or '1'='1", 'alice\\', '%', 'é'.repeat(5000)]) {
      expect([user, await find(user), await find(user, 'sip.example.org', BY_REALM)]).toEqual([user, [], []])
    }
  })

  test('says that blocked and deactivated accounts, and those of a Space that is going, are not enabled', async () => {
    await t.account({ username: 'asleep', activated: false })
    await t.account({ username: 'blocked', blocked: true })
    expect([await isEnabled('asleep'), await isEnabled('blocked'), await isEnabled('alice')]).toEqual([
      [no],
      [no],
      [yes],
    ])
    const { spaces } = t.db.tables
    const going = (at: Date | null) =>
      t.db.transaction((tx) => tx.update(spaces).set({ purgeAt: at }).where(eq(spaces.domain, 'sip.example.org')))
    await going(new Date('2026-06-08T12:00:00Z'))
    expect(await isEnabled('alice')).toEqual([no])
    await going(null)
    expect(await isEnabled('alice')).toEqual([yes])
  })

  test('has the hash of each algorithm, and nothing where there is none', async () => {
    const own = { username: 'alice', domain: 'sip.example.org', realm: 'sip.example.org', enabled: yes }
    const hash = sha256(`alice:sip.example.org:${alice.password}`)
    expect(await find('alice')).toEqual([{ ...own, ha1_md5: null, ha1_sha256: hash }])
    expect(await find('alice', 'sip.example.org', BY_REALM)).toEqual(await find('alice'))
    const both = await t.account({ username: 'both' })
    const more = {
      accountId: both.id,
      password: md5(`both:sip.example.org:${both.password}`),
      algorithm: 'MD5' as const,
    }
    await t.db.transaction((tx) => tx.insert(t.db.tables.passwords).values(more))
    expect(await find('both')).toMatchObject([
      { ha1_md5: more.password, ha1_sha256: sha256(`both:sip.example.org:${both.password}`) },
    ])
    const clear = await t.account({ username: 'clear' })
    const { passwords } = t.db.tables
    await t.db.transaction((tx) =>
      tx.update(passwords).set({ algorithm: 'CLRTXT', password: 'horse' }).where(eq(passwords.accountId, clear.id)),
    )
    expect(await find('clear')).toMatchObject([{ ha1_md5: null, ha1_sha256: null, enabled: yes }])
  })

  test('names the realm of its own that a Space has', async () => {
    const admin = await t.account({ admin: true })
    const path = '/api/spaces/sip.realm.org'
    const made = await t.post('/api/spaces', {
      as: admin,
      body: { name: 'Realm', domain: 'sip.realm.org', host: 'realm.localhost', account_realm: 'realm.example' },
    })
    expect(made.status).toBe(201)
    const carol = { username: 'carol.1', domain: 'sip.realm.org', password: 'carol-horse', algorithm: 'MD5' }
    const created = await t.post('/api/accounts', { as: admin, body: carol })
    expect([created.status, created.json.errors]).toEqual([200, undefined])
    expect((await t.get(path, { as: admin })).json.account_realm).toBe('realm.example')
    const rows = [
      {
        username: 'carol.1',
        domain: 'sip.realm.org',
        realm: 'realm.example',
        ha1_md5: md5('carol.1:realm.example:carol-horse'),
      },
    ]
    expect(await find('carol.1', 'sip.realm.org')).toMatchObject(rows)
    expect(await find('carol.1', 'realm.example', BY_REALM)).toMatchObject(rows)
    expect(await find('carol.1', 'sip.realm.org', BY_REALM)).toEqual([])
  })

  test('is there for a user of PostgreSQL who may read the view and nothing else', async () => {
    if (t.db.dialect !== 'postgres') return
    const role = `kamailio_${randomUUID().replaceAll('-', '')}`
    await proxy.query(`create role ${role} login password 'secret'`)
    await proxy.query(`grant select on sip_credentials to ${role}`)
    const url = new URL(t.database.url)
    url.username = role
    url.password = 'secret'
    const reader = otherConnection(url.href)
    try {
      expect(await reader.query(BY_DOMAIN, { user: 'alice', where: 'sip.example.org' })).toHaveLength(1)
      for (const refused of ['select 1 from accounts', 'select 1 from passwords', 'delete from accounts'])
        expect([refused, await reader.query(refused).catch((error) => error.errno)]).toEqual([refused, '42501'])
    } finally {
      await reader.close()
      await proxy.query(`drop owned by ${role}`)
      await proxy.query(`drop role ${role}`)
    }
  })

  test('is found by indexes, by domain and by realm, however many accounts there are', async () => {
    const { url } = t.database
    const many = t.db.dialect === 'postgres' ? 'generate_series(1, 20000) as n(i)' : 'n'
    const numbers =
      t.db.dialect === 'postgres'
        ? ''
        : 'with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) '
    const now = t.db.dialect === 'postgres' ? 'now()' : '0'
    const other = otherConnection(url)
    await other.query(
      `insert into accounts (username, domain, ip_address, user_agent, created_at, updated_at) ${numbers}
       select 'many.' || i, 'sip.other.org', '192.0.2.1', 'test', ${now}, ${now} from ${many}`,
    )
    await other.query(
      "insert into passwords (account_id, password, algorithm) select id, 'ha1', 'MD5' from accounts where username like 'many.%'",
    )
    if (t.db.dialect === 'postgres') await other.query('analyze')
    for (const statement of [BY_DOMAIN, BY_REALM]) {
      const literal = statement.replace(':user', "'many.17'").replace(':where', "'sip.other.org'")
      expect(await other.query(literal)).toMatchObject([{ username: 'many.17', ha1_md5: 'ha1' }])
      const explain = t.db.dialect === 'postgres' ? 'explain' : 'explain query plan'
      const plan = (await other.query(`${explain} ${literal}`)).map((row) => row.detail ?? row['QUERY PLAN']).join('\n')
      expect(plan).toContain('accounts_username_domain_unique')
      expect(plan).toContain('passwords_account_id_algorithm_unique')
      // Of Spaces there are few: PostgreSQL reads them whole.
      expect(plan).not.toMatch(/SCAN (a|p)\b|Seq Scan on (accounts|passwords)/)
    }
    await other.close()
  })
})
