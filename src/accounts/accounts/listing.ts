import type { Db } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import { form, integer, optional, plainText } from '../../http/input.ts'
import type { Space } from '../../nouns/space.ts'
import type { AccountView, Directory } from '../directory/directory.ts'
import { accountSearchStore } from './search-store.ts'

export const PAGE_SIZE = 20
const LARGEST_PAGE = 100

/** A search that finds more goes no further: whoever wants to see the rest writes a longer word. */
export const MOST_FOUND = 10_000

/** `page` is read elsewhere: whatever is no page number means page 1, as old clients expect. */
export const ListedAccounts = form({
  per_page: optional(integer(1, LARGEST_PAGE)),
  search: optional(plainText(64)),
})

/** One page, 1-based, of the accounts by id; with `search`, of those that have it in their user name. */
export interface Listing {
  readonly page: number
  readonly perPage: number
  readonly search: string | null
}

export interface ListedPage {
  /** Of all pages; at most MOST_FOUND of a search. */
  readonly total: number
  readonly accounts: readonly AccountView[]
}

/** A page beyond the end is empty. */
export const accountListing = (db: Db, directory: Directory, now: () => Date) => {
  const names = accountSearchStore(db)

  /**
   * The ids that a search finds, remembered by domain and text. Between two stretches other requests have their turn.
   */
  const found = remembered(
    db,
    () => now().getTime(),
    async (key) => {
      const [domain = '', part = ''] = key.split('\n')
      const space = { domain }
      const ids: number[] = []
      for (const stretch of await directory.stretches({ space })) {
        ids.push(...(await names.named({ space }, part, stretch, MOST_FOUND - ids.length)))
        if (ids.length >= MOST_FOUND) break
        await Bun.sleep(0)
      }
      return ids
    },
  )

  return async (space: Space, { page, perPage, search }: Listing): Promise<ListedPage> => {
    const from = (page - 1) * perPage
    if (search === null) return directory.page({ space }, from, perPage)
    const ids = await found(`${space.domain}\n${search}`)
    return { total: ids.length, accounts: await directory.byIds(db.read, space, ids.slice(from, from + perPage)) }
  }
}
