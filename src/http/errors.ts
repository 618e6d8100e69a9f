import type { AppError, RefusalCode } from '../errors.ts'
import type { Message } from '../messages/messages.ts'
import { fieldName, type Language, translate } from '../messages/messages.ts'
import type { Role } from '../nouns/caller.ts'
import { optional, text } from './input.ts'
import { described, listOf, mapOf, record } from './output.ts'
import { COMMON } from './respond.ts'

const settings = optional(
  described(listOf(text()), 'To administrators: the settings of the server, or members of the Space, that decide so.'),
)
export const RefusalSchema = record('Refusal', { message: text(), settings })
export const InvalidSchema = record('Invalid', {
  message: text(),
  errors: optional(
    described(mapOf(listOf(text())), 'By the name of the member; absent where no single member is wrong.'),
  ),
  settings,
})

const STATUS: Record<RefusalCode, number> = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  invalid: 422,
  rate_limited: 429,
  unavailable: 503,
}

const headers = (language: Language, more: Record<string, string> = {}) => ({
  'content-type': 'application/json',
  ...COMMON,
  'content-language': language,
  ...more,
})

/** The settings behind a refusal, which only who can change them is told. */
const settingsOf = (error: AppError, role: Role | null): readonly string[] => {
  if (role !== 'admin' && role !== 'super') return []
  const messages = [error.text, ...[...error.fields.values()].flat()]
  return [...new Set(messages.flatMap(({ setting }) => setting ?? []))]
}

/** The first message of the first field, then how many more there are (behaviour/requests.md §3.3). */
const fieldErrors = (error: AppError, language: Language) => {
  const errors: Record<string, string[]> = {}
  let count = 0
  for (const [field, messages] of error.fields) {
    const field_ = fieldName(language, field)
    errors[field] = messages.map(({ id, values }) => translate(language, { id, values: { field: field_, ...values } }))
    count += messages.length
  }
  const first = Object.values(errors)[0]?.[0] ?? translate(language, error.text)
  const more = count > 1 ? translate(language, { id: 'errors.more', values: { count: count - 1 } }) : ''
  return { message: first + more, errors }
}

/** The status and the sentence of a refusal, for pages. */
export const explain = (error: AppError): { status: number; say: (language: Language) => string } => ({
  status: STATUS[error.code],
  say: (language) => (error.fields.size > 0 ? fieldErrors(error, language).message : translate(language, error.text)),
})

/** Ready-made headers and bodies of refusals without values: most replies to strangers are one of a few. */
const plainHeaders: Record<Language, Headers> = { en: new Headers(headers('en')), fr: new Headers(headers('fr')) }
const plainBodies: Record<Language, Map<string, string>> = { en: new Map(), fr: new Map() }

const plainRefusal = (error: AppError, language: Language): Response => {
  const { id } = error.text
  let body = plainBodies[language].get(id)
  if (body === undefined) {
    body = JSON.stringify({ message: translate(language, error.text) })
    plainBodies[language].set(id, body)
  }
  return new Response(body, { status: STATUS[error.code], headers: plainHeaders[language] })
}

/** The one place where a refusal becomes a reply. */
export const refusal = (error: AppError, language: Language, role: Role | null = null): Response => {
  const settings = settingsOf(error, role)
  const hasValues = error.text.values !== undefined || error.retryAfterSeconds !== null || settings.length > 0
  if (error.fields.size === 0 && !hasValues) return plainRefusal(error, language)
  const said = error.fields.size > 0 ? fieldErrors(error, language) : { message: translate(language, error.text) }
  const body = settings.length > 0 ? { ...said, settings } : said
  const more = error.retryAfterSeconds === null ? {} : { 'retry-after': String(error.retryAfterSeconds) }
  return new Response(JSON.stringify(body), { status: STATUS[error.code], headers: headers(language, more) })
}

/** 405: the path exists, the method does not. */
export const wrongMethod = (allowed: readonly string[], language: Language): Response => {
  const methods = allowed.join(', ')
  const message: Message = { id: 'errors.method', values: { methods } }
  return new Response(JSON.stringify({ message: translate(language, message) }), {
    status: 405,
    headers: headers(language, { allow: methods }),
  })
}

/** Our own bug: a fixed text (`wire`), the rest is in the log under the request id. */
export const ourBug = (requestId: string): Response =>
  new Response(JSON.stringify({ message: 'Server Error' }), {
    status: 500,
    headers: headers('en', { 'x-request-id': requestId }),
  })
