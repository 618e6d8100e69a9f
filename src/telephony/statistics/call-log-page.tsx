import type { VNode } from 'preact'
import type { NameOf } from '../../address-books/names/names.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Icon } from '../../panel/components/icon.tsx'
import { durationText, Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Person } from '../../panel/components/person.tsx'
import { type Column, Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, type Translate, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { CALLS_PAGE } from './call-log.ts'
import { directionText, iconOf, OutcomeState, type SeenCall } from './call-words.tsx'

export interface CallsOf {
  readonly listing: Listing
  /** Of all pages. */
  readonly total: number
  readonly calls: readonly SeenCall[]
  readonly nameOf: NameOf
  /** Where the same calls are as CSV, with the query of the list. */
  readonly csv: string
}

const columns = (t: Translate, nameOf: NameOf): readonly Column<SeenCall>[] => [
  {
    label: t('calls.party'),
    place: 'main',
    cell: (call) => {
      const { icon, tone } = iconOf(call)
      return (
        <span class="with-icon">
          <Icon name={icon} class={tone} />
          <span class="hidden">{directionText(t, call)}: </span>
          <span>
            <Person name={nameOf(call.other)} address={addressOfRecord(call.other)} />
          </span>
        </span>
      )
    },
  },
  { label: t('calls.outcome'), place: 'end', cell: (call) => <OutcomeState call={call} /> },
  { label: t('calls.began'), place: 'sub', cell: ({ at }) => <Moment at={at} /> },
  { label: t('calls.duration'), place: 'more', cell: ({ seconds }) => (seconds === null ? '' : durationText(seconds)) },
]

/** The calls of an account, whoever looks at them (behaviour/panel.md §4.11). */
export const callLogPage = ({ t }: Kit, facts: CallsOf): Page => ({
  title: t('calls.title'),
  lede: t('calls.why'),
  cards: true,
  children: (
    <Filters
      listing={facts.listing}
      label={t('calls.title')}
      id="calls"
      choices={[
        {
          name: 'direction',
          label: t('calls.direction'),
          options: [
            { value: 'incoming', label: t('calls.only_incoming') },
            { value: 'outgoing', label: t('calls.only_outgoing') },
          ],
        },
      ]}
      dates={[
        { name: 'from', label: t('calls.from') },
        { name: 'to', label: t('calls.to') },
      ]}
    >
      {facts.total === 0 ? <NoCalls listing={facts.listing} /> : <Calls {...facts} />}
    </Filters>
  ),
})

const Calls = ({ listing, total, calls, nameOf, csv }: CallsOf): VNode => {
  const { t } = useKit()
  return (
    <>
      {calls.length === 0 ? null : (
        <Table caption={t('calls.title')} listing={listing} rows={calls} columns={columns(t, nameOf)} />
      )}
      <Pages listing={listing} total={total} size={CALLS_PAGE} />
      <div>
        <ButtonLink to={csv} icon="download" download>
          {t('calls.download')}
        </ButtonLink>
      </div>
    </>
  )
}

const NoCalls = ({ listing }: { listing: Listing }): VNode => {
  const { t } = useKit()
  const names = Object.keys(listing.chosen)
  return (
    <Card flush>
      {names.length === 0 ? (
        <Empty icon="phone-call" title={t('calls.none')}>
          {t('calls.none_why')}
        </Empty>
      ) : (
        <Empty
          icon="filter"
          title={t('calls.no_match')}
          actions={
            <ButtonLink to={listing.link(Object.fromEntries(names.map((name) => [name, null])))}>
              {t('calls.show_all')}
            </ButtonLink>
          }
        >
          {t('calls.no_match_why')}
        </Empty>
      )}
    </Card>
  )
}
