import type { AppError } from '../errors.ts'
import type { Language } from '../messages/messages.ts'
import type { Caller } from '../nouns/caller.ts'
import type { Session } from '../nouns/session.ts'
import type { Space } from '../nouns/space.ts'
import type { Members, Visit } from '../nouns/visit.ts'
import { networkOf } from '../protocols/ip-address.ts'
import type { Frame } from './frame.ts'

/** Of the volume limit: how many requests there are in its period, and how many are left. */
export interface Quota {
  readonly limit: number
  readonly remaining: number
}

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

/**
 * One request and what its reply needs beside its body. Only `http/` and `panel/` write here; use cases are handed it
 * as a `Visit`, which they can only read.
 */
export class Exchange implements Visit {
  readonly space: Space
  readonly head: boolean
  caller: Caller | null = null
  session: Session | null = null
  chosenLanguage: Language | null = null
  input: Members = {}
  /** For `WWW-Authenticate`: on 401, and on digest successes. */
  challenge: string | null = null
  /** The reply of a request that was refused before its route; nothing else runs. */
  refused: Response | null = null
  /** Why it was, where that is known: a page says it in its own way. */
  refusal: AppError | null = null
  /** What is left of the caller's volume limit, when there is one. */
  quota: Quota | null = null
  /** The pattern of the route that answers, for metrics; empty until one was found. */
  route = ''
  /** A person reads the answer: refusals are pages too. */
  isPage = false
  /** What surrounds the page; null outside of the panel. */
  frame: Frame | null = null
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

  get address(): string {
    this.#address ??= this.#around.address(this.#request)
    return this.#address
  }

  get network(): string {
    return networkOf(this.address)
  }

  get path(): string {
    return new URL(this.#request.url).pathname
  }

  get userAgent(): string | null {
    return this.#request.headers.get('user-agent')?.slice(0, 255) ?? null
  }

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

  get id(): string {
    this.#id ??= requestId()
    return this.#id
  }

  get secure(): boolean {
    return this.#around.scheme(this.#request) === 'https'
  }

  baseUrl(space: Pick<Space, 'host'> = this.space): string {
    return this.#around.linkTo(this.#request, space.host)
  }

  get isCrossSite(): boolean {
    const { headers } = this.#request
    const site = headers.get('sec-fetch-site')
    if (site !== null) return site !== 'same-origin' && site !== 'none'
    const origin = headers.get('origin')
    return origin !== null && !this.#isOwnOrigin(origin)
  }

  /** Of our own pages, by whichever of our addresses they were opened. */
  #isOwnOrigin(origin: string): boolean {
    return origin === this.baseUrl() || origin === this.#around.origin(this.#request)
  }
}

/** Kept on the request itself: a WeakMap of requests makes every garbage collection walk it. */
const EXCHANGE = Symbol('exchange')
type Exchanged = Request & { [EXCHANGE]?: Exchange }

export const rememberExchange = (request: Request, exchange: Exchange): void => {
  ;(request as Exchanged)[EXCHANGE] = exchange
}

/** Outside of any Space there is none: errors before resolution, `/up`. */
export const maybeExchangeOf = (request: Request): Exchange | undefined => (request as Exchanged)[EXCHANGE]

export const exchangeOf = (request: Request): Exchange => {
  const exchange = maybeExchangeOf(request)
  if (exchange === undefined) throw new Error('A request reached a route without passing the front.')
  return exchange
}

/** A browser wants to show the answer. What programs speak to has no pages. */
export const asksForPage = (request: Request): boolean => {
  // A request that names no host has no URL that can be read.
  const pathname = URL.parse(request.url)?.pathname ?? '/'
  const isForPrograms = pathname === '/api' || pathname.startsWith('/api/')
  return !isForPrograms && /^text\/html\b/i.test(request.headers.get('accept') ?? '')
}
