import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'

let t: TestApp
let admin: TestAccount
beforeEach(async () => {
  t = await testApp()
  admin = await t.account({ username: 'keeper', admin: true })
})
afterEach(() => t.close())

const list = (query: string, as = admin) => t.get(`/api/accounts${query}`, { as })
const names = async (query: string) =>
  (await list(query)).json.data.map(({ username }: { username: string }) => username)

describe('the length of a page', () => {
  for (const wrong of ['0', '-1', '101', '1.5', 'many']) {
    test(`is refused where it says ${wrong}`, async () => {
      const reply = await list(`?per_page=${wrong}`)
      expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['per_page']])
    })
  }

  test('is twenty unless somebody asks, and the links go on with what was asked', async () => {
    for (let n = 0; n < 24; n++) await t.account()
    const plain = (await list('')).json
    expect([plain.per_page, plain.data.length, plain.total]).toEqual([20, 20, 25])
    expect(plain.next_page_url).toBe('http://localhost/api/accounts?page=2')
    const two = (await list('?per_page=10&page=2')).json
    expect([two.per_page, two.data.length, two.from, two.to, two.last_page]).toEqual([10, 10, 11, 20, 3])
    expect(two.next_page_url).toBe('http://localhost/api/accounts?page=3&per_page=10')
    expect((await list('?per_page=100')).json.data).toHaveLength(25)
    expect((await list('?per_page=&page=abc')).json.current_page).toBe(1)
  })
})

