import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { LARGE_BODY_BYTES } from '../../http/body.ts'
import { accepts, queried, read } from '../../http/input.ts'
import { answers, done, having, named, refuses } from '../../http/output.ts'
import { envelopeSchema, paged, pageEnvelope, pageOf } from '../../http/pagination.ts'
import { idOf } from '../../http/path.ts'
import { empty, json } from '../../http/respond.ts'
import { seesSecrets } from '../../nouns/caller.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { NewPassword } from '../passwords/rules.ts'
import type { Accounts, Found } from './accounts.ts'
import { ListedAccounts, MOST_FOUND, PAGE_SIZE, SOUGHT_MEANINGS, soughtBy } from './listing.ts'
import { ChangedAccount, Deletion, NewAccount } from './rules.ts'
import { AccountSchema, type AccountWire, InfoSchema, pendingKeyWire } from './wire.ts'

interface Deps {
  readonly auth: Auth
  readonly accounts: Accounts
  readonly wire: AccountWire
  readonly config: Config
}

/** What an account may do with itself (behaviour/accounts.md §4). */
export const ownAccountApi = ({
  auth,
  accounts,
  passwords,
  wire,
  config,
}: Deps & { readonly passwords: Passwords }) => {
  const own = ({ account, space }: Found, shown: Pick<AccountWire, 'own'> = wire) => json(shown.own(account, space))
  return new Elysia({ prefix: '/api/accounts', tags: ['Own account'] })
    .use(auth)
    .get('/me', async ({ caller }) => own(await accounts.ofCaller(caller), wire.to(caller)), {
      requires: 'account',
      detail: { summary: "Read the caller's account", ...answers(having(AccountSchema, 'passwords')) },
    })
    .delete(
      '/me',
      async ({ visit, caller }) => {
        await accounts.remove(visit, caller.space, caller.id)
        return json(1)
      },
      {
        requires: 'account',
        detail: { summary: "Delete the caller's account", description: 'Its name stays reserved.', ...answers(done()) },
      },
    )
    .get('/me/provision', async ({ visit, caller }) => own(await accounts.issueToken(visit, caller.space, caller.id)), {
      requires: { role: 'account', scopes: [] },
      mutates: true,
      detail: {
        summary: 'Make a new provisioning token for the caller',
        description: 'The one before stops working.',
        ...answers(having(AccountSchema, 'passwords')),
      },
    })
    .post(
      '/me/password',
      async ({ visit, caller }) => own(await passwords.change(visit, caller, read(NewPassword, visit.input))),
      {
        requires: 'account',
        detail: {
          summary: "Change the caller's password",
          description: '`old_password` is needed where there is one.',
          ...accepts(NewPassword),
          ...answers(having(AccountSchema, 'passwords')),
          ...refuses(409),
        },
      },
    )
    .get(
      '/:id/info',
      async ({ visit, params }) => {
        if (!config.PUBLIC_ACCOUNT_INFO) throw new AppError('not_found', 'errors.not_found')
        const { account, space } = await accounts.bySip(visit.space, params.id)
        return json(wire.info(account, space))
      },
      {
        open: true,
        detail: {
          summary: 'Ask whether an account is there',
          ...named({ id: 'sip' }),
          ...answers(InfoSchema),
        },
      },
    )
}

