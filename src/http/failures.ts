import { type AnyElysia, Elysia } from 'elysia'
import { isOrphan } from '../db/collision.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'
import { type Language, type MessageId, translate } from '../messages/messages.ts'
import { explain, ourBug, refusal, wrongMethod } from './errors.ts'
import { asksForPage, type Exchange, exchangeOf } from './exchange.ts'
import type { Outages } from './outages.ts'

/** Path pattern → its methods, for 405. Patterns with more literal segments come first, as in the router. */
const allowedMethods = (app: AnyElysia) => {
  const patterns = new Map<string, Set<string>>()
  for (const { path, method } of app.routes) {
    const pattern = path
      .replace(/\/$/, '')
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[^/]+/g, '[^/]+')
    const methods = patterns.get(pattern) ?? new Set()
    methods.add(method.toUpperCase())
    if (method.toUpperCase() === 'GET') methods.add('HEAD')
    patterns.set(pattern, methods)
  }
  const parameters = (pattern: string) => pattern.split('[^/]+').length
  const table = [...patterns]
    .sort(([a], [b]) => parameters(a) - parameters(b))
    .map(([pattern, methods]) => ({ pattern: new RegExp(`^${pattern}/?$`), methods: [...methods] }))
  return (path: string): readonly string[] => table.find(({ pattern }) => pattern.test(path))?.methods ?? []
}

/** What a page says of a refusal. `say`: its sentence, in the language that the page turns out to speak. */
export interface Refused {
  readonly status: number
  readonly id: MessageId
  readonly say: (language: Language) => string
}

type ErrorPage = (request: Request, exchange: Exchange, refused: Refused) => Response

/** One sentence of the catalogue, which needs no values. */
const plain = (status: number, id: MessageId): Refused => ({
  status,
  id,
  say: (language) => translate(language, { id }),
})

/** The first plugin of the app: whatever is thrown anywhere leaves through here. */
export const failures = (log: Logging, outages: Outages, app: () => AnyElysia, errorPage: ErrorPage) => {
  let allowed: ReturnType<typeof allowedMethods> | null = null
  return new Elysia({ name: 'http/failures' }).onError({ as: 'global' }, ({ error, code, request }) => {
    const exchange = exchangeOf(request)
    if (error instanceof AppError && !exchange.isPage) return refusal(error, exchange.language, exchange.caller?.role)
    const isPage = exchange.isPage || asksForPage(request)
    const refuse = (refused: AppError): Response => {
      if (!isPage) return refusal(refused, exchange.language, exchange.caller?.role)
      const page = errorPage(request, exchange, { id: refused.text.id, ...explain(refused) })
      if (refused.retryAfterSeconds !== null) page.headers.set('retry-after', String(refused.retryAfterSeconds))
      return page
    }
    if (error instanceof AppError) return refuse(error)
    if (code === 'NOT_FOUND') {
      allowed ??= allowedMethods(app())
      const methods = allowed(new URL(request.url).pathname)
      const method = exchange.head ? 'HEAD' : request.method
      if (methods.length === 0 || methods.includes(method)) {
        return refuse(new AppError('not_found', 'errors.not_found'))
      }
      const wrong = wrongMethod(methods, exchange.language)
      if (!isPage) return wrong
      // A person who opens the address of a form's answer reads that nothing is there, not names of methods.
      const page = errorPage(request, exchange, plain(405, 'errors.not_found'))
      page.headers.set('allow', wrong.headers.get('allow') ?? '')
      return page
    }
    const fields = {
      request_id: exchange.id,
      space: exchange.space.domain,
      method: request.method,
      route: exchange.route,
    }
    const away = outages(error, fields)
    if (away !== null) return refuse(away)
    if (isOrphan(error)) {
      log.app.warn('a row belongs to something that was deleted', { ...fields, error: String(error) })
      return refuse(new AppError('conflict', 'errors.gone_meanwhile'))
    }
    log.app.error('request failed', { ...fields, error: error instanceof Error ? error : String(error) })
    if (!isPage) return ourBug(exchange.id)
    const page = errorPage(request, exchange, plain(500, 'errors.ours'))
    page.headers.set('x-request-id', exchange.id)
    return page
  })
}
