import { afterEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { smtpServer } from '../mail/smtp.ts'
import { certificate, ok, webServer } from '../outgoing/servers.ts'
import { eventually } from '../support/eventually.ts'
import { executable, prepared, type Running, serve } from '../support/executable.ts'
import { nameServer } from '../support/name-server.ts'
import { mayReplaceResolvConf, withResolvConf } from '../support/namespaces.ts'

// What servers of others, and those who attack through them, cannot do to the executable.

let place: Awaited<ReturnType<typeof prepared>>
let running: Running

const start = async (env: Record<string, string>, command: string[] = [executable]) => {
  place = await prepared(env)
  running = await serve(place, command)
}
afterEach(async () => {
  await running.kill()
  await place.remove()
})

const call = (method: string, path: string, body?: unknown) =>
  fetch(`${running.base}/api${path}`, {
    method,
    headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

const api = async (method: string, path: string, body?: unknown) => {
  const reply = await call(method, path, body)
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`)
  return reply.json()
}

const EVENTS = ['account.created', 'account.updated']
const webhookAt = (url: string): Promise<{ id: number }> => api('POST', '/webhooks', { name: 'a', url, events: EVENTS })
const deliveries = async ({ id }: { id: number }) => (await api('GET', `/webhooks/${id}/deliveries`)).data
const account = (username: string) => ({ username, password: 'correct-horse', algorithm: 'SHA-256' })

/** What a receiver has heard, as it stands in a request. */
const heardIn = (request: string) => {
  const [head = '', body = ''] = request.split('\r\n\r\n')
  const { type, data } = JSON.parse(body)
  return { id: /webhook-id: (\S+)/i.exec(head)?.[1] ?? '', type: String(type), body, username: String(data.username) }
}

const KILLS = 6
const AT_ONCE = 8
/** Messages that are on their way to one webhook at once, at most. */
const ON_THEIR_WAY = 4

test(`killed ${KILLS} times while it tells of accounts, it loses no event and keeps their order`, async () => {
  // Slow enough to be in the middle of something, always.
  await using target = await webServer({ answer: (socket) => setTimeout(() => ok(socket), 5) })
  await start({ WEBHOOKS_ALLOW_LOCAL: 'true' })
  await webhookAt(`http://127.0.0.1:${target.port}/`)
  const heard = () => target.requests.map(({ text }) => heardIn(text))
  /** Said to be there by a reply, and so to be told of. */
  const created: string[] = []
  const updated: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    let isOver = false
    const before = created.length
    const work = async (worker: number) => {
      for (let index = 0; !isOver; index++) {
        const username = `u${kill}.${worker}.${index}`
        try {
          const { id } = await api('POST', '/accounts', account(username))
          created.push(username)
          await api('PUT', `/accounts/${id}`, { ...account(username), display_name: 'Again' })
          updated.push(username)
        } catch {
          return // It was killed.
        }
      }
    }
    const workers = Array.from({ length: AT_ONCE }, (_, worker) => work(worker))
    await eventually(() => created.length > before + 20)
    await Bun.sleep(Math.random() * 100)
    await running.kill()
    isOver = true
    await Promise.all(workers)
    running = await serve(place)
  }
  const missing = () => {
    const names = Map.groupBy(heard(), ({ username, type }) => `${type} ${username}`)
    const wanted = [
      ...created.map((username) => `account.created ${username}`),
      ...updated.map((username) => `account.updated ${username}`),
    ]
    return wanted.filter((one) => !names.has(one))
  }
  // On PostgreSQL the leases of a dead process end after half a minute.
  const started = performance.now()
  while (missing().length > 0 && performance.now() - started < 100_000) await Bun.sleep(100)
  expect(missing()).toEqual([])
  expect(created.length).toBeGreaterThan(KILLS * 20)

  const all = heard()
  const messages = Map.groupBy(all, ({ id }) => id)
  const repeated = all.length - messages.size
  process.stdout.write(`measured: ${messages.size} events and ${KILLS} kills, ${repeated} sent twice\n`)
  expect(repeated).toBeLessThanOrEqual(KILLS * ON_THEIR_WAY)
  // What comes a second time is the same, to the byte.
  for (const [id, same] of messages) expect([id, new Set(same.map(({ body }) => body)).size]).toEqual([id, 1])
  // One event is one message.
  expect(new Set([...messages.values()].map(([one]) => `${one?.type} ${one?.username}`)).size).toBe(messages.size)
  const firsts = all.map(({ type, username }) => `${type} ${username}`)
  const outOfOrder = updated.filter(
    (name) => firsts.indexOf(`account.updated ${name}`) < firsts.indexOf(`account.created ${name}`),
  )
  expect(outOfOrder).toEqual([])
}, 240_000)

test('a target that hangs delays neither another target nor mails', async () => {
  await using hanging = await webServer({ answer: () => {} })
  // Takes a connection, and never says a word of TLS.
  await using deaf = await webServer({ answer: () => {} })
  await using dripping = await webServer({
    answer: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Slow: ')
      const timer = setInterval(() => socket.write('x'), 100)
      socket.on('close', () => clearInterval(timer))
    },
  })
  await using target = await webServer()
  await using smtp = await smtpServer()
  await start({
    WEBHOOKS_ALLOW_LOCAL: 'true',
    MAIL_HOST: '127.0.0.1',
    MAIL_PORT: String(smtp.port),
    MAIL_FROM_ADDRESS: 'noreply@example.org',
  })
  for (const { port } of [hanging, dripping]) await webhookAt(`http://127.0.0.1:${port}/`)
  await webhookAt(`https://127.0.0.1:${deaf.port}/`)
  for (let index = 0; index < 30; index++) await api('POST', '/accounts', account(`before${index}`))
  const isStuck = () => [hanging, deaf, dripping].every(({ open }) => open() > 0)
  await eventually(isStuck)

  await webhookAt(`http://127.0.0.1:${target.port}/`)
  const started = performance.now()
  for (let index = 0; index < 10; index++) {
    const email = `after${index}@example.net`
    const { id } = await api('POST', '/accounts', { ...account(`after${index}`), email, activated: true })
    await api('POST', `/accounts/${id}/send_provisioning_email`, {})
  }
  await eventually(() => target.requests.length >= 10 && smtp.received.length >= 10)
  process.stdout.write(`measured: others had all after ${Math.round(performance.now() - started)} ms\n`)
  // The first that hang have not been given up meanwhile: nobody waited for them.
  expect(isStuck()).toBe(true)
  expect(performance.now() - started).toBeLessThan(14_000)
}, 60_000)

