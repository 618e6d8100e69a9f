import { Elysia } from 'elysia'
import type { Names } from '../../address-books/names/names.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import type { Pages } from '../../panel/pages.ts'
import { askedCalls } from './asked-calls.ts'
import { CallFilter, type CallLog } from './call-log.ts'
import { callLogPage } from './call-log-page.tsx'
import { seenBy } from './call-words.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly longReplies: LongReplies
  readonly callLog: CallLog
  readonly names: Names
  readonly now: () => Date
}

const PATH = '/statistics/call_logs'
const CSV = `${PATH}/export`

/** An account's own calls, on pages and as CSV (behaviour/panel.md §4.11). */
export const callLogPages = ({ auth, pages, longReplies, callLog, names, now }: Deps) =>
  new Elysia()
    .use(auth)
    .use(pages)
    .get(
      PATH,
      async ({ caller, input, show }) => {
        const listing = askedCalls(input, PATH)
        const { total, calls } = await callLog.ofParty(caller, read(CallFilter, listing.chosen), listing.page)
        const csv = askedCalls(input, CSV).link({})
        const seen = calls.map(seenBy(caller))
        const nameOf = await names.of(
          caller,
          seen.map(({ other }) => other),
        )
        return show(callLogPage, { listing, total, calls: seen, nameOf, csv })
      },
      { signedIn: 'account' },
    )
    .get(
      CSV,
      async ({ caller, input }) => {
        const pieces = callLog.csvOfParty(caller, read(CallFilter, askedCalls(input, CSV).chosen))
        const headers = {
          'content-type': 'text/csv; charset=utf-8',
          'content-disposition': `attachment; filename="calls-${now().toISOString().slice(0, 10)}.csv"`,
          'cache-control': 'no-store, private',
          'x-content-type-options': 'nosniff',
        }
        return longReplies.send(caller, pieces, (body) => new Response(body, { headers }))
      },
      { signedIn: 'account' },
    )
