import fc from 'fast-check'

// Requests as nobody who means well would send them, drawn from what the OpenAPI document says about each route.

// biome-ignore lint/suspicious/noExplicitAny: the document is read as strangers read it
type Document = any

/** A request, but for what the installation gives: `{name}` in the target and who `as` is. */
export interface HostileRequest {
  readonly operation: string
  readonly method: string
  /** Values of the path's parameters; null: the one that is there. */
  readonly parameters: Readonly<Record<string, string | null>>
  readonly path: string
  readonly query: string
  readonly as: 'nobody' | 'account' | 'admin' | 'super'
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | Uint8Array | null
}

/** Numbers that no JavaScript number can be are written into the JSON afterwards. */
const raw = (text: string): string => `@raw:${text}`
const withRaw = (json: string): string => json.replaceAll(/"@raw:([^"]*)"/g, '$1')

const nested = (depth: number, open: string, close: string): string => raw(open.repeat(depth) + close.repeat(depth))

const TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff\ud800',
  '\u202egnirts',
  '__proto__',
  'constructor',
  'toString',
  "'; DROP TABLE accounts; --",
  '%00%ff%c0%af',
  '../../../etc/passwd',
  '\r\nSet-Cookie: x=y',
  '{{7*7}}',
  '<script>alert(1)</script>',
  'sip:@;=?&',
  'a@'.repeat(40),
  '🦊'.repeat(300),
  'e\u0301'.repeat(500),
  '-1',
  '1e999',
  'NaN',
  '0x10',
  '９',
]
const LENGTHS = [63, 64, 65, 255, 256, 1025, 9000, 100_000]

const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('a', '@', '0', '.', '/', ' ', '+', 'é', '\\'), fc.constantFrom(...LENGTHS)),
  },
)
const text = hostileText.map((drawn) => (typeof drawn === 'string' ? drawn : drawn[0].repeat(drawn[1])))

const NUMBERS = [0, -0, -1, 0.5, 1e21, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308]
const RAW_NUMBERS = ['1e400', '-1E999999', '9'.repeat(400), '0.1e-999', `1${'0'.repeat(5000)}`]

const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false, ...NUMBERS) },
  { weight: 1, arbitrary: fc.constantFrom(...RAW_NUMBERS).map(raw) },
  { weight: 2, arbitrary: fc.array(fc.oneof(text, fc.integer(), fc.constant(null)), { maxLength: 5 }) },
  {
    weight: 2,
    arbitrary: fc.dictionary(fc.oneof(fc.constantFrom('__proto__', 'id', ''), fc.string()), fc.jsonValue()),
  },
  { weight: 1, arbitrary: fc.constantFrom(50, 2000, 20_000).map((depth) => nested(depth, '[', ']')) },
  { weight: 1, arbitrary: fc.constantFrom(50, 2000).map((depth) => nested(depth, '{"a":[', ']}')) },
  { weight: 1, arbitrary: fc.constant(Array.from({ length: 3000 }, (_, index) => index)) },
)

/** The members of a body: most as the document shows them, some missing, some hostile. */
const members = (names: readonly string[], example: Readonly<Record<string, unknown>>) =>
  fc.record(
    Object.fromEntries(
      names.map((name) => [
        name,
        fc.oneof(
          { weight: 6, arbitrary: fc.constant({ kept: true, value: example[name] }) },
          { weight: 1, arbitrary: fc.constant({ kept: false, value: undefined }) },
          { weight: 3, arbitrary: value.map((drawn) => ({ kept: true, value: drawn })) },
        ),
      ]),
    ),
  )

const EXTRAS = [
  '"__proto__":{"admin":true,"activated":true}',
  '"constructor":{"prototype":{"admin":true}}',
  '"username":"twice","username":"twice01"',
  `${Array.from({ length: 2000 }, (_, index) => `"m${index}":${index}`).join(',')}`,
  '"\\u0000":"\\u0000"',
  '"\\ud800":"\\ud800"',
  '"password":["correct-horse"],"password":{"a":1}',
]

const asJson = (drawn: Readonly<Record<string, { kept: boolean; value: unknown }>>, extra: string | null): string => {
  const kept = Object.entries(drawn).filter(([, { kept, value }]) => kept && value !== undefined)
  const written = kept.map(([name, { value }]) => `${JSON.stringify(name)}:${withRaw(JSON.stringify(value))}`)
  return `{${[...written, ...(extra === null ? [] : [extra])].join(',')}}`
}

