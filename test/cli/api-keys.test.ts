import { expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { placeWithSpace, serve, sipkeeper } from './command.ts'

const ADMIN = 'admin@sip.example.org'

const withAdmin = async () => {
  const here = await placeWithSpace()
  await sipkeeper(
    ['accounts:create-admin-account', '-u', 'admin', '-p', 'correct-horse', '-d', 'sip.example.org'],
    here,
  )
  return here
}

test('a key is not made for nobody, nor of what makes no sense', async () => {
  await using here = await withAdmin()
  for (const [args, code, said] of [
    [['Flexisip', '--account', 'nobody@sip.example.org'], 3, 'No such account'],
    [['Flexisip', '--account', '4711'], 3, 'No such account'],
    [['Flexisip'], 2, '--account'],
    [['Fl', '--account', ADMIN], 2, 'at least 3 characters'],
    [['Flexisip', '--account', ADMIN, '--scope', 'everything'], 2, 'Allowed choices are full, read'],
    [['Flexisip', '--account', ADMIN, '--scope', 'scim'], 2, 'Allowed choices'],
    [['Flexisip', '--account', ADMIN, '--network', '10.0.0.0/33'], 2, '10.0.0.0/8'],
    [['Flexisip', '--account', ADMIN, '--idle-minutes', 'an hour'], 2, 'whole number'],
    [['Flexisip', '--account', ADMIN, '--ends', '2020-01-01'], 2, 'in the future'],
  ] as const) {
    const done = await sipkeeper(['api-keys:create', ...args], here)
    expect([args, done.code, done.stdout]).toEqual([args, code, ''])
    expect(done.stderr).toContain(said)
  }
  expect(JSON.parse((await sipkeeper(['api-keys:list', '--json'], here)).stdout)).toEqual([])
  expect((await sipkeeper(['api-keys:list', '--account', 'nobody@sip.example.org'], here)).code).toBe(3)
  expect((await sipkeeper(['api-keys:revoke', '1'], here)).code).toBe(3)
  expect((await sipkeeper(['api-keys:revoke', 'Flexisip'], here)).code).toBe(2)
})

test('a key for Flexisip works from its network until it is revoked, and is printed once', async () => {
  await using here = await withAdmin()
  const wanted = ['--scope', 'telephony', '--network', '127.0.0.1', '--network', '10.1.0.0/8']
  const life = ['--idle-minutes', '60', '--ends', '2090-01-01']
  const made = await sipkeeper(['api-keys:create', 'Flexisip', '--account', ADMIN, ...wanted, ...life, '--json'], here)
  const { key, ...known } = JSON.parse(made.stdout)
  expect(known).toMatchObject({
    name: 'Flexisip',
    scope: 'telephony',
    networks: ['127.0.0.1/32', '10.0.0.0/8'],
    expires_after_last_used_minutes: 60,
    expire_at: '2090-01-01T00:00:00.000000Z',
    account: { username: 'admin', domain: 'sip.example.org' },
  })
  const elsewhere = await sipkeeper(
    ['api-keys:create', 'Monitoring', '--account', ADMIN, '--network', '10.0.0.1'],
    here,
  )
  const other = /(\S{40})\n$/.exec(elsewhere.stdout)?.[1] ?? ''

  await using server = await serve(here)
  const ask = (path: string, given: string) => fetch(`${server.base}${path}`, { headers: { 'x-api-key': given } })
  const asked = `/api/resolve/${ADMIN}`
  expect([(await ask(asked, key)).status, (await ask('/api/accounts', key)).status]).toEqual([200, 403])
  expect((await ask('/api/accounts/me', other)).status).toBe(403)

  const { stdout } = await sipkeeper(['api-keys:list', '--domain', 'sip.example.org'], here)
  expect(stdout).toMatch(/^id +name +account +scope +begins with +networks +idle minutes +ends +last used$/m)
  expect(stdout).toMatch(
    new RegExp(`^1 +Flexisip +${ADMIN} +telephony +${key.slice(0, 6)} +127.0.0.1/32 10.0.0.0/8 +60`, 'm'),
  )
  expect(stdout).not.toContain(key)

  // It goes on working under its new name, and a name is still no less than three characters.
  expect((await sipkeeper(['api-keys:rename', String(known.id), 'Fl'], here)).code).toBe(2)
  const renamed = await sipkeeper(['api-keys:rename', String(known.id), 'Switchboard'], here)
  expect([renamed.code, renamed.stdout]).toEqual([0, `API key 1 of ${ADMIN} is called Switchboard now.\n`])
  expect((await ask(asked, key)).status).toBe(200)
  expect((await sipkeeper(['api-keys:revoke', String(known.id)], here)).stdout).toContain('Switchboard')
  // Another process has revoked it: the server may not know for a second.
  await eventually(async () => (await ask(asked, key)).status === 401)
})
