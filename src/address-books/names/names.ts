import { type Addressed, addressOfRecord, parseSipAddress } from '../../protocols/sip-address.ts'
import { personOf } from '../../protocols/vcard.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { StoredCard, VcardsStorage } from '../vcards-storage/vcards-storage.ts'

/** What an account calls somebody; null: it knows no name. */
export type NameOf = (address: Addressed) => string | null

/** User names differ in case with those who dial; nobody is somebody else for it. */
const keyOf = ({ username, domain }: Addressed): string => addressOfRecord({ username, domain }).toLowerCase()

const addressIn = (uri: string): Addressed | null => {
  const address = parseSipAddress(`<${uri}>`)
  return address === null ? null : { username: address.user, domain: address.host }
}

/**
 * What an account calls those whose addresses it meets, in calls or on its voicemail: by its contacts and their lists
 * first, then by the cards that its app keeps here.
 */
export const names = (deps: { contacts: Contacts; vcardsStorage: VcardsStorage }) => {
  const { contacts, vcardsStorage } = deps

  /** Of those that are asked for. */
  const inCards = (cards: readonly StoredCard[], isAsked: (key: string) => boolean): [string, string][] =>
    cards.flatMap(({ vcard }) => {
      const { name, uris } = personOf(vcard)
      if (name === '') return []
      const keys = uris.flatMap((uri) => {
        const address = addressIn(uri)
        return address === null ? [] : [keyOf(address)]
      })
      return keys.filter(isAsked).map((key): [string, string] => [key, name])
    })

  return {
    /** For as many as stand on a page. */
    of: async (owner: Parameters<VcardsStorage['all']>[0], met: readonly Addressed[]): Promise<NameOf> => {
      const asked = new Set(met.map(keyOf))
      const spelled = met.flatMap((address) => [address, { ...address, username: address.username.toLowerCase() }])
      const known = await contacts.names(owner, spelled)
      if (asked.size > known.size) {
        for await (const cards of vcardsStorage.all(owner)) {
          // Of several cards the first one counts.
          for (const [key, name] of inCards(cards, (key) => asked.has(key) && !known.has(key))) {
            if (!known.has(key)) known.set(key, name)
          }
          if ([...asked].every((key) => known.has(key))) break
          await Bun.sleep(0)
        }
      }
      return (address) => known.get(keyOf(address)) ?? null
    },
  }
}

export type Names = ReturnType<typeof names>
