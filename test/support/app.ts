import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { loadConfig } from '../../src/config/config.ts'
import { logging } from '../../src/logging/logging.ts'
import type { Space } from '../../src/nouns/space.ts'
import type { Visit } from '../../src/nouns/visit.ts'
import { assemble } from '../../src/process.ts'
import { ha1 } from '../../src/protocols/digest.ts'
import type { Push } from '../../src/push/push.ts'
import type { World } from '../../src/services.ts'
import { testDatabase } from './database.ts'
import { testFolder } from './folder.ts'

export interface TestAccount {
  readonly id: number
  readonly username: string
  readonly domain: string
  readonly password: string
  /** An API key of the account that works from anywhere. */
  readonly key: string
}

export interface Call {
  readonly host?: string
  readonly key?: string
  readonly as?: TestAccount
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** The client's address. */
  readonly address?: string
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly json: any
}

interface Options {
  /** Instead of real push services. */
  readonly push?: Pick<Push, 'send'>
  readonly env?: Record<string, string>
  readonly appKey?: Uint8Array
  /** Instead of waiting before an answer that is slow on purpose. */
  readonly pause?: (ms: number) => Promise<void>
  /** How long a request may wait for a connection to PostgreSQL. */
  readonly connectionWaitMs?: number
}

/** Settings with which mails leave. */
export const WITH_MAIL = { MAIL_HOST: 'mail.example.org', MAIL_FROM_ADDRESS: 'sip@example.org' }

/**
 * The whole HTTP surface on a fresh database, with a clock, addresses and logs in the test's hands. Two Spaces exist:
 * the super Space `sip.example.org` on host `localhost`, and `sip.other.org` on `other.localhost`. Limits are off.
 */
