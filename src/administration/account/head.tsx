import type { VNode } from 'preact'
import type { Found } from '../../accounts/accounts/accounts.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { Crumb } from '../../panel/components/head.tsx'
import { Tabs } from '../../panel/components/head.tsx'
import { type Translate, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { LIST_PATH } from '../accounts-list/rules.ts'
import { nameOf, RoleChip, StandingChip } from './words.tsx'

/** Below the base path, where an account is administered; `rest` begins with a slash. */
export const pathOf = ({ id }: { readonly id: number }, rest = ''): string => `${LIST_PATH}/${id}${rest}`

/** Where an account is looked at with its set-up code open: whoever comes here has asked for one. */
export const codePath = (account: { readonly id: number }): string => pathOf(account, '?show=code')

/** The pages of an account that are tabs, in reading order; what is built later is a line here. */
const TABS: readonly { readonly label: MessageId; readonly rest: string }[] = [
  { label: 'account_page.information', rest: '' },
  { label: 'account_contacts.title', rest: '/contacts' },
  { label: 'telephony.title', rest: '/telephony' },
  { label: 'statistics.call_log', rest: '/statistics/call_logs' },
  { label: 'statistics.title', rest: '/statistics' },
  { label: 'activity.title', rest: '/activity' },
]

/** The way down to a page about an account. */
export const aboveOf = (t: Translate, { account }: Pick<Found, 'account'>): readonly Crumb[] => [
  [t('accounts.title'), LIST_PATH],
  [nameOf(account), pathOf(account)],
]

/** Whom the pages of an account are about, and which they are. */
export const AccountTabs = ({ account, rest }: Pick<Found, 'account'> & { rest: string }): VNode | null => {
  const { t } = useKit()
  return TABS.length === 1 ? null : (
    <Tabs
      label={t('account_page.tabs')}
      tabs={TABS.map((tab) => ({ label: t(tab.label), to: pathOf(account, tab.rest) }))}
      current={pathOf(account, rest)}
    />
  )
}

/** The head of every tab. */
export const accountHead = (
  t: Translate,
  { account, space }: Found,
): Pick<Page, 'title' | 'avatar' | 'about' | 'above' | 'cards'> => ({
  above: [[t('accounts.title'), LIST_PATH]],
  title: nameOf(account),
  avatar: nameOf(account),
  about: (
    <>
      <span class="id muted">{addressOfRecord(account)}</span>
      <StandingChip of={account} />
      <RoleChip admin={account.admin} isSuper={space.super} />
    </>
  ),
  cards: true,
})
