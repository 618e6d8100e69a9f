import type { AccountView, Found } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ChoiceField, OnlyWith, Switch } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { NewPasswordFields } from '../../panel/components/new-password.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { IntercomFields, RoleFields, WhoFields } from './fields.tsx'
import { aboveOf, pathOf } from './head.tsx'

/** An account that is being changed, and by whom. */
export interface Editing extends Found {
  readonly domains: readonly string[]
  /** Nobody gives up their own rights, nor blocks themselves. */
  readonly isOwn: boolean
  readonly least: number
  readonly asksForCurrent: boolean
}

/** What the form was made from: another of these, and it is stale. */
export const factsOf = (account: AccountView) => {
  const { username, domain, displayName, email, phone, activated, switchedOff, blocked, admin, dtmfProtocol } = account
  return [username, domain, displayName, email, phone, activated, switchedOff, blocked, admin, dtmfProtocol]
}

/** What an account is (behaviour/panel.md §7.3). */
export const editPage = ({ t }: Kit, editing: Editing): FormPage => {
  const { account, space, domains, isOwn, least, asksForCurrent } = editing
  return {
    title: t('account_form.edit'),
    above: aboveOf(t, editing),
    to: pathOf(account),
    button: t('account_form.save'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, '/edit'),
    children: (
      <>
        <Version of={factsOf(account)} to={pathOf(account)} />
        <WhoFields of={account} space={space} domains={domains} hint={t('account_form.rename_hint')} />
        {space.digest === null ? null : (
          <>
            <ChoiceField
              name="makes_password"
              label={t('sign_in.password')}
              value="keep"
              options={[
                { value: 'keep', label: t('account_form.keep') },
                // Nobody could sign in with it again.
                ...(isOwn ? [] : [{ value: '1', label: t('account_form.make'), hint: t('account_form.remake_hint') }]),
                { value: '0', label: t('account_form.type'), hint: t('account_form.retype_hint') },
              ]}
            />
            <OnlyWith choice="typed">
              <div class="pair">
                <NewPasswordFields least={least} depends />
              </div>
            </OnlyWith>
          </>
        )}
        {isOwn ? (
          <p class="muted">{t('account_form.own')}</p>
        ) : (
          <>
            <RoleFields isAdmin={account.admin} space={space} asksForCurrent={asksForCurrent} />
            <div>
              <Switch
                name="activated"
                label={t('account_page.active')}
                hint={t(account.activated ? 'account_form.switch_off_hint' : 'account_form.activated_hint')}
                checked={account.activated}
              />
              <Switch
                name="blocked"
                label={t('account_page.blocked')}
                hint={t('account_form.blocked_hint')}
                checked={account.blocked}
              />
            </div>
          </>
        )}
        {space.intercomFeatures ? <IntercomFields dtmfProtocol={account.dtmfProtocol} /> : null}
      </>
    ),
  }
}
