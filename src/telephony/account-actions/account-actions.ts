import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { dialled, form, type Input, label } from '../../http/input.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type AccountAction, accountActionStore } from './store.ts'

export type { AccountAction } from './store.ts'

const MOST_ACTIONS = 100

export const WantedAction = form({ key: label(255), code: dialled(255) })

/**
 * What an intercom does when it hears a code (behaviour/telephony.md §4). Without a DTMF protocol the account cannot be
 * sent one: its actions are kept, and nobody sees or changes them.
 */
export const accountActions = (deps: { db: Db; accounts: Accounts; now: () => Date }) => {
  const { db, accounts, now } = deps
  const store = accountActionStore(db)

  const unknown = () => new AppError('not_found', 'action.unknown')

  /** The account, when it has actions at all. */
  const find = async (space: Space, id: number): Promise<number> => {
    const { account } = await accounts.byId(space, id)
    if (account.dtmfProtocol === null) throw new AppError('forbidden', 'action.no_dtmf')
    return account.id
  }

  return {
    all: async (space: Space, accountId: number): Promise<AccountAction[]> =>
      store.all(db.read, await find(space, accountId)),
    one: async (space: Space, accountId: number, id: number): Promise<AccountAction> => {
      const action = await store.one(db.read, await find(space, accountId), id)
      if (action === null) throw unknown()
      return action
    },
    create: async (visit: Visit, accountId: number, input: Input<typeof WantedAction>): Promise<AccountAction> => {
      await find(visit.space, accountId)
      const text = input.settle()
      return accounts.edit(visit, accountId, { field: 'actions' }, async (tx) => {
        const action = await store.insert(tx, accountId, text, now())
        if ((await store.count(tx, accountId)) > MOST_ACTIONS) {
          throw new AppError('forbidden', 'errors.full', { values: { max: MOST_ACTIONS } })
        }
        return action
      })
    },
    change: async (
      visit: Visit,
      accountId: number,
      id: number,
      input: Input<typeof WantedAction>,
      /** Is handed what the action was. */
      check: (before: AccountAction) => void = () => {},
    ): Promise<AccountAction> => {
      await find(visit.space, accountId)
      const text = input.settle()
      return accounts.edit(visit, accountId, { field: 'actions', object: id }, async (tx) => {
        const before = await store.one(tx, accountId, id)
        if (before === null) throw unknown()
        check(before)
        const action = await store.update(tx, accountId, id, text, now())
        if (action === null) throw unknown()
        return action
      })
    },
    remove: async (visit: Visit, accountId: number, id: number): Promise<void> => {
      await find(visit.space, accountId)
      await accounts.edit(visit, accountId, { field: 'actions', object: id }, async (tx) => {
        if (!(await store.remove(tx, accountId, id))) throw unknown()
      })
    },
  }
}

export type AccountActions = ReturnType<typeof accountActions>
