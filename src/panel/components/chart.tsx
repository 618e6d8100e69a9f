import { scaleBand, scaleLinear } from 'd3-scale'
import { stack } from 'd3-shape'
import type { VNode } from 'preact'
import { useKit } from '../kit.tsx'
import { More } from './card.tsx'
import { Table } from './table.tsx'

/** One of at most two things that are counted; it has its colour by its place. */
export interface Series {
  readonly name: string
  readonly values: readonly number[]
}

interface ChartProps {
  /** What is counted. */
  readonly label: string
  /** What each bar is of: a day, an hour. */
  readonly keys: readonly string[]
  /** The same as short as there is room below the bars. */
  readonly marks: readonly string[]
  /** How the keys are called all together, at the head of their column. */
  readonly keyLabel: string
  readonly series: readonly Series[]
  /** What both have in common is counted once here; the sum of a bar where it is absent. */
  readonly totals?: Series
}

const COLOURS = ['s1', 's2'] as const
const TICKS = 4
const MOST_LABELS = 6

/** As many keys as there is room for, the first and the last among them. */
const shownKeys = (keys: readonly string[]): readonly string[] => {
  if (keys.length <= MOST_LABELS) return keys
  const step = (keys.length - 1) / (MOST_LABELS - 1)
  return Array.from({ length: MOST_LABELS }, (_, index) => keys[Math.round(index * step)] ?? '')
}

/** Bars on top of each other in a field of 100 × 100, drawn by the server. */
const Bars = ({ label, keys, series, top }: Pick<ChartProps, 'label' | 'keys' | 'series'> & { top: number }): VNode => {
  const { t, language } = useKit()
  const across = scaleBand<number>()
    .domain(keys.map((_, index) => index))
    .range([0, 100])
    .padding(keys.length > 60 ? 0.1 : 0.3)
  const up = scaleLinear().domain([0, top]).range([100, 0])
  const layers = stack<number, number>()
    .keys(series.map((_, index) => index))
    .value((bar, one) => series[one]?.values[bar] ?? 0)(keys.map((_, index) => index))
  const round = (value: number) => Number(value.toFixed(2))
  return (
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={`${label}. ${t('chart.below')}`}>
      {up.ticks(TICKS).map((tick) => (
        <line x1="0" x2="100" y1={round(up(tick))} y2={round(up(tick))} />
      ))}
      {layers.flatMap((layer, one) =>
        layer.map(([low, high], bar) =>
          high <= low ? null : (
            <rect
              class={COLOURS[one]}
              x={round(across(bar) ?? 0)}
              y={round(up(high))}
              width={round(across.bandwidth())}
              height={round(up(low) - up(high))}
            >
              <title>{`${keys[bar]}: ${(high - low).toLocaleString(language)} ${series[one]?.name ?? ''}`}</title>
            </rect>
          ),
        ),
      )}
    </svg>
  )
}

/** What each colour stands for; nothing where there is only one. */
export const Legend = ({ series }: Pick<ChartProps, 'series'>): VNode | null =>
  series.length < 2 ? null : (
    <ul class="legend">
      {series.map(({ name }, index) => (
        <li>
          <svg viewBox="0 0 10 10" aria-hidden="true">
            <rect class={COLOURS[index]} width="10" height="10" rx="2" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  )

/** Counts over time: bars, and the same numbers as a table that unfolds. */
export const Chart = ({ label, keys, marks, keyLabel, series, totals }: ChartProps): VNode => {
  const { t, language } = useKit()
  const sumAt = (bar: number) => series.reduce((sum, { values }) => sum + (values[bar] ?? 0), 0)
  const most = Math.max(1, ...keys.map((_, bar) => sumAt(bar)))
  const scale = scaleLinear().domain([0, most]).nice(TICKS)
  const [, top = most] = scale.domain()
  const number = (value: number) => value.toLocaleString(language)
  const ticks = scale.ticks(TICKS).filter((tick) => Number.isInteger(tick))
  return (
    <>
      <div class="plot">
        <ol class="y" aria-hidden="true">
          {ticks.toReversed().map((tick) => (
            <li>{number(tick)}</li>
          ))}
        </ol>
        <Bars label={label} keys={keys} series={series} top={top} />
        <ol class="x" aria-hidden="true">
          {shownKeys(marks).map((key) => (
            <li>{key}</li>
          ))}
        </ol>
      </div>
      <More title={t('chart.numbers')} icon="list-checks">
        <Table
          caption={label}
          compact
          rows={keys.map((key, bar) => ({ key, bar }))}
          columns={[
            { label: keyLabel, place: 'main', cell: ({ key }) => key },
            ...[...(totals === undefined ? [] : [totals]), ...series].map(({ name, values }) => ({
              label: name,
              place: 'num' as const,
              cell: ({ bar }: { bar: number }) => number(values[bar] ?? 0),
            })),
          ]}
        />
      </More>
    </>
  )
}

/** A few numbers that say most of it. */
export const Figures = ({
  items,
}: {
  items: readonly { readonly label: string; readonly value: string; readonly note?: string }[]
}): VNode => (
  <ul class="figures">
    {items.map(({ label, value, note }) => (
      <li>
        <p>{label}</p>
        <p class="figure">{value}</p>
        {note === undefined ? null : <small>{note}</small>}
      </li>
    ))}
  </ul>
)