describe('a search', () => {
  test('for more than a user name can be long is refused', async () => {
    expect((await list(`?search=${'x'.repeat(65)}`)).status).toBe(422)
  })

  test('finds a part of the user name, in either case, at its start, middle and end; by two letters, its start', async () => {
    for (const username of ['alice01', 'malice', 'bob', 'bob-alic', '101']) await t.account({ username })
    expect(await names('?search=alic')).toEqual(['alice01', 'malice', 'bob-alic'])
    expect(await names('?search=ALICE')).toEqual(['alice01', 'malice'])
    expect(await names('?search=10')).toEqual(['101'])
    expect(await names('?search=b')).toEqual(['bob', 'bob-alic'])
    expect(await names('?search=nobody')).toEqual([])
    expect(await names('?search=')).toHaveLength(6)
  })

  test('finds a part of the display name, the e-mail address and the number, in the index and before', async () => {
    const known = { displayName: 'Ada Lovelace', email: 'Countess@Analytical.example', phone: '+33612345678' }
    await t.account({ username: 'engine', ...known })
    await t.account({ username: 'other', displayName: 'Charles', email: 'c@example.org', phone: '+33698765432' })
    const found = async () =>
      Promise.all(
        ['lovel', 'lace ada', 'L countess', 'countess@a', '345678', '+3361', 'engi'].map((word) =>
          names(`?search=${encodeURIComponent(word)}`),
        ),
      )
    const engine = Array(7).fill(['engine'])
    expect(await found()).toEqual(engine)
    expect(await t.parts.housekeeping.words()).toBe(postgresUrl === null ? 3 : 0)
    expect(await found()).toEqual(engine)
    const id = (await list('?search=engine')).json.data[0].id
    const moved = { username: 'engine', algorithm: 'MD5', display_name: 'Augusta', email: 'augusta@example.org' }
    expect((await t.send('PUT', `/api/accounts/${id}`, { as: admin, body: moved })).status).toBe(200)
    expect([await names('?search=lovel'), await names('?search=345678'), await names('?search=august')]).toEqual([
      [],
      [],
      ['engine'],
    ])
  })

  test('takes nothing for a pattern', async () => {
    for (const username of ['a%b_c', 'axbxc', 'a"b"c', "a'b*c"]) await t.account({ username })
    expect(await names('?search=%25b_')).toEqual(['a%b_c'])
    expect(await names('?search=%22b%22')).toEqual(['a"b"c'])
    expect(await names("?search='b*")).toEqual(["a'b*c"])
    expect(await names('?search=%25%25%25')).toEqual([])
    expect(await names('?search=a%20OR%20b')).toEqual([])
  })

  test('pages like the list, and its links go on searching', async () => {
    for (let n = 0; n < 5; n++) await t.account({ username: `phone-${n}` })
    await t.account({ username: 'other' })
    const page = (await list('?search=phone&per_page=2&page=2')).json
    expect(page.data.map(({ username }: { username: string }) => username)).toEqual(['phone-2', 'phone-3'])
    expect([page.total, page.last_page]).toEqual([5, 3])
    expect(page.last_page_url).toBe('http://localhost/api/accounts?page=3&per_page=2&search=phone')
    expect(await names('?search=phone&page=9')).toEqual([])
  })

  test('finds nobody of another Space', async () => {
    await t.account({ username: 'alice-there', space: t.other })
    const away = await t.account({ username: 'manager', admin: true, space: t.other })
    expect(await names('?search=alice')).toEqual([])
    const there = await t.get('/api/accounts?search=alice', { as: away, host: 'other.localhost' })
    expect(there.json.total).toBe(1)
  })

  test('follows a name that changes or goes', async () => {
    const carol = await t.account({ username: 'carol' })
    const changed = { username: 'dorothy', password: 'correct-horse', algorithm: 'MD5' }
    expect((await t.send('PUT', `/api/accounts/${carol.id}`, { as: admin, body: changed })).status).toBe(200)
    expect([await names('?search=carol'), await names('?search=roth')]).toEqual([[], ['dorothy']])
    expect((await t.send('DELETE', `/api/accounts/${carol.id}`, { as: admin })).status).toBe(200)
    expect(await names('?search=roth')).toEqual([])
  })

  test('finds the same whether names are in the index yet or not, and what changes there stays right', async () => {
    const index = async () => {
      const job = t.parts.jobs.named('account-words')
      return job === null ? null : ((await t.parts.jobs.run(job))?.count ?? null)
    }
    const first = await t.account({ username: 'first-early' })
    const early = [await t.account({ username: 'early-1' }), await t.account({ username: 'early-2' })] as const
    expect(await names('?search=EARLY')).toEqual(['first-early', 'early-1', 'early-2'])
    await index()
    const late = await t.account({ username: 'late-early' })
    expect(await names('?search=EARLY')).toEqual(['first-early', 'early-1', 'early-2', 'late-early'])
    const renamed = { username: 'renamed', password: 'correct-horse', algorithm: 'MD5' }
    for (const { id } of [early[0], late]) {
      expect(
        (await t.send('PUT', `/api/accounts/${id}`, { as: admin, body: { ...renamed, username: `renamed-${id}` } }))
          .status,
      ).toBe(200)
    }
    expect(await names('?search=early')).toEqual(['first-early', 'early-2'])
    expect(await names('?search=renamed')).toEqual([`renamed-${early[0].id}`, `renamed-${late.id}`])
    for (const { id } of [first, early[1], late]) {
      expect((await t.send('DELETE', `/api/accounts/${id}`, { as: admin })).status).toBe(200)
    }
    expect([await names('?search=early'), await names('?search=renamed')]).toEqual([[], [`renamed-${early[0].id}`]])
    await index()
    expect(await names('?search=renamed')).toEqual([`renamed-${early[0].id}`])
    // Below what is indexed, as an import that keeps ids makes them.
    await t.db.transaction(async (tx) => {
      const [row] = await tx.select().from(t.db.tables.accounts)
      if (row === undefined) throw new Error('no account')
      await tx.insert(t.db.tables.accounts).values([{ ...row, id: first.id, username: 'back-again', admin: false }])
    })
    expect(await names('?search=back-a')).toEqual(['back-again'])
    expect(await index()).toBe(0)
    if (postgresUrl !== null) return
    const other = new Database(t.database.url)
    // FTS5 compares the index with the table that it was made of, and fails where they differ.
    other.run("INSERT INTO account_words (account_words, rank) VALUES ('integrity-check', 1)")
    other.close()
  })

  test('finds accounts that are thousands of ids apart', async () => {
    await t.account({ username: 'far-1' })
    await t.db.transaction(async (tx) => {
      const [row] = await tx.select().from(t.db.tables.accounts)
      if (row === undefined) throw new Error('no account')
      await tx.insert(t.db.tables.accounts).values([
        { ...row, id: 45_000, username: 'far-2', admin: false },
        { ...row, id: 9_999, username: 'far-3', admin: false },
      ])
    })
    expect(await names('?search=far-')).toEqual(['far-1', 'far-3', 'far-2'])
    expect(await names('?search=fa')).toEqual(['far-1', 'far-3', 'far-2'])
  })
})

