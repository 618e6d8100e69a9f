import { Elysia } from 'elysia'
import { type Visit, visitOf } from '../http/visit.ts'
import { LANGUAGES, type Language } from '../messages/messages.ts'

const COOKIE = /(?:^|;\s*)sipkeeper_language=([a-z]{2})(?:;|$)/
const YEAR_SECONDS = 31_536_000

const isLanguage = (text: string | null | undefined): text is Language => LANGUAGES.some((known) => known === text)

const redirect = (location: string, headers: Record<string, string> = {}) =>
  new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store', ...headers } })

/** `?lang=fr` is remembered, then leaves the address. */
const remember = (url: URL, language: Language, visit: Visit, basePath: string): Response => {
  url.searchParams.delete('lang')
  const secure = visit.secure ? '; Secure' : ''
  return redirect(`${basePath}${url.pathname}${url.search}`, {
    'set-cookie': `sipkeeper_language=${language}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax; HttpOnly${secure}`,
  })
}

/**
 * `page: true` marks a route that people see: it speaks the language they chose (spec i18n.md §2), its refusals are
 * pages, and it exists only while the Space's panel is on (spec spaces.md §3).
 */
export const pages = (options: { basePath: string }) =>
  new Elysia({ name: 'panel/pages' }).macro({
    page: {
      transform: ({ request }: { request: Request }) => {
        const visit = visitOf(request)
        visit.isPage = true
        const chosen = COOKIE.exec(request.headers.get('cookie') ?? '')?.[1]
        if (isLanguage(chosen)) visit.speak(chosen)
      },
      beforeHandle: ({ request }: { request: Request }) => {
        const visit = visitOf(request)
        const wantsJson = /^[^,]*[/+]json/.test(request.headers.get('accept') ?? '')
        if (!visit.space.webPanel || wantsJson) return redirect(`${options.basePath}/about`)
        if (request.method !== 'GET' || !request.url.includes('lang=')) return
        const url = new URL(request.url)
        const wanted = url.searchParams.get('lang')
        if (isLanguage(wanted)) return remember(url, wanted, visit, options.basePath)
      },
    },
  })

export type Pages = ReturnType<typeof pages>
