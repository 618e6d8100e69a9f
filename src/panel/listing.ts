import { textOf } from './components/fields.tsx'

/** How a list is asked for: by the query of its address. */
export interface Listing {
  /** From 1 on. */
  readonly page: number
  /** What it is sorted by, and which way. */
  readonly by: string
  readonly isDescending: boolean
  /** What is searched for, and what else was chosen, by their names; blank ones are absent. */
  readonly chosen: Readonly<Record<string, string>>
  /** The address of the list with these members of its query changed; null takes one out. Another choice starts at page 1. */
  readonly link: (changed: Readonly<Record<string, string | number | null>>) => string
}

const LAST_PAGE = 1_000_000
const LONGEST = 200

const pageOf = (value: unknown): number => {
  const page = /^\d{1,7}$/.test(textOf(value)) ? Number(value) : 1
  return Math.min(Math.max(page, 1), LAST_PAGE)
}

interface Offered {
  /** The path of the list, below the base path. */
  readonly path: string
  /** What it can be sorted by; the first one unless the query says otherwise. */
  readonly sorts: readonly string[]
  /** What can be searched or chosen. */
  readonly filters?: readonly string[]
}

/** Reads `?page=2&sort=-created&state=blocked`. What is not offered counts as not asked for: addresses are typed by hand. */
export const listingOf = (
  input: Readonly<Record<string, unknown>>,
  { path, sorts, filters = [] }: Offered,
): Listing => {
  const [usual = ''] = sorts
  const asked = textOf(input.sort)
  const isDescending = asked.startsWith('-')
  const name = isDescending ? asked.slice(1) : asked
  const isKnown = sorts.includes(name)
  const by = isKnown ? name : usual
  const sort = isKnown ? asked : ''
  const chosen = Object.fromEntries(
    filters.map((filter) => [filter, textOf(input[filter]).slice(0, LONGEST)]).filter(([, text]) => text !== ''),
  ) as Record<string, string>
  return {
    page: pageOf(input.page),
    by,
    isDescending: isKnown && isDescending,
    chosen,
    link: (changed) => {
      const members: Record<string, string | number | null> = {
        ...chosen,
        ...(sort === '' ? {} : { sort }),
        ...changed,
      }
      const query = new URLSearchParams()
      for (const [key, value] of Object.entries(members)) {
        if (value !== null && value !== '' && !(key === 'page' && value === 1)) query.set(key, String(value))
      }
      return query.size === 0 ? path : `${path}?${query}`
    },
  }
}
