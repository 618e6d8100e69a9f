import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram, type Installation, installation, type Running, serve, sipkeeper } from '../support/executable.ts'
import { hasKamailio } from '../support/kamailio.ts'
import { freePort } from '../support/postgres.ts'
import { sipp } from '../support/sipp.ts'

// deploy/compose.yaml: read by docker-compose, its services run here without Docker, as the file says.

const DEPLOY = join(import.meta.dir, '../../deploy')
const PROFILES = ['kamailio', 'flexisip', 'postgres']
const SECRETS = ['app_key', 'database_url', 'redis_password', 'turn_secret', 'postgres_password']
const DOMAIN = 'sip.example.org'

interface Service {
  readonly image: string
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: string[]
  readonly security_opt?: string[]
  readonly networks?: Record<string, unknown>
  readonly environment?: Record<string, string>
  readonly secrets?: { source: string }[]
  readonly command?: string[]
  readonly volumes?: string[]
  readonly healthcheck?: { test: string[] }
}

/** The file with everything resolved, as docker-compose understands it; it refuses what its schema does not know. */
const composed = (folder: string, file = 'compose.yaml') => {
  const profiles = PROFILES.flatMap((name) => ['--profile', name])
  const command = ['docker-compose', '-f', join(folder, file), ...profiles, 'config']
  const env = { PATH: process.env.PATH ?? '', ACCOUNTS_HOST: 'localhost', PUBLIC_ADDRESS: '127.0.0.1' }
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: folder, env })
  return { code: exitCode, text: stdout.toString(), complaint: stderr.toString() }
}

describe.skipIf(!hasProgram('docker-compose'))('the compose file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-compose-'))
  cpSync(DEPLOY, folder, { recursive: true })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is what docker-compose takes, which refuses a word that it does not know', () => {
    const { code, complaint } = composed(folder)
    expect([code, complaint]).toEqual([0, ''])
    const text = readFileSync(join(folder, 'compose.yaml'), 'utf8').replaceAll('healthcheck:', 'health:')
    writeFileSync(join(folder, 'wrong.yaml'), text)
    expect(composed(folder, 'wrong.yaml').code).not.toBe(0)
  })

  test('runs everything on one network, as nobody, on a read-only disk, watched, and with secrets in files', () => {
    const { services, secrets } = Bun.YAML.parse(composed(folder).text) as {
      services: Record<string, Service>
      secrets: Record<string, { file: string }>
    }
    expect(Object.keys(services).sort()).toEqual(['coturn', 'flexisip', 'kamailio', 'postgres', 'redis', 'sipkeeper'])
    expect(Object.keys(secrets).sort()).toEqual([...SECRETS].sort())
    for (const [name, service] of Object.entries(services)) {
      expect([name, service.read_only, service.cap_drop, service.security_opt]).toEqual([
        name,
        true,
        ['ALL'],
        ['no-new-privileges:true'],
      ])
      expect([name, Object.keys(service.networks ?? {}), service.user]).toEqual([
        name,
        ['sip'],
        expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/),
      ])
      expect([name, service.healthcheck?.test[0]]).toEqual([name, 'CMD'])
      for (const [variable, value] of Object.entries(service.environment ?? {})) {
        const isSecret = /KEY|SECRET|PASSWORD|DATABASE_URL/.test(variable)
        if (isSecret && value !== '')
          expect([variable, value]).toEqual([
            expect.stringMatching(/_FILE$/),
            expect.stringMatching(/^\/run\/secrets\//),
          ])
      }
    }
  })
})

const programs = ['docker-compose', 'redis-server', 'redis-cli', 'turnserver', 'turnutils_uclient', 'sipp', 'bash']
const missing = programs.filter((name) => !hasProgram(name))
const modules = [postgresUrl === null ? 'db_sqlite' : 'db_postgres']

