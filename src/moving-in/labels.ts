import type { Tx } from '../db/db.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'
import type { Spaces } from './spaces.ts'
import type { MovingInStore } from './store.ts'
import { flagIn, type Row, stampsIn, textIn, wordIn } from './values.ts'

/** Ids here by the ids that they had. */
export interface Labels {
  readonly lists: ReadonlyMap<number, number>
  /** Ids here of lists that were made now. */
  readonly newLists: ReadonlySet<number>
  readonly types: ReadonlyMap<number, number>
}

/** What many accounts share: contacts lists, types, open countries; and the names of those who are gone. */
export const movingLabels = (deps: {
  source: Source
  store: MovingInStore
  report: Report
  now: Date
  takeIds: (tx: Tx, table: 'contactsLists' | 'accountTypes', theirs: readonly number[]) => Promise<number[]>
}) => {
  const { source, store, report, now, takeIds } = deps

  const all = async (table: string, order = 'id'): Promise<Row[]> => {
    const rows: Row[] = []
    for await (const page of source.pages(table, order, 1000)) rows.push(...page)
    report.of(table).read += rows.length
    return rows
  }

  const lists = async (tx: Tx, spaces: Spaces): Promise<Pick<Labels, 'lists' | 'newLists'>> => {
    const [moved, made] = [new Map<number, number>(), new Set<number>()]
    const ours = await store.lists(tx)
    const count = report.of('contacts_lists')
    for (const row of await all('contacts_lists')) {
      const title = wordIn(row, 'title') ?? ''
      // Before there were Spaces, lists were everybody's.
      const space =
        row.space_id === undefined ? [...spaces.byDomain.values()][0] : spaces.byTheirId.get(Number(row.space_id))
      if (space === undefined) {
        report.lost('contacts_lists', title, 'its Space does not come')
        continue
      }
      const there = ours.find((list) => list.spaceId === space.id && list.title === title)
      if (there !== undefined) {
        count.there += 1
        moved.set(Number(row.id), there.id)
        continue
      }
      const [id = 0] = await takeIds(tx, 'contactsLists', [Number(row.id)])
      const stamps = stampsIn(row, now)
      await store.insertList(tx, { id, spaceId: space.id, title, description: textIn(row, 'description'), ...stamps })
      moved.set(Number(row.id), id)
      made.add(id)
      count.written += 1
    }
    return { lists: moved, newLists: made }
  }

  /** Theirs are everybody's: here the platform's. */
  const types = async (tx: Tx): Promise<Labels['types']> => {
    const moved = new Map<number, number>()
    const ours = await store.types(tx)
    const count = report.of('account_types')
    for (const row of await all('account_types')) {
      const key = textIn(row, 'key') ?? ''
      const there = ours.find((type) => type.spaceId === null && type.key === key)
      if (there !== undefined) {
        count.there += 1
        moved.set(Number(row.id), there.id)
        continue
      }
      const [id = 0] = await takeIds(tx, 'accountTypes', [Number(row.id)])
      await store.insertType(tx, { id, spaceId: null, key, ...stampsIn(row, now) })
      moved.set(Number(row.id), id)
      count.written += 1
    }
    return moved
  }

  return {
    move: async (tx: Tx, spaces: Spaces): Promise<Labels> => ({
      ...(await lists(tx, spaces)),
      types: await types(tx),
    }),
    /** Which countries phone numbers may be of, if nobody has decided that here. */
    countries: async (tx: Tx, isEmpty: boolean): Promise<void> => {
      const table = 'phone_countries'
      const count = report.of(table)
      const ours = new Map((await store.countries(tx)).map(({ code, activated }) => [code, activated]))
      for (const row of await all(table, 'code')) {
        const code = textIn(row, 'code') ?? ''
        const isOpen = flagIn(row, 'activated', false)
        if (!isOpen || ours.get(code) === true) count.there += 1
        else if (!ours.has(code)) report.lost(table, code, 'no such country has phone numbers')
        else if (isEmpty) count.written += (await store.openCountry(tx, code, now)).length
        else {
          count.there += 1
          report.changed(table, code, 'stays closed, as it is here (phone-countries:open opens it)')
        }
      }
    },
    tombstones: async (tx: Tx): Promise<void> => {
      const table = 'accounts_tombstones'
      const count = report.of(table)
      for await (const rows of source.pages(table, 'id', 1000)) {
        count.read += rows.length
        const coming = rows.map((row) => ({
          username: (textIn(row, 'username') ?? '').toLowerCase(),
          domain: (textIn(row, 'domain') ?? '').toLowerCase(),
          ...stampsIn(row, now),
        }))
        const stored = await store.tombstones(tx, coming)
        count.written += stored.length
        count.there += coming.length - stored.length
      }
    },
  }
}
