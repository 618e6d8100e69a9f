import { BlockList, isIP } from 'node:net'
import { network } from '../config/kinds.ts'
import { isLocalName, spelled } from './destination.ts'
import { isPublicAddress } from './public-address.ts'

/**
 * Where servers of Spaces may be: at public addresses, and at the hosts, addresses and networks that the operator
 * names.
 */
export const spaceHosts = (allowed: readonly string[]) => {
  const hosts = new Set(allowed)
  const networks = new BlockList()
  for (const entry of allowed) {
    const parsed = network.parse(entry)
    if (parsed !== undefined) networks.addSubnet(parsed.address, parsed.prefix, parsed.family)
  }
  const permit = (host: string, address: string): boolean =>
    isPublicAddress(address) ||
    hosts.has(host.toLowerCase()) ||
    networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return {
    /** Whether a connection may go to this address of the host. */
    permit,
    /** Whether a host can be seen to be none, before it is looked up: an address in any spelling, or `localhost`. */
    exclude: (host: string): boolean => {
      const bare = spelled(URL.parse(`http://${isIP(host) === 6 ? `[${host}]` : host}`)?.hostname ?? '') ?? host
      const address = isLocalName(bare) ? '127.0.0.1' : bare
      return isIP(address) !== 0 && !permit(host, address)
    },
  }
}
