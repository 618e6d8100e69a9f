import { Elysia } from 'elysia'
import type { Captcha } from '../../captcha/captcha.ts'
import type { Config } from '../../config/config.ts'
import { AppError, type Message, type MessageValues } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { Visit } from '../../http/visit.ts'
import type { MessageId } from '../../messages/messages.ts'
import { FORM_TOKEN_FIELD, type FormTokens } from '../../panel/csrf.ts'
import {
  CODE_SCRIPTS,
  codeField,
  currentPasswordField,
  NOTHING_REFUSED,
  textField,
  typedCode,
} from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { countdown } from '../../panel/moment.tsx'
import { LANDING } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { Caller } from '../authentication/caller.ts'
import type { Codes } from '../codes/codes.ts'
import { type OwnAccount, Proven } from '../own-account/own-account.ts'
import type { Session } from '../sessions/sessions.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { type ContactDetails, WantedEmail, WantedPhone } from './contact-details.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly contactDetails: ContactDetails
  readonly formTokens: FormTokens
  readonly config: Config
}

interface ChangeDeps extends Deps {
  readonly codes: Codes
  readonly ownAccount: OwnAccount
  readonly signIn: SignIn
  readonly captcha: Captcha
}

interface SignedIn {
  readonly caller: Caller
  readonly session: Session
}

/** The links of mails about an address (spec legacy.md §9): GET shows a button, so that no preview confirms anything. */
export const contactDetailsPages = ({ auth, pages, contactDetails, formTokens, config }: Deps) => {
  const base = `${config.BASE_PATH}/email`

  const ask = (
    request: Request,
    visit: Visit,
    question: { path: 'confirm' | 'undo'; link: string; title: MessageId; text: MessageId; values: MessageValues },
  ): Response => {
    const { path, link, title, text, values } = question
    const t = texts(visit)
    const { token, setCookie } = formTokens.issue(request, visit)
    return page(visit, config.BASE_PATH, {
      title,
      address: `${base}/${path}/${link}`,
      headers: setCookie === null ? {} : { 'set-cookie': setCookie },
      children: (
        <form method="post" action={`${base}/${path}`}>
          <p>{t(text, values)}</p>
          <input type="hidden" name={FORM_TOKEN_FIELD} value={token} />
          <input type="hidden" name="link" value={link} />
          <button type="submit">{t(title)}</button>
        </form>
      ),
    })
  }

  const done = (visit: Visit, title: MessageId, text: MessageId): Response =>
    page(visit, config.BASE_PATH, { title, address: null, children: <p>{texts(visit)(text)}</p> })

  return new Elysia({ prefix: '/email' })
    .use(auth)
    .use(pages)
    .get(
      '/confirm/:link',
      async ({ request, visit, params: { link } }) => {
        const { email } = await contactDetails.inspectLink(visit, link)
        const words = { title: 'email.confirm', text: 'email.confirm_why', values: { email } } as const
        return ask(request, visit, { path: 'confirm', link, ...words })
      },
      { open: true, page: true },
    )
    .post(
      '/confirm',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        await contactDetails.confirmByLink(visit, String(visit.input.link ?? ''))
        return done(visit, 'email.confirmed', 'email.confirmed_text')
      },
      { open: true, page: true },
    )
    .get(
      '/undo/:link',
      async ({ request, visit, params: { link } }) => {
        const { previousEmail } = await contactDetails.inspectUndo(visit, link)
        const words = { title: 'email.undo', text: 'email.undo_why', values: { email: previousEmail } } as const
        return ask(request, visit, { path: 'undo', link, ...words })
      },
      { open: true, page: true },
    )
    .post(
      '/undo',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        await contactDetails.undoEmail(visit, String(visit.input.link ?? ''))
        return done(visit, 'email.undone', 'email.undone_text')
      },
      { open: true, page: true },
    )
}

const CHANGES = {
  email: {
    label: 'dashboard.email',
    type: 'email',
    change: 'contact.change_email',
    why: 'contact.email_why',
    sent: 'contact.sent_email',
    changed: 'flash.email',
  },
  phone: {
    label: 'dashboard.phone',
    type: 'tel',
    change: 'contact.change_phone',
    why: 'contact.phone_why',
    sent: 'contact.sent_phone',
    changed: 'flash.phone',
  },
} as const

type Kind = keyof typeof CHANGES

