import { Elysia } from 'elysia'
import type { VNode } from 'preact'
import type { Captcha } from '../../captcha/captcha.ts'
import type { Config } from '../../config/config.ts'
import type { FieldMessages, Message } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { type Input, read } from '../../http/input.ts'
import type { Visit } from '../../http/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import {
  CODE_SCRIPTS,
  codeField,
  NOTHING_REFUSED,
  newPasswordFields,
  otherRefusals,
  textField,
  typedCode,
} from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import { texts } from '../../panel/layout.tsx'
import { markdown } from '../../panel/markdown.tsx'
import { countdown } from '../../panel/moment.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { Codes } from '../codes/codes.ts'
import type { Pending } from '../contact-details/contact-details.ts'
import type { Session, Sessions } from '../sessions/sessions.ts'
import { EmailSignUp, PhoneSignUp, type SignUp, WantedEmail, WantedPhone } from './sign-up.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly navigation: Navigation
  readonly signUp: SignUp
  readonly codes: Codes
  readonly sessions: Sessions
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

type Kind = Pending['kind']

const KINDS = ['email', 'phone'] as const
const PATHS = { email: '/register/email', phone: '/register/phone' } as const
const TABS = { email: 'sign_up.by_email', phone: 'sign_up.by_phone' } as const

