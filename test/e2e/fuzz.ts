// `bun run fuzz --seed 1 --requests 5000`: hostile requests to every route of the OpenAPI document, against the
// executable.
import { Database } from 'bun:sqlite'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SQL } from 'bun'
import fc from 'fast-check'
import { parseChallenge } from '../support/app.ts'
import { digestHeader, digestParameters } from '../support/digest.ts'
import { prepared, serve } from '../support/executable.ts'
import { type HostileRequest, hostileRequest } from '../support/hostile.ts'

const SLOW_MS = 1000
/** Nothing is waited for longer: a reply that takes so long has hung. */
const HUNG_MS = 20_000
const AT_ONCE = 6
/** From so many on, a new set of accounts: what came before may have deleted the old one. */
const WORLD_REQUESTS = 125

interface Answer {
  /** 0: there was none. */
  readonly status: number
  readonly type: string
  readonly text: string
  readonly ms: number
}

export interface Report {
  readonly requests: number
  /** How many replies had which status. */
  readonly statuses: Readonly<Record<number, number>>
  /** Routes of the document that answered with success at least once. */
  readonly succeeded: number
  readonly slowestMs: number
  /** What went wrong, each with the request that did it. */
  readonly findings: readonly string[]
}

/** The bytes of a request; each has a connection of its own, as broken ones do. */
const bytesOf = (
  request: HostileRequest,
  target: string,
  lines: readonly (readonly [string, string])[],
): Uint8Array => {
  const { method, body, headers } = request
  const payload = typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body ?? [])
  const length = body === null ? [] : [['content-length', String(payload.length)] as const]
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...[...lines, ...headers, ...length].map(([name, line]) => `${name}: ${line}`),
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), payload])
}

const exchange = async (port: number, bytes: Uint8Array): Promise<Answer> => {
  const started = performance.now()
  const { promise, resolve } = Promise.withResolvers<void>()
  const received: Uint8Array[] = []
  let left = bytes
  const flush = (socket: { write(data: Uint8Array): number }) => {
    left = left.subarray(socket.write(left))
  }
  const timer = setTimeout(resolve, HUNG_MS)
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: flush,
      drain: flush,
      data: (_, chunk) => {
        received.push(chunk.slice())
      },
      close: () => resolve(),
      error: () => resolve(),
    },
  })
  await promise
  clearTimeout(timer)
  socket.end()
  const text = Buffer.concat(received).toString('latin1')
  const [head = '', ...rest] = text.split('\r\n\r\n')
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    type: /^content-type: (.*)$/im.exec(head)?.[1] ?? '',
    text: rest.join('\r\n\r\n'),
    ms: performance.now() - started,
  }
}

/** What a stranger would have to send again to see the same. */
const shown = ({ body, headers }: HostileRequest, method: string, target: string): string => {
  const short = (text: string) => (text.length > 400 ? `${text.slice(0, 400)}… (${text.length})` : text)
  const written =
    body === null
      ? ''
      : ` body ${short(JSON.stringify(typeof body === 'string' ? body : Buffer.from(body).toString('latin1')))}`
  return `${method} ${short(target)} ${short(JSON.stringify(headers))}${written}`
}

interface World {
  readonly host: string
  readonly address: string
  readonly keys: Readonly<Record<'account' | 'admin' | 'super', string>>
  /** What stands for the parameters of paths. */
  readonly values: Readonly<Record<string, string>>
}

const UUID = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
const VCARD = `BEGIN:VCARD\r\nVERSION:4.0\r\nUID:${UUID}\r\nFN:Alice\r\nEND:VCARD\r\n`
const PASSWORD = 'correct-horse'

