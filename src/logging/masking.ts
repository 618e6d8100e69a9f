/** Keeps secrets out of log lines, by the names of the fields that carry them. */

const ALWAYS_SECRET = new Set([
  ...['password', 'passwd', 'passphrase', 'secret', 'authorization', 'cookie', 'credential', 'bearer', 'jwt', 'ha1'],
  ...[
    'token',
    'key',
    'apikey',
    'code',
    'otp',
    'pin',
    'nonce',
    'cnonce',
    'opaque',
    'prid',
    'signature',
    'pem',
    'session',
  ],
])

/** A last word that tells about the secret and is not it: `key_id`, `tokenKind`, `code_digits`. */
const ABOUT = new Set([
  ...['id', 'kind', 'type', 'algorithm', 'name', 'length', 'digits', 'count', 'policy', 'provider', 'file', 'table'],
  ...['at', 'minutes', 'seconds', 'ms', 'expired', 'used', 'changed', 'fields', 'limit'],
])

/** Words before `code` and `key` that make it harmless: `status_code`, `primary_key`. */
const HARMLESS = new Set([
  'status',
  'exit',
  'error',
  'country',
  'calling',
  'refusal',
  'language',
  'sort',
  'primary',
  'foreign',
])

const PLACES = new Set(['path', 'url', 'uri', 'location', 'referer', 'link', 'href', 'target'])

const MAX_DEPTH = 5
const MAX_ITEMS = 50
const SHOWN_OF_TOKEN = 4
/** Showing four characters of anything shorter would give too much of it away. */
const SHORTEST_SHOWN_TOKEN = 12

/** A copy of `fields` that may be written to a log. Errors become plain objects. */
export const maskedFields = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  maskedEntries(fields, 0)

function maskedEntries(fields: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  const masked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || typeof value === 'function') continue
    masked[name] = maskedValue(name, value, depth)
  }
  return masked
}

function maskedValue(name: string, value: unknown, depth: number): unknown {
  const { secrecy, isPlace } = meaningOf(name)
  if (secrecy !== null && value !== null && typeof value !== 'boolean') {
    const isCount = typeof value === 'number' && secrecy.plural
    return isCount ? value : secrecy.word === 'token' && typeof value === 'string' ? maskedToken(value) : '***'
  }
  if (typeof value === 'string') return isPlace ? maskedPlace(value) : value
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '…'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof URL) return maskedPlace(value.href)
  if (value instanceof Error) return maskedError(value, depth + 1)
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (Symbol.iterator in value || value instanceof Headers) {
    const items = [...(value as Iterable<unknown>)].slice(0, MAX_ITEMS)
    const isPairs = value instanceof Map || value instanceof Headers || value instanceof URLSearchParams
    return isPairs
      ? maskedEntries(Object.fromEntries(items as [string, unknown][]), depth + 1)
      : items.map((item) => maskedValue(name, item, depth + 1))
  }
  return maskedEntries(value as Record<string, unknown>, depth + 1)
}

function maskedError(error: Error, depth: number): Record<string, unknown> {
  // The message of a failed query, and so its stack, repeats every value: hashes, tokens, addresses.
  if ('query' in error && 'params' in error) {
    const cause = error.cause instanceof Error ? maskedError(error.cause, depth) : { name: error.name }
    return { ...cause, query: error.query }
  }
  const shown: Record<string, unknown> = { name: error.name, message: error.message }
  if ('code' in error) shown.code = error.code
  if (error.stack !== undefined) shown.stack = error.stack
  if (error.cause !== undefined) shown.cause = depth >= MAX_DEPTH ? '…' : maskedValue('cause', error.cause, depth)
  return shown
}

interface Meaning {
  readonly secrecy: { readonly word: string; readonly plural: boolean } | null
  readonly isPlace: boolean
}

/** Fields of ours have few names, and each line repeats them; whoever makes up others has them worked out each time. */
const meanings = new Map<string, Meaning>()
const MOST_MEANINGS = 500

function meaningOf(name: string): Meaning {
  const known = meanings.get(name)
  if (known !== undefined) return known
  const words = wordsOf(name)
  const meaning = { secrecy: secrecyOf(words), isPlace: PLACES.has(words.at(-1) ?? '') }
  if (meanings.size < MOST_MEANINGS) meanings.set(name, meaning)
  return meaning
}

function secrecyOf(words: readonly string[]): Meaning['secrecy'] {
  if (ABOUT.has(words.at(-1) ?? '') && !words.includes('session')) return null
  for (const [index, written] of words.entries()) {
    const plural = written.length > 3 && written.endsWith('s')
    const word = plural ? written.slice(0, -1) : written
    if (!ALWAYS_SECRET.has(word)) continue
    const isHarmless = (word === 'code' || word === 'key') && HARMLESS.has(words[index - 1] ?? '')
    if (!isHarmless) return { word, plural }
  }
  return null
}

/** `apiKey`, `api_key`, `X-API-Key` → api, key. */
const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')

const maskedToken = (token: string): string =>
  token.length < SHORTEST_SHOWN_TOKEN ? '***' : `${token.slice(0, SHOWN_OF_TOKEN)}…`

/** Without its query and credentials, and with what looks like a token in its path cut short. */
function maskedPlace(place: string): string {
  const [withoutQuery = ''] = place.split(/[?#]/)
  const shown = withoutQuery
    .replace(/\/\/[^/@]*@/, '//***@')
    .split('/')
    .map((segment) => (looksRandom(segment) ? maskedToken(segment) : segment))
    .join('/')
  return withoutQuery.length < place.length ? `${shown}?…` : shown
}

/** Our tokens are eight or more of `[A-Za-z0-9]`; words of a path are lower case, and numbers are numbers. */
const looksRandom = (segment: string): boolean => /^[A-Za-z\d]{8,}$/.test(segment) && !/^(?:[a-z]+|\d+)$/.test(segment)

/** `a***@example.org`: enough to be recognised by whoever knows the address. */
export const maskedEmail = (address: string): string => address.replace(/^(.).*(?=@)/u, '$1***')

/** `+3361****78`. */
export const maskedPhone = (number: string): string => number.replace(/^(.{5}).*(?=..$)/, '$1****')
