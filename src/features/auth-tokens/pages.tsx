import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import type { Auth } from '../../http/auth.ts'
import type { Limits } from '../../http/limits.ts'
import { json } from '../../http/respond.ts'
import type { Visit } from '../../http/visit.ts'
import { browserName } from '../../panel/browser-name.ts'
import { FORM_TOKEN_FIELD, type FormTokens } from '../../panel/csrf.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { countdown, moment } from '../../panel/moment.tsx'
import { LANDING } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { AuthTokens } from './auth-tokens.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly db: Db
  readonly authTokens: AuthTokens
  readonly signIn: SignIn
  readonly sessions: Sessions
  readonly limits: Limits
  readonly formTokens: FormTokens
  readonly config: Config
  readonly now: () => Date
}

const COOKIE = 'sipkeeper_code'
const PATTERN = new RegExp(`(?:^|;\\s*)${COOKIE}=([0-9a-f]{64})(?:;|$)`)

/** What this browser proves its code with. */
const proofIn = (request: Request): string | null => PATTERN.exec(request.headers.get('cookie') ?? '')?.[1] ?? null

const proofCookie = (visit: Visit, proof: string): string =>
  `${COOKIE}=${proof}; Path=/; HttpOnly; SameSite=Lax${visit.secure ? '; Secure' : ''}`
const noProof = (visit: Visit): string => `${proofCookie(visit, '')}; Max-Age=0`

/** Where the browser looks again by itself, while scripts do not. */
const LOOK_AGAIN_SECONDS = 5

/**
 * A device that is signed in lets another one in, by a QR code (spec panel.md PA2, PU12). GET shows, also what a
 * scanned code leads to: nothing happens before somebody has pressed a button.
 */
