import { AppError } from '../errors.ts'
import { sentenceOf } from '../thrown.ts'

/** What a form needs, however long its texts are. */
export const BODY_BYTES = 65_536
/** What a route needs that takes a dictionary, a vCard or the texts of a Space, with every character escaped. */
export const LARGE_BODY_BYTES = 1_048_576

/** Blanks at the edges belong to a secret (behaviour/requests.md §2.2). */
const NEVER_TRIMMED = new Set(['password', 'password_confirmation', 'current_password', 'old_password'])

type Members = Readonly<Record<string, unknown>>

const tooLarge = (limit: number) => new AppError('too_large', 'errors.body_too_large', { values: { limit } })

/** No body of ours is nested so deep. Deeper nesting is an attempt to exhaust the stack. */
const DEEPEST = 32

/** Trims text and turns blank text into null, at any depth. */
const normalise = (value: unknown, name = '', depth = 0): unknown => {
  if (typeof value === 'string') {
    // PostgreSQL stores no NUL, and no client means one.
    if (value.includes('\0')) throw new AppError('malformed', 'errors.nul')
    const text = NEVER_TRIMMED.has(name) ? value : value.trim()
    return text === '' ? null : text
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEEPEST) throw new AppError('malformed', 'errors.json', { values: { reason: 'too deeply nested' } })
  if (Array.isArray(value)) return value.map((item) => normalise(item, '', depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, normalise(member, key, depth + 1)]))
}

/** Fields that were read otherwise, such as beside a file, as those of any other form. */
export const membersOfFields = (fields: ReadonlyMap<string, string>): Members =>
  normalise(Object.fromEntries(fields)) as Members

/** What may wait for `take` before no more is read: bytes, and pieces, which a hostile client makes a byte long. */
const AHEAD_BYTES = 1_048_576
const AHEAD_PIECES = 64

/**
 * Hands over what arrives, while it arrives, one piece after the other; where `take` returns a promise, the next piece
 * waits for it. Reading goes on a little meanwhile: over HTTP/2 Bun takes up to 2 MB ahead of whoever does not read, in
 * memory that it doubles. A stream that grows too long is left, not cancelled: Bun drops the rest after the reply, and
 * never answers a copied request whose stream was cancelled.
 */
export const drain = async (
  body: ReadableStream<Uint8Array>,
  limit: number,
  take: (chunk: Uint8Array) => unknown,
): Promise<void> => {
  const reader = body.getReader()
  let bytes = 0
  let pieces = 0
  let taken: Promise<unknown> = Promise.resolve()
  const hand = (chunk: Uint8Array) => {
    const { byteLength } = chunk
    bytes += byteLength
    pieces += 1
    taken = taken.then(async () => {
      await take(chunk)
      bytes -= byteLength
      pieces -= 1
    })
    // Whoever waits for it is told; until then it is nobody's.
    taken.catch(() => {})
  }
  try {
    for (let size = 0; ; ) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      if (size > limit) throw tooLarge(limit)
      hand(value)
      if (bytes > AHEAD_BYTES || pieces > AHEAD_PIECES) await taken
    }
  } catch (error) {
    await taken.catch(() => {})
    throw error
  }
  await taken
}

/** How long a body says that it is; null: it does not say. */
const announcedBytes = (request: Request): number | null => {
  const length = request.headers.get('content-length')
  return length === null ? null : Number(length)
}

/** Refuses (413) a body that announces more than `limit` bytes, before any of it is read. */
export const refuseLargeBody = (request: Request, limit: number): void => {
  if ((announcedBytes(request) ?? 0) > limit) throw tooLarge(limit)
}

