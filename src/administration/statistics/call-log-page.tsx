import type { VNode } from 'preact'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Tabs } from '../../panel/components/head.tsx'
import { durationText, Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { CALLS_PAGE, durationSeconds, type LoggedCall, outcomeOf } from '../../telephony/statistics/call-log.ts'
import { OutcomeState } from '../../telephony/statistics/call-words.tsx'
import { CALL_LOG_PATH, type Choosable, statisticsTabs, whoseChoices } from './words.ts'

export interface LoggedCalls extends Choosable {
  readonly listing: Listing
  readonly total: number
  readonly calls: readonly LoggedCall[]
  /** Where the same calls are as CSV, with the query of the list. */
  readonly csv: string
}

/** The calls of a Space, with both parties. */
export const adminCallLogPage = ({ t }: Kit, facts: LoggedCalls): Page => ({
  title: t('statistics.title'),
  cards: true,
  children: (
    <div class="stack">
      <Tabs label={t('statistics.title')} tabs={statisticsTabs(t)} current={CALL_LOG_PATH} />
      <CallFilters facts={facts}>{facts.total === 0 ? <NoCalls {...facts} /> : <Calls {...facts} />}</CallFilters>
    </div>
  ),
})

const CallFilters = ({ facts, children }: { facts: LoggedCalls; children: VNode }): VNode => {
  const { t } = useKit()
  return (
    <Filters
      listing={facts.listing}
      label={t('statistics.call_log')}
      id="calls"
      choices={whoseChoices(t, facts)}
      dates={[
        { name: 'from', label: t('calls.from') },
        { name: 'to', label: t('calls.to') },
      ]}
    >
      {children}
    </Filters>
  )
}

const Calls = ({ listing, total, calls, csv }: LoggedCalls): VNode => {
  const { t } = useKit()
  return (
    <>
      <Table
        caption={t('statistics.call_log')}
        listing={listing}
        rows={calls}
        columns={[
          {
            label: t('statistics.caller'),
            place: 'main',
            cell: ({ call }) => <span class="id">{`${call.fromUsername}@${call.fromDomain}`}</span>,
          },
          {
            label: t('statistics.callee'),
            place: 'sub',
            cell: ({ call }) => <span class="id">{`${call.toUsername}@${call.toDomain}`}</span>,
          },
          {
            label: t('calls.outcome'),
            place: 'end',
            cell: ({ devices }) => <OutcomeState call={{ direction: 'incoming', outcome: outcomeOf(devices) }} />,
          },
          { label: t('calls.began'), place: 'more', cell: ({ call }) => <Moment at={call.initiatedAt} /> },
          {
            label: t('calls.duration'),
            place: 'num wide',
            cell: ({ call }) => {
              const seconds = durationSeconds(call)
              return seconds === null ? '' : durationText(seconds)
            },
          },
        ]}
      />
      <Pages listing={listing} total={total} size={CALLS_PAGE} />
      <div>
        <ButtonLink to={csv} icon="download" download>
          {t('calls.download')}
        </ButtonLink>
      </div>
    </>
  )
}

const NoCalls = ({ listing }: LoggedCalls): VNode => {
  const { t } = useKit()
  const names = Object.keys(listing.chosen)
  return (
    <Card flush>
      {names.length === 0 ? (
        <Empty icon="phone-call" title={t('calls.none')}>
          {t('statistics.none_why')}
        </Empty>
      ) : (
        <Empty
          icon="filter"
          title={t('calls.no_match')}
          actions={<ButtonLink to={CALL_LOG_PATH}>{t('calls.show_all')}</ButtonLink>}
        >
          {t('calls.no_match_why')}
        </Empty>
      )}
    </Card>
  )
}
