import { Elysia } from 'elysia'
import type { Captcha } from '../../captcha/kind.ts'
import { invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { textOf } from '../../panel/components/fields.tsx'
import { outcomePage } from '../../panel/outcome-page.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { AccountTokens } from './account-tokens.ts'
import { checkPage } from './check-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly accountTokens: AccountTokens
  readonly captcha: Captcha
}

/** The browser check of a creation request token (behaviour/tokens.md §2.1): GET shows, POST confirms. */
export const creationTokenPages = ({ auth, pages, accountTokens, captcha }: Deps) =>
  new Elysia({ prefix: '/creation_token' })
    .use(auth)
    .use(pages)
    .get(
      '/check/:token',
      async ({ visit, params, form }) => {
        await accountTokens.checkRequest(visit, params.token)
        return form(checkPage, params.token)
      },
      { open: true, page: true },
    )
    .post(
      '/validate',
      async ({ visit, input, t, form, show }) => {
        const token = textOf(input.account_creation_request_token)
        await accountTokens.checkRequest(visit, token)
        return form(checkPage, token, async () => {
          if (!(await captcha.verify(input, token, visit.address))) throw invalid(captcha.field, 'v.captcha')
          await accountTokens.validateRequest(visit, token)
          return show(outcomePage, { title: t('creation.done'), text: t('creation.back'), more: { children: null } })
        })
      },
      { open: true, page: true },
    )
