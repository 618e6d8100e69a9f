import { Elysia } from 'elysia'
import type { VNode } from 'preact'
import type { Captcha } from '../../captcha/captcha.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../http/visit.ts'
import { FORM_TOKEN_FIELD, type FormTokens } from '../../panel/csrf.ts'
import { page, texts } from '../../panel/layout.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { AccountTokens } from './account-tokens.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly accountTokens: AccountTokens
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
}

/** The browser check of a creation request token (spec tokens.md §2.1): GET shows, POST confirms. */
export const creationTokenPages = (deps: Deps) => {
  const { auth, pages, accountTokens, captcha, formTokens, config } = deps
  const basePath = config.BASE_PATH

  const form = async (request: Request, visit: Visit, token: string, refused: boolean): Promise<Response> => {
    const t = texts(visit)
    const { token: formToken, setCookie } = formTokens.issue(request, visit)
    const widget: VNode | null = await captcha.widget(token)
    return page(visit, basePath, {
      title: 'creation.title',
      status: refused ? 422 : 200,
      address: `${basePath}/creation_token/check/${token}`,
      foreign: captcha.foreign,
      scripts: captcha.script === null ? [] : [captcha.script],
      headers: setCookie === null ? {} : { 'set-cookie': setCookie },
      children: (
        <form method="post" action={`${basePath}/creation_token/validate`}>
          <p>{t('creation.why')}</p>
          {refused ? (
            <p class="refused" role="alert">
              {t('v.captcha')}
            </p>
          ) : null}
          <input type="hidden" name={FORM_TOKEN_FIELD} value={formToken} />
          <input type="hidden" name="account_creation_request_token" value={token} />
          {widget}
          {captcha.script === null ? null : <noscript>{t('captcha.scripts')}</noscript>}
          <button type="submit">{t('creation.confirm')}</button>
        </form>
      ),
    })
  }

  return new Elysia({ prefix: '/creation_token' })
    .use(auth)
    .use(pages)
    .get(
      '/check/:token',
      async ({ request, visit, params }) => {
        await accountTokens.checkRequest(visit, params.token)
        return form(request, visit, params.token, false)
      },
      { open: true, page: true },
    )
    .post(
      '/validate',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const token = String(visit.input.account_creation_request_token ?? '')
        await accountTokens.checkRequest(visit, token)
        if (!(await captcha.verify(visit.input, token, visit.address))) return form(request, visit, token, true)
        await accountTokens.validateRequest(visit, token)
        return page(visit, basePath, {
          title: 'creation.done',
          address: null,
          children: <p>{texts(visit)('creation.back')}</p>,
        })
      },
      { open: true, page: true },
    )
}
