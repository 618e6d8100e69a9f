import { readCookie, setCookie } from '../http/cookies.ts'
import { isMessage, type MessageId } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'

/** What is said once on the page that somebody is sent to. */
export type Flash = Extract<MessageId, `flash.${string}`>

const COOKIE = 'sipkeeper_flash'

/** What the last redirect wanted to be said: one of our sentences, or nothing. */
export const readFlash = (request: Request, visit: Visit): Flash | null => {
  const id: `flash.${string}` = `flash.${readCookie(request, visit, COOKIE)}`
  return isMessage(id) ? id : null
}

/** For `Set-Cookie`: it was said. */
export const noFlash = (visit: Visit): string => setCookie(visit, COOKIE, '', 0)

/** Another page of the panel, such as after a form was posted. `path` is below the base path. */
export const redirect = (
  visit: Visit,
  basePath: string,
  path: string,
  { cookies = [], flash }: { cookies?: readonly string[]; flash?: Flash } = {},
): Response => {
  const headers = new Headers({
    location: basePath + path,
    'cache-control': 'no-store, private',
    'content-type': 'text/html; charset=utf-8',
  })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  if (flash !== undefined) headers.append('set-cookie', setCookie(visit, COOKIE, flash.slice('flash.'.length)))
  return new Response(null, { status: 302, headers })
}

/** A path of ours that somebody may be sent to afterwards; anything else, such as another site, is null. */
export const ownPath = (value: unknown): string | null =>
  typeof value === 'string' && value.length <= 512 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(value) ? value : null
