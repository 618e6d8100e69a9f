import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Answers } from '../../panel/answers.tsx'
import { textOf } from '../../panel/components/fields.tsx'
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
}

/** Mails of the generation before link here with a provisioning token. */
const PROVISIONING_TOKEN = /^[A-Za-z0-9]{13}$/

/** Where a person opens the app (behaviour/wizard.md §2): GET shows, the click on the button is what counts (D28). */
export const wizardPages = ({ auth, pages, wizard, provisioning }: Deps) => {
  /** What opens the app and does nothing else. */
  const appAlone = (visit: Visit) => appLink({ ...wizard.errandOfQuery(visit), sip: null, action: 'show' }, null)

  const withProvisioningToken = async (visit: Visit, token: string, show: Answers['show']): Promise<Response> => {
    const { again } = await provisioning.look(visit, { token, isAuthToken: false, isPerson: true })
    const address = `/wizard/${token}${provisioning.wantsReset(visit) ? '?reset_password=1' : ''}`
    return show(provisioningPage, { ...provisioning.addressOf(visit, token), again, address })
  }

  return new Elysia({ prefix: '/wizard' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      ({ visit, show }) => {
        const errand = wizard.errandOfQuery(visit)
        return show(openPage, { errand, href: appLink(errand, null), setsUp: false, isAnswer: false })
      },
      { open: true, page: true },
    )
    .get('/documentation', ({ show }) => show(documentationPage), { open: true, page: true })
    .get(
      '/:token',
      async ({ request, visit, params, show, form }) => {
        if (PROVISIONING_TOKEN.test(params.token)) return withProvisioningToken(visit, params.token, show)
        const link = await wizard.inspect(visit, params.token)
        if (link === null) return show(overPage, { href: appAlone(visit), isAnswer: false })
        return form(linkPage, { link, query: new URL(request.url).search })
      },
      { open: true, page: true },
    )
    .post(
      '/',
      async ({ visit, input, show }) => {
        const followed = await wizard.follow(visit, textOf(input.token))
        if (followed === null) return show(overPage, { href: appAlone(visit), isAnswer: true })
        return show(openPage, { ...followed, isAnswer: true })
      },
      { open: true, page: true },
    )
}
