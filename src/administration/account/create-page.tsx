import type { Space } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Checkbox, ChoiceField, OnlyWith, Switch, textOf } from '../../panel/components/fields.tsx'
import { NewPasswordFields } from '../../panel/components/new-password.tsx'
import { Note } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { LIST_PATH } from '../accounts-list/rules.ts'
import { IntercomFields, RoleFields, WhoFields } from './fields.tsx'

/** Where an account can be made, and what can be said about it. */
export interface Making {
  readonly space: Space
  /** The SIP domains to choose from. */
  readonly domains: readonly string[]
  /** It takes no more accounts. */
  readonly isFull: boolean
  readonly canMail: boolean
  /** So many characters a password has at least. */
  readonly least: number
  readonly asksForCurrent: boolean
}

export const CREATE = '/admin/accounts/create'

/** A new account (behaviour/panel.md §7.3). */
export const createPage = ({ t, input }: Kit, making: Making): FormPage => {
  const { space, domains, isFull, canMail, least, asksForCurrent } = making
  return {
    title: t('accounts.create'),
    lede: t('account_form.why'),
    above: [[t('accounts.title'), LIST_PATH]],
    to: LIST_PATH,
    button: t('account_form.create'),
    cancel: [t('panel.cancel'), LIST_PATH],
    address: CREATE,
    children: (
      <>
        {isFull ? <Note tone="warn">{t('account_form.full', { count: space.maxAccounts })}</Note> : null}
        <WhoFields of={{ username: textOf(input.username) }} space={space} domains={domains} />
        {space.digest === null ? null : (
          <>
            <ChoiceField
              name="makes_password"
              label={t('sign_in.password')}
              value="1"
              across
              options={[
                { value: '1', label: t('account_form.make'), hint: t('account_form.make_hint') },
                { value: '0', label: t('account_form.type'), hint: t('account_form.type_hint') },
              ]}
            />
            <OnlyWith choice="typed">
              <div class="pair">
                <NewPasswordFields least={least} depends />
              </div>
            </OnlyWith>
          </>
        )}
        <RoleFields isAdmin={input.admin === '1'} space={space} asksForCurrent={asksForCurrent} />
        <div>
          <Switch
            name="activated"
            label={t('account_form.activated')}
            hint={t('account_form.activated_hint')}
            checked
          />
          <Switch name="blocked" label={t('account_page.blocked')} hint={t('account_form.blocked_hint')} />
          <Switch
            name="mails"
            label={t('account_form.mails')}
            hint={t(canMail ? 'account_form.mails_hint' : 'account_form.no_mail')}
            disabled={!canMail}
          />
        </div>
        {space.intercomFeatures ? <IntercomFields dtmfProtocol={null} /> : null}
        <Checkbox name="another" label={t('account_form.another')} checked={input.another === '1'} />
      </>
    ),
  }
}

/** In place of it, where there is no room. */
export const fullPage = ({ t }: Kit, space: Space): Page => ({
  title: t('accounts.create'),
  above: [[t('accounts.title'), LIST_PATH]],
  children: <Note tone="warn">{t('account_form.full', { count: space.maxAccounts })}</Note>,
})
