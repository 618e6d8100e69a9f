import type { Socket } from 'node:net'
import type { Config } from '../config/config.ts'
import { carefulResolver, connected, systemResolver } from '../outgoing/connection.ts'
import { OutgoingFailure } from '../outgoing/failure.ts'
import { isPublicAddress } from '../outgoing/public-address.ts'
import { spaceHosts } from '../outgoing/space-hosts.ts'
import { MailFailure } from './failure.ts'
import type { Driver, Encryption, Heard, Letter, MailServer } from './letter.ts'

/** Idle connections are closed after this; a burst of mails shares them. */
const IDLE_MS = 30_000
const MAILS_A_CONNECTION = 100

const NOT_PERMITTED = 'is not at a public address, and MAIL_SPACE_HOSTS_ALLOW does not name it'

/** Speaks SMTP, over a few connections to each server that are used again. One mail takes `limitMs` at most. */
export const smtp = (config: Config, limitMs: number): Driver => {
  const pools = new Map<number | null, { readonly settings: string; readonly pool: Pool }>()
  const hosts = spaceHosts(config.MAIL_SPACE_HOSTS_ALLOW)
  const stepMs = Math.ceil(limitMs / 3)

  const open = (createTransport: CreateTransport, server: MailServer, heard?: Heard) => {
    const { spaceId, host, port, username, password } = server
    const wanted = server.encryption ?? config.MAIL_ENCRYPTION
    const credentials = username === null ? {} : { auth: { user: username, pass: password ?? '' } }
    return createTransport({
      pool: true,
      host,
      port,
      ...encryption(wanted, port),
      ...credentials,
      tls: certificateRules(config, server),
      ...(heard === undefined ? {} : { transactionLog: true, logger: logger(heard) }),
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
        const permitted = (address: string) => spaceId === null || hosts.permit(host, address)
        const resolve = spaceId === null ? systemResolver : carefulResolver()
        const signal = AbortSignal.timeout(limitMs)
        const target = { host, port, permitted, unless: NOT_PERMITTED, resolve }
        connected({ ...target, signal, withinMs: stepMs }).then(
          ({ socket, address }) => done(null, { connection: socket, ...withoutLeak(wanted, port, username, address) }),
          (error: Error) => done(failed(error, `${host}:${port}`)),
        )
      },
    })
  }
  type Pool = ReturnType<typeof open>

  /** Of each Space one, that of its settings in force. */
  const poolOf = async (server: MailServer): Promise<Pool> => {
    const { createTransport } = await nodemailer()
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
    send: async (letter: Letter, server: MailServer, heard?: Heard): Promise<string> => {
      const pool =
        heard === undefined ? await poolOf(server) : open((await nodemailer()).createTransport, server, heard)
      try {
        const { response } = await pool.sendMail({ ...letter, signal: AbortSignal.timeout(limitMs) })
        return response
      } finally {
        if (heard !== undefined) pool.close()
      }
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

/** Loaded by whoever sends: it costs memory and start-up time. */
const nodemailer = () => import('nodemailer')

/** What nodemailer tells of a connection, of which the lines that are spoken are passed on. */
const logger = (heard: Heard) => {
  const told = ({ tnx }: { tnx?: string }, line: unknown) => {
    const who = tnx === 'client' ? 'C' : tnx === 'server' ? 'S' : null
    if (who !== null) heard(who, String(line))
  }
  const silent = () => {}
  return {
    level: silent,
    trace: silent,
    debug: told,
    info: silent,
    warn: silent,
    error: silent,
    fatal: silent,
  }
}

type CreateTransport = typeof import('nodemailer')['createTransport']

/** How nodemailer is given a connection; what stands beside it goes over the pool's own settings. */
type Opened = (error: Error | null, options?: { readonly connection: Socket; readonly requireTLS?: boolean }) => void

/** By convention the one port on which TLS starts with the first byte (RFC 8314 §3.3). */
const SUBMISSIONS_PORT = 465

const encryption = (wanted: Encryption, port: number) => ({
  secure: wanted === 'tls' || (wanted === 'auto' && port === SUBMISSIONS_PORT),
  requireTLS: wanted === 'starttls',
  ignoreTLS: wanted === 'none',
})

/**
 * Whoever stands in between can take the offer of STARTTLS away. A password then leaves in the clear only where
 * nobody stands in between: within this machine or its network, or where the operator wants no encryption.
 */
const withoutLeak = (wanted: Encryption, port: number, username: string | null, to: string) =>
  wanted === 'auto' && port !== SUBMISSIONS_PORT && username !== null && isPublicAddress(to) ? { requireTLS: true } : {}

const certificateRules = (config: Config, { verifyCertificate: wanted }: MailServer) => ({
  // Anybody can sign for themselves: who accepts that accepts everybody, whatever else is checked.
  rejectUnauthorized: wanted ?? (config.MAIL_VERIFY_PEER && !config.MAIL_ALLOW_SELF_SIGNED),
  ...((wanted ?? config.MAIL_VERIFY_PEER_NAME) ? {} : { checkServerIdentity: () => undefined }),
})

/** What nodemailer hands on to `failureOf`. */
const failed = (error: Error, server: string): Error => {
  if (!(error instanceof OutgoingFailure)) return error
  const { reason, message, said } = error
  return new MailFailure(reason === 'forbidden' ? 'forbidden' : 'unreachable', message, server, said)
}
