import { and, eq, gt, isNull, or } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

export type Wizard = Db['tables']['wizards']['$inferSelect']
export type NewWizardRow = Omit<Wizard, 'token' | 'usedAt' | 'createdAt' | 'updatedAt'>

export const wizardStore = (db: Db) => {
  const { wizards } = db.tables
  const usable = (space: Pick<Space, 'id'>, hash: string, now: Date) =>
    and(
      eq(wizards.token, hash),
      eq(wizards.spaceId, space.id),
      isNull(wizards.usedAt),
      or(isNull(wizards.expiresAt), gt(wizards.expiresAt, now)),
    )

  return {
    /** False: another link has this token. */
    insert: (tx: Tx, hash: string, row: NewWizardRow, at: Date): Promise<boolean> =>
      exists(
        tx
          .insert(wizards)
          .values({ token: hash, ...row, createdAt: at, updatedAt: at })
          .onConflictDoNothing()
          .returning({ token: wizards.token }),
      ),
    usable: (on: Reader, space: Pick<Space, 'id'>, hash: string, now: Date): Promise<Wizard | null> =>
      first(
        on
          .select()
          .from(wizards)
          .where(usable(space, hash, now)),
      ),
    /** True for exactly one caller. */
    use: (tx: Tx, space: Pick<Space, 'id'>, hash: string, now: Date): Promise<boolean> =>
      exists(
        tx
          .update(wizards)
          .set({ usedAt: now, updatedAt: now })
          .where(usable(space, hash, now))
          .returning({ token: wizards.token }),
      ),
  }
}
