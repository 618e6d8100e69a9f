import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { choice, form, type Input, integer, optional, parsed, text } from '../../http/input.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { parseIso8601 } from '../../protocols/iso-8601.ts'
import { chartsStore, type HourCounter, type Window } from './charts-store.ts'
import type { Whose } from './whose.ts'

export const CHARTS = ['messages', 'calls', 'accounts'] as const
export type Chart = (typeof CHARTS)[number]

export const PERIODS = ['day', 'week', 'month', 'year'] as const
export type By = (typeof PERIODS)[number]

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** More than the hours of a year. */
const MOST_BUCKETS = 10_000
const MOST_DOMAINS = 500

const day = () =>
  parsed(10, 'v.date', '2026-03-01', (written) =>
    /^\d{4}-\d\d-\d\d$/.test(written) ? (parseIso8601(written)?.at ?? null) : null,
  )

/** What a chart shows (behaviour/statistics.md §5). */
export const ChartFilter = form({
  from: optional(day()),
  to: optional(day()),
  by: optional(choice(PERIODS)),
  domain: optional(text({ max: 253 })),
  contacts_list: optional(integer(1)),
})

/** `count` is what there is at all: what was sent and received inside of it counts once. */
export interface Bucket {
  /** `2026-03-01 10`, `2026-03-01` or `2026-03`, in UTC. */
  readonly key: string
  readonly sent: number
  readonly received: number
  readonly count: number
}

/** How a period is cut: by hours, by days, or by months. */
const CUTS = {
  hour: { length: 13, next: (at: Date) => new Date(at.getTime() + HOUR_MS) },
  day: { length: 10, next: (at: Date) => new Date(at.getTime() + DAY_MS) },
  month: { length: 7, next: (at: Date) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)) },
} as const
const CUT_OF: Readonly<Record<By, keyof typeof CUTS>> = { day: 'hour', week: 'day', month: 'day', year: 'month' }

const keyOf = (at: Date, by: By): string => at.toISOString().slice(0, CUTS[CUT_OF[by]].length).replace('T', ' ')

/** The first instant of the bucket. */
const startOf = (at: Date, by: By): Date => {
  if (CUT_OF[by] === 'month') return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1))
  const ms = CUT_OF[by] === 'hour' ? HOUR_MS : DAY_MS
  return new Date(at.getTime() - (at.getTime() % ms))
}

/** A day, a week, a month or a year before; of a month that is too short, its last day. */
const before = (at: Date, by: By): Date => {
  if (by === 'day') return new Date(at.getTime() - DAY_MS)
  if (by === 'week') return new Date(at.getTime() - 7 * DAY_MS)
  const months = at.getUTCFullYear() * 12 + at.getUTCMonth() - (by === 'year' ? 12 : 1)
  const [year, month] = [Math.floor(months / 12), months % 12]
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const moved = new Date(at)
  moved.setUTCFullYear(year, month, Math.min(at.getUTCDate(), last))
  return moved
}

/** Every bucket of a window, none left out. */
const bucketsOf = (by: By, window: Window): Map<string, Bucket> => {
  const buckets = new Map<string, Bucket>()
  const { next } = CUTS[CUT_OF[by]]
  for (let at = startOf(window.from, by); at < window.end && buckets.size <= MOST_BUCKETS; at = next(at)) {
    buckets.set(keyOf(at, by), { key: keyOf(at, by), sent: 0, received: 0, count: 0 })
  }
  return buckets
}

/** Days are whole ones, and `to` is the last of them. Without days it ends now, and its buckets are whole. */
const windowOf = (input: Input<typeof ChartFilter>, by: By, now: Date): Window => {
  const { from, to } = input.good
  if (from !== null && input.isMissing('to')) input.refuse('to', { id: 'v.required' })
  if (to !== null && input.isMissing('from')) input.refuse('from', { id: 'v.required' })
  if (from !== null && to !== null && from >= to) input.refuse('to', { id: 'v.period_order' })
  const window =
    from === null || to === null
      ? { from: startOf(before(now, by), by), end: CUTS[CUT_OF[by]].next(startOf(now, by)) }
      : { from, end: new Date(to.getTime() + DAY_MS) }
  if (bucketsOf(by, window).size > MOST_BUCKETS) input.refuse('to', { id: 'v.period_length' })
  return window
}

