import type { Audit, Change } from '../../audit/audit.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { form, type Input, label } from '../../http/input.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { type AccountType, accountTypeStore } from './store.ts'

export type { AccountType } from './store.ts'

const MOST_TYPES = 1000

export const WantedType = form({ key: label(64) })

/**
 * Labels of accounts (behaviour/telephony.md §3, D25). They belong to a Space; the platform's, which belong to none,
 * are seen by every Space and changed by super administrators.
 */
export const accountTypes = (deps: { db: Db; accounts: Accounts; audit: Audit; now: () => Date }) => {
  const { db, accounts, audit, now } = deps
  const store = accountTypeStore(db)

  const unknown = () => new AppError('not_found', 'type.unknown')

  const find = async (on: Reader, space: Space, id: number): Promise<AccountType> => {
    const type = await store.one(on, { space }, id)
    if (type === null) throw unknown()
    return type
  }

  /** The type, when the caller may change it. */
  const own = async (tx: Tx, visit: Visit, caller: Caller, id: number): Promise<AccountType> => {
    const type = await find(tx, visit.space, id)
    if (type.spaceId === null && !mayActAs(caller, 'super')) throw new AppError('forbidden', 'type.platform')
    return type
  }

  const refuseTaken = async (on: Reader, key: string, holder: { spaceId: number | null }, id = 0): Promise<void> => {
    if (await store.isTaken(on, holder, key, id)) throw invalid('key', 'v.taken')
  }

  /** A type of the platform stands in the log of no Space. */
  const record = (
    tx: Tx,
    action: AuditAction,
    by: Visit,
    type: AccountType,
    changed: NonNullable<Change['changed']>,
  ) => {
    const space = type.spaceId === null ? null : by.space
    return audit.record(tx, action, {
      by,
      space,
      about: { kind: 'account type', id: type.id },
      line: { type: type.id },
      changed,
    })
  }

  return {
    all: (space: Space): Promise<AccountType[]> => store.all(db.read, { space }),
    one: (space: Space, id: number): Promise<AccountType> => find(db.read, space, id),
    create: async (visit: Visit, input: Input<typeof WantedType>): Promise<AccountType> => {
      const { space } = visit
      const { key } = input.settle()
      return db.transaction(async (tx) => {
        await refuseTaken(tx, key, { spaceId: space.id })
        const id = await store.insert(tx, { space }, key, now())
        if (id === null) throw invalid('key', 'v.taken')
        if ((await store.count(tx, { space })) > MOST_TYPES) {
          throw new AppError('forbidden', 'errors.full', { values: { max: MOST_TYPES } })
        }
        const type = await find(tx, space, id)
        await record(tx, 'account_type.created', visit, type, { key: [null, key] })
        return type
      })
    },
    /** `check` is handed what the type was. */
    change: async (
      visit: Visit,
      caller: Caller,
      id: number,
      input: Input<typeof WantedType>,
      check: (before: AccountType) => void = () => {},
    ): Promise<AccountType> => {
      const { key } = input.settle()
      const write = async (tx: Tx): Promise<AccountType> => {
        const type = await own(tx, visit, caller, id)
        check(type)
        await refuseTaken(tx, key, type, id)
        const changed = await store.update(tx, { space: visit.space }, id, key, now())
        if (changed === null) throw unknown()
        await record(tx, 'account_type.updated', visit, type, { key: [type.key, changed.key] })
        return changed
      }
      return db.transaction(write).catch((error: unknown) => {
        throw isCollision(error) ? invalid('key', 'v.taken') : error
      })
    },
    /** It goes from every account that has it. */
    remove: (visit: Visit, caller: Caller, id: number): Promise<void> =>
      db.transaction(async (tx) => {
        const type = await own(tx, visit, caller, id)
        if (!(await store.remove(tx, { space: visit.space }, id))) throw unknown()
        await record(tx, 'account_type.deleted', visit, type, { key: [type.key, null] })
      }),

    attach: (visit: Visit, accountId: number, id: number): Promise<void> =>
      accounts.edit(visit, accountId, { field: 'types', object: id }, async (tx) => {
        if (await store.isAttached(tx, accountId, id)) throw new AppError('forbidden', 'type.attached')
        if (!(await store.hold(tx, { space: visit.space }, id))) throw unknown()
        await store.attach(tx, accountId, id, now())
      }),
    detach: (visit: Visit, accountId: number, id: number): Promise<void> =>
      accounts.edit(visit, accountId, { field: 'types', object: id }, async (tx) => {
        if (!(await store.detach(tx, accountId, id))) throw new AppError('forbidden', 'type.detached')
      }),
  }
}

export type AccountTypes = ReturnType<typeof accountTypes>
