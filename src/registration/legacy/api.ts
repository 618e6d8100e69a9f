import { Elysia } from 'elysia'
import { type AccountTokens, PushTarget } from '../../access/account-tokens/account-tokens.ts'
import type { Accounts, Found } from '../../accounts/accounts/accounts.ts'
import { OldRegistration } from '../../accounts/accounts/rules.ts'
import type { AccountWire } from '../../accounts/accounts/wire.ts'
import { AccountSchema, InfoSchema } from '../../accounts/accounts/wire.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import { answers, having, named, refuses } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { empty, json } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type Activation, Code } from '../activation/activation.ts'
import type { Registration } from '../registration/registration.ts'

interface Deps {
  readonly auth: Auth
  readonly accounts: Accounts
  readonly accountTokens: AccountTokens
  readonly activation: Activation
  readonly registration: Registration
  readonly wire: AccountWire
  readonly limits: Limits
}

/** Says that the path has a successor (behaviour/legacy.md §1). */
const deprecated = (response: Response, successor: string): Response => {
  response.headers.set('deprecation', 'true')
  response.headers.set('link', `<${successor}>; rel="successor-version"`)
  return response
}

/** The paths of 2021 that unmodified old clients still call: other names for the same use cases. */
export const legacyApi = (deps: Deps) => {
  const { auth, accounts, accountTokens, activation, registration, wire, limits } = deps
  const own = ({ account, space }: Found, successor: string) => deprecated(json(wire.own(account, space)), successor)

  /** Whoever has a code has shown nothing else: no more than anybody may ask for. */
  const info = ({ account, space }: Found, successor: string) => deprecated(json(wire.info(account, space)), successor)

  /** A cookie is sent along by any link; a state-changing GET does not listen to it. */
  const refuseCookie = (visit: Visit) => {
    if (visit.caller?.via === 'cookie') throw new AppError('forbidden', 'errors.cross_origin')
  }

  /** Public shortcuts of old clients that gave away too much are as if they had never been (behaviour/legacy.md §9). */
  const gone = (): never => {
    throw new AppError('not_found', 'errors.not_found')
  }

  return new Elysia({ prefix: '/api', tags: ['Of 2021'], detail: { deprecated: true } })
    .use(auth)
    .post('/accounts/public', gone, { open: true, detail: { hide: true } })
    .post('/accounts/recover-by-phone', gone, { open: true, detail: { hide: true } })
    .post(
      '/tokens',
      async ({ visit }) => {
        await limits.pushTokens.consume(visit.network)
        const target = read(PushTarget, visit.input)
        await accountTokens.sendByPush(visit, 'creation', target, { policy: 'documented', complete: true })
        return deprecated(empty(), '/api/account_creation_tokens/send-by-push')
      },
      {
        open: true,
        detail: {
          summary: 'Send a creation token to a device by push',
          ...accepts(PushTarget),
          ...answers(null),
          ...refuses(503),
        },
      },
    )
    .post(
      '/accounts/with-token',
      async ({ visit }) => own(await registration.withToken(visit), '/api/accounts/with-account-creation-token'),
      {
        open: true,
        detail: {
          summary: 'Register an account',
          ...accepts(OldRegistration),
          ...answers(having(AccountSchema, 'passwords')),
        },
      },
    )
    .post(
      '/accounts/:id/activate/email',
      async ({ visit, params }) =>
        info(await activation.activate(visit, params.id, 'email'), '/api/accounts/with-account-creation-token'),
      {
        open: true,
        detail: {
          summary: 'Activate an account by the code of a mail',
          ...named({ id: 'sip' }),
          ...accepts(Code),
          ...answers(InfoSchema),
          ...refuses(410),
        },
      },
    )
    .post(
      '/accounts/:id/activate/phone',
      async ({ visit, params }) => info(await activation.activate(visit, params.id, 'phone'), '/api/accounts/me/phone'),
      {
        open: true,
        detail: {
          summary: 'Activate an account by the code of an SMS',
          ...named({ id: 'sip' }),
          ...accepts(Code),
          ...answers(InfoSchema),
          ...refuses(410),
        },
      },
    )
    .get(
      '/accounts/:id/activate',
      async ({ visit, params }) => {
        refuseCookie(visit)
        return own(await accounts.activate(visit, idOf(params.id)), `/api/accounts/${params.id}/activate`)
      },
      {
        requires: { role: 'admin', scopes: [] },
        mutates: true,
        detail: { summary: 'Activate an account', ...answers(having(AccountSchema, 'passwords')) },
      },
    )
    .get(
      '/accounts/:id/deactivate',
      async ({ visit, params }) => {
        refuseCookie(visit)
        return own(await accounts.deactivate(visit, idOf(params.id)), `/api/accounts/${params.id}/deactivate`)
      },
      {
        requires: { role: 'admin', scopes: [] },
        mutates: true,
        detail: { summary: 'Deactivate an account', ...answers(having(AccountSchema, 'passwords')) },
      },
    )
}
