import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from '../../src/cli/program.ts'
import { jobs } from '../../src/jobs/jobs.ts'
import { databaseOf, placeWithSpace, sipkeeper } from '../cli/command.ts'
import { testApp } from '../support/app.ts'
import { picture } from '../support/picture.ts'

// Every command and every job that changes something leaves a row of the audit log. Both lists come from the program
// itself: a new one fails here until somebody says how it is called, or why it leaves none.

const READS = 'It reads, and changes nothing.'
const SENDS = 'Something is sent to try a way out, and nothing is kept of it.'
const AS_JOB = 'It is the job of that name, whose row is looked at below.'

const WITHOUT_ROW: Readonly<Record<string, string>> = {
  'spaces:list': READS,
  'spaces:show': READS,
  'config:kamailio': READS,
  'config:flexisip': READS,
  'config:asterisk': READS,
  'config:freeswitch': READS,
  'config:coturn': READS,
  'config:nginx': READS,
  'config:caddy': READS,
  'config:haproxy': READS,
  completion: READS,
  man: READS,
  demo: 'It has an instance of its own, which goes when it ends.',
  'config:from-dot-env': 'It writes a file, and knows no database.',
  'accounts:list': READS,
  'accounts:show': READS,
  'api-keys:list': READS,
  'audit:verify': READS,
  'config:show': READS,
  doctor: READS,
  healthcheck: READS,
  'hooks:types': READS,
  'hooks:check': READS,
  'job:list': READS,
  'mail:render': READS,
  'migrate:status': READS,
  openapi: READS,
  version: READS,
  'provisioning:preview': READS,
  'webhooks:list': READS,
  'webhooks:deliveries': READS,
  'mail:test': SENDS,
  'push:test': SENDS,
  'sms:test': SENDS,
  'accounts:clear-accounts-tombstones': AS_JOB,
  'accounts:clear-unconfirmed': AS_JOB,
  'accounts:clear-api-keys': AS_JOB,
  'digest:clear-opaques': AS_JOB,
  'tokens:clear': AS_JOB,
  'app:clear-statistics': AS_JOB,
  'statistics:recount': AS_JOB,
  'accounts:clear-files': AS_JOB,
  'spaces:expiration-emails': AS_JOB,
  'schedule:run': AS_JOB,
  'job:run': AS_JOB,
  'audit:cut': AS_JOB,
  'sessions:revoke': 'There is nobody signed in; what it leaves is looked at in account-commands.test.ts.',
  'webhooks:send-again': 'It calls what the route calls, which is looked at in everything.test.ts.',
  'webhooks:test': 'It calls what the route calls, which is looked at in everything.test.ts.',
  'mail:outbox': 'Without --retry it reads; what that leaves is looked at in dispatcher.test.ts.',
  'accounts:send-voicemails-emails':
    'What it leaves is looked at where there is a voicemail (voicemail-mails.test.ts).',
  'app:update-phone-countries': 'Every start does it, so that there is nothing left to do.',
  backup: 'It copies, and changes nothing.',
  restore: 'The database comes with the rows that it has.',
  migrate: 'It changes the shape of the database, and nothing that somebody has put there.',
  serve: 'What it does is in the other lists.',
  'import:flexiapi': 'What it leaves is looked at where there is a database of the reference (moving-in.test.ts).',
  'export:flexiapi': 'It wants the database for itself; what it leaves is looked at in moving-in.test.ts.',
  setup: 'It calls spaces:create-update, accounts:create-admin-account and phone-countries:activate.',
}

const ADMIN = ['--domain', 'sip.example.org', '--username', 'boss', '--password', 'correct-horse']

interface At {
  readonly folder: string
  /** The row that was made last. */
  readonly newest: (table: string) => Promise<string>
}

