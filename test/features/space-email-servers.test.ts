import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let root: TestAccount
beforeEach(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
})
afterEach(() => t.close())

const PATH = '/api/spaces/sip.other.org/email'
const wanted = { host: 'smtp.alpha.example', port: 587 }
const post = (body: unknown, path = PATH) => t.post(path, { as: root, body })
const get = () => t.get(PATH, { as: root })

test('mail servers of Spaces belong to super administrators', async () => {
  await post(wanted)
  const ownAdmin = await t.account({ space: t.other, admin: true })
  const user = await t.account()
  await t.parts.apiKeys.flush()
  const before = await t.snapshot()
  for (const method of ['GET', 'POST', 'DELETE']) {
    const body = method === 'POST' ? { body: wanted } : {}
    expect((await t.send(method, PATH, body)).status).toBe(401)
    expect((await t.send(method, PATH, { as: user, ...body })).status).toBe(403)
    expect((await t.send(method, PATH, { as: ownAdmin, host: 'other.localhost', ...body })).status).toBe(403)
  }
  expect(await t.snapshot()).toBe(before)
})

describe('setting one is refused for', () => {
  const refusals: [string, Record<string, unknown>, string[]][] = [
    ['nothing', { host: null, port: null }, ['host', 'port']],
    ['a host of one label', { host: 'localhost' }, ['host']],
    ['a host of 65 characters', { host: `${'a'.repeat(57)}.example` }, ['host']],
    ['a host with a port', { host: 'smtp.alpha.example:25' }, ['host']],
    ['the metadata of a cloud', { host: '169.254.169.254' }, ['host']],
    ['an address of the network at hand', { host: '10.0.0.25' }, ['host']],
    ['this machine by IPv6', { host: '::1' }, ['host']],
    ['this machine as IPv4 in IPv6', { host: '::ffff:127.0.0.1' }, ['host']],
    ['a name of this machine', { host: 'mail.localhost' }, ['host']],
    ['port 0', { port: 0 }, ['port']],
    ['port 65536', { port: 65_536 }, ['port']],
    ['a word as a port', { port: 'smtp' }, ['port']],
    ['what is no address', { from_address: 'noreply' }, ['from_address']],
    ['a sender of two', { from_address: 'a@alpha.example, b@alpha.example' }, ['from_address']],
    [
      'line ends anywhere',
      {
        username: 'a\r\nb',
        password: 'a\nb',
        from_address: 'a@alpha.example\r\nBcc: b@alpha.example',
        from_name: 'a\rb',
        signature: 'a\nb',
      },
      ['username', 'password', 'from_address', 'from_name', 'signature'],
    ],
    [
      'what is too long',
      { username: 'a'.repeat(129), password: 'a'.repeat(129), from_name: 'a'.repeat(129), signature: 'a'.repeat(257) },
      ['username', 'password', 'from_name', 'signature'],
    ],
  ]
  for (const [name, body, fields] of refusals) {
    test(name, async () => {
      const { status, json } = await post({ ...wanted, ...body })
      expect([status, Object.keys(json.errors ?? {})]).toEqual([422, fields])
      expect((await get()).status).toBe(404)
    })
  }

  test('a Space that is not there, after what is wrong with the body', async () => {
    const path = '/api/spaces/sip.nowhere.org/email'
    expect((await post({}, path)).status).toBe(422)
    expect((await post(wanted, path)).status).toBe(404)
    expect((await post(wanted, '/api/spaces/other.localhost/email')).status).toBe(404)
  })
})

test('a server is set, read, replaced and removed', async () => {
  expect((await get()).status).toBe(404)
  const created = await post({ ...wanted, port: 22, username: 'mailer', from_name: 'Alpha' })
  const stamp = '2026-06-01T12:00:00.000000Z'
  const expected = {
    ...{ id: created.json.id, host: 'smtp.alpha.example', port: 22, username: 'mailer' },
    ...{ from_address: null, from_name: 'Alpha', signature: null, created_at: stamp, updated_at: stamp },
    ...{ encryption: null, verify_certificate: null },
  }
  expect([created.status, created.json]).toEqual([201, expected])
  expect((await get()).json).toEqual(expected)
  expect((await t.get('/api/spaces/sip.other.org', { as: root })).json.email_server).toEqual(expected)
  const listed: { domain: string; email_server: unknown }[] = (await t.get('/api/spaces', { as: root })).json
  expect(listed.map(({ domain, email_server }) => [domain, email_server])).toEqual([
    ['sip.example.org', null],
    ['sip.other.org', expected],
  ])

  t.clock.now = new Date('2026-06-01T12:30:00.000Z')
  const replaced = await post({ host: '8.8.4.4', port: '23' })
  expect([replaced.status, replaced.json]).toEqual([
    200,
    {
      ...expected,
      host: '8.8.4.4',
      port: 23,
      username: null,
      from_name: null,
      updated_at: replaced.json.updated_at,
    },
  ])
  expect(replaced.json.updated_at).toBe('2026-06-01T12:30:00.000000Z')
  const removed = await t.delete(PATH, { as: root })
  expect([removed.status, removed.json]).toEqual([200, 1])
  expect((await t.delete(PATH, { as: root })).status).toBe(404)
  expect((await get()).status).toBe(404)
})

