import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/db.ts'
import type { Stretch } from '../../db/stretch.ts'
import type { InSpace } from '../directory/directory.ts'

/** Accounts whose user name has a text in it, wherever it stands. */
export const accountSearchStore = (db: Db) => {
  const { accounts } = db.tables
  return {
    /** The ids in a stretch, in order; at most `most`. */
    named: async ({ space }: InSpace, part: string, stretch: Stretch, most: number): Promise<number[]> => {
      const rows = await db.read
        .select({ id: accounts.id })
        .from(accounts)
        .where(and(eq(accounts.domain, space.domain), db.nameContains(part, stretch)))
        .orderBy(sql`accounts.id`)
        .limit(most)
      return rows.map(({ id }) => id)
    },
  }
}
