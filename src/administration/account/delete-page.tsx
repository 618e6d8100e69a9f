import type { Found } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { TextField } from '../../panel/components/fields.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { aboveOf, pathOf } from './head.tsx'
import { nameOf } from './words.tsx'

/** What goes with an account. */
export interface Leaving extends Found {
  readonly devices: number
  readonly voicemails: number
  readonly contacts: number
}

/** Before an account goes (behaviour/panel.md §7.3). */
export const deletePage = ({ t }: Kit, { account, space, devices, voicemails, contacts }: Leaving): FormPage =>
  confirmPage({
    title: t('account_delete.title', { name: nameOf(account) }),
    lede: addressOfRecord(account),
    above: aboveOf(t, { account }),
    goes: [
      ...(devices === 0 ? [] : [t('account_delete.devices', { count: devices })]),
      ...(voicemails === 0 ? [] : [t('account_delete.voicemails', { count: voicemails })]),
      ...(contacts === 0 ? [] : [t('account_delete.contacts', { count: contacts })]),
      ...(account.hasExternalAccount ? [t('account_delete.line')] : []),
      t('account_delete.settings'),
    ],
    stays: [t('account_delete.calls'), t('account_delete.name', { space: space.name })],
    note: (
      <>
        {t('account_delete.instead')} <Link to={pathOf(account, '/block')}>{t('account_delete.block')}</Link>
      </>
    ),
    to: pathOf(account, '/delete'),
    button: t('delete.title'),
    cancel: [t('account_delete.keep'), pathOf(account)],
    address: pathOf(account, '/delete'),
    children: (
      <TextField
        name="username"
        label={t('account_delete.type', { username: account.username })}
        autocapitalize="none"
      />
    ),
  })
