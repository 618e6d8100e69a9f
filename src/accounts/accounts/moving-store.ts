import { and, eq, inArray, isNotNull } from 'drizzle-orm'
import type { Db, Tx } from '../../db/db.ts'

/** What ties an account to the other accounts and to the address books of its Space. */
export const movingStore = (db: Db) => {
  const { contacts, contactsListContact, accountContactsList, accountAccountType, accountTypes } = db.tables
  const { accountCarddavCredentials: credentials, voicemails } = db.tables
  return {
    /**
     * All of it goes: its address book and its place in those of others, lists, labels of the Space (those of the
     * platform stay), and what it signs in to the Space's CardDAV servers with. Its voicemails come along, and take room
     * of the other Space.
     */
    leaveSpace: async (tx: Tx, accountId: number, forSpace: { readonly id: number }): Promise<void> => {
      await tx.delete(contacts).where(eq(contacts.accountId, accountId))
      await tx.delete(contacts).where(eq(contacts.contactId, accountId))
      await tx.delete(contactsListContact).where(eq(contactsListContact.contactId, accountId))
      await tx.delete(accountContactsList).where(eq(accountContactsList.accountId, accountId))
      const ofSpaces = tx.select({ id: accountTypes.id }).from(accountTypes).where(isNotNull(accountTypes.spaceId))
      await tx
        .delete(accountAccountType)
        .where(and(eq(accountAccountType.accountId, accountId), inArray(accountAccountType.accountTypeId, ofSpaces)))
      await tx.delete(credentials).where(eq(credentials.accountId, accountId))
      await tx.update(voicemails).set({ spaceId: forSpace.id }).where(eq(voicemails.accountId, accountId))
    },
  }
}
