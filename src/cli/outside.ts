/** What the address of a Space answers to somebody outside: to phones, browsers and Flexisip. */

import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { translate } from '../messages/messages.ts'
import { codeOf, sentenceOf } from '../thrown.ts'
import type { Finding } from './finding.ts'

const LIMIT_MS = 5000
const MOST_BYTES = 2_000_000
/** Leases, one-time codes and signatures bear less than a person would notice. */
const MOST_SKEW_MS = 30_000

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const problem = (name: string, detail: string, hint: string): Finding => ({ level: 'problem', name, detail, hint })

/** As simple clients ask: nothing is followed, and no compression is offered. */
const ask = (url: URL): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const isTls = url.protocol === 'https:'
    const options = {
      method: 'GET',
      headers: { host: url.host, accept: 'application/json' },
      timeout: LIMIT_MS,
      // What is wrong with the certificate is a finding of its own.
      ...(isTls ? { rejectUnauthorized: false } : {}),
    }
    const sent = (isTls ? requestHttps : requestHttp)(url, options, (reply) => {
      const pieces: Buffer[] = []
      let size = 0
      reply.on('data', (piece: Buffer) => {
        size += piece.length
        if (size <= MOST_BYTES) pieces.push(piece)
      })
      reply.on('error', reject)
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(pieces).toString() }),
      )
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${LIMIT_MS / 1000} s`)))
    sent.on('error', reject)
    sent.end()
  })

/** Shakes hands as Flexisip does, which speaks HTTP/2 over TLS and nothing else. */
const shakeHands = ({ hostname, port }: URL) =>
  new Promise<{ error: string | null; protocol: string | false | null }>((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['h2', 'http/1.1'],
      rejectUnauthorized: false,
    })
    const timer = setTimeout(() => socket.destroy(new Error(`no TLS within ${LIMIT_MS / 1000} s`)), LIMIT_MS)
    socket.on('error', reject)
    socket.on('close', () => clearTimeout(timer))
    socket.on('secureConnect', () => {
      const { authorizationError: error, alpnProtocol: protocol } = socket
      const code = error instanceof Error ? (codeOf(error) ?? error.message) : error
      resolve({ error: code === undefined || code === null ? null : String(code), protocol })
      socket.destroy()
    })
  })

const UNCHAINED = /UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|unable to (verify the first|get (local )?issuer)/i

const certificateFinding = (host: string, error: string): Finding => {
  const name = `certificate of ${host}`
  return UNCHAINED.test(error)
    ? problem(
        name,
        'incomplete chain: the certificate of its issuer is neither sent nor known here',
        'Send the whole chain (fullchain.pem, not cert.pem). A private authority is named with NODE_EXTRA_CA_CERTS.',
      )
    : problem(name, error, 'Phones refuse it: renew it, or let it name this host.')
}

const tlsFindings = async (url: URL): Promise<Finding[]> => {
  const { hostname: host } = url
  const http2 = `HTTP/2 at ${host}`
  const hint = 'Flexisip speaks nothing else: switch it on at the proxy (nginx: listen 443 ssl http2), or use TLS_CERT.'
  if (url.protocol === 'http:') return [{ level: 'warning', name: http2, detail: 'off: no TLS', hint }]
  const { error, protocol } = await shakeHands(url)
  return [
    error === null
      ? { level: 'ok', name: `certificate of ${host}`, detail: 'trusted' }
      : certificateFinding(host, error),
    protocol === 'h2'
      ? { level: 'ok', name: http2, detail: 'spoken' }
      : { level: 'warning', name: http2, detail: 'not spoken', hint },
  ]
}

const messageIn = (body: string): string => {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    return typeof message === 'string' ? message : ''
  } catch {
    return ''
  }
}

/** Which host the server takes the request for, as far as its answers tell. */
const hostSeen = ({ status, body }: Answer): string | null => {
  if (status !== 404) return null
  const [before = '', after = ''] = translate('en', { id: 'space.unknown_host', values: { host: '\n' } }).split('\n')
  const message = messageIn(body)
  return message.startsWith(before) && message.endsWith(after) ? message.slice(before.length, -after.length) : null
}

const serversIn = (body: string): string[] => {
  try {
    const { servers } = JSON.parse(body) as { servers?: readonly { url?: unknown }[] }
    return (servers ?? []).flatMap(({ url }) =>
      typeof url === 'string' && URL.canParse(url) ? [new URL(url).hostname] : [],
    )
  } catch {
    return []
  }
}

const answerFindings = (url: URL, document: Answer, localTime: number): Finding[] => {
  const { hostname: host } = url
  const findings: Finding[] = []
  const { status, headers, body } = document
  if (status >= 300 && status < 400) {
    const to = headers.location ?? 'nowhere'
    const hint =
      'Phones and Flexisip follow no redirections: answer at this address, or set PUBLIC_SCHEME, PUBLIC_PORT and BASE_PATH.'
    return [problem(`redirect at ${host}`, `sends everybody on to ${to}`, hint)]
  }
  const lost = hostSeen(document) ?? serversIn(body).find((one) => one !== host) ?? null
  if (lost !== null) {
    const hint = 'Let the proxy pass Host on (nginx: proxy_set_header Host $host; Apache: ProxyPreserveHost On).'
    findings.push(problem(`Host at ${host}`, `lost on the way: the server is asked for ${lost}`, hint))
  } else if (status !== 200) {
    const hint = 'Something else answers there, or the proxy does not reach the server.'
    findings.push(problem(`answer of ${host}`, `HTTP ${status}`, hint))
  }
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    const hint = 'Switch it off at the proxy: phones and Flexisip do not ask for it and cannot read it.'
    findings.push(problem(`compression at ${host}`, `${encoding}, which was not asked for`, hint))
  }
  const skew = Math.abs(Date.parse(headers.date ?? '') - localTime)
  if (skew > MOST_SKEW_MS) {
    const hint = 'Let both machines keep the time (NTP).'
    findings.push(problem(`clock of ${host}`, `differs from this machine's by ${Math.round(skew / 1000)} s`, hint))
  }
  return findings
}

const DOCUMENT = 'api/openapi.json'

/** Asks the address as a stranger would. Resolves to at least one finding, and never rejects. */
export const askFromOutside = async (address: string, now: () => number): Promise<Finding[]> => {
  const url = new URL(DOCUMENT, address.endsWith('/') ? address : `${address}/`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) === 0) {
    try {
      await lookup(host)
    } catch (error) {
      const hint = 'Add an A or AAAA record, or correct the host of the Space (spaces:create-update).'
      return [problem(`DNS of ${host}`, sentenceOf(error), hint)]
    }
  }
  try {
    const tls = await tlsFindings(url)
    const document = await ask(url)
    const findings = [...tls, ...answerFindings(url, document, now())]
    const isGood = findings.every(({ level }) => level !== 'problem')
    return isGood ? [...findings, { level: 'ok', name: `answer of ${host}`, detail: address }] : findings
  } catch (error) {
    const hint = 'Is the server up, does the proxy run, is the port open? Ask from another machine too.'
    return [problem(`answer of ${host}`, `${address}: ${sentenceOf(error)}`, hint)]
  }
}
