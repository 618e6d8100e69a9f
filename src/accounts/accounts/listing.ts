import type { Db } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import type { Reach } from '../../db/stretch.ts'
import { choice, flag, form, integer, optional, plainText } from '../../http/input.ts'
import { everySpace, type Scope } from '../../nouns/space.ts'
import type { AccountView, Directory } from '../directory/directory.ts'
import { accountSearchStore, type FoundRow, ROLES, type Sought, STATES } from './search-store.ts'

export type { Sought } from './search-store.ts'
export { ROLES, STATES } from './search-store.ts'

export const PAGE_SIZE = 20
const LARGEST_PAGE = 100

/** A search that finds more goes no further: whoever wants to see the rest looks for less. */
export const MOST_FOUND = 10_000

/** How long one query of a search may hold the loop up, about: what is asked next is twice or half as much by it. */
const SHORT_MS = 4
const LONG_MS = 12

/** Searches whose answers are kept for a second: each may be of 10,000 rows. */
const MOST_KEPT = 16

export const SORTS = ['id', 'name', 'changed'] as const

/** What accounts are looked for by, as requests ask for it; `soughtBy` reads it. */
export const SOUGHT = {
  search: optional(plainText(64)),
  state: optional(choice(STATES)),
  role: optional(choice(ROLES)),
  contacts_list_id: optional(integer(1)),
  set_up: optional(flag()),
}

/** `page` is read elsewhere: whatever is no page number means page 1, as old clients expect. */
export const ListedAccounts = form({
  per_page: optional(integer(1, LARGEST_PAGE)),
  ...SOUGHT,
})

interface AskedFor {
  readonly search: Sought['search']
  readonly state: Sought['state']
  readonly role: Sought['role']
  readonly contacts_list_id: number | null
  readonly set_up: boolean | null
}

export const soughtBy = ({ search, state, role, contacts_list_id: list, set_up: setUp }: AskedFor): Sought => ({
  search,
  state,
  role,
  list,
  setUp,
})

/** What the members that `soughtBy` reads are good for. */
export const SOUGHT_MEANINGS = {
  search: 'A part of the user name, the display name, the e-mail address or the phone number, in lower or upper case.',
  state: '`waiting`: nobody has confirmed it yet; `off`: an administrator has switched it off.',
  role: '`admin`: administrators; `account`: everybody else.',
  contacts_list_id: 'Only members of this contacts list.',
  set_up: 'Whether a phone was ever set up with it.',
}

/** One page, 1-based, of the accounts that are sought; without anything sought, of all. */
export interface Listing {
  readonly page: number
  readonly perPage: number
  readonly sought: Sought
  readonly by: (typeof SORTS)[number]
  readonly isDescending: boolean
}

export interface ListedPage {
  /** Of all pages. */
  readonly total: number
  /** There are more than `total`, which nobody has counted. */
  readonly isMore: boolean
  /** How many of `total` can be turned to in this order. */
  readonly within: number
  readonly accounts: readonly AccountView[]
}

const isAnything = (sought: Sought): boolean => Object.values(sought).every((value) => value === null)

const ORDERS: Record<Listing['by'], (a: FoundRow, b: FoundRow) => number> = {
  id: (a, b) => a.id - b.id,
  name: (a, b) => (a.username < b.username ? -1 : a.username > b.username ? 1 : a.id - b.id),
  changed: (a, b) => a.updatedAt.getTime() - b.updatedAt.getTime() || a.id - b.id,
}