/** A new address or number, and the code that was sent to it (spec panel.md PU2, PU3). */
export const contactChangePages = (deps: ChangeDeps) => {
  const { auth, pages, contactDetails, codes, ownAccount, signIn, captcha, config } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  const captchaSubject = ({ id }: Caller): string => `contact ${id}`

  const changeForm = async (
    request: Request,
    visit: Visit,
    { caller, session }: SignedIn,
    kind: Kind,
    refused = NOTHING_REFUSED,
  ): Promise<Response> => {
    const t = texts(visit)
    const { label, type, change, why } = CHANGES[kind]
    const account = await ownAccount.view(caller)
    const pending = kind === 'email' ? account.emailChange?.email : account.phoneChange?.phone
    const typed = visit.input[kind]
    return form(request, visit, {
      title: change,
      action: `/${kind}/change`,
      button: 'recovery.send',
      refused,
      address: `${basePath}/${kind}/change`,
      captchaSubject: captchaSubject(caller),
      children: (
        <>
          <p>{t(why)}</p>
          {textField(visit, refused, {
            name: kind,
            label,
            type,
            value: typeof typed === 'string' ? typed : (pending ?? ''),
            autocomplete: type,
            ...(kind === 'phone' ? { hint: t('sign_up.phone_hint') } : {}),
          })}
          {account.algorithms.length > 0 && !signIn.isRecent(session) ? currentPasswordField(visit, refused) : null}
        </>
      ),
      after: <a href={basePath + LANDING}>{t('panel.cancel')}</a>,
    })
  }

  const codeForm = async (
    request: Request,
    visit: Visit,
    { caller }: SignedIn,
    kind: Kind,
    refused = NOTHING_REFUSED,
  ): Promise<Response> => {
    const t = texts(visit)
    const pending = await contactDetails.pending(caller, kind)
    if (pending === null) throw new AppError('not_found', 'code.none')
    const { to, resendSeconds } = pending
    const minutes = codes.lifetimeMinutes[kind]
    return form(request, visit, {
      title: 'recovery.code_title',
      action: `/${kind}`,
      button: 'recovery.confirm',
      refused,
      address: `${basePath}/${kind}/validate`,
      scripts: CODE_SCRIPTS,
      children: (
        <>
          <p>
            {t(CHANGES[kind].sent, { to, digits: config.CODE_DIGITS })}{' '}
            {minutes === null ? null : t('recovery.lifetime', { count: minutes })}
          </p>
          {codeField(visit, refused, config.CODE_DIGITS)}
        </>
      ),
      after: (
        <ul class="ways">
          <li>
            {t('code.late')} {countdown(resendSeconds)} <a href={`${basePath}/${kind}/change`}>{t('contact.again')}</a>
          </li>
          <li>
            <a href={basePath + LANDING}>{t('panel.cancel')}</a>
          </li>
        </ul>
      ),
    })
  }

  const ask = async (request: Request, visit: Visit, who: SignedIn, kind: Kind): Promise<Response> => {
    const { caller, session } = who
    try {
      if (!(await captcha.verify(visit.input, captchaSubject(caller), visit.address))) {
        throw new AppError('invalid', 'errors.invalid', { fields: new Map([[captcha.field, [{ id: 'v.captcha' }]]]) })
      }
      if (!signIn.isRecent(session)) await ownAccount.prove(visit, caller, read(Proven, visit.input))
      if (kind === 'email') await contactDetails.requestEmail(visit, caller, read(WantedEmail, visit.input))
      else await contactDetails.requestPhone(visit, caller, read(WantedPhone, visit.input))
    } catch (error) {
      return changeForm(request, visit, who, kind, refusedFields(error))
    }
    return redirect(visit, basePath, `/${kind}/validate`)
  }

  const confirm = async (request: Request, visit: Visit, who: SignedIn, kind: Kind): Promise<Response> => {
    const { caller } = who
    const code = typedCode(visit, config.CODE_DIGITS)
    if (!/^\d+$/.test(code) || code.length !== config.CODE_DIGITS) {
      const count = config.CODE_DIGITS
      return codeForm(request, visit, who, kind, new Map([['code', [{ id: 'v.digits', values: { count } }]]]))
    }
    const guessed = await contactDetails.guess(visit, caller, kind, code)
    if (!('outcome' in guessed)) return redirect(visit, basePath, LANDING, { flash: CHANGES[kind].changed })
    if (guessed.outcome === 'dead' || guessed.left === 0) throw new AppError('gone', 'code.dead')
    const wrong: Message = { id: 'recovery.wrong', values: { count: guessed.left } }
    return codeForm(request, visit, who, kind, new Map([['code', [wrong]]]))
  }

  const routes = (kind: Kind) =>
    new Elysia({ prefix: `/${kind}` })
      .use(auth)
      .use(pages)
      .get('/change', ({ request, visit, caller, session }) => changeForm(request, visit, { caller, session }, kind), {
        signedIn: 'account',
      })
      .post('/change', ({ request, visit, caller, session }) => ask(request, visit, { caller, session }, kind), {
        signedIn: 'account',
      })
      .get('/validate', ({ request, visit, caller, session }) => codeForm(request, visit, { caller, session }, kind), {
        signedIn: 'account',
      })
      .post('/', ({ request, visit, caller, session }) => confirm(request, visit, { caller, session }, kind), {
        signedIn: 'account',
      })

  return new Elysia().use(routes('email')).use(routes('phone'))
}
