import type { Contact } from '../../address-books/contacts/contacts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { aboveList, listPath, type OneList } from './place.ts'

export interface TakingOut extends OneList {
  readonly members: readonly Contact[]
  /** Where they were chosen. */
  readonly back: string
}

/** Before members go from a list. */
export const takeOutPage = ({ t }: Kit, of: TakingOut): FormPage =>
  confirmPage({
    title: t('contacts_lists.take_out_these', { count: of.members.length }),
    above: aboveList(t, of),
    icon: 'minus',
    goes: [
      ...of.members.map((member) => (
        <>
          {member.displayName === null ? null : `${member.displayName} `}
          <span class="id">{addressOfRecord(member)}</span>
        </>
      )),
      t('contacts_lists.goes_forwarding'),
    ],
    stays: [t('contacts_lists.stays')],
    to: listPath(of, '/contacts/remove'),
    button: t('contacts_lists.take_out'),
    cancel: [t('panel.cancel'), of.back],
    children: <Hidden name="accounts" value={of.members.map(({ id }) => id).join(',')} />,
  })
