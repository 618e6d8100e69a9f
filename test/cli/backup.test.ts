import { expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MIGRATIONS_TABLE } from '../../src/db/migrations.ts'
import { postgresUrl } from '../support/database.ts'
import { picture } from '../support/picture.ts'
import { databaseOf, place, placeWithSpace, serve, sipkeeper } from './command.ts'

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
  // A folder that others may enter: the files are closed nevertheless.
  mkdirSync(copy)
  chmodSync(copy, 0o755)
  expect((await sipkeeper(['backup', copy], here)).code).toBe(0)
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
  expect(readFileSync(join(elsewhere.folder, 'public/1', logo))).toEqual(
    readFileSync(join(here.folder, 'public/1', logo)),
  )
  expect((await sipkeeper(['doctor'], elsewhere)).stdout).toContain('ok      database')
}

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

if (postgresUrl === null) {
  test('a damaged backup, and one of a newer version, replace nothing', refusals)
  test('a backup of a running server is whole, private, and comes back with its key', roundTrip)
}
