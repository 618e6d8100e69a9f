import type { TSchema } from '@sinclair/typebox'
import { type Language, translate } from '../messages/messages.ts'
import { integer, optional, text } from './input.ts'
import { boolean, listOf, object, orNull, record } from './output.ts'

const AROUND = 3
const EDGE = 2
/** Up to so many pages are all listed. */
const SHORT = 13

/** The page that a query asks for; the first where it names none that can be. */
export const pageOf = (text: unknown): number => {
  const page = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : 1
  return Math.max(page, 1)
}

/** The pages that are linked, with null for each gap: all of few, else both ends and those around the current one. */
const listed = (current: number, last: number): (number | null)[] => {
  const between = (from: number, to: number) => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
  if (last <= SHORT) return between(1, last)
  const around = between(Math.max(1, current - AROUND), Math.min(last, current + AROUND))
  const pages = [...new Set([...between(1, EDGE), ...around, ...between(last - EDGE + 1, last)])].sort((a, b) => a - b)
  return pages.flatMap((page, index) => (index > 0 && page - (pages[index - 1] ?? 0) > 1 ? [null, page] : [page]))
}

/** For a route's `detail`: which page of the list. */
export const paged = {
  parameters: [
    {
      name: 'page',
      in: 'query' as const,
      description: 'Which page, from 1 on.',
      schema: { type: 'integer' as const, minimum: 1, default: 1 },
    },
  ],
}

export const envelopeSchema = <Item extends TSchema>(name: string, item: Item) =>
  record(name, {
    current_page: integer(1),
    data: listOf(item),
    first_page_url: text(),
    from: orNull(integer(1)),
    last_page: integer(1),
    last_page_url: text(),
    links: listOf(
      object({
        url: orNull(text()),
        label: text(),
        page: optional(orNull(integer(1))),
        active: boolean(),
      }),
    ),
    next_page_url: orNull(text()),
    path: text(),
    per_page: integer(1),
    prev_page_url: orNull(text()),
    to: orNull(integer(1)),
    total: integer(0),
  })

/** One page of a list, as clients expect it (behaviour/requests.md §3.4). `path` is the absolute URL of the list. */
export const pageEnvelope = <Item>(options: {
  data: readonly Item[]
  total: number
  page: number
  perPage: number
  /** What else the links ask for; what is missing or null is left out. */
  kept?: Readonly<Record<string, string | number | boolean | null | undefined>>
  path: string
  language: Language
}) => {
  const { data, total, page, perPage, kept = {}, path, language } = options
  const last = Math.max(1, Math.ceil(total / perPage))
  const more = Object.entries(kept).flatMap(([name, value]) =>
    value == null ? [] : [[name, String(typeof value === 'boolean' ? Number(value) : value)]],
  )
  const suffix = more.length === 0 ? '' : `&${new URLSearchParams(more)}`
  const url = (n: number) => `${path}?page=${n}${suffix}`
  const previous = page > 1 ? url(page - 1) : null
  const next = page < last ? url(page + 1) : null
  const edge = (id: 'page.previous' | 'page.next', target: string | null, n: number) => ({
    url: target,
    label: translate(language, { id }),
    page: target === null ? null : n,
    active: false,
  })
  const from = data.length === 0 ? null : (page - 1) * perPage + 1
  return {
    current_page: page,
    data,
    first_page_url: url(1),
    from,
    last_page: last,
    last_page_url: url(last),
    links: [
      edge('page.previous', previous, page - 1),
      ...listed(Math.min(page, last), last).map((n) =>
        n === null
          ? { url: null, label: '...', active: false }
          : { url: url(n), label: String(n), page: n, active: n === page },
      ),
      edge('page.next', next, page + 1),
    ],
    next_page_url: next,
    path,
    per_page: perPage,
    prev_page_url: previous,
    to: from === null ? null : from + data.length - 1,
    total,
  }
}