/** No person sees it: only programs fill it in. */
const TRAP = 'website'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A new account: by e-mail or by phone, then the code, then signed in (spec panel.md PA4, PA5). */
export const signUpPages = (deps: Deps) => {
  const { auth, pages, navigation, signUp, codes, sessions, captcha, formTokens, config } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  const wellFormed = new RegExp(`^\\d{${config.CODE_DIGITS}}$`)

  const goTo = (visit: Visit, path: string, cookies: readonly string[] = []): Response =>
    redirect(visit, basePath, path, { cookies })

  /** One answer is good for the few accounts that an address may make in its life of minutes. */
  const captchaSubject = (visit: Visit): string => `registration ${visit.address}`

  /** The ways that are open, when there is more than one. */
  const ways = (visit: Visit, current: Kind): VNode | null => {
    const t = texts(visit)
    const open = KINDS.filter((kind) => navigation.isOn(visit.space, PATHS[kind]))
    return open.length < 2 ? null : (
      <nav class="tabs" aria-label={t('sign_up.ways')}>
        {open.map((kind) => (
          <a href={basePath + PATHS[kind]} aria-current={kind === current ? 'page' : undefined}>
            {t(TABS[kind])}
          </a>
        ))}
      </nav>
    )
  }

  const terms = (visit: Visit, refused: FieldMessages): VNode | null => {
    const t = texts(visit)
    const links = [
      { url: config.TERMS_OF_USE_URL, label: 'sign_up.terms' },
      { url: config.PRIVACY_POLICY_URL, label: 'sign_up.privacy' },
    ] as const
    const known = links.filter(({ url }) => url !== null)
    return known.length === 0 ? null : (
      <>
        <label class="terms">
          <input type="checkbox" name="terms" value="1" required checked={visit.input.terms === '1'} />
          <span>
            {t('sign_up.terms_accept')}{' '}
            {known.map(({ url, label }, index) => (
              <>
                {index === 0 ? null : ', '}
                <a href={url ?? ''} rel="noopener noreferrer" target="_blank">
                  {t(label)}
                </a>
              </>
            ))}
          </span>
        </label>
        {otherRefusals(visit, refused, 'terms')}
      </>
    )
  }

  /** Never ticked beforehand: nobody gets what they did not ask for. */
  const newsletter = (visit: Visit): VNode | null => {
    const offer = signUp.newsletterOffer(visit)
    return offer === null ? null : (
      <label class="terms">
        <input type="checkbox" name="newsletter" value="1" checked={visit.input.newsletter === '1'} />
        <span>{offer}</span>
      </label>
    )
  }

  const emailFields = (visit: Visit, refused: FieldMessages, value: string, again: string): VNode => {
    const kind = { type: 'email', autocomplete: 'email', maxlength: 64 } as const
    return (
      <>
        {textField(visit, refused, { name: 'email', label: 'recovery.email', value, ...kind })}
        {textField(visit, refused, { name: 'email_confirmation', label: 'sign_up.email_again', value: again, ...kind })}
      </>
    )
  }

  const phoneField = (visit: Visit, refused: FieldMessages, value: string): VNode => {
    const hint = texts(visit)('sign_up.phone_hint')
    return textField(visit, refused, {
      name: 'phone',
      label: 'recovery.phone',
      type: 'tel',
      autocomplete: 'tel',
      value,
      hint,
    })
  }

  const signUpForm = (request: Request, visit: Visit, kind: Kind, refused = NOTHING_REFUSED): Promise<Response> => {
    const t = texts(visit)
    const { space, input } = visit
    const least = config.ACCOUNT_USERNAME_MIN_LENGTH
    return form(request, visit, {
      title: 'sign_up.title',
      action: '/accounts',
      button: 'sign_up.make',
      refused,
      address: basePath + PATHS[kind],
      captchaSubject: captchaSubject(visit),
      before: (
        <>
          {space.introRegistrationText === null ? null : markdown(space.introRegistrationText)}
          <p>{t('sign_up.why')}</p>
          {ways(visit, kind)}
        </>
      ),
      children: (
        <>
          {textField(visit, refused, {
            name: 'username',
            label: 'sign_up.username',
            value: textOf(input.username),
            autocomplete: 'username',
            autocapitalize: 'none',
            minlength: least,
            maxlength: 64,
            hint: `${t('sign_up.username_hint', { count: least })} ${t('sign_up.domain', { domain: space.domain })}`,
          })}
          {kind === 'email'
            ? emailFields(visit, refused, textOf(input.email), textOf(input.email_confirmation))
            : phoneField(visit, refused, textOf(input.phone))}
          {newPasswordFields(visit, refused, config.ACCOUNT_PASSWORD_MIN_LENGTH, 'sign_in.password')}
          <div class="trap" aria-hidden="true">
            <input name={TRAP} tabIndex={-1} autocomplete="off" />
          </div>
          {kind === 'email' ? newsletter(visit) : null}
          {terms(visit, refused)}
        </>
      ),
      after: (
        <p>
          <a href={`${basePath}/login`}>{t('sign_up.have_account')}</a>
        </p>
      ),
    })
  }

  const codeForm = (
    request: Request,
    visit: Visit,
    { kind, to, resendSeconds }: Pending,
    refused = NOTHING_REFUSED,
  ) => {
    const t = texts(visit)
    const digits = config.CODE_DIGITS
    const minutes = codes.lifetimeMinutes[kind]
    return form(request, visit, {
      title: 'sign_up.code_title',
      action: '/register/code',
      button: 'sign_up.confirm',
      refused,
      address: `${basePath}/register/code`,
      scripts: CODE_SCRIPTS,
      children: (
        <>
          <p>
            {kind === 'email'
              ? t('sign_up.sent_email', { email: to, digits })
              : t('sign_up.sent_phone', { phone: to, digits })}{' '}
            {minutes === null ? null : t('recovery.lifetime', { count: minutes })}
          </p>
          {codeField(visit, refused, digits)}
        </>
      ),
      after: (
        <p>
          {t('code.late')} {countdown(resendSeconds)} <a href={`${basePath}/register/again`}>{t('sign_up.another')}</a>
        </p>
      ),
    })
  }

  const againForm = (request: Request, visit: Visit, { kind, to }: Pending, refused = NOTHING_REFUSED) => {
    const t = texts(visit)
    const { input } = visit
    return form(request, visit, {
      title: 'sign_up.again',
      action: '/register/again',
      button: 'sign_up.again',
      refused,
      address: `${basePath}/register/again`,
      children: (
        <>
          <p>{t(kind === 'email' ? 'sign_up.again_why_email' : 'sign_up.again_why_phone')}</p>
          {kind === 'email'
            ? emailFields(visit, refused, textOf(input.email ?? to), textOf(input.email_confirmation ?? to))
            : phoneField(visit, refused, textOf(input.phone ?? to))}
        </>
      ),
    })
  }

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

  const begin = async (visit: Visit, kind: Kind): Promise<string> => {
    if (kind === 'email') {
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
        const kind = 'phone' in visit.input ? 'phone' : 'email'
        navigation.check(visit.space, PATHS[kind])
        await signUp.inspect(visit, kind)
        try {
          const session = await begin(visit, kind)
          return goTo(visit, '/register/code', [sessions.cookie(visit, session)])
        } catch (error) {
          return signUpForm(request, visit, kind, refusedFields(error))
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
        if (answer.outcome === 'right') return goTo(visit, LANDING, [sessions.cookie(visit, answer.session)])
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
