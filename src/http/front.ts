import type { Config } from '../config/config.ts'
import { isUnderRoot } from '../config/root-host.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'
import type { Language } from '../messages/messages.ts'
import { isExpired, type Space } from '../nouns/space.ts'
import { accessLog } from './access-log.ts'
import { skipBody } from './body.ts'
import { explain, ourBug, refusal } from './errors.ts'
import { asksForPage, Exchange, maybeExchangeOf, rememberExchange, requestId } from './exchange.ts'
import type { Metrics } from './metrics.ts'
import type { Outages } from './outages.ts'
import { isWellFormedHost, type Peer, surroundings } from './surroundings.ts'

type Handle = (request: Request) => Response | Promise<Response>

const PREFLIGHT = {
  'content-type': 'application/json',
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  'access-control-max-age': '86400',
}

/** Answers on any host, so that a load balancer may ask by address (D40). */
const HEALTH_PATH = '/up'

const ELYSIA_LOOKS_FROM = 11

const pathOf = (url: string): string => {
  // Bun writes no more than the path where a request names no host.
  if (url.startsWith('/')) return url.split('?', 1)[0] ?? '/'
  const start = url.indexOf('/', url.indexOf('://') + 3)
  if (start < 0) return '/'
  const query = url.indexOf('?', start)
  return query < 0 ? url.slice(start) : url.slice(start, query)
}

/** A path that is no UTF-8, or has a NUL in it, names nothing of ours. */
const isReadable = (path: string): boolean => {
  try {
    return !decodeURIComponent(path).includes('\0')
  } catch {
    return false
  }
}

/** The reply to a HEAD: without the body, which is measured piece by piece, because it may be long. */
const headOf = async (response: Response): Promise<Response> => {
  // A route that knows how long its answer would be makes none.
  if (response.body === null && response.headers.has('content-length')) return response
  let size = 0
  for await (const chunk of response.body ?? []) size += chunk.byteLength
  response.headers.set('content-length', String(size))
  return new Response(null, { status: response.status, headers: response.headers })
}

/**
 * What happens to every request before it meets a route, in this order: forwarding headers, CORS, the Space
 * (behaviour/requests.md §1); and what every reply gets on its way out.
 */