test('a redirect is an answer like others: nobody follows it', async () => {
  await using inside = await webServer()
  await using target = await webServer({
    answer: (socket) =>
      socket.end(
        `HTTP/1.1 307 Over There\r\nLocation: http://127.0.0.1:${inside.port}/admin\r\nContent-Length: 0\r\n\r\n`,
      ),
  })
  await start({ WEBHOOKS_ALLOW_LOCAL: 'true' })
  const webhook = await webhookAt(`http://127.0.0.1:${target.port}/`)
  expect(await api('POST', `/webhooks/${webhook.id}/test`)).toMatchObject({ status: 307, error: null })
  expect([target.requests.length, inside.connections()]).toEqual([1, 0])
}, 60_000)

test('this machine and its network are refused when they are named, in any spelling', async () => {
  await start({})
  const hosts = ['localhost', '127.1', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '[64:ff9b::a9fe:a9fe]', '10.0.0.1']
  for (const url of [...hosts.map((host) => `https://${host}/`), 'http://example.org/', 'https://a:b@example.org/']) {
    const reply = await call('POST', '/webhooks', { name: 'a', url, events: EVENTS })
    expect([url, reply.status, Object.keys((await reply.json()).errors)]).toEqual([url, 422, ['url']])
  }
  expect(await api('GET', '/webhooks')).toEqual([])
  // Mail servers of Spaces are no way around it.
  for (const host of ['127.0.0.1', '::ffff:10.0.0.1', '169.254.169.254', 'mail.localhost']) {
    const reply = await call('POST', '/spaces/sip.example.org/email', { host, port: 25 })
    expect([host, reply.status, Object.keys((await reply.json()).errors)]).toEqual([host, 422, ['host']])
  }
}, 60_000)

