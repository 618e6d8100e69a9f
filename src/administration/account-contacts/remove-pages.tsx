import type { Found } from '../../accounts/accounts/accounts.ts'
import type { Contact } from '../../address-books/contacts/contacts.ts'
import type { ContactsList } from '../../address-books/contacts-lists/contacts-lists.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Crumb } from '../../panel/components/head.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { aboveOf, pathOf } from '../account/head.tsx'
import { called } from './contacts-page.tsx'

const aboveContacts = ({ t }: Kit, found: Found): readonly Crumb[] => [
  ...aboveOf(t, found),
  [t('account_contacts.title'), pathOf(found.account, '/contacts')],
]

/** Before a contact goes from an account. */
export const removeContactPage = (kit: Kit, facts: Found & { readonly contact: Contact }): FormPage => {
  const { t } = kit
  const { account, contact } = facts
  return confirmPage({
    title: t('account_contacts.remove_ask', { name: called(contact) }),
    lede: addressOfRecord(contact),
    above: aboveContacts(kit, facts),
    goes: [t('account_contacts.goes'), t('account_contacts.goes_forwarding')],
    stays: [t('account_contacts.stays')],
    to: pathOf(account, `/contacts/${contact.id}/delete`),
    button: t('account_contacts.remove'),
    cancel: [t('panel.cancel'), pathOf(account, '/contacts')],
    address: pathOf(account, `/contacts/${contact.id}/delete`),
  })
}

/** Before a list goes from the address book of an account. */
export const detachPage = (kit: Kit, facts: Found & { readonly list: ContactsList }): FormPage => {
  const { t } = kit
  const { account, list } = facts
  return confirmPage({
    title: t('account_contacts.detach_ask', { title: list.title }),
    above: aboveContacts(kit, facts),
    goes: [t('account_contacts.goes_list', { count: list.contactsCount }), t('account_contacts.goes_forwarding')],
    stays: [t('account_contacts.list_stays')],
    to: pathOf(account, '/contacts_lists/detach'),
    button: t('account_contacts.detach'),
    cancel: [t('panel.cancel'), pathOf(account, '/contacts')],
    address: pathOf(account, `/contacts_lists/detach?contacts_list_id=${list.id}`),
    children: <Hidden name="contacts_list_id" value={list.id} />,
  })
}
