import { createHash, createHmac } from 'node:crypto'

/** Signature Version 4 of Amazon S3, from the side that checks; written from its documentation. */

const ALGORITHM = 'AWS4-HMAC-SHA256'
const UNSIGNED = 'UNSIGNED-PAYLOAD'
const MOST_SKEW_MS = 15 * 60_000
const LONGEST_EXPIRY_SECONDS = 7 * 86_400

export interface Asked {
  readonly method: string
  /** Path and query as they stand on the request line. */
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

interface Keys {
  readonly id: string
  readonly secret: string
  readonly region: string
}

/** Why S3 says no, with its own word; or what the hash of the body must be, null: anything. */
type Verdict = { readonly code: string } | { readonly code: null; readonly bodyHash: string | null }

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** All but the unreserved characters of RFC 3986 in `%XX`. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const byBytes = ([a]: readonly [string, string], [b]: readonly [string, string]) => (a < b ? -1 : a > b ? 1 : 0)

const canonicalQuery = (query: URLSearchParams) =>
  [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .toSorted((a, b) => byBytes(a, b) || (a[1] < b[1] ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const timeOf = (stamp: string): number => {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp)
  if (found === null) return Number.NaN
  const [, year, month, day, hour, minute, second] = found
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

/** What the client says of its signature, in a header or in the query. */
const claimOf = ({ headers }: Asked, query: URLSearchParams) => {
  const header = (name: string) => String(headers[name] ?? '')
  if (query.has('X-Amz-Signature')) {
    const of = (name: string) => query.get(`X-Amz-${name}`) ?? ''
    const names = { algorithm: of('Algorithm'), credential: of('Credential'), signed: of('SignedHeaders') }
    return { ...names, signature: of('Signature'), stamp: of('Date'), expires: of('Expires'), hash: UNSIGNED }
  }
  const [, algorithm = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(header('authorization')) ?? []
  const part = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(rest)?.[1] ?? ''
  const names = { algorithm, credential: part('Credential'), signed: part('SignedHeaders') }
  const hash = header('x-amz-content-sha256')
  return { ...names, signature: part('Signature'), stamp: header('x-amz-date'), expires: null, hash }
}

/** Checks as S3 does: who, when, and every byte of what was signed. */
export const checkSignature = (asked: Asked, { id, secret, region }: Keys, now: number): Verdict => {
  const [path = '/', search = ''] = asked.target.split('?', 2)
  const query = new URLSearchParams(search.replaceAll('+', '%2B'))
  const claim = claimOf(asked, query)
  const { stamp, expires, hash } = claim
  const day = stamp.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  if (claim.signature === '' || claim.algorithm !== ALGORITHM) return { code: 'AccessDenied' }
  if (claim.credential !== `${id}/${scope}`) return { code: 'InvalidAccessKeyId' }
  const age = now - timeOf(stamp)
  if (!(age > -MOST_SKEW_MS)) return { code: 'RequestTimeTooSkewed' }
  const most = expires === null ? MOST_SKEW_MS : Number(expires) * 1000
  if (!(most > 0 && most <= LONGEST_EXPIRY_SECONDS * 1000)) return { code: 'AuthorizationQueryParametersError' }
  if (age > most) return { code: expires === null ? 'RequestTimeTooSkewed' : 'AccessDenied' }

  const names = claim.signed.split(';')
  const mustBeSigned = ['host', ...Object.keys(asked.headers).filter((name) => name.startsWith('x-amz-'))]
  const isSorted = names.join(';') === names.toSorted().join(';')
  if (!isSorted || mustBeSigned.some((name) => !names.includes(name))) return { code: 'AccessDenied' }
  if (hash !== UNSIGNED && !/^[0-9a-f]{64}$/.test(hash)) return { code: 'InvalidArgument' }
  const lines = names.map(
    (name) =>
      `${name}:${String(asked.headers[name] ?? '')
        .trim()
        .replace(/ +/g, ' ')}\n`,
  )
  const canonical = [asked.method, path, canonicalQuery(query), lines.join(''), claim.signed, hash].join('\n')
  const text = [ALGORITHM, stamp, scope, sha256(canonical)].join('\n')
  const key = [region, 's3', 'aws4_request'].reduce((made, word) => hmac(made, word), hmac(`AWS4${secret}`, day))
  if (hmac(key, text).toString('hex') !== claim.signature) return { code: 'SignatureDoesNotMatch' }
  return { code: null, bodyHash: hash === UNSIGNED ? null : hash }
}
