import type { Names } from '../../address-books/names/names.ts'
import type { Members } from '../../nouns/visit.ts'
import { listingOf } from '../../panel/listing.ts'
import type { CallForwardings } from '../call-forwardings/call-forwardings.ts'
import type { Subject } from '../place/place.ts'
import { callerOf } from '../voicemails/recordings.tsx'
import type { Voicemails } from '../voicemails/voicemails.ts'
import { RECORDINGS_PAGE, type Telephony } from './overview-page.tsx'

interface Deps {
  readonly callForwardings: CallForwardings
  readonly voicemails: Voicemails
  readonly names: Names
}

/** Where an account can be given an e-mail address, if it has none. */
type Addressing = Pick<Telephony, 'addEmail'>

/** Rules and messages of an account, as pages show them. */
export const telephonyOf =
  ({ callForwardings, voicemails, names }: Deps) =>
  async ({ account, root }: Subject, input: Members, { addEmail }: Addressing): Promise<Telephony> => {
    const [rules, total] = await Promise.all([callForwardings.list(account), voicemails.countRecordings(account.id)])
    const listing = listingOf(input, { path: root, sorts: [] })
    const page = Math.min(listing.page, Math.max(1, Math.ceil(total / RECORDINGS_PAGE)))
    const shown = { skip: (page - 1) * RECORDINGS_PAGE, most: RECORDINGS_PAGE }
    const recordings = await voicemails.recordings(account.id, shown)
    const nameOf = await names.of(
      account,
      recordings.flatMap((one) => callerOf(one) ?? []),
    )
    return { rules: rules.toReversed(), recordings, nameOf, total, listing: { ...listing, page }, addEmail, root }
  }
