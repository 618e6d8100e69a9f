import type { Accounts, ForwardingsToContacts } from '../../accounts/accounts/accounts.ts'
import type { Audit, Change } from '../../audit/audit.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { form, type Input, plainText, text } from '../../http/input.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type ContactsList, contactsListStore } from './store.ts'

export type { ContactsList } from './store.ts'

const MOST_LISTS = 500
const MOST_MEMBERS = 5000
const MOST_LISTS_OF_ACCOUNT = 100
const LARGEST_DESCRIPTION_BYTES = 65_535

export const WantedList = form({ title: plainText(255), description: text({ bytes: LARGEST_DESCRIPTION_BYTES }) })

/** Each once, so that two who hold several never wait for each other. */
const inOrder = (ids: readonly number[]): readonly number[] => [...new Set(ids)].sort((a, b) => a - b)

/**
 * Named groups of contacts (behaviour/address-books.md §4), in the address book of each account they are attached to.
 */
export const contactsLists = (deps: {
  db: Db
  accounts: Accounts
  forwardingsToContacts: ForwardingsToContacts
  audit: Audit
  now: () => Date
}) => {
  const { db, accounts, forwardingsToContacts, audit, now } = deps
  const store = contactsListStore(db)

  const unknown = () => new AppError('not_found', 'list.unknown')
  const full = (max: number) => new AppError('forbidden', 'errors.full', { values: { max } })

  const find = async (on: Reader, space: Space, id: number): Promise<ContactsList> => {
    const list = await store.one(on, { space }, id)
    if (list === null) throw unknown()
    return list
  }

  const hold = async (tx: Tx, space: Space, id: number): Promise<void> => {
    if (!(await store.hold(tx, { space }, id))) throw unknown()
  }

  /** What became of a list, in the transaction that did it. */
  const record = (tx: Tx, action: AuditAction, by: Visit, id: number, more: Pick<Change, 'changed' | 'detail'> = {}) =>
    audit.record(tx, action, { by, space: by.space, about: { kind: 'contacts list', id }, line: { list: id }, ...more })

  return {
    /** Their ids, by title. */
    titles: async (on: Reader, space: Space): Promise<ReadonlyMap<string, number>> =>
      new Map((await store.titles(on, { space })).map(({ title, id }) => [title, id])),
    /** The titles of those that the accounts have, by account. */
    titlesOf: (on: Reader, accountIds: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> =>
      store.titlesOf(on, accountIds),
    /** For accounts that have just been made, and lists that are there. */
    attachAll: (tx: Tx, rows: readonly { readonly accountId: number; readonly contactsListId: number }[]) =>
      store.attachAll(tx, rows, now()),
    all: (space: Space): Promise<ContactsList[]> => store.all(db.read, { space }),
    /** Those that an account has, by title; it was looked up in its Space. */
    ofAccount: (accountId: number): Promise<ContactsList[]> => store.ofAccount(db.read, accountId),
    one: (space: Space, id: number): Promise<ContactsList> => find(db.read, space, id),
    create: async (visit: Visit, input: Input<typeof WantedList>): Promise<ContactsList> => {
      const { space } = visit
      const wanted = input.settle()
      return db.transaction(async (tx) => {
        const id = await store.insert(tx, { space }, wanted, now())
        if (id === null) throw invalid('title', 'v.taken')
        if ((await store.count(tx, { space })) > MOST_LISTS) throw full(MOST_LISTS)
        await record(tx, 'contacts_list.created', visit, id)
        return find(tx, space, id)
      })
    },
    /** `check` is handed the list as it was, while it is held, and may refuse. */
    change: async (
      visit: Visit,
      id: number,
      input: Input<typeof WantedList>,
      check: (before: ContactsList) => void = () => {},
    ): Promise<ContactsList> => {
      const { space } = visit
      const wanted = input.settle()
      const write = async (tx: Tx): Promise<ContactsList> => {
        await hold(tx, space, id)
        const before = await find(tx, space, id)
        check(before)
        if (!(await store.update(tx, { space }, id, wanted, now()))) throw unknown()
        const after = await find(tx, space, id)
        const changed = {
          title: [before.title, after.title],
          description: [before.description, after.description],
        } as const
        await record(tx, 'contacts_list.updated', visit, id, { changed })
        return after
      }
      return db.transaction(write).catch((error: unknown) => {
        throw isCollision(error) ? invalid('title', 'v.taken') : error
      })
    },
    remove: (visit: Visit, id: number): Promise<void> =>
      db.transaction(async (tx) => {
        const { space } = visit
        await hold(tx, space, id)
        const members = await store.memberIds(tx, id)
        await store.remove(tx, { space }, id)
        await forwardingsToContacts.disableStray(tx, { contacts: members })
        await record(tx, 'contacts_list.deleted', visit, id, { detail: { count: members.length } })
      }),

    /** All of them or none. As often as you like: there is one row each. Resolves to how many were none before. */
    addMembers: (visit: Visit, id: number, contactIds: readonly number[]): Promise<number> =>
      db.transaction(async (tx) => {
        const { space } = visit
        await find(tx, space, id)
        const ids = inOrder(contactIds)
        for (const contactId of ids) await accounts.hold(tx, space, contactId)
        await hold(tx, space, id)
        let added = 0
        for (const contactId of ids) {
          if (!(await store.addMember(tx, id, contactId, now()))) continue
          added += 1
          await record(tx, 'contacts_list.updated', visit, id, { changed: ['members'], detail: { object: contactId } })
        }
        if (added > 0 && (await store.countMembers(tx, id)) > MOST_MEMBERS) throw full(MOST_MEMBERS)
        return added
      }),
    /** Those of them that are members; refuses where none is. */
    removeMembers: (visit: Visit, id: number, contactIds: readonly number[]): Promise<void> =>
      db.transaction(async (tx) => {
        await hold(tx, visit.space, id)
        const removed: number[] = []
        for (const contactId of inOrder(contactIds)) {
          if (!(await store.removeMember(tx, id, contactId))) continue
          removed.push(contactId)
          await record(tx, 'contacts_list.updated', visit, id, { changed: ['members'], detail: { object: contactId } })
        }
        if (removed.length === 0) throw new AppError('not_found', 'contact.unknown')
        await forwardingsToContacts.disableStray(tx, { contacts: removed })
      }),

    attach: (visit: Visit, accountId: number, id: number): Promise<void> =>
      accounts.edit(visit, accountId, { field: 'contacts_lists', object: id }, async (tx) => {
        if (await store.isAttached(tx, accountId, id)) throw new AppError('forbidden', 'list.attached')
        await hold(tx, visit.space, id)
        await store.attach(tx, accountId, id, now())
        if ((await store.countAttached(tx, accountId)) > MOST_LISTS_OF_ACCOUNT) throw full(MOST_LISTS_OF_ACCOUNT)
      }),
    detach: (visit: Visit, accountId: number, id: number): Promise<void> =>
      accounts.edit(visit, accountId, { field: 'contacts_lists', object: id }, async (tx) => {
        if (!(await store.detach(tx, accountId, id))) throw new AppError('forbidden', 'list.detached')
        await forwardingsToContacts.disableStray(tx, { account: accountId })
      }),
  }
}

export type ContactsLists = ReturnType<typeof contactsLists>
