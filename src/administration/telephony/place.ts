import type { Place, Subject } from '../../telephony/place/place.ts'
import { aboveOf, pathOf } from '../account/head.tsx'
import type { Administered, AdministrationScope } from '../scope/scope.ts'

export const subjectOf = ({ account, space, visit }: Administered): Subject => ({
  visit,
  account: { id: account.id, username: account.username, domain: account.domain, space },
  root: pathOf(account, '/telephony'),
  above: (t) => aboveOf(t, { account }),
})

/** Telephony of the account that the address names, for those who administer it (behaviour/panel.md §7.18). */
export const administeredTelephony = ({ scope }: { scope: AdministrationScope }): Place => ({
  prefix: '/admin/accounts/:id/telephony',
  signedIn: 'admin',
  of: async ({ visit, caller, params }) => subjectOf(await scope.account(visit, caller, params.id ?? '')),
})
