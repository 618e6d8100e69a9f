import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { databaseOf, place, placeWithSpace, serve, sipkeeper } from './command.ts'

const DEVELOPMENT = { APP_ENV: 'testing' }
const MD5 = '0123456789abcdef0123456789abcdef'
const account = { type: 'account', id: 70, username: 'marie', domain: 'sip.example.org' }
const range = {
  type: 'range',
  iteration: 3,
  id: '%id%',
  idStart: 500,
  username: 'user_%usernamePostfix%',
  usernameStart: 8,
  domain: 'other.localhost',
  passwords: [{ hash: MD5, algorithm: 'MD5' }],
}

type Place = Awaited<ReturnType<typeof place>>

const seed = (here: Place, seeded: unknown, ...more: string[]) => {
  const file = join(here.folder, 'seed.json')
  writeFileSync(file, typeof seeded === 'string' ? seeded : JSON.stringify(seeded))
  return sipkeeper(['accounts:seed', file, ...more], here)
}

const accountsOf = async (here: Place) => {
  await using database = databaseOf(here)
  const accounts = 'SELECT id, username, domain, email, phone, created_at FROM accounts ORDER BY id'
  return await database.query<Record<string, unknown>>(accounts)
}

test('a seed that is none says why, entry by entry, and stores nothing', async () => {
  await using here = await placeWithSpace(DEVELOPMENT)
  const missing = await sipkeeper(['accounts:seed', join(here.folder, 'nothing.json')], here)
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('cannot be read')])
  const wrong: [unknown, string][] = [
    ['[{', 'It is no JSON'],
    [{}, 'It must be a list'],
    [[account, 7], 'Entry 2: it must be an object with the type'],
    [[{ ...account, type: 'person' }], 'Entry 1: it must be an object with the type'],
    [[{ ...account, id: '70' }], 'Entry 1: id must be a whole number'],
    [[{ ...account, id: 2_000_000_000 }], 'Entry 1: id must be a whole number'],
    [[account, account], 'The id 70 is there more than once'],
    [[{ ...account, username: 'Marie' }], 'Entry 1: username must be'],
    [[{ ...account, domain: undefined }], 'Entry 1: domain must be'],
    [[{ ...account, phone: 'call me' }], 'Entry 1: phone must be'],
    [[{ ...account, activated: 'yes' }], 'Entry 1: activated must be'],
    [[{ ...account, passwords: [{ hash: MD5, algorithm: 'SHA-256' }] }], 'must have 64 hexadecimal digits'],
    [[{ ...account, passwords: [{ hash: 'secret', algorithm: 'CLRTXT' }] }], 'must be MD5 or SHA-256'],
    [[{ ...account, passwords: [range.passwords[0], range.passwords[0]] }], 'one password of each algorithm'],
    [[{ ...range, iteration: 0 }], 'iteration must be'],
    [[{ ...range, iteration: 1e9 }], 'iteration must be'],
    [[{ ...range, idStart: undefined }], 'idStart must be'],
    [[{ ...range, usernameStart: 'one' }], 'usernameStart must be'],
    [[{ ...range, username: 'user' }], 'must have %usernamePostfix% in it'],
  ]
  for (const [given, sentence] of wrong) {
    const refused = await seed(here, given)
    expect([given, refused.code, refused.stderr]).toEqual([given, 1, expect.stringContaining(sentence)])
  }
  const several = await seed(here, [{ ...account, id: 0, username: '' }, { type: 'range' }])
  expect(several.stderr.trim().split('\n').length).toBeGreaterThan(4)
  expect(await accountsOf(here)).toEqual([])
})

test('in production a seed needs --force, and the test administrator is refused', async () => {
  await using here = await placeWithSpace()
  for (const refused of [
    await seed(here, [account]),
    await sipkeeper(['accounts:create-admin-test'], here),
    await sipkeeper(['artisan', 'accounts:create-admin-test'], here),
  ]) {
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('APP_ENV is production')])
  }
  expect(await accountsOf(here)).toEqual([])
  expect((await seed(here, [account], '--force')).code).toBe(0)
  expect(await accountsOf(here)).toHaveLength(1)
})

