import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import { telephonyOf } from '../../telephony/overview/overview.ts'
import { pathOf } from '../account/head.tsx'
import type { AdministrationScope } from '../scope/scope.ts'
import { subjectOf } from './place.ts'
import { accountTelephonyPage } from './telephony-page.tsx'

type Deps = Parameters<typeof telephonyOf>[0] & {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
}

/** The rules and messages of one account, for those who administer it (behaviour/panel.md §7.18). */
export const accountTelephonyPages = (deps: Deps) => {
  const { auth, pages, scope } = deps
  const telephony = telephonyOf(deps)
  return new Elysia()
    .use(auth)
    .use(pages)
    .get(
      '/admin/accounts/:id/telephony',
      async ({ visit, caller, params, input, show }) => {
        const found = await scope.account(visit, caller, params.id)
        const { account, space } = found
        const addEmail = account.email === null ? pathOf(account, '/edit') : null
        const facts = await telephony(subjectOf(found), input, { addEmail })
        return show(accountTelephonyPage, { ...facts, account, space })
      },
      { signedIn: 'admin' },
    )
}
