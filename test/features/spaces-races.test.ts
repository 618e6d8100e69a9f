import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import type { Space } from '../../src/nouns/space.ts'
import { spaceDirectory } from '../../src/spaces/spaces/directory.ts'
import { type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { outcomes, times } from '../support/at-once.ts'

// Things at once that do not go together: one of them happens, the others are refused in words, nobody sees a 500.

let t: TestApp
let root: TestAccount
beforeEach(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
})
afterEach(() => t.close())

const refusedFields = (replies: readonly Reply[]) => [
  ...new Set(replies.flatMap(({ json }) => Object.keys(json?.errors ?? {}))),
]
const spaceOf = (i: number, more = {}) => ({ name: `S${i}`, domain: `s${i}.example`, host: `s${i}.localhost`, ...more })
const create = (body: object) => t.post('/api/spaces', { as: root, body })
const put = (domain: string, body: object) => t.put(`/api/spaces/${domain}`, { as: root, body })
const drop = (domain: string, as = root, host = 'localhost') => t.delete(`/api/spaces/${domain}`, { as, host })
const domains = async () => (await t.parts.spaceAdministration.list()).map(({ domain }) => domain)
const accountsOf = async ({ domain }: Pick<Space, 'domain'>) =>
  (await t.db.read.select().from(t.db.tables.accounts)).filter((row) => row.domain === domain).length

describe('twenty creations at once', () => {
  test('of one Space make one', async () => {
    const replies = await times(20, () => create(spaceOf(1)))
    expect(outcomes(replies)).toEqual({ 201: 1, 422: 19 })
    expect(refusedFields(replies)).toEqual(['name', 'domain', 'host'])
    expect((await domains()).filter((domain) => domain === 's1.example')).toHaveLength(1)
  })

  test('with one host make one, and the others learn that it is the host', async () => {
    const replies = await times(20, (i) => create(spaceOf(i, { host: 'same.localhost' })))
    expect(outcomes(replies)).toEqual({ 201: 1, 422: 19 })
    expect(refusedFields(replies)).toEqual(['host'])
    const digests = await t.db.read.select().from(t.db.tables.spaceDigestAuthenticationConfigurations)
    expect(digests).toHaveLength(3)
  })
})

test('ten Spaces that take one host and one name at once: one has them', async () => {
  const made = (await times(10, (i) => create(spaceOf(i)))).map(({ json }) => json)
  const replies = await Promise.all(made.map((space) => put(space.domain, { ...space, host: 'same.localhost' })))
  expect(outcomes(replies)).toEqual({ 200: 1, 422: 9 })
  expect(refusedFields(replies)).toEqual(['host'])
  const named = await Promise.all(made.map((space) => put(space.domain, { ...space, name: 'Same' })))
  expect(outcomes(named)).toEqual({ 200: 1, 422: 9 })
})

test('a creation and a change that want the same host: one has it', async () => {
  const made = (await create(spaceOf(0))).json
  const replies = await times(10, (i) =>
    i % 2 === 0
      ? create(spaceOf(i + 1, { host: 'same.localhost' }))
      : put(made.domain, { ...made, host: 'same.localhost' }),
  )
  expect(outcomes(replies)[500]).toBeUndefined()
  const hosts = (await t.parts.spaceAdministration.list()).map(({ host }) => host)
  expect(hosts.filter((host) => host === 'same.localhost')).toHaveLength(1)
})

