import { Elysia } from 'elysia'
import type { Captcha } from '../../captcha/kind.ts'
import type { Config } from '../../config/config.ts'
import type { FieldMessages } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { donePage } from '../../panel/done-page.tsx'
import { textOf } from '../../panel/fields.tsx'
import { formPage } from '../../panel/form-page.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { AccountTokens } from './account-tokens.ts'
import { checkPage } from './check-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly accountTokens: AccountTokens
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

/** The browser check of a creation request token (behaviour/tokens.md §2.1): GET shows, POST confirms. */
export const creationTokenPages = (deps: Deps) => {
  const { auth, pages, accountTokens, captcha, formTokens, config } = deps
  const basePath = config.BASE_PATH

  const form = formPage(deps)

  const notAPerson: FieldMessages = new Map([[captcha.field, [{ id: 'v.captcha' }]]])

  return new Elysia({ prefix: '/creation_token' })
    .use(auth)
    .use(pages)
    .get(
      '/check/:token',
      async ({ request, visit, params }) => {
        await accountTokens.checkRequest(visit, params.token)
        return form(request, visit, checkPage(visit, basePath, params.token))
      },
      { open: true, page: true },
    )
    .post(
      '/validate',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const token = textOf(visit.input.account_creation_request_token)
        await accountTokens.checkRequest(visit, token)
        if (!(await captcha.verify(visit.input, token, visit.address))) {
          return form(request, visit, checkPage(visit, basePath, token, notAPerson))
        }
        await accountTokens.validateRequest(visit, token)
        return donePage(visit, basePath, { title: 'creation.done', text: 'creation.back' })
      },
      { open: true, page: true },
    )
}
