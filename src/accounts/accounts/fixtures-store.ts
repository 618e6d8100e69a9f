import { inArray, sql } from 'drizzle-orm'
import type { Db, Tx } from '../../db/db.ts'
import type { Scope } from '../../nouns/space.ts'
import type { SeededAccount } from './seed-file.ts'

/** Of one statement: PostgreSQL takes 65,535 values, SQLite half of that. */
const ROWS = 1000

const chunks = <Row>(rows: readonly Row[]): Row[][] =>
  Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, index) => rows.slice(index * ROWS, (index + 1) * ROWS))

/** Accounts whose ids somebody else has chosen. */
export const fixtureStore = (db: Db) => {
  const { accounts } = db.tables

  return {
    /** Those that are there; they stay as they are until the transaction ends. */
    hold: async (tx: Tx, _reason: Scope, ids: readonly number[]) => {
      const held = []
      for (const some of chunks(ids)) {
        const rows = await tx
          .update(accounts)
          .set({ updatedAt: sql`${accounts.updatedAt}` })
          .where(inArray(accounts.id, some))
          .returning({
            id: accounts.id,
            username: accounts.username,
            domain: accounts.domain,
            admin: accounts.admin,
            activated: accounts.activated,
            blocked: accounts.blocked,
          })
        held.push(...rows)
      }
      return held
    },
    delete: async (tx: Tx, _reason: Scope, ids: readonly number[]): Promise<void> => {
      for (const some of chunks(ids)) await tx.delete(accounts).where(inArray(accounts.id, some))
    },
    /** Resolves to the ids that could not be stored: something of them is another account's. */
    insert: async (
      tx: Tx,
      rows: readonly (Omit<SeededAccount, 'passwords'> & { readonly email: string })[],
      by: { readonly address: string; readonly userAgent: string },
      at: Date,
    ): Promise<number[]> => {
      const stored = new Set<number>()
      for (const some of chunks(rows)) {
        const values = some.map((row) => ({
          ...row,
          ipAddress: by.address,
          userAgent: by.userAgent,
          createdAt: at,
          updatedAt: at,
        }))
        const made = await tx.insert(accounts).values(values).onConflictDoNothing().returning({ id: accounts.id })
        for (const { id } of made) stored.add(id)
      }
      return rows.map(({ id }) => id).filter((id) => !stored.has(id))
    },
  }
}
