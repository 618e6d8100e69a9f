import { eq } from 'drizzle-orm'
import type { Db, Tx } from '../../db/db.ts'

export const brandingStore = (db: Db) => {
  const { spaces } = db.tables
  return {
    /** Holds the Space of that SIP domain; null: there is none. */
    hold: async (tx: Tx, domain: string) =>
      (
        await tx
          .update(spaces)
          .set({ logo: spaces.logo })
          .where(eq(spaces.domain, domain))
          .returning({ id: spaces.id, logo: spaces.logo })
      )[0] ?? null,
    setLogo: (tx: Tx, id: number, logo: string | null, at: Date) =>
      tx.update(spaces).set({ logo, updatedAt: at }).where(eq(spaces.id, id)),
  }
}
