import { Elysia } from 'elysia'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import { empty, json } from '../../http/respond.ts'
import { type AccountTokens, Consumption, Exchange, PushTarget } from './account-tokens.ts'

interface Deps {
  readonly auth: Auth
  readonly accountTokens: AccountTokens
  readonly limits: Limits
}

/** spec tokens.md §2–§6 */
export const accountTokensApi = ({ auth, accountTokens, limits }: Deps) =>
  new Elysia({ prefix: '/api' })
    .use(auth)
    .post(
      '/account_creation_request_tokens',
      async ({ visit }) => {
        await limits.requestTokens.consume(visit.address)
        return json(await accountTokens.request(visit), 201)
      },
      { open: true },
    )
    .post(
      '/account_creation_tokens/send-by-push',
      async ({ visit }) => {
        await limits.pushTokens.consume(visit.address)
        await accountTokens.sendByPush(visit, 'creation', read(PushTarget, visit.input))
        return empty()
      },
      { open: true, detail: accepts(PushTarget) },
    )
    .post(
      '/account_creation_tokens/using-account-creation-request-token',
      async ({ visit }) => json(await accountTokens.exchange(visit, read(Exchange, visit.input)), 201),
      { open: true, detail: accepts(Exchange) },
    )
    .post(
      '/account_creation_tokens/consume',
      async ({ visit, caller }) => {
        const { account_creation_token: token } = read(Consumption, visit.input).values
        if (typeof token !== 'string') throw new AppError('not_found', 'token.unknown')
        return json(await accountTokens.consume(visit, caller, token))
      },
      { requires: 'account', detail: accepts(Consumption) },
    )
    .post('/account_creation_tokens', async ({ visit }) => json(await accountTokens.create(visit), 201), {
      requires: 'admin',
    })
    .post(
      '/account_recovery_tokens/send-by-push',
      async ({ visit }) => {
        await limits.pushTokens.consume(visit.address)
        await accountTokens.sendByPush(visit, 'recovery', read(PushTarget, visit.input))
        return empty()
      },
      { open: true, detail: accepts(PushTarget) },
    )
