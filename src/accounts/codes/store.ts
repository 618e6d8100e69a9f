import { and, eq, isNotNull, like, lt, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first, only } from '../../db/rows.ts'

export type CodeKind = 'phone' | 'email' | 'recovery'

export const codeStore = (db: Db) => {
  const { phoneChangeCodes, emailChangeCodes, recoveryCodes } = db.tables
  /** The columns that the three have in common. */
  type CodeTable = typeof phoneChangeCodes
  const tableOf: Readonly<Record<CodeKind, CodeTable>> = {
    phone: phoneChangeCodes,
    email: emailChangeCodes as unknown as CodeTable,
    recovery: recoveryCodes as unknown as CodeTable,
  }
  const issuedSince = db.prepare(
    'codes_issued_since',
    { accountId: phoneChangeCodes.accountId, since: phoneChangeCodes.createdAt },
    (on, { accountId, since }) => {
      const issued = (kind: CodeKind) =>
        sql<number>`(select count(*) from ${tableOf[kind]}
          where account_id = ${accountId} and created_at >= ${since})`.mapWith(Number)
      return on
        .select({ phone: issued('phone'), email: issued('email'), recovery: issued('recovery') })
        .from(sql`(select 1) as one`)
    },
  )

  return {
    /** How many codes of each kind the account got since then, used ones included. */
    issuedSince: (on: Reader, accountId: number, since: Date): Promise<Readonly<Record<CodeKind, number>>> =>
      only(issuedSince(on, { accountId, since })),
    byId: (on: Reader, kind: CodeKind, id: number) => {
      const table = tableOf[kind]
      return first(on.select().from(table).where(eq(table.id, id)))
    },
    /** A newer code makes all that wait worthless. */
    invalidate: (tx: Tx, kind: CodeKind, accountId: number, at: Date) => {
      const table = tableOf[kind]
      return tx
        .update(table)
        .set({ code: null, updatedAt: at })
        .where(and(eq(table.accountId, accountId), isNotNull(table.code)))
    },
    /** Counts one guess and returns the row with it; null when all of them are used up, or the code is not pending. */
    attempt: (tx: Tx, kind: CodeKind, id: number, most: number, at: Date) => {
      const table = tableOf[kind]
      return first(
        tx
          .update(table)
          .set({ attempts: sql`${table.attempts} + 1`, updatedAt: at })
          .where(and(eq(table.id, id), isNotNull(table.code), lt(table.attempts, most)))
          .returning(),
      )
    },
    confirm: (tx: Tx, kind: CodeKind, id: number, at: Date) => {
      const table = tableOf[kind]
      return tx.update(table).set({ code: null, confirmedAt: at, updatedAt: at }).where(eq(table.id, id))
    },
    /** How many of the last codes for numbers of a calling code were confirmed; those that nobody got do not count. */
    confirmedShare: async (
      on: Reader,
      prefix: string,
      most: number,
    ): Promise<{ issued: number; confirmed: number }> => {
      const found: { at: Date; confirmed: boolean }[] = []
      for (const table of [phoneChangeCodes, recoveryCodes]) {
        const rows = await on
          .select({ at: table.createdAt, confirmedAt: table.confirmedAt })
          .from(table)
          // Not a range: what lies between two texts is the collation's affair on PostgreSQL.
          .where(and(like(table.phone, `${prefix}%`), isNotNull(table.accountId)))
          .orderBy(sql`${table.id} desc`)
          .limit(most)
        found.push(...rows.map(({ at, confirmedAt }) => ({ at, confirmed: confirmedAt !== null })))
      }
      const last = found.sort((a, b) => b.at.getTime() - a.at.getTime()).slice(0, most)
      return { issued: last.length, confirmed: last.filter(({ confirmed }) => confirmed).length }
    },
  }
}
