import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { aboveOf, pathOf } from '../account/head.tsx'

/** Before a new link takes the place of the one that was given out (behaviour/panel.md §7.4). */
export const renewPage = ({ t }: Kit, account: AccountView): FormPage => ({
  title: t('dashboard.renew_link'),
  lede: t('account_page.renew_why'),
  above: aboveOf(t, { account }),
  badge: { icon: 'qr-code' },
  to: pathOf(account, '/provision'),
  button: t('dashboard.make_link'),
  cancel: [t('panel.cancel'), pathOf(account)],
  address: pathOf(account, '/provision'),
})
