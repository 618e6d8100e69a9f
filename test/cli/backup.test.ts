import { expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { MIGRATIONS_TABLE } from '../../src/db/migrations.ts'
import { secrets } from '../../src/secrets.ts'
import { postgresUrl } from '../support/database.ts'
import { picture } from '../support/picture.ts'
import { begin, databaseOf, place, placeWithSpace, serve, sipkeeper } from './command.ts'

test('on PostgreSQL it says what to use instead, 4', async () => {
  await using here = await place({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
  for (const command of ['backup', 'restore']) {
    const { code, stderr } = await sipkeeper([command, join(here.folder, 'copy')], here)
    expect([code, stderr]).toEqual([4, expect.stringContaining('pg_dump')])
  }
})

const roundTrip = async () => {
  await using here = await placeWithSpace()
  await using running = await serve(here)
  const copy = join(here.folder, 'copy')
  writeFileSync(join(here.folder, 'logo.png'), picture())
  expect((await sipkeeper(['spaces:logo', 'sip.example.org', join(here.folder, 'logo.png')], here)).code).toBe(0)
  const logo = readdirSync(join(here.folder, 'public/1'))[0] ?? ''
  expect(logo).toEndWith('.png')
  const voicemail = 'files/7e/7e0c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20'
  mkdirSync(join(here.folder, 'files/7e'), { recursive: true })
  mkdirSync(join(here.folder, 'files/drafts'))
  writeFileSync(join(here.folder, voicemail), 'RIFF')
  writeFileSync(join(here.folder, 'files/drafts/5a0c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20'), 'begun')
  // A folder that others may enter: the files are closed nevertheless.
  mkdirSync(copy)
  chmodSync(copy, 0o755)
  const kept = await sipkeeper(['backup', copy], here)
  expect([kept.code, kept.stdout]).toEqual([0, expect.stringContaining(', files of voicemails (1) kept in')])
  expect(existsSync(join(copy, 'files/drafts'))).toBe(false)
  for (const name of ['sipkeeper.sqlite', 'app.key', 'manifest.json']) {
    expect([name, (statSync(join(copy, name)).mode & 0o777).toString(8)]).toEqual([name, '600'])
  }
  expect((await sipkeeper(['backup', copy], here)).code).toBe(4)
  expect((await sipkeeper(['restore', copy, '--check'], here)).code).toBe(0)

  // Not without a word, and never below a running server.
  expect((await sipkeeper(['restore', copy], here)).code).toBe(4)
  const inUse = await sipkeeper(['restore', copy, '--force'], here)
  expect([inUse.code, inUse.stderr]).toEqual([4, expect.stringContaining('stop the server')])
  await running.stop()

  const key = readFileSync(join(here.folder, 'app.key'), 'utf8')
  await sipkeeper(['spaces:create-update', 'sip.later.org', 'later.localhost', 'Later'], here)
  writeFileSync(join(here.folder, 'app.key'), 'another')
  expect((await sipkeeper(['restore', copy, '--force'], here)).code).toBe(0)
  expect(readFileSync(join(here.folder, 'app.key'), 'utf8')).toBe(key)
  expect((statSync(join(here.folder, 'app.key')).mode & 0o777).toString(8)).toBe('600')
  await using database = databaseOf(here)
  expect(await database.query('SELECT domain FROM spaces')).toEqual([{ domain: 'sip.example.org' }])

  await using elsewhere = await place()
  writeFileSync(join(elsewhere.folder, 'app.key'), 'another')
  expect((await sipkeeper(['restore', copy], elsewhere)).code).toBe(4)
  rmSync(join(elsewhere.folder, 'app.key'))
  expect((await sipkeeper(['restore', copy], elsewhere)).code).toBe(0)
  expect(readFileSync(join(elsewhere.folder, 'app.key'), 'utf8')).toBe(key)
  expect(readFileSync(join(elsewhere.folder, voicemail), 'utf8')).toBe('RIFF')
  expect(readFileSync(join(elsewhere.folder, 'public/1', logo))).toEqual(
    readFileSync(join(here.folder, 'public/1', logo)),
  )
  expect((await sipkeeper(['doctor'], elsewhere)).stdout).toContain('ok      database')
}

/** As if the disk were full: no file may grow beyond 64 KiB. */
const smallFiles = ['sh', '-c', 'trap "" XFSZ; ulimit -f 128; exec "$@"', 'sh']

const refusals = async () => {
  await using here = await placeWithSpace()
  await using target = await place()
  const copy = join(here.folder, 'copy')
  const fresh = async () => {
    rmSync(copy, { recursive: true, force: true })
    expect((await sipkeeper(['backup', copy], here)).code).toBe(0)
  }
  const refused = async () => {
    const { code } = await sipkeeper(['restore', copy], target)
    expect(existsSync(join(target.folder, 'sipkeeper.sqlite'))).toBe(false)
    return code
  }
  await fresh()
  writeFileSync(join(copy, 'app.key'), 'changed')
  expect(await refused()).toBe(1)
  rmSync(join(copy, 'app.key'))
  expect(await refused()).toBe(1)
  writeFileSync(join(copy, 'manifest.json'), '{}')
  expect(await refused()).toBe(1)
  rmSync(join(copy, 'manifest.json'))
  expect(await refused()).toBe(3)

  await using database = databaseOf(here)
  await database.query(`INSERT INTO ${MIGRATIONS_TABLE} (tag, hash) VALUES ('9999_future', 'unknown')`)
  await fresh()
  expect(await refused()).toBe(78)
}

/** What a mail server's password is in the database, sealed with the key of that place. */
const sealSomething = async (here: Awaited<ReturnType<typeof place>>) => {
  const key = Buffer.from(readFileSync(join(here.folder, 'app.key'), 'utf8').trim().replace('base64:', ''), 'base64')
  const sealed = secrets(key, (size) => crypto.getRandomValues(new Uint8Array(size))).seal('the password')
  await using database = databaseOf(here)
  await database.query(
    `INSERT INTO space_email_servers (space_id, host, port, password, created_at, updated_at) VALUES (1, 'smtp.example.org', 25, '${sealed}', 0, 0)`,
  )
}

const anotherKey = `base64:${Buffer.alloc(32, 3).toString('base64')}\n`

const locked = async () => {
  await using here = await placeWithSpace()
  await using target = await place()
  await sealSomething(here)
  const key = join(here.folder, 'app.key')
  const backUp = async (name: string) => {
    const copy = join(here.folder, name)
    return { copy, ...(await sipkeeper(['backup', copy], here)) }
  }
  const right = await backUp('right')
  expect([right.code, right.stderr]).toEqual([0, ''])
  renameSync(key, `${key}.kept`)
  writeFileSync(key, anotherKey, { mode: 0o600 })
  const wrong = await backUp('wrong')
  expect([wrong.code, wrong.stderr]).toEqual([0, expect.stringContaining('is another key')])
  writeFileSync(key, 'nonsense', { mode: 0o600 })
  const none = await backUp('none')

  const bring = (copy: string, env = {}) => sipkeeper(['restore', copy], target, { env })
  const outcomes = [
    { done: await bring(wrong.copy), code: 1, says: 'is another key' },
    { done: await bring(none.copy), code: 1, says: 'does not hold a key' },
    { done: await bring(right.copy, { APP_KEY: anotherKey.trim() }), code: 78, says: 'Set the APP_KEY of that time' },
  ]
  expect(outcomes.map(({ done }) => [done.code, done.stderr])).toEqual(
    outcomes.map(({ code, says }) => [code, expect.stringContaining(says)]),
  )
  expect(readdirSync(target.folder).filter((name) => !name.startsWith('.'))).toEqual([])
  expect((await bring(right.copy)).code).toBe(0)
}

const links = async () => {
  await using here = await placeWithSpace()
  await using target = await place()
  const logo = join(here.folder, 'logo.png')
  writeFileSync(logo, picture())
  await sipkeeper(['spaces:logo', 'sip.example.org', logo], here)
  const copy = join(here.folder, 'copy')
  const moved = join(here.folder, 'moved')

  // What the link leads to is what was kept: only that it is a link is wrong.
  for (const name of ['sipkeeper.sqlite', 'app.key', 'public/1', 'public', 'manifest.json']) {
    rmSync(copy, { recursive: true, force: true })
    rmSync(moved, { recursive: true, force: true })
    expect((await sipkeeper(['backup', copy], here)).code).toBe(0)
    renameSync(join(copy, name), moved)
    symlinkSync(moved, join(copy, name))
    const { code, stderr } = await sipkeeper(['restore', copy], target)
    expect([name, code, stderr]).toEqual([name, 1, expect.stringContaining('is damaged')])
  }
  expect(readdirSync(target.folder).filter((name) => !name.startsWith('.'))).toEqual([])

  rmSync(copy, { recursive: true })
  await sipkeeper(['backup', copy], here)
  const victim = join(here.folder, 'victim')
  writeFileSync(victim, 'precious')
  mkdirSync(join(here.folder, 'elsewhere'))
  for (const [name, to] of [
    ['app.key', victim],
    ['sipkeeper.sqlite', victim],
    ['public', join(here.folder, 'elsewhere')],
  ] as const) {
    symlinkSync(to, join(target.folder, name))
    const { code, stderr } = await sipkeeper(['restore', copy, '--force'], target)
    expect([name, code, stderr]).toEqual([name, 4, expect.stringContaining(`${join(target.folder, name)} is a link`)])
    rmSync(join(target.folder, name))
  }
  expect([readFileSync(victim, 'utf8'), readdirSync(join(here.folder, 'elsewhere'))]).toEqual(['precious', []])
  expect((await sipkeeper(['restore', copy], target)).code).toBe(0)
}

const nothingLeft = async () => {
  await using here = await placeWithSpace()
  const copy = join(here.folder, 'deep/copy')
  const key = join(here.folder, 'app.key')
  renameSync(key, `${key}.kept`)
  symlinkSync(`${key}.kept`, key)
  const linked = await sipkeeper(['backup', copy], here)
  expect([linked.code, linked.stderr]).toEqual([1, `${key} cannot be copied: it is a link.\n`])
  expect(existsSync(join(here.folder, 'deep'))).toBe(false)
  rmSync(key)
  renameSync(`${key}.kept`, key)

  // A folder that was there stays, and is as empty as it was.
  mkdirSync(copy, { recursive: true })
  const full = await sipkeeper(['backup', copy], here, { within: smallFiles })
  expect([full.code, full.stdout]).toEqual([69, ''])
  expect(readdirSync(copy)).toEqual([])
  const nowhere = await sipkeeper(['backup', '/proc/nowhere/copy'], here)
  expect([nowhere.code, nowhere.stderr.trim().split('\n').length]).toEqual([1, 1])

  // What a power cut leaves is no obstacle to the next one; anything else is.
  writeFileSync(join(copy, '.unfinished'), '')
  writeFileSync(join(copy, 'sipkeeper.sqlite'), 'half of it')
  expect((await sipkeeper(['backup', copy], here)).code).toBe(0)
  expect(readdirSync(copy).sort()).toEqual(['app.key', 'manifest.json', 'sipkeeper.sqlite'])
  expect((await sipkeeper(['backup', copy], here)).code).toBe(4)
}

const interrupted = async () => {
  await using here = await placeWithSpace()
  {
    await using database = databaseOf(here)
    await database.query('CREATE TABLE ballast AS SELECT randomblob(67108864) AS bytes')
  }
  const copy = join(here.folder, 'deep/copy')
  const { child, finished } = begin(['backup', copy], here)
  while (!existsSync(join(copy, '.unfinished'))) await Bun.sleep(1)
  child.kill('SIGTERM')
  const { code } = await finished
  expect([code, existsSync(join(here.folder, 'deep'))]).toEqual([143, false])
}

if (postgresUrl === null) {
  test('a backup whose key opens nothing is refused, and nothing is made', locked)
  test('restore follows no links, neither in the backup nor where it brings it', links)
  test('a backup that failed has left nothing behind', nothingLeft)
  test('a backup that somebody ends leaves nothing behind', interrupted)
  test('a damaged backup, and one of a newer version, replace nothing', refusals)
  test('a backup of a running server is whole, private, and comes back with its key', roundTrip)
}