/** A Space with an account that has one of most things, and an administrator; new ones for each number. */
const populate = async (port: number, root: string, number: number): Promise<World> => {
  const [host, domain, address] = [`w${number}.localhost`, `sip.w${number}.org`, `10.0.${number >> 8}.${number & 255}`]
  const send = async (method: string, path: string, headers: Record<string, string>, body?: unknown) => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { 'x-forwarded-for': address, ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { reply, text: await reply.text() }
  }
  const made = async (path: string, body: unknown, method = 'POST') => {
    const { reply, text } = await send(method, path, { host: 'localhost', 'x-api-key': root }, body)
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`)
    return text.startsWith('{') ? JSON.parse(text) : text
  }
  /** A key for one who has a password, by DIGEST, as apps get theirs. */
  const keyOf = async (username: string, host: string, domain: string): Promise<string> => {
    const uri = '/api/accounts/me/api_key'
    const who = { host, from: `sip:${username}@${domain}` }
    const { reply } = await send('GET', uri, who)
    const challenge = parseChallenge(reply.headers.get('www-authenticate') ?? '')
    const authorization = digestHeader(digestParameters({ username, password: PASSWORD }, challenge, { uri }))
    const { text } = await send('GET', uri, { ...who, authorization })
    return text
  }
  const spare = `spare.w${number}.org`
  await made('/api/spaces', { name: `Spare ${number}`, domain: spare, host: `spare${number}.localhost` })
  await made('/api/spaces', { name: `World ${number}`, domain, host, carddav_user_credentials: true, max_accounts: 0 })
  const person = (username: string, more: object) =>
    made('/api/accounts', { username, domain, password: PASSWORD, algorithm: 'SHA-256', activated: true, ...more })
  const [owner, friend] = [await person('owner1', { dtmf_protocol: 'sipinfo' }), await person('friend', {})]
  await person('keeper', { admin: true })
  // Not the one that made all this: who calls may lose their key.
  await person(`super${number}`, { admin: true, domain: 'sip.example.org' })
  const keys = {
    account: await keyOf('owner1', host, domain),
    admin: await keyOf('keeper', host, domain),
    super: await keyOf(`super${number}`, 'localhost', 'sip.example.org'),
  }
  const own = async (path: string, body: unknown, as: 'account' | 'admin' = 'admin') => {
    const { reply, text } = await send('POST', path, { host, 'x-api-key': keys[as] }, body)
    if (!reply.ok) throw new Error(`POST ${path}: ${reply.status} ${text}`)
    return text.startsWith('{') ? JSON.parse(text) : text
  }
  const path = `/api/accounts/${owner.id}`
  const [type, list, action, server, { token }] = [
    await own('/api/account_types', { key: 'door' }),
    await own('/api/contacts_lists', { title: 'Sales', description: 'All of them' }),
    await own(`${path}/actions`, { key: 'open', code: '123' }),
    await made(`/api/spaces/${domain}/carddavs`, { uri: 'https://dav.example.org/' }),
    await own('/api/accounts/auth_token', {}),
  ]
  await own(`${path}/dictionary/department`, { value: 'sales' })
  await own('/api/accounts/me/vcards-storage', { vcard: VCARD }, 'account')
  return {
    host,
    address,
    keys,
    values: {
      id: String(owner.id),
      sip: `owner1@${domain}`,
      email: 'owner@example.org',
      domain,
      key: 'department',
      code: 'FR',
      uuid: UUID,
      contact_id: String(friend.id),
      contacts_list_id: String(list.id),
      type_id: String(type.id),
      action_id: String(action.id),
      carddav_id: String(server.id),
      auth_token: token,
      // What a world can lose and go on.
      'DELETE /api/accounts/{id}': String(friend.id),
      'DELETE /api/spaces/{domain}': spare,
      'PUT /api/spaces/{domain}': spare,
      'PATCH /api/spaces/{domain}': spare,
      provisioning_token: 'm4Tq7RbYc1Ns9',
    },
  }
}

/** Whether the database is whole, in its own eyes. */
const isWhole = async (folder: string, url: string | undefined): Promise<boolean> => {
  if (url !== undefined) {
    const sql = new SQL(url, { max: 1 })
    const [row] = await sql`SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM passwords p
      LEFT JOIN accounts a ON a.id = p.account_id WHERE a.id IS NULL) AS orphans`
    await sql.close()
    return Number(row.accounts) > 0 && Number(row.orphans) === 0
  }
  const file = join(folder, 'sipkeeper.sqlite')
  if (!existsSync(file)) return false
  using database = new Database(file, { readonly: true })
  const [check] = database.query<{ integrity_check: string }, []>('PRAGMA integrity_check').all()
  return check?.integrity_check === 'ok' && database.query('PRAGMA foreign_key_check').all().length === 0
}

/** Sends so many requests, the same ones for the same seed, and says what went wrong. */
export const fuzz = async ({ seed, requests }: { seed: number; requests: number }): Promise<Report> => {
  const place = await prepared({ TRUSTED_PROXIES: '127.0.0.1' })
  const running = await serve(place)
  const findings: string[] = []
  const statuses: Record<number, number> = {}
  const succeeded = new Set<string>()
  let slowestMs = 0
  try {
    const root = place.admin.api_key
    const document = await (await fetch(`${running.base}/api/openapi.json`)).json()
    const drawn = fc.sample(hostileRequest(document), { seed, numRuns: requests })
    const worlds = Array.from({ length: Math.ceil(requests / WORLD_REQUESTS) }, (_, number) => number)

    const send = async (request: HostileRequest, index: number, world: World) => {
      const { method, as, path } = request
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const there = /^\/api\/(account_types|contacts_lists)\//.exec(path)?.[1]
        const known =
          name === 'id' && there !== undefined ? (there === 'account_types' ? 'type_id' : 'contacts_list_id') : name
        const value = world.values[request.operation] ?? world.values[known] ?? name
        return request.parameters[name] ?? encodeURIComponent(value)
      })
      const target = filled + request.query
      const key = as === 'nobody' ? [] : [['x-api-key', world.keys[as]] as const]
      const lines = [
        ['host', as === 'super' ? 'localhost' : world.host],
        // Strangers come from everywhere, so that guessing is not what is limited.
        [
          'x-forwarded-for',
          as === 'nobody' ? `10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}` : world.address,
        ],
        ['connection', 'close'],
        ...key,
      ] as const
      const bytes = bytesOf(request, target, lines)
      let answer = await exchange(running.port, bytes)
      // Once may be the machine; whoever is slow three times is slow.
      for (let again = 0; again < 2 && answer.ms > SLOW_MS && answer.status !== 0; again += 1) {
        const next = await exchange(running.port, bytes)
        if (next.ms < answer.ms) answer = { ...answer, ms: next.ms }
      }
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
      slowestMs = Math.max(slowestMs, answer.ms)
      if (answer.status >= 200 && answer.status < 300) succeeded.add(request.operation)
      const wrong = troubleOf(answer)
      if (wrong !== null)
        findings.push(`#${index} ${wrong}: ${shown(request, method, target)}\n  ${answer.text.slice(0, 300)}`)
    }

    for (const number of worlds) {
      const world = await populate(running.port, root, number)
      const mine = [...drawn.slice(number * WORLD_REQUESTS, (number + 1) * WORLD_REQUESTS).entries()]
      const work = async () => {
        for (let next = mine.shift(); next !== undefined; next = mine.shift()) {
          await send(next[1], number * WORLD_REQUESTS + next[0], world)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
    }

    const alive = await fetch(`${running.base}/api/accounts`, { headers: { 'x-api-key': root } })
    if (alive.status !== 200) findings.push(`afterwards the list of accounts is ${alive.status}`)
    if ((await running.stop()) !== 0) findings.push('it did not end as it should')
    if (!(await isWhole(place.folder, place.env.DATABASE_URL))) findings.push('the database is not whole')
    const errors = running
      .output()
      .split('\n')
      .filter((line) => line.includes('"request failed"'))
    findings.push(...errors.map((line) => line.slice(0, 1500)))
  } finally {
    await running.kill()
    await place.remove()
  }
  return { requests, statuses, succeeded: succeeded.size, slowestMs: Math.round(slowestMs), findings }
}

/** null: the reply is as replies are. */
const troubleOf = ({ status, type, text, ms }: Answer): string | null => {
  if (status === 0) return ms >= HUNG_MS ? 'no reply' : 'the connection ended without a reply'
  if (status >= 500 && status !== 503) return String(status)
  if (ms > SLOW_MS) return `${Math.round(ms)} ms, three times`
  if (type !== 'application/json' || text === '') return null
  try {
    JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
    return null
  } catch {
    return `${status} with a body that is no JSON`
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      requests: { type: 'string', default: '5000' },
    },
  })
  const [seed, requests] = [Number(values.seed), Number(values.requests)]
  const { findings, ...sum } = await fuzz({ seed, requests })
  for (const finding of findings) process.stdout.write(`${finding}\n`)
  process.stdout.write(`${JSON.stringify({ seed, ...sum, findings: findings.length })}\n`)
  process.exit(findings.length === 0 ? 0 : 1)
}
