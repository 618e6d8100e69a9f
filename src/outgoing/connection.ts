/** Connections to hosts that somebody else has chosen: to addresses that were looked at, and to no others. */

import { lookup, Resolver } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { codeOf, sentenceOf } from '../thrown.ts'
import { isLocalName } from './destination.ts'
import { OutgoingFailure } from './failure.ts'

/** All addresses of a name; rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** As this machine resolves names, /etc/hosts among them. */
export const systemResolver: Resolve = async (host) => {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/** What a name server is waited for, in milliseconds, and how often. */
const PATIENCE = { timeout: 1500, tries: 2 }

/**
 * By DNS alone. The system's own way blocks one of the process' few threads until it ends: whoever runs a name server
 * that never answers would stop everything that reads files. `servers` in place of those of the system, for tests.
 */
export const dnsResolver =
  (servers?: readonly string[]): Resolve =>
  async (host) => {
    if (isLocalName(host)) return ['127.0.0.1', '::1']
    // A new one reads /etc/resolv.conf as it is now.
    const resolver = new Resolver(PATIENCE)
    if (servers !== undefined) resolver.setServers(servers)
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    const [first] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    if (found.length === 0 && first !== undefined) throw first
    return found
  }

/** What a name server says of names that it knows nothing of. */
const UNKNOWN = new Set(['ENOTFOUND', 'ENODATA'])

/**
 * For mail servers of Spaces: what this machine has names for of its own, in /etc/hosts or by a list of domains to search
 * in, goes on to be found. The system is asked only when it answers soon: from its file, or after DNS has said no.
 */
export const carefulResolver =
  (dns: Resolve = dnsResolver(), system: Resolve = systemResolver): Resolve =>
  async (host) => {
    if (await isInHostsFile(host)) return system(host)
    try {
      return await dns(host)
    } catch (error) {
      if (UNKNOWN.has(codeOf(error) ?? '')) return system(host)
      throw error
    }
  }

const isInHostsFile = async (host: string): Promise<boolean> => {
  const text = await Bun.file('/etc/hosts')
    .text()
    .catch(() => '')
  const names = text.split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1))
  return names.some((name) => name.toLowerCase() === host.toLowerCase())
}

interface Wanted {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** Whether a connection may go there. */
  readonly permitted: (address: string) => boolean
  /** What is said of a host that has no such address, behind its name. */
  readonly unless: string
  readonly resolve: Resolve
  /** Ends it, with its reason. */
  readonly signal: AbortSignal
  /** For the name, and then for its addresses together, in milliseconds. */
  readonly withinMs: number
}

/** So many of a name are tried, of IPv4 and of IPv6 each: whoever writes long lists has others wait. */
const MOST_ADDRESSES = 2
/** So many are looked at: a name server may send thousands. */
const MOST_ANSWERS = 64

const fewOf = (all: readonly string[], permitted: (address: string) => boolean): string[] => {
  const found = Map.groupBy(all.slice(0, MOST_ANSWERS).filter(permitted), (address) => isIP(address))
  const few = [...found.values()].flatMap((some) => some.slice(0, MOST_ADDRESSES))
  return all.filter((address) => few.includes(address)).slice(0, few.length)
}

/**
 * A connection to the first permitted address that answers. The name is asked for once, and the connection is to the
 * very address that was looked at: the name cannot mean another one meanwhile.
 * @throws OutgoingFailure, or the reason of `signal`
 */
export const connected = async (wanted: Wanted): Promise<{ socket: Socket; address: string }> => {
  const { host, port, permitted, withinMs, signal } = wanted
  const tried = fewOf(await addressesOf(wanted), permitted)
  let failure = new OutgoingFailure('forbidden', `${host} ${wanted.unless}`)
  for (const address of tried) {
    try {
      return { socket: await connectedTo(address, port, Math.ceil(withinMs / tried.length), signal), address }
    } catch (error) {
      signal.throwIfAborted()
      const said = sentenceOf(error)
      failure = new OutgoingFailure('unreachable', `${host}:${port} does not answer: ${said}`, said)
    }
  }
  throw failure
}

const addressesOf = async ({ host, resolve, withinMs, signal }: Wanted): Promise<readonly string[]> => {
  if (isIP(host) !== 0) return [host]
  try {
    return await until(signal, within(withinMs, resolve(host)))
  } catch (error) {
    signal.throwIfAborted()
    const said = codeOf(error) ?? sentenceOf(error)
    throw new OutgoingFailure('unresolved', `${host} is not found: ${said}`, said)
  }
}

const connectedTo = async (host: string, port: number, withinMs: number, signal: AbortSignal): Promise<Socket> => {
  const socket = connect({ host, port })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve)
  // For as long as it lives: an error that nobody hears ends the process. Whoever uses it hears it, too.
  socket.on('error', reject)
  try {
    await until(signal, within(withinMs, promise))
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** The work, or the reason of the signal, whichever is first. */
export const until = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', stop))
}

const within = <T>(ms: number, work: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`nothing within ${ms / 1000} s`)), ms)
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
