import { inArray, lt } from 'drizzle-orm'
import type { Db, Tx } from '../db/db.ts'
import { exists } from '../db/rows.ts'

/** Proofs of work that were taken: each is good for one form, in whichever process it arrives. */
export const captchaStore = (db: Db) => {
  const { captchaAnswers: answers } = db.tables
  return {
    /** True for exactly one caller. */
    spend: (answer: string, expiresAt: Date): Promise<boolean> =>
      db.transaction((tx) =>
        exists(
          tx.insert(answers).values({ answer, expiresAt }).onConflictDoNothing().returning({ answer: answers.answer }),
        ),
      ),
    /** Those that nobody could send again anyway. */
    clear: async (tx: Tx, until: Date, most: number): Promise<number> => {
      const some = tx.select({ answer: answers.answer }).from(answers).where(lt(answers.expiresAt, until)).limit(most)
      return (await tx.delete(answers).where(inArray(answers.answer, some)).returning({ answer: answers.answer }))
        .length
    },
  }
}
