/** What a tenant may name as a destination. What a name stands for is seen when it is connected to. */

import { isIP } from 'node:net'
import type { Message } from '../messages/messages.ts'
import { isLoopbackAddress, isPublicAddress } from './public-address.ts'

export interface Destination {
  readonly isTls: boolean
  /** In lower case and ASCII, without the dot at the end; an address without brackets, in its one spelling. */
  readonly host: string
  readonly port: number
  /** As a `Host` header has it. */
  readonly authority: string
  /** Path and query. */
  readonly target: string
  readonly permitted: (address: string) => boolean
}

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 }
/** Below it live services that speak something else. */
const FIRST_FREE_PORT = 1024

const LONGEST_HOST = 253

/** Stricter than a URL may be: programs disagree about the rest. */
const PLAIN_URL = /^https?:\/\/(?!\/)[^\s\p{Cc}\\]+$/iu

/** A host in one spelling: as a URL has it, without brackets and without the dot at the end. null: it is none. */
export const spelled = (host: string): string | null => {
  const bare = host.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return bare === '' || bare.endsWith('.') || bare.length > LONGEST_HOST ? null : bare
}

/** This machine (RFC 6761 §6.3). */
export const isLocalName = (host: string) => host === 'localhost' || host.endsWith('.localhost')
/** Names of the network at hand (RFC 6762 §3), which the Internet does not know. */
const isLinkLocalName = (host: string) => host.endsWith('.local')

/**
 * Where a URL leads, or why nobody may be sent there. `allowsLocal` (`WEBHOOKS_ALLOW_LOCAL`): this machine too, there
 * also without TLS.
 */
export const destinationOf = (written: string, allowsLocal: boolean): Destination | { readonly refusal: Message } => {
  const url = PLAIN_URL.test(written) ? URL.parse(written) : null
  const standard = PORTS[url?.protocol ?? '']
  const host = url === null ? null : spelled(url.hostname)
  if (url === null || standard === undefined || host === null) return refused('v.https_url')
  const isTls = url.protocol === 'https:'
  if (url.username !== '' || url.password !== '') return refused('v.url_credentials')
  const port = url.port === '' ? standard : Number(url.port)
  if (port < FIRST_FREE_PORT && port !== standard) return refused('v.url_port')

  const isLocal = isLocalName(host) || isLoopbackAddress(host)
  if (!isTls && !(isLocal && allowsLocal)) return refused('v.https_url')
  const permitted = (address: string) =>
    (isTls && isPublicAddress(address)) || (allowsLocal && isLoopbackAddress(address))
  if ((isLocal && !allowsLocal) || isLinkLocalName(host) || (isIP(host) !== 0 && !permitted(host))) {
    return { refusal: { id: 'v.private_host', ...(isLocal && { setting: 'WEBHOOKS_ALLOW_LOCAL' }) } }
  }
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}${port === standard ? '' : `:${port}`}`
  return { isTls, host, port, authority, target: url.pathname + url.search, permitted }
}

const refused = (id: 'v.https_url' | 'v.url_credentials' | 'v.url_port') => ({ refusal: { id } })
