import type { AppError } from '../errors.ts'
import type { Caller } from '../features/authentication/caller.ts'
import type { Session } from '../features/sessions/sessions.ts'
import type { Space } from '../features/spaces/space.ts'
import type { Language } from '../messages/messages.ts'
import type { Frame } from '../panel/layout.tsx'
import { networkOf } from '../protocols/ip-address.ts'

/** The parts of a request that are worked out only when somebody asks: most requests need few of them. */
export interface Surroundings {
  address(request: Request): string
  scheme(request: Request): 'http' | 'https'
  /** Of links to a Space on that host. */
  linkTo(request: Request, host: string): string
  /** As a browser names the origin of pages that it asked for with this host. */
  origin(request: Request): string
  /** What the browser prefers; `fallback` when it says nothing that we speak. */
  language(request: Request, fallback?: Language): Language
}

/** The name of a request in the log. */
export const requestId = (): string => crypto.randomUUID()

/** What the server knows about one request. Handlers hand it to use cases, which never see the request itself. */
export class Visit {
  /** Set on 401 and on digest successes; the front writes it into the reply. */
  challenge: string | null = null
  caller: Caller | null = null
  /** The reply of a request that was refused before its route; nothing else runs. */
  refused: Response | null = null
  /** Why it was, where that is known: a page says it in its own way. */
  refusal: AppError | null = null
  /** The body, parsed, trimmed, blank strings as null; empty for a body that is no object. */
  input: Readonly<Record<string, unknown>> = {}
  /** What is left of the caller's volume limit, when there is one. */
  quota: { readonly limit: number; readonly remaining: number } | null = null
  /** The pattern of the route that answers, for metrics; empty until one was found. */
  route = ''
  /** A person reads the answer: refusals are pages too. */
  isPage = false
  /** The visitor chose the language here; an account that signs in now goes on with it. */
  hasChosenLanguage = false
  /** Of the caller's browser, on pages that need one. */
  session: Session | null = null
  /** What surrounds the page; null outside of the panel. */
  frame: Frame | null = null
  /** The request was a HEAD: nothing may change. */
  readonly head: boolean
  readonly space: Space
  readonly #request: Request
  readonly #around: Surroundings
  #address: string | null = null
  #id: string | null = null
  #language: Language | null = null

  constructor(request: Request, space: Space, around: Surroundings, head: boolean) {
    this.#request = request
    this.space = space
    this.#around = around
    this.head = head
  }

  /** The client's address: the TCP peer, or the forwarded one from a trusted proxy; in canonical form. */
  get address(): string {
    this.#address ??= this.#around.address(this.#request)
    return this.#address
  }

  /** Whom limits by address count: the IPv4 address, or the /64 of an IPv6 one (D56). */
  get network(): string {
    return networkOf(this.address)
  }

  get path(): string {
    return new URL(this.#request.url).pathname
  }

  get userAgent(): string | null {
    return this.#request.headers.get('user-agent')?.slice(0, 255) ?? null
  }

  /** The SIP address that a client says is its own, as it says it. */
  get from(): string | null {
    return this.#request.headers.get('from')
  }

  get language(): Language {
    this.#language ??= this.#around.language(this.#request, this.space.locale ?? undefined)
    return this.#language
  }

  /** The reply depends on the language. */
  get hasSpoken(): boolean {
    return this.#language !== null
  }

  /** The language is known by other means than the browser's. */
  speak(language: Language): void {
    this.#language = language
  }

  /** In log lines and in replies to our own bugs. */
  get id(): string {
    this.#id ??= requestId()
    return this.#id
  }

  get secure(): boolean {
    return this.#around.scheme(this.#request) === 'https'
  }

  /** `https://accounts.example.org`, the host from the Space's row, the rest as everywhere (D57). */
  baseUrl(space: Pick<Space, 'host'> = this.space): string {
    return this.#around.linkTo(this.#request, space.host)
  }

  /** A script or form of our own pages, by whichever of our addresses they were opened. */
  isOwnOrigin(origin: string): boolean {
    return origin === this.baseUrl() || origin === this.#around.origin(this.#request)
  }
}

/** Kept on the request itself: a WeakMap of requests makes every garbage collection walk it. */
const VISIT = Symbol('visit')
type Visited = Request & { [VISIT]?: Visit }

export const rememberVisit = (request: Request, visit: Visit): void => {
  ;(request as Visited)[VISIT] = visit
}

/** Outside of any Space there is none: errors before resolution, `/up`. */
export const maybeVisitOf = (request: Request): Visit | undefined => (request as Visited)[VISIT]

export const visitOf = (request: Request): Visit => {
  const visit = maybeVisitOf(request)
  if (visit === undefined) throw new Error('A request reached a route without passing the front.')
  return visit
}

/** A browser wants to show the answer. What programs speak to has no pages. */
export const asksForPage = (request: Request): boolean => {
  // null: it named no host.
  const pathname = URL.parse(request.url)?.pathname ?? '/'
  const isForPrograms = pathname === '/api' || pathname.startsWith('/api/')
  return !isForPrograms && /^text\/html\b/i.test(request.headers.get('accept') ?? '')
}
