import { Elysia } from 'elysia'
import type { AuditReading } from '../../audit/reading.ts'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import type { Activity } from './activity.ts'
import { activityPage } from './activity-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly activity: Activity
  readonly auditReading: Pick<AuditReading, 'ofAccount'>
}

/** What happened around an account (behaviour/panel.md §7.7). */
export const activityPages = ({ auth, pages, scope, activity, auditReading }: Deps) =>
  new Elysia()
    .use(auth)
    .use(pages)
    .get(
      '/admin/accounts/:id/activity',
      async ({ visit, caller, params, show }) => {
        const { account, space } = await scope.account(visit, caller, params.id)
        return show(activityPage, {
          account,
          space,
          ...(await activity.of(account.id)),
          changes: await auditReading.ofAccount(account.id),
        })
      },
      { signedIn: 'admin' },
    )
