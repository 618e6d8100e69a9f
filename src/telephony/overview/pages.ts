import { Elysia } from 'elysia'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Names } from '../../address-books/names/names.ts'
import type { Auth } from '../../http/auth.ts'
import { listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import type { CallForwardings } from '../call-forwardings/call-forwardings.ts'
import { callerOf } from '../voicemails/recordings.tsx'
import type { Voicemails } from '../voicemails/voicemails.ts'
import { overviewPage, RECORDINGS_PAGE } from './overview-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly accounts: Accounts
  readonly callForwardings: CallForwardings
  readonly voicemails: Voicemails
  readonly names: Names
}

const ROOT = '/telephony'

/** Where an account's own calls go, and what callers left (behaviour/panel.md §4.10). */
export const telephonyPages = ({ auth, pages, accounts, callForwardings, voicemails, names }: Deps) =>
  new Elysia()
    .use(auth)
    .use(pages)
    .get(
      ROOT,
      async ({ caller, input, show }) => {
        const [rules, total, { account }] = await Promise.all([
          callForwardings.list(caller),
          voicemails.countRecordings(caller.id),
          accounts.ofCaller(caller),
        ])
        const listing = listingOf(input, { path: ROOT, sorts: [] })
        const page = Math.min(listing.page, Math.max(1, Math.ceil(total / RECORDINGS_PAGE)))
        const shown = { skip: (page - 1) * RECORDINGS_PAGE, most: RECORDINGS_PAGE }
        const recordings = await voicemails.recordings(caller.id, shown)
        return show(overviewPage, {
          rules: rules.toReversed(),
          recordings,
          nameOf: await names.of(
            caller,
            recordings.flatMap((one) => callerOf(one) ?? []),
          ),
          total,
          listing: { ...listing, page },
          addEmail: account.email === null ? '/email/change' : null,
          root: ROOT,
        })
      },
      { signedIn: 'account' },
    )
