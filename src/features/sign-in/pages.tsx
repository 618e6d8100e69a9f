import { Elysia } from 'elysia'
import type { Captcha } from '../../captcha/captcha.ts'
import type { Config } from '../../config/config.ts'
import type { FieldMessages } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { Visit } from '../../http/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { NOTHING_REFUSED, otherRefusals, textField } from '../../panel/fields.tsx'
import { actionForm, formPage, refusedFields } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { markdown } from '../../panel/markdown.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { ownPath, redirect } from '../../panel/redirect.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { Credentials, type SignIn } from './sign-in.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly signIn: SignIn
  readonly sessions: Sessions
  readonly accounts: Accounts
  readonly navigation: Navigation
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

/** About the name and the password together: which of the two was wrong is nobody's business. */
const WRONG: FieldMessages = new Map([['credentials', [{ id: 'sign_in.wrong' }]]])

/** In and out (spec panel.md PA1, PU11). */
export const signInPages = (deps: Deps) => {
  const { auth, pages, signIn, sessions, accounts, navigation, formTokens, config } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  const passwordForm = async (request: Request, visit: Visit, refused = NOTHING_REFUSED): Promise<Response> => {
    const t = texts(visit)
    const { space, input } = visit
    const count = config.APP_SHOW_LOGIN_COUNTER_TEMP ? await accounts.count(space) : null
    const next = ownPath(input.next)
    const others = [
      navigation.isOn(space, '/password') ? (['/recovery/email', 'sign_in.forgotten'] as const) : null,
      ['/authenticate/qrcode', 'sign_in.by_code'] as const,
      navigation.isOn(space, '/register') ? (['/register', 'sign_up.title'] as const) : null,
    ]
    return form(request, visit, {
      title: 'sign_in.title',
      action: '/authenticate',
      button: 'sign_in.go',
      refused,
      address: `${basePath}/login${next === null ? '' : `?next=${encodeURIComponent(next)}`}`,
      before: space.introRegistrationText === null ? null : markdown(space.introRegistrationText),
      children: (
        <>
          <p>
            {t('sign_in.why', { space: space.name })} {count === null ? null : t('sign_in.count', { count })}
          </p>
          {otherRefusals(visit, refused, 'credentials')}
          {next === null ? null : <input type="hidden" name="next" value={next} />}
          {textField(visit, refused, {
            name: 'username',
            label: 'sign_in.identifier',
            hint: t(space.phoneRegistration ? 'sign_in.identifier_hint_phone' : 'sign_in.identifier_hint'),
            value: typeof input.username === 'string' ? input.username : '',
            autocomplete: 'username',
            autocapitalize: 'none',
          })}
          {textField(visit, refused, {
            name: 'password',
            label: 'sign_in.password',
            type: 'password',
            autocomplete: 'current-password',
          })}
        </>
      ),
      after: (
        <ul class="ways">
          {others.map((other) =>
            other === null ? null : (
              <li>
                <a href={basePath + other[0]}>{t(other[1])}</a>
              </li>
            ),
          )}
        </ul>
      ),
    })
  }

  /** Whoever is signed in has nothing to do here. */
  const isSignedIn = async (request: Request, visit: Visit): Promise<boolean> => {
    const session = await sessions.find(request, visit)
    return session?.kind === 'panel' && !session.account.blocked
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/', ({ visit }) => redirect(visit, basePath, '/login'), { open: true, page: true })
    .get(
      '/login',
      async ({ request, visit }) =>
        (await isSignedIn(request, visit))
          ? redirect(visit, basePath, ownPath(visit.input.next) ?? LANDING)
          : passwordForm(request, visit),
      { open: true, page: true },
    )
    .post(
      '/authenticate',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        try {
          const answer = await signIn.withPassword(request, visit, read(Credentials, visit.input))
          switch (answer.outcome) {
            case 'signed_in':
              return redirect(visit, basePath, ownPath(visit.input.next) ?? LANDING, {
                cookies: [sessions.cookie(visit, answer.session)],
              })
            case 'blocked':
              return redirect(visit, basePath, '/blocked')
            case 'wrong':
              return passwordForm(request, visit, WRONG)
          }
        } catch (error) {
          return passwordForm(request, visit, refusedFields(error))
        }
      },
      { open: true, page: true },
    )
    .get(
      '/blocked',
      ({ visit }) =>
        page(visit, basePath, {
          title: 'blocked.title',
          status: 403,
          children: (
            <>
              <p>{texts(visit)('blocked.why', { space: visit.space.name })}</p>
              <p>
                <a href={`${basePath}/logout`}>{texts(visit)('sign_out.title')}</a>
              </p>
            </>
          ),
        }),
      { open: true, page: true },
    )
    .get(
      '/logout',
      ({ visit }) =>
        page(visit, basePath, {
          title: 'sign_out.title',
          children: (
            <>
              <p>{texts(visit)('sign_out.why')}</p>
              {actionForm(visit, basePath, { path: '/logout', button: 'sign_out.title' })}
            </>
          ),
        }),
      { signedIn: 'account' },
    )
    .post(
      '/logout',
      async ({ visit, session }) => {
        await signIn.signOut(visit, session)
        return redirect(visit, basePath, '/login', { cookies: [sessions.noCookie(visit)], flash: 'flash.signed_out' })
      },
      { signedIn: 'account' },
    )
}
