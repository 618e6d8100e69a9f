import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listen, startRedis } from '../registrar/servers.ts'
import { hasProgram, type Installation, prepared, type Running, serve } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'
import { unixServer } from '../support/unix-server.ts'

// A power cut between the commit and the word about it: whoever was to hear of the change hears of it later.

let place: Installation & { admin: { api_key: string } }
let running: Running | null = null

beforeEach(async () => {
  place = await prepared()
})
afterEach(async () => {
  await running?.kill()
  running = null
  await place.remove()
})

const begin = async (env: Record<string, string> = {}): Promise<void> => {
  Object.assign(place.env, env)
  running = await serve(place)
}
const cut = async (): Promise<void> => {
  await running?.kill()
  running = null
}
const ask = async (method: string, path: string, body?: unknown, host = 'localhost') => {
  const reply = await fetch(`${running?.base}/api/${path}`, {
    method,
    headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json', host },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect([200, 201]).toContain(reply.status)
  const text = await reply.text()
  return text === '' ? null : JSON.parse(text)
}
const create = (username: string, more = {}) =>
  ask('POST', 'accounts', { username, password: 'correct-horse', algorithm: 'SHA-256', ...more })
const line = (id: number, username: string, host?: string) => {
  const body = { username, domain: 'carrier.example', password: 'correct-horse', protocol: 'UDP' }
  return ask('POST', `accounts/${id}/external`, body, host)
}

/** What a process that died was about to say is said by another once its lease has run out: half a minute. */
const WITHIN_MS = 60_000
const eventually = async (holds: () => boolean): Promise<void> => {
  const started = performance.now()
  while (!holds()) {
    if (performance.now() - started > WITHIN_MS) throw new Error(`It did not happen. ${running?.output()}`)
    await Bun.sleep(5)
  }
}

describe.skipIf(!hasProgram('redis-server'))('the B2BUA', () => {
  const CHANNEL = 'flexisip/B2BUA/account'

  test('hears of a line that was made, and of what an account and a Space took along, while Redis was away', async () => {
    const port = await freePort()
    await begin({ REDIS_URL: `redis://127.0.0.1:${port}` })
    const { id } = await create('alice01')
    await line(id, 'made')
    const gone = await create('bobby01')
    const withAccount = (await line(gone.id, 'gone')).id
    await ask('DELETE', `accounts/${gone.id}`)
    await ask('POST', 'spaces', { name: 'B', domain: 'sip.b.example', host: 'b.localhost' })
    const member = await create('carol01', { domain: 'sip.b.example' })
    await line(member.id, 'with-space', 'b.localhost')
    await ask('DELETE', 'spaces/sip.b.example')
    await cut()

    const redis = await startRedis({ port })
    const radio = await listen(redis, CHANNEL)
    try {
      await begin()
      await eventually(() => radio.heard.length >= 5)
      const told = radio.heard.map(([, message]) => JSON.parse(message))
      const names = told.map(({ username }) => username)
      expect(names.filter((name) => name === 'made').length).toBeGreaterThanOrEqual(1)
      expect(told.filter(({ username }) => username === 'gone')).toContainEqual({
        username: 'gone',
        domain: 'carrier.example',
        identifier: String(withAccount),
      })
      // Made, and gone.
      for (const name of ['gone', 'with-space']) {
        expect(names.filter((other) => other === name).length).toBeGreaterThanOrEqual(2)
      }
    } finally {
      radio.stop()
      await redis.stop()
    }
  }, 120_000)

  test('hears of each line, whenever the process is killed after its reply', async () => {
    const redis = await startRedis()
    const radio = await listen(redis, CHANNEL)
    try {
      await begin({ REDIS_URL: redis.url })
      const lines: string[] = []
      for (let round = 0; round < 8; round++) {
        const { id } = await create(`alice0${round}`)
        lines.push(String((await line(id, `line${round}`)).id))
        await cut()
        await begin()
      }
      const heard = () => new Set(radio.heard.map(([, message]) => JSON.parse(message).identifier))
      await eventually(() => lines.every((identifier) => heard().has(identifier)))
    } finally {
      radio.stop()
      await redis.stop()
    }
  }, 120_000)
})

test('an account hook is called for an account that is gone, by the process after the one that was killed', async () => {
  const heard: unknown[] = []
  let answers = false
  const crm = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      if (!answers) return new Promise<Response>(() => {})
      heard.push(await request.json())
      return new Response()
    },
  })
  const file = join(place.folder, 'hooks.ts')
  const tell = `({ account }) => fetch(process.env.CRM_URL, { method: 'POST', body: JSON.stringify(account) })`
  writeFileSync(file, `export default { account: { deleted: ${tell} } }`)
  try {
    await begin({ HOOKS_FILE: file, CRM_URL: `http://127.0.0.1:${crm.port}/` })
    const { id } = await create('alice01', { email: 'a@example.org', dictionary: { team: 'red' } })
    await ask('DELETE', `accounts/${id}`)
    await cut()
    answers = true
    await begin()
    await eventually(() => heard.length >= 1)
    const account = { id, username: 'alice01', email: 'a@example.org', dictionary: { team: 'red' } }
    expect(heard[0]).toMatchObject(account)
  } finally {
    await crm.stop(true)
  }
}, 120_000)

test.skipIf(!hasProgram('redis-server'))(
  'Flexisip forgets passwords and phones, whenever the process is killed after its reply',
  async () => {
    const redis = await startRedis()
    const flexisip = unixServer(() => 'Done\n')
    try {
      // Nobody listens yet.
      await begin({ REDIS_URL: redis.url, FLEXISIP_CLI_SOCKET: flexisip.path })
      const addresses: string[] = []
      for (let round = 0; round < 4; round++) {
        const { id, username } = await create(`alice0${round}`)
        const address = `${username}@sip.example.org`
        addresses.push(address)
        await redis.register(address, 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33')
        if (round === 0) await ask('DELETE', `accounts/${id}`)
        else await ask('POST', `accounts/${id}/${round === 1 ? 'deactivate' : 'block'}`)
        await cut()
        if (round === 2) await flexisip.start()
        await begin()
      }
      await eventually(() => addresses.every((address) => flexisip.heard.includes(`AUTH_CACHE_DELETE sip:${address}`)))
      for (const address of addresses) {
        const left = async () => (await redis.send('EXISTS', `fs:${address}`)) as number
        while ((await left()) > 0) await Bun.sleep(5)
      }
    } finally {
      await flexisip.stop()
      await redis.stop()
    }
  },
  120_000,
)
