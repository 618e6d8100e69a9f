import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Actions, ButtonLink } from '../../panel/components/button.tsx'
import { Note } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { aboveOf, pathOf } from '../account/head.tsx'

/** A link by mail, before it is sent. */
interface Mailing {
  readonly account: AccountView
  readonly kind: 'provisioning' | 'reset_password'
  readonly canMail: boolean
  /** How long the link is good; null: until it is used. */
  readonly minutes: number | null
}

const WORDS = {
  provisioning: { title: 'account_mail.set_up', why: 'account_mail.set_up_why' },
  reset_password: { title: 'account_mail.reset', why: 'account_mail.reset_why' },
} as const satisfies Record<Mailing['kind'], Record<string, MessageId>>

const lifetime = ({ t }: Kit, minutes: number | null): string =>
  minutes === null
    ? t('account_mail.no_end')
    : minutes % 60 === 0
      ? t('account_mail.hours', { count: minutes / 60 })
      : t('account_mail.minutes', { count: minutes })

/** Where a link is about to go, and how long it is good (behaviour/panel.md §7.4). */
export const mailPage = (kit: Kit, { account, kind, canMail, minutes }: Mailing): FormPage => {
  const { t } = kit
  const { title, why } = WORDS[kind]
  const path = pathOf(account, `/${kind}_email`)
  return {
    title: t(title),
    above: aboveOf(t, { account }),
    to: `${path}/send`,
    button: t('account_mail.send'),
    icon: 'send',
    cancel: [t('panel.cancel'), pathOf(account)],
    address: `${path}/create`,
    children: (
      <>
        {canMail ? null : <Note tone="warn">{t('account_form.no_mail')}</Note>}
        <p>
          {t('account_mail.to')} <b class="id">{account.email}</b>
        </p>
        <p class="muted">
          {t(why)} {lifetime(kit, minutes)} {t('account_mail.older')}
        </p>
      </>
    ),
  }
}

/** In place of it, where there is nowhere to send a link to. */
export const noAddressPage = ({ t }: Kit, account: AccountView): Page => ({
  title: t('account_mail.nowhere'),
  above: aboveOf(t, { account }),
  children: (
    <>
      <p>{t('account_mail.nowhere_why')}</p>
      <Actions>
        <ButtonLink to={pathOf(account, '/edit')} tone="primary">
          {t('account_mail.add_address')}
        </ButtonLink>
        <ButtonLink to={pathOf(account)}>{t('panel.back')}</ButtonLink>
      </Actions>
    </>
  ),
})
