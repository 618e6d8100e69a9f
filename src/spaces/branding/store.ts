import { eq } from 'drizzle-orm'
import type { Db, Tx } from '../../db/db.ts'
import { first } from '../../db/rows.ts'

export const brandingStore = (db: Db) => {
  const { spaces } = db.tables
  return {
    /** Holds the Space of that SIP domain; null: there is none. */
    hold: (tx: Tx, domain: string) =>
      first(
        tx
          .update(spaces)
          .set({ logo: spaces.logo })
          .where(eq(spaces.domain, domain))
          .returning({ id: spaces.id, logo: spaces.logo }),
      ),
    setLogo: (tx: Tx, id: number, logo: string | null, at: Date) =>
      tx.update(spaces).set({ logo, updatedAt: at }).where(eq(spaces.id, id)),
  }
}
