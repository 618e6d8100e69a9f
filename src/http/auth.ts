import { Elysia } from 'elysia'
import { AppError } from '../errors.ts'
import { type Caller, type KeyScope, type Role, scopeNeeded, scopesOf } from '../nouns/caller.ts'
import type { Needs, Proof, Verdict } from '../nouns/proof.ts'
import type { Visit } from '../nouns/visit.ts'
import { BODY_BYTES, inspectBody, readMembers, readQuery } from './body.ts'
import { readKeyCookie } from './cookies.ts'
import { refusal } from './errors.ts'
import { type Exchange, exchangeOf } from './exchange.ts'
import { empty } from './respond.ts'
import type { VolumeLimit } from './volume.ts'

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

/** Whether a signed `uri` is the request's, with query and base path or without (behaviour/requests.md §4.4). */
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

const proofOf = (request: Request, exchange: Exchange, basePath: string): Proof => {
  const { headers } = request
  return {
    method: exchange.head ? 'HEAD' : request.method,
    path: () => new URL(request.url).pathname,
    isTarget: (uri) => isTarget(uri, request.url, basePath),
    authorization: headers.get('authorization'),
    from: headers.get('from'),
    // Some clients send the header whether they have a key or not.
    apiKey: headers.get('x-api-key') || null,
    apiKeyCookie: readKeyCookie(request),
  }
}

const isSafe = (method: string) => method === 'GET' || method === 'HEAD'

/** Into `exchange.input`: the members of a body of at most `limit` bytes, or of the query. */
export const readInput = (request: Request, exchange: Exchange, limit: number): void | Promise<void> => {
  if (!isSafe(request.method)) {
    return readMembers(request, limit).then((members) => {
      exchange.input = members
    })
  }
  if (request.url.includes('?')) exchange.input = readQuery(request.url)
}

/**
 * What a route says of its caller: the role; the scopes besides `full` with which a named key may call it, where these
 * are not those of its method (`scopesOf`); and the most that it reads of a body where that is more than a form;
 * `itself`: the route reads it, while it arrives (`http/upload.ts`).
 */
type Requires = Role | { readonly role: Role; readonly scopes?: readonly KeyScope[]; readonly body?: number | 'itself' }

/**
 * `requires: role`, `open`: every route names its caller with one of them. Both count the request before they read its
 * body, and read the body before they refuse a caller: malformed JSON is refused whoever sends it. `mutates` marks a
 * GET that changes something: a HEAD of it does nothing, and a cookie from another site may not call it, nor may a key
 * that only reads.
 */
export const auth = (
  authentication: { authenticate(visit: Visit, proof: Proof, needs: Needs): Promise<Verdict> },
  options: {
    basePath: string
    admitted: VolumeLimit
  },
) => {
  const identify = async (request: Request, exchange: Exchange, needs: Needs): Promise<void> => {
    const proof = proofOf(request, exchange, options.basePath)
    const { caller, refused, challenge } = await authentication.authenticate(exchange, proof, needs)
    exchange.challenge = challenge
    exchange.caller = caller
    if (refused !== null) return refuse(exchange, refused)
    if (caller?.via === 'cookie' && !isSafe(request.method) && exchange.isCrossSite) {
      throw new AppError('forbidden', 'errors.cross_origin')
    }
  }

  /** A refusal is kept for `beforeHandle`: throwing it through the framework costs more than the request itself. */
  const refuse = (exchange: Exchange, error: unknown) => {
    if (!(error instanceof AppError) || exchange.isPage) throw error
    exchange.refusal = error
    exchange.refused = refusal(error, exchange.language)
  }

  const arrive = (request: Request, route: string): Exchange => {
    const exchange = exchangeOf(request)
    exchange.route = route
    return exchange
  }

  const turnAway = ({ request }: { request: Request }): Response | undefined => {
    const { refused, refusal: why, isPage } = exchangeOf(request)
    // Only now does a page know that it is one.
    if (isPage && why !== null) throw why
    return refused ?? undefined
  }

  // Hooks name what they take: handed the whole context, Elysia prepares all of it (cookies, headers, body) each time.
  return new Elysia({ name: 'http/auth' }).macro({
    open: {
      detail: { security: [] },
      transform: async ({ request, route }: { request: Request; route: string }) => {
        const exchange = arrive(request, route)
        try {
          if (options.admitted !== null) await options.admitted(exchange)
          const reading = readInput(request, exchange, BODY_BYTES)
          if (reading !== undefined) await reading
        } catch (error) {
          refuse(exchange, error)
        }
      },
      beforeHandle: turnAway,
      resolve: ({ request }: { request: Request }): { visit: Visit } => {
        const exchange = exchangeOf(request)
        return { visit: exchange }
      },
    },
    requires: (needs: Requires) => {
      const said: Exclude<Requires, Role> = typeof needs === 'string' ? { role: needs } : needs
      const { role, scopes, body: limit = BODY_BYTES } = said
      const security = [{ digest: [role] }, { apiKey: [role] }, { apiKeyCookie: [role] }]
      // For every method once, and not for every request.
      const [looking, changing] = [scopesOf('GET', scopes), scopesOf('POST', scopes)]
      return {
        detail: { security, ...(scopes === undefined ? {} : { scopes }) },
        transform: async ({ request, route }: { request: Request; route: string }) => {
          const exchange = arrive(request, route)
          try {
            await identify(request, exchange, { role, scopes: isSafe(request.method) ? looking : changing })
          } catch (error) {
            refuse(exchange, error)
          }
          try {
            if (options.admitted !== null) await options.admitted(exchange)
            if (limit === 'itself') return
            const reading =
              exchange.caller === null && !isSafe(request.method)
                ? inspectBody(request, limit)
                : readInput(request, exchange, limit)
            if (reading !== undefined) await reading
          } catch (error) {
            refuse(exchange, error)
          }
        },
        beforeHandle: turnAway,
        // A request that was refused has no caller, and its handler never runs.
        resolve: ({ request }: { request: Request }): { visit: Visit; caller: Caller } => {
          const exchange = exchangeOf(request)
          return { visit: exchange, caller: exchange.caller as Caller }
        },
      }
    },
    mutates: {
      beforeHandle: ({ request }: { request: Request }) => {
        const exchange = exchangeOf(request)
        if (exchange.refused !== null) return exchange.refused
        const { caller } = exchange
        const refused = caller?.key?.scope === 'read' ? scopeNeeded(caller, []) : null
        if (refused !== null) throw refused
        if (exchange.head) return empty()
        if (exchange.caller?.via === 'cookie' && exchange.isCrossSite) {
          throw new AppError('forbidden', 'errors.cross_origin')
        }
      },
    },
  })
}

export type Auth = ReturnType<typeof auth>
