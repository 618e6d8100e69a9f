import { isIP, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Config } from '../config/config.ts'
import type { Message } from '../messages/messages.ts'
import { codeOf, sentenceOf } from '../thrown.ts'
import { connected, dnsResolver, type Resolve, until } from './connection.ts'
import { type Destination, destinationOf } from './destination.ts'
import { type Answer, exchange } from './exchange.ts'
import { OutgoingFailure } from './failure.ts'

interface Deps {
  readonly config: Pick<Config, 'WEBHOOKS_ALLOW_LOCAL'>
  /** How names are resolved, for tests. */
  readonly resolve?: Resolve
  /** The addresses of this machine, for tests. */
  readonly own?: () => readonly string[]
  /** In PEM, for tests: who signs certificates, in place of those whom the system trusts. */
  readonly ca?: string
}

export interface Post {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** For everything together: finding, connecting, sending, and the answer. */
  readonly timeoutMs: number
  /** Ends it early, such as at the end of the process. */
  readonly signal?: AbortSignal
}

export interface Posted extends Answer {
  /** From the first look at the name to the end of the answer. */
  readonly durationMs: number
}

const NOT_PERMITTED = 'is not at a public address, or is this machine'

const addressesOfThisMachine = (): string[] =>
  Object.values(networkInterfaces()).flatMap((some) => (some ?? []).map(({ address }) => address))

/** Of the time, what finding a name and connecting to it may take each. */
const CONNECTING_SHARE = 0.4

/**
 * Requests to addresses that a tenant chooses. They reach what is public and nothing else: no machine in our network, no
 * address that a name means only now and then, nothing that an answer points to.
 */
export const outgoing = ({ config, resolve = dnsResolver(), own = addressesOfThisMachine, ca }: Deps) => {
  const { WEBHOOKS_ALLOW_LOCAL: allowsLocal } = config

  /** Where a connection may go of what the URL allows: an address of ours, be it public, is behind our firewall. */
  const among = ({ permitted }: Destination) => {
    const ours = new Set(allowsLocal ? [] : own())
    return (address: string) => permitted(address) && !ours.has(address)
  }

  return {
    /** Why such a URL is not stored; null: it may be. Where its name leads is looked at when something is sent. */
    refusalOf: (url: string): Message | null => {
      const destination = destinationOf(url, allowsLocal)
      return 'refusal' in destination ? destination.refusal : null
    },

    /**
     * Posts to `url`. Any status is an answer: a redirect is one like others, and is not followed.
     * @throws OutgoingFailure
     */
    post: async (url: string, { headers, body, timeoutMs, signal }: Post): Promise<Posted> => {
      const started = performance.now()
      const destination = destinationOf(url, allowsLocal)
      if ('refusal' in destination) throw new OutgoingFailure('forbidden', 'such an address is not allowed')
      const { host, port } = destination
      using ending = endingAfter(timeoutMs, `${host}:${port}`, signal)
      const withinMs = Math.ceil(timeoutMs * CONNECTING_SHARE)
      const wanted = { host, port, permitted: among(destination), unless: NOT_PERMITTED, resolve, withinMs }
      const { socket } = await connected({ ...wanted, signal: ending.signal })
      try {
        const connection = destination.isTls ? await encrypted(socket, destination, ca, ending.signal) : socket
        const answer = await exchange(destination, connection, { headers, body, signal: ending.signal })
        return { ...answer, durationMs: Math.round(performance.now() - started) }
      } finally {
        socket.destroy()
      }
    },
  }
}

export type Outgoing = ReturnType<typeof outgoing>

/** A signal that says `late` after a time, and `aborted` when the one from outside does. */
const endingAfter = (ms: number, where: string, outside: AbortSignal | undefined) => {
  const ending = new AbortController()
  const late = () => ending.abort(new OutgoingFailure('late', `${where} gave no answer within ${ms / 1000} s`))
  const stop = () => ending.abort(new OutgoingFailure('aborted', `${where} was not waited for`))
  const timer = setTimeout(late, ms)
  if (outside?.aborted === true) stop()
  outside?.addEventListener('abort', stop)
  return {
    signal: ending.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      outside?.removeEventListener('abort', stop)
    },
  }
}

/** TLS over the connection, with a certificate for the name that was asked for. */
const encrypted = async (
  socket: Socket,
  { host, port }: Destination,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Socket> => {
  const { connect } = await import('node:tls')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const secure = connect({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ALPNProtocols: ['http/1.1'],
    // Whatever the environment says.
    rejectUnauthorized: true,
  })
  secure.once('secureConnect', resolve)
  secure.once('close', () => reject(new Error('the connection ended')))
  secure.on('error', reject)
  try {
    await until(signal, promise)
    return secure
  } catch (error) {
    secure.destroy()
    signal.throwIfAborted()
    throw new OutgoingFailure('encryption', `${host}:${port}: no encryption: ${codeOf(error) ?? sentenceOf(error)}`)
  }
}
