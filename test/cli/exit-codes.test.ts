import { expect, test } from 'bun:test'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from '../../src/cli/program.ts'
import { MIGRATIONS_TABLE } from '../../src/db/migrations.ts'
import { postgresUrl } from '../support/database.ts'
import { databaseOf, place, placeWithSpace, serve, sipkeeper } from './command.ts'

test('every configuration problem is listed at once, nothing is opened, and the code is 78', async () => {
  await using here = await place({ LISTEN: 'nowhere', APP_KEY: 'short', PUBLIC_PORT: '-1' })
  for (const command of [['serve'], ['migrate'], ['doctor']]) {
    const { code, stdout, stderr } = await sipkeeper(command, here)
    expect([command, code]).toEqual([command, 78])
    for (const name of ['LISTEN', 'APP_KEY', 'PUBLIC_PORT']) expect(stdout + stderr).toContain(name)
    expect(stdout + stderr).not.toContain('"short"')
  }
  expect(existsSync(join(here.folder, 'sipkeeper.sqlite'))).toBe(false)
  expect((await sipkeeper(['migrate', '--env-file', '/nonexistent'], here, { env: { LISTEN: '' } })).code).toBe(78)
})

test('what cannot be understood is a usage error, 2, and opens no database', async () => {
  await using here = await place()
  const wrong = [
    ['no-such-command'],
    ['spaces:create-update', 'sip.example.org'],
    ['spaces:create-update', 'a.org', 'localhost', 'A', '--algorithm', 'SHA-1'],
    ['spaces:create-update', 'a.org', 'localhost', 'A', '--call-forwarding-no-answer-wire', 'always'],
    ['accounts:create-admin-account', '-u', 'bob'],
    ['accounts:create-admin-account', '-u', 'bob', '-d', 'sip.example.org', '-k', 'everywhere'],
    ['accounts:create-admin-account', '-u', 'bob', '-d', 'sip.example.org', '-p', 'secret', '--password-stdin'],
    ['accounts:clear-unconfirmed', 'soon'],
    ['accounts:clear-api-keys', '1.5'],
    ['setup', '--yes'],
    ['setup', '--host', 'http://x.example.org/'],
    ['setup', '--host', '192.168.1.10:0'],
    ['setup', '--host', '192.168.1.10:8080', '--listen', 'nowhere'],
    [],
  ]
  const outcomes = await Promise.all(wrong.map(async (args) => [args, (await sipkeeper(args, here)).code]))
  expect(outcomes).toEqual(wrong.map((args) => [args, 2]))
  expect(readdirSync(here.folder).filter((name) => !name.startsWith('.'))).toEqual([])
})

