import type { AccountType } from '../../accounts/account-types/account-types.ts'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { SelectField, TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import type { AccountAction } from '../../telephony/account-actions/account-actions.ts'
import { aboveOf, pathOf } from '../account/head.tsx'
import { type OfSpace, typesPath } from './types-page.tsx'

const LONGEST = 255

interface Attaching {
  readonly account: AccountView
  readonly of: OfSpace
  /** Those that the account does not have. */
  readonly types: readonly AccountType[]
}

/** A type for an account (behaviour/panel.md §7.6). */
export const attachPage = ({ t }: Kit, { account, types }: Attaching): FormPage => ({
  title: t('types.attach'),
  above: aboveOf(t, { account }),
  to: pathOf(account, '/types'),
  button: t('panel.add'),
  cancel: [t('panel.cancel'), pathOf(account)],
  address: pathOf(account, '/types/create'),
  children: (
    <SelectField
      name="type_id"
      label={t('types.key')}
      options={types.map(({ id, key }) => ({ value: String(id), label: key }))}
    />
  ),
})

/** In place of it, where the account has all types that there are. */
export const nothingToAttachPage = ({ t }: Kit, { account, of }: Attaching): Page => ({
  title: t('types.attach'),
  above: aboveOf(t, { account }),
  children: (
    <Empty
      icon="door-open"
      title={t('types.no_more')}
      actions={
        <ButtonLink to={typesPath(of, '/create')} icon="plus" tone="primary">
          {t('types.add')}
        </ButtonLink>
      }
    >
      {t('types.no_more_why')}
    </Empty>
  ),
})

/** What the form was made from: another of these, and it is stale. */
export const factsOf = ({ key, code }: Pick<AccountAction, 'key' | 'code'>) => [key, code]

/** What an intercom does when it hears a code; without an action, a new one. */
export const actionPage = (
  { t }: Kit,
  { account, action }: { account: AccountView; action: AccountAction | null },
): FormPage => {
  const path = pathOf(account, action === null ? '/actions' : `/actions/${action.id}`)
  return {
    title: t(action === null ? 'actions.add' : 'actions.edit'),
    lede: t('actions.why'),
    above: aboveOf(t, { account }),
    to: path,
    button: t('account_form.save'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: action === null ? `${path}/create` : `${path}/edit`,
    children: (
      <>
        {action === null ? null : <Version of={factsOf(action)} to={pathOf(account)} />}
        <TextField
          name="key"
          label={t('actions.key')}
          hint={t('types.key_hint')}
          value={action?.key}
          maxlength={LONGEST}
          autocapitalize="none"
        />
        <TextField
          name="code"
          label={t('actions.code')}
          hint={t('actions.code_hint')}
          value={action?.code}
          maxlength={LONGEST}
          autocapitalize="none"
        />
      </>
    ),
  }
}

export const removeActionPage = (
  { t }: Kit,
  { account, action }: { account: AccountView; action: AccountAction },
): FormPage =>
  confirmPage({
    title: t('actions.remove_ask', { key: action.key }),
    above: aboveOf(t, { account }),
    note: t('dictionary.next_start'),
    to: pathOf(account, `/actions/${action.id}/delete`),
    button: t('actions.remove'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, `/actions/${action.id}/delete`),
  })
