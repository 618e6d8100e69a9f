import { expect, test } from 'bun:test'
import { databaseOf, placeWithSpace, serve, sipkeeper } from './command.ts'

const create = (username: string, ...more: string[]) => [
  'accounts:create-admin-account',
  ...['-u', username, '-d', 'sip.example.org'],
  ...more,
]

test('spaces:create-update says how much room voicemails have, and refuses what is no number of bytes', async () => {
  await using here = await placeWithSpace()
  const again = (...more: string[]) =>
    sipkeeper(['spaces:create-update', 'sip.example.org', 'localhost', 'Example', ...more], here)
  for (const wrong of ['much', '-1', '1.5', '99999999999999999']) {
    expect([wrong, (await again(`--max-voicemail-bytes=${wrong}`)).code]).toEqual([wrong, 2])
  }
  expect((await again('--max-voicemail-bytes', '10000000000')).code).toBe(0)
  // What is not given stays.
  expect((await again()).code).toBe(0)
  await using database = databaseOf(here)
  const [row] = await database.query<{ most: number }>('SELECT max_voicemail_bytes AS most FROM spaces')
  expect(Number(row?.most)).toBe(10_000_000_000)
})

test('spaces:create-update says in which language people who have chosen none are written to', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  const again = async (...more: string[]) =>
    (await sipkeeper(['spaces:create-update', 'sip.example.org', 'localhost', 'Example', ...more], here)).code
  const locale = async () => (await database.query<{ locale: string | null }>('SELECT locale FROM spaces'))[0]?.locale
  expect([await again('--locale', 'de'), await locale()]).toEqual([2, null])
  expect([await again('--locale', 'fr'), await locale()]).toEqual([0, 'fr'])
  expect([await again(), await locale()]).toEqual([0, 'fr'])
  expect([await again('--locale', 'none'), await locale()]).toEqual([0, null])
})

test('what a script reads is one JSON object and nothing else, also with logs configured to stdout', async () => {
  await using here = await placeWithSpace({ LOG_LEVEL: 'debug', LOG_TARGET: 'stdout', SECURITY_LOG_TARGET: 'stdout' })
  const again = ['spaces:create-update', 'sip.example.org', 'localhost', 'Renamed', '--json']
  const space = await sipkeeper(again, here)
  expect(space.stdout).toBe('{"domain":"sip.example.org","host":"localhost","created":false}\n')
  const given = await sipkeeper(create('ann', '--json', '--password-stdin'), here, { stdin: 'correct-horse\n' })
  expect(JSON.parse(given.stdout)).toEqual({
    id: 1,
    username: 'ann',
    domain: 'sip.example.org',
    api_key: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
  })
  expect(given.stderr).toContain('event=account.created')
  const made = await sipkeeper(create('bob', '--json'), here)
  expect(JSON.parse(made.stdout)).toMatchObject({ id: 2, password: expect.stringMatching(/^[A-Za-z0-9]{16}$/) })
  for (const { stdout } of [given, made]) expect(stdout.trim().split('\n')).toHaveLength(1)
})

test('an account that exists is refused with 4 and unchanged; --update resets it and it keeps its id', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  const password = async () => (await database.query('SELECT account_id, password, algorithm FROM passwords'))[0]
  expect((await sipkeeper(create('101', '-p', 'correct-horse'), here)).code).toBe(0)
  const before = await password()
  const refused = await sipkeeper(create('101', '-p', 'another-horse', '--json'), here)
  expect([refused.code, refused.stdout]).toEqual([4, ''])
  expect(await password()).toEqual(before)
  await database.query('UPDATE accounts SET blocked = true, admin = false')
  expect((await sipkeeper(create('101', '-p', 'another-horse', '--update'), here)).code).toBe(0)
  expect(await password()).not.toEqual(before)
  const [account] = await database.query('SELECT id, admin, blocked, activated FROM accounts')
  expect(Object.values(account ?? {}).map(Number)).toEqual([1, 1, 0, 1])
  const wrong = [
    create('102', '-p', 'short'),
    create('102', '-p', ''),
    create('Upper', '-p', 'correct-horse'),
    create('x'.repeat(65), '-p', 'correct-horse'),
  ]
  const codes = await Promise.all(wrong.map(async (args) => (await sipkeeper(args, here)).code))
  expect(codes).toEqual([2, 2, 2, 2])
  expect(await database.query('SELECT id FROM accounts')).toHaveLength(1)
})

