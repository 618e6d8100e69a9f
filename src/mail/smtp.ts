import { lookup } from 'node:dns/promises'
import { BlockList, connect, isIP, type Socket } from 'node:net'
import type { Config } from '../config/config.ts'
import { network } from '../config/kinds.ts'
import { sentenceOf } from '../thrown.ts'
import { MailFailure } from './failure.ts'
import type { Driver, Letter, MailServer } from './letter.ts'
import { isPublicAddress } from './public-address.ts'

/** Idle connections are closed after this; a burst of mails shares them. */
const IDLE_MS = 30_000
const MAILS_A_CONNECTION = 100

/** Speaks SMTP, over a few connections to each server that are used again. One mail takes `limitMs` at most. */
export const smtp = (config: Config, limitMs: number): Driver => {
  const pools = new Map<number | null, { readonly settings: string; readonly pool: Pool }>()
  const mayBeUsed = spaceHosts(config)
  const stepMs = Math.ceil(limitMs / 3)

  const open = (createTransport: CreateTransport, { spaceId, host, port, username, password }: MailServer) => {
    const credentials = username === null ? {} : { auth: { user: username, pass: password ?? '' } }
    return createTransport({
      pool: true,
      host,
      port,
      ...encryption(config, port),
      ...credentials,
      tls: certificateRules(config),
      maxConnections: config.MAIL_WORKERS,
      maxMessages: MAILS_A_CONNECTION,
      maxRequeues: 1,
      idleTimeout: IDLE_MS,
      connectionTimeout: stepMs,
      greetingTimeout: stepMs,
      socketTimeout: 2 * stepMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (_options: unknown, done: Opened) => {
        const permitted = (address: string) => spaceId === null || mayBeUsed(host, address)
        connected(host, port, permitted, stepMs).then(
          ({ connection, address }) => done(null, { connection, ...withoutLeak(config, port, username, address) }),
          (error: Error) => done(error),
        )
      },
    })
  }
  type Pool = ReturnType<typeof open>

  /** Of each Space one, that of its settings in force. */
  const poolOf = async (server: MailServer): Promise<Pool> => {
    // Loaded by whoever sends: it costs memory and start-up time.
    const { createTransport } = await import('nodemailer')
    const settings = JSON.stringify(server)
    const known = pools.get(server.spaceId)
    if (known?.settings === settings) return known.pool
    // What it is sending it may finish.
    known?.pool.close()
    const pool = open(createTransport, server)
    pools.set(server.spaceId, { settings, pool })
    return pool
  }

  return {
    name: ({ host, port }) => `${host}:${port}`,
    needsServer: true,
    send: async (letter: Letter, server: MailServer): Promise<string> => {
      const pool = await poolOf(server)
      const { response } = await pool.sendMail({ ...letter, signal: AbortSignal.timeout(limitMs) })
      return response
    },
    check: async (server) => {
      await (await poolOf(server)).verify()
    },
    close: async () => {
      for (const { pool } of pools.values()) pool.close()
      pools.clear()
    },
  }
}

type CreateTransport = typeof import('nodemailer')['createTransport']

/** How nodemailer is given a connection; what stands beside it goes over the pool's own settings. */
type Opened = (error: Error | null, options?: { readonly connection: Socket; readonly requireTLS?: boolean }) => void

/** By convention the one port on which TLS starts with the first byte (RFC 8314 §3.3). */
const SUBMISSIONS_PORT = 465

const encryption = ({ MAIL_ENCRYPTION: wanted }: Config, port: number) => ({
  secure: wanted === 'tls' || (wanted === 'auto' && port === SUBMISSIONS_PORT),
  requireTLS: wanted === 'starttls',
  ignoreTLS: wanted === 'none',
})

/**
 * Whoever stands in between can take the offer of STARTTLS away. A password then leaves in the clear only where
 * nobody stands in between: within this machine or its network, or where the operator wants no encryption.
 */
const withoutLeak = ({ MAIL_ENCRYPTION: wanted }: Config, port: number, username: string | null, to: string) =>
  wanted === 'auto' && port !== SUBMISSIONS_PORT && username !== null && isPublicAddress(to) ? { requireTLS: true } : {}

const certificateRules = (config: Config) => ({
  // Anybody can sign for themselves: who accepts that accepts everybody, whatever else is checked.
  rejectUnauthorized: config.MAIL_VERIFY_PEER && !config.MAIL_ALLOW_SELF_SIGNED,
  ...(config.MAIL_VERIFY_PEER_NAME ? {} : { checkServerIdentity: () => undefined }),
})

/** Where the server of a Space may be: at public addresses, and at what `MAIL_SPACE_HOSTS_ALLOW` names. */
const spaceHosts = ({ MAIL_SPACE_HOSTS_ALLOW: allowed }: Config) => {
  const hosts = new Set(allowed)
  const networks = new BlockList()
  for (const entry of allowed) {
    const parsed = network.parse(entry)
    if (parsed !== undefined) networks.addSubnet(parsed.address, parsed.prefix, parsed.family)
  }
  return (host: string, address: string): boolean =>
    isPublicAddress(address) ||
    hosts.has(host.toLowerCase()) ||
    networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

const addressesOf = async (host: string, withinMs: number): Promise<string[]> => {
  if (isIP(host) !== 0) return [host]
  const found = await within(withinMs, lookup(host, { all: true })).catch((error: Error) => {
    throw new MailFailure('unreachable', `${host} is not found: ${error.message}`)
  })
  return found.map(({ address }) => address)
}

/**
 * A connection to the first permitted address of the host that answers: to the very address that was looked at, so
 * that the name cannot mean another one meanwhile.
 */
const connected = async (
  host: string,
  port: number,
  permitted: (address: string) => boolean,
  withinMs: number,
): Promise<{ connection: Socket; address: string }> => {
  const addresses = (await addressesOf(host, withinMs)).filter(permitted)
  if (addresses.length === 0) {
    throw new MailFailure(
      'forbidden',
      `${host} is not at a public address, and MAIL_SPACE_HOSTS_ALLOW does not name it`,
    )
  }
  let failure: unknown
  for (const address of addresses) {
    try {
      return { connection: await connectedTo(address, port, Math.ceil(withinMs / addresses.length)), address }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

const connectedTo = async (host: string, port: number, withinMs: number): Promise<Socket> => {
  const socket = connect({ host, port })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve)
  socket.once('error', reject)
  try {
    await within(withinMs, promise)
  } catch (error) {
    socket.on('error', () => {}) // the first one is told
    socket.destroy()
    throw new MailFailure('unreachable', `${host}:${port} does not answer: ${sentenceOf(error)}`)
  }
  socket.removeListener('error', reject)
  return socket
}

const within = <T>(ms: number, work: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`nothing within ${ms / 1000} s`)), ms)
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
