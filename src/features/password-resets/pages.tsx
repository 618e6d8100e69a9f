import { Elysia } from 'elysia'
import type { Captcha } from '../../captcha/captcha.ts'
import type { Config } from '../../config/config.ts'
import type { FieldMessages } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { Visit } from '../../http/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { NOTHING_REFUSED, newPasswordFields } from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import type { Pages } from '../../panel/pages.ts'
import { ChosenPassword } from '../accounts/rules.ts'
import type { PasswordResets } from './password-resets.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly passwordResets: PasswordResets
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

/** Where the mail's link leads (spec panel.md PA9): GET shows the form, POST sets the password. */
export const passwordResetPages = (deps: Deps) => {
  const { auth, pages, passwordResets, captcha, formTokens, config } = deps
  const form = formPage(deps)

  const passwordForm = (
    request: Request,
    visit: Visit,
    token: string,
    refused: FieldMessages = NOTHING_REFUSED,
  ): Promise<Response> =>
    form(request, visit, {
      title: 'password.title',
      action: '/reset_password',
      button: 'password.set',
      refused,
      address: `${config.BASE_PATH}/reset_password/${token}`,
      captchaSubject: token,
      children: (
        <>
          <p>{texts(visit)('reset.why', { space: visit.space.name })}</p>
          <input type="hidden" name="token" value={token} />
          {newPasswordFields(visit, refused, config.ACCOUNT_PASSWORD_MIN_LENGTH)}
        </>
      ),
    })

  return new Elysia({ prefix: '/reset_password' })
    .use(auth)
    .use(pages)
    .get(
      '/:token',
      async ({ request, visit, params }) => {
        await passwordResets.inspect(visit, params.token, 'gone')
        return passwordForm(request, visit, params.token)
      },
      { open: true, page: true },
    )
    .post(
      '/',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const token = String(visit.input.token ?? '')
        await passwordResets.inspect(visit, token, 'forbidden')
        const input = read(ChosenPassword, visit.input)
        const isPerson = await captcha.verify(visit.input, token, visit.address)
        if (!isPerson) input.refuse(captcha.field, { id: 'v.captcha' })
        try {
          await passwordResets.reset(visit, token, input)
        } catch (error) {
          return passwordForm(request, visit, token, refusedFields(error))
        }
        return page(visit, config.BASE_PATH, {
          title: 'password.done',
          address: null,
          children: <p>{texts(visit)('password.done_text')}</p>,
        })
      },
      { open: true, page: true },
    )
}
