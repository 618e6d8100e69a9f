import type { AccountView, Found } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { Checks } from '../../panel/components/list.tsx'
import { Note } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { aboveOf, pathOf } from '../account/head.tsx'
import { isNumber, nameOf } from '../account/words.tsx'

export interface Numbered extends Found {
  /** Who has the number that was asked for; null: nobody, as far as is known. */
  readonly holder: AccountView | null
}

/** What the form was made from: another of these, and it is stale. */
export const numberFactsOf = ({ username, domain }: AccountView) => [username, domain]

const LONGEST_NAME = 64

/** Under which number, or name, an account is called (behaviour/panel.md §7.23). */
export const numberPage = ({ t }: Kit, { account, space, holder }: Numbered): FormPage => {
  const path = pathOf(account, '/number')
  return {
    title: t(isNumber(account) ? 'account_number.title' : 'account_number.title_name', { name: nameOf(account) }),
    lede: addressOfRecord(account),
    above: aboveOf(t, { account }),
    to: path,
    button: t(isNumber(account) ? 'account_number.save' : 'account_number.save_name'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: path,
    children: (
      <>
        <Version of={numberFactsOf(account)} to={pathOf(account)} />
        {holder === null ? null : (
          <Note
            tone="warn"
            actions={
              <>
                <ButtonLink to={pathOf(holder, '/number')} size="small">
                  {t('account_number.move_first', { name: nameOf(holder) })}
                </ButtonLink>
                <ButtonLink to={pathOf(holder, '/leaving')} size="small">
                  {t('account_number.leaves', { name: nameOf(holder) })}
                </ButtonLink>
              </>
            }
          >
            {t('account_number.held', { number: holder.username, name: nameOf(holder) })}
          </Note>
        )}
        <TextField
          name="username"
          label={t(isNumber(account) ? 'account_number.new' : 'dashboard.username')}
          value={account.username}
          hint={t('account_number.hint')}
          maxlength={LONGEST_NAME}
          autocapitalize="none"
          suffix={`@${space.domain}`}
        />
        <Checks
          items={[
            { outcome: 'goes', what: t('account_number.old', { number: account.username }) },
            { outcome: 'goes', what: t('account_number.phones') },
            { outcome: 'stays', what: t('account_number.stays') },
          ]}
        />
      </>
    ),
  }
}