export const testApp = async (options: Options = {}) => {
  const { env = {}, appKey = randomBytes(32), push, pause, connectionWaitMs } = options
  const database = await testDatabase(connectionWaitMs === undefined ? {} : { waitMs: connectionWaitMs })
  const { db } = database
  const environment = {
    API_RATE_LIMIT_PER_MINUTE: '0',
    AUTH_RATE_LIMIT_PER_MINUTE: '0',
    SMS_LIMIT_NUMBER_MINUTE: '0',
    SMS_LIMIT_NUMBER_HOUR: '0',
    SMS_LIMIT_NUMBER_DAY: '0',
    SMS_LIMIT_IP_HOUR: '0',
    SMS_LIMIT_SPACE_DAY: '0',
    SMS_LIMIT_PREFIX_HOUR: '0',
    SMS_MIN_CONFIRM_RATIO: '0',
    DATA_DIR: testFolder,
    ...env,
  }
  const { config, problems } = loadConfig({ environment, envFiles: [], readFile: () => '' })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const clock = { now: new Date('2026-06-01T12:00:00.000Z') }
  const lines: string[] = []
  const log = logging(config, { now: () => clock.now, write: (line) => lines.push(line) })
  const outside = push === undefined ? {} : { push: { check: async () => [], close: async () => {}, ...push } }
  const world: World = {
    config,
    appKey,
    log,
    now: () => clock.now,
    random: (size) => randomBytes(size),
    ...outside,
    ...(pause === undefined ? {} : { pause }),
  }
  const { parts, front, routes } = assemble(world, db)
  await parts.phoneCountries.refresh()

  const space = async (options: Partial<Space> & { domain: string; host: string }): Promise<Space> => {
    const stamps = { createdAt: clock.now, updatedAt: clock.now }
    const { digest = { realm: null, defaultPasswordAlgorithm: null }, carddavServers: _, ...columns } = options
    const row = await db.transaction(async (tx) => {
      const [inserted] = await tx
        .insert(db.tables.spaces)
        .values({ name: options.domain, ...columns, ...stamps })
        .returning()
      if (inserted === undefined) throw new Error('space not inserted')
      if (digest !== null) {
        await tx
          .insert(db.tables.spaceDigestAuthenticationConfigurations)
          .values({ spaceId: inserted.id, ...digest, ...stamps })
      }
      return inserted
    })
    parts.spaces.forget()
    return { ...row, digest, carddavServers: [] }
  }

  const main = await space({ domain: 'sip.example.org', host: 'localhost', name: 'Example', super: true })
  const other = await space({ domain: 'sip.other.org', host: 'other.localhost', name: 'Other' })

  let accounts = 0
  const account = async (
    options: {
      space?: Space
      username?: string
      password?: string
      algorithm?: 'MD5' | 'SHA-256'
      admin?: boolean
      activated?: boolean
      blocked?: boolean
      /** In the panel, where nobody has confirmed it yet. */
      selfRegistered?: boolean
      email?: string
      phone?: string
      displayName?: string
      locale?: 'en' | 'fr'
    } = {},
  ): Promise<TestAccount> => {
    accounts += 1
    const { space: home = main, username = `account${accounts}`, password = 'correct-horse' } = options
    return db.transaction(async (tx) => {
      const id = await parts.accounts.insert(tx, {
        space: home,
        row: {
          username,
          domain: home.domain,
          email: options.email ?? null,
          phone: options.phone ?? null,
          displayName: options.displayName ?? null,
          dtmfProtocol: null,
          activated: options.activated ?? true,
          admin: options.admin ?? false,
          blocked: options.blocked ?? false,
          ipAddress: '192.0.2.1',
          userAgent: 'test',
          locale: options.locale ?? null,
        },
        selfRegistered: options.selfRegistered ?? false,
        password,
        algorithm: options.algorithm ?? 'SHA-256',
        dictionary: {},
        by: { address: '192.0.2.1', userAgent: null },
      })
      if (id === null) throw new Error(`account ${username} exists`)
      return { id, username, domain: home.domain, password, key: await parts.apiKeys.regenerate(tx, id, null) }
    })
  }

  /** The cookie of a browser that is signed in as the account. */
  const cookie = async (who: TestAccount): Promise<string> => {
    const visit = { address: '192.0.2.7', userAgent: 'test' } as Visit
    return `sipkeeper_session=${await db.transaction((tx) => parts.sessions.open(tx, who, 'panel', visit))}`
  }

  const send = async (method: string, path: string, call: Call = {}): Promise<Reply> => {
    const { host = 'localhost', body, headers = {}, address = '192.0.2.7' } = call
    const key = call.key ?? call.as?.key
    const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
    const request = new Request(`http://${host}${path}`, {
      method,
      headers: {
        host,
        ...(key === undefined ? {} : { 'x-api-key': key }),
        ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
    })
    const response = await front.fetch(request, { requestIP: () => ({ address }), port: 80 })
    const text = await response.text()
    // Of every reply that any test ever gets: without a type it crashes real phones (compatibility.md §2.8).
    const type = response.headers.get('content-type')
    const isNamed = path.startsWith('/api/') && text === '' && method !== 'HEAD' ? type === 'application/json' : type
    if (!isNamed) throw new Error(`${method} ${path}: a ${response.status} with the type ${type}`)
    const isJson = response.headers.get('content-type') === 'application/json' && text !== ''
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null }
  }

  /** Challenge and answer, as a client would. `change` may spoil the parameters before they are signed or sent. */
  const digest = async (
    who: TestAccount,
    method: string,
    path: string,
    call: Call & {
      nc?: string
      challenge?: { nonce: string; opaque: string; realm: string; algorithm: 'MD5' | 'SHA-256' }
      change?: (parameters: Record<string, string>) => Record<string, string>
    } = {},
  ): Promise<Reply> => {
    const from = `sip:${who.username}@${who.domain}`
    const headers = { from, ...call.headers }
    const offer =
      call.challenge ??
      parseChallenge((await send(method, path, { ...call, headers })).headers.get('www-authenticate') ?? '')
    const nc = call.nc ?? '00000001'
    const cnonce = 'c0ffee00c0ffee00'
    const hash = (text: string) =>
      offer.algorithm === 'MD5' ? Bun.MD5.hash(text, 'hex') : Bun.SHA256.hash(text, 'hex')
    const secret = ha1(offer.algorithm, who.username, offer.realm, who.password)
    const response = hash(`${secret}:${offer.nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${path}`)}`)
    const plain = { username: who.username, uri: path, qop: 'auth', nc, cnonce, response, ...offer }
    const parameters = Object.entries(call.change?.(plain) ?? plain)
    const authorization = `Digest ${parameters.map(([name, value]) => (name === 'nc' || name === 'qop' ? `${name}=${value}` : `${name}="${value}"`)).join(', ')}`
    return send(method, path, { ...call, headers: { ...headers, authorization } })
  }

  return {
    db,
    database,
    config,
    parts,
    world,
    front,
    routes,
    clock,
    /** Moves the clock. */
    later: (ms: number) => {
      clock.now = new Date(clock.now.getTime() + ms)
    },
    /** Every line that was logged, both streams. */
    lines,
    /** Those of them that contain the text. */
    logged: (text: string) => lines.filter((line) => line.includes(text)),
    main,
    other,
    space,
    account,
    cookie,
    send,
    get: (path: string, call?: Call) => send('GET', path, call),
    post: (path: string, call?: Call) => send('POST', path, call),
    put: (path: string, call?: Call) => send('PUT', path, call),
    delete: (path: string, call?: Call) => send('DELETE', path, call),
    digest,
    /** What the dispatcher does with recoveries that were asked for: they were answered before anybody looked. */
    work: async () => {
      const { outboxMessages } = db.tables
      const wanted = (await db.read.select().from(outboxMessages)).filter((row) => row.channel === 'recovery')
      for (const row of wanted.filter(({ sentAt }) => sentAt === null).sort((a, b) => a.id - b.id)) {
        await parts.recovery.channel.dispatch({
          ...row,
          attempt: 1,
          data: JSON.parse(parts.secrets.open(row.data ?? '')),
        })
        const done = { sentAt: clock.now, data: null }
        await db.transaction((tx) => tx.update(outboxMessages).set(done).where(eq(outboxMessages.id, row.id)))
      }
    },
    /** What the outbox has been given for somebody, the oldest first, as a channel would get it. */
    messages: async () => {
      const rows = await db.read.select().from(db.tables.outboxMessages)
      return rows
        .filter(({ channel }) => channel !== 'recovery')
        .sort((a, b) => a.id - b.id)
        .map(({ channel, kind, recipient, language, accountId, data, deadAt, lastError }) => {
          const opened = data === null ? null : (JSON.parse(parts.secrets.open(data)) as Record<string, unknown>)
          return { channel, kind, recipient, language, accountId, data: opened, isDead: deadAt !== null, lastError }
        })
    },
    /** Every row of every table: two equal snapshots mean that nothing changed. */
    snapshot: async (): Promise<string> => {
      const tables = await Promise.all(
        Object.entries(db.tables).map(async ([name, table]) => {
          const rows = (await db.read.select().from(table)).map((row) => JSON.stringify(row)).sort()
          return `${name}\n${rows.join('\n')}`
        }),
      )
      return tables.join('\n')
    },
    close: async () => {
      await db.close()
      await database.drop()
    },
  }
}

export type TestApp = Awaited<ReturnType<typeof testApp>>

export const parseChallenge = (header: string) => {
  const parameter = (name: string) => new RegExp(`${name}="?([^",]+)"?`).exec(header)?.[1] ?? ''
  return {
    realm: parameter('realm'),
    nonce: parameter('nonce'),
    opaque: parameter('opaque'),
    algorithm: parameter('algorithm') as 'MD5' | 'SHA-256',
  }
}
