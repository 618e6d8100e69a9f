import { Elysia } from 'elysia'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Codes } from '../../accounts/codes/codes.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import { invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import { typedCode } from '../../panel/typed-code.ts'
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
  readonly config: Config
}

const captchaSubject = ({ address }: Visit): string => `recovery ${address}`

/**
 * Back into an account: by e-mail, or by the phone that an app has asked a token for; then the code, then `/password`.
 */
export const recoveryPages = ({ auth, pages, recovery, codes, sessions, captcha, config }: Deps) => {
  const digits = config.CODE_DIGITS

  const ask = (visit: Visit) => ({ needsName: recovery.needsName(visit.space), captcha: captchaSubject(visit) })

  const sent = (waiting: Waiting) => ({ ...waiting, digits, minutes: codes.lifetimeMinutes.recovery })

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/recovery/email', ({ visit, form }) => form(emailPage, ask(visit)), { open: true, page: true })
    .get(
      '/recovery/phone/:token',
      async ({ visit, params: { token }, form }) => {
        await recovery.inspectToken(visit, token)
        return form(phonePage, token)
      },
      { open: true, page: true },
    )
    .post(
      '/recovery',
      ({ visit, input, form }) => {
        const token = input.account_recovery_token
        if (typeof token === 'string') {
          return form(phonePage, token, async () =>
            form(codePage, sent(await recovery.byPhone(visit, token, read(PhoneRecovery, input)))),
          )
        }
        return form(emailPage, ask(visit), async () => {
          const wanted = read(EmailRecovery, input)
          const isPerson = await captcha.verify(input, captchaSubject(visit), visit.address)
          if (!isPerson) wanted.refuse(captcha.field, { id: 'v.captcha' })
          return form(codePage, sent(await recovery.byEmail(visit, wanted)))
        })
      },
      { open: true, page: true },
    )
    .post(
      '/recovery/confirm',
      async ({ visit, input, form, show, go }) => {
        const answer = await recovery.confirm(visit, textOf(input.flow), typedCode(input, digits))
        if (answer.outcome === 'right') return go('/password', { cookies: [sessions.cookie(visit, answer.session)] })
        if (answer.outcome === 'dead') return show(overPage, { status: 410 })
        if (answer.outcome === 'wrong' && answer.left === 0) return show(overPage, { status: 422 })
        return form(codePage, sent(answer.waiting), () => {
          throw answer.outcome === 'malformed'
            ? invalid('code', 'v.digits', { count: digits })
            : invalid('code', 'recovery.wrong', { count: answer.left })
        })
      },
      { open: true, page: true },
    )
}