test('help and version end well', async () => {
  await using here = await place()
  const help = await sipkeeper(['--help'], here)
  expect([help.code, help.stderr]).toEqual([0, ''])
  for (const name of ['serve', 'setup', 'migrate:status', 'accounts:clear-api-keys|digest:clear-api-keys']) {
    expect(help.stdout).toContain(name)
  }
  expect((await sipkeeper(['version'], here)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('what is not there is 3, what a rule forbids is 4', async () => {
  await using here = await placeWithSpace()
  const outcomes = {
    noSpace: ['accounts:create-admin-account', '-u', 'bob', '-d', 'sip.nowhere.org', '-p', 'correct-horse'],
    noAccount: ['accounts:set-admin', 'nobody@sip.example.org'],
    noId: ['accounts:set-admin', '12abc'],
    hugeId: ['accounts:set-admin', '99999999999999999999'],
    noCountry: ['phone-countries:activate', 'XX'],
    noBackup: ['restore', here.folder, '--check'],
    lastSuper: ['spaces:create-update', 'sip.example.org', 'localhost', 'Example', '--no-super'],
    outsideRoot: ['spaces:create-update', 'sip.other.org', 'accounts.other.org', 'Other'],
    takenHost: ['spaces:create-update', 'sip.other.org', 'localhost', 'Other'],
    wholesale: ['accounts:clear-unconfirmed', '30', '--and-confirmed', '--apply', '--domain', 'sip.example.org'],
  }
  const codes = await Promise.all(
    Object.entries(outcomes).map(async ([name, args]) => [name, (await sipkeeper(args, here)).code]),
  )
  expect(Object.fromEntries(codes)).toEqual({
    noSpace: 3,
    noAccount: 3,
    noId: 3,
    hugeId: 3,
    noCountry: 3,
    noBackup: postgresUrl === null ? 3 : 4,
    lastSuper: 4,
    outsideRoot: 4,
    takenHost: 4,
    wholesale: 4,
  })
})

test('whoever has read enough ends a command quietly, as with other programs, and a full disk is told', async () => {
  await using here = await placeWithSpace()
  expect((await sipkeeper(['accounts:create', 'alice@sip.example.org', '--generate'], here)).code).toBe(0)
  const piped = { within: ['sh', '-c', '{ "$0" "$@"; echo "ended $?" >&2; } | true'] }
  // Whatever lists or prints.
  const words: Record<string, string[]> = {
    'webhooks:list': ['sip.example.org'],
    'mail:render': ['--list'],
    'provisioning:preview': ['alice@sip.example.org'],
    'accounts:export': ['--space', 'sip.example.org'],
    completion: ['zsh'],
    'config:nginx': ['--certificate', '/etc/a.pem', '--key', '/etc/b.pem'],
    'config:haproxy': ['--certificate', '/etc/a.pem'],
  }
  // Nothing is printed where there is no TURN server, no webhook, and SQLite is not where Kamailio can read it.
  const without = ['config:coturn', 'config:kamailio', 'webhooks:deliveries']
  const commands = commandLine()
    .commands.filter((command) => /^(?:list|print|write the accounts)\b/.test(command.description()))
    .filter((command) => !without.includes(command.name()))
    .map((command) => [command.name(), ...(words[command.name()] ?? [])])
  const ends = await Promise.all(commands.map((args) => sipkeeper(args, here, piped)))
  expect(ends.map(({ stderr }) => stderr.trim().split('\n').at(-1))).toEqual(commands.map(() => 'ended 141'))
  expect(ends.filter(({ stderr }) => stderr.includes('EPIPE') || stderr.includes(' at '))).toEqual([])
  const full = await sipkeeper(['audit:export'], here, { within: ['sh', '-c', 'exec "$0" "$@" > /dev/full'] })
  expect([full.code, full.stderr]).toEqual([1, expect.stringContaining('What was printed is not whole: ENOSPC')])
})

test('of several countries one that does not exist is named, and none is changed', async () => {
  await using here = await placeWithSpace()
  const open = async () => {
    await using database = databaseOf(here)
    return (await database.query('SELECT code FROM phone_countries WHERE activated')).map(({ code }) => code)
  }
  const wrong = await sipkeeper(['phone-countries:activate', 'fr', 'xx', 'de', 'zzz'], here)
  expect([wrong.code, wrong.stdout, wrong.stderr]).toEqual([3, '', 'No such country: xx, zzz.\n'])
  expect(await open()).toEqual([])
  const right = await sipkeeper(['phone-countries:activate', 'fr', 'de'], here)
  expect([right.code, right.stdout]).toEqual([0, 'FR: 1 regions\nDE: 1 regions\n'])
  expect((await open()).sort()).toEqual(['DE', 'FR'])
  expect((await sipkeeper(['phone-countries:deactivate', 'fr', 'xx'], here)).code).toBe(3)
  expect((await open()).sort()).toEqual(['DE', 'FR'])
})

test('a database that does not answer, or is none, is 69 in one sentence', async () => {
  await using here = await place()
  const down = { env: { DATABASE_URL: 'postgres://someone:hunter2@127.0.0.1:1/none' } }
  const ask = async (command: string) => {
    const { code, stderr } = await sipkeeper([command], here, down)
    expect([command, code, stderr.trim().split('\n').length]).toEqual([command, 69, 1])
    expect(stderr).not.toContain('hunter2')
  }
  await Promise.all(['serve', 'migrate', 'migrate:status', 'accounts:clear-api-keys'].map(ask))
  writeFileSync(join(here.folder, 'sipkeeper.sqlite'), 'this is no database, but it is long enough')
  const { code, stderr } = await sipkeeper(['migrate'], here, { env: { DATABASE_URL: '' } })
  expect([code, stderr]).toEqual([69, 'The database cannot be used: file is not a database\n'])
})

test('a data directory that cannot be made is a configuration error', async () => {
  await using here = await place({ DATA_DIR: '/proc/nowhere' })
  for (const command of ['serve', 'migrate']) {
    const { code, stderr } = await sipkeeper([command], here, { env: { DATABASE_URL: '' } })
    expect([code, stderr.trim().split('\n').length]).toEqual([78, 1])
    expect(stderr).toContain('DATA_DIR cannot be made')
  }
})

test('a database of a newer version is left alone by every command, 78', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  await database.query(`INSERT INTO ${MIGRATIONS_TABLE} (tag, hash) VALUES ('9999_future', 'unknown')`)
  const ask = async (args: string[]) => {
    const { code, stdout, stderr } = await sipkeeper(args, here)
    // `serve` logs that it starts.
    const printed = stdout.replace(/^\{"time":.*\n/gm, '')
    expect([args, code, printed]).toEqual([args, 78, ''])
    expect(stderr).toContain('migrated by a newer sipkeeper (9999_future)')
  }
  await Promise.all([['serve'], ['migrate'], ['migrate', '--dry-run'], ['accounts:set-admin', '1']].map(ask))
  const doctor = await sipkeeper(['doctor'], here)
  expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining('PROBLEM database')])
})

test('migrating tells what it would do, does it, and then has nothing to do', async () => {
  await using here = await place()
  const before = await sipkeeper(['migrate', '--dry-run'], here)
  expect([before.code, before.stdout]).toEqual([0, expect.stringMatching(/^Would apply: 0000_foundation, /)])
  expect(existsSync(join(here.folder, 'sipkeeper.sqlite'))).toBe(false)
  const waiting = JSON.parse((await sipkeeper(['migrate:status', '--json'], here)).stdout)
  expect(waiting.applied).toEqual([])
  const first = await sipkeeper(['migrate'], here)
  expect(first.stdout).toBe(`Applied: ${waiting.pending.join(', ')}\n`)
  const again = await sipkeeper(['migrate'], here)
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('up to date')])
  const done = JSON.parse((await sipkeeper(['migrate:status', '--json'], here)).stdout)
  expect(done).toEqual({ applied: waiting.pending, pending: [] })
  expect((await sipkeeper(['migrate', '--dry-run'], here)).stdout).toContain('up to date')
})

