import type { Found } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { ChoiceField, TextField } from '../../panel/components/fields.tsx'
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
  /** How long its name stays reserved; null: for ever. */
  readonly reservedDays: number | null
}

/** Before an account goes (behaviour/panel.md §7.3). */
export const deletePage = (kit: Kit, leaving: Leaving): FormPage => {
  const { t, input } = kit
  const { account, devices, voicemails, contacts, reservedDays } = leaving
  const number = account.username
  return confirmPage({
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
    stays: [t('account_delete.calls')],
    note: (
      <>
        {t('account_delete.instead')} <Link to={pathOf(account, '/deactivate')}>{t('account_delete.switch_off')}</Link>
      </>
    ),
    to: pathOf(account, '/delete'),
    button: t('delete.title'),
    cancel: [t('account_delete.keep'), pathOf(account)],
    address: pathOf(account, '/delete'),
    children: (
      <>
        <ChoiceField
          name="frees_name"
          label={t('account_delete.afterwards', { number })}
          value={input.frees_name === '1' ? '1' : '0'}
          options={[
            {
              value: '0',
              label:
                reservedDays === null
                  ? t('account_delete.reserved_ever')
                  : t('account_delete.reserved', { count: reservedDays }),
              hint: t('account_delete.reserved_why'),
            },
            { value: '1', label: t('account_delete.freed'), hint: t('account_delete.freed_why', { number }) },
          ]}
        />
        <TextField
          name="username"
          label={t('account_delete.type', { username: account.username })}
          autocapitalize="none"
        />
      </>
    ),
  })
}
