import { AppError } from '../errors.ts'

/** More than any body of ours needs; the server's own limit lies above, so that our JSON refusal is sent. */
export const BODY_LIMIT_BYTES = 1_048_576

/** Edge blanks belong to a secret (spec auth.md §1). */
const NEVER_TRIMMED = new Set(['password', 'password_confirmation', 'current_password', 'old_password'])

type Members = Readonly<Record<string, unknown>>

const tooLarge = () => new AppError('too_large', 'errors.body_too_large', { values: { limit: BODY_LIMIT_BYTES } })

/** Trims text and turns blank text into null, at any depth. */
const normalise = (value: unknown, name = ''): unknown => {
  if (typeof value === 'string') {
    const text = NEVER_TRIMMED.has(name) ? value : value.trim()
    return text === '' ? null : text
  }
  if (Array.isArray(value)) return value.map((item) => normalise(item))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, normalise(member, key)]))
  }
  return value
}

const readText = async (request: Request): Promise<string> => {
  if (Number(request.headers.get('content-length') ?? 0) > BODY_LIMIT_BYTES) throw tooLarge()
  if (request.body === null) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > BODY_LIMIT_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('malformed', 'errors.json', { values: { reason: (error as Error).message } })
  }
}

const parseForm = async (body: string, contentType: string): Promise<unknown> => {
  if (contentType.includes('x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(body))
  try {
    const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
    return Object.fromEntries([...form].filter(([, value]) => typeof value === 'string'))
  } catch {
    return {}
  }
}

/**
 * The members of a request's body, and of its query where the body is silent about them (spec auth.md §1). A body
 * that is no object has none. Refuses malformed JSON (400) and too large bodies (413).
 */
export const readMembers = async (request: Request): Promise<Members> => {
  const contentType = request.headers.get('content-type') ?? ''
  const body = await readText(request)
  // `curl -d '{…}'` calls its JSON a form; so do scripts that worked with lenient servers.
  const isJson = /[/+]json/.test(contentType) || (/^$|x-www-form-urlencoded/.test(contentType) && /^\s*[[{]/.test(body))
  const parsed =
    body.trim() === '' ? {} : isJson ? parseJson(body) : contentType === '' ? {} : await parseForm(body, contentType)
  const members = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {}
  const query = request.url.includes('?') ? queryMembers(new URL(request.url).searchParams) : {}
  return normalise({ ...query, ...members }) as Members
}

/** Credentials come from the body only; these may stand in the query as well. */
const queryMembers = (query: URLSearchParams): Members =>
  Object.fromEntries(['domain', 'phone'].flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : [])))
