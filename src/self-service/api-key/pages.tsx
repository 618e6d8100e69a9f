import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import type { ApiKey } from './api-key.ts'
import { apiKeyPage } from './api-key-page.tsx'
import { newKeyPage } from './new-key-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly apiKey: ApiKey
}

/** The one key of an account for programs of its own (behaviour/panel.md §4.6). */
export const apiKeyPages = ({ auth, pages, apiKey }: Deps) =>
  new Elysia({ prefix: '/api_key' })
    .use(auth)
    .use(pages)
    .get('/', async ({ caller, show }) => show(apiKeyPage, await apiKey.of(caller)), { signedIn: 'account' })
    .post('/', async ({ visit, caller, show }) => show(newKeyPage, await apiKey.renew(visit, caller)), {
      signedIn: 'account',
    })
    .post(
      '/revoke',
      async ({ visit, caller, go }) => {
        await apiKey.revoke(visit, caller)
        return go('/api_key', { flash: 'flash.key_revoked' })
      },
      { signedIn: 'account' },
    )