describe('the last super Space', () => {
  let second: Space
  let theirs: TestAccount
  beforeEach(async () => {
    second = await t.space({ domain: 'sip.second.org', host: 'second.localhost', super: true })
    theirs = await t.account({ space: second, admin: true })
  })
  const supers = async () => (await t.parts.spaceAdministration.list()).filter((space) => space.super)

  test('stays when two delete each other', async () => {
    const replies = await Promise.all([drop('sip.second.org'), drop('sip.example.org', theirs, 'second.localhost')])
    // 401, 403: the other one is no super administrator any more, or no account at all.
    expect(outcomes(replies)[500]).toBeUndefined()
    expect(replies.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    expect(await supers()).toHaveLength(1)
  })

  test('stays when two demote each other', async () => {
    const [mine, other] = await Promise.all(
      ['sip.example.org', 'sip.second.org'].map(
        async (domain) => (await t.get(`/api/spaces/${domain}`, { as: root })).json,
      ),
    )
    const demote = (space: { domain: string }, as: TestAccount, host: string) =>
      t.put(`/api/spaces/${space.domain}`, { as, host, body: { ...space, super: false } })
    const replies = await Promise.all([demote(other, root, 'localhost'), demote(mine, theirs, 'second.localhost')])
    expect(outcomes(replies)[500]).toBeUndefined()
    expect(await supers()).toHaveLength(1)
  })

  test('stays when both are demoted from the command line', async () => {
    const demote = ({ domain, host, name }: Space) =>
      t.parts.spaceAdministration.upsert({ domain, host, name, super: false })
    const [one, two] = await Promise.allSettled([demote(t.main), demote(second)])
    expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected'])
    expect(await supers()).toHaveLength(1)
  })
})

describe('deleting', () => {
  test('five times at once answers 1 once, and 404 to the others', async () => {
    await times(250, () => t.account({ space: t.other }))
    const replies = await times(5, () => drop('sip.other.org'))
    expect(outcomes(replies)).toEqual({ 200: 1, 404: 4 })
    expect(await accountsOf(t.other)).toBe(0)
  })

  test('ends, and takes them along, while new accounts keep coming', async () => {
    await times(150, () => t.account({ space: t.other }))
    let running = true
    const deleting = drop('sip.other.org').finally(() => {
      running = false
    })
    let made = 0
    const body = { password: 'correct-horse', algorithm: 'MD5', domain: 'sip.other.org' }
    const refused = new Set<number>()
    while (running) {
      const replies = await times(10, (i) =>
        t.post('/api/accounts', { as: root, body: { ...body, username: `late.${made}.${i}` } }),
      )
      made += 10
      for (const { status } of replies) if (status !== 200) refused.add(status)
      // As between requests that come through a socket: files have their turn, too.
      await Bun.sleep(0)
    }
    expect((await deleting).text).toBe('1')
    expect(await accountsOf(t.other)).toBe(0)
    expect(await domains()).toEqual(['sip.example.org'])
    expect(made).toBeGreaterThan(0)
  })

  test('and changing it at once: it is gone', async () => {
    await times(150, () => t.account({ space: t.other }))
    const read = (await t.get('/api/spaces/sip.other.org', { as: root })).json
    const [deleted, ...changed] = await Promise.all([
      drop('sip.other.org'),
      ...Array.from({ length: 10 }, (_, i) => put('sip.other.org', { ...read, name: `Other ${i}` })),
    ])
    expect(deleted?.status).toBe(200)
    expect(changed.every(({ status }) => status === 200 || status === 404)).toBe(true)
    expect(await domains()).toEqual(['sip.example.org'])
  })
})

test('a quota below the accounts that come meanwhile is refused or holds', async () => {
  const read = (await t.get('/api/spaces/sip.other.org', { as: root })).json
  await put('sip.other.org', { ...read, max_accounts: 100 })
  const body = { password: 'correct-horse', algorithm: 'MD5', domain: 'sip.other.org' }
  const [lowered] = await Promise.all([
    put('sip.other.org', { ...read, max_accounts: 3 }),
    times(20, (i) => t.post('/api/accounts', { as: root, body: { ...body, username: `person.${i}` } })),
  ])
  const count = await accountsOf(t.other)
  expect([200, 422]).toContain(lowered.status)
  expect(count <= 3 || lowered.status === 422).toBe(true)
})

test('what was looked up while somebody changed a Space is not remembered', async () => {
  const directory = spaceDirectory(t.db, () => 0)
  for (const find of [() => directory.byHost('other.localhost'), () => directory.byDomain('sip.other.org')]) {
    directory.forget()
    const looking = find()
    directory.forget()
    const before = (await looking)?.maxAccounts ?? 0
    await t.db.transaction((tx) =>
      tx
        .update(t.db.tables.spaces)
        .set({ maxAccounts: before + 7 })
        .returning(),
    )
    expect((await find())?.maxAccounts).toBe(before + 7)
  }
})

test('whoever asks for something in a Space that is deleted at that moment is told so, and nothing is logged as a fault of ours', async () => {
  const space = await t.space({ domain: 'sip.leaving.org', host: 'leaving.localhost' })
  const ask = () => t.post('/api/account_creation_request_tokens', { host: space.host })
  expect((await ask()).status).toBe(201)
  // Another process deletes it; this one has remembered it for a moment.
  await t.db.transaction((tx) => tx.delete(t.db.tables.spaces).where(eq(t.db.tables.spaces.domain, space.domain)))
  const late = await ask()
  expect([late.status, late.json.message]).toEqual([409, 'What this belongs to was deleted at the same time.'])
  expect(t.logged('request failed')).toEqual([])
})
