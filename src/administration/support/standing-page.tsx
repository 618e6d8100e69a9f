import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { aboveOf, pathOf } from '../account/head.tsx'
import { nameOf } from '../account/words.tsx'

/** Before an account is closed for a while (behaviour/panel.md §7.4). */
export const blockPage = ({ t }: Kit, account: AccountView): FormPage =>
  confirmPage({
    title: t('account_block.title', { name: nameOf(account) }),
    lede: addressOfRecord(account),
    above: aboveOf(t, { account }),
    icon: 'ban',
    goes: [t('account_block.sessions'), t('account_block.devices')],
    stays: [t('account_block.everything')],
    note: (
      <>
        {t('account_block.proxy')} <Link to={pathOf(account, '/deactivate')}>{t('account_delete.switch_off')}</Link>
      </>
    ),
    to: pathOf(account, '/block'),
    button: t('account_block.go'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, '/block'),
  })

/** The same by taking back its activation, after which SIP proxies refuse it by themselves. */
export const switchOffPage = ({ t }: Kit, account: AccountView): FormPage =>
  confirmPage({
    title: t('account_switch_off.title', { name: nameOf(account) }),
    lede: addressOfRecord(account),
    above: aboveOf(t, { account }),
    icon: 'ban',
    goes: [t('account_switch_off.sessions'), t('account_block.devices')],
    stays: [t('account_block.everything')],
    note: t('account_switch_off.note'),
    to: pathOf(account, '/deactivate'),
    button: t('account_switch_off.go'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, '/deactivate'),
  })