test('it works while the server runs on the same database, and a key is good from its address only', async () => {
  await using here = await placeWithSpace()
  await using running = await serve(here)
  const keyFor = async (name: string, ...more: string[]) =>
    JSON.parse((await sipkeeper(create(name, '-p', 'correct-horse', '--json', ...more), here)).stdout).api_key
  const ask = async (key: string) =>
    (
      await fetch(`http://127.0.0.1:${running.port}/api/accounts/me`, {
        headers: { host: 'localhost', 'x-api-key': key },
      })
    ).status
  const [anywhere, here4, mapped, elsewhere] = await Promise.all([
    keyFor('ann'),
    keyFor('bob', '-k', '127.0.0.1'),
    keyFor('cat', '-k', '::ffff:127.0.0.1'),
    keyFor('dan', '-k', '192.0.2.1'),
  ])
  expect(await Promise.all([anywhere, here4, mapped, elsewhere].map(ask))).toEqual([200, 200, 200, 401])

  const role = async () => (await fetch(`${running.base}/api/accounts`, { headers: { 'x-api-key': anywhere } })).status
  expect(await role()).toBe(200)
  expect((await sipkeeper(['accounts:set-admin', 'ann@sip.example.org', '--revoke'], here)).code).toBe(0)
  // The server remembers what it has looked up for a second.
  const until = Date.now() + 1500
  while ((await role()) !== 403 && Date.now() < until) await Bun.sleep(50)
  expect(await role()).toBe(403)
  const id = (await sipkeeper(['accounts:set-admin', '1'], here)).stdout
  expect(id).toMatch(/@sip\.example\.org is an administrator\.\n$/)
  expect(await running.stop()).toBe(0)
})

test('IPv6 addresses of keys are kept as connections show them', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  await sipkeeper(create('ann', '-p', 'correct-horse', '-k', '2001:DB8:0:0:0:0:0:1'), here)
  expect(await database.query('SELECT ip FROM api_keys')).toEqual([{ ip: '2001:db8::1' }])
})

test('the last administrator of the super Space cannot be taken its rights; a switched-off one is switched on by --update', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  await sipkeeper(['spaces:create-update', 'sip.example.org', 'localhost', 'Example', '--super'], here)
  expect((await sipkeeper(create('ann', '-p', 'correct-horse'), here)).code).toBe(0)
  const refused = await sipkeeper(['accounts:set-admin', 'ann@sip.example.org', '--revoke'], here)
  expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringContaining('the last super administrator')])
  expect((await sipkeeper(create('bob', '-p', 'correct-horse'), here)).code).toBe(0)
  expect((await sipkeeper(['accounts:set-admin', 'ann@sip.example.org', '--revoke'], here)).code).toBe(0)
  await database.query("UPDATE accounts SET activated = false, switched_off = true WHERE username = 'ann'")
  expect((await sipkeeper(create('ann', '-p', 'another-horse', '--update'), here)).code).toBe(0)
  const rows = await database.query("SELECT activated, switched_off, admin FROM accounts WHERE username = 'ann'")
  expect(Object.values(rows[0] ?? {}).map(Number)).toEqual([1, 0, 1])
})

test('what is done on a command line stands in the audit log by the name that the system has for whoever did it', async () => {
  await using here = await placeWithSpace({ USER: 'somebody-else' })
  await sipkeeper(create('ann', '--json'), here)
  const rows = (await sipkeeper(['audit:export'], here)).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const user = Bun.spawnSync(['id', '-un']).stdout.toString().trim()
  // The last one is the export's own.
  expect(rows.at(-2)).toMatchObject({
    action: 'account.created',
    way: 'cli',
    actor: { kind: 'command line', name: user },
  })
  const verified = await sipkeeper(['audit:verify'], here)
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/^\d+ rows hold\. End: \d+:[\w-]{43}\n$/)])
  expect((await sipkeeper(['audit:verify', '--holds', `9:${'x'.repeat(43)}`], here)).code).toBe(1)
  expect((await sipkeeper(['audit:erase', 'nobody@sip.example.org'], here)).code).toBe(3)
})
