import { Elysia } from 'elysia'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, integer, read, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import { answers, boolean, moment, orNull, record, refuses } from '../../http/output.ts'
import { empty, json } from '../../http/respond.ts'
import { type AccountTokens, Consumption, Exchange, PushTarget } from './account-tokens.ts'

interface Deps {
  readonly auth: Auth
  readonly accountTokens: AccountTokens
  readonly limits: Limits
}

const RequestTokenSchema = record('RequestToken', { token: text(), validation_url: text() })

const created = { token: text(), ip: text(), user_agent: orNull(text()), expire_at: orNull(moment()) }
const CreationTokenSchema = record('CreationToken', created)
const ConsumedTokenSchema = record('ConsumedToken', {
  ...created,
  pn_provider: orNull(text()),
  pn_param: orNull(text()),
  pn_prid: orNull(text()),
  used: boolean(),
  account_id: integer(1),
})

/** How an app comes by a creation or recovery token (behaviour/tokens.md §2, behaviour/tokens.md §4). */
export const accountTokensApi = ({ auth, accountTokens, limits }: Deps) =>
  new Elysia({ prefix: '/api', tags: ['Tokens'] })
    .use(auth)
    .post(
      '/account_creation_request_tokens',
      async ({ visit }) => {
        await limits.requestTokens.consume(visit.network)
        return json(await accountTokens.request(visit), 201)
      },
      {
        open: true,
        detail: {
          summary: 'Ask for a creation token: first step',
          description: 'A person opens `validation_url` in a browser and confirms; then the token can be exchanged.',
          ...answers(RequestTokenSchema, 201),
        },
      },
    )
    .post(
      '/account_creation_tokens/send-by-push',
      async ({ visit }) => {
        await limits.pushTokens.consume(visit.network)
        await accountTokens.sendByPush(visit, 'creation', read(PushTarget, visit.input))
        return empty()
      },
      {
        open: true,
        detail: {
          summary: 'Send a creation token to a device by push',
          description: '503 when the push service does not take it.',
          ...accepts(PushTarget),
          ...answers(null),
          ...refuses(503),
        },
      },
    )
    .post(
      '/account_creation_tokens/using-account-creation-request-token',
      async ({ visit }) => json(await accountTokens.exchange(visit, read(Exchange, visit.input)), 201),
      {
        open: true,
        detail: {
          summary: 'Exchange a confirmed request token for a creation token',
          description: '404 until a person has confirmed: ask again. Also 404 for a token that is unknown or was used.',
          ...accepts(Exchange),
          ...answers(CreationTokenSchema, 201),
        },
      },
    )
    .post(
      '/account_creation_tokens/consume',
      async ({ visit, caller }) => {
        const { account_creation_token: token } = read(Consumption, visit.input).values
        if (token === null) throw new AppError('not_found', 'token.unknown')
        return json(await accountTokens.consume(visit, caller, token))
      },
      {
        requires: 'account',
        detail: {
          summary: "Attach a creation token to the caller's account",
          ...accepts(Consumption),
          ...answers(ConsumedTokenSchema),
        },
      },
    )
    .post('/account_creation_tokens', async ({ visit }) => json(await accountTokens.create(visit), 201), {
      requires: 'admin',
      detail: { summary: 'Create a creation token', ...answers(CreationTokenSchema, 201) },
    })
    .post(
      '/account_recovery_tokens/send-by-push',
      async ({ visit }) => {
        await limits.pushTokens.consume(visit.network)
        await accountTokens.sendByPush(visit, 'recovery', read(PushTarget, visit.input))
        return empty()
      },
      {
        open: true,
        detail: {
          summary: 'Send a recovery token to a device by push',
          description: 'With it the app opens the page `/recovery/phone/{token}`.',
          ...accepts(PushTarget),
          ...answers(null),
          ...refuses(503),
        },
      },
    )
