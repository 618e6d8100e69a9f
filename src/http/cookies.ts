/** Every cookie that is sent or read (docs/adr/0012). */

import { parseCookie, stringifySetCookie } from 'cookie'
import type { Visit } from '../nouns/visit.ts'

/**
 * Under this name a browser keeps it. Over HTTPS it is one that a browser takes for this host alone, and from HTTPS
 * alone: neither a neighbouring host nor whoever sits on a plain connection can plant it.
 */
const nameFor = (visit: Visit, name: string): string => (visit.secure ? `__Host-${name}` : name)

/** No script sees it, and other sites' forms do not send it. */
const guards = ({ secure }: Visit): string => `; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

const age = (seconds: number | null): string => (seconds === null ? '' : `; Max-Age=${seconds}`)

const kept = (request: Request, name: string): string | null => {
  const header = request.headers.get('cookie')
  return header === null ? null : (parseCookie(header)[name] ?? null)
}

/** For `Set-Cookie`. `seconds`: 0 forgets it, absent keeps it until the browser closes. */
export const setCookie = (visit: Visit, name: string, value: string, seconds?: number): string =>
  `${stringifySetCookie(nameFor(visit, name), value)}; Path=/${guards(visit)}${age(seconds ?? null)}`

/** What the browser kept; null: nothing. */
export const readCookie = (request: Request, visit: Visit, name: string): string | null =>
  kept(request, nameFor(visit, name))

const API_KEY = 'x-api-key'

/** The API key in clear and under its plain name, as browsers of the reference keep it (behaviour/requests.md §5). */
export const withKeyCookie = (response: Response, visit: Visit, key: string, minutes: number | null): Response => {
  const lifetime = age(minutes === null ? null : minutes * 60)
  response.headers.append('set-cookie', `${stringifySetCookie(API_KEY, key)}; Path=/${lifetime}${guards(visit)}`)
  return response
}

/** The API key that a browser kept; null: none, or nothing that could be one. */
export const readKeyCookie = (request: Request): string | null =>
  /^[A-Za-z0-9]+/.exec(kept(request, API_KEY) ?? '')?.[0] ?? null
