import type { Found } from '../../accounts/accounts/accounts.ts'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { type Telephony, TelephonyCards } from '../../telephony/overview/overview-page.tsx'
import { AccountTabs, accountHead } from '../account/head.tsx'

/** Where the calls of an account go, and what its callers left, for those who administer it (behaviour/panel.md §7.18). */
export const accountTelephonyPage = ({ t }: Kit, facts: Found & Telephony): Page => ({
  ...accountHead(t, facts),
  children: (
    <div class="stack">
      <AccountTabs account={facts.account} rest="/telephony" />
      <TelephonyCards {...facts} />
    </div>
  ),
})
