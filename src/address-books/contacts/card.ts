import { addressOfRecord, sipUri } from '../../protocols/sip-address.ts'
import { type Property, textValue, vcard } from '../../protocols/vcard.ts'
import type { Contact } from './store.ts'

/** One character that a URI does not take makes Linphone drop every card of the list. */
const uriOf = ({ username, domain }: Contact): string => encodeURI(sipUri(username, domain)).replaceAll('#', '%23')

/** A contact as Linphone reads it (behaviour/address-books.md §5), in this order. */
export const contactCard = (contact: Contact): string => {
  const { displayName, dtmfProtocol, types, actions } = contact
  const dtmf: Property[] = dtmfProtocol === null ? [] : [['X-LINPHONE-ACCOUNT-DTMF-PROTOCOL', dtmfProtocol]]
  return vcard([
    ['KIND', 'individual'],
    ['IMPP', uriOf(contact)],
    ['FN', textValue(displayName || addressOfRecord(contact))],
    ...dtmf,
    ...types.map(({ key }): Property => ['X-LINPHONE-ACCOUNT-TYPE', textValue(key)]),
    ...actions.map(({ key, code }): Property => ['X-LINPHONE-ACCOUNT-ACTION', `${textValue(key)};${textValue(code)}`]),
  ])
}
