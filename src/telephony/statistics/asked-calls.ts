import type { Members } from '../../nouns/visit.ts'
import { type Listing, listingOf } from '../../panel/listing.ts'
import { parseIso8601 } from '../../protocols/iso-8601.ts'

const isDay = (text: unknown): boolean =>
  typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text) && parseIso8601(text) !== null

/** What a person asked for. What cannot be asked for counts as not asked for: addresses are typed by hand. */
export const askedCalls = (input: Members, path: string): Listing => {
  const { from, to, direction } = input
  const offered = {
    page: input.page,
    from: isDay(from) ? from : '',
    to: isDay(to) ? to : '',
    direction: direction === 'incoming' || direction === 'outgoing' ? direction : '',
  }
  return listingOf(offered, { path, sorts: [], filters: ['direction', 'from', 'to'] })
}
