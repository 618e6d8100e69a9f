import { Elysia } from 'elysia'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Db } from '../../db/db.ts'
import type { Auth } from '../../http/auth.ts'
import { readCookie, setCookie } from '../../http/cookies.ts'
import type { Limits } from '../../http/limits.ts'
import { json } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Answers } from '../../panel/answers.tsx'
import { textOf } from '../../panel/components/fields.tsx'
import { LANDING, startOf } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { approvalPage } from './approval-page.tsx'
import { approvedPage } from './approved-page.tsx'
import type { AuthTokens } from './auth-tokens.ts'
import { ownCodePage } from './own-code-page.tsx'
import { scannedPage } from './scanned-page.tsx'
import { waitingPage } from './waiting-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly db: Db
  readonly authTokens: AuthTokens
  readonly signIn: SignIn
  readonly sessions: Sessions
  readonly limits: Limits
  readonly now: () => Date
}

const COOKIE = 'sipkeeper_code'
const PROOF = /^[0-9a-f]{64}$/

/** What this browser proves its code with. */
const proofIn = (request: Request, visit: Visit): string | null => {
  const proof = readCookie(request, visit, COOKIE)
  return proof !== null && PROOF.test(proof) ? proof : null
}

/**
 * A device that is signed in lets another one in, by a QR code (behaviour/panel.md §3.2). GET shows, also what a
 * scanned code leads to: nothing happens before somebody has pressed a button.
 */
export const authTokenPages = (deps: Deps) => {
  const { auth, pages, db, authTokens, signIn, sessions, limits, now } = deps

  const waiting = (token: string, expiresAt: Date) => {
    const secondsLeft = Math.ceil((expiresAt.getTime() - now().getTime()) / 1000)
    return { token, phrase: authTokens.phraseOf(token), expiresAt, secondsLeft }
  }

  /** Signed in, by whoever had a code that was worth it. */
  const enter = async (request: Request, visit: Visit, proof: string | null, go: Answers['go']): Promise<Response> => {
    const { session, browser, role } = await signIn.withToken(request, visit, textOf(visit.input.token), proof)
    return go(startOf(role), { cookies: [sessions.cookie(visit, session), browser, setCookie(visit, COOKIE, '', 0)] })
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get(
      '/authenticate/qrcode',
      async ({ visit, go }) => {
        await limits.signInCodes.consume(visit.network)
        const { token, proof } = await authTokens.createForBrowser(visit)
        return go(`/authenticate/qrcode/${token}`, { cookies: [setCookie(visit, COOKIE, proof)] })
      },
      { open: true, page: true, mutates: true },
    )
    .get(
      '/authenticate/qrcode/:token',
      async ({ request, visit, params: { token }, form, show, go }) => {
        const found = await authTokens.ofBrowser(visit, token, proofIn(request, visit))
        if (found === null) return go('/authenticate/qrcode')
        return found.isApproved ? form(approvedPage, token) : show(waitingPage, waiting(token, found.expiresAt))
      },
      { open: true, page: true },
    )
    .get(
      '/authenticate/qrcode/:token/state',
      async ({ request, visit, params: { token } }) => {
        const found = await authTokens.ofBrowser(visit, token, proofIn(request, visit))
        const reply = json({ state: found === null ? 'over' : found.isApproved ? 'approved' : 'waiting' })
        if (found === null || found.isApproved) reply.headers.set('hx-refresh', 'true')
        return reply
      },
      { open: true, page: true },
    )
    .post('/authenticate/qrcode', ({ request, visit, go }) => enter(request, visit, proofIn(request, visit), go), {
      open: true,
      page: true,
    })
    .get(
      '/auth_tokens/auth/:token',
      async ({ visit, params: { token }, form }) => {
        const { account } = await authTokens.inspect(db.read, visit, token)
        return form(scannedPage, { token, account: addressOfRecord(account) })
      },
      { open: true, page: true },
    )
    .post('/auth_tokens/auth', ({ request, visit, go }) => enter(request, visit, null, go), { open: true, page: true })
    .get(
      '/auth_tokens/auth/external/:token',
      async ({ visit, caller, params: { token }, form }) => {
        const browser = await authTokens.waiting(visit, token)
        const account = addressOfRecord(caller)
        return form(approvalPage, { token, phrase: authTokens.phraseOf(token), browser, account })
      },
      { signedIn: 'account' },
    )
    .post(
      '/auth_tokens/auth/external',
      async ({ visit, caller, input, go }) => {
        await authTokens.attach(visit, caller, textOf(input.token))
        return go(LANDING, { flash: 'flash.approved' })
      },
      { signedIn: 'account' },
    )
    .post(
      '/auth_tokens',
      async ({ visit, caller, show }) => show(ownCodePage, await authTokens.createForCaller(visit, caller)),
      { signedIn: 'account' },
    )
}
