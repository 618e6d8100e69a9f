import { Elysia } from 'elysia'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Codes } from '../../accounts/codes/codes.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import type { FieldMessages } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { NOTHING_REFUSED, textOf, typedCode } from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import { codePage } from './code-page.tsx'
import { emailPage } from './email-page.tsx'
import { overPage } from './over-page.tsx'
import { phonePage } from './phone-page.tsx'
import { EmailRecovery, PhoneRecovery, type Recovery, type Waiting } from './recovery.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly recovery: Recovery
  readonly codes: Codes
  readonly sessions: Sessions
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

const refusedCode = (id: MessageId, count: number): FieldMessages => new Map([['code', [{ id, values: { count } }]]])

/**
 * Back into an account: by e-mail, or by the phone that an app has asked a token for; then the code, then `/password`.
 */
export const recoveryPages = (deps: Deps) => {
  const { auth, pages, recovery, codes, sessions, captcha, formTokens, config } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  const captchaSubject = (visit: Visit): string => `recovery ${visit.address}`

  const emailForm = (request: Request, visit: Visit, refused = NOTHING_REFUSED): Promise<Response> =>
    form(
      request,
      visit,
      emailPage(visit, {
        basePath,
        captchaSubject: captchaSubject(visit),
        needsName: recovery.needsName(visit.space),
        refused,
      }),
    )

  const phoneForm = (request: Request, visit: Visit, token: string, refused = NOTHING_REFUSED): Promise<Response> =>
    form(request, visit, phonePage(visit, basePath, token, refused))

  const codeForm = (request: Request, visit: Visit, waiting: Waiting, refused = NOTHING_REFUSED): Promise<Response> =>
    form(request, visit, codePage(visit, config.CODE_DIGITS, waiting, codes.lifetimeMinutes.recovery, refused))

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/recovery/email', ({ request, visit }) => emailForm(request, visit), { open: true, page: true })
    .get(
      '/recovery/phone/:token',
      async ({ request, visit, params }) => {
        await recovery.inspectToken(visit, params.token)
        return phoneForm(request, visit, params.token)
      },
      { open: true, page: true },
    )
    .post(
      '/recovery',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const token = visit.input.account_recovery_token
        if (typeof token === 'string') {
          const input = read(PhoneRecovery, visit.input)
          return recovery.byPhone(visit, token, input).then(
            (waiting) => codeForm(request, visit, waiting),
            (error) => phoneForm(request, visit, token, refusedFields(error)),
          )
        }
        const input = read(EmailRecovery, visit.input)
        const isPerson = await captcha.verify(visit.input, captchaSubject(visit), visit.address)
        if (!isPerson) input.refuse(captcha.field, { id: 'v.captcha' })
        return recovery.byEmail(visit, input).then(
          (waiting) => codeForm(request, visit, waiting),
          (error) => emailForm(request, visit, refusedFields(error)),
        )
      },
      { open: true, page: true },
    )
    .post(
      '/recovery/confirm',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const flow = textOf(visit.input.flow)
        const answer = await recovery.confirm(visit, flow, typedCode(visit, config.CODE_DIGITS))
        switch (answer.outcome) {
          case 'right':
            return redirect(visit, basePath, '/password', { cookies: [sessions.cookie(visit, answer.session)] })
          case 'dead':
            return overPage(visit, basePath, 410)
          case 'wrong':
            return answer.left === 0
              ? overPage(visit, basePath, 422)
              : codeForm(request, visit, answer.waiting, refusedCode('recovery.wrong', answer.left))
          case 'malformed':
            return codeForm(request, visit, answer.waiting, refusedCode('v.digits', config.CODE_DIGITS))
        }
      },
      { open: true, page: true },
    )
}
