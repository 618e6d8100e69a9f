import { and, asc, count, gt, lte, type SQL } from 'drizzle-orm'
import type { Db, Tables, Tx } from './db.ts'
import { only } from './rows.ts'
import type { Stretch } from './stretch.ts'

/** A table that numbers its rows as they come. */
export type Numbered = Extract<Tables[keyof Tables], { readonly id: { readonly _: { readonly data: number } } }>

/** Rows that have had their day. */
export interface Outlived {
  readonly table: Numbered
  readonly condition: SQL | undefined
}

/** Rows that one transaction looks at, and deletes at most. */
const STRETCH = 500

export interface Pace {
  /** Ends the walk between two transactions. */
  readonly signal?: AbortSignal | undefined
  readonly most?: number
  /** Hears after each transaction how many went in it. */
  readonly onGone?: ((count: number) => void) | undefined
}

/**
 * Walks a whole table, some hundred rows a transaction, and sums up what `step` returns. The conditions of
 * house-keeping have no index: each step looks at its own stretch of ids and no further, so that requests go on,
 * however large the table is.
 */
export const walk = async (
  db: Db,
  table: Numbered,
  step: (tx: Tx, stretch: Stretch) => Promise<number>,
  { signal, most = STRETCH, onGone }: Pace = {},
): Promise<number> => {
  const next = (after: number) =>
    db.read.select({ id: table.id }).from(table).where(gt(table.id, after)).orderBy(asc(table.id)).limit(most)
  let total = 0
  for (let after = 0; ; ) {
    signal?.throwIfAborted()
    const ids = await next(after)
    const last = ids.at(-1)?.id
    if (last === undefined) return total
    const stretch = { after, last }
    const gone = await db.transaction((tx) => step(tx, stretch))
    total += gone
    onGone?.(gone)
    after = last
    await Bun.sleep(0)
  }
}

export const within = (table: Numbered, { after, last }: Stretch): SQL | undefined =>
  and(gt(table.id, after), lte(table.id, last))

/** Deletes them; resolves to how many there were. */
export const sweep = (db: Db, { table, condition }: Outlived, pace: Pace = {}): Promise<number> =>
  walk(
    db,
    table,
    async (tx, stretch) =>
      (
        await tx
          .delete(table)
          .where(and(within(table, stretch), condition))
          .returning({ id: table.id })
      ).length,
    pace,
  )

/** How many rows a sweep would take. */
export const countOutlived = async (db: Db, { table, condition }: Outlived): Promise<number> =>
  (await only(db.read.select({ n: count() }).from(table).where(condition))).n