/** A page beyond the end is empty. */
export const accountListing = (db: Db, directory: Directory, now: () => Date) => {
  const store = accountSearchStore(db)

  /** In one go where that holds nobody up, and the database plans best when it sees the whole of it. */
  const stretchesOf = async (scope: Scope): Promise<readonly Reach[]> =>
    db.readsApart ? [{ after: 0, last: null }] : directory.stretches(scope)

  /** Between two queries other requests have their turn. */
  const search = async (scope: Scope, sought: Sought): Promise<{ rows: FoundRow[]; isMore: boolean }> => {
    const stretches = await stretchesOf(scope)
    const rows: FoundRow[] = []
    let width = 1
    for (let at = 0; at < stretches.length; ) {
      const several = stretches.slice(at, at + width)
      const after = several[0]?.after ?? 0
      const last = several.at(-1)?.last ?? null
      const begun = performance.now()
      // One more than is shown tells that there are more.
      rows.push(...(await store.found(scope, sought, { after, last }, MOST_FOUND + 1 - rows.length)))
      const took = performance.now() - begun
      if (rows.length > MOST_FOUND) return { rows: rows.slice(0, MOST_FOUND), isMore: true }
      at += several.length
      if (took < SHORT_MS) width *= 2
      else if (took > LONG_MS) width = Math.max(1, width >> 1)
      await Bun.sleep(0)
    }
    return { rows, isMore: false }
  }

  /** What was found is kept, by what was sought and where, while somebody turns its pages. */
  const found = remembered(
    db,
    () => now().getTime(),
    (key) => {
      const [domain, sought] = JSON.parse(key) as [string | null, Sought]
      return search(domain === null ? everySpace('super administrator') : { space: { domain } }, sought)
    },
    MOST_KEPT,
  )
  const lookFor = (scope: Scope, sought: Sought) =>
    found(JSON.stringify(['space' in scope ? scope.space.domain : null, sought]))

  /** In the order of the ids. */
  const views = async (scope: Scope, ids: readonly number[]): Promise<AccountView[]> => {
    const byId = new Map((await directory.inScope(db.read, scope, ids)).map((account) => [account.id, account]))
    return ids.flatMap((one) => byId.get(one) ?? [])
  }

  const slice = async (scope: Scope, listing: Listing): Promise<ListedPage> => {
    const { page, perPage, sought, by, isDescending } = listing
    const { rows, isMore } = await lookFor(scope, sought)
    const sorted = by === 'id' ? rows : rows.toSorted(ORDERS[by])
    const ordered = isDescending ? sorted.toReversed() : sorted
    const ids = ordered.slice((page - 1) * perPage, page * perPage).map((row) => row.id)
    return { total: rows.length, isMore, within: rows.length, accounts: await views(scope, ids) }
  }

  /** All accounts: by id to any depth, by name as deep as is worth turning pages. */
  const all = async (scope: Scope, listing: Listing): Promise<ListedPage> => {
    const { page, perPage, by, isDescending } = listing
    const from = (page - 1) * perPage
    if (by === 'id' && !isDescending) {
      const { total, accounts } = await directory.page(scope, from, perPage)
      return { total, isMore: false, within: total, accounts }
    }
    const { total } = await directory.page(scope, 0, 0)
    if (total <= MOST_FOUND) return slice(scope, listing)
    // By their latest change only few can be sorted: of many, the newest come first.
    if (by !== 'name') {
      const first = Math.max(0, total - from - perPage)
      const { accounts } = await directory.page(scope, first, Math.max(0, total - from - first))
      return { total, isMore: false, within: total, accounts: accounts.toReversed() }
    }
    const ids = from >= MOST_FOUND ? [] : await store.byName(scope, isDescending, from, perPage)
    return { total, isMore: false, within: MOST_FOUND, accounts: await views(scope, ids) }
  }

  const idsAfter = async (scope: Scope, sought: Sought, after: number, most: number): Promise<number[]> => {
    const rows: FoundRow[] = []
    for (const stretch of await stretchesOf(scope)) {
      if (stretch.last !== null && stretch.last <= after) continue
      const from = { ...stretch, after: Math.max(after, stretch.after) }
      rows.push(...(await store.found(scope, sought, from, most - rows.length)))
      if (rows.length >= most) break
    }
    return rows.map((row) => row.id)
  }

  return {
    list: (scope: Scope, listing: Listing): Promise<ListedPage> =>
      isAnything(listing.sought) ? all(scope, listing) : slice(scope, listing),
    /** The next ids after one, at most `most`: for work that goes through all that is sought, however many there are. */
    idsAfter,
    /** All that are sought, by id, `size` at a time: few of them are in memory, however many there are. */
    async *pages(scope: Scope, sought: Sought, size: number): AsyncIterable<AccountView[]> {
      for (let after = 0; ; ) {
        const ids = await idsAfter(scope, sought, after, size)
        const last = ids.at(-1)
        if (last === undefined) return
        yield await directory.inScope(db.read, scope, ids)
        after = last
      }
    },
  }
}