const asForm = (drawn: Readonly<Record<string, { kept: boolean; value: unknown }>>): string =>
  Object.entries(drawn)
    .filter(([, { kept }]) => kept)
    .flatMap(([name, { value }]) => [
      `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      `${name}[]=%00`,
      `${name}[__proto__][x]=%ff`,
    ])
    .join('&')

const latin = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0) & 255)

const SHAPES: readonly ((json: string) => string | Uint8Array | null)[] = [
  (json) => json.slice(0, -1),
  (json) => `[${json}]`,
  (json) => `${json}${json}`,
  (json) => `\ufeff${json}`,
  (json) => latin(`${json.slice(0, -1)},"bad":"\xff\xfe\xc0"}`),
  () => '',
  () => null,
  () => 'null',
  () => '"text"',
  () => '1e999',
  () => '['.repeat(100_000),
  () => `{"a":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`,
  () => latin('\x00\x01\x02\xff'),
]

const TYPES = [
  null,
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/vnd.api+json',
  'APPLICATION/JSON',
  'application/json, text/html',
  'application/xml',
  '/',
  'x'.repeat(4000),
]

/** What a header line can carry: bytes without controls. */
const headerText = fc.oneof(
  fc.constantFrom('', ' ', ',', ';', '"', '=', 'x'.repeat(5000), 'é', '\xff', 'sip:', '<sip:@>', 'Digest', 'Bearer x'),
  fc.string({ maxLength: 60 }).map((drawn) => drawn.replaceAll(/[^ -~\x80-\xff]/g, '')),
)
const HEADERS = [
  'accept',
  'accept-language',
  'authorization',
  'cookie',
  'from',
  'if-none-match',
  'origin',
  'sec-fetch-dest',
  'sec-fetch-site',
  'user-agent',
  'x-api-key',
  'x-linphone-provisioning',
  'x-request-id',
  'forwarded',
]
const headers = fc
  .array(fc.tuple(fc.constantFrom(...HEADERS), headerText, fc.constantFrom(1, 1, 2)), { maxLength: 3 })
  .map((drawn) => drawn.flatMap(([name, line, times]) => Array.from({ length: times }, () => [name, line] as const)))

const encoded = (drawn: string): string => encodeURIComponent(drawn.toWellFormed()).slice(0, 6000)

const QUERY_NAMES = [
  'page',
  'per_page',
  'search',
  'lang',
  'reset_password',
  'sip',
  'linphone-action',
  '__proto__',
  'a[]',
]
const query = fc
  .array(fc.tuple(fc.constantFrom(...QUERY_NAMES), text), { maxLength: 4 })
  .chain((pairs) =>
    fc
      .constantFrom(false, true)
      .map((twice) => [...pairs, ...(twice ? pairs : [])].map(([name, drawn]) => `${name}=${encoded(drawn)}`)),
  )
  .map((parts) => (parts.length === 0 ? '' : `?${parts.join('&')}`))
const BROKEN_QUERIES = ['?', '?&&&===', '?%', '?page=%ff%fe', '?page[]=1&page=2', `?${'a=1&'.repeat(2000)}`]

const pathValue = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: text.map((drawn) => encoded(drawn) || '%20') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '0',
      '-1',
      '1.5',
      '2147483648',
      '9'.repeat(30),
      '%00',
      '%ff',
      '%',
      '%2e%2e%2f',
      '1e3',
      '0x1',
    ),
  },
)

const ROLES = ['nobody', 'account', 'admin', 'super'] as const

/** Any request to any route of the document. */
export const hostileRequest = (document: Document): fc.Arbitrary<HostileRequest> => {
  const operations = Object.entries<Document>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Document>(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  return fc.constantFrom(...operations).chain(({ path, method, operation }) => {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    const role = operation.security[0]?.digest?.[0] ?? 'nobody'
    const { schema = {}, example = {} } = operation.requestBody?.content['application/json'] ?? {}
    const known = Object.keys(schema.properties ?? {})
    return fc
      .record({
        operation: fc.constant(`${method} ${path}`),
        method: fc.constant(method),
        path: fc.constant(path),
        parameters: fc.record(Object.fromEntries(names.map((name) => [name, pathValue]))),
        query: fc.oneof(
          { weight: 5, arbitrary: fc.constant('') },
          { weight: 3, arbitrary: query },
          { weight: 1, arbitrary: fc.constantFrom(...BROKEN_QUERIES) },
        ),
        as: fc.oneof({ weight: 9, arbitrary: fc.constant(role) }, { weight: 1, arbitrary: fc.constantFrom(...ROLES) }),
        message: message(method, known, example),
      })
      .map(({ message, ...rest }) => ({ ...rest, ...message }))
  })
}

/** What stands below the request line. */
const message = (method: string, known: readonly string[], example: Readonly<Record<string, unknown>>) => {
  const drawn = fc.record({
    members: members(known, example),
    extra: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...EXTRAS) }),
    shape: fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...SHAPES) }),
    type: fc.oneof(
      { weight: 8, arbitrary: fc.constant('application/json') },
      { weight: 1, arbitrary: fc.constantFrom(...TYPES) },
    ),
    headers: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: headers }),
  })
  const made =
    method === 'GET' ? fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: drawn }) : drawn
  return fc.tuple(made, headers).map(([drawn, more]) => {
    if (drawn === null) return { headers: more, body: null }
    const isForm = drawn.type === 'application/x-www-form-urlencoded'
    const written = isForm ? asForm(drawn.members) : asJson(drawn.members, drawn.extra)
    const type = drawn.type === null ? [] : [['content-type', drawn.type] as const]
    return { headers: [...type, ...drawn.headers], body: drawn.shape === null ? written : drawn.shape(written) }
  })
}
