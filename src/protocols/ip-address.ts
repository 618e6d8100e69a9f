/** IP addresses as we write and count them: RFC 4291 §2, RFC 5952. */
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
