import { expect, test } from 'bun:test'
import { chmodSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { place, placeWithSpace, sipkeeper } from './command.ts'

interface Finding {
  readonly level: 'ok' | 'warning' | 'problem'
  readonly name: string
  readonly detail: string
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
  expect(first.of('space sip.example.org')).toMatchObject([{ level: 'warning', detail: 'has no administrator' }])
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
  expect(bad.of('APP_KEY')).toMatchObject([{ level: 'problem', detail: expect.stringContaining('chmod 600') }])
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