/** What administrators do with the accounts of their Space (behaviour/accounts.md §6). */
export const accountsApi = ({ auth, accounts, wire, config }: Deps) => {
  const own = ({ account, space }: Found) => json(wire.own(account, space))
  return new Elysia({ prefix: '/api/accounts', tags: ['Accounts'] })
    .use(auth)
    .post(
      '/',
      async ({ visit, caller }) => {
        const made = await accounts.create(visit, caller, read(NewAccount, visit.input))
        return json({ ...wire.own(made.account, made.space), ...pendingKeyWire(await accounts.pendingKey(made)) })
      },
      {
        requires: { role: 'admin', body: LARGE_BODY_BYTES },
        detail: {
          summary: 'Create an account',
          description: '`algorithm` is required where the Space has none of its own.',
          ...accepts(NewAccount),
          ...answers(having(AccountSchema, 'passwords')),
          ...refuses(409),
        },
      },
    )
    .get(
      '/',
      async ({ visit, caller }) => {
        const { per_page, ...kept } = read(ListedAccounts, visit.input).settle()
        const page = pageOf(visit.input.page)
        const perPage = per_page ?? PAGE_SIZE
        const listing = {
          page,
          perPage,
          sought: soughtBy(kept),
          by: 'id',
          isDescending: false,
        } as const
        const { total, accounts: listed } = await accounts.list({ space: visit.space }, listing)
        const shown = wire.to(caller)
        const data = listed.map((account) => shown.listed(account, visit.space))
        const path = `${visit.baseUrl()}${config.BASE_PATH}/api/accounts`
        return json(
          pageEnvelope({ data, total, page, perPage, kept: { per_page, ...kept }, path, language: visit.language }),
        )
      },
      {
        requires: 'admin',
        detail: {
          summary: 'List the accounts of the Space',
          description: `Ordered by id. A search that finds more than ${MOST_FOUND} accounts goes no further: \`total\` is ${MOST_FOUND} then.`,
          parameters: [
            ...paged.parameters,
            ...queried(ListedAccounts, {
              per_page: 'How many accounts a page has; 20 when it is left out.',
              ...SOUGHT_MEANINGS,
            }),
          ],
          ...answers(envelopeSchema('AccountPage', AccountSchema)),
        },
      },
    )
    .get(
      '/:id',
      async ({ visit, caller, params }) => {
        const found = await accounts.byId(visit.space, idOf(params.id))
        const account = wire.to(caller).administered(found.account, found.space)
        const key = seesSecrets(caller) ? await accounts.pendingKey(found) : null
        return json({ ...account, ...pendingKeyWire(key) })
      },
      {
        requires: 'admin',
        detail: { summary: 'Read an account', ...answers(having(AccountSchema, 'phone_change_code')) },
      },
    )
    .put(
      '/:id',
      async ({ visit, caller, params }) => {
        const changed = await accounts.change(visit, caller, idOf(params.id), read(ChangedAccount, visit.input))
        return json(wire.changed(changed.account, changed.space))
      },
      {
        requires: { role: 'admin', body: LARGE_BODY_BYTES },
        detail: {
          summary: 'Change an account',
          description:
            'E-mail address, phone number, display name and DTMF protocol are cleared when they are left out; all else stays. A new name or domain needs the password.',
          ...accepts(ChangedAccount),
          ...answers(having(AccountSchema, 'passwords', 'phone_change_code')),
          ...refuses(409),
        },
      },
    )
    .post(
      '/:id/send_provisioning_email',
      async ({ visit, params }) => {
        await accounts.sendProvisioning(visit, idOf(params.id))
        return empty()
      },
      {
        requires: { role: 'admin', scopes: ['provisioning'] },
        detail: {
          summary: 'Mail an account a link that sets up its phone',
          description: '403 when the account has no e-mail address.',
          ...answers(null),
        },
      },
    )
    .delete(
      '/:id',
      async ({ visit, params }) => {
        const { frees_name: freesName } = read(Deletion, visit.input).settle()
        await accounts.remove(visit, visit.space, idOf(params.id), { freesName: freesName === true })
        return empty()
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Delete an account',
          description: 'Its name stays reserved, unless `frees_name` is `true`: for whoever gets the number next.',
          requestBody: { ...accepts(Deletion).requestBody, required: false },
          ...answers(null),
        },
      },
    )
    .post('/:id/replace_phone', async ({ visit, params }) => own(await accounts.replacePhone(visit, idOf(params.id))), {
      requires: 'admin',
      detail: {
        summary: 'Replace a lost phone',
        description:
          'The account gets a random password and a new provisioning token; its phones are signed off, its sessions, its own API key and earlier links end. 403 for the own account.',
        ...answers(having(AccountSchema, 'passwords')),
      },
    })
    .post('/:id/activate', async ({ visit, params }) => own(await accounts.activate(visit, idOf(params.id))), {
      requires: 'admin',
      detail: { summary: 'Activate an account', ...answers(having(AccountSchema, 'passwords')) },
    })
    .post('/:id/deactivate', async ({ visit, params }) => own(await accounts.deactivate(visit, idOf(params.id))), {
      requires: 'admin',
      detail: { summary: 'Deactivate an account', ...answers(having(AccountSchema, 'passwords')) },
    })
    .post('/:id/block', async ({ visit, params }) => own(await accounts.block(visit, idOf(params.id))), {
      requires: 'admin',
      detail: {
        summary: 'Block an account',
        description: 'Nothing of it can be used until it is unblocked.',
        ...answers(having(AccountSchema, 'passwords')),
      },
    })
    .post('/:id/unblock', async ({ visit, params }) => own(await accounts.unblock(visit, idOf(params.id))), {
      requires: 'admin',
      detail: { summary: 'Unblock an account', ...answers(having(AccountSchema, 'passwords')) },
    })
    .get(
      '/:id/provision',
      async ({ visit, params }) => own(await accounts.issueToken(visit, visit.space, idOf(params.id))),
      {
        requires: { role: 'admin', scopes: ['provisioning'] },
        mutates: true,
        detail: {
          summary: 'Make a new provisioning token for an account',
          description: 'The one before stops working.',
          ...answers(having(AccountSchema, 'passwords')),
        },
      },
    )
}
