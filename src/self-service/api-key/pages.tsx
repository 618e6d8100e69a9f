import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { ApiKey } from './api-key.ts'
import { apiKeyPage } from './api-key-page.tsx'
import { newKeyPage } from './new-key-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly apiKey: ApiKey
  readonly config: Config
}

/** The one key of an account for programs of its own (behaviour/panel.md §4.6). */
export const apiKeyPages = ({ auth, pages, apiKey, config }: Deps) => {
  const basePath = config.BASE_PATH

  return new Elysia({ prefix: '/api_key' })
    .use(auth)
    .use(pages)
    .get('/', async ({ visit, caller }) => apiKeyPage(visit, basePath, await apiKey.of(caller)), {
      signedIn: 'account',
    })
    .post('/', async ({ visit, caller }) => newKeyPage(visit, basePath, await apiKey.renew(visit, caller)), {
      signedIn: 'account',
    })
    .post(
      '/revoke',
      async ({ visit, caller }) => {
        await apiKey.revoke(visit, caller)
        return redirect(visit, basePath, '/api_key', { flash: 'flash.key_revoked' })
      },
      { signedIn: 'account' },
    )
}
