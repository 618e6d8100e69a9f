import { expect, test } from 'bun:test'
import { chmodSync, chownSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { postgresUrl } from '../support/database.ts'
import { place, placeWithSpace, sipkeeper } from './command.ts'

interface Finding {
  readonly level: 'ok' | 'warning' | 'problem'
  readonly name: string
  readonly detail: string
  readonly hint?: string
}

const examine = async (where: Parameters<typeof sipkeeper>[1], env: Record<string, string> = {}) => {
  const { code, stdout } = await sipkeeper(['doctor', '--json'], where, { env })
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  return { code, of: (name: string) => findings.filter((one) => one.name === name) }
}

test('on an empty place it makes nothing and finds no problem', async () => {
  await using here = await place()
  const { code, of } = await examine(here)
  expect([code, of('database')[0]?.level]).toEqual([0, 'warning'])
  expect(readdirSync(here.folder).filter((name) => !name.startsWith('.'))).toEqual([])
})

test('it names what would not work', async () => {
  await using here = await placeWithSpace()
  const first = await examine(here)
  expect(first.code).toBe(0)
  expect(first.of('space sip.example.org')).toMatchObject([
    { level: 'warning', detail: 'has no administrator', hint: expect.stringContaining('create-admin-account') },
  ])
  // Waiting is not arriving.
  expect(first.of('mail')).toMatchObject([
    { level: 'warning', detail: expect.stringContaining('given up'), hint: expect.stringContaining('MAIL_HOST') },
  ])
  expect(first.of('phone countries')[0]?.level).toBe('warning')

  await sipkeeper(['phone-countries:activate', 'fr'], here)
  await sipkeeper(['accounts:create-admin-account', '-u', 'boss', '-d', 'sip.example.org'], here)
  const healthy = await examine(here)
  expect([healthy.of('spaces')[0]?.level, healthy.of('phone countries')[0]?.level]).toEqual(['ok', 'ok'])

  const key = join(here.folder, 'app.key')
  chmodSync(key, 0o644)
  const certificate = join(import.meta.dir, 'doctor.test.ts')
  const env = { APP_ROOT_HOST: 'example.org', TLS_CERT: certificate, TLS_KEY: certificate }
  const bad = await examine(here, env)
  expect(bad.code).toBe(1)
  expect(bad.of('APP_KEY')).toMatchObject([{ level: 'problem', hint: `chmod 600 ${key}` }])
  expect(bad.of('space sip.example.org')).toMatchObject([
    { level: 'problem', detail: 'localhost does not lie under APP_ROOT_HOST=example.org' },
  ])
  expect(bad.of('TLS')[0]?.level).toBe('problem')

  // A start would make another one, silently.
  renameSync(key, `${key}.lost`)
  const lost = await examine(here)
  expect([lost.code, lost.of('APP_KEY')[0]?.detail]).toEqual([1, expect.stringContaining('is gone')])
  expect(readdirSync(here.folder)).not.toContain('app.key')
})

test('a key file is good only after it was read and held a key', async () => {
  await using here = await placeWithSpace()
  const key = join(here.folder, 'app.key')
  writeFileSync(key, 'nonsense')
  const { code, of } = await examine(here)
  expect([code, of('APP_KEY')]).toEqual([
    1,
    [expect.objectContaining({ level: 'problem', detail: expect.stringContaining('does not hold a key') })],
  ])
})

const NOBODY = 65_534

/** What root made in the folder of the server's user, and what a person sees who is neither. */
const ownership = async () => {
  await using here = await placeWithSpace()
  const [key, database] = ['app.key', 'sipkeeper.sqlite'].map((name) => join(here.folder, name))
  chownSync(here.folder, NOBODY, NOBODY)
  const made = await examine(here)
  expect(made.of('APP_KEY')).toMatchObject([{ level: 'problem', hint: `chown ${nameOfNobody} ${key}` }])
  if (postgresUrl === null) {
    expect(made.of('database')).toMatchObject([{ level: 'problem', hint: `chown ${nameOfNobody} ${database}` }])
  }
  chownSync(key ?? '', NOBODY, NOBODY)
  if (postgresUrl === null) chownSync(database ?? '', NOBODY, NOBODY)
  expect((await examine(here)).of('APP_KEY')[0]?.level).toBe('ok')
}
const nameOfNobody = 'nobody'

/** Without root a user locks only itself out. */
const lockedOut = async () => {
  await using here = await placeWithSpace()
  const key = join(here.folder, 'app.key')
  chmodSync(key, 0)
  const { code, of } = await examine(here)
  expect([code, of('APP_KEY')[0]?.hint]).toEqual([1, expect.stringContaining('chown')])
  chmodSync(key, 0o600)
  chmodSync(here.folder, 0)
  const closed = await examine(here)
  chmodSync(here.folder, 0o700)
  expect([closed.code, closed.of('data directory')[0]?.hint]).toEqual([1, expect.stringContaining('run commands as')])
}

if (process.getuid?.() === 0)
  test('files that the server cannot read are found by root, with the owner to give them', ownership)
else test('what cannot be read is a problem with a hint at its owner', lockedOut)

test('it says which earlier keys the audit log needs, and until when; with them the log is verified', async () => {
  await using here = await placeWithSpace()
  const first = readFileSync(join(here.folder, 'app.key'), 'utf8').trim()
  const [second, unused] = [1, 2].map((fill) => `base64:${Buffer.alloc(32, fill).toString('base64')}`)
  const env = { APP_KEY: second ?? '', APP_KEY_PREVIOUS: `${unused},${first}` }
  expect((await sipkeeper(['phone-countries:activate', 'FR'], here, { env })).code).toBe(0)
  expect((await sipkeeper(['audit:verify'], here, { env })).code).toBe(0)
  const examined = await examine(here, env)
  const until = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)
  expect(examined.of('APP_KEY_PREVIOUS, key 1')[0]?.detail).toStartWith('the audit log does not need it')
  expect(examined.of('APP_KEY_PREVIOUS, key 2')[0]?.detail).toEndWith(`keep it until ${until}`)
  expect(examined.of('audit log')).toEqual([])
  const forever = await examine(here, { ...env, AUDIT_RETENTION_DAYS: '0' })
  expect(forever.of('APP_KEY_PREVIOUS, key 2')[0]?.detail).toContain('for ever')
  const without = await examine(here, { APP_KEY: env.APP_KEY })
  expect([without.code, without.of('audit log')[0]?.hint]).toEqual([1, expect.stringContaining('APP_KEY_PREVIOUS')])
  const { code, stderr } = await sipkeeper(['audit:verify'], here, { env: { APP_KEY: env.APP_KEY } })
  expect([code, stderr]).toEqual([1, expect.stringContaining('APP_KEY_PREVIOUS')])
})
