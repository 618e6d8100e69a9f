/** Web servers that answer as a tenant's may, well or badly. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'

let pair: { readonly key: string; readonly cert: string } | null = null

/** A certificate of hooks.example, *.hooks.example and 127.0.0.1 that signs itself. */
export const certificate = () => {
  if (pair !== null) return pair
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-outgoing-'))
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem']
  const names = 'subjectAltName=DNS:hooks.example,DNS:*.hooks.example,IP:127.0.0.1'
  const cert = ['-out', 'cert.pem', '-days', '2', '-subj', '/CN=hooks', '-addext', names]
  execFileSync('openssl', ['req', '-x509', ...key, ...cert], { cwd: folder, stdio: 'pipe' })
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  pair = { key: read('key.pem'), cert: read('cert.pem') }
  rmSync(folder, { recursive: true })
  return pair
}

interface Options {
  readonly tls?: boolean
  readonly address?: string
  readonly port?: number
  /** What happens once a request is there. */
  readonly answer?: (socket: Socket, request: string) => void
  /** What happens before. */
  readonly opened?: (socket: Socket) => void
}

export const ok = (socket: Socket, body = 'thanks', more = '') => {
  socket.end(`HTTP/1.1 200 OK\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** Takes what comes byte by byte, so that it can answer what no library would; `using` ends it. */
export const webServer = async ({
  tls = false,
  address = '127.0.0.1',
  port = 0,
  answer = ok,
  opened,
}: Options = {}) => {
  const requests: { readonly text: string; readonly servername: string | null }[] = []
  const open = new Set<Socket>()
  let connections = 0
  const take = (socket: Socket) => {
    let text = ''
    opened?.(socket)
    socket.on('error', () => {})
    socket.on('data', (piece) => {
      text += piece
      const [head = '', body] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (body === undefined || Buffer.byteLength(body) < length) return
      const { servername = null } = socket as TLSSocket & { servername?: string }
      requests.push({ text, servername: typeof servername === 'string' ? servername : null })
      answer(socket, text)
      text = ''
    })
  }
  const server = tls ? createTlsServer(certificate(), take) : createServer(take)
  server.on('connection', (socket: Socket) => {
    connections += 1
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, address, resolve))
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    requests,
    connections: () => connections,
    open: () => open.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
