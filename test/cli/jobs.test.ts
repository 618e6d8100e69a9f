import { expect, test } from 'bun:test'
import { postgresUrl } from '../support/database.ts'
import { DAY_MS } from '../support/time.ts'
import { databaseOf, placeWithSpace, serve, sipkeeper } from './command.ts'

/** A moment as a literal of the database at hand. */
const moment = (ms: number) => (postgresUrl === null ? String(ms) : `'${new Date(ms).toISOString()}'`)

test('what is no job is 3, days that do not fall are 1', async () => {
  await using here = await placeWithSpace()
  expect((await sipkeeper(['job:run', 'no-such-job'], here)).code).toBe(3)
  for (const days of ['1,3,7', '7,7', '99999']) {
    const { code, stderr } = await sipkeeper(['spaces:expiration-emails', days], here)
    expect([days, code]).toEqual([days, 1])
    expect(stderr).toContain('7,3,1')
  }
  // As in the reference: what has no number in it is the default.
  expect(await sipkeeper(['spaces:expiration-emails', 'all'], here)).toMatchObject({ code: 0 })
})

test('a job that runs elsewhere is 75, whichever name it is asked for by, and counting still works', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  await database.query(
    `INSERT INTO leases (name, holder, until) VALUES ('job:unconfirmed-accounts', 'another', ${moment(Date.now() + 60_000)})`,
  )
  for (const args of [
    ['job:run', 'unconfirmed-accounts'],
    ['job:run', 'accounts:clear-unconfirmed'],
    ['accounts:clear-unconfirmed', '30', '--apply'],
  ]) {
    const { code, stderr } = await sipkeeper(args, here)
    expect([args, code]).toEqual([args, 75])
    expect(stderr).toContain('unconfirmed-accounts is running already')
  }
  expect((await sipkeeper(['accounts:clear-unconfirmed', '30'], here)).code).toBe(0)
  expect((await sipkeeper(['job:run', 'tombstones'], here)).code).toBe(0)
})

test('every job is listed with its schedule, and with its last run once it had one', async () => {
  await using here = await placeWithSpace()
  const fresh = JSON.parse((await sipkeeper(['job:list', '--json'], here)).stdout)
  expect(fresh).toHaveLength(21)
  expect(fresh[0]).toMatchObject({ name: 'tombstones', schedule: '10 0 * * *', started_at: null, outcome: null })
  expect((await sipkeeper(['job:run', 'tombstones'], here)).stdout).toMatch(/^tombstones: 0 in \d+ ms\n$/)
  const [ran] = JSON.parse((await sipkeeper(['job:list', '--json'], here)).stdout)
  expect(ran.outcome).toBe('done')
  expect(Date.parse(ran.next)).toBeGreaterThan(Date.parse(ran.started_at))
  const { stdout } = await sipkeeper(['job:list'], here)
  expect(stdout).toMatch(/^name +schedule \(UTC\) +last run +outcome +next$/m)
  expect(stdout).toMatch(/^tombstones +10 0 \* \* \* +20\S+Z +done +20\S+00:10:00.000Z$/m)
  expect(stdout).toMatch(/^space-expiry +0 7 \* \* \* +never +20\S+Z$/m)
})

test('administrators of a Space that ends in exactly so many days get one mail, by whichever command', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  await sipkeeper(['spaces:create-update', 'sip.ending.org', 'ending.localhost', 'Ending'], here)
  await sipkeeper(['accounts:create-admin-account', '-u', 'boss', '-p', 'correct-horse', '-d', 'sip.ending.org'], here)
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
  await database.query(`UPDATE spaces SET expire_at = ${moment(today + 3 * DAY_MS)} WHERE domain = 'sip.ending.org'`)
  const run = async (...args: string[]) => (await sipkeeper(args, here)).stdout
  expect(await run('spaces:expiration-emails')).toBe('0 mails queued\n')
  await database.query(`UPDATE accounts SET email = 'boss@example.org' WHERE domain = 'sip.ending.org'`)
  expect(await run('spaces:expiration-emails', '2,1')).toBe('0 mails queued\n')
  expect(await run('spaces:expiration-emails')).toBe('1 mails queued\n')
  expect(await run('spaces:expiration-emails', '7,3,1')).toBe('0 mails queued\n')
  expect(await run('job:run', 'spaces:expiration-emails')).toMatch(/^space-expiry: 0 in /)
  expect(await database.query('SELECT kind, recipient FROM outbox_messages')).toEqual([
    { kind: 'space_expiring', recipient: 'boss@example.org' },
  ])
})

test('a server runs what is due soon after its start, with JOBS=off nothing', async () => {
  await using on = await placeWithSpace({ LOG_LEVEL: 'debug' })
  await using off = await placeWithSpace({ JOBS: 'off', LOG_LEVEL: 'debug' })
  await using working = await serve(on)
  await using idle = await serve(off)
  const started = Date.now()
  while (!working.output().includes('"job":"space-expiry"') && Date.now() - started < 20_000) await Bun.sleep(50)
  expect(working.output()).toContain('"msg":"job.done","job":"space-expiry","count":0')
  expect(working.output()).not.toContain('event=job.done')
  expect(idle.output()).not.toContain('job.done')
  await using database = databaseOf(on)
  // And that of a job that has not come to its end yet.
  expect(await database.query("SELECT name FROM leases WHERE name NOT LIKE 'job:%'")).toEqual([{ name: 'jobs' }])
  // The lead is given back, so that another process goes on at once.
  expect(await working.stop()).toBe(0)
  expect(await database.query('SELECT name FROM leases')).toEqual([])
}, 40_000)

test('the cron line of the reference does what is due, once', async () => {
  await using here = await placeWithSpace()
  expect((await sipkeeper(['artisan', 'no:such'], here)).code).toBe(2)
  const first = await sipkeeper(['artisan', 'schedule:run'], here)
  expect([first.code, first.stderr]).toEqual([0, ''])
  expect(first.stdout).toContain('tombstones')
  const again = await sipkeeper(['schedule:run'], here)
  expect([again.code, again.stdout.includes('tombstones')]).toEqual([0, false])
  expect((await sipkeeper(['artisan', 'job:run', 'tombstones'], here)).code).toBe(0)
})
