import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '../errors.ts'
import { comesFromElsewhere } from '../http/auth.ts'
import type { Visit } from '../http/visit.ts'
import type { Secrets } from '../secrets.ts'

const COOKIE = 'sipkeeper_form'
const PATTERN = new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9]{32})(?:;|$)`)

/** The name of the hidden field in every form. */
export const FORM_TOKEN_FIELD = 'form_token'

/**
 * Forms carry a token that is the signature of a cookie which only this host can set or read; the browser's own word
 * about where a request comes from is checked first.
 */
export const formTokens = (secrets: Secrets) => {
  const key = secrets.keyFor('form tokens')
  const sign = (cookie: string) => createHmac('sha256', key).update(cookie).digest('hex')
  const cookieOf = (request: Request) => PATTERN.exec(request.headers.get('cookie') ?? '')?.[1] ?? null

  return {
    /** The token for a form on this page, and the cookie to send with the page when the browser has none yet. */
    issue: (request: Request, visit: Visit): { token: string; setCookie: string | null } => {
      const known = cookieOf(request)
      const cookie = known ?? secrets.token(32)
      const secure = visit.secure ? '; Secure' : ''
      return {
        token: sign(cookie),
        setCookie: known === null ? `${COOKIE}=${cookie}; Path=/; HttpOnly; SameSite=Lax${secure}` : null,
      }
    },
    /** Refuses (403) a form that another site made. */
    check: (request: Request, visit: Visit): void => {
      const cookie = cookieOf(request)
      const given = visit.input[FORM_TOKEN_FIELD]
      const expected = cookie === null ? '' : sign(cookie)
      const right =
        !comesFromElsewhere(request, visit) &&
        typeof given === 'string' &&
        given.length === expected.length &&
        timingSafeEqual(Buffer.from(given), Buffer.from(expected))
      if (!right) throw new AppError('forbidden', 'errors.form_token')
    },
  }
}

export type FormTokens = ReturnType<typeof formTokens>