/** In this order: some need what others have made. */
const CALLS: readonly (readonly [name: string, args: (at: At) => readonly string[] | Promise<readonly string[]>])[] = [
  ['spaces:create-update', () => ['sip.example.org', 'localhost', 'Renamed', '--super']],
  ['spaces:import-configuration-from-dot-env', ({ folder }) => ['sip.example.org', join(folder, 'dot.env'), '--yes']],
  ['spaces:logo', ({ folder }) => ['sip.example.org', join(folder, 'logo.png')]],
  ['accounts:create-admin-account', () => ADMIN],
  ['accounts:create-admin-test', () => []],
  ['accounts:set-admin', () => ['boss@sip.example.org', '--revoke']],
  ['api-keys:create', () => ['Exchange', '--account', 'boss@sip.example.org']],
  ['api-keys:rename', async ({ newest }) => [await newest('api_keys'), 'Switchboard']],
  ['api-keys:revoke', async ({ newest }) => [await newest('api_keys')]],
  ['accounts:import', ({ folder }) => [join(folder, 'accounts.csv'), '--space', 'sip.example.org']],
  ['accounts:export', () => ['--space', 'sip.example.org']],
  ['accounts:create', () => ['alice@sip.example.org', '--generate']],
  ['accounts:password', () => ['alice@sip.example.org', '--generate']],
  ['accounts:qr', () => ['alice@sip.example.org', '--new']],
  ['accounts:block', () => ['alice@sip.example.org']],
  ['accounts:unblock', () => ['alice@sip.example.org']],
  ['accounts:deactivate', () => ['alice@sip.example.org']],
  ['accounts:activate', () => ['alice@sip.example.org']],
  ['accounts:delete', () => ['alice@sip.example.org', '--yes']],
  ['tokens:create', () => ['--space', 'sip.example.org']],
  ['accounts:seed', ({ folder }) => [join(folder, 'seed.json')]],
  ['phone-countries:activate', () => ['FR']],
  ['phone-countries:deactivate', () => ['FR']],
  [
    'webhooks:create',
    () => ['sip.example.org', 'https://hooks.example.org/', 'Exchange', '--events', 'account.created'],
  ],
  ['webhooks:rotate', () => ['1']],
  ['webhooks:delete', () => ['1']],
  ['audit:export', () => []],
  ['spaces:create-update', () => ['sip.other.org', 'other.localhost', 'Other']],
  ['spaces:delete', () => ['sip.other.org', '--force']],
  ['spaces:restore', () => ['sip.other.org']],
  ['audit:erase', () => ['boss@sip.example.org']],
]

test('every command is named, and those that change something leave a row', async () => {
  const names = commandLine().commands.map((command) => command.name())
  const called = CALLS.map(([name]) => name)
  expect(names.filter((name) => !called.includes(name) && !(name in WITHOUT_ROW))).toEqual([])
  expect([...called, ...Object.keys(WITHOUT_ROW)].filter((name) => !names.includes(name))).toEqual([])

  await using place = await placeWithSpace({ APP_ENV: 'testing' })
  writeFileSync(join(place.folder, 'logo.png'), picture())
  writeFileSync(join(place.folder, 'accounts.csv'), 'Username,Password\nimported,correct-horse\n')
  writeFileSync(join(place.folder, 'dot.env'), 'INSTANCE_COPYRIGHT=Example\n')
  writeFileSync(
    join(place.folder, 'seed.json'),
    JSON.stringify([{ type: 'account', id: 900, username: 'seeded', domain: 'sip.example.org' }]),
  )
  await using database = databaseOf(place)
  const count = async () => Number((await database.query('select count(*) as n from audit_log'))[0]?.n)
  const newest = async (table: string) => String((await database.query(`select max(id) as n from ${table}`))[0]?.n)
  const silent: string[] = []
  for (const [name, args] of CALLS) {
    const before = await count()
    const { code, stderr } = await sipkeeper([name, ...(await args({ folder: place.folder, newest }))], place)
    if (code !== 0) silent.push(`${name}: ${code} ${stderr}`)
    else if ((await count()) === before) silent.push(`${name}: no row`)
  }
  expect(silent).toEqual([])
}, 120_000)

/** What they do says nothing about anybody, many times an hour. */
const MINOR_JOBS = ['nonces', 'captcha-answers', 'rate-limits', 'account-words']

test('every job that did something leaves one row that says how much; one that failed, too', async () => {
  const t = await testApp()
  const { auditLog } = t.db.tables
  const silent: string[] = []
  for (const job of jobs(t.parts)) {
    const before = (await t.db.read.select().from(auditLog)).length
    await t.parts.jobs.run(job, async () => 3)
    await t.parts.jobs.run(job, () => Promise.reject(new Error('broken'))).catch(() => {})
    await t.parts.jobs.run(job, async () => 0)
    const rows = (await t.db.read.select().from(auditLog).orderBy(auditLog.id)).slice(before)
    const said = rows.map(({ action, way, subjectId, detail }) => [
      action,
      way,
      subjectId,
      JSON.parse(detail ?? '{}').count,
    ])
    const expected = [
      ['job.done', 'job', job.name, 3],
      ['job.fail', 'job', job.name, undefined],
    ]
    if (!Bun.deepEquals(said, MINOR_JOBS.includes(job.name) ? [] : expected)) silent.push(`${job.name}: ${said}`)
  }
  expect(silent).toEqual([])
  await t.close()
})

test('a file of the audit log holds who took it', async () => {
  await using place = await placeWithSpace()
  const { stdout } = await sipkeeper(['audit:export', '--space', 'sip.example.org'], place)
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  expect(last).toMatchObject({ action: 'export.run', way: 'cli', space: { domain: 'sip.example.org' } })
})
