import { and, count, eq, inArray, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { Bound, Parameters, Values } from '../../db/bound.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'
import type { Addressed } from '../../protocols/sip-address.ts'

export const contactStore = (db: Db) => {
  const {
    accountAccountType: typesOfAccounts,
    accountActions: actions,
    accountContactsList: listsOfAccounts,
    accountDictionaryEntries: entries,
    accounts,
    accountTypes: types,
    contacts,
    contactsListContact: members,
  } = db.tables

  // An address book is read with three queries, whatever its size: the contacts, their types, their actions.
  const reading = <P extends Parameters>(name: string, given: P, wanted: (bound: Bound<P>) => SQL | undefined) => {
    const rows = db.prepare(name, given, (on, bound) =>
      on
        .select({
          id: accounts.id,
          username: accounts.username,
          domain: accounts.domain,
          displayName: accounts.displayName,
          activated: accounts.activated,
          dtmfProtocol: accounts.dtmfProtocol,
          dictionary: db.objectOf(sql`select key, value from ${entries} where account_id = accounts.id order by id`),
        })
        .from(accounts)
        .where(wanted(bound))
        .orderBy(accounts.id),
    )
    const typesOf = db.prepare(`${name}_types`, given, (on, bound) =>
      on
        .select({ accountId: typesOfAccounts.accountId, id: types.id, key: types.key })
        .from(accounts)
        .innerJoin(typesOfAccounts, eq(typesOfAccounts.accountId, accounts.id))
        .innerJoin(types, eq(types.id, typesOfAccounts.accountTypeId))
        .where(wanted(bound))
        .orderBy(types.id),
    )
    const actionsOf = db.prepare(`${name}_actions`, given, (on, bound) =>
      on
        .select({ accountId: actions.accountId, id: actions.id, key: actions.key, code: actions.code })
        .from(accounts)
        .innerJoin(actions, eq(actions.accountId, accounts.id))
        .where(and(isNotNull(accounts.dtmfProtocol), wanted(bound)))
        .orderBy(actions.id),
    )
    return async (on: Reader, values: Values<P>) => {
      const byAccount = <Item extends { accountId: number }>(items: Item[]) =>
        Map.groupBy(items, ({ accountId }) => accountId)
      const found = await rows(on, values)
      const labels = byAccount(found.length === 0 ? [] : await typesOf(on, values))
      const dialled = byAccount(found.length === 0 ? [] : await actionsOf(on, values))
      return found.map((contact) => ({
        ...contact,
        types: labels.get(contact.id) ?? [],
        actions: dialled.get(contact.id) ?? [],
      }))
    }
  }

  const inAddressBook = (accountId: SQL) => sql`accounts.id in (
    select contact_id from ${contacts} where account_id = ${accountId}
    union select m.contact_id from ${listsOfAccounts} l join ${members} m on m.contacts_list_id = l.contacts_list_id
      where l.account_id = ${accountId})`
  const addressBook = reading('address_book', { accountId: contacts.accountId }, ({ accountId }) =>
    inAddressBook(accountId),
  )
  const contactOfAddressBook = reading(
    'address_book_contact',
    { accountId: contacts.accountId, username: accounts.username, domain: accounts.domain },
    ({ accountId, username, domain }) =>
      and(eq(accounts.username, username), eq(accounts.domain, domain), inAddressBook(accountId)),
  )
  const membersOfList = reading(
    'list_members',
    { listId: members.contactsListId },
    ({ listId }) => sql`accounts.id in (select contact_id from ${members} where contacts_list_id = ${listId})`,
  )

  const ownContacts = reading(
    'own_contacts',
    { accountId: contacts.accountId },
    ({ accountId }) => sql`accounts.id in (select contact_id from ${contacts} where account_id = ${accountId})`,
  )

  const pair = (accountId: number, contactId: number) =>
    and(eq(contacts.accountId, accountId), eq(contacts.contactId, contactId))

  return {
    /** Personal contacts and the members of the account's lists, each once, by id. */
    addressBook: (on: Reader, accountId: number) => addressBook(on, { accountId }),
    inAddressBook: (on: Reader, accountId: number, username: string, domain: string) =>
      first(contactOfAddressBook(on, { accountId, username, domain })),
    /** The names of those of the address book who are called so; more of them than asked for, as names are of one domain. */
    names: async (on: Reader, accountId: number, of: readonly Addressed[]) =>
      on
        .select({ username: accounts.username, domain: accounts.domain, displayName: accounts.displayName })
        .from(accounts)
        .where(
          and(
            inArray(
              accounts.username,
              of.map(({ username }) => username),
            ),
            inArray(
              accounts.domain,
              of.map(({ domain }) => domain),
            ),
            inAddressBook(sql`${accountId}`),
          ),
        ),
    membersOfList: (on: Reader, listId: number) => membersOfList(on, { listId }),

    /** Those of the account alone, wherever they live by now. */
    own: (on: Reader, accountId: number) => ownContacts(on, { accountId }),
    /** The ids of the account's personal contacts in the Space. */
    personal: async (on: Reader, { space }: { space: Pick<Space, 'domain'> }, accountId: number) => {
      const rows = await on
        .select({ id: contacts.contactId })
        .from(contacts)
        .innerJoin(accounts, eq(accounts.id, contacts.contactId))
        .where(and(eq(contacts.accountId, accountId), eq(accounts.domain, space.domain)))
      return rows.map(({ id }) => id)
    },
    isPersonal: (on: Reader, accountId: number, contactId: number) =>
      exists(on.select({ id: contacts.contactId }).from(contacts).where(pair(accountId, contactId))),
    count: async (on: Reader, accountId: number) =>
      (await only(on.select({ n: count() }).from(contacts).where(eq(contacts.accountId, accountId)))).n,
    /** False: the contact was there. */
    add: (tx: Tx, accountId: number, contactId: number, at: Date) =>
      exists(
        tx
          .insert(contacts)
          .values({ accountId, contactId, createdAt: at, updatedAt: at })
          .onConflictDoNothing()
          .returning({ id: contacts.contactId }),
      ),
    remove: (tx: Tx, accountId: number, contactId: number) =>
      exists(tx.delete(contacts).where(pair(accountId, contactId)).returning({ id: contacts.contactId })),
  }
}

export type Contact = Awaited<ReturnType<ReturnType<typeof contactStore>['addressBook']>>[number]
