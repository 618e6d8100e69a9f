import type { ForwardingsToContacts } from '../../accounts/accounts/accounts.ts'
import type { Db } from '../../db/db.ts'
import { callForwardingStore } from './store.ts'

/**
 * What becomes of rules whose contact leaves the address book: they are there and do nothing, until somebody looks at
 * them. Every way out of an address book ends here, in the transaction that goes it: a contact or a member is removed, a
 * list is detached or deleted, an account moves to another Space. With a contact's account its rules go by themselves.
 */
export const forwardingsToContacts = ({ db, now }: { db: Db; now: () => Date }): ForwardingsToContacts => {
  const store = callForwardingStore(db)
  return {
    disableStray: async (tx, of) => {
      if ('contacts' in of && of.contacts.length === 0) return
      await store.disableStray(tx, of, now())
    },
  }
}
