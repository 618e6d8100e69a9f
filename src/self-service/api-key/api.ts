import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { withKeyCookie } from '../../http/cookies.ts'
import { answers } from '../../http/output.ts'
import { text } from '../../http/respond.ts'
import type { ApiKey } from './api-key.ts'

/** An account has a new key made for itself (behaviour/accounts.md §4). */
export const apiKeyApi = ({ auth, apiKey, config }: { auth: Auth; apiKey: ApiKey; config: Config }) =>
  new Elysia({ prefix: '/api/accounts', tags: ['Own account'] }).use(auth).get(
    '/me/api_key',
    async ({ visit, caller }) => {
      const key = await apiKey.renew(visit, caller)
      return withKeyCookie(text(key), visit, key, config.APP_API_KEY_EXPIRATION_MINUTES)
    },
    {
      requires: { role: 'account', scopes: [] },
      mutates: true,
      detail: {
        summary: 'Make a new API key for the caller',
        description:
          'The bare key, also as the cookie `x-api-key`; the one before stops working. It works from this address only.',
        ...answers('text/plain'),
      },
    },
  )
