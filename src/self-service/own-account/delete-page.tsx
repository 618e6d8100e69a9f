import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { CurrentPasswordField } from '../../panel/components/fields.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { LANDING } from '../../panel/navigation.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'

export const deletePage = ({ t }: Kit, account: AccountView): FormPage =>
  confirmPage({
    title: t('delete.title'),
    lede: t('delete.why', { account: addressOfRecord(account) }),
    note: t('delete.consequence'),
    to: '/delete',
    button: t('delete.go'),
    cancel: [t('panel.cancel'), LANDING],
    address: '/delete',
    children: account.algorithms.length > 0 ? <CurrentPasswordField /> : null,
  })
