/** A name server that changes its mind. */

type Answer = readonly string[] | 'never'

const TYPE_A = 1

/** On port 53 of an address of this machine, where whoever reads /etc/resolv.conf asks; `using` ends it. */
export const nameServer = async (address: string, answer: (name: string, time: number) => Answer) => {
  const asked = new Map<string, number>()
  const server = await Bun.udpSocket({
    hostname: address,
    port: 53,
    socket: {
      data: (socket, query, port, from) => {
        // A question is a name, then its type and its class (RFC 1035 §4.1.2).
        const end = query.indexOf(0, 12)
        const labels: string[] = []
        for (let at = 12; at < end; at += (query[at] ?? 0) + 1) {
          labels.push(query.subarray(at + 1, at + 1 + (query[at] ?? 0)).toString())
        }
        const name = labels.join('.').toLowerCase()
        const isIpv4 = query[end + 2] === TYPE_A
        // Its two kinds of addresses are one look at a name.
        const time = (asked.get(name) ?? 0) + (isIpv4 ? 1 : 0)
        asked.set(name, time)
        const addresses = answer(name, time)
        if (addresses === 'never') return
        const records = addresses
          .filter((one) => isIpv4 && !one.includes(':'))
          .map((one) => [0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...one.split('.').map(Number)])
        const head = [...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, records.length, 0, 0, 0, 0]
        socket.send(Buffer.from([...head, ...query.subarray(12, end + 5), ...records.flat()]), port, from)
      },
    },
  })
  return {
    /** How often the IPv4 addresses of a name were asked for. */
    asked: (name: string): number => asked.get(name) ?? 0,
    [Symbol.dispose]: () => server.close(),
  }
}