describe.skipIf(missing.length > 0 || !hasKamailio(modules))('the services of the compose file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-services-'))
  const children: Bun.Subprocess[] = []
  let services: Record<string, Service>
  let place: Installation
  let running: Running
  let ports: { redis: number; turn: number; sip: number }

  const secret = (name: string) => readFileSync(join(folder, 'secrets', name), 'utf8').trim()
  /** What stands in the file, on this machine: its secrets, its configurations, and ports that are free. */
  const here = (text: string) =>
    text
      .replaceAll('$$', '$')
      .replaceAll('/tmp/', `${folder}/tmp/`)
      .replaceAll('/run/secrets/', `${folder}/secrets/`)
      .replaceAll(/\/etc\/(?:kamailio\/)?(turnserver\.conf|kamailio\.cfg)/g, `${folder}/$1`)
      .replace(/--dir \/tmp$/, `--dir ${folder}/tmp --bind 127.0.0.1 --port ${ports.redis}`)
      .replace(/^\/tmp$/, `${folder}/tmp`)
      .replace('redis-cli', `redis-cli -p ${ports.redis}`)
      .replace(/^3478$/, String(ports.turn))
      .replace('127.0.0.1/5060', `127.0.0.1/${ports.sip}`)
      .replace(/^\/usr\/local\/bin\/sipkeeper$/, 'sipkeeper')
  const asItsUser = (name: string, command: readonly string[]) => {
    const [uid, gid] = services[name]?.user?.split(':') ?? []
    return process.getuid?.() === 0
      ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--', ...command]
      : [...command]
  }
  const isHealthy = async (name: string) => {
    const command = (services[name]?.healthcheck?.test ?? []).slice(1).map(here)
    const child = Bun.spawn(asItsUser(name, command), { stdout: 'ignore', stderr: 'ignore' })
    // Docker ends one that takes longer than the file says; here nobody waits so long.
    const killer = setTimeout(() => child.kill('SIGKILL'), 1000)
    const code = await child.exited
    clearTimeout(killer)
    return code === 0
  }
  const start = async (name: string) => {
    const command = asItsUser(name, (services[name]?.command ?? []).map(here))
    const child = Bun.spawn(command, { cwd: folder, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
    children.push(child)
    await eventually(
      () => isHealthy(name),
      () => `${name} is not healthy.`,
    )
  }
  /** As `docker compose run --rm sipkeeper …` prints into the file that the service mounts. */
  const print = async (file: string, ...command: string[]) => {
    const printed = await sipkeeper(command, place.env)
    expect([command, printed.code]).toEqual([command, 0])
    writeFileSync(join(folder, file), printed.stdout, { mode: 0o644 })
  }

  beforeAll(async () => {
    cpSync(DEPLOY, folder, { recursive: true })
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'secrets'))
    mkdirSync(join(folder, 'tmp'))
    chmodSync(join(folder, 'tmp'), 0o777)
    for (const name of SECRETS) {
      const random = Buffer.from(crypto.getRandomValues(new Uint8Array(32)))
      const text = name === 'app_key' ? `base64:${random.toString('base64')}` : random.toString('hex')
      writeFileSync(join(folder, 'secrets', name), `${text}\n`, { mode: 0o444 })
    }
    services = (Bun.YAML.parse(composed(folder).text) as { services: Record<string, Service> }).services
    ports = { redis: await freePort(), turn: await freePort(), sip: await freePort() }
    const told = Object.entries(services.sipkeeper?.environment ?? {}).filter(
      ([name]) => !/^(?:DATA_DIR|LISTEN|DATABASE)/.test(name),
    )
    const environment = Object.fromEntries(told.map(([name, value]) => [name, here(value)]))
    place = await installation({
      ...environment,
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(ports.redis),
      COTURN_SERVER_HOST: `${environment.COTURN_SERVER_HOST}:${ports.turn}`,
    })
    // Kamailio has the folder read-only there.
    chmodSync(place.folder, 0o755)
    await start('redis')
  }, 60_000)
  afterAll(async () => {
    for (const child of children) child.kill('SIGTERM')
    await Promise.all(children.map((child) => child.exited))
    await running?.stop()
    await place?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  test('carry a call between two phones, lend them the TURN server, and see registrations', async () => {
    const make = await sipkeeper(
      ['spaces:create-update', DOMAIN, 'localhost', 'Example', '--super', '--algorithm', 'MD5'],
      place.env,
    )
    expect(make.code).toBe(0)
    const admin = await sipkeeper(
      ['accounts:create-admin-account', '-u', 'admin', '-p', 'correct-horse', '-d', DOMAIN, '--json'],
      place.env,
    )
    const key = JSON.parse(admin.stdout).api_key
    running = await serve(place)
    // The health check of the service asks the same executable.
    const well = await sipkeeper(['healthcheck'], { ...place.env, LISTEN: `127.0.0.1:${running.port}` })
    expect(well.code).toBe(0)

    const database = postgresUrl === null ? [] : ['--database', place.env.DATABASE_URL ?? '']
    const listen = ['udp', 'tcp'].flatMap((transport) => ['--listen', `${transport}:127.0.0.1:${ports.sip}`])
    await print('kamailio.cfg', 'config:kamailio', ...listen, '--external-address', '127.0.0.1', ...database)
    await print('turnserver.conf', 'config:coturn', '--listen', '127.0.0.1', '--relay-ports', '49160-49200')
    for (const name of ['sipkeeper.sqlite', 'sipkeeper.sqlite-wal', 'sipkeeper.sqlite-shm']) {
      if (existsSync(join(place.folder, name))) chmodSync(join(place.folder, name), 0o644)
    }
    await start('coturn')
    await start('kamailio')

    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    const api = async (path: string, body?: object) => {
      const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
      const reply = await fetch(`${running.base}/api${path}`, init)
      expect([path, reply.status]).toEqual([path, 200])
      return reply.json()
    }
    const phone = async (user: string) => {
      await api('/accounts', { username: user, password: `${user}-horse`, activated: true })
      return { user, domain: DOMAIN, password: `${user}-horse` }
    }
    const [alice, erin] = [await phone('alice.1'), await phone('erin.1')]
    const phones = sipp(ports.sip)
    const [atAlice, atErin] = [await freePort(), await freePort()]
    expect(await phones.register(erin, atErin)).toBeNull()
    const answered = phones.answer(atErin)
    expect(await phones.call(alice, `erin.1@${DOMAIN}`, atAlice)).toBeNull()
    expect(await answered).toBeNull()
    phones.remove()

    const { username, password } = await api('/accounts/me/services/turn')
    const ask = ['-y', '-c', '-v', '-n', '1', '-m', '1', '-p', String(ports.turn), '-u', username, '-w', password]
    const client = Bun.spawn(['turnutils_uclient', ...ask, '127.0.0.1'], { stdout: 'pipe', stderr: 'ignore' })
    await eventually(() => client.exitCode !== null)
    expect(await new Response(client.stdout).text()).toContain('Received relay addr')

    // The list of devices is read with the password of the file, and nobody gets in without it.
    const value = `<sip:erin.1@127.0.0.1:${atErin};updatedAt=${Math.floor(Date.now() / 1000)};expires=3600>;+sip.instance="<urn:uuid:1b7e0a2c-0000-4000-8000-000000000001>"`
    const redis = (password: string, ...words: string[]) =>
      Bun.spawnSync(['redis-cli', '-p', String(ports.redis), ...words], {
        env: { ...process.env, REDISCLI_AUTH: password },
      }).stdout.toString()
    expect(redis('', 'ping')).toContain('NOAUTH')
    redis(
      secret('redis_password'),
      'hset',
      `fs:erin.1@${DOMAIN}`,
      '"<urn:uuid:1b7e0a2c-0000-4000-8000-000000000001>"',
      value,
    )
    const { id } = await api(`/accounts/erin.1@${DOMAIN}/search`)
    expect(Object.keys(await api(`/accounts/${id}/devices`))).toHaveLength(1)
    for (const name of ['redis', 'coturn', 'kamailio']) expect([name, await isHealthy(name)]).toEqual([name, true])
    for (const name of SECRETS) expect(running.output()).not.toContain(secret(name))
  }, 60_000)
})
