import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { withKeyCookie } from '../../http/cookies.ts'
import { integer, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import { answers, moment, named, object, orNull, record } from '../../http/output.ts'
import { empty, json } from '../../http/respond.ts'
import type { AuthTokens } from './auth-tokens.ts'

const AuthTokenSchema = record('AuthToken', {
  id: integer(1),
  token: text(),
  ip: orNull(text()),
  user_agent: orNull(text()),
  created_at: moment(),
  updated_at: moment(),
})

/** Auth tokens over the API (behaviour/tokens.md §7). */
export const authTokensApi = (deps: { auth: Auth; authTokens: AuthTokens; limits: Limits; config: Config }) => {
  const { auth, authTokens, limits, config } = deps
  return new Elysia({ tags: ['Tokens'] })
    .use(auth)
    .post(
      '/api/accounts/auth_token',
      async ({ visit }) => {
        await limits.authTokens.consume(visit.network)
        return json(await authTokens.create(visit), 201)
      },
      {
        open: true,
        detail: {
          summary: 'Create an auth token',
          description:
            'Shown as a QR code, it is attached by a device that has an account, and then lends its identity.',
          ...answers(AuthTokenSchema, 201),
        },
      },
    )
    .get(
      '/api/accounts/auth_token/:token/attach',
      async ({ visit, caller, params }) => {
        await authTokens.attach(visit, caller, params.token)
        return empty()
      },
      {
        requires: { role: 'account', scopes: [] },
        mutates: true,
        detail: {
          summary: "Attach the caller's account to an auth token",
          ...named({ token: 'auth_token' }),
          ...answers(null),
        },
      },
    )
    .get(
      '/api/accounts/me/api_key/:token',
      async ({ visit, params }) => {
        const key = await authTokens.redeemForApiKey(visit, params.token)
        return withKeyCookie(json({ api_key: key }), visit, key, config.APP_API_KEY_EXPIRATION_MINUTES)
      },
      {
        open: true,
        mutates: true,
        detail: {
          summary: 'Exchange an attached auth token for an API key',
          ...named({ token: 'auth_token' }),
          ...answers(object({ api_key: text() })),
        },
      },
    )
    .get(
      '/auth_tokens/qrcode/:token',
      async ({ visit, params }) =>
        new Response(Buffer.from(await authTokens.qrCode(visit, params.token)), {
          headers: { 'content-type': 'image/png', 'cache-control': 'no-store' },
        }),
      {
        open: true,
        detail: {
          summary: 'Show an auth token as a QR code',
          ...named({ token: 'auth_token' }),
          ...answers('image/png'),
        },
      },
    )
}
