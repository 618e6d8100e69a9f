import { type AnyElysia, Elysia } from 'elysia'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'
import { explain, ourBug, refusal, wrongMethod } from './errors.ts'
import { type Visit, visitOf } from './visit.ts'

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

/** The first plugin of the app: whatever is thrown anywhere leaves through here. */
export const failures = (
  log: Logging,
  app: () => AnyElysia,
  errorPage: (visit: Visit, status: number, message: string) => Response,
) => {
  let allowed: ReturnType<typeof allowedMethods> | null = null
  return new Elysia({ name: 'http/failures' }).onError({ as: 'global' }, ({ error, code, request }) => {
    const visit = visitOf(request)
    if (error instanceof AppError) {
      if (!visit.isPage) return refusal(error, visit.language)
      const { status, message } = explain(error, visit.language)
      return errorPage(visit, status, message)
    }
    if (code === 'NOT_FOUND') {
      allowed ??= allowedMethods(app())
      const methods = allowed(new URL(request.url).pathname)
      const method = visit.head ? 'HEAD' : request.method
      return methods.length > 0 && !methods.includes(method)
        ? wrongMethod(methods, visit.language)
        : refusal(new AppError('not_found', 'errors.not_found'), visit.language)
    }
    log.app.error('request failed', {
      request_id: visit.id,
      space: visit.space.domain,
      method: request.method,
      route: visit.route,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return ourBug(visit.id)
  })
}
