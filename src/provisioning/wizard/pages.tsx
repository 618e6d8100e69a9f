import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { textOf } from '../../panel/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { Provisioning } from '../provisioning/provisioning.ts'
import { documentationPage } from './documentation-page.tsx'
import { appLink } from './link.ts'
import { linkPage } from './link-page.tsx'
import { openPage } from './open-page.tsx'
import { overPage } from './over-page.tsx'
import { provisioningPage } from './provisioning-page.tsx'
import type { WizardLinks } from './wizard.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly wizard: WizardLinks
  readonly provisioning: Provisioning
  readonly formTokens: FormTokens
  readonly config: Config
}

/** Mails of the generation before link here with a provisioning token. */
const PROVISIONING_TOKEN = /^[A-Za-z0-9]{13}$/

/** Where a person opens the app (behaviour/wizard.md §2): GET shows, the click on the button is what counts (D28). */
export const wizardPages = (deps: Deps) => {
  const { auth, pages, wizard, provisioning, formTokens, config } = deps
  const path = `${config.BASE_PATH}/wizard`

  const queryOf = (request: Request) => new URL(request.url).search

  const over = (request: Request, visit: Visit): Response => {
    const href = appLink({ ...wizard.errandOfQuery(visit), sip: null, action: 'show' }, null)
    return overPage(visit, config.BASE_PATH, href, request.method === 'GET' ? '' : null)
  }

  const withProvisioningToken = async (visit: Visit, token: string): Promise<Response> => {
    const { again } = await provisioning.look(visit, { token, isAuthToken: false, isPerson: true })
    const query = provisioning.wantsReset(visit) ? '?reset_password=1' : ''
    const link = { ...provisioning.addressOf(visit, token), again }
    return provisioningPage(visit, config, link, `${path}/${token}${query}`)
  }

  return new Elysia({ prefix: '/wizard' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      ({ request, visit }) => {
        const errand = wizard.errandOfQuery(visit)
        const href = appLink(errand, null)
        return openPage(visit, config, { errand, href, setsUp: false, address: `${path}${queryOf(request)}` })
      },
      { open: true, page: true },
    )
    .get('/documentation', ({ visit }) => documentationPage(visit, config.BASE_PATH), { open: true, page: true })
    .get(
      '/:token',
      async ({ request, visit, params }) => {
        if (PROVISIONING_TOKEN.test(params.token)) return withProvisioningToken(visit, params.token)
        const link = await wizard.inspect(visit, params.token)
        if (link === null) return over(request, visit)
        const address = `${path}/${link.token}${queryOf(request)}`
        return linkPage(visit, config, link, address, formTokens.issue(request, visit))
      },
      { open: true, page: true },
    )
    .post(
      '/',
      async ({ request, visit }) => {
        formTokens.check(request, visit)
        const followed = await wizard.follow(visit, textOf(visit.input.token))
        if (followed === null) return over(request, visit)
        return openPage(visit, config, { ...followed, address: null })
      },
      { open: true, page: true },
    )
}
