import type { Accounts, Sought } from '../../accounts/accounts/accounts.ts'
import type { ContactsLists } from '../../address-books/contacts-lists/contacts-lists.ts'
import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { everySpace, type Scope } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { TaskKind } from '../../tasks/runner.ts'
import type { Fault, Tasks } from '../../tasks/tasks.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import type { BulkName } from './rules.ts'

/** Accounts that are changed in one step of the task. */
const STEP = 10

/** Which accounts: those that were picked, or all that a search finds. */
export type Chosen =
  | { readonly ids: readonly number[] }
  /** `domain` null: in every Space. */
  | { readonly sought: Sought; readonly domain: string | null }

export interface Bulk {
  readonly action: BulkName
  readonly chosen: Chosen
  /** The contacts list that they are added to. */
  readonly list: number | null
  /** What the list is called when it begins; absent: nobody knows. */
  readonly listTitle?: string | undefined
}

type Input = Bulk & Record<string, unknown>
type Cursor = { readonly after: number }

/** The same done with many accounts, one after the other, by a task (behaviour/panel.md §7.2). */
export const bulk = (deps: {
  db: Db
  accounts: Accounts
  contactsLists: ContactsLists
  scope: AdministrationScope
  tasks: Tasks
}) => {
  const { db, accounts, contactsLists, scope, tasks } = deps

  const act = async (visit: Visit, id: number, { action, list }: Bulk): Promise<void> => {
    switch (action) {
      case 'activate':
        await accounts.activate(visit, id)
        return
      case 'block':
        await accounts.block(visit, id)
        return
      case 'unblock':
        await accounts.unblock(visit, id)
        return
      case 'mail':
        return accounts.sendProvisioning(visit, id)
      case 'delete':
        return accounts.remove(visit, visit.space, id)
      case 'list':
        if (list !== null) await contactsLists.addMembers(visit, list, [id])
    }
  }

  /** What could not be done with one account keeps nobody from the others. */
  const attempt = async (visit: Visit, caller: Caller, id: number, wanted: Bulk): Promise<Fault | null> => {
    let subject = String(id)
    try {
      const found = await scope.account(visit, caller, String(id))
      subject = addressOfRecord(found.account)
      await act(found.visit, id, wanted)
      return null
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return { subject, message: error.text }
    }
  }

  /** A search in every Space is for super administrators, and becomes one in their own where they are none any more. */
  const scopeOf = (caller: Caller, domain: string | null): Scope => {
    if (mayActAs(caller, 'super')) {
      return domain === null ? everySpace('super administrator') : { space: { domain } }
    }
    return { space: caller.space }
  }

  /** The ids that follow, in order. */
  const next = async (caller: Caller, { chosen }: Bulk, after: number): Promise<readonly number[]> => {
    if ('ids' in chosen) return chosen.ids.filter((id) => id > after).slice(0, STEP)
    return accounts.idsAfter(scopeOf(caller, chosen.domain), chosen.sought, after, STEP)
  }

  const kind: TaskKind<Input, Cursor> = {
    kind: 'account_bulk',
    step: async ({ visit, caller, input, cursor }) => {
      const after = cursor?.after ?? 0
      const ids = await next(caller, input, after)
      const faults: Fault[] = []
      for (const id of ids) {
        const fault = await attempt(visit, caller, id, input)
        if (fault !== null) faults.push(fault)
      }
      return { cursor: { after: ids.at(-1) ?? after }, done: ids.length, faults, isOver: ids.length < STEP }
    },
  }

  return {
    kind,
    scopeOf,
    /** Resolves to the id of the task. `total`: how many accounts that will be, as far as it is known. */
    start: (
      visit: Visit,
      caller: Caller,
      { action, chosen, list, listTitle }: Bulk,
      total: number | null,
    ): Promise<number> => {
      const sorted = 'ids' in chosen ? { ids: [...new Set(chosen.ids)].sort((a, b) => a - b) } : chosen
      const input: Input = { action, chosen: sorted, list, ...(listTitle === undefined ? {} : { listTitle }) }
      return db.transaction((tx) => tasks.start(tx, visit, caller, { kind: kind.kind, input, total }))
    },
  }
}

export type BulkAccounts = ReturnType<typeof bulk>