test('a seed replaces the accounts of its ids, keeps Spaces that are there, and makes those that are missing', async () => {
  await using here = await placeWithSpace(DEVELOPMENT)
  await using database = databaseOf(here)
  const phone = '+33612345678'
  const first = await seed(here, [{ ...account, phone }, range])
  expect([first.code, first.stdout]).toEqual([0, '4 accounts made in place of 0; 1 Spaces made.\n'])
  const again = await sipkeeper(['artisan', 'accounts:seed', join(here.folder, 'seed.json')], here)
  expect(again.stdout).toBe('4 accounts made in place of 4; 0 Spaces made.\n')
  const born = (value: unknown) => new Date(value as number | string | Date).getUTCFullYear()
  const rows: unknown[] = (await accountsOf(here)).map(({ created_at, ...row }) => ({ ...row, born: born(created_at) }))
  const other = (id: number, username: string) => ({
    ...{ id, username, domain: 'other.localhost', email: `${username}@other.localhost` },
    ...{ phone: null, born: 2010 },
  })
  expect(rows).toEqual([
    { id: 70, username: 'marie', domain: 'sip.example.org', email: 'marie@sip.example.org', phone, born: 2010 },
    ...[other(500, 'user_8'), other(501, 'user_9'), other(502, 'user_10')],
  ])
  expect(await database.query('SELECT domain, host, name FROM spaces ORDER BY id')).toEqual([
    { domain: 'sip.example.org', host: 'localhost', name: 'Example' },
    { domain: 'other.localhost', host: 'other.localhost', name: 'other.localhost' },
  ])
  expect(await database.query('SELECT account_id, password, algorithm FROM passwords ORDER BY account_id')).toEqual(
    [500, 501, 502].map((account_id) => ({ account_id, password: MD5, algorithm: 'MD5' })),
  )
  // The next account is not given an id that the seed has taken.
  const next = await sipkeeper(
    ['accounts:create-admin-account', '-u', 'ann', '-d', 'sip.example.org', '-p', 'correct-horse', '--json'],
    here,
  )
  expect(JSON.parse(next.stdout).id).toBeGreaterThan(502)
})

test('a seed that collides with another account, or would delete the last super administrator, changes nothing', async () => {
  await using here = await placeWithSpace(DEVELOPMENT)
  const create = ['accounts:create-admin-account', '-u', 'marie', '-d', 'sip.example.org', '-p', 'correct-horse']
  expect((await sipkeeper([...create, '--json'], here)).code).toBe(0)
  const before = await accountsOf(here)
  const collides = await seed(here, [range, account])
  expect([collides.code, collides.stderr]).toEqual([4, expect.stringContaining('marie@sip.example.org')])
  const last = await seed(here, [range, { ...account, id: Number(before[0]?.id) }])
  expect([last.code, last.stderr]).toEqual([4, expect.stringContaining('last super administrator')])
  expect(await accountsOf(here)).toEqual(before)
  await using database = databaseOf(here)
  expect(await database.query('SELECT id FROM spaces')).toHaveLength(1)
})

test('the test administrator has a key that tests know, also when the command runs again', async () => {
  await using here = await place({ ...DEVELOPMENT, APP_ROOT_HOST: 'example.org' })
  await sipkeeper(['migrate'], here)
  await using running = await serve(here)
  const ask = async (key: string) => {
    const headers = { 'x-api-key': key, host: 'sip.example.org' }
    const reply = await fetch(`http://127.0.0.1:${running.port}/api/spaces`, { headers })
    return reply.status
  }
  for (const _ of [1, 2]) {
    const made = await sipkeeper(['accounts:create-admin-test'], here)
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('Administrator admin_test@sip.example.org')])
    const key = /API key: (\S+)/.exec(made.stdout)?.[1] ?? ''
    expect(key).toBe('sipkeeper_admin_test_key_for_tests_only_')
    expect(await ask(key)).toBe(200)
  }
  expect((await accountsOf(here)).filter(({ username }) => username === 'admin_test')).toHaveLength(1)
})
