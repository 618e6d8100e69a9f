import { Elysia } from 'elysia'
import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import type { Caller, Role } from '../features/authentication/caller.ts'
import type { Session, Sessions } from '../features/sessions/sessions.ts'
import { readInput } from '../http/auth.ts'
import { BODY_BYTES } from '../http/body.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import { type Visit, visitOf } from '../http/visit.ts'
import { LANGUAGES, type Language } from '../messages/messages.ts'
import type { FormTokens } from './csrf.ts'
import type { Frame } from './layout.tsx'
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
export const languageCookie = (visit: Visit, language: Language): string =>
  setCookie(visit, COOKIE, language, YEAR_SECONDS)

/** The language that the browser was told to remember. */
export const speakAsChosen = (request: Request, visit: Visit): void => {
  const chosen = readCookie(request, visit, COOKIE)
  if (!isLanguage(chosen)) return
  visit.speak(chosen)
  visit.hasChosenLanguage = true
}

/**
 * Routes that people see. Their refusals are pages, they speak the language that the visitor chose (spec i18n.md §2),
 * and they exist only while the Space's panel (spec spaces.md §3) and what they need (`navigation.ts`) are on.
 * `page: true` goes with `open`, and so does `standing: true`, which is there without the panel; `signedIn: role` stands alone and needs a session.
 */
export const pages = (deps: { config: Config; sessions: Sessions; formTokens: FormTokens; navigation: Navigation }) => {
  const { config, sessions, formTokens, navigation } = deps
  const basePath = config.BASE_PATH
  const goTo = (visit: Visit, path: string, cookies: readonly string[] = []) =>
    redirect(visit, basePath, path, { cookies })

  const enter = (request: Request): { visit: Visit; frame: Frame } => {
    const visit = visitOf(request)
    visit.isPage = true
    speakAsChosen(request, visit)
    const { pathname, search } = new URL(request.url)
    const menu = visit.space.webPanel ? navigation.menuFor(visit.space, null) : []
    const frame = { menu, path: pathname + search, formToken: null, flash: readFlash(request, visit) }
    visit.frame = frame
    return { visit, frame }
  }

  /** `?lang=fr` is remembered, then leaves the address. */
  const remember = (request: Request, visit: Visit): Response | undefined => {
    if (request.method !== 'GET' || !request.url.includes('lang=')) return
    const url = new URL(request.url)
    const wanted = url.searchParams.get('lang')
    if (!isLanguage(wanted)) return
    url.searchParams.delete('lang')
    return goTo(visit, `${url.pathname}${url.search}`, [languageCookie(visit, wanted)])
  }

  /** Where whoever is not signed in goes: to the sign-in, and from there back to what was asked for. */
  const toSignIn = (request: Request, visit: Visit, { path }: Frame): Response => {
    if (request.method !== 'GET') return redirect(visit, basePath, '/login', { flash: 'flash.session_over' })
    return goTo(visit, visit.route === '/logout' ? '/login' : `/login?next=${encodeURIComponent(path)}`)
  }

  const recognise = (request: Request, visit: Visit, frame: Frame, session: Session, role: Role): void => {
    if (session.account.locale !== null) visit.speak(session.account.locale)
    visit.session = session
    visit.caller = sessions.admit(visit, session, role)
    const menu = session.kind === 'panel' ? navigation.menuFor(visit.space, visit.caller) : []
    visit.frame = { ...frame, menu, formToken: formTokens.issue(request, visit).token }
  }

  /** Where nobody has to be signed in, whoever is still sees a way back. */
  const greet = async (request: Request, visit: Visit, frame: Frame): Promise<void> => {
    const session = visit.space.webPanel ? await sessions.find(request, visit) : null
    if (session?.kind === 'panel' && !session.account.blocked) recognise(request, visit, frame, session, 'account')
  }

  /** The reply of a request that gets no further, or undefined. Refusals are thrown. */
  const admit = async (request: Request, visit: Visit, frame: Frame, role: Role): Promise<Response | undefined> => {
    if (!visit.space.webPanel) {
      if (visit.isPage) return goTo(visit, '/about')
      throw new AppError('not_found', 'errors.not_found')
    }
    navigation.check(visit.space, visit.route)
    const session = await sessions.find(request, visit)
    if (session === null) {
      if (visit.isPage) return toSignIn(request, visit, frame)
      throw new AppError('unauthenticated', 'auth.required')
    }
    if (session.account.blocked && visit.route !== '/logout') return goTo(visit, '/blocked')
    if (session.kind === 'recovery' && !OF_A_RECOVERY.includes(visit.route)) return goTo(visit, '/password')
    recognise(request, visit, frame, session, role)
    const input = readInput(request, visit, BODY_BYTES)
    if (input !== undefined) await input
    if (request.method !== 'GET') formTokens.check(request, visit)
  }

  return new Elysia({ name: 'panel/pages' }).macro({
    page: {
      detail: { hide: true },
      transform: ({ request }: { request: Request }) => {
        enter(request)
      },
      beforeHandle: ({ request }: { request: Request }) => {
        const visit = visitOf(request)
        if (!visit.space.webPanel || wantsJson(request)) return goTo(visit, '/about')
        navigation.check(visit.space, visit.route)
        return remember(request, visit)
      },
    },
    standing: {
      detail: { hide: true },
      transform: async ({ request }: { request: Request }) => {
        const { visit, frame } = enter(request)
        await greet(request, visit, frame)
      },
      beforeHandle: ({ request }: { request: Request }) => remember(request, visitOf(request)),
    },
    signedIn: (role: Role) => ({
      detail: { hide: true, security: [{ session: [role] }] },
      transform: async ({ request, route }: { request: Request; route: string }) => {
        const { visit, frame } = enter(request)
        visit.route = route
        visit.isPage = !wantsJson(request)
        visit.refused = (await admit(request, visit, frame, role)) ?? null
      },
      beforeHandle: ({ request }: { request: Request }) => {
        const visit = visitOf(request)
        return visit.refused ?? remember(request, visit)
      },
      // Nobody gets here without a session.
      resolve: ({ request }: { request: Request }): { visit: Visit; caller: Caller; session: Session } => {
        const visit = visitOf(request)
        return { visit, caller: visit.caller as Caller, session: visit.session as Session }
      },
    }),
  })
}

export type Pages = ReturnType<typeof pages>
