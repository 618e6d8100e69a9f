import type { Visit } from '../nouns/visit.ts'

/**
 * The API key in clear, as browsers of the reference keep it (behaviour/requests.md §5). `lifetimeMinutes` null: until
 * the browser closes.
 */
export const withKeyCookie = (
  response: Response,
  key: string,
  visit: Visit,
  lifetimeMinutes: number | null,
): Response => {
  const lifetime = lifetimeMinutes === null ? '' : `; Max-Age=${lifetimeMinutes * 60}`
  const secure = visit.secure ? '; Secure' : ''
  response.headers.append('set-cookie', `x-api-key=${key}; Path=/${lifetime}; HttpOnly; SameSite=Lax${secure}`)
  return response
}
