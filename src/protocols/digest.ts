/** HTTP Digest access authentication: the subset of RFC 7616 with MD5 or SHA-256 and `qop=auth`. */
import { headerText } from './header-text.ts'
import { quotedString } from './quoted-string.ts'

export type DigestAlgorithm = 'MD5' | 'SHA-256'

/** Weakest first: the order in which provisioning sends them (the last one wins in liblinphone). */
export const DIGEST_ALGORITHMS: readonly DigestAlgorithm[] = ['MD5', 'SHA-256']

/** The parameters of an `Authorization` header, complete and well-formed; whether they are true is not known yet. */
export interface DigestCredentials {
  readonly username: string
  readonly realm: string
  readonly nonce: string
  readonly uri: string
  /** Lower-case hex of the algorithm's length. */
  readonly response: string
  readonly cnonce: string
  /** As sent: eight hex digits, whose case counts in the hash. */
  readonly nc: string
  readonly qop: string
  readonly opaque: string
  readonly algorithm: DigestAlgorithm
  /** The value of `nc`, at least 1. */
  readonly nonceCount: number
}

const LONGEST_HEADER = 4096

/** What a server stores instead of a password: RFC 7616 §3.4.2, in lower-case hex. */
export const ha1 = (algorithm: DigestAlgorithm, username: string, realm: string, password: string): string =>
  hash(algorithm, `${username}:${realm}:${password}`)

/**
 * Reads the value of an `Authorization` header (RFC 7616 §3.4, RFC 9110 §11.4). `null` unless every parameter is there
 * exactly once and well-formed; a missing `algorithm` means MD5. Unquoted values may hold any visible character but
 * `,` and `"`, because clients leave the quotes out of `uri` and `opaque` too.
 */
export function parseDigestCredentials(authorization: string): DigestCredentials | null {
  if (authorization.length > LONGEST_HEADER || !isDigestScheme(authorization)) return null
  const header = headerText(authorization)
  const length = header.length

  let username = ''
  let realm = ''
  let nonce = ''
  let uri = ''
  let response = ''
  let cnonce = ''
  let nc = ''
  let qop = ''
  let opaque = ''
  let algorithmName = 'MD5'
  let seen = 0
  let others: Set<string> | null = null

  let i = 7
  for (;;) {
    i = skipSeparators(header, i)
    if (i >= length) break

    const nameStart = i
    while (i < length && isTokenCharacter(header.charCodeAt(i))) i++
    if (i === nameStart) return null
    const name = header.slice(nameStart, i).toLowerCase()

    i = skipBlanks(header, i)
    if (header.charCodeAt(i) !== EQUALS) return null
    i = skipBlanks(header, i + 1)

    let value: string
    if (header.charCodeAt(i) === QUOTE) {
      const start = ++i
      let escaped = false
      for (; ; i++) {
        if (i >= length) return null
        let code = header.charCodeAt(i)
        if (code === QUOTE) break
        if (code === BACKSLASH) {
          escaped = true
          code = header.charCodeAt(++i)
        }
        if ((code < 0x20 && code !== TAB) || code === 0x7f) return null
      }
      value = header.slice(start, i++)
      if (escaped) value = unquoted(value)
    } else {
      const start = i
      for (; i < length; i++) {
        const code = header.charCodeAt(i)
        if (code === COMMA || code === SPACE || code === TAB) break
        if (code < 0x20 || code === QUOTE || code === 0x7f) return null
      }
      value = header.slice(start, i)
    }
    if (value === '') return null

    i = skipBlanks(header, i)
    if (i < length && header.charCodeAt(i) !== COMMA) return null

    let bit = 0
    switch (name) {
      case 'username':
        bit = USERNAME
        username = value
        break
      case 'username*': {
        // RFC 7616 §3.4.4; sent instead of `username`, never beside it.
        bit = USERNAME
        const decoded = extendedValue(value)
        if (decoded === null) return null
        username = decoded
        break
      }
      case 'realm':
        bit = REALM
        realm = value
        break
      case 'nonce':
        bit = NONCE
        nonce = value
        break
      case 'uri':
        bit = URI
        uri = value
        break
      case 'response':
        bit = RESPONSE
        response = value
        break
      case 'cnonce':
        bit = CNONCE
        cnonce = value
        break
      case 'nc':
        bit = NC
        nc = value
        break
      case 'qop':
        bit = QOP
        qop = value
        break
      case 'opaque':
        bit = OPAQUE
        opaque = value
        break
      case 'algorithm':
        bit = ALGORITHM
        algorithmName = value
        break
      default:
        // We never offer `userhash`, so a hashed user name answers no challenge of ours.
        if (name === 'userhash' && value.toLowerCase() === 'true') return null
        if (others === null) others = new Set()
        else if (others.has(name)) return null
        others.add(name)
    }
    if ((seen & bit) !== 0) return null
    seen |= bit
  }

  if ((seen & REQUIRED) !== REQUIRED || qop !== 'auth') return null
  const algorithm = algorithmNamed(algorithmName)
  if (algorithm === null) return null
  if (response.length !== (algorithm === 'MD5' ? 32 : 64) || !isHex(response)) return null
  if (nc.length !== 8 || !isHex(nc)) return null
  const nonceCount = Number.parseInt(nc, 16)
  if (nonceCount === 0) return null
  response = response.toLowerCase()
  return { username, realm, nonce, uri, response, cnonce, nc, qop, opaque, algorithm, nonceCount }
}

