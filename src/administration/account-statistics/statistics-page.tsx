import type { Found } from '../../accounts/accounts/accounts.ts'
import { Segments } from '../../panel/components/head.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { type CallsOf, callLogPage } from '../../telephony/statistics/call-log-page.tsx'
import { type Bucket, type By, PERIODS } from '../../telephony/statistics/charts.ts'
import { AccountTabs, accountHead } from '../account/head.tsx'
import { Charted } from '../statistics/chart-page.tsx'
import { PERIOD_WORDS } from '../statistics/words.ts'

interface Counted extends Found {
  readonly by: By
  readonly listing: Listing
  readonly calls: readonly Bucket[]
  readonly messages: readonly Bucket[]
}

/** How many calls and messages an account had. */
export const accountStatisticsPage = (kit: Kit, facts: Counted): Page => ({
  ...accountHead(kit.t, facts),
  children: (
    <div class="stack">
      <AccountTabs account={facts.account} rest="/statistics" />
      <Segments
        label={kit.t('statistics.period')}
        tabs={PERIODS.map((by) => ({ label: kit.t(PERIOD_WORDS[by]), to: facts.listing.link({ by }) }))}
        current={facts.listing.link({ by: facts.by })}
      />
      <Charted chart="calls" buckets={facts.calls} />
      <Charted chart="messages" buckets={facts.messages} />
    </div>
  ),
})

/** The calls of an account, as it saw them. */
export const accountCallsPage = (kit: Kit, facts: Found & CallsOf): Page => ({
  ...accountHead(kit.t, facts),
  children: (
    <div class="stack">
      <AccountTabs account={facts.account} rest="/statistics/call_logs" />
      {callLogPage(kit, facts).children}
    </div>
  ),
})
