import { Elysia } from 'elysia'
import type { Names } from '../../address-books/names/names.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import { askedCalls } from '../../telephony/statistics/asked-calls.ts'
import { CallFilter, type CallLog } from '../../telephony/statistics/call-log.ts'
import { seenBy } from '../../telephony/statistics/call-words.tsx'
import { ChartFilter, type Charts, PERIODS } from '../../telephony/statistics/charts.ts'
import { pathOf } from '../account/head.tsx'
import type { AdministrationScope } from '../scope/scope.ts'
import { accountCallsPage, accountStatisticsPage } from './statistics-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly longReplies: LongReplies
  readonly charts: Charts
  readonly callLog: CallLog
  readonly names: Names
  readonly now: () => Date
}

type Asked = { visit: Visit; caller: Caller; params: { id: string }; input: Members }

/** The calls and messages of one account, for those who administer it (behaviour/panel.md §7.8). */
export const accountStatisticsPages = (deps: Deps) => {
  const { auth, pages, scope, longReplies, charts, callLog, names, now } = deps

  const charted = async ({ visit, caller, params, input }: Asked) => {
    const { visit: there, account, space } = await scope.account(visit, caller, params.id)
    const listing = listingOf(input, { path: pathOf(account, '/statistics'), sorts: [], filters: ['by'] })
    const by = PERIODS.find((known) => known === listing.chosen.by) ?? 'month'
    const drawn = (chart: 'calls' | 'messages') => charts.ofAccount(there, account.id, chart, read(ChartFilter, { by }))
    return { account, space, by, listing, calls: await drawn('calls'), messages: await drawn('messages') }
  }

  const logged = async ({ visit, caller, params, input }: Asked) => {
    const { account, space } = await scope.account(visit, caller, params.id)
    const listing = askedCalls(input, pathOf(account, '/statistics/call_logs'))
    const { total, calls } = await callLog.ofParty(account, read(CallFilter, listing.chosen), listing.page)
    const seen = calls.map(seenBy(account))
    const others = seen.map(({ other }) => other)
    const nameOf = await names.of({ ...account, space }, others)
    const csv = askedCalls(input, pathOf(account, '/statistics/call_logs/export')).link({})
    return { account, space, listing, total, calls: seen, nameOf, csv }
  }

  return new Elysia({ prefix: '/admin/accounts/:id/statistics' })
    .use(auth)
    .use(pages)
    .get('/', async (asked) => asked.show(accountStatisticsPage, await charted(asked)), { signedIn: 'admin' })
    .get('/call_logs', async (asked) => asked.show(accountCallsPage, await logged(asked)), { signedIn: 'admin' })
    .get(
      '/call_logs/export',
      async ({ visit, caller, params, input }) => {
        const { account } = await scope.account(visit, caller, params.id)
        const { chosen } = askedCalls(input, '')
        const headers = {
          'content-type': 'text/csv; charset=utf-8',
          'content-disposition': `attachment; filename="calls-${now().toISOString().slice(0, 10)}.csv"`,
          'cache-control': 'no-store, private',
          'x-content-type-options': 'nosniff',
        }
        const pieces = callLog.csvOfParty(account, read(CallFilter, chosen))
        return longReplies.send(caller, pieces, (body) => new Response(body, { headers }))
      },
      { signedIn: 'admin' },
    )
}
