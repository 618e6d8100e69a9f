import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { databaseOf, placeWithSpace, sipkeeper } from './command.ts'

// `provisioning:preview`: what a phone would get, for the eyes of an operator.

const ADMIN = ['-u', 'admin', '-p', 'correct-horse', '-d', 'sip.example.org']

test('a preview is refused for what is no address (2), and not found for nobody (3)', async () => {
  await using place = await placeWithSpace()
  for (const [address, code, sentence] of [
    ['nobody', 2, 'The address must look like user@domain.'],
    ['nobody@sip.nowhere.org', 3, 'There is no Space sip.nowhere.org.'],
    ['nobody@sip.example.org', 3, 'No such account.'],
  ] as const) {
    const ran = await sipkeeper(['provisioning:preview', address], place)
    expect([address, ran.code, ran.stdout, ran.stderr.trim()]).toEqual([address, code, '', sentence])
  }
})

test('a preview shows the document without its secrets, and uses nothing up', async () => {
  await using place = await placeWithSpace({ PUBLIC_SCHEME: 'https', PUBLIC_PORT: '8443', BASE_PATH: '/sip' })
  const made = await sipkeeper(['accounts:create-admin-account', ...ADMIN], place)
  expect(made.code).toBe(0)
  await using database = databaseOf(place)
  const entries = '[net]\nmtu=1300\n[nat_policy_0]\nstun_server_password=turn-horse\non=yes\n'
  await database.query('UPDATE spaces SET custom_provisioning_entries = :entries RETURNING id', { entries })
  const state = () => database.query('SELECT used FROM provisioning_tokens')
  const before = await state()
  for (const address of ['admin@sip.example.org', 'sip:admin@SIP.example.org']) {
    const { code, stdout, stderr } = await sipkeeper(['provisioning:preview', address], place)
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.split('\n')
    expect(lines).toContain('  <entry name="mtu">1300</entry>')
    expect(lines).toContain('  <entry name="stun_server_password">***</entry>')
    expect(lines).toContain('  <entry name="ha1">***</entry>')
    expect(lines).toContain('  <entry name="disable_broadcast_feature">1</entry>')
    expect(lines).toContain('  <entry name="reg_identity">&lt;sip:admin@sip.example.org&gt;</entry>')
    const contacts = 'https://localhost:8443/sip/contacts/vcard'
    expect(lines).toContain(`  <entry name="contacts-vcard-list">${contacts}</entry>`)
    expect(stdout).not.toMatch(/[0-9a-f]{32}|horse/)
  }
  expect(await state()).toEqual(before)
})

test('a preview shows what hooks add, and says why it cannot', async () => {
  await using place = await placeWithSpace()
  await sipkeeper(['accounts:create-admin-account', ...ADMIN], place)
  const file = join(place.folder, 'hooks.ts')
  const preview = () =>
    sipkeeper(['provisioning:preview', 'admin@sip.example.org'], place, { env: { HOOKS_FILE: file } })
  writeFileSync(file, "export default { provisioning: { proxy: () => [{ name: 'publish', value: true }] } }")
  expect((await preview()).stdout).toContain('  <entry name="publish">1</entry>')
  writeFileSync(file, 'export default {')
  expect((await preview()).code).toBe(78)
})
