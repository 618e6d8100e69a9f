import { Elysia } from 'elysia'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import { overviewPage } from './overview-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly accounts: Accounts
}

/** Where administrators start (behaviour/panel.md §7.1). */
export const overviewPages = ({ auth, pages, accounts }: Deps) =>
  new Elysia()
    .use(auth)
    .use(pages)
    .get('/admin', ({ go }) => go('/admin/spaces/me'), { signedIn: 'admin' })
    .get(
      '/admin/spaces/me',
      async ({ caller, show }) =>
        show(overviewPage, { space: caller.space, accounts: await accounts.count(caller.space) }),
      { signedIn: 'admin' },
    )
