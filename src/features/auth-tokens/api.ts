import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { withKeyCookie } from '../../http/key-cookie.ts'
import type { Limits } from '../../http/limits.ts'
import { empty, json } from '../../http/respond.ts'
import type { AuthTokens } from './auth-tokens.ts'

/** spec tokens.md §9 */
export const authTokensApi = (deps: { auth: Auth; authTokens: AuthTokens; limits: Limits; config: Config }) => {
  const { auth, authTokens, limits, config } = deps
  return new Elysia()
    .use(auth)
    .post(
      '/api/accounts/auth_token',
      async ({ visit }) => {
        await limits.authTokens.consume(visit.address)
        return json(await authTokens.create(visit), 201)
      },
      { open: true },
    )
    .get(
      '/api/accounts/auth_token/:token/attach',
      async ({ visit, caller, params }) => {
        await authTokens.attach(visit, caller, params.token)
        return empty()
      },
      { requires: 'account', mutates: true },
    )
    .get(
      '/api/accounts/me/api_key/:token',
      async ({ visit, params }) => {
        const key = await authTokens.redeemForApiKey(visit, params.token)
        return withKeyCookie(json({ api_key: key }), key, visit, config.APP_API_KEY_EXPIRATION_MINUTES)
      },
      { open: true, mutates: true },
    )
    .get(
      '/auth_tokens/qrcode/:token',
      async ({ visit, params }) =>
        new Response(Buffer.from(await authTokens.qrCode(visit, params.token)), {
          headers: { 'content-type': 'image/png', 'cache-control': 'no-store' },
        }),
      { open: true },
    )
}
