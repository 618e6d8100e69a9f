import { Elysia } from 'elysia'
import type { KnownBrowsers } from '../../access/known-browsers/known-browsers.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Codes } from '../../accounts/codes/codes.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import { invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { type Input, read } from '../../http/input.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { wholeCode } from '../../panel/typed-code.ts'
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
  readonly config: Config
}

const WAYS = ['email', 'phone'] as const

/** One answer is good for the few accounts that an address may make in its life of minutes. */
const captchaSubject = ({ address }: Visit): string => `registration ${address}`

/** A new account: by e-mail or by phone, then the code, then signed in (behaviour/panel.md §3.3). */
export const signUpPages = (deps: Deps) => {
  const { auth, pages, navigation, signUp, codes, sessions, knownBrowsers, captcha, config } = deps
  const digits = config.CODE_DIGITS

  const offer = (visit: Visit, way: Way) => ({
    way,
    ways: WAYS.filter((other) => navigation.isOn(visit.space, PATHS[other])),
    newsletter: signUp.newsletterOffer(visit),
    captcha: captchaSubject(visit),
    leastName: config.ACCOUNT_USERNAME_MIN_LENGTH,
    leastPassword: config.ACCOUNT_PASSWORD_MIN_LENGTH,
    terms: config.TERMS_OF_USE_URL,
    privacy: config.PRIVACY_POLICY_URL,
  })

  const sent = (pending: Pending) => ({ pending, digits, minutes: codes.lifetimeMinutes[pending.kind] })

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
      async ({ visit, go }) => {
        await signUp.refuseFull(visit)
        return go(PATHS.email)
      },
      { open: true, page: true },
    )
    .get(
      '/register/email',
      async ({ visit, form }) => {
        await signUp.inspect(visit, 'email')
        return form(signUpPage, offer(visit, 'email'))
      },
      { open: true, page: true },
    )
    .get(
      '/register/phone',
      async ({ visit, form }) => {
        await signUp.inspect(visit, 'phone')
        return form(signUpPage, offer(visit, 'phone'))
      },
      { open: true, page: true },
    )
    .post(
      '/accounts',
      async ({ visit, input, form, go }) => {
        const way = 'phone' in input ? 'phone' : 'email'
        navigation.check(visit.space, PATHS[way])
        await signUp.inspect(visit, way)
        return form(signUpPage, offer(visit, way), async () => {
          const session = await begin(visit, way)
          return go('/register/code', { cookies: [sessions.cookie(visit, session)] })
        })
      },
      { open: true, page: true },
    )
    .get(
      '/register/code',
      async ({ request, visit, form, go }) => {
        const found = await waiting(request, visit)
        return found === null ? go('/') : form(codePage, sent(found.pending))
      },
      { open: true, page: true },
    )
    .post(
      '/register/code',
      async ({ request, visit, input, form, go }) => {
        const found = await waiting(request, visit)
        if (found === null) return go('/')
        const { session, pending } = found
        return form(codePage, sent(pending), async () => {
          const answer = await signUp.confirm(visit, session, pending.kind, wholeCode(input, digits))
          if (answer.outcome === 'right') {
            const browser = knownBrowsers.remember(request, visit, session.account.id)
            return go(LANDING, { cookies: [sessions.cookie(visit, answer.session), browser] })
          }
          const left = answer.outcome === 'wrong' ? answer.left : 0
          throw left === 0 ? invalid('code', 'sign_up.over') : invalid('code', 'recovery.wrong', { count: left })
        })
      },
      { open: true, page: true },
    )
    .get(
      '/register/again',
      async ({ request, visit, form, go }) => {
        const found = await waiting(request, visit)
        return found === null ? go('/') : form(againPage, found.pending)
      },
      { open: true, page: true },
    )
    .post(
      '/register/again',
      async ({ request, visit, input, form, go }) => {
        const found = await waiting(request, visit)
        if (found === null) return go('/')
        const { session, pending } = found
        navigation.check(visit.space, PATHS[pending.kind])
        return form(againPage, pending, async () => {
          if (pending.kind === 'email') await signUp.againByEmail(visit, session, read(WantedEmail, input))
          else await signUp.againByPhone(visit, session, read(WantedPhone, input))
          return go('/register/code')
        })
      },
      { open: true, page: true },
    )
}