describe.skipIf(!mayReplaceResolvConf())('a name', () => {
  const startWith = async (server: string, env: Record<string, string>) => {
    place = await prepared(env)
    const [resolvConf, authority] = [join(place.folder, 'resolv.conf'), join(place.folder, 'authority.pem')]
    writeFileSync(resolvConf, `nameserver ${server}\n`)
    writeFileSync(authority, certificate().cert)
    place.env.NODE_EXTRA_CA_CERTS = authority
    running = await serve(place, withResolvConf(resolvConf, executable))
  }

  test('that leads into the network is not connected to, whatever else it leads to', async () => {
    await using inside = await webServer({ tls: true })
    using names = await nameServer('127.0.0.61', () => ['127.0.0.1', '10.0.0.1', '169.254.169.254'])
    await startWith('127.0.0.61', {})
    const webhook = await webhookAt(`https://hooks.example:${inside.port}/`)
    const error = 'hooks.example is not at a public address, or is this machine'
    expect(await api('POST', `/webhooks/${webhook.id}/test`)).toMatchObject({ status: null, error })
    await api('POST', '/accounts', account('alice01'))
    await eventually(async () => (await deliveries(webhook)).length === 2)
    expect(await deliveries(webhook)).toEqual(Array(2).fill(expect.objectContaining({ status: null, error })))
    expect([inside.connections(), names.asked('hooks.example')]).toEqual([0, 2])
  }, 60_000)

  test('that means something else at the second look is looked at once', async () => {
    await using first = await webServer({ tls: true })
    await using second = await webServer({ tls: true, address: '127.0.0.2', port: first.port })
    using names = await nameServer('127.0.0.62', (_, time) => (time === 1 ? ['127.0.0.1'] : ['127.0.0.2', '10.0.0.1']))
    await startWith('127.0.0.62', { WEBHOOKS_ALLOW_LOCAL: 'true' })
    const webhook = await webhookAt(`https://hooks.example:${first.port}/`)
    expect(await api('POST', `/webhooks/${webhook.id}/test`)).toMatchObject({ status: 200, error: null })
    expect([first.requests.length, second.connections(), names.asked('hooks.example')]).toEqual([1, 0, 1])
    expect(first.requests[0]?.servername).toBe('hooks.example')
  }, 60_000)

  test('whose server never answers delays no other', async () => {
    await using target = await webServer({ tls: true })
    using _names = await nameServer('127.0.0.63', (name) => (name === 'hooks.example' ? ['127.0.0.1'] : 'never'))
    await startWith('127.0.0.63', { WEBHOOKS_ALLOW_LOCAL: 'true' })
    const stuck = await Promise.all(
      Array.from({ length: 10 }, (_, index) => webhookAt(`https://n${index}.slow.example:${target.port}/`)),
    )
    await webhookAt(`https://hooks.example:${target.port}/`)
    await Promise.all(Array.from({ length: 10 }, (_, index) => api('POST', '/accounts', account(`before${index}`))))
    await eventually(() => target.requests.length === 10)
    const attempts = await Promise.all(stuck.map(deliveries))
    expect(attempts.flat()).toEqual([])
  }, 60_000)

  test('of a mail server whose name server never answers delays no mails of others, and no file', async () => {
    await using smtp = await smtpServer()
    const server = '127.0.0.64'
    // The other names are in /etc/hosts.
    using names = await nameServer(server, () => 'never')
    await startWith(server, {
      MAIL_HOST: 'localhost',
      MAIL_PORT: String(smtp.port),
      MAIL_FROM_ADDRESS: 'noreply@example.org',
    })
    const mailTo = async (username: string, host: string) => {
      const domain = host === 'localhost' ? 'sip.example.org' : `sip.${host}`
      const wanted = { ...account(username), email: `${username}@example.net`, activated: true, domain }
      const { id } = await api('POST', '/accounts', wanted)
      const headers = { 'x-api-key': place.admin.api_key, host }
      const path = `${running.base}/api/accounts/${id}/send_provisioning_email`
      expect((await fetch(path, { method: 'POST', headers })).status).toBe(200)
    }
    const hosts = Array.from({ length: 8 }, (_, index) => `stuck${index}.localhost`)
    for (const host of hosts) {
      await api('POST', '/spaces', { name: host, domain: `sip.${host}`, host })
      await api('POST', `/spaces/sip.${host}/email`, { host: `smtp.${host}.slow.example`, port: 25 })
      for (const name of ['alice', 'bob']) await mailTo(`${name}.${host.slice(0, 6)}`, host)
    }
    await eventually(() => hosts.every((host) => names.asked(`smtp.${host}.slow.example`) > 0))
    const started = performance.now()
    for (let index = 0; index < 4; index++) await mailTo(`other${index}`, 'localhost')
    await eventually(() => smtp.received.length === 4)
    process.stdout.write(`measured: others had their mails after ${Math.round(performance.now() - started)} ms\n`)
    expect(performance.now() - started).toBeLessThan(4000)
  }, 60_000)
})