const readText = async (request: Request, limit: number): Promise<string> => {
  refuseLargeBody(request, limit)
  if (announcedBytes(request) !== null) return request.text()
  if (request.body === null) return ''
  const chunks: Uint8Array[] = []
  await drain(request.body, limit, (chunk) => chunks.push(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Lets a body pass that nobody has read, unless it is too long: clients that speak HTTP/2, such as curl 7.88, lose a
 * reply that overtakes their request. Nothing of it is kept.
 */
export const skipBody = async (request: Request, limit = LARGE_BODY_BYTES): Promise<void> => {
  if (request.bodyUsed || request.body === null || (announcedBytes(request) ?? 0) > limit) return
  await drain(request.body, limit, () => {}).catch(() => {}) // it was answered already
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('malformed', 'errors.json', { values: { reason: sentenceOf(error) } })
  }
}

const opensJson = (body: string): boolean => {
  const start = body.trimStart()
  return start.startsWith('{') || start.startsWith('[')
}

/** The fields of a form: what is called `name[]` is a list, of everything else the last one counts. */
const membersOf = (fields: Iterable<readonly [string, unknown]>): Record<string, unknown> => {
  const members = new Map<string, unknown>()
  for (const [name, value] of fields) {
    if (typeof value !== 'string') continue
    const list = name.endsWith('[]') ? name.slice(0, -2) : null
    const before = list === null ? undefined : members.get(list)
    if (list === null) members.set(name, value)
    else if (Array.isArray(before)) before.push(value)
    else members.set(list, [value])
  }
  return Object.fromEntries(members)
}

const parseForm = async (body: string, contentType: string): Promise<unknown> => {
  if (contentType.includes('x-www-form-urlencoded')) return membersOf(new URLSearchParams(body))
  try {
    const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
    return membersOf(form)
  } catch {
    return {}
  }
}

/** What a body holds, whatever it is. Refuses malformed JSON (400). */
const parseBody = async ({ headers }: Request, body: string): Promise<unknown> => {
  const contentType = headers.get('content-type') ?? ''
  if (body.trim() === '') return {}
  // `curl -d '{…}'` calls its JSON a form; so do scripts that worked with lenient servers.
  const isJson = /[/+]json/i.test(contentType) || (/^$|x-www-form-urlencoded/.test(contentType) && opensJson(body))
  if (isJson) return parseJson(body)
  return contentType === '' ? {} : parseForm(body, contentType)
}

/**
 * The members of a request's body, and of its query where the body is silent about them (behaviour/requests.md §2.1). A
 * body that is no object has none. Refuses malformed JSON (400) and bodies of more than `limit` bytes (413).
 */
export const readMembers = async (request: Request, limit: number): Promise<Members> => {
  const parsed = await parseBody(request, await readText(request, limit))
  const members = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {}
  const query = request.url.includes('?') ? queryMembers(new URL(request.url).searchParams) : {}
  return normalise({ ...query, ...members }) as Members
}

/**
 * Looks at the body of a stranger for nothing but what is refused whoever sends it: malformed JSON (400), and more than
 * `limit` bytes (413). Of what is longer than a form nothing is kept, and it passes.
 */
export const inspectBody = async (request: Request, limit: number): Promise<void> => {
  const announced = announcedBytes(request)
  refuseLargeBody(request, limit)
  if (announced !== null) {
    if (announced <= BODY_BYTES) await readMembers(request, limit)
    return
  }
  if (request.body === null) return
  const chunks: Uint8Array[] = []
  let size = 0
  await drain(request.body, limit, (chunk) => {
    size += chunk.byteLength
    if (size <= BODY_BYTES) chunks.push(chunk)
  })
  if (size <= BODY_BYTES) normalise(await parseBody(request, Buffer.concat(chunks).toString('utf8')))
}

/** The members of a query; a name that stands there twice has its last value. */
export const readQuery = (url: string): Members => normalise(Object.fromEntries(new URL(url).searchParams)) as Members

/** Credentials come from the body only; these may stand in the query as well. */
const queryMembers = (query: URLSearchParams): Members =>
  Object.fromEntries(['domain', 'phone'].flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : [])))
