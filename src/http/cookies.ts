import type { Visit } from '../nouns/visit.ts'

/**
 * Under this name a browser keeps it. Over HTTPS it is one that a browser takes for this host alone, and from HTTPS alone:
 * neither a neighbouring host nor whoever sits on a plain connection can plant it.
 */
const nameFor = (visit: Visit, name: string): string => (visit.secure ? `__Host-${name}` : name)

/** For `Set-Cookie`: no script sees it, and other sites' forms do not send it. `seconds`: 0 forgets it, absent keeps it until the browser closes. */
export const setCookie = (visit: Visit, name: string, value: string, seconds?: number): string =>
  [
    `${nameFor(visit, name)}=${value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Lax',
    ...(visit.secure ? ['Secure'] : []),
    ...(seconds === undefined ? [] : [`Max-Age=${seconds}`]),
  ].join('; ')

/** What the browser kept; null: nothing. */
export const readCookie = (request: Request, visit: Visit, name: string): string | null => {
  const start = `${nameFor(visit, name)}=`
  const cookies = (request.headers.get('cookie') ?? '').split(';')
  const found = cookies.map((cookie) => cookie.trim()).find((cookie) => cookie.startsWith(start))
  return found?.slice(start.length) ?? null
}
