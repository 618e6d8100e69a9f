import { BlockList, isIP } from 'node:net'
import { canonicalAddress, ipv4AtTheEnd } from '../protocols/ip-address.ts'

/** What is never a host of the Internet: IANA's special-purpose address registries (RFC 6890), and multicast. */
const SPECIAL_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
]
/** RFC 4291 §2.4: of IPv6 only this is given to hosts, without what embeds another address or is for documentation. */
const GLOBAL_V6 = '2000::/3'
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
/** RFC 6052 §2.1: how a network without IPv4 writes the addresses of those who have nothing else. */
const NAT64 = '64:ff9b::/96'

const among = (networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    list.addSubnet(address, Number(prefix), family)
  }
  return list
}

const notPublicV4 = among(SPECIAL_V4, 'ipv4')
const globalV6 = among([GLOBAL_V6], 'ipv6')
const notPublicV6 = among(SPECIAL_V6, 'ipv6')
const nat64 = among([NAT64], 'ipv6')

/**
 * Whether an address may be anybody's on the Internet, and so is nobody's on this machine or in its network. An IPv4
 * address inside an IPv6 one counts for NAT64 alone, where a public one is what the resolver of such a network says.
 */
export const isPublicAddress = (address: string): boolean => {
  switch (isIP(address)) {
    case 4:
      return !notPublicV4.check(address, 'ipv4')
    case 6:
      if (nat64.check(address, 'ipv6')) return isPublicAddress(ipv4AtTheEnd(canonicalAddress(address) ?? ''))
      return globalV6.check(address, 'ipv6') && !notPublicV6.check(address, 'ipv6')
    default:
      return false
  }
}

const loopbackV4 = among(['127.0.0.0/8'], 'ipv4')

/** Whether an address is this machine's, and reached from this machine alone. */
export const isLoopbackAddress = (address: string): boolean =>
  isIP(address) === 4 ? loopbackV4.check(address, 'ipv4') : canonicalAddress(address) === '::1'
