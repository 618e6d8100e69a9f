import { Elysia } from 'elysia'
import { ChosenPassword } from '../../accounts/passwords/rules.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { donePage } from '../../panel/done-page.tsx'
import { textOf } from '../../panel/fields.tsx'
import { formPage, refusedFields } from '../../panel/form-page.tsx'
import type { Pages } from '../../panel/pages.ts'
import { passwordPage } from './password-page.tsx'
import type { PasswordResets } from './password-resets.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly passwordResets: PasswordResets
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

/** Where the mail's link leads (behaviour/panel.md §3.9): GET shows the form, POST sets the password. */
export const passwordResetPages = (deps: Deps) => {
  const { auth, pages, passwordResets, captcha, formTokens, config } = deps
  const form = formPage(deps)

  return new Elysia({ prefix: '/reset_password' })
    .use(auth)
    .use(pages)
    .get(
      '/:token',
      async ({ request, visit, params }) => {
        await passwordResets.inspect(visit, params.token, 'gone')
        return form(request, visit, passwordPage(visit, config, params.token))
      },
      { open: true, page: true },
    )
    .post(
      '/',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const token = textOf(visit.input.token)
        await passwordResets.inspect(visit, token, 'forbidden')
        const input = read(ChosenPassword, visit.input)
        const isPerson = await captcha.verify(visit.input, token, visit.address)
        if (!isPerson) input.refuse(captcha.field, { id: 'v.captcha' })
        try {
          await passwordResets.reset(visit, token, input)
        } catch (error) {
          return form(request, visit, passwordPage(visit, config, token, refusedFields(error)))
        }
        return donePage(visit, config.BASE_PATH, { title: 'password.done', text: 'password.done_text' })
      },
      { open: true, page: true },
    )
}