test('migrating names accounts whose addresses differ in case only, where they should be unique, and changes none', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  const add = async (username: string, email: string) => {
    const args = ['-u', username, '-d', 'sip.example.org', '-p', 'correct-horse']
    expect((await sipkeeper(['accounts:create-admin-account', ...args], here)).code).toBe(0)
    await database.query(`UPDATE accounts SET email = '${email}' WHERE username = '${username}'`)
  }
  await add('carol1', 'Carol@example.org')
  await add('carol2', 'carol@EXAMPLE.org')
  const addresses = 'SELECT email FROM accounts WHERE email IS NOT NULL ORDER BY id'
  const before = await database.query(addresses)
  expect(before).toHaveLength(2)
  // Addresses may be shared there.
  expect((await sipkeeper(['migrate'], here)).stdout).not.toContain('belongs to')
  const told = 'In sip.example.org, where e-mail addresses are unique, carol@example.org belongs to carol1, carol2.'
  const everywhere = await sipkeeper(['migrate'], here, { env: { ACCOUNT_EMAIL_UNIQUE: 'true' } })
  expect([everywhere.code, everywhere.stdout]).toEqual([0, expect.stringContaining(told)])

  await database.query(`UPDATE spaces SET unique_email = ${postgresUrl === null ? '1' : 'true'}`)
  expect((await sipkeeper(['migrate'], here)).stdout).toContain(told)
  // A server that migrates by itself says it in its log.
  await database.query(`DELETE FROM ${MIGRATIONS_TABLE} WHERE tag = '0007_folded-email'`)
  await database.query('DROP INDEX accounts_domain_folded_email_index')
  await database.query('CREATE INDEX accounts_domain_email_index ON accounts (domain, email)')
  await using running = await serve(here)
  const line = running
    .output()
    .split('\n')
    .find((text) => text.includes('several accounts have one e-mail address'))
  expect(JSON.parse(line ?? '{}')).toMatchObject({ space: 'sip.example.org', accounts: ['carol1', 'carol2'] })
  expect(await database.query(addresses)).toEqual(before)
})
