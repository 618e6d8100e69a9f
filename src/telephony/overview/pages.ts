import { Elysia } from 'elysia'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import { OWN_TELEPHONY } from '../place/place.ts'
import { telephonyOf } from './overview.ts'
import { overviewPage } from './overview-page.tsx'

type Deps = Parameters<typeof telephonyOf>[0] & {
  readonly auth: Auth
  readonly pages: Pages
  readonly accounts: Accounts
}

/** Where an account's own calls go, and what callers left (behaviour/panel.md §4.10). */
export const telephonyPages = (deps: Deps) => {
  const { auth, pages, accounts } = deps
  const telephony = telephonyOf(deps)
  return new Elysia()
    .use(auth)
    .use(pages)
    .get(
      OWN_TELEPHONY.prefix,
      async ({ visit, caller, params, input, show }) => {
        const { account } = await accounts.ofCaller(caller)
        const subject = await OWN_TELEPHONY.of({ visit, caller, params })
        const addEmail = account.email === null ? '/email/change' : null
        return show(overviewPage, await telephony(subject, input, { addEmail }))
      },
      { signedIn: 'account' },
    )
}