export const authTokenPages = (deps: Deps) => {
  const { auth, pages, db, authTokens, signIn, sessions, limits, formTokens, config, now } = deps
  const basePath = config.BASE_PATH

  const picture = (visit: Visit, token: string) => (
    <img
      class="qr"
      src={`${basePath}/auth_tokens/qrcode/${token}`}
      alt={texts(visit)('code_sign_in.picture')}
      width="320"
      height="320"
    />
  )

  const phrase = (visit: Visit, token: string) => (
    <p class="phrase">
      {texts(visit)('code_sign_in.phrase')} <strong>{authTokens.phraseOf(token)}</strong>
    </p>
  )

  /** A form of a page that needs no session. */
  const openForm = (request: Request, visit: Visit, path: string, token: string) => {
    const issued = formTokens.issue(request, visit)
    const children = (
      <form method="post" action={basePath + path} data-sign-in>
        <input type="hidden" name={FORM_TOKEN_FIELD} value={issued.token} />
        <input type="hidden" name="token" value={token} />
        <button type="submit">{texts(visit)('sign_in.go')}</button>
      </form>
    )
    const headers: Record<string, string> = issued.setCookie === null ? {} : { 'set-cookie': issued.setCookie }
    return { children, headers }
  }

  const waitingPage = (visit: Visit, token: string, expiresAt: Date): Response => {
    const t = texts(visit)
    const secondsLeft = Math.ceil((expiresAt.getTime() - now().getTime()) / 1000)
    return page(visit, basePath, {
      title: 'sign_in.by_code',
      scripts: ['code-sign-in.js', 'countdown.js'],
      lookAgainSeconds: LOOK_AGAIN_SECONDS,
      children: (
        <div data-state={`${basePath}/authenticate/qrcode/${token}/state`}>
          <p>{t('code_sign_in.scan')}</p>
          {picture(visit, token)}
          {phrase(visit, token)}
          <p role="status">
            {t('code_sign_in.until')} {moment(visit, expiresAt)} {countdown(secondsLeft)}
          </p>
          <ul class="ways">
            <li>
              <a href={`${basePath}/authenticate/qrcode`}>{t('code_sign_in.another')}</a>
            </li>
            <li>
              <a href={`${basePath}/login`}>{t('sign_in.by_password')}</a>
            </li>
          </ul>
        </div>
      ),
    })
  }

  const approvedPage = (request: Request, visit: Visit, token: string): Response => {
    const { children, headers } = openForm(request, visit, '/authenticate/qrcode', token)
    return page(visit, basePath, {
      title: 'code_sign_in.approved',
      scripts: ['code-sign-in.js'],
      headers,
      children: (
        <>
          <p>{texts(visit)('code_sign_in.approved_text')}</p>
          {children}
        </>
      ),
    })
  }

  /** Signed in, by whoever had a code that was worth it. */
  const enter = async (request: Request, visit: Visit, proof: string | null): Promise<Response> => {
    formTokens.check(request, visit)
    const session = await signIn.withToken(request, visit, String(visit.input.token ?? ''), proof)
    return redirect(visit, basePath, LANDING, { cookies: [sessions.cookie(visit, session), noProof(visit)] })
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get(
      '/authenticate/qrcode',
      async ({ visit }) => {
        await limits.signInCodes.consume(visit.address)
        const { token, proof } = await authTokens.createForBrowser(visit)
        return redirect(visit, basePath, `/authenticate/qrcode/${token}`, { cookies: [proofCookie(visit, proof)] })
      },
      { open: true, page: true, mutates: true },
    )
    .get(
      '/authenticate/qrcode/:token',
      async ({ request, visit, params: { token } }) => {
        const found = await authTokens.ofBrowser(visit, token, proofIn(request))
        if (found === null) return redirect(visit, basePath, '/authenticate/qrcode')
        return found.isApproved ? approvedPage(request, visit, token) : waitingPage(visit, token, found.expiresAt)
      },
      { open: true, page: true },
    )
    .get(
      '/authenticate/qrcode/:token/state',
      async ({ request, visit, params: { token } }) => {
        const found = await authTokens.ofBrowser(visit, token, proofIn(request))
        return json({ state: found === null ? 'over' : found.isApproved ? 'approved' : 'waiting' })
      },
      { open: true, page: true },
    )
    .post('/authenticate/qrcode', ({ request, visit }) => enter(request, visit, proofIn(request)), {
      open: true,
      page: true,
    })
    .get(
      '/auth_tokens/auth/:token',
      async ({ request, visit, params: { token } }) => {
        const { account } = await authTokens.inspect(db.read, visit, token)
        const { children, headers } = openForm(request, visit, '/auth_tokens/auth', token)
        return page(visit, basePath, {
          title: 'sign_in.title',
          headers,
          children: (
            <>
              <p>{texts(visit)('code_sign_in.as', { account: `${account.username}@${account.domain}` })}</p>
              {children}
            </>
          ),
        })
      },
      { open: true, page: true },
    )
    .post('/auth_tokens/auth', ({ request, visit }) => enter(request, visit, null), { open: true, page: true })
    .get(
      '/auth_tokens/auth/external/:token',
      async ({ visit, caller, params: { token } }) => {
        const t = texts(visit)
        const { ip, userAgent, createdAt } = await authTokens.waiting(visit, token)
        return page(visit, basePath, {
          title: 'code_sign_in.approve_title',
          children: (
            <>
              <p>{t('code_sign_in.approve_why', { account: `${caller.username}@${caller.domain}` })}</p>
              {phrase(visit, token)}
              <dl>
                <dt>{t('code_sign_in.browser')}</dt>
                <dd>{userAgent === null ? t('panel.unknown') : browserName(userAgent)}</dd>
                <dt>{t('panel.address')}</dt>
                <dd>{ip ?? t('panel.unknown')}</dd>
                <dt>{t('panel.time')}</dt>
                <dd>{moment(visit, createdAt)}</dd>
              </dl>
              <p>{t('code_sign_in.approve_warning')}</p>
              {actionForm(visit, basePath, {
                path: '/auth_tokens/auth/external',
                button: 'code_sign_in.approve',
                children: <input type="hidden" name="token" value={token} />,
              })}
              <p>
                <a href={basePath + LANDING}>{t('panel.cancel')}</a>
              </p>
            </>
          ),
        })
      },
      { signedIn: 'account' },
    )
    .post(
      '/auth_tokens/auth/external',
      async ({ visit, caller }) => {
        await authTokens.attach(visit, caller, String(visit.input.token ?? ''))
        return redirect(visit, basePath, LANDING, { flash: 'flash.approved' })
      },
      { signedIn: 'account' },
    )
    .post(
      '/auth_tokens',
      async ({ visit, caller }) => {
        const t = texts(visit)
        const token = await authTokens.createForCaller(visit, caller)
        return page(visit, basePath, {
          title: 'code_sign_in.own_title',
          address: null,
          children: (
            <>
              <p>{t('code_sign_in.own_why')}</p>
              {picture(visit, token)}
              <p>
                <a href={basePath + LANDING}>{t('panel.back')}</a>
              </p>
            </>
          ),
        })
      },
      { signedIn: 'account' },
    )
}
