import { Elysia } from 'elysia'
import type { KnownBrowsers } from '../../access/known-browsers/known-browsers.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Codes } from '../../accounts/codes/codes.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { type Input, read } from '../../http/input.ts'
import type { Message } from '../../messages/messages.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { NOTHING_REFUSED, textOf, typedCode } from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { Pending } from '../../self-service/contact-details/contact-details.ts'
import { againPage } from './again-page.tsx'
import { codePage } from './code-page.tsx'
import { EmailSignUp, PhoneSignUp, type SignUp, WantedEmail, WantedPhone } from './sign-up.ts'
import { PATHS, signUpPage, TRAP, type Way } from './sign-up-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly navigation: Navigation
  readonly signUp: SignUp
  readonly codes: Codes
  readonly sessions: Sessions
  readonly knownBrowsers: KnownBrowsers
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

const WAYS = ['email', 'phone'] as const

/** A new account: by e-mail or by phone, then the code, then signed in (behaviour/panel.md §3.3). */
export const signUpPages = (deps: Deps) => {
  const { auth, pages, navigation, signUp, codes, sessions, knownBrowsers, captcha, formTokens, config } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  const wellFormed = new RegExp(`^\\d{${config.CODE_DIGITS}}$`)

  const goTo = (visit: Visit, path: string, cookies: readonly string[] = []): Response =>
    redirect(visit, basePath, path, { cookies })

  /** One answer is good for the few accounts that an address may make in its life of minutes. */
  const captchaSubject = (visit: Visit): string => `registration ${visit.address}`

  const signUpForm = (request: Request, visit: Visit, way: Way, refused = NOTHING_REFUSED): Promise<Response> => {
    const offered = {
      way,
      ways: WAYS.filter((other) => navigation.isOn(visit.space, PATHS[other])),
      newsletterOffer: signUp.newsletterOffer(visit),
      captchaSubject: captchaSubject(visit),
    }
    return form(request, visit, signUpPage(visit, config, offered, refused))
  }

  const codeForm = (request: Request, visit: Visit, pending: Pending, refused = NOTHING_REFUSED): Promise<Response> =>
    form(request, visit, codePage(visit, config, pending, codes.lifetimeMinutes[pending.kind], refused))

  const againForm = (request: Request, visit: Visit, pending: Pending, refused = NOTHING_REFUSED): Promise<Response> =>
    form(request, visit, againPage(visit, basePath, pending, refused))

  /** What waits for its code in this browser; null: nothing does. */
  const waiting = async (
    request: Request,
    visit: Visit,
  ): Promise<{ readonly session: Session; readonly pending: Pending } | null> => {
    const session = await sessions.findRegistration(request, visit)
    const pending = session === null ? null : await signUp.pending(session)
    return session === null || pending === null ? null : { session, pending }
  }

  const refusePrograms = async (visit: Visit, input: Input<typeof EmailSignUp> | Input<typeof PhoneSignUp>) => {
    const isPerson = await captcha.verify(visit.input, captchaSubject(visit), visit.address)
    if (!isPerson || textOf(visit.input[TRAP]) !== '') input.refuse(captcha.field, { id: 'v.captcha' })
  }

  const begin = async (visit: Visit, way: Way): Promise<string> => {
    if (way === 'email') {
      const input = read(EmailSignUp, visit.input)
      await refusePrograms(visit, input)
      return signUp.byEmail(visit, input)
    }
    const input = read(PhoneSignUp, visit.input)
    await refusePrograms(visit, input)
    return signUp.byPhone(visit, input)
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get(
      '/register',
      async ({ visit }) => {
        await signUp.refuseFull(visit)
        return goTo(visit, PATHS.email)
      },
      { open: true, page: true },
    )
    .get(
      '/register/email',
      async ({ request, visit }) => {
        await signUp.inspect(visit, 'email')
        return signUpForm(request, visit, 'email')
      },
      { open: true, page: true },
    )
    .get(
      '/register/phone',
      async ({ request, visit }) => {
        await signUp.inspect(visit, 'phone')
        return signUpForm(request, visit, 'phone')
      },
      { open: true, page: true },
    )
    .post(
      '/accounts',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const way = 'phone' in visit.input ? 'phone' : 'email'
        navigation.check(visit.space, PATHS[way])
        await signUp.inspect(visit, way)
        try {
          const session = await begin(visit, way)
          return goTo(visit, '/register/code', [sessions.cookie(visit, session)])
        } catch (error) {
          return signUpForm(request, visit, way, refusedFields(error))
        }
      },
      { open: true, page: true },
    )
    .get(
      '/register/code',
      async ({ request, visit }) => {
        const found = await waiting(request, visit)
        return found === null ? goTo(visit, '/') : codeForm(request, visit, found.pending)
      },
      { open: true, page: true },
    )
    .post(
      '/register/code',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const found = await waiting(request, visit)
        if (found === null) return goTo(visit, '/')
        const { session, pending } = found
        const refuse = (message: Message) => codeForm(request, visit, pending, new Map([['code', [message]]]))
        const code = typedCode(visit, config.CODE_DIGITS)
        if (!wellFormed.test(code)) return refuse({ id: 'v.digits', values: { count: config.CODE_DIGITS } })
        const answer = await signUp.confirm(visit, session, pending.kind, code)
        if (answer.outcome === 'right') {
          const browser = knownBrowsers.remember(request, visit, session.account.id)
          return goTo(visit, LANDING, [sessions.cookie(visit, answer.session), browser])
        }
        const left = answer.outcome === 'wrong' ? answer.left : 0
        return refuse(left === 0 ? { id: 'sign_up.over' } : { id: 'recovery.wrong', values: { count: left } })
      },
      { open: true, page: true },
    )
    .get(
      '/register/again',
      async ({ request, visit }) => {
        const found = await waiting(request, visit)
        return found === null ? goTo(visit, '/') : againForm(request, visit, found.pending)
      },
      { open: true, page: true },
    )
    .post(
      '/register/again',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const found = await waiting(request, visit)
        if (found === null) return goTo(visit, '/')
        const { session, pending } = found
        navigation.check(visit.space, PATHS[pending.kind])
        try {
          if (pending.kind === 'email') await signUp.againByEmail(visit, session, read(WantedEmail, visit.input))
          else await signUp.againByPhone(visit, session, read(WantedPhone, visit.input))
        } catch (error) {
          return againForm(request, visit, pending, refusedFields(error))
        }
        return goTo(visit, '/register/code')
      },
      { open: true, page: true },
    )
}
