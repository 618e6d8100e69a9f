// A load client that answers challenges, in a process of its own: `bun bench/digest-client.ts PORT SECONDS FROM
// PASSWORD`. Prints as JSON how many 401 + 200 pairs it got. With FROM `-` it sends the same two requests without
// digest.
import { DOMAIN } from './seed.ts'

const [port = '', seconds = '3', username = '-', password = ''] = process.argv.slice(2)
const CONNECTIONS = 32
const path = '/api/accounts/me'
const domain = DOMAIN
const secret = Bun.SHA256.hash(`${username}:${domain}:${password}`, 'hex')
const ha2 = Bun.SHA256.hash(`GET:${path}`, 'hex')
const until = performance.now() + Number(seconds) * 1000
let pairs = 0

const answer = (challenge: string): string => {
  const value = (name: string) => new RegExp(`${name}="([^"]+)"`).exec(challenge)?.[1] ?? ''
  const nonce = value('nonce')
  const response = Bun.SHA256.hash(`${secret}:${nonce}:00000001:c0ffee:auth:${ha2}`, 'hex')
  return `Digest username="${username}",realm="${domain}",nonce="${nonce}",uri="${path}",qop=auth,nc=00000001,cnonce="c0ffee",response="${response}",opaque="${value('opaque')}",algorithm=SHA-256`
}

/** HTTP/1.1 over one kept connection; replies are found by their Content-Length. */
const converse = () =>
  new Promise<void>((resolve) => {
    let pending = ''
    let second = false
    const request = (authorization: string | null) => {
      const from = username === '-' ? '' : `From: sip:${username}@${domain}\r\n`
      const proof = authorization === null ? '' : `Authorization: ${authorization}\r\n`
      return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${from}${proof}\r\n`
    }
    void Bun.connect({
      hostname: '127.0.0.1',
      port: Number(port),
      socket: {
        open: (socket) => {
          socket.write(request(null))
        },
        data: (socket, chunk) => {
          pending += chunk.toString('latin1')
          const end = pending.indexOf('\r\n\r\n')
          if (end < 0) return
          const length = Number(/content-length: (\d+)/i.exec(pending.slice(0, end))?.[1] ?? 0)
          if (pending.length < end + 4 + length) return
          const head = pending.slice(0, end)
          pending = pending.slice(end + 4 + length)
          if (second) {
            if (!head.startsWith('HTTP/1.1 200')) throw new Error(head)
            pairs += 1
            second = false
            if (performance.now() > until) {
              socket.end()
              resolve()
              return
            }
            socket.write(request(null))
            return
          }
          second = true
          socket.write(request(username === '-' ? null : answer(head)))
        },
      },
    })
  })

const started = performance.now()
await Promise.all(Array.from({ length: CONNECTIONS }, converse))
const perSecond = pairs / ((performance.now() - started) / 1000)
process.stdout.write(`${JSON.stringify({ pairs, perSecond })}\n`)
