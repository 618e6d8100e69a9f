import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '../errors.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import type { Session } from '../nouns/session.ts'
import type { Visit } from '../nouns/visit.ts'
import type { Secrets } from '../secrets.ts'

const COOKIE = 'sipkeeper_form'
const VALUE = /^[A-Za-z0-9]{32}$/

/** The name of the hidden field in every form. */
export const FORM_TOKEN_FIELD = 'form_token'

const isSame = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other)

/**
 * Forms carry a token that is the signature of the session, or before there is one of a cookie which only this host can
 * set or read; the browser's own word about where a request comes from is checked first.
 */
export const formTokens = (secrets: Secrets) => {
  const key = secrets.keyFor('form tokens')
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('hex')
  const ofSession = ({ token }: Session) => sign(`session ${token}`)
  const cookieOf = (request: Request, visit: Visit): string | null => {
    const cookie = readCookie(request, visit, COOKIE)
    return cookie !== null && VALUE.test(cookie) ? cookie : null
  }

  return {
    /** The token for a form on this page, and the cookie to send with the page when the browser has none yet. */
    issue: (request: Request, visit: Visit): { token: string; setCookie: string | null } => {
      if (visit.session !== null) return { token: ofSession(visit.session), setCookie: null }
      const known = cookieOf(request, visit)
      const cookie = known ?? secrets.token(32)
      return { token: sign(cookie), setCookie: known === null ? setCookie(visit, COOKIE, cookie) : null }
    },
    /** Refuses (403) a form that another site made. */
    check: (request: Request, visit: Visit): void => {
      const { session } = visit
      const cookie = cookieOf(request, visit)
      const given = visit.input[FORM_TOKEN_FIELD]
      const expected = session !== null ? ofSession(session) : cookie === null ? null : sign(cookie)
      const isRight =
        !visit.isCrossSite &&
        expected !== null &&
        typeof given === 'string' &&
        isSame(Buffer.from(given), Buffer.from(expected))
      if (!isRight) throw new AppError('forbidden', 'errors.form_token')
    },
  }
}

export type FormTokens = ReturnType<typeof formTokens>
