import { and, asc, type Column, gt, gte, lte, sql } from 'drizzle-orm'
import type { Db, Reader } from '../db/db.ts'
import { only } from '../db/rows.ts'

type Tables = Db['tables']
export type Name = keyof Tables
export type RowOf<N extends Name> = Tables[N]['$inferSelect']

/** Tables whose rows have an id to walk by. */
type Walked = {
  [N in Name]: RowOf<N> extends { readonly id: number | string } ? N : never
}[Name]

/** Rows in the order of what they are walked by: whole tables, some hundred at a time. */
export const leavingStore = (db: Db) => {
  const t = db.tables
  type Any = Tables['accounts']
  return {
    pages: async function* <N extends Walked>(on: Reader, name: N, most: number): AsyncGenerator<RowOf<N>[]> {
      const table = t[name] as unknown as Any
      for (let after: number | null = null; ; ) {
        const rows = (await on
          .select()
          .from(table)
          .where(after === null ? undefined : gt(table.id, after))
          .orderBy(asc(table.id))
          .limit(most)) as unknown as RowOf<N>[]
        if (rows.length > 0) yield rows
        if (rows.length < most) return
        after = (rows.at(-1) as { id: number }).id
      }
    },
    /** Those whose `column` is among ids from one to another. */
    between: async <N extends Name>(
      on: Reader,
      name: N,
      column: (table: Tables[N]) => Column,
      first: number,
      last: number,
    ): Promise<RowOf<N>[]> => {
      const by = column(t[name])
      return (await on
        .select()
        .from(t[name] as unknown as Any)
        .where(and(gte(by, first), lte(by, last)))
        .orderBy(asc(by))) as unknown as RowOf<N>[]
    },
    all: async <N extends Name>(on: Reader, name: N): Promise<RowOf<N>[]> =>
      (await on.select().from(t[name] as unknown as Any)) as unknown as RowOf<N>[],
    count: async (on: Reader, name: Name): Promise<number> =>
      (await only(on.select({ n: sql<number>`count(*)`.mapWith(Number) }).from(t[name] as unknown as Any))).n,
  }
}

export type LeavingStore = ReturnType<typeof leavingStore>
