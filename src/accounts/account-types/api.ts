import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import { answers, done, listOf } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { empty, json } from '../../http/respond.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { AccountTypeSchema } from '../accounts/wire.ts'
import { type AccountType, type AccountTypes, WantedType } from './account-types.ts'

const typeWire = ({ id, key }: AccountType) => ({ id, key })

/** Labels of accounts (behaviour/telephony.md §3), for administrators. */
export const accountTypesApi = ({ auth, accountTypes }: { auth: Auth; accountTypes: AccountTypes }) => {
  const change = async (context: { visit: Visit; caller: Caller; params: { id: string } }) => {
    const { visit, caller, params } = context
    return json(
      typeWire(
        await accountTypes.change(visit, caller, idOf(params.id, 'type.unknown'), read(WantedType, visit.input)),
      ),
    )
  }
  const changing = {
    requires: 'admin',
    detail: {
      summary: 'Rename an account type',
      description: 'Those of the platform are for super administrators.',
      ...accepts(WantedType),
      ...answers(AccountTypeSchema),
    },
  } as const
  return new Elysia({ prefix: '/api', tags: ['Account types'] })
    .use(auth)
    .get('/account_types', async ({ visit }) => json((await accountTypes.all(visit.space)).map(typeWire)), {
      requires: 'admin',
      detail: {
        summary: 'List the account types',
        description: "The Space's own and those of the platform.",
        ...answers(listOf(AccountTypeSchema)),
      },
    })
    .post(
      '/account_types',
      async ({ visit }) => json(typeWire(await accountTypes.create(visit, read(WantedType, visit.input))), 201),
      {
        requires: 'admin',
        detail: { summary: 'Create an account type', ...accepts(WantedType), ...answers(AccountTypeSchema, 201) },
      },
    )
    .get(
      '/account_types/:id',
      async ({ visit, params }) => json(typeWire(await accountTypes.one(visit.space, idOf(params.id, 'type.unknown')))),
      { requires: 'admin', detail: { summary: 'Read an account type', ...answers(AccountTypeSchema) } },
    )
    .put('/account_types/:id', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
    .patch('/account_types/:id', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
    .delete(
      '/account_types/:id',
      async ({ visit, caller, params }) => {
        await accountTypes.remove(visit, caller, idOf(params.id, 'type.unknown'))
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Delete an account type', ...answers(done()) } },
    )
    .post(
      '/accounts/:id/types/:type_id',
      async ({ visit, params }) => {
        await accountTypes.attach(visit, idOf(params.id), idOf(params.type_id, 'type.unknown'))
        return empty()
      },
      { requires: 'admin', detail: { summary: 'Give an account a type', ...answers(null) } },
    )
    .delete(
      '/accounts/:id/types/:type_id',
      async ({ visit, params }) => {
        await accountTypes.detach(visit, idOf(params.id), idOf(params.type_id, 'type.unknown'))
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Take a type from an account', ...answers(done()) } },
    )
}
