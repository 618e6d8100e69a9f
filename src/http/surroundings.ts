import { BlockList, isIP } from 'node:net'
import type { Config } from '../config/config.ts'
import { negotiateLanguage } from '../messages/messages.ts'
import type { Surroundings } from './visit.ts'

/** What the front needs of `Bun.serve`'s server. */
export interface Peer {
  requestIP(request: Request): { address: string } | null
  readonly port: number | undefined
}

const withoutMapping = (address: string) => (address.startsWith('::ffff:') ? address.slice(7) : address)

interface Forwarded {
  readonly for: string | null
  readonly proto: string | null
  readonly host: string | null
}

/** RFC 7239 `Forwarded`, else the `X-Forwarded-*` family. */
const forwarded = (headers: Headers): Forwarded => {
  const standard = headers.get('forwarded')
  if (standard !== null) {
    const last = standard.split(',').at(-1) ?? ''
    const parameter = (name: string) =>
      new RegExp(`(?:^|;)\\s*${name}\\s*=\\s*"?([^";]+)"?`, 'i').exec(last)?.[1]?.trim() ?? null
    return {
      for: parameter('for')?.replace(/^\[|\](?::\d+)?$/g, '') ?? null,
      proto: parameter('proto'),
      host: parameter('host'),
    }
  }
  return {
    for: headers.get('x-forwarded-for'),
    proto: headers.get('x-forwarded-proto'),
    host: headers.get('x-forwarded-host'),
  }
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
  const secure = config.TLS_CERT !== null
  const ownPort = () => String(peer()?.port ?? '')

  const peerAddress = (request: Request) => withoutMapping(peer()?.requestIP(request)?.address ?? '')
  const trusted = (request: Request) => {
    if (nobody) return false
    const address = peerAddress(request)
    // A UNIX socket has no address: whoever may open it is the proxy.
    return address === '' || isProxy(address)
  }

  return {
    host: (request) => {
      const direct = request.headers.get('host') ?? ''
      return hostName((trusted(request) && forwarded(request.headers).host) || direct)
    },
    address: (request) => {
      const direct = peerAddress(request)
      if (!trusted(request)) return direct
      // Right to left: the first hop that is not one of ours is the client.
      const hops = (forwarded(request.headers).for ?? '').split(',').map((hop) => withoutMapping(hop.trim()))
      const client = hops.reverse().find((hop) => isIP(hop) !== 0 && !isProxy(hop))
      return client ?? direct
    },
    scheme: (request) => {
      const proto = trusted(request) ? forwarded(request.headers).proto : null
      return proto === 'https' || proto === 'http' ? proto : secure ? 'https' : 'http'
    },
    port: (request) => {
      const viaProxy = trusted(request)
      const host = (viaProxy ? forwarded(request.headers).host : null) ?? request.headers.get('host') ?? ''
      const port = (viaProxy ? request.headers.get('x-forwarded-port') : null) ?? portOf(host)
      // A port that nobody configured is a header's invention: links do not repeat it.
      const known = viaProxy || port === ownPort() || port === String(config.PUBLIC_PORT ?? '')
      return port !== '' && port !== '80' && port !== '443' && known ? `:${port}` : ''
    },
    language: (request) => negotiateLanguage(request.headers.get('accept-language')),
  }
}
