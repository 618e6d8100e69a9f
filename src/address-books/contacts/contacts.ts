import type { Accounts, AccountView, ForwardingsToContacts } from '../../accounts/accounts/accounts.ts'
import { DTMF_PROTOCOLS } from '../../accounts/accounts/rules.ts'
import { AccountActionSchema, AccountTypeSchema } from '../../accounts/accounts/wire.ts'
import type { Db } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { choice, form, type Input, integer, text } from '../../http/input.ts'
import { boolean, listOf, mapOf, orNull, record } from '../../http/output.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type Addressed, addressOfRecord, parseAddressOfRecord, sipUri } from '../../protocols/sip-address.ts'
import { contactCard } from './card.ts'
import { type Contact, contactStore } from './store.ts'

export type { Contact } from './store.ts'

const MOST_CONTACTS = 5000

/** Of an address that is typed. */
const LONGEST_SIP = 255

export const WantedContact = form({ sip: text({ max: LONGEST_SIP }) })

export const ContactSchema = record('Contact', {
  id: integer(1),
  username: text(),
  domain: text(),
  sip_uri: text(),
  display_name: orNull(text()),
  activated: boolean(),
  dtmf_protocol: orNull(choice(DTMF_PROTOCOLS)),
  dictionary: mapOf(text()),
  types: listOf(AccountTypeSchema),
  actions: listOf(AccountActionSchema),
})

/** What others may know of an account: no token, no hash, no code (D24). */
export const contactWire = (contact: Contact) => ({
  id: contact.id,
  username: contact.username,
  domain: contact.domain,
  sip_uri: sipUri(contact.username, contact.domain),
  display_name: contact.displayName,
  activated: contact.activated,
  dtmf_protocol: contact.dtmfProtocol,
  dictionary: contact.dictionary,
  types: contact.types.map(({ id, key }) => ({ id, key })),
  actions: contact.actions.map(({ id, key, code }) => ({ id, key, code })),
})

/**
 * Address books (behaviour/address-books.md §1): an account's personal contacts and the members of its contacts lists.
 * Administrators write them, accounts read their own. A contact that has moved to another Space stays in them.
 */
export const contacts = (deps: {
  db: Db
  accounts: Accounts
  forwardingsToContacts: ForwardingsToContacts
  now: () => Date
}) => {
  const { db, accounts, forwardingsToContacts, now } = deps
  const store = contactStore(db)

  const unknown = () => new AppError('not_found', 'contact.unknown')

  let turn: Promise<unknown> = Promise.resolve()
  /** Reading a large one takes milliseconds: each gets a turn of the event loop, and others get theirs in between. */
  const addressBook = async (of: Pick<Caller, 'id'>): Promise<Contact[]> => {
    turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)))
    await turn
    return store.addressBook(db.read, of.id)
  }

  /** `user@domain`, with or without a scheme. */
  const find = async (caller: Caller, sip: string): Promise<Contact> => {
    const address = parseAddressOfRecord(sip)
    const found = address === null ? null : await store.inAddressBook(db.read, caller.id, address.user, address.domain)
    if (found === null) throw unknown()
    return found
  }

  /** As often as you like: there is one row. */
  const add = (visit: Visit, id: number, contactId: number): Promise<void> =>
    accounts.edit(
      visit,
      id,
      { field: 'contacts', object: contactId },
      async (tx) => {
        if (contactId === id) throw invalid('contact_id', 'v.own_contact')
        if ((await store.add(tx, id, contactId, now())) && (await store.count(tx, id)) > MOST_CONTACTS) {
          throw new AppError('forbidden', 'errors.full', { values: { max: MOST_CONTACTS } })
        }
      },
      contactId,
    )

  return {
    addressBook,
    find,
    /** What those of the address book are called, by `user@domain`; who has no name, or was not asked for, may be missing. */
    names: async ({ id }: Pick<Caller, 'id'>, of: readonly Addressed[]): Promise<Map<string, string>> => {
      const found = of.length === 0 ? [] : await store.names(db.read, id, of)
      return new Map(
        found.flatMap(({ displayName, ...address }) =>
          displayName === null ? [] : [[addressOfRecord(address), displayName] as const],
        ),
      )
    },
    /** Every contact as a vCard, one after the other; empty when there is none. */
    cards: async (caller: Caller): Promise<string> => (await addressBook(caller)).map(contactCard).join(''),
    card: async (caller: Caller, sip: string): Promise<string> => contactCard(await find(caller, sip)),
    /** Of a list that the caller has looked up in its Space. */
    membersOfList: (listId: number): Promise<Contact[]> => store.membersOfList(db.read, listId),

    /** The personal contacts of an account, without the members of its lists. */
    personal: async (space: Space, id: number): Promise<AccountView[]> => {
      const { account } = await accounts.byId(space, id)
      return accounts.byIds(space, await store.personal(db.read, { space }, account.id))
    },
    /** The same as others may see them, also those that have moved to another Space. Of an account that was looked up. */
    own: (id: number): Promise<Contact[]> => store.own(db.read, id),
    onePersonal: async (space: Space, id: number, contactId: number): Promise<AccountView> => {
      const { account } = await accounts.byId(space, id)
      if (!(await store.isPersonal(db.read, account.id, contactId))) throw unknown()
      return (await accounts.byId(space, contactId)).account
    },
    add,
    /** By its address, or by its user name alone; refuses what is no account of the Space at its field. */
    addBySip: async (visit: Visit, id: number, input: Input<typeof WantedContact>): Promise<void> => {
      const { sip } = input.settle()
      const whole = sip.includes('@') ? sip : `${sip}@${visit.space.domain}`
      const found = await accounts.bySip(visit.space, whole).catch((error: unknown) => {
        throw error instanceof AppError && error.code === 'not_found' ? invalid('sip', 'v.no_such_account') : error
      })
      if (found.account.id === id) throw invalid('sip', 'v.own_contact')
      await add(visit, id, found.account.id)
    },
    remove: (visit: Visit, id: number, contactId: number): Promise<void> =>
      accounts.edit(visit, id, { field: 'contacts', object: contactId }, async (tx) => {
        if (!(await store.remove(tx, id, contactId))) throw unknown()
        await forwardingsToContacts.disableStray(tx, { account: id })
      }),
  }
}

export type Contacts = ReturnType<typeof contacts>
