/** IP addresses and networks as we write, compare and count them: RFC 4291 §2, RFC 4632 §3.1, RFC 5952. */
import { isIP } from 'node:net'

const GROUPS = 8
/** Of the 128 bits of an IPv6 address: what a provider gives one customer at least. */
const NETWORK_GROUPS = 4

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'))

/** The eight groups of an address in canonical form. */
const expanded = (address: string): string[] => {
  const [left = '', right] = address.split('::')
  if (right === undefined) return groupsOf(left)
  const [before, after] = [groupsOf(left), groupsOf(right)]
  return [...before, ...Array<string>(GROUPS - before.length - after.length).fill('0'), ...after]
}

const dotted = (high: string, low: string): string =>
  [high, low]
    .map((group) => Number.parseInt(group, 16))
    .flatMap((bits) => [bits >> 8, bits & 255])
    .join('.')

/** `::ffff:c000:201` stands for 192.0.2.1 (RFC 4291 §2.5.5.2). */
const unmapped = (address: string): string => {
  if (!address.startsWith('::ffff:')) return address
  const [high = '', low, ...more] = address.slice('::ffff:'.length).split(':')
  return low === undefined || more.length > 0 ? address : dotted(high, low)
}

/**
 * The one spelling of an address: IPv4 with dots, also where it was written as IPv6; IPv6 in lower case, as short as it
 * goes, without a zone. null for what is no address.
 */
export const canonicalAddress = (text: string): string | null => {
  const version = isIP(text)
  if (version !== 6) return version === 4 ? text : null
  const zone = text.indexOf('%')
  // WHATWG URL writes IPv6 as RFC 5952 does, but for a mapped IPv4 address.
  const host = URL.parse(`http://[${zone < 0 ? text : text.slice(0, zone)}]`)?.hostname
  return host === undefined ? null : unmapped(host.slice(1, -1))
}

/**
 * Whom a limit by address is for: an IPv4 address, or the /64 of an IPv6 address, whose 2^64 addresses are all one
 * customer's (D56). `address` is canonical; what is no address stays as it is.
 */
export const networkOf = (address: string): string => {
  if (!address.includes(':')) return address
  const prefix = expanded(address).slice(0, NETWORK_GROUPS).join(':')
  return `${canonicalAddress(`${prefix}::`) ?? prefix}/64`
}

/** The last 32 bits of a canonical IPv6 address, where NAT64 has an IPv4 address (RFC 6052 §2.2). */
export const ipv4AtTheEnd = (address: string): string => {
  const [high = '', low = ''] = expanded(address).slice(-2)
  return dotted(high, low)
}

/** All addresses that begin with the same bits. */
export interface Network {
  readonly version: 4 | 6
  readonly prefix: number
  /** Those bits, and no others. */
  readonly start: bigint
}

const WIDTH = { 4: 32, 6: 128 } as const
/** Of an IPv4 address that is written as IPv6, so many bits come before it. */
const MAPPED_BITS = 96

const numberOf = (address: string): { version: 4 | 6; value: bigint } =>
  address.includes(':')
    ? { version: 6, value: expanded(address).reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) }
    : { version: 4, value: address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) }

const written = ({ version, value }: { version: 4 | 6; value: bigint }): string => {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
  const groups = Array.from({ length: GROUPS }, (_, i) => (value >> BigInt(16 * (GROUPS - 1 - i))) & 0xffffn)
  return groups.map((group) => group.toString(16)).join(':')
}

/**
 * `10.0.0.0/8`, `2001:db8::/32`, or one address. Bits behind the prefix do not count, and IPv4 that is written as IPv6
 * is IPv4. null: it is no network.
 */
export const parseNetwork = (text: string): Network | null => {
  const [base = '', bits, ...more] = text.split('/')
  const address = base.includes('%') ? null : canonicalAddress(base)
  if (address === null || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return null
  const { version, value } = numberOf(address)
  const isMapped = version === 4 && base.includes(':')
  const prefix = bits === undefined ? WIDTH[version] : Number(bits) - (isMapped ? MAPPED_BITS : 0)
  if (prefix < 0 || prefix > WIDTH[version]) return null
  return { version, prefix, start: value >> BigInt(WIDTH[version] - prefix) }
}

/** The one spelling of a network: `10.0.0.0/8`, also of a single address (`192.0.2.1/32`). */
export const canonicalNetwork = ({ version, prefix, start }: Network): string => {
  const first = written({ version, value: start << BigInt(WIDTH[version] - prefix) })
  return `${canonicalAddress(first) ?? first}/${prefix}`
}

/** `address` is canonical; what is no address is in no network. */
export const isInNetwork = ({ version, prefix, start }: Network, address: string): boolean => {
  if (isIP(address) !== version) return false
  return numberOf(address).value >> BigInt(WIDTH[version] - prefix) === start
}

/** Whether every address of `inner` is one of `outer`. */
export const containsNetwork = (outer: Network, inner: Network): boolean =>
  outer.version === inner.version &&
  outer.prefix <= inner.prefix &&
  inner.start >> BigInt(inner.prefix - outer.prefix) === outer.start
