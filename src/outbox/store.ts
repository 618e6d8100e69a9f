import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, lte, notInArray, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'

export type OutboxRow = Db['tables']['outboxMessages']['$inferSelect']
type NewOutboxRow = Omit<
  Db['tables']['outboxMessages']['$inferInsert'],
  'id' | 'attempts' | 'leasedUntil' | 'lastError' | 'sentAt' | 'deadAt'
>

/** Messages of one lane are sent by the same server: of one that is slow, others know nothing. */
const lane = sql<string>`channel || ':' || coalesce(space_id, 0)`

export const outboxStore = (db: Db) => {
  const { outboxMessages: outbox } = db.tables
  const waiting = and(isNull(outbox.sentAt), isNull(outbox.deadAt))
  const free = (now: Date) => or(isNull(outbox.leasedUntil), lt(outbox.leasedUntil, now))
  const due = (now: Date) => and(waiting, lte(outbox.notBefore, now), free(now))

  return {
    /** The id; null when a message with the same dedup key is there already. */
    add: async (tx: Tx, row: NewOutboxRow): Promise<number | null> =>
      (await tx.insert(outbox).values(row).onConflictDoNothing().returning({ id: outbox.id }))[0]?.id ?? null,
    /**
     * Takes up to `most` due messages, none of the lanes in `busy`. The conditions stand in the outer statement too:
     * where two processes chose the same rows, the second finds them leased.
     */
    lease: async (
      tx: Tx,
      options: { most: number; busy: readonly string[]; now: Date; leasedUntil: Date },
    ): Promise<(OutboxRow & { lane: string })[]> => {
      const { most, busy, now, leasedUntil } = options
      const chosen = await tx
        .select({ id: outbox.id })
        .from(outbox)
        .where(and(due(now), busy.length === 0 ? undefined : notInArray(lane, [...busy])))
        .orderBy(asc(outbox.notBefore), asc(outbox.id))
        .limit(most)
      if (chosen.length === 0) return []
      const ids = chosen.map(({ id }) => id)
      const leased = await tx
        .update(outbox)
        .set({ leasedUntil, attempts: sql`${outbox.attempts} + 1`, updatedAt: now })
        .where(and(inArray(outbox.id, ids), due(now)))
        .returning()
      return leased.map((row) => ({ ...row, lane: `${row.channel}:${row.spaceId ?? 0}` })).sort((a, b) => a.id - b.id)
    },
    /** Keeps the lease of what is still being sent. */
    renew: (tx: Tx, ids: readonly number[], leasedUntil: Date) =>
      tx
        .update(outbox)
        .set({ leasedUntil })
        .where(and(inArray(outbox.id, [...ids]), waiting)),
    /** For the only process on a database: whoever held these leases is dead. */
    freeAll: (tx: Tx) =>
      tx
        .update(outbox)
        .set({ leasedUntil: null })
        .where(and(waiting, isNotNull(outbox.leasedUntil))),
    /** Given back untried. */
    giveBack: (tx: Tx, id: number) =>
      tx
        .update(outbox)
        .set({ leasedUntil: null, attempts: sql`${outbox.attempts} - 1` })
        .where(and(eq(outbox.id, id), waiting)),
    sent: (tx: Tx, id: number, at: Date) =>
      tx
        .update(outbox)
        .set({ sentAt: at, deadAt: null, leasedUntil: null, lastError: null, data: null, updatedAt: at })
        .where(eq(outbox.id, id)),
    retry: (tx: Tx, id: number, notBefore: Date, lastError: string, at: Date) =>
      tx
        .update(outbox)
        .set({ notBefore, leasedUntil: null, lastError, updatedAt: at })
        .where(and(eq(outbox.id, id), waiting)),
    abandon: (tx: Tx, id: number, lastError: string, at: Date) =>
      tx
        .update(outbox)
        .set({ deadAt: at, leasedUntil: null, lastError, updatedAt: at })
        .where(and(eq(outbox.id, id), waiting)),
    /** A dead message, or one that waits for its next attempt, is tried again at once. */
    revive: async (tx: Tx, id: number, at: Date): Promise<boolean> =>
      (
        await tx
          .update(outbox)
          .set({ deadAt: null, attempts: 0, notBefore: at, leasedUntil: null, updatedAt: at })
          .where(and(eq(outbox.id, id), isNull(outbox.sentAt), isNotNull(outbox.data), free(at)))
          .returning({ id: outbox.id })
      ).length === 1,
    /** Older messages of one kind that a newer code makes worthless. */
    supersede: (tx: Tx, accountId: number, channel: OutboxRow['channel'], kind: string, at: Date) =>
      tx
        .update(outbox)
        .set({ deadAt: at, lastError: 'superseded', data: null, updatedAt: at })
        .where(
          and(
            waiting,
            eq(outbox.accountId, accountId),
            eq(outbox.channel, channel),
            eq(outbox.kind, kind),
            isNull(outbox.leasedUntil),
          ),
        ),
    /** The newest first. `unsent`: only what waits or is dead. */
    list: (on: Reader, most: number, unsent: boolean) =>
      on
        .select()
        .from(outbox)
        .where(unsent ? isNull(outbox.sentAt) : undefined)
        .orderBy(desc(outbox.id))
        .limit(most),
    byId: async (on: Reader, id: number) => (await on.select().from(outbox).where(eq(outbox.id, id)))[0] ?? null,
    /** How many wait, of each channel, and since when the oldest is due. */
    depth: (on: Reader) =>
      on
        .select({
          channel: outbox.channel,
          waiting: sql<number>`count(*)`.mapWith(Number),
          oldest: sql<Date | null>`min(${outbox.notBefore})`.mapWith(outbox.notBefore),
        })
        .from(outbox)
        .where(waiting)
        .groupBy(outbox.channel),
    /** Removes up to `most` of what was sent, or given up, so long ago. */
    clear: async (tx: Tx, sentBefore: Date, deadBefore: Date, most: number): Promise<number> => {
      const old = or(lt(outbox.sentAt, sentBefore), lt(outbox.deadAt, deadBefore))
      const some = tx.select({ id: outbox.id }).from(outbox).where(old).limit(most)
      return (await tx.delete(outbox).where(inArray(outbox.id, some)).returning({ id: outbox.id })).length
    },
  }
}
