import { Elysia } from 'elysia'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import type { FieldMessages } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { NOTHING_REFUSED } from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { ownPath, redirect } from '../../panel/redirect.ts'
import { closedPage } from './closed-page.tsx'
import { passwordPage } from './password-page.tsx'
import { Credentials, type SignIn } from './sign-in.ts'
import { signOutPage } from './sign-out-page.tsx'

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

/** The sign-in, the sign-out, and who may do neither (behaviour/panel.md §3.1). */
export const signInPages = (deps: Deps) => {
  const { auth, pages, signIn, sessions, accounts, navigation, formTokens, config } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  const passwordForm = async (request: Request, visit: Visit, refused = NOTHING_REFUSED): Promise<Response> => {
    const { space, input } = visit
    const door = {
      count: config.APP_SHOW_LOGIN_COUNTER_TEMP ? await accounts.count(space) : null,
      next: ownPath(input.next),
      canRecover: navigation.isOn(space, '/password'),
      canSignUp: navigation.isOn(space, '/register'),
    }
    return form(request, visit, passwordPage(visit, basePath, door, refused))
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
                cookies: [sessions.cookie(visit, answer.session), answer.browser],
              })
            case 'blocked':
              return redirect(visit, basePath, '/blocked')
            case 'switched_off':
              return redirect(visit, basePath, '/switched-off')
            case 'wrong':
              return passwordForm(request, visit, WRONG)
          }
        } catch (error) {
          return passwordForm(request, visit, refusedFields(error))
        }
      },
      { open: true, page: true },
    )
    .get('/blocked', ({ visit }) => closedPage(visit, basePath, 'blocked'), { open: true, page: true })
    .get('/switched-off', ({ visit }) => closedPage(visit, basePath, 'switched_off'), { open: true, page: true })
    .get('/logout', ({ visit }) => signOutPage(visit, basePath), { signedIn: 'account' })
    .post(
      '/logout',
      async ({ visit, session }) => {
        await signIn.signOut(visit, session)
        return redirect(visit, basePath, '/login', { cookies: [sessions.noCookie(visit)], flash: 'flash.signed_out' })
      },
      { signedIn: 'account' },
    )
}
