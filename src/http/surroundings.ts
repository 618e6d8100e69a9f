import { BlockList, isIP } from 'node:net'
import type { Config } from '../config/config.ts'
import { linkOriginOf, linkTo, ownScheme } from '../config/links.ts'
import { negotiateLanguage } from '../messages/messages.ts'
import { canonicalAddress } from '../protocols/ip-address.ts'
import type { Surroundings } from './exchange.ts'

/** What the front needs of `Bun.serve`'s server. */
export interface Peer {
  requestIP(request: Request): { address: string } | null
  readonly port: number | undefined
}

/** What a proxy wrote about a client, with or without a port; null when it is no address. */
const hopAddress = (hop: string): string | null => {
  const bare = hop.trim()
  return canonicalAddress(/^\[([^\]]+)\](?::\d+)?$/.exec(bare)?.[1] ?? /^([\d.]+):\d+$/.exec(bare)?.[1] ?? bare)
}

interface Forwarded {
  /** The client first, then every proxy but the last. */
  readonly hops: readonly string[]
  readonly proto: string | null
  readonly host: string | null
}

const X_FORWARDED = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']

/**
 * The `X-Forwarded-*` family, else RFC 7239 `Forwarded`. In this order: nearly every proxy writes the former and lets
 * a `Forwarded` of the client pass through.
 */
const forwarded = (headers: Headers): Forwarded => {
  const standard = X_FORWARDED.some((name) => headers.has(name)) ? null : headers.get('forwarded')
  if (standard === null) {
    return {
      hops: headers.get('x-forwarded-for')?.split(',') ?? [],
      proto: headers.get('x-forwarded-proto'),
      host: headers.get('x-forwarded-host'),
    }
  }
  const elements = standard.split(',')
  const parameter = (element: string, name: string) =>
    new RegExp(`(?:^|;)\\s*${name}\\s*=\\s*"?([^";]+)"?`, 'i').exec(element)?.[1]?.trim() ?? null
  const last = elements.at(-1) ?? ''
  return {
    hops: elements.map((element) => parameter(element, 'for') ?? ''),
    proto: parameter(last, 'proto'),
    host: parameter(last, 'host'),
  }
}

/**
 * RFC 9110 §7.2, RFC 3986 §3.2: a name or an address, and a port. Two `Host` headers arrive with a comma between them.
 */
const HOST = /^(?:[a-z0-9_-][a-z0-9._-]*|\[[0-9a-f:.]{2,45}\])(?::\d{0,5})?$/i
const LONGEST_HOST = 261
const MOST_PORT = 65_535

export const isWellFormedHost = (host: string): boolean => {
  if (host.length > LONGEST_HOST || !HOST.test(host)) return false
  const port = portOf(host)
  if (port !== '' && Number(port) > MOST_PORT) return false
  return !host.startsWith('[') || isIP(host.slice(1, host.indexOf(']'))) === 6
}

const portOf = (host: string): string => /:(\d{1,5})$/.exec(host)?.[1] ?? ''

/** The host without its port, in lower case; IPv6 literals without brackets. */
export const hostName = (host: string): string => {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']')).toLowerCase()
  const colon = host.indexOf(':')
  return (colon < 0 ? host : host.slice(0, colon)).toLowerCase()
}

/** Who asks, and under which address they reached us. Forwarding headers count only from `TRUSTED_PROXIES`. */
export const surroundings = (
  config: Config,
  peer: () => Peer | null,
): Surroundings & { host(request: Request): string } => {
  const networks = new BlockList()
  for (const { address, prefix, family } of config.TRUSTED_PROXIES) networks.addSubnet(address, prefix, family)
  const nobody = config.TRUSTED_PROXIES.length === 0
  const isProxy = (address: string) => networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  const peerAddress = (request: Request) => canonicalAddress(peer()?.requestIP(request)?.address ?? '') ?? ''
  const trusted = (request: Request) => {
    if (nobody) return false
    const address = peerAddress(request)
    // A UNIX socket has no address: whoever may open it is the proxy.
    return address === '' || isProxy(address)
  }

  /** The host that the client asked for, with its port if it has written one. */
  const wanted = (request: Request): string =>
    (trusted(request) && forwarded(request.headers).host) || (request.headers.get('host') ?? '')
  const toldScheme = (request: Request): 'http' | 'https' | null => {
    const proto = trusted(request) ? forwarded(request.headers).proto : null
    return proto === 'https' || proto === 'http' ? proto : null
  }
  const scheme = (request: Request) => toldScheme(request) ?? ownScheme(config)

  return {
    host: (request) => hostName(wanted(request)),
    address: (request) => {
      let known = peerAddress(request)
      if (!trusted(request)) return known
      // Right to left: the first hop that is not one of ours is the client. What stands left of it anybody may have
      // written, as what stands left of a hop that cannot be read.
      for (const hop of forwarded(request.headers).hops.toReversed()) {
        const address = hopAddress(hop)
        if (address === null) break
        known = address
        if (!isProxy(address)) break
      }
      return known
    },
    scheme,
    linkTo: (request, host) => linkTo(linkOriginOf(config, toldScheme(request), peer()?.port), host),
    origin: (request) => `${scheme(request)}://${wanted(request).toLowerCase()}`,
    language: (request, fallback) => negotiateLanguage(request.headers.get('accept-language'), fallback),
  }
}
