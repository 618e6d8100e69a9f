/** What a TURN server that shares a secret with us is told (behaviour/accounts.md §6). */
export interface TurnWishes {
  readonly secret: string
  readonly realm: string
  readonly port: number
  /** Addresses of this machine; none: all of them. */
  readonly listen: readonly string[]
  /** As phones see it, behind a router that translates addresses. */
  readonly externalAddress: string | null
  /** `49152-65535`: where media passes through. */
  readonly relayPorts: readonly [from: number, to: number]
  readonly tls: { readonly certificate: string; readonly key: string } | null
  /** Whether phones are called in this machine's own network too. */
  readonly allowsPrivatePeers: boolean
}

/** Where nothing but this machine and its own network answers: whoever has credentials reaches into it otherwise. */
const NEVER = ['0.0.0.0-0.255.255.255', '169.254.0.0-169.254.255.255', '224.0.0.0-255.255.255.255']
const PRIVATE = ['10.0.0.0-10.255.255.255', '100.64.0.0-100.127.255.255', '172.16.0.0-172.31.255.255']
const PRIVATE_TOO = ['192.168.0.0-192.168.255.255', 'fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']

/** A turnserver.conf for coturn 4.5 and newer. */
export const coturnConfiguration = (wishes: TurnWishes): string => {
  const { secret, realm, port, listen, externalAddress, tls, allowsPrivatePeers } = wishes
  const denied = [...NEVER, ...(allowsPrivatePeers ? [] : [...PRIVATE, ...PRIVATE_TOO])]
  return `# Printed by sipkeeper. It holds a secret: nobody but the user of coturn should read it.
use-auth-secret
static-auth-secret=${secret}
realm=${realm}
listening-port=${port}
${listen.map((address) => `listening-ip=${address}\nrelay-ip=${address}\n`).join('')}${externalAddress === null ? '' : `external-ip=${externalAddress}\n`}min-port=${wishes.relayPorts[0]}
max-port=${wishes.relayPorts[1]}
fingerprint
stale-nonce=600
# Of one set of credentials, which a phone asks for again before they end.
user-quota=12
total-quota=1200
no-cli
no-multicast-peers
no-rfc5780
no-software-attribute
# Loopback addresses are never peers.
${denied.map((range) => `denied-peer-ip=${range}`).join('\n')}
${tls === null ? 'no-tls\nno-dtls' : `tls-listening-port=5349\ncert=${tls.certificate}\npkey=${tls.key}\nno-tlsv1\nno-tlsv1_1`}
simple-log
log-file=stdout
`
}
