import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import { withKeyCookie } from '../../http/key-cookie.ts'
import { pageEnvelope, pageOf } from '../../http/pagination.ts'
import { idOf } from '../../http/path.ts'
import { empty, json, secretJson, text } from '../../http/respond.ts'
import { type Accounts, type Found, PAGE_SIZE } from './accounts.ts'
import { ChangedAccount, NewAccount, NewPassword } from './rules.ts'
import { type AccountWire, pendingKeyWire } from './wire.ts'

interface Deps {
  readonly auth: Auth
  readonly accounts: Accounts
  readonly wire: AccountWire
  readonly config: Config
}

/** What an account may do with itself (spec accounts.md §4–§6). */
export const ownAccountApi = ({ auth, accounts, wire, config }: Deps) => {
  const own = ({ account, space }: Found) => json(wire.own(account, space))
  return new Elysia({ prefix: '/api/accounts' })
    .use(auth)
    .get('/me', async ({ caller }) => own(await accounts.ofCaller(caller)), { requires: 'account' })
    .delete(
      '/me',
      async ({ visit, caller }) => {
        await accounts.remove(visit, caller.space, caller.id)
        return json(1)
      },
      { requires: 'account' },
    )
    .get('/me/provision', async ({ visit, caller }) => own(await accounts.issueToken(visit, caller.space, caller.id)), {
      requires: 'account',
      mutates: true,
    })
    .get(
      '/me/api_key',
      async ({ visit, caller }) => {
        const key = await accounts.regenerateApiKey(visit, caller)
        return withKeyCookie(text(key), key, visit, config.APP_API_KEY_EXPIRATION_MINUTES)
      },
      { requires: 'account', mutates: true },
    )
    .get('/me/services/turn', () => secretJson(accounts.turnCredentials()), { requires: 'account' })
    .post(
      '/me/password',
      async ({ visit, caller }) => own(await accounts.changePassword(visit, caller, read(NewPassword, visit.input))),
      { requires: 'account', detail: accepts(NewPassword) },
    )
    .get(
      '/:id/info',
      async ({ visit, params }) => {
        if (!config.PUBLIC_ACCOUNT_INFO) throw new AppError('not_found', 'errors.not_found')
        const { account, space } = await accounts.bySip(visit.space, params.id)
        return json({ activated: account.activated, realm: space.digest?.realm ?? null })
      },
      { open: true },
    )
}

/** What administrators do with the accounts of their Space (spec accounts.md §10–§11). */
export const accountsApi = ({ auth, accounts, wire, config }: Deps) => {
  const own = ({ account, space }: Found) => json(wire.own(account, space))
  const found = ({ account, space }: Found) => json(wire.found(account, space))
  return new Elysia({ prefix: '/api/accounts' })
    .use(auth)
    .post(
      '/',
      async ({ visit, caller }) => {
        const made = await accounts.create(visit, caller, read(NewAccount, visit.input))
        return json({ ...wire.own(made.account, made.space), ...pendingKeyWire(await accounts.pendingKey(made)) })
      },
      {
        requires: 'admin',
        detail: accepts(NewAccount),
      },
    )
    .get(
      '/',
      async ({ visit }) => {
        const page = pageOf(visit.input.page)
        const { total, accounts: listed } = await accounts.list(visit.space, page)
        const data = listed.map((account) => wire.administered(account, visit.space))
        const path = `${visit.baseUrl()}${config.BASE_PATH}/api/accounts`
        return json(pageEnvelope({ data, total, page, perPage: PAGE_SIZE, path, language: visit.language }))
      },
      { requires: 'admin' },
    )
    .get(
      '/:id',
      async ({ visit, params }) => {
        const found = await accounts.byId(visit.space, idOf(params.id))
        const account = wire.administered(found.account, found.space)
        return json({ ...account, ...pendingKeyWire(await accounts.pendingKey(found)) })
      },
      { requires: 'admin' },
    )
    .put(
      '/:id',
      async ({ visit, caller, params }) => {
        const changed = await accounts.change(visit, caller, idOf(params.id), read(ChangedAccount, visit.input))
        return json(wire.changed(changed.account, changed.space))
      },
      { requires: 'admin', detail: accepts(ChangedAccount) },
    )
    .delete(
      '/:id',
      async ({ visit, params }) => {
        await accounts.remove(visit, visit.space, idOf(params.id))
        return empty()
      },
      { requires: 'admin' },
    )
    .get('/:id/search', async ({ visit, params }) => found(await accounts.bySip(visit.space, params.id)), {
      requires: 'admin',
    })
    .get('/:id/search-by-email', async ({ visit, params }) => found(await accounts.byEmail(visit.space, params.id)), {
      requires: 'admin',
    })
    .post('/:id/activate', async ({ visit, params }) => own(await accounts.activate(visit, idOf(params.id))), {
      requires: 'admin',
    })
    .post('/:id/deactivate', async ({ visit, params }) => own(await accounts.deactivate(visit, idOf(params.id))), {
      requires: 'admin',
    })
    .post('/:id/block', async ({ visit, params }) => own(await accounts.block(visit, idOf(params.id))), {
      requires: 'admin',
    })
    .post('/:id/unblock', async ({ visit, params }) => own(await accounts.unblock(visit, idOf(params.id))), {
      requires: 'admin',
    })
    .get(
      '/:id/provision',
      async ({ visit, params }) => own(await accounts.issueToken(visit, visit.space, idOf(params.id))),
      { requires: 'admin', mutates: true },
    )
}

/** What Flexisip asks to route a call (spec spaces.md §4.4). */
export const resolveApi = ({ auth, accounts, wire }: Deps) =>
  new Elysia({ prefix: '/api/resolve' }).use(auth).get(
    '/:sip',
    async ({ visit, params }) => {
      const { account, space } = await accounts.bySip(visit.space, params.sip)
      return json({ type: 'account', payload: wire.found(account, space) })
    },
    { requires: 'admin' },
  )