export const front = (deps: {
  config: Config
  /** A Space that is known already comes without a promise. */
  spaces: { byHost(host: string): Space | null | Promise<Space | null> }
  routes: Handle
  health: () => Promise<Response>
  /** A refusal as a page, where no Space answers. */
  page: (language: Language, status: number, message: string) => Response
  metrics: Metrics | null
  log: Logging
  outages: Outages
  now: () => Date
}) => {
  const { config, spaces, routes, metrics, now } = deps
  let peer: Peer | null = null
  const around = surroundings(config, () => peer)
  const basePath = config.BASE_PATH

  const admitToSpace = (space: Space | null, host: string): Space | AppError => {
    if (space === null) return new AppError('not_found', 'space.unknown_host', { values: { host } })
    if (!isUnderRoot(config, host)) return new AppError('unavailable', 'space.outside_root', { values: { host } })
    return isExpired(space, now()) ? new AppError('forbidden', 'space.expired') : space
  }

  const cors = config.CORS_ALLOW_ORIGIN
  const isApi = (path: string) => path.startsWith('/api/') || path === '/api'

  /** `*` is in the ready-made headers already, which other machine endpoints have as well. */
  const allowOrigin = ({ headers }: Response, path: string): void => {
    if (cors === '*') return
    if (isApi(path) || headers.has('access-control-allow-origin')) headers.set('access-control-allow-origin', cors)
  }

  const finish = (response: Response, path: string, exchange: Exchange | undefined): Response | Promise<Response> => {
    allowOrigin(response, path)
    if (exchange === undefined) return response
    if (exchange.challenge !== null) response.headers.set('www-authenticate', exchange.challenge)
    if (exchange.quota !== null) {
      response.headers.set('x-ratelimit-limit', String(exchange.quota.limit))
      response.headers.set('x-ratelimit-remaining', String(exchange.quota.remaining))
    }
    // Refusals name it themselves. Pages always name it, so that it does not tell whether one had something to say.
    if ((exchange.hasSpoken || exchange.isPage) && response.status < 400)
      response.headers.set('content-language', exchange.language)
    return exchange.head ? headOf(response) : response
  }

  /** No route will see the request. */
  const turnAway = (request: Request, error: AppError): Response => {
    const language = around.language(request)
    if (!asksForPage(request)) return refusal(error, language)
    const { status, say } = explain(error)
    const page = deps.page(language, status, say(language))
    if (error.retryAfterSeconds !== null) page.headers.set('retry-after', String(error.retryAfterSeconds))
    return page
  }

  const serve = (
    received: Request,
    request: Request,
    path: string,
    host: string,
    found: Space | null,
  ): Response | Promise<Response> => {
    const space = admitToSpace(found, host)
    if (space instanceof AppError) return finish(turnAway(request, space), path, undefined)
    if (path.includes('%') && !isReadable(path)) {
      return finish(turnAway(request, new AppError('not_found', 'errors.not_found')), path, undefined)
    }
    const head = request.method === 'HEAD'
    // Routes know GET only; what a HEAD must not do is the route's knowledge (`mutates`, `exchange.head`).
    const asked = head ? new Request(request.url, { method: 'GET', headers: request.headers }) : request
    const exchange = new Exchange(received, space, around, head)
    rememberExchange(asked, exchange)
    if (asked !== received) rememberExchange(received, exchange)
    const answered = routes(asked)
    return answered instanceof Promise
      ? answered.then((response) => finish(response, path, exchange))
      : finish(answered, path, exchange)
  }

  /** The Space cannot even be looked up. */
  const failed = (request: Request, path: string, error: unknown) => {
    const fields = { request_id: requestId(), method: request.method }
    const away = deps.outages(error, fields)
    if (away !== null) return finish(turnAway(request, away), path, undefined)
    deps.log.app.error('request failed', { ...fields, error })
    return finish(ourBug(fields.request_id), path, undefined)
  }

  /** The request as the routes know it: without the base path. */
  const routable = (request: Request): Request => {
    // Elysia looks for the path from the 11th character on. After a host as short as in `http://pbx` it has begun
    // before.
    const pathAt = request.url.indexOf('/', 8)
    const isShort = pathAt >= 0 && pathAt < ELYSIA_LOOKS_FROM
    if (basePath === '' && !isShort) return request
    const path = pathOf(request.url)
    const isBelow = basePath !== '' && (path === basePath || path.startsWith(`${basePath}/`))
    if (!isBelow && !isShort) return request
    const url = new URL(request.url)
    if (isBelow) url.pathname = path.slice(basePath.length) || '/'
    if (isShort) url.host = 'localhost'
    return new Request(url.href, request)
  }

  const handle = (received: Request, request: Request): Response | Promise<Response> => {
    const path = pathOf(request.url)
    if (request.method === 'OPTIONS' && isApi(path)) {
      const wanted = request.headers.get('access-control-request-headers') ?? '*'
      const headers = { ...PREFLIGHT, 'access-control-allow-origin': cors, 'access-control-allow-headers': wanted }
      return new Response(null, { status: 204, headers })
    }
    if (path === HEALTH_PATH) return deps.health()
    const host = around.host(received)
    const space = spaces.byHost(host)
    return space instanceof Promise
      ? space.then(
          (found) => serve(received, request, path, host, found),
          (error) => failed(request, path, error),
        )
      : serve(received, request, path, host, space)
  }

  const replyAfterBody = async (request: Request, answered: Response | Promise<Response>): Promise<Response> => {
    const response = await answered
    await skipBody(request)
    return response
  }

  /** Without a host nothing can be said but whether the server is well: HTTP/1.0, as old load balancers speak it. */
  const handleHostless = (received: Request, isMissing: boolean): Response | Promise<Response> => {
    const path = pathOf(received.url)
    const isHealth = path === HEALTH_PATH || path === basePath + HEALTH_PATH
    if (isMissing && isHealth) return deps.health()
    return finish(turnAway(received, new AppError('malformed', 'errors.host')), path, undefined)
  }

  const answer = (received: Request): Response | Promise<Response> => {
    const named = received.headers.get('host') ?? ''
    const isHost = isWellFormedHost(named)
    const request = isHost ? routable(received) : received
    const answered = isHost ? handle(received, request) : handleHostless(received, named === '')
    return request.method === 'GET' || request.method === 'HEAD' ? answered : replyAfterBody(request, answered)
  }

  const access = accessLog(config.ACCESS_LOG, deps.log)
  const recorded = (request: Request) =>
    access.observe(
      request,
      () => answer(request),
      () => ({ exchange: maybeExchangeOf(request), address: around.address(request) }),
    )

  return {
    /** What Bun answers with when `fetch` has failed, in place of a page of its own. */
    broken: (error: unknown): Response => {
      const id = requestId()
      deps.log.app.error('request failed', { request_id: id, error })
      const response = ourBug(id)
      allowOrigin(response, '')
      return response
    },
    /** `server` is Bun's; null in tests that have no socket. */
    fetch: (request: Request, server: Peer | null): Response | Promise<Response> => {
      peer = server
      const respond = () => (access.concerns(request) ? recorded(request) : answer(request))
      if (metrics === null) return respond()
      return metrics.observe(request, respond, () => maybeExchangeOf(request)?.route ?? '')
    },
  }
}

export type Front = ReturnType<typeof front>
