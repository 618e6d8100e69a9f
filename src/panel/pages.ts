import { Elysia } from 'elysia'
import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import { readInput } from '../http/auth.ts'
import { BODY_BYTES } from '../http/body.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import { type Exchange, exchangeOf } from '../http/exchange.ts'
import type { Frame } from '../http/frame.ts'
import { LANGUAGES, type Language } from '../messages/messages.ts'
import type { Caller, Role } from '../nouns/caller.ts'
import type { Session } from '../nouns/session.ts'
import type { Visit } from '../nouns/visit.ts'
import type { Answers, MakeAnswers } from './answers.tsx'
import type { FormTokens } from './csrf.ts'
import type { Navigation } from './navigation.ts'
import { readFlash, redirect } from './redirect.ts'

const COOKIE = 'sipkeeper_language'
const YEAR_SECONDS = 31_536_000

/** Where a recovery session may go: it sets a password or keeps the old one, or ends. */
const OF_A_RECOVERY: readonly string[] = ['/password', '/password/keep', '/logout']

const isLanguage = (text: unknown): text is Language => LANGUAGES.some((known) => known === text)

/** A program asks, and wants no page to look at. */
const wantsJson = (request: Request): boolean => /^[^,]*[/+]json/.test(request.headers.get('accept') ?? '')

/** For `Set-Cookie`: the language that this browser wants. */
export const languageCookie = (exchange: Visit, language: Language): string =>
  setCookie(exchange, COOKIE, language, YEAR_SECONDS)

/** The language that the browser was told to remember. */
export const speakAsChosen = (request: Request, exchange: Exchange): void => {
  const chosen = readCookie(request, exchange, COOKIE)
  if (!isLanguage(chosen)) return
  exchange.speak(chosen)
  exchange.chosenLanguage = chosen
}

/**
 * For a page that no route makes: speaks as its address asks (`?lang=fr`), and resolves to where the same page can be had
 * in another language, below the base path; null: nowhere, as it answers a form.
 */
export const againIn = (request: Request, exchange: Exchange): string | null => {
  const url = new URL(request.url)
  const wanted = url.searchParams.get('lang')
  if (isLanguage(wanted)) exchange.speak(wanted)
  url.searchParams.delete('lang')
  // Two slashes would lead to another host.
  return request.method !== 'GET' || url.pathname.startsWith('//') ? null : `${url.pathname}${url.search}`
}

/** `upload`: the route takes the form while it arrives (`upload` of its answers), which checks its token then. */
type Needs = Role | { readonly role: Role; readonly upload: true }

const roleIn = (needs: Needs): Role => (typeof needs === 'string' ? needs : needs.role)

/** What pages ask of the sessions. */
interface SessionsOfPages {
  /** The session of the request's cookie while it lives; null otherwise. */
  find(request: Request, visit: Visit): Promise<Session | null>
  /** The caller that it makes of its browser; refuses one who may not act as `role`. */
  admit(visit: Visit, session: Session, role: Role): Caller
}

/**
 * Routes that people see. Their refusals are pages, they speak the language that the visitor chose
 * (behaviour/languages.md §2), and they exist only while the Space's panel and what they need (`navigation.ts`) are on
 * (behaviour/panel.md §1.1). `page: true` goes with `open`, and so does `standing: true`, which is there without the
 * panel; `signedIn: role` stands alone and needs a session. A form that is sent to any of them brings its token, or its
 * handler never runs. Handlers are handed what they answer with (`answers.tsx`).
 */
