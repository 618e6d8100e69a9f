import { Elysia } from 'elysia'
import type { Codes } from '../../accounts/codes/codes.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Answers } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { textOf } from '../../panel/components/fields.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import { outcomePage } from '../../panel/outcome-page.tsx'
import type { Pages } from '../../panel/pages.ts'
import { wholeCode } from '../../panel/typed-code.ts'
import { type OwnAccount, Proven } from '../own-account/own-account.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { changePage } from './change-page.tsx'
import { codePage } from './code-page.tsx'
import { type ContactDetails, type Pending, WantedEmail, WantedPhone } from './contact-details.ts'
import { linkPage } from './link-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly contactDetails: ContactDetails
}

interface LinkDeps extends Deps {
  readonly navigation: Navigation
}

interface ChangeDeps extends Deps {
  readonly codes: Codes
  readonly ownAccount: OwnAccount
  readonly signIn: SignIn
  readonly captcha: Captcha
  readonly config: Config
}

/**
 * The links of mails about an address (behaviour/accounts.md §5.3): GET only shows a button, so no preview confirms
 * anything.
 */
export const contactDetailsPages = ({ auth, pages, contactDetails, navigation }: LinkDeps) =>
  new Elysia({ prefix: '/email' })
    .use(auth)
    .use(pages)
    .get(
      '/confirm/:link',
      async ({ visit, params: { link }, form }) => {
        const { email } = await contactDetails.inspectLink(visit, link)
        return form(linkPage, { path: '/email/confirm', link, title: 'email.confirm', why: 'email.confirm_why', email })
      },
      { open: true, page: true },
    )
    .post(
      '/confirm',
      async ({ visit, input, t, show }) => {
        await contactDetails.confirmByLink(visit, textOf(input.link))
        return show(outcomePage, { title: t('email.confirmed'), text: t('email.confirmed_text') })
      },
      { open: true, page: true },
    )
    .get(
      '/undo/:link',
      async ({ visit, params: { link }, form }) => {
        const { previousEmail: email } = await contactDetails.inspectUndo(visit, link)
        return form(linkPage, { path: '/email/undo', link, title: 'email.undo', why: 'email.undo_why', email })
      },
      { open: true, page: true },
    )
    .post(
      '/undo',
      async ({ visit, input, t, show }) => {
        await contactDetails.undoEmail(visit, textOf(input.link))
        const newPassword = (
          <div class="actions">
            <ButtonLink to="/recovery/email" tone="primary">
              {t('email.undone_go')}
            </ButtonLink>
          </div>
        )
        const hasPassword = navigation.isOn(visit.space, '/password')
        return show(outcomePage, {
          title: t('email.undone'),
          text: t('email.undone_text'),
          more: hasPassword ? { children: newPassword } : {},
        })
      },
      { open: true, page: true },
    )

type Kind = Pending['kind']

interface SignedIn extends Pick<Answers, 'input' | 'go'> {
  readonly visit: Visit
  readonly caller: Caller
  readonly session: Session
}

const CHANGED = { email: 'flash.email', phone: 'flash.phone' } as const

const captchaSubject = ({ id }: Caller): string => `contact ${id}`

/** A new address or number, and the code that was sent to it (behaviour/panel.md §4.2). */
export const contactChangePages = (deps: ChangeDeps) => {
  const { auth, pages, contactDetails, codes, ownAccount, signIn, captcha, config } = deps
  const digits = config.CODE_DIGITS

  const change =
    ({ caller, session }: Pick<SignedIn, 'caller' | 'session'>, kind: Kind) =>
    async () => {
      const account = await ownAccount.view(caller)
      return {
        kind,
        pending: kind === 'email' ? account.emailChange?.email : account.phoneChange?.phone,
        asksForCurrent: account.algorithms.length > 0 && !signIn.isRecent(session),
        captcha: captchaSubject(caller),
      }
    }

  const sent = (caller: Caller, kind: Kind) => async () => {
    const pending = await contactDetails.pending(caller, kind)
    if (pending === null) throw new AppError('not_found', 'code.none')
    return { ...pending, digits, minutes: codes.lifetimeMinutes[kind] }
  }

  const ask = async ({ visit, caller, session, input, go }: SignedIn, kind: Kind): Promise<Response> => {
    if (!(await captcha.verify(input, captchaSubject(caller), visit.address))) {
      throw invalid(captcha.field, 'v.captcha')
    }
    if (!signIn.isRecent(session)) await ownAccount.prove(visit, caller, read(Proven, input))
    if (kind === 'email') await contactDetails.requestEmail(visit, caller, read(WantedEmail, input))
    else await contactDetails.requestPhone(visit, caller, read(WantedPhone, input))
    return go(`/${kind}/validate`)
  }

  const confirm = async ({ visit, caller, input, go }: SignedIn, kind: Kind): Promise<Response> => {
    const guessed = await contactDetails.guess(visit, caller, kind, wholeCode(input, digits))
    if (!('outcome' in guessed)) return go(LANDING, { flash: CHANGED[kind] })
    if (guessed.outcome === 'dead' || guessed.left === 0) throw new AppError('gone', 'code.dead')
    throw invalid('code', 'recovery.wrong', { count: guessed.left })
  }

  const routes = (kind: Kind) =>
    new Elysia({ prefix: `/${kind}` })
      .use(auth)
      .use(pages)
      .get('/change', ({ caller, session, form }) => form(changePage, change({ caller, session }, kind)), {
        signedIn: 'account',
      })
      .post(
        '/change',
        ({ visit, caller, session, input, form, go }) => {
          const who = { visit, caller, session, input, go }
          return form(changePage, change(who, kind), () => ask(who, kind))
        },
        { signedIn: 'account' },
      )
      .get('/validate', ({ caller, form }) => form(codePage, sent(caller, kind)), { signedIn: 'account' })
      .post(
        '/',
        ({ visit, caller, session, input, form, go }) =>
          form(codePage, sent(caller, kind), () => confirm({ visit, caller, session, input, go }, kind)),
        { signedIn: 'account' },
      )

  return new Elysia().use(routes('email')).use(routes('phone'))
}
