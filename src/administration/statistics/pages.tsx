import { Elysia } from 'elysia'
import type { ContactsLists } from '../../address-books/contacts-lists/contacts-lists.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import { json } from '../../http/respond.ts'
import type { Message } from '../../messages/messages.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { type Listing, listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import { CallFilter, type CallLog } from '../../telephony/statistics/call-log.ts'
import {
  type Bucket,
  CHARTS,
  type Chart,
  ChartFilter,
  type Charts,
  chartCsv,
  PERIODS,
} from '../../telephony/statistics/charts.ts'
import { adminCallLogPage } from './call-log-page.tsx'
import { chartPage } from './chart-page.tsx'
import { CALL_LOG_PATH, STATISTICS_PATH } from './words.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly longReplies: LongReplies
  readonly charts: Charts
  readonly callLog: CallLog
  readonly contactsLists: ContactsLists
  readonly spaceAdministration: SpaceAdministration
  readonly now: () => Date
}

const FILTERS = ['by', 'from', 'to', 'domain', 'contacts_list'] as const

/** The charts and the call log of a Space, or of all of them (behaviour/panel.md §7.8). */
export const statisticsPages = (deps: Deps) => {
  const { auth, pages, longReplies, charts, callLog, contactsLists, spaceAdministration, now } = deps

  const listed = (input: Members, path: string): Listing => listingOf(input, { path, sorts: [], filters: FILTERS })

  const choices = async (caller: Caller) => ({
    lists: await contactsLists.all(caller.space),
    domains: mayActAs(caller, 'super') ? (await spaceAdministration.list()).map(({ domain }) => domain).toSorted() : [],
  })

  const filterOf = ({ chosen }: Listing) => read(ChartFilter, { ...chosen, by: chosen.by ?? 'month' })

  const draw = async (visit: Visit, caller: Caller, chart: Chart, listing: Listing): Promise<Bucket[]> => {
    const filter = filterOf(listing)
    return charts.of(chart, await charts.whoseFor(visit, caller, filter), filter)
  }

  /** What cannot be drawn is said, and the last month is shown in its place: addresses are typed by hand. */
  const drawn = async (visit: Visit, caller: Caller, chart: Chart, listing: Listing) => {
    try {
      return { buckets: await draw(visit, caller, chart, listing), refused: [] as readonly Message[] }
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'invalid') throw error
      const usual = listed({}, `${STATISTICS_PATH}/${chart}`)
      return { buckets: await draw(visit, caller, chart, usual), refused: [...error.fields.values()].flat() }
    }
  }

  const headers = (name: string, type: string) => ({
    'content-type': type.startsWith('text/') ? `${type}; charset=utf-8` : type,
    'content-disposition': `attachment; filename="${name}-${now().toISOString().slice(0, 10)}.${type.split('/')[1]}"`,
    'cache-control': 'no-store, private',
    'x-content-type-options': 'nosniff',
  })

  const callsOf = async (visit: Visit, caller: Caller, { chosen }: Listing) => {
    const days = read(CallFilter, { from: chosen.from, to: chosen.to }).good
    const whose = await charts.whoseFor(
      visit,
      caller,
      read(ChartFilter, { domain: chosen.domain, contacts_list: chosen.contacts_list }),
    )
    return { whose, period: { from: days.from?.at ?? null, until: days.to?.until ?? null } }
  }

  const surface = new Elysia({ prefix: STATISTICS_PATH }).use(auth).use(pages)

  /** A page and its downloads. */
  const drawing = (chart: Chart) => {
    const path = `${STATISTICS_PATH}/${chart}`
    surface
      .get(
        `/${chart}`,
        async ({ visit, caller, input, show }) => {
          const listing = listed(input, path)
          const by = PERIODS.find((known) => known === listing.chosen.by) ?? 'month'
          const download = (format: string) => {
            const link = listed(input, `${path}/export`).link({})
            return `${link}${link.includes('?') ? '&' : '?'}format=${format}`
          }
          const shown = { chart, by, listing, download, ...(await drawn(visit, caller, chart, listing)) }
          return show(chartPage, { ...shown, ...(await choices(caller)) })
        },
        { signedIn: 'admin' },
      )
      .get(
        `/${chart}/export`,
        async ({ visit, caller, input }) => {
          const buckets = await draw(visit, caller, chart, listed(input, path))
          if (input.format !== 'json') {
            return new Response(chartCsv(chart, buckets), { headers: headers(chart, 'text/csv') })
          }
          const reply = json(buckets)
          for (const [name, value] of Object.entries(headers(chart, 'application/json'))) reply.headers.set(name, value)
          return reply
        },
        { signedIn: 'admin' },
      )
  }

  surface
    .get('/', ({ go }) => go(`${STATISTICS_PATH}/calls`), { signedIn: 'admin' })
    .get(
      '/call_logs',
      async ({ visit, caller, input, show }) => {
        const listing = listed(input, CALL_LOG_PATH)
        const { whose, period } = await callsOf(visit, caller, listing)
        const found = await callLog.page(whose, period, listing.page)
        const csv = listed(input, `${CALL_LOG_PATH}/export`).link({})
        return show(adminCallLogPage, { ...found, listing, csv, ...(await choices(caller)) })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/call_logs/export',
      async ({ visit, caller, input }) => {
        const { whose, period } = await callsOf(visit, caller, listed(input, CALL_LOG_PATH))
        return longReplies.send(
          caller,
          callLog.csv(whose, period),
          (body) => new Response(body, { headers: headers('calls', 'text/csv') }),
        )
      },
      { signedIn: 'admin' },
    )

  for (const chart of CHARTS) drawing(chart)
  return surface
}