test('one is removed by the host of its Space too', async () => {
  await post(wanted)
  expect((await t.delete('/api/spaces/other.localhost/email', { as: root })).status).toBe(200)
  expect((await t.delete('/api/spaces/sip.nowhere.org/email', { as: root })).status).toBe(404)
})

test('a password is stored sealed, kept until it is spoken of, and seen by the mail channel alone', async () => {
  const secret = ' edge blanks belong to it '
  const passwordOf = async () => (await t.parts.spaceEmailServers.senderOf(t.other.id))?.server?.password
  const replies = [await post({ ...wanted, username: 'mailer', password: secret }), await get()]
  expect(await passwordOf()).toBe(secret)
  replies.push(await post({ ...wanted, username: 'mailer' }), await t.get('/api/spaces', { as: root }))
  expect(await passwordOf()).toBe(secret)
  for (const { text } of replies) expect(text).not.toMatch(/"password"|edge blanks/)
  expect(await t.snapshot()).not.toContain('edge blanks')
  await post({ ...wanted, username: 'mailer', password: null })
  expect(await passwordOf()).toBeNull()
  expect(t.lines.join('\n')).not.toContain('edge blanks')
  expect(t.logged('event=space.email')).toHaveLength(3)
})

test('a password is needed again when the host changes: nobody sends it to a server of their own', async () => {
  const secret = 'correct-horse'
  const server = async () => (await t.parts.spaceEmailServers.senderOf(t.other.id))?.server
  await post({ ...wanted, username: 'mailer', password: secret })
  const before = await t.snapshot()
  const refused = await post({ ...wanted, host: 'smtp.evil.example', username: 'mailer' })
  expect([refused.status, refused.json.errors]).toEqual([
    422,
    { password: ['The password is needed again, because the host changes.'] },
  ])
  expect(await t.snapshot()).toBe(before)
  expect((await post({ ...wanted, port: 25, username: 'mailer' })).status).toBe(200)
  expect((await post({ ...wanted, host: 'smtp.b.example', username: 'mailer', password: 'other' })).status).toBe(200)
  expect(await server()).toMatchObject({ host: 'smtp.b.example', password: 'other' })
  expect((await post({ ...wanted, host: 'smtp.c.example', password: null })).status).toBe(200)
  expect(await server()).toMatchObject({ host: 'smtp.c.example', password: null })
  // There is none to be sent anywhere.
  expect((await post({ ...wanted, host: 'smtp.d.example' })).status).toBe(200)
})

test('two who set one at the same time get one server', async () => {
  const replies = await Promise.all([post({ ...wanted, port: 25 }), post({ ...wanted, port: 26 })])
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 201])
  expect(await t.parts.spaceEmailServers.spacesWithServer()).toEqual([{ spaceId: t.other.id, domain: 'sip.other.org' }])
})

test('it goes with its Space', async () => {
  await post(wanted)
  expect((await t.delete('/api/spaces/sip.other.org', { as: root })).status).toBe(200)
  expect(await t.parts.spaceEmailServers.spacesWithServer()).toEqual([])
  expect(await t.parts.spaceEmailServers.senderOf(t.other.id)).toBeNull()
})

test('a server that is not public is set where the operator allows it, and the refusal says how', async () => {
  const refused = await post({ ...wanted, host: '10.0.0.25' })
  expect([refused.status, refused.json.settings]).toEqual([422, ['MAIL_SPACE_HOSTS_ALLOW']])
  await t.close()
  t = await testApp({ env: { MAIL_SPACE_HOSTS_ALLOW: '10.0.0.0/24 ::1 mail.localhost' } })
  root = await t.account({ username: 'root', admin: true })
  for (const host of ['10.0.0.25', '::1', 'mail.localhost']) {
    const { status } = await post({ ...wanted, host, password: 'secret' })
    expect([host, status < 300]).toEqual([host, true])
  }
  expect((await post({ ...wanted, host: '10.0.1.25', password: 'secret' })).status).toBe(422)
})
