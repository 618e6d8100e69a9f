import type { Config } from '../../config/config.ts'
import type { Reader, Tx } from '../../db/db.ts'
import type { WithTexts } from '../../http/input.ts'
import { hasUniqueEmails, type Space } from '../../nouns/space.ts'
import type { Phone } from '../../protocols/e164.ts'
import type { AccountView, Directory } from '../directory/directory.ts'
import type { PhoneCountries } from '../phone-countries/phone-countries.ts'
import type { AccountStore, Wanted } from './store.ts'

/** A phone number or an e-mail address. */
type Contact = { readonly phone: string; readonly email?: never } | { readonly email: string; readonly phone?: never }

/** What accounts are called and reached by: whose a name, a number or an address is, and which of them may be had. */
export const identifiers = (deps: {
  config: Config
  store: AccountStore
  directory: Directory
  phoneCountries: PhoneCountries
}) => {
  const { config, store, directory, phoneCountries } = deps

  /** Whether an address collides depends on what the Space says now. While the Space is held, that stays so. */
  const collisions = async (on: Reader, wanted: Wanted) => {
    const taken = await store.taken(on, wanted)
    return { ...taken, email: taken.email && hasUniqueEmails(config, taken) }
  }

  /**
   * What collides with other accounts is refused on the input. Reads with `on`: the reader for a first, friendly
   * answer, the transaction for the one that counts.
   */
  const refuseTaken = async (
    on: Reader,
    input: WithTexts<'username' | 'email' | 'phone'>,
    space: Space,
    phone: string | null,
    self: number,
  ): Promise<void> => {
    const { username, email } = input.values
    const taken = await collisions(on, { domain: space.domain, username, email, phone, self })
    if (taken.username || (self === 0 && taken.tombstone)) input.refuse('username', { id: 'v.taken' })
    if (taken.email) {
      const setting = config.ACCOUNT_EMAIL_UNIQUE ? 'ACCOUNT_EMAIL_UNIQUE' : 'unique_email'
      input.refuse('email', { id: 'v.taken', setting })
    }
    if (taken.phone) input.refuse('phone', { id: 'v.taken' })
  }

  /** Which numbers are accepted; one that the account already has stays valid when its country is closed. */
  const acceptance = async (
    input: WithTexts<'phone'>,
    current: AccountView | null,
  ): Promise<(phone: Phone) => boolean> => {
    const open = input.values.phone === null ? new Set() : await phoneCountries.openCallingCodes()
    return ({ callingCode, number }) => open.has(callingCode) || (current !== null && current.phone === number)
  }

  return {
    refuseTaken,
    acceptance,
    /** Whether somebody has the name, or had it not long ago. */
    isNameTaken: async (on: Reader, space: Space, username: string): Promise<boolean> => {
      const wanted = { domain: space.domain, username, email: null, phone: null, self: 0 }
      const taken = await store.taken(on, wanted)
      return taken.username || taken.tombstone
    },
    /** Whether the number, or the address where the Space wants it so, belongs to another account. */
    isTaken: async (on: Reader, space: Space, self: number, contact: Contact): Promise<boolean> => {
      const { email = null, phone = null } = contact
      const taken = await collisions(on, { domain: space.domain, username: null, email, phone, self })
      return taken.phone || taken.email
    },
    /**
     * Gives the account a confirmed number or address, and activates it. False: another account has it. For
     * `holdWithSpace`.
     */
    setContact: async (tx: Tx, space: Space, id: number, contact: Contact): Promise<boolean> => {
      const { email = null, phone = null } = contact
      const taken = await collisions(tx, { domain: space.domain, username: null, email, phone, self: id })
      if (taken.phone || taken.email) return false
      await directory.update(tx, space, id, contact)
      await directory.markActivated(tx, space, id)
      return true
    },
  }
}

export type Identifiers = ReturnType<typeof identifiers>