/** Under a line of names, in the order of time. */
export const chartCsv = (chart: Chart, buckets: readonly Bucket[]): string => {
  const [names, line] =
    chart === 'accounts'
      ? ['moment,count', ({ key, count }: Bucket) => `${key},${count}`]
      : [
          'moment,count,sent,received',
          ({ key, count, sent, received }: Bucket) => `${key},${count},${sent},${received}`,
        ]
  return [names, ...buckets.map(line), ''].join('\n')
}

/** How many calls and messages there were, and accounts were made (behaviour/statistics.md §5). */
export const charts = ({ db, accounts, now }: { db: Db; accounts: Accounts; now: () => Date }) => {
  const store = chartsStore(db)

  const hoursOf = async (chart: Chart, whose: Whose, window: Window): Promise<HourCounter[]> => {
    if (chart !== 'accounts') return store.reported(db.read, chart, whose, window)
    const found: HourCounter[] = []
    for (const stretch of await store.stretches(db.read, whose)) {
      const made = await store.made(db.read, whose, window, stretch)
      found.push(...made.map(({ hour, n }) => ({ hour, sent: n, received: 0, inside: 0 })))
      await Bun.sleep(0)
    }
    return found
  }

  const draw = async (chart: Chart, whose: Whose, input: Input<typeof ChartFilter>): Promise<Bucket[]> => {
    const by = input.good.by ?? 'day'
    const window = windowOf(input, by, now())
    input.settle()
    const buckets = bucketsOf(by, window)
    for (const { hour, sent, received, inside } of await hoursOf(chart, whose, window)) {
      const bucket = buckets.get(keyOf(hour, by))
      if (bucket === undefined) continue
      buckets.set(bucket.key, {
        key: bucket.key,
        sent: bucket.sent + sent,
        received: bucket.received + received,
        count: bucket.count + sent + received - inside,
      })
    }
    return [...buckets.values()]
  }

  /** Super administrators see everybody, or a domain of their choice; others their Space; and either a list of theirs. */
  const whoseFor = async (visit: Visit, caller: Caller, input: Input<typeof ChartFilter>): Promise<Whose> => {
    const { domain, contacts_list: listId } = input.good
    if (listId !== null) {
      if (!(await store.isList(db.read, visit.space, listId))) throw new AppError('not_found', 'list.unknown')
      return { of: 'list', listId }
    }
    if (!mayActAs(caller, 'super')) return { of: 'domain', domain: caller.space.domain }
    return domain === null ? { of: 'everybody' } : { of: 'domain', domain: domain.toLowerCase() }
  }

  return {
    /** The name of a chart in a path. Of others there are none (404). */
    named: (name: string): Chart => {
      const chart = CHARTS.find((known) => known === name)
      if (chart === undefined) throw new AppError('not_found', 'errors.not_found')
      return chart
    },
    whoseFor,
    /** Every bucket of the period, in the order of time, empty ones too. */
    of: draw,
    /** What an account of the Space sent and received. */
    ofAccount: async (
      visit: Visit,
      id: number,
      chart: Exclude<Chart, 'accounts'>,
      input: Input<typeof ChartFilter>,
    ): Promise<Bucket[]> => {
      const { account } = await accounts.byId(visit.space, id)
      const party = { username: account.username, domain: account.domain }
      return draw(chart, { of: 'party', party, direction: null }, input)
    },
    /** Domains that a super administrator may choose from, at most 500. */
    domains: async (chart: Exclude<Chart, 'accounts'>): Promise<string[]> => {
      const domains: string[] = []
      for (let last: string | null = ''; domains.length < MOST_DOMAINS; ) {
        last = await store.domainAfter(db.read, chart, last)
        if (last === null) break
        domains.push(last)
      }
      return domains
    },
  }
}

export type Charts = ReturnType<typeof charts>