export const pages = (deps: {
  config: Config
  sessions: SessionsOfPages
  formTokens: FormTokens
  navigation: Navigation
  answers: MakeAnswers
}) => {
  const { config, sessions, formTokens, navigation, answers } = deps
  const basePath = config.BASE_PATH

  /** Refuses a form of somebody else. Every page route comes by here, whoever is signed in. */
  const protect = (request: Request, exchange: Exchange): void => {
    if (request.method !== 'GET' && request.method !== 'HEAD') formTokens.check(request, exchange)
  }

  const resolve = ({ request }: { request: Request }): Answers => answers(request, exchangeOf(request))

  const goTo = (exchange: Exchange, path: string, cookies: readonly string[] = []) =>
    redirect(exchange, basePath, path, { cookies })

  const enter = (request: Request): { exchange: Exchange; frame: Frame } => {
    const exchange = exchangeOf(request)
    exchange.isPage = true
    speakAsChosen(request, exchange)
    const { pathname, search } = new URL(request.url)
    const menu = exchange.space.webPanel ? navigation.menuFor(exchange.space, null) : []
    const frame = { menu, path: pathname + search, formToken: null, flash: readFlash(request, exchange) }
    exchange.frame = frame
    return { exchange, frame }
  }

  /** `?lang=fr` is remembered, then leaves the address. */
  const remember = (request: Request, exchange: Exchange): Response | undefined => {
    if (request.method !== 'GET' || !request.url.includes('lang=')) return
    const url = new URL(request.url)
    const wanted = url.searchParams.get('lang')
    if (!isLanguage(wanted)) return
    url.searchParams.delete('lang')
    return goTo(exchange, `${url.pathname}${url.search}`, [languageCookie(exchange, wanted)])
  }

  /** Where whoever is not signed in goes: to the sign-in, and from there back to what was asked for. */
  const toSignIn = (request: Request, exchange: Exchange, { path }: Frame): Response => {
    if (request.method !== 'GET') return redirect(exchange, basePath, '/login', { flash: 'flash.session_over' })
    return goTo(exchange, exchange.route === '/logout' ? '/login' : `/login?next=${encodeURIComponent(path)}`)
  }

  const recognise = (request: Request, exchange: Exchange, frame: Frame, session: Session, role: Role): void => {
    if (session.account.locale !== null) exchange.speak(session.account.locale)
    exchange.session = session
    exchange.caller = sessions.admit(exchange, session, role)
    const menu = session.kind === 'panel' ? navigation.menuFor(exchange.space, exchange.caller) : []
    exchange.frame = { ...frame, menu, formToken: formTokens.issue(request, exchange).token }
  }

  /** Where nobody has to be signed in, whoever is still sees a way back. */
  const greet = async (request: Request, exchange: Exchange, frame: Frame): Promise<void> => {
    const session = exchange.space.webPanel ? await sessions.find(request, exchange) : null
    if (session?.kind === 'panel' && !session.account.blocked) recognise(request, exchange, frame, session, 'account')
  }

  /** The reply of a request that gets no further, or undefined. Refusals are thrown. */
  const admit = async (
    request: Request,
    exchange: Exchange,
    frame: Frame,
    role: Role,
    readsItself: boolean,
  ): Promise<Response | undefined> => {
    if (!exchange.space.webPanel) {
      if (exchange.isPage) return goTo(exchange, '/about')
      throw new AppError('not_found', 'errors.not_found')
    }
    navigation.check(exchange.space, exchange.route)
    const session = await sessions.find(request, exchange)
    if (session === null) {
      if (exchange.isPage) return toSignIn(request, exchange, frame)
      throw new AppError('unauthenticated', 'auth.required')
    }
    if (session.account.blocked && exchange.route !== '/logout') return goTo(exchange, '/blocked')
    if (session.kind === 'recovery' && !OF_A_RECOVERY.includes(exchange.route)) return goTo(exchange, '/password')
    recognise(request, exchange, frame, session, role)
    if (readsItself) return
    const input = readInput(request, exchange, BODY_BYTES)
    if (input !== undefined) await input
    protect(request, exchange)
  }

  return new Elysia({ name: 'panel/pages' }).macro({
    page: {
      detail: { hide: true },
      transform: ({ request }: { request: Request }) => {
        enter(request)
      },
      beforeHandle: ({ request }: { request: Request }) => {
        const exchange = exchangeOf(request)
        if (!exchange.space.webPanel || wantsJson(request)) return goTo(exchange, '/about')
        navigation.check(exchange.space, exchange.route)
        protect(request, exchange)
        return remember(request, exchange)
      },
      resolve,
    },
    standing: {
      detail: { hide: true },
      transform: async ({ request }: { request: Request }) => {
        const { exchange, frame } = enter(request)
        await greet(request, exchange, frame)
      },
      beforeHandle: ({ request }: { request: Request }) => {
        const exchange = exchangeOf(request)
        protect(request, exchange)
        return remember(request, exchange)
      },
      resolve,
    },
    /** A route that answers programs and people: those who are told from programs by `isPerson` read refusals as pages. */
    people: (isPerson: (request: Request) => boolean) => ({
      beforeHandle: ({ request }: { request: Request }) => {
        exchangeOf(request).isPage = isPerson(request)
      },
      resolve,
    }),
    /** A page outside of the panel, in one language, or in that which its address asks for (`?lang=fr`). */
    speaks: (language: Language | 'asked') => ({
      beforeHandle: ({ request }: { request: Request }) => {
        const exchange = exchangeOf(request)
        const wanted = language === 'asked' ? exchange.input.lang : language
        if (isLanguage(wanted)) exchange.speak(wanted)
      },
      resolve,
    }),
    signedIn: (needs: Needs) => ({
      detail: { hide: true, security: [{ session: [roleIn(needs)] }] },
      transform: async ({ request, route }: { request: Request; route: string }) => {
        const { exchange, frame } = enter(request)
        exchange.route = route
        exchange.isPage = !wantsJson(request)
        exchange.refused = (await admit(request, exchange, frame, roleIn(needs), typeof needs !== 'string')) ?? null
      },
      beforeHandle: ({ request }: { request: Request }) => {
        const exchange = exchangeOf(request)
        return exchange.refused ?? remember(request, exchange)
      },
      // Nobody gets here without a session.
      resolve: ({ request }: { request: Request }): Answers & { visit: Visit; caller: Caller; session: Session } => {
        const exchange = exchangeOf(request)
        const { caller, session } = exchange
        const answered = answers(request, exchange)
        return { ...answered, visit: exchange, caller: caller as Caller, session: session as Session }
      },
    }),
  })
}

export type Pages = ReturnType<typeof pages>
