import { Elysia } from 'elysia'
import { ChosenPassword } from '../../accounts/passwords/rules.ts'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { textOf } from '../../panel/components/fields.tsx'
import { outcomePage } from '../../panel/outcome-page.tsx'
import type { Pages } from '../../panel/pages.ts'
import { passwordPage } from './password-page.tsx'
import type { PasswordResets } from './password-resets.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly passwordResets: PasswordResets
  readonly captcha: Captcha
  readonly config: Config
}

/** Where the mail's link leads (behaviour/panel.md §3.9): GET shows the form, POST sets the password. */
export const passwordResetPages = ({ auth, pages, passwordResets, captcha, config }: Deps) => {
  const least = config.ACCOUNT_PASSWORD_MIN_LENGTH
  return new Elysia({ prefix: '/reset_password' })
    .use(auth)
    .use(pages)
    .get(
      '/:token',
      async ({ visit, params: { token }, form }) => {
        await passwordResets.inspect(visit, token, 'gone')
        return form(passwordPage, { token, least })
      },
      { open: true, page: true },
    )
    .post(
      '/',
      async ({ visit, input, t, form, show }) => {
        const token = textOf(input.token)
        await passwordResets.inspect(visit, token, 'forbidden')
        return form(passwordPage, { token, least }, async () => {
          const wanted = read(ChosenPassword, input)
          const isPerson = await captcha.verify(input, token, visit.address)
          if (!isPerson) wanted.refuse(captcha.field, { id: 'v.captcha' })
          await passwordResets.reset(visit, token, wanted)
          return show(outcomePage, { title: t('password.done'), text: t('password.done_text') })
        })
      },
      { open: true, page: true },
    )
}