/** RFC 7616 §3.4.1: what a client that knows the password answers. `ha1` is the stored one of that algorithm. */
export function expectedResponse(credentials: DigestCredentials, ha1: string, method: string): string {
  const { algorithm, nonce, nc, cnonce, qop, uri } = credentials
  return hash(algorithm, `${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${hash(algorithm, `${method}:${uri}`)}`)
}

/** Takes the same time wherever the two differ. */
export function responseMatches(credentials: DigestCredentials, ha1: string, method: string): boolean {
  const expected = expectedResponse(credentials, ha1, method)
  const { response } = credentials
  let difference = expected.length ^ response.length
  for (let i = 0; i < expected.length; i++) difference |= expected.charCodeAt(i) ^ response.charCodeAt(i)
  return difference === 0
}

/**
 * The value of `WWW-Authenticate` (RFC 7616 §3.3), in the one shape every deployed client reads: no blanks after
 * commas, `algorithm` without quotes, `stale` only when true. `nonce` and `opaque` are ours and need no escaping.
 */
export function challenge(offer: {
  readonly realm: string
  readonly algorithm: DigestAlgorithm
  readonly nonce: string
  readonly opaque: string
  readonly stale: boolean
}): string {
  const { realm, algorithm, nonce, opaque, stale } = offer
  return `Digest realm=${quotedString(realm)},qop="auth",algorithm=${algorithm},nonce="${nonce}",opaque="${opaque}"${stale ? ',stale=true' : ''}`
}

const hash = (algorithm: DigestAlgorithm, text: string): string =>
  algorithm === 'SHA-256' ? Bun.SHA256.hash(text, 'hex') : Bun.MD5.hash(text, 'hex')

const USERNAME = 1
const REALM = 2
const NONCE = 4
const URI = 8
const RESPONSE = 16
const CNONCE = 32
const NC = 64
const QOP = 128
const OPAQUE = 256
const REQUIRED = 511
const ALGORITHM = 512

const TAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const EQUALS = 0x3d
const BACKSLASH = 0x5c

const TOKEN = new Uint8Array(128)
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
  TOKEN[character.charCodeAt(0)] = 1

const isTokenCharacter = (code: number): boolean => code < 128 && TOKEN[code] === 1

const isDigestScheme = (header: string): boolean =>
  header.charCodeAt(6) === SPACE && header.slice(0, 6).toLowerCase() === 'digest'

function algorithmNamed(name: string): DigestAlgorithm | null {
  const upper = name.toUpperCase()
  return upper === 'SHA-256' || upper === 'MD5' ? upper : null
}

function skipBlanks(text: string, start: number): number {
  let i = start
  for (let code = text.charCodeAt(i); code === SPACE || code === TAB; code = text.charCodeAt(i)) i++
  return i
}

/** Blanks and the empty list elements that RFC 9110 §5.6.1.2 asks recipients to ignore. */
function skipSeparators(text: string, start: number): number {
  let i = start
  for (let code = text.charCodeAt(i); code === SPACE || code === TAB || code === COMMA; code = text.charCodeAt(i)) i++
  return i
}

function isHex(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const letter = code | 0x20
    if ((code < 0x30 || code > 0x39) && (letter < 0x61 || letter > 0x66)) return false
  }
  return true
}

/** Removes the backslashes of quoted-pairs (RFC 9110 §5.6.4). */
const unquoted = (text: string): string => text.replace(/\\(.)/g, '$1')

/** RFC 8187 §3.2 in UTF-8: `UTF-8'language'percent-encoded`. */
function extendedValue(text: string): string | null {
  const first = text.indexOf("'")
  const second = text.indexOf("'", first + 1)
  if (second < 0 || text.slice(0, first).toLowerCase() !== 'utf-8') return null
  try {
    const decoded = decodeURIComponent(text.slice(second + 1))
    return decoded === '' ? null : decoded
  } catch {
    return null
  }
}
