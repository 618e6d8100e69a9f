/** Stand-ins for Apple, Google and the operator's program, on local sockets with certificates made by openssl. */

import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createSecureServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Files of one test run. */
export const workshop = () => {
  const directory = mkdtempSync(join(tmpdir(), 'sipkeeper-push-'))
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'pipe' })
  const file = (name: string, text?: string): string => {
    const path = join(directory, name)
    if (text !== undefined) writeFileSync(path, text)
    return path
  }
  const selfSigned = (name: string, subject: string, ...extensions: string[]) => {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`]
    const added = extensions.flatMap((extension) => ['-addext', extension])
    openssl('req', '-x509', ...key, '-out', `${name}.pem`, '-days', '2', '-subj', subject, ...added)
  }
  selfSigned('tls', '/CN=localhost', 'subjectAltName=DNS:localhost,DNS:fcm.googleapis.com')
  // The mark of a certificate that Apple's sandbox takes.
  selfSigned('push', '/UID=org.linphone.phone', '1.2.840.113635.100.6.3.1=ASN1:NULL')
  const p8 = (name: string): string => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    file(`${name}.public`, publicKey.export({ type: 'spki', format: 'pem' }).toString())
    return file(name, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  }
  const google = generateKeyPairSync('rsa', { modulusLength: 2048 })
  file('google.public', google.publicKey.export({ type: 'spki', format: 'pem' }).toString())

  return {
    directory,
    file,
    p8,
    tls: { key: readFileSync(file('tls.key')), cert: readFileSync(file('tls.pem')) },
    serviceAccount: (project: string, tokenUri: string): string =>
      file(
        `${project}.json`,
        JSON.stringify({
          type: 'service_account',
          project_id: project,
          private_key_id: 'google-key',
          private_key: google.privateKey.export({ type: 'pkcs8', format: 'pem' }),
          client_email: `push@${project}.iam.gserviceaccount.com`,
          token_uri: tokenUri,
        }),
      ),
    /** A shell script in the place of the operator's program. It writes its arguments, one a line, to `argv`. */
    program: (name: string, then: string): string => {
      const path = file(
        name,
        `#!/bin/sh\nfor word in "$@"; do printf '%s\\n' "$word"; done > "${directory}/argv"\n${then}\n`,
      )
      chmodSync(path, 0o755)
      return path
    },
    argv: (): string[] => readFileSync(join(directory, 'argv'), 'utf8').split('\n').slice(0, -1),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

export type Workshop = ReturnType<typeof workshop>

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export interface ApnsRequest {
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: payloads of every shape
  readonly body: any
}

type ApnsAnswer = { readonly status: number; readonly reason?: string } | 'hang' | 'die'

/** What APNs does with each request; the last answer goes on. */
export const fakeApns = async ({ tls }: Workshop) => {
  const requests: ApnsRequest[] = []
  const sessions = new Set<Http2Session>()
  const fake = { answers: [{ status: 200 }] as ApnsAnswer[], connections: 0, delayMs: 0, requests, port: 0 }
  const server = createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: false })
  server.on('session', (session) => {
    fake.connections += 1
    sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    let text = ''
    stream.on('error', () => {})
    stream.setEncoding('utf8')
    stream.on('data', (part: string) => {
      text += part
    })
    stream.on('end', async () => {
      requests.push({ headers, body: JSON.parse(text) })
      const answer = fake.answers.length > 1 ? fake.answers.shift() : fake.answers[0]
      if (fake.delayMs > 0) await Bun.sleep(fake.delayMs)
      if (answer === 'hang' || answer === undefined) return
      if (answer === 'die') return stream.session?.destroy()
      stream.respond({ ':status': answer.status })
      stream.end(answer.reason === undefined ? '' : JSON.stringify({ reason: answer.reason }))
    })
  })
  fake.port = await listening(server)
  return {
    fake,
    openConnections: () => sessions.size,
    /** As a restart of the service does. */
    dropConnections: () => {
      for (const session of sessions) session.destroy()
    },
    stop: () => {
      for (const session of sessions) session.destroy()
      server.close()
    },
  }
}

/** The claims of a token, when its signature is good. */
export const verifiedJwt = (token: string, publicKey: string) => {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const { alg } = decoded(header)
  const key = createPublicKey(readFileSync(publicKey))
  const options = alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key
  const isGood = verify('sha256', Buffer.from(`${header}.${claims}`), options, Buffer.from(signature, 'base64url'))
  return { isGood, header: decoded(header), claims: decoded(claims) }
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
type FcmRequest = { readonly url: string; readonly authorization: string; readonly body: any }
type FcmAnswer = { readonly status: number; readonly body?: unknown } | 'hang' | 'die'

export const fcmError = (status: number, errorCode: string): FcmAnswer => ({
  status,
  body: {
    error: {
      code: status,
      message: errorCode,
      status: errorCode,
      details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }],
    },
  },
})

/** FCM, and the place where a service account gets its access token. */
export const fakeGoogle = async ({ tls }: Workshop) => {
  const requests: FcmRequest[] = []
  const assertions: string[] = []
  const fake = {
    answers: [{ status: 200, body: { name: 'projects/p/messages/1' } }] as FcmAnswer[],
    tokenAnswer: { status: 200, body: { access_token: 'access-1', expires_in: 3600 } } as FcmAnswer,
    connections: 0,
    delayMs: 0,
    requests,
    assertions,
    port: 0,
    tokenUri: '',
  }
  const server = createTlsServer(tls, (request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', async () => {
      const { url = '', headers } = request
      requests.push({ url, authorization: headers.authorization ?? '', body: JSON.parse(text) })
      const answer = fake.answers.length > 1 ? fake.answers.shift() : fake.answers[0]
      if (fake.delayMs > 0) await Bun.sleep(fake.delayMs)
      if (answer === 'hang' || answer === undefined) return
      if (answer === 'die') return request.socket.destroy()
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
  })
  server.on('secureConnection', () => {
    fake.connections += 1
  })
  const tokens = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      assertions.push(new URLSearchParams(text).get('assertion') ?? '')
      const answer = fake.tokenAnswer
      if (typeof answer === 'string') return
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
  })
  fake.port = await listening(server)
  fake.tokenUri = `http://127.0.0.1:${await listening(tokens)}/token`
  return {
    fake,
    stop: () => {
      for (const each of [server, tokens]) {
        each.closeAllConnections()
        each.close()
      }
    },
  }
}
