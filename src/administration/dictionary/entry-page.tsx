import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { LONGEST_DICTIONARY_TEXT } from '../../http/input.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { TextField } from '../../panel/components/fields.tsx'
import { Hidden, Version } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { aboveOf, pathOf } from '../account/head.tsx'

export const entryPathOf = (account: AccountView, key: string, rest: 'edit' | 'delete'): string =>
  pathOf(account, `/dictionary/${encodeURIComponent(key)}/${rest}`)

interface Entry {
  readonly account: AccountView
  readonly key: string
  readonly value: string
}

/** A new entry; one of that key that is there is replaced (behaviour/panel.md §7.5). */
export const newEntryPage = ({ t }: Kit, { account }: { account: AccountView }): FormPage => ({
  title: t('dictionary.add'),
  lede: t('dictionary.why'),
  above: aboveOf(t, { account }),
  to: pathOf(account, '/dictionary'),
  button: t('account_form.save'),
  cancel: [t('panel.cancel'), pathOf(account)],
  address: pathOf(account, '/dictionary/create'),
  children: (
    <>
      <TextField name="key" label={t('dictionary.key')} maxlength={LONGEST_DICTIONARY_TEXT} autocapitalize="none" />
      <TextField name="value" label={t('dictionary.value')} maxlength={LONGEST_DICTIONARY_TEXT} />
    </>
  ),
})

/** Another value for an entry that is there. */
export const entryPage = ({ t }: Kit, { account, key, value }: Entry): FormPage => ({
  title: t('dictionary.edit', { key }),
  above: aboveOf(t, { account }),
  to: entryPathOf(account, key, 'edit'),
  button: t('account_form.save'),
  cancel: [t('panel.cancel'), pathOf(account)],
  address: entryPathOf(account, key, 'edit'),
  children: (
    <>
      <Version of={value} to={pathOf(account)} />
      <TextField name="value" label={t('dictionary.value')} value={value} maxlength={LONGEST_DICTIONARY_TEXT} />
    </>
  ),
})

/** Before an entry goes. */
export const removeEntryPage = ({ t }: Kit, { account, key, value }: Entry): FormPage =>
  confirmPage({
    title: t('dictionary.remove_ask', { key }),
    lede: value,
    above: aboveOf(t, { account }),
    note: t('dictionary.next_start'),
    to: entryPathOf(account, key, 'delete'),
    button: t('dictionary.remove'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: entryPathOf(account, key, 'delete'),
    children: <Hidden name="key" value={key} />,
  })

/** Before all of them go. */
export const clearPage = ({ t }: Kit, account: AccountView): FormPage =>
  confirmPage({
    title: t('dictionary.clear_ask'),
    above: aboveOf(t, { account }),
    goes: Object.entries(account.dictionary).map(([key, value]) => `${key}: ${value}`),
    note: t('dictionary.next_start'),
    to: pathOf(account, '/dictionary/clear'),
    button: t('dictionary.clear'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, '/dictionary/clear'),
  })
