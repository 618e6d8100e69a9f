import { Elysia } from 'elysia'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Config } from '../../config/config.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { roleOf } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type Navigation, startOf } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { ownPath } from '../../panel/redirect.ts'
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
  readonly config: Config
}

/** The sign-in, the sign-out, and who may do neither (behaviour/panel.md §3.1). */
export const signInPages = ({ auth, pages, signIn, sessions, accounts, navigation, config }: Deps) => {
  const door =
    ({ space, input }: Visit) =>
    async () => ({
      count: config.APP_SHOW_LOGIN_COUNTER_TEMP ? await accounts.count(space) : null,
      next: ownPath(input.next),
      canRecover: navigation.isOn(space, '/password'),
      canSignUp: navigation.isOn(space, '/register'),
    })

  /** Where whoever is signed in goes instead; null: nobody is. */
  const startFor = async (request: Request, visit: Visit): Promise<string | null> => {
    const session = await sessions.find(request, visit)
    const isIn = session?.kind === 'panel' && !session.account.blocked
    return isIn ? startOf(roleOf(session.account, visit.space)) : null
  }

  /** No Space has a provider (compatibility.md §1.3), which is what the reference answers then. */
  const noProvider = (): never => {
    throw new AppError('forbidden', 'sign_in.no_provider')
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/login/oidc', noProvider, { open: true, page: true })
    .get('/login/oidc/redirect', noProvider, { open: true, page: true })
    .get('/', ({ go }) => go('/login'), { open: true, page: true })
    .get(
      '/login',
      async ({ request, visit, input, go, form }) => {
        const start = await startFor(request, visit)
        return start === null ? form(passwordPage, door(visit)) : go(ownPath(input.next) ?? start)
      },
      { open: true, page: true },
    )
    .post(
      '/authenticate',
      ({ request, visit, input, go, form }) =>
        form(passwordPage, door(visit), async () => {
          const answer = await signIn.withPassword(request, visit, read(Credentials, input))
          switch (answer.outcome) {
            case 'signed_in':
              return go(ownPath(input.next) ?? startOf(answer.role), {
                cookies: [sessions.cookie(visit, answer.session), answer.browser],
              })
            case 'blocked':
              return go('/blocked')
            case 'switched_off':
              return go('/switched-off')
            case 'wrong':
              // About the name and the password together: which of the two was wrong is nobody's business.
              throw invalid('credentials', 'sign_in.wrong')
          }
        }),
      { open: true, page: true },
    )
    .get(
      '/blocked',
      async ({ request, visit, show }) => {
        const session = await sessions.find(request, visit)
        return show(closedPage, { closure: 'blocked', mayLeave: session !== null })
      },
      { open: true, page: true },
    )
    .get('/switched-off', ({ show }) => show(closedPage, { closure: 'switched_off', mayLeave: false }), {
      open: true,
      page: true,
    })
    .get('/logout', ({ form }) => form(signOutPage), { signedIn: 'account' })
    .post(
      '/logout',
      async ({ visit, session, go }) => {
        await signIn.signOut(visit, session)
        return go('/login', { cookies: [sessions.noCookie(visit)], flash: 'flash.signed_out' })
      },
      { signedIn: 'account' },
    )
}
