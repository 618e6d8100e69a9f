import { Elysia } from 'elysia'
import { AppError } from '../errors.ts'
import type { Authentication, Proof } from '../features/authentication/authentication.ts'
import type { Caller, Role } from '../features/authentication/caller.ts'
import { BODY_BYTES, inspectBody, readMembers, readQuery } from './body.ts'
import { refusal } from './errors.ts'
import { empty } from './respond.ts'
import { type Visit, visitOf } from './visit.ts'

const COOKIE = /(?:^|;\s*)x-api-key=([A-Za-z0-9]+)/

/** The path and query of a URL. */
const targetOf = (url: string): string => {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  return start < 0 ? '/' : url.slice(start)
}

/** Clients sign the target as they wrote it; the server sees `"` and `<` of it percent-encoded. */
const asSeen = (uri: string): string | null => {
  const url = uri.startsWith('/') ? URL.parse(`http://host${uri}`) : null
  return url === null ? null : url.pathname + url.search
}

/** Whether a signed `uri` is the request's, with or without its query and the base path (spec auth.md §4.3 #6). */
const isTarget = (uri: string, url: string, basePath: string): boolean => {
  const target = targetOf(url)
  const query = target.indexOf('?')
  const matches = (spelling: string) =>
    spelling === target || (query >= 0 && spelling.length === query && target.startsWith(spelling))
  const isOurs = (spelling: string) =>
    matches(spelling) ||
    (basePath !== '' && spelling.startsWith(`${basePath}/`) && matches(spelling.slice(basePath.length)))
  if (isOurs(uri)) return true
  const seen = asSeen(uri)
  return seen !== null && seen !== uri && isOurs(seen)
}

/** A browser says where a request comes from; a cookie from elsewhere changes nothing (CSRF). */
export const comesFromElsewhere = (request: Request, visit: Visit): boolean => {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const origin = request.headers.get('origin')
  return origin !== null && !visit.isOwnOrigin(origin)
}

const proofOf = (request: Request, visit: Visit, basePath: string): Proof => {
  const { headers } = request
  const cookie = headers.get('cookie')
  return {
    method: visit.head ? 'HEAD' : request.method,
    path: () => new URL(request.url).pathname,
    isTarget: (uri) => isTarget(uri, request.url, basePath),
    authorization: headers.get('authorization'),
    from: headers.get('from'),
    // Some clients send the header whether they have a key or not.
    apiKey: headers.get('x-api-key') || null,
    apiKeyCookie: cookie === null ? null : (COOKIE.exec(cookie)?.[1] ?? null),
  }
}

const isSafe = (method: string) => method === 'GET' || method === 'HEAD'

/** Into `visit.input`: the members of a body of at most `limit` bytes, or of the query. */
export const readInput = (request: Request, visit: Visit, limit: number): void | Promise<void> => {
  if (!isSafe(request.method)) {
    return readMembers(request, limit).then((members) => {
      visit.input = members
    })
  }
  if (request.url.includes('?')) visit.input = readQuery(request.url)
}

/** What a route asks of its caller, and the most that it reads of a body where that is more than a form. */
type Needs = Role | { readonly role: Role; readonly body: number }

/**
 * `requires: role`, `open`: every route names its caller with one of them. Both count the request before they read its
 * body, and read the body before they refuse a caller: malformed JSON is refused whoever sends it. `mutates` marks a
 * GET that changes something: a HEAD of it does nothing, and a cookie from another site may not call it.
 */
export const auth = (
  authentication: Authentication,
  options: {
    basePath: string
    /** Counts the request against the caller's volume limit, or the address's when nobody was recognised. */
    admitted(visit: Visit): Promise<void> | void
    /** There is such a limit at all. */
    limited: boolean
  },
) => {
  const identify = async (request: Request, visit: Visit, role: Role): Promise<void> => {
    const proof = proofOf(request, visit, options.basePath)
    const caller = await authentication.authenticate(visit, proof, role)
    if (caller instanceof AppError) return refuse(visit, caller)
    if (caller.via === 'cookie' && !isSafe(request.method) && comesFromElsewhere(request, visit)) {
      throw new AppError('forbidden', 'errors.cross_origin')
    }
  }

  /** A refusal is kept for `beforeHandle`: throwing it through the framework costs more than the request itself. */
  const refuse = (visit: Visit, error: unknown) => {
    if (!(error instanceof AppError) || visit.isPage) throw error
    visit.refusal = error
    visit.refused = refusal(error, visit.language)
  }

  const arrive = (request: Request, route: string): Visit => {
    const visit = visitOf(request)
    visit.route = route
    return visit
  }

  const turnAway = ({ request }: { request: Request }): Response | undefined => {
    const { refused, refusal: why, isPage } = visitOf(request)
    // Only now does a page know that it is one.
    if (isPage && why !== null) throw why
    return refused ?? undefined
  }

  // Hooks name what they take: handed the whole context, Elysia prepares all of it (cookies, headers, body) each time.
  return new Elysia({ name: 'http/auth' }).macro({
    open: {
      detail: { security: [] },
      transform: async ({ request, route }: { request: Request; route: string }) => {
        const visit = arrive(request, route)
        try {
          if (options.limited) await options.admitted(visit)
          const reading = readInput(request, visit, BODY_BYTES)
          if (reading !== undefined) await reading
        } catch (error) {
          refuse(visit, error)
        }
      },
      beforeHandle: turnAway,
      resolve: ({ request }: { request: Request }): { visit: Visit } => ({ visit: visitOf(request) }),
    },
    requires: (needs: Needs) => {
      const { role, body: limit } = typeof needs === 'string' ? { role: needs, body: BODY_BYTES } : needs
      return {
        detail: { security: [{ digest: [role] }, { apiKey: [role] }, { apiKeyCookie: [role] }] },
        transform: async ({ request, route }: { request: Request; route: string }) => {
          const visit = arrive(request, route)
          try {
            await identify(request, visit, role)
          } catch (error) {
            refuse(visit, error)
          }
          try {
            if (options.limited) await options.admitted(visit)
            const reading =
              visit.caller === null && !isSafe(request.method)
                ? inspectBody(request, limit)
                : readInput(request, visit, limit)
            if (reading !== undefined) await reading
          } catch (error) {
            refuse(visit, error)
          }
        },
        beforeHandle: turnAway,
        // A request that was refused has no caller, and its handler never runs.
        resolve: ({ request }: { request: Request }): { visit: Visit; caller: Caller } => {
          const visit = visitOf(request)
          return { visit, caller: visit.caller as Caller }
        },
      }
    },
    mutates: {
      beforeHandle: ({ request }: { request: Request }) => {
        const visit = visitOf(request)
        if (visit.refused !== null) return visit.refused
        if (visit.head) return empty()
        if (visit.caller?.via === 'cookie' && comesFromElsewhere(request, visit)) {
          throw new AppError('forbidden', 'errors.cross_origin')
        }
      },
    },
  })
}

export type Auth = ReturnType<typeof auth>
