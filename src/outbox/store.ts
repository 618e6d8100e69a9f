import { and, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'

export type OutboxRow = Db['tables']['outboxMessages']['$inferSelect']
export type NewOutboxRow = Omit<
  Db['tables']['outboxMessages']['$inferInsert'],
  'id' | 'attempts' | 'leasedUntil' | 'lastError' | 'sentAt' | 'deadAt'
>

export const outboxStore = (db: Db) => {
  const { outboxMessages: outbox } = db.tables
  const waiting = and(isNull(outbox.sentAt), isNull(outbox.deadAt))
  const free = (now: Date) => or(isNull(outbox.leasedUntil), lt(outbox.leasedUntil, now))
  const due = (now: Date) => and(waiting, lte(outbox.notBefore, now), free(now))

  return {
    /** False when a message with the same dedup key is there already. */
    add: async (tx: Tx, row: NewOutboxRow) =>
      (await tx.insert(outbox).values(row).onConflictDoNothing().returning({ id: outbox.id })).length === 1,
    /**
     * Takes up to `most` due messages for `leasedUntil`. The conditions stand in the outer statement too: where two
     * processes chose the same rows, the second finds them leased.
     */
    lease: async (tx: Tx, most: number, now: Date, leasedUntil: Date): Promise<OutboxRow[]> => {
      const chosen = await tx
        .select({ id: outbox.id })
        .from(outbox)
        .where(due(now))
        .orderBy(outbox.notBefore, outbox.id)
        .limit(most)
      if (chosen.length === 0) return []
      const ids = chosen.map(({ id }) => id)
      return tx
        .update(outbox)
        .set({ leasedUntil, attempts: sql`${outbox.attempts} + 1`, updatedAt: now })
        .where(and(inArray(outbox.id, ids), due(now)))
        .returning()
    },
    sent: (tx: Tx, id: number, at: Date) =>
      tx
        .update(outbox)
        .set({ sentAt: at, leasedUntil: null, lastError: null, data: null, updatedAt: at })
        .where(eq(outbox.id, id)),
    retry: (tx: Tx, id: number, notBefore: Date, lastError: string, at: Date) =>
      tx.update(outbox).set({ notBefore, leasedUntil: null, lastError, updatedAt: at }).where(eq(outbox.id, id)),
    abandon: (tx: Tx, id: number, lastError: string, at: Date) =>
      tx.update(outbox).set({ deadAt: at, leasedUntil: null, lastError, updatedAt: at }).where(eq(outbox.id, id)),
    /** A dead message gets another life. */
    revive: async (tx: Tx, id: number, at: Date) =>
      (
        await tx
          .update(outbox)
          .set({ deadAt: null, attempts: 0, notBefore: at, leasedUntil: null, updatedAt: at })
          .where(and(eq(outbox.id, id), isNull(outbox.sentAt)))
          .returning({ id: outbox.id })
      ).length === 1,
    /** Older messages of one kind that a newer code makes worthless. */
    supersede: (tx: Tx, accountId: number, kind: string, at: Date) =>
      tx
        .update(outbox)
        .set({ deadAt: at, lastError: 'superseded', data: null, updatedAt: at })
        .where(and(waiting, eq(outbox.accountId, accountId), eq(outbox.kind, kind), isNull(outbox.leasedUntil))),
    list: (on: Reader, most: number) => on.select().from(outbox).orderBy(sql`${outbox.id} desc`).limit(most),
    /** How many wait and since when the oldest is due. */
    depth: async (on: Reader) =>
      (
        await on
          .select({
            waiting: sql<number>`count(*)`.mapWith(Number),
            oldest: sql<Date | null>`min(${outbox.notBefore})`.mapWith(outbox.notBefore),
          })
          .from(outbox)
          .where(waiting)
      )[0] ?? { waiting: 0, oldest: null },
    clear: async (tx: Tx, sentBefore: Date, deadBefore: Date) =>
      (
        await tx
          .delete(outbox)
          .where(or(lt(outbox.sentAt, sentBefore), lt(outbox.deadAt, deadBefore)))
          .returning({ id: outbox.id })
      ).length,
  }
}
