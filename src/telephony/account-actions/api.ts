import { Elysia } from 'elysia'
import { AccountActionSchema } from '../../accounts/accounts/wire.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import { answers, done, listOf } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type AccountActions, WantedAction } from './account-actions.ts'

/** Actions of intercoms (behaviour/telephony.md §4), for administrators. */
export const accountActionsApi = ({ auth, accountActions }: { auth: Auth; accountActions: AccountActions }) => {
  const change = async ({ visit, params }: { visit: Visit; params: { id: string; action_id: string } }) => {
    const input = read(WantedAction, visit.input)
    return json(await accountActions.change(visit, idOf(params.id), idOf(params.action_id, 'action.unknown'), input))
  }
  const changing = {
    requires: 'admin',
    detail: { summary: 'Change an action', ...accepts(WantedAction), ...answers(AccountActionSchema) },
  } as const
  return new Elysia({ prefix: '/api/accounts/:id/actions', tags: ['Account actions'] })
    .use(auth)
    .get('/', async ({ visit, params }) => json(await accountActions.all(visit.space, idOf(params.id))), {
      requires: 'admin',
      detail: {
        summary: 'List the actions of an account',
        description: '403 while the account has no DTMF protocol.',
        ...answers(listOf(AccountActionSchema)),
      },
    })
    .post(
      '/',
      async ({ visit, params }) =>
        json(await accountActions.create(visit, idOf(params.id), read(WantedAction, visit.input)), 201),
      {
        requires: 'admin',
        detail: { summary: 'Create an action', ...accepts(WantedAction), ...answers(AccountActionSchema, 201) },
      },
    )
    .get(
      '/:action_id',
      async ({ visit, params }) =>
        json(await accountActions.one(visit.space, idOf(params.id), idOf(params.action_id, 'action.unknown'))),
      { requires: 'admin', detail: { summary: 'Read an action', ...answers(AccountActionSchema) } },
    )
    .put('/:action_id', ({ visit, params }) => change({ visit, params }), changing)
    .patch('/:action_id', ({ visit, params }) => change({ visit, params }), changing)
    .delete(
      '/:action_id',
      async ({ visit, params }) => {
        await accountActions.remove(visit, idOf(params.id), idOf(params.action_id, 'action.unknown'))
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Delete an action', ...answers(done()) } },
    )
}
