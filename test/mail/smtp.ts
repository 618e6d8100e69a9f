/** Mail servers on local sockets, with certificates made by openssl. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

let pair: { readonly key: string; readonly cert: string } | null = null

/** A certificate of `localhost` that nobody else has signed. */
export const certificate = () => {
  if (pair !== null) return pair
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-mail-'))
  const words = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'key.pem',
    '-out',
    'cert.pem',
    '-days',
    '2',
  ]
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...words, ...name], { cwd: folder, stdio: 'pipe' })
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  pair = { key: read('key.pem'), cert: read('cert.pem') }
  rmSync(folder, { recursive: true })
  return pair
}

export interface Received {
  readonly envelope: { readonly from: string; readonly to: readonly string[] }
  /** As it came over the wire. */
  readonly raw: string
  readonly mail: ParsedMail
  readonly secure: boolean
  readonly user: string | null
}

interface Options {
  /** `offered` is STARTTLS. */
  readonly tls?: 'none' | 'offered' | 'at once'
  readonly login?: { readonly user: string; readonly password: string }
  /** What a recipient is answered; absent: taken. */
  readonly answer?: (recipient: string, attempt: number) => string | null
  /** What the mail itself is answered. */
  readonly answerData?: (raw: string) => string | null
  /** Without limit of where it listens. */
  readonly port?: number
}

/** A real SMTP server; `using` ends it. */
export const smtpServer = async ({ tls = 'none', login, answer, answerData, port = 0 }: Options = {}) => {
  const received: Received[] = []
  const logins: string[] = []
  let attempts = 0
  let connections = 0
  const refusal = (text: string) => Object.assign(new Error(text.slice(4)), { responseCode: Number(text.slice(0, 3)) })
  const options: SMTPServerOptions = {
    ...certificate(),
    secure: tls === 'at once',
    hideSTARTTLS: tls === 'none',
    disabledCommands: [
      ...(tls === 'none' ? ['STARTTLS' as const] : []),
      ...(login === undefined ? ['AUTH' as const] : []),
    ],
    allowInsecureAuth: true,
    authOptional: login === undefined,
    disableReverseLookup: true,
    // Clients keep their connections; whoever ends a server does not wait for them.
    closeTimeout: 50,
    onConnect: (_session, done) => {
      connections += 1
      done()
    },
    onAuth: ({ username = '', password = '' }, _session, done) => {
      logins.push(username)
      if (username === login?.user && password === login.password) done(null, { user: username })
      else done(refusal(`535 no such pair: ${Buffer.from(String(password)).toString('base64')}`))
    },
    onRcptTo: ({ address }, _session, done) => {
      attempts += 1
      const said = answer?.(address, attempts) ?? null
      done(said === null ? null : refusal(said))
    },
    onData: async (stream, session, done) => {
      const raw = await new Response(stream as unknown as ReadableStream).text()
      const said = answerData?.(raw) ?? null
      if (said !== null) return done(refusal(said))
      const { mailFrom, rcptTo } = session.envelope
      const envelope = { from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address) }
      const mail = await simpleParser(raw)
      received.push({ envelope, raw, mail, secure: session.secure, user: (session.user as string | undefined) ?? null })
      done(null)
    },
  }
  const server = new SMTPServer(options)
  server.on('error', () => {}) // what clients do wrong is theirs to tell
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.server.address()
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    received,
    logins,
    connections: () => connections,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Takes connections and never says a word. */
export const silentServer = async () => {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => {
    socket.on('error', () => {})
    sockets.add(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
