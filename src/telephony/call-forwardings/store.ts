import { and, desc, eq, inArray, not, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

type Row = Db['tables']['callForwardings']['$inferSelect']
export type Wanted = Pick<Row, 'type' | 'forwardTo' | 'sipUri' | 'contactId' | 'enabled'>

/** Callers have looked the account up in its Space, and hold it while they write. */
export const callForwardingStore = (db: Db) => {
  const { accountContactsList: attachments, accounts, callForwardings: rules, contacts } = db.tables
  const { contactsListContact: members, contactsLists: lists } = db.tables

  /** As behaviour/address-books.md §1 says: known personally, or by a list. */
  const isInAddressBook = (account: SQL, contact: SQL) => sql<boolean>`(
    exists(select 1 from ${contacts} c where c.account_id = ${account} and c.contact_id = ${contact})
    or exists(select 1 from ${attachments} l join ${members} m on m.contacts_list_id = l.contacts_list_id
      where l.account_id = ${account} and m.contact_id = ${contact}))`

  const ofAccount = db.prepare('call_forwardings_of_account', { accountId: rules.accountId }, (on, { accountId }) =>
    on
      .select({ rule: rules, contact: { username: accounts.username, domain: accounts.domain } })
      .from(rules)
      .leftJoin(accounts, eq(accounts.id, rules.contactId))
      .where(eq(rules.accountId, accountId))
      .orderBy(desc(rules.createdAt), desc(rules.id)),
  )

  return {
    /** The newest first, each with the address of its contact. */
    of: async (on: Reader, accountId: number) =>
      (await ofAccount(on, { accountId })).map(({ rule, contact }) => ({ ...rule, contact })),
    /** null: its type is taken. */
    insert: async (tx: Tx, accountId: number, wanted: Wanted, at: Date): Promise<number | null> => {
      const row = { accountId, ...wanted, createdAt: at, updatedAt: at }
      return (await first(tx.insert(rules).values(row).onConflictDoNothing().returning({ id: rules.id })))?.id ?? null
    },
    update: async (tx: Tx, id: number, wanted: Wanted, at: Date): Promise<number | null> => {
      const row = { ...wanted, updatedAt: at }
      return (await first(tx.update(rules).set(row).where(eq(rules.id, id)).returning({ id: rules.id })))?.id ?? null
    },
    disable: (tx: Tx, id: number, at: Date) =>
      tx.update(rules).set({ enabled: false, updatedAt: at }).where(eq(rules.id, id)),
    /** Null: the account has no such rule. */
    remove: (tx: Tx, accountId: number, id: number) =>
      first(
        tx
          .delete(rules)
          .where(and(eq(rules.accountId, accountId), eq(rules.id, id)))
          .returning({ id: rules.id }),
      ),

    /** A contact of the account, and where it lives; null: it is none. */
    contact: (on: Reader, accountId: number, contactId: number) =>
      first(
        on
          .select({ id: accounts.id, domain: accounts.domain })
          .from(accounts)
          .where(and(eq(accounts.id, contactId), isInAddressBook(sql`${accountId}`, sql`accounts.id`))),
      ),
    /**
     * Keeps the lists that make somebody a contact of the account until the transaction ends: nobody takes the contact
     * off one, or deletes it, meanwhile. By id, so that two who do it wait for each other and not for ever.
     */
    holdLists: async (tx: Tx, accountId: number, contactId: number): Promise<void> => {
      const found = await tx
        .select({ id: members.contactsListId })
        .from(members)
        .innerJoin(attachments, eq(attachments.contactsListId, members.contactsListId))
        .where(and(eq(attachments.accountId, accountId), eq(members.contactId, contactId)))
        .orderBy(members.contactsListId)
      for (const { id } of found) {
        await tx
          .update(lists)
          .set({ updatedAt: sql`${lists.updatedAt}` })
          .where(eq(lists.id, id))
      }
    },
    accountNamed: async (on: Reader, { space }: { space: Pick<Space, 'domain'> }, username: string) => {
      const named = and(eq(accounts.username, username), eq(accounts.domain, space.domain))
      return (await first(on.select({ id: accounts.id }).from(accounts).where(named)))?.id ?? null
    },

    /** Of those of an account, or of those to contacts: whose contact is in the address book no more. */
    disableStray: async (
      tx: Tx,
      of: { readonly account: number } | { readonly contacts: readonly number[] },
      at: Date,
    ): Promise<void> => {
      const which = 'account' in of ? eq(rules.accountId, of.account) : inArray(rules.contactId, [...of.contacts])
      const goesToContact = and(rules.enabled, eq(rules.forwardTo, 'contact'))
      const isThere = isInAddressBook(sql`call_forwardings.account_id`, sql`call_forwardings.contact_id`)
      await tx
        .update(rules)
        .set({ enabled: false, updatedAt: at })
        .where(and(which, goesToContact, not(isThere)))
    },
  }
}

/** A rule, with the address of its contact. */
export type CallForwarding = Awaited<ReturnType<ReturnType<typeof callForwardingStore>['of']>>[number]