describe('a list is narrowed', () => {
  test('and refuses what is no state, no role, no list and no yes or no', async () => {
    for (const wrong of ['state=gone', 'role=super', 'contacts_list_id=0', 'contacts_list_id=x', 'set_up=maybe']) {
      const reply = await list(`?${wrong}`)
      expect([wrong, reply.status, Object.keys(reply.json.errors)]).toEqual([wrong, 422, [wrong.split('=')[0] ?? '']])
    }
  })

  test('to a state, each account in one', async () => {
    await t.account({ username: 'busy' })
    await t.account({ username: 'banned', blocked: true })
    await t.account({ username: 'banned-early', blocked: true, activated: false })
    await t.account({ username: 'early', activated: false })
    const off = await t.account({ username: 'away' })
    expect((await t.post(`/api/accounts/${off.id}/deactivate`, { as: admin })).status).toBe(200)
    expect(await names('?state=active')).toEqual(['keeper', 'busy'])
    expect(await names('?state=blocked')).toEqual(['banned', 'banned-early'])
    expect(await names('?state=waiting')).toEqual(['early'])
    expect(await names('?state=off')).toEqual(['away'])
  })

  test('to administrators, to members of a list, to those who have no phone yet, and by several at once', async () => {
    const [one, two] = [await t.account({ username: 'phone-1' }), await t.account({ username: 'phone-2' })]
    const made = await t.post('/api/contacts_lists', { as: admin, body: { title: 'Hall', description: 'All' } })
    const listed = made.json.id
    for (const { id } of [one, two]) {
      expect((await t.post(`/api/contacts_lists/${listed}/contacts/${id}`, { as: admin })).status).toBe(200)
    }
    const token = (await t.get('/api/accounts/me', { as: one })).json.provisioning_token
    const headers = { 'x-linphone-provisioning': 'true' }
    expect((await t.get(`/provisioning/${token}`, { headers })).status).toBe(200)
    expect(await names('?role=admin')).toEqual(['keeper'])
    expect(await names('?role=account')).toEqual(['phone-1', 'phone-2'])
    expect(await names(`?contacts_list_id=${listed}`)).toEqual(['phone-1', 'phone-2'])
    expect(await names('?set_up=1')).toEqual(['phone-1'])
    expect(await names(`?set_up=0&contacts_list_id=${listed}&search=phone`)).toEqual(['phone-2'])
    const page = (await list('?role=account&per_page=1&set_up=0')).json
    expect(page.last_page_url).toBe('http://localhost/api/accounts?page=1&per_page=1&role=account&set_up=0')
  })

  test('and a list of another Space has no members here', async () => {
    const away = await t.account({ username: 'manager', admin: true, space: t.other })
    const there = { as: away, host: 'other.localhost' }
    const made = await t.post('/api/contacts_lists', { ...there, body: { title: 'Hall', description: 'All' } })
    await t.post(`/api/contacts_lists/${made.json.id}/contacts/${away.id}`, there)
    expect(await names(`?contacts_list_id=${made.json.id}`)).toEqual([])
  })
})
