import type { VNode } from 'preact'
import type { Message } from '../../messages/messages.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Chart as Bars, Figures, Legend, type Series } from '../../panel/components/chart.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Segments, Tabs } from '../../panel/components/head.tsx'
import { Note } from '../../panel/components/note.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { type Bucket, type By, type Chart, PERIODS } from '../../telephony/statistics/charts.ts'
import {
  type Choosable,
  PERIOD_WORDS,
  STATISTICS_PATH,
  statisticsTabs,
  TITLES,
  whenText,
  whoseChoices,
} from './words.ts'

export interface Charted extends Choosable {
  readonly chart: Chart
  readonly buckets: readonly Bucket[]
  readonly by: By
  readonly listing: Listing
  /** Why the days that were asked for are not shown. */
  readonly refused: readonly Message[]
  /** Where the same numbers are to be had, given a format. */
  readonly download: (format: 'csv' | 'json') => string
}

/** How many calls, messages or new accounts there were. */
export const chartPage = ({ t }: Kit, facts: Charted): Page => {
  const { chart, listing, by, refused, download } = facts
  return {
    title: t('statistics.title'),
    lede: t(chart === 'accounts' ? 'statistics.why_accounts' : 'statistics.why'),
    cards: true,
    actions: (
      <>
        <ButtonLink to={download('csv')} icon="download" download>
          CSV
        </ButtonLink>
        <ButtonLink to={download('json')} icon="download" download>
          JSON
        </ButtonLink>
      </>
    ),
    children: (
      <div class="stack">
        <Tabs label={t('statistics.title')} tabs={statisticsTabs(t)} current={`${STATISTICS_PATH}/${chart}`} />
        <Segments
          label={t('statistics.period')}
          tabs={PERIODS.map((one) => ({
            label: t(PERIOD_WORDS[one]),
            to: listing.link({ by: one, from: null, to: null }),
          }))}
          current={listing.chosen.from === undefined ? listing.link({ by, from: null, to: null }) : ''}
        />
        <Filters
          listing={listing}
          label={t('statistics.period')}
          id="chart"
          keep={['by']}
          choices={whoseChoices(t, facts)}
          dates={[
            { name: 'from', label: t('calls.from') },
            { name: 'to', label: t('calls.to') },
          ]}
        >
          {refused.length === 0 ? null : (
            <Note tone="warn">
              {refused.map(({ id, values }) => t(id, { field: t('calls.to'), ...values })).join(' ')}
            </Note>
          )}
          <Charted chart={chart} buckets={facts.buckets} />
        </Filters>
      </div>
    ),
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

/** The two ways of calls and messages; accounts have one. */
export const seriesOf = (t: Kit['t'], chart: Chart, buckets: readonly Bucket[]): readonly Series[] =>
  chart === 'accounts'
    ? [{ name: t('statistics.created'), values: buckets.map(({ count }) => count) }]
    : [
        { name: t('statistics.received'), values: buckets.map(({ received }) => received) },
        {
          name: t(chart === 'calls' ? 'statistics.placed' : 'statistics.sent'),
          values: buckets.map(({ sent }) => sent),
        },
      ]

/** The figures, the bars and the table of one chart. */
export const Charted = ({ chart, buckets }: Pick<Charted, 'chart' | 'buckets'>): VNode => {
  const { t, language } = useKit()
  const series = seriesOf(t, chart, buckets)
  const counts = buckets.map(({ count }) => count)
  const busiest = buckets.reduce<Bucket | null>((most, one) => (one.count > (most?.count ?? 0) ? one : most), null)
  const number = (value: number) => value.toLocaleString(language)
  return (
    <>
      <Figures
        items={[
          { label: t(TITLES[chart]), value: number(sum(counts)) },
          ...(chart === 'accounts'
            ? []
            : series.map(({ name, values }) => ({ label: name, value: number(sum(values)) }))),
          ...(busiest === null
            ? []
            : [
                {
                  label: t('statistics.busiest'),
                  value: whenText(busiest.key, language),
                  note: t('statistics.busiest_with', { count: number(busiest.count) }),
                },
              ]),
        ]}
      />
      <Card title={t(TITLES[chart])} aside={<Legend series={series} />}>
        <Bars
          label={t(TITLES[chart])}
          keyLabel={t('statistics.when')}
          keys={buckets.map(({ key }) => whenText(key, language))}
          marks={buckets.map(({ key }) => whenText(key, language, true))}
          series={series}
          {...(chart === 'accounts' ? {} : { totals: { name: t('statistics.all'), values: counts } })}
        />
      </Card>
    </>
  )
}
