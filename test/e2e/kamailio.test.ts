import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQL } from 'bun'
import { postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram, prepared, type Running, serve, sipkeeper } from '../support/executable.ts'
import { hasKamailio } from '../support/kamailio.ts'
import { freePort } from '../support/postgres.ts'
import { type Phone, sipp } from '../support/sipp.ts'

// What `config:kamailio` prints, in a real Kamailio, with phones of sipp.

const DOMAIN = 'sip.example.org'
const MODULES = postgresUrl === null ? ['db_sqlite', 'tls'] : ['db_postgres', 'tls']

/** Says what is asked for over UDP, and hears what is answered; null: nothing in time. */
const say = async (port: number, message: string | Uint8Array): Promise<string | null> => {
  let heard: string | null = null
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data: (_, bytes) => {
        heard = bytes.toString()
      },
      error: () => {},
    },
  })
  socket.send(message, port, '127.0.0.1')
  for (let waited = 0; waited < 300 && heard === null; waited += 10) await Bun.sleep(10)
  socket.close()
  return heard
}

const registration = (user: string, more: readonly string[] = [], domain = DOMAIN) =>
  [
    `REGISTER sip:${domain} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK${randomUUID()}`,
    'Max-Forwards: 70',
    `From: <sip:${user}@${domain}>;tag=1`,
    `To: <sip:${user}@${domain}>`,
    `Call-ID: ${randomUUID()}`,
    'CSeq: 1 REGISTER',
    'Contact: <sip:phone@127.0.0.1:9>',
    ...more,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')

const statusOf = (reply: string | null): string | null => reply?.split(' ')[1] ?? null
const parameter = (reply: string, name: string) => new RegExp(`\\b${name}="?([^",\\r]*)`, 'i').exec(reply)?.[1] ?? ''

const md5 = (text: string) => Bun.MD5.hash(text, 'hex')
const sha256 = (text: string) => Bun.SHA256.hash(text, 'hex')

/** Registers with a hash, whoever made it; `name` is what it signs in as. */
const registerWith = async (port: number, user: string, hash: (text: string) => string, ha1: string, name = user) => {
  const challenge = (await say(port, registration(user))) ?? ''
  if (statusOf(challenge) !== '401') return statusOf(challenge)
  const [nonce, realm] = [parameter(challenge, 'nonce'), parameter(challenge, 'realm')]
  const response = hash(`${ha1}:${nonce}:00000001:c0ffee:auth:${hash(`REGISTER:sip:${DOMAIN}`)}`)
  const algorithm = parameter(challenge, 'algorithm') || 'MD5'
  const credentials = `Authorization: Digest username="${name}", realm="${realm}", nonce="${nonce}", uri="sip:${DOMAIN}", qop=auth, nc=00000001, cnonce="c0ffee", response="${response}", algorithm=${algorithm}`
  return statusOf(await say(port, registration(user, [credentials])))
}

/** Before anything was done for whoever asks. */
const isRefused = async (status: Promise<string | null>) => [null, '400', '401', '403'].includes(await status)

describe.skipIf(!hasProgram('sipp') || !hasKamailio(MODULES))('Kamailio with what config:kamailio prints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-printed-kamailio-'))
  const role = `kamailio_${randomUUID().replaceAll('-', '')}`
  let place: Awaited<ReturnType<typeof prepared>>
  let running: Running
  let phones: ReturnType<typeof sipp>
  let server: number
  let access: string[]
  let stop: () => Promise<void>

  const api = async (path: string, body?: object) => {
    const reply = await fetch(`${running.base}/api${path}`, {
      method: 'POST',
      headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect([path, reply.status]).toEqual([path, 200])
    return reply.json()
  }
  const account = async (username: string, algorithm = 'MD5', more: object = {}): Promise<Phone & { id: number }> => {
    const password = `${username}-horse`
    const { id } = await api('/accounts', { username, password, algorithm, activated: true, ...more })
    return { id, user: username, domain: DOMAIN, password }
  }
  /** On PostgreSQL a user who may read the view and nothing else. */
  const database = async (): Promise<string[]> => {
    if (postgresUrl === null) return []
    const url = new URL(place.env.DATABASE_URL ?? '')
    const owner = new SQL(url.href, { max: 1 })
    await owner.unsafe(`create role ${role} login password 'secret'`)
    await owner.unsafe(`grant select on sip_credentials to ${role}`)
    await owner.close()
    url.username = role
    url.password = 'secret'
    return ['--database', url.href]
  }
  const print = async (...options: string[]) => {
    const printed = await sipkeeper(['config:kamailio', ...options], place.env)
    expect([printed.code, printed.stderr.replaceAll(/^Settings.*\n/gm, '')]).toEqual([0, expect.any(String)])
    return printed
  }
  const start = async (text: string, port: number) => {
    const file = join(folder, `${port}.cfg`)
    writeFileSync(file, text)
    const options = ['-DD', '-E', '-m', '32', '-M', '4', '-Y', folder, '-P', join(folder, `${port}.pid`)]
    const child = Bun.spawn(['kamailio', '-f', file, ...options], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
    const output = new Response(child.stderr).text()
    const greeting = registration('nobody')
      .replace(/^REGISTER \S+/, `OPTIONS sip:127.0.0.1:${port}`)
      .replace('1 REGISTER', '1 OPTIONS')
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`Kamailio ended: ${await output}`)
        return statusOf(await say(port, greeting)) === '200'
      },
      () => 'Kamailio does not answer.',
    )
    return async () => {
      child.kill('SIGTERM')
      await child.exited
    }
  }

  beforeAll(async () => {
    place = await prepared()
    running = await serve(place)
    server = await freePort()
    phones = sipp(server)
    access = await database()
    const { stdout } = await print('--listen', `udp:127.0.0.1:${server}`, ...access)
    stop = await start(stdout, server)
  }, 60_000)
  afterAll(async () => {
    await stop?.()
    phones?.remove()
    await running?.stop()
    if (postgresUrl !== null) {
      const owner = new SQL(place.env.DATABASE_URL ?? '', { max: 1 })
      await owner.unsafe(`drop owned by ${role}`)
      await owner.unsafe(`drop role ${role}`)
      await owner.close()
    }
    await place?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  test('nobody registers with a wrong password, blocked, deactivated, unknown, or for somebody else', async () => {
    const bob = await account('bob.blocked')
    const carol = await account('carol.off')
    const dave = await account('dave.1')
    const port = await freePort()
    for (const phone of [bob, carol]) expect(await phones.register(phone, port)).toBeNull()
    await api(`/accounts/${bob.id}/block`)
    await api(`/accounts/${carol.id}/deactivate`)
    const wrong = { ...dave, password: 'wrong' }
    const foreign = { ...dave, user: 'admin', signsInAs: dave.user }
    const unknown = { ...dave, user: 'nobody' }
    expect(await phones.refused([bob, carol, wrong, foreign, unknown], port)).toBeNull()
    expect(statusOf(await say(server, registration('dave.1', [], 'sip.elsewhere.org')))).toBe('403')
    const other = registration('dave.1').replace('To: <sip:dave.1@', 'To: <sip:admin@')
    expect(statusOf(await say(server, other))).toBe('403')
    expect(await phones.register(dave, port)).toBeNull()
  }, 60_000)

  test('phones register with accounts made over REST, and one calls the other', async () => {
    const [alice, erin] = [await account('alice.1'), await account('erin.1')]
    const [atAlice, atErin] = [await freePort(), await freePort()]
    expect(await phones.call(alice, `erin.1@${DOMAIN}`, atAlice, 480)).toBeNull()
    expect(await phones.register(erin, atErin)).toBeNull()
    const answered = phones.answer(atErin)
    expect(await phones.call(alice, `erin.1@${DOMAIN}`, atAlice)).toBeNull()
    expect(await answered).toBeNull()
    // Not a gateway to the world.
    expect(await phones.call(alice, 'erin.1@sip.elsewhere.org', atAlice, 403)).toBeNull()
  }, 60_000)

  const HOSTILE = [
    "' or '1'='1",
    "alice'--",
    'alice"',
    'alice\\',
    "alice\\' or 1=1--",
    '%',
    '%27%20or%201=1',
    '_____',
    '$fU',
    '$(fU{s.len})',
    '%00',
    '%s%n%s%n',
    'é中🙂',
    `${'a'.repeat(65)}`,
    'a'.repeat(900),
    "x' union select 'ha1' --",
  ]

  test('a hostile user name in From and in Authorization is a name that nobody has', async () => {
    const alice = await account('alice.2')
    const port = await freePort()
    const attackers = HOSTILE.flatMap((user) => [
      { ...alice, user, signsInAs: alice.user },
      ...(/[\s'"]/.test(user) || user.length > 60
        ? []
        : [
            { ...alice, user },
            { ...alice, signsInAs: user },
          ]),
    ])
    expect(await phones.hostile(attackers, port)).toBeNull()
    const ha1 = md5(`alice.2:${DOMAIN}:${alice.password}`)
    for (const user of HOSTILE) {
      const escaped = user.replaceAll(/["\\]/g, '\\$&')
      for (const [name, signsInAs] of [
        [user, user],
        ['alice.2', user],
        ['alice.2', escaped],
      ] as const) {
        expect([name, signsInAs, await isRefused(registerWith(server, name, md5, ha1, signsInAs))]).toEqual([
          name,
          signsInAs,
          true,
        ])
      }
    }
    expect(await phones.register(alice, port)).toBeNull()
  }, 60_000)

  test('nobody makes the database answer with a hash of their own, or reads past a NUL', async () => {
    const own = md5('mine')
    const users = [
      `x'/**/union/**/select/**/'${own}'/**/from/**/sip_credentials/**/where/**/''='`,
      `x'/**/union/**/select/**/'${own}'--`,
      `x' union select '${own}' --`,
      `x' union select '${own}' where ''='`,
      `x\\' union select '${own}' --`,
      `x') union select '${own}' --`,
      `x%27%20union%20select%20%27${own}%27%20--`,
    ]
    for (const user of users) {
      expect([user, await isRefused(registerWith(server, user, md5, own))]).toEqual([user, true])
    }
    // What would have come of it, where a name stands in SQL as it was sent.
    const port = await freePort()
    const { stdout } = await print('--listen', `udp:127.0.0.1:${port}`, ...access)
    const careless = stdout
      .replace(/(where username = ).*?( and domain)/, "$1'$fU'$2")
      .replace(' || $(fU{s.len}) > 64', '')
    const end = await start(careless, port)
    // Only the registrar stumbles over such a name.
    expect(await registerWith(port, users[0] ?? '', md5, own)).toBe('500')
    await end()

    const alice = await account('alice.3')
    const ha1 = md5(`alice.3:${DOMAIN}:${alice.password}`)
    for (const user of [
      'alice.3\0',
      "alice.3\0' or 1=1",
      '\0',
      'alice.3\0x'.repeat(20),
      'alice.3\t',
      'alice.3\u00a0',
    ]) {
      expect([user, await isRefused(registerWith(server, user, md5, ha1))]).toEqual([user, true])
    }
    // It goes on, and knows whom it knows.
    expect(await registerWith(server, 'alice.3', md5, ha1)).toBe('200')
  }, 60_000)

  test('SHA-256 where it is asked for, over TLS too, and who has no such password is told beforehand', async () => {
    const { stderr } = await print('--algorithm', 'SHA-256', '--listen', 'udp:127.0.0.1:5060')
    expect(stderr).toMatch(/warning: \d+ accounts of sip\.example\.org have no SHA-256 password/)
    await account('sha.256', 'SHA-256')
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const subject = ['-subj', `/CN=${DOMAIN}`, '-keyout', key, '-out', certificate]
    expect(
      Bun.spawnSync(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject]).exitCode,
    ).toBe(0)
    const [port, secure] = [await freePort(), await freePort()]
    const listen = ['--listen', `udp:127.0.0.1:${port}`, '--listen', `tls:127.0.0.1:${secure}`]
    const { stdout } = await print(
      '--algorithm',
      'SHA-256',
      ...listen,
      '--certificate',
      certificate,
      '--key',
      key,
      ...access,
    )
    const end = await start(stdout, port)
    expect(await registerWith(port, 'sha.256', sha256, sha256(`sha.256:${DOMAIN}:wrong`))).toBe('401')
    expect(await registerWith(port, 'sha.256', sha256, sha256(`sha.256:${DOMAIN}:sha.256-horse`))).toBe('200')
    const hello = Bun.spawnSync(['openssl', 's_client', '-connect', `127.0.0.1:${secure}`, '-tls1_2'], {
      stdin: Buffer.from(''),
    })
    expect(hello.stdout.toString()).toContain(`CN = ${DOMAIN}`)
    await end()
  }, 60_000)
})
