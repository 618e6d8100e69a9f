import { Elysia } from 'elysia'
import type { Codes } from '../../accounts/codes/codes.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import { AppError, invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { Message } from '../../messages/messages.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { donePage } from '../../panel/done-page.tsx'
import { NOTHING_REFUSED, textOf, typedCode } from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import { LANDING } from '../../panel/navigation.ts'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
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
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

interface ChangeDeps extends Deps {
  readonly codes: Codes
  readonly ownAccount: OwnAccount
  readonly signIn: SignIn
}

interface SignedIn {
  readonly caller: Caller
  readonly session: Session
}

/**
 * The links of mails about an address (behaviour/accounts.md §5.3): GET only shows a button, so no preview confirms
 * anything.
 */
export const contactDetailsPages = (deps: Deps) => {
  const { auth, pages, contactDetails, formTokens, config } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  return new Elysia({ prefix: '/email' })
    .use(auth)
    .use(pages)
    .get(
      '/confirm/:link',
      async ({ request, visit, params: { link } }) => {
        const { email } = await contactDetails.inspectLink(visit, link)
        const words = { title: 'email.confirm', text: 'email.confirm_why', values: { email } } as const
        return form(request, visit, linkPage(visit, basePath, { path: '/email/confirm', link, ...words }))
      },
      { open: true, page: true },
    )
    .post(
      '/confirm',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        await contactDetails.confirmByLink(visit, textOf(visit.input.link))
        return donePage(visit, basePath, { title: 'email.confirmed', text: 'email.confirmed_text' })
      },
      { open: true, page: true },
    )
    .get(
      '/undo/:link',
      async ({ request, visit, params: { link } }) => {
        const { previousEmail } = await contactDetails.inspectUndo(visit, link)
        const words = { title: 'email.undo', text: 'email.undo_why', values: { email: previousEmail } } as const
        return form(request, visit, linkPage(visit, basePath, { path: '/email/undo', link, ...words }))
      },
      { open: true, page: true },
    )
    .post(
      '/undo',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        await contactDetails.undoEmail(visit, textOf(visit.input.link))
        return donePage(visit, basePath, { title: 'email.undone', text: 'email.undone_text' })
      },
      { open: true, page: true },
    )
}

type Kind = Pending['kind']

const CHANGED = { email: 'flash.email', phone: 'flash.phone' } as const

/** A new address or number, and the code that was sent to it (behaviour/panel.md §4.2). */
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
    const account = await ownAccount.view(caller)
    const change = {
      kind,
      pending: kind === 'email' ? account.emailChange?.email : account.phoneChange?.phone,
      asksForCurrent: account.algorithms.length > 0 && !signIn.isRecent(session),
      captchaSubject: captchaSubject(caller),
    }
    return form(request, visit, changePage(visit, basePath, change, refused))
  }

  const codeForm = async (
    request: Request,
    visit: Visit,
    { caller }: SignedIn,
    kind: Kind,
    refused = NOTHING_REFUSED,
  ): Promise<Response> => {
    const pending = await contactDetails.pending(caller, kind)
    if (pending === null) throw new AppError('not_found', 'code.none')
    return form(request, visit, codePage(visit, config, pending, codes.lifetimeMinutes[kind], refused))
  }

  const ask = async (request: Request, visit: Visit, who: SignedIn, kind: Kind): Promise<Response> => {
    const { caller, session } = who
    try {
      if (!(await captcha.verify(visit.input, captchaSubject(caller), visit.address))) {
        throw invalid(captcha.field, 'v.captcha')
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
    if (code.length !== config.CODE_DIGITS || !/^\d+$/.test(code)) {
      const count = config.CODE_DIGITS
      return codeForm(request, visit, who, kind, new Map([['code', [{ id: 'v.digits', values: { count } }]]]))
    }
    const guessed = await contactDetails.guess(visit, caller, kind, code)
    if (!('outcome' in guessed)) return redirect(visit, basePath, LANDING, { flash: CHANGED[kind] })
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
