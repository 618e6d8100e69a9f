import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, lte, notInArray, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'
import { exists, first } from '../db/rows.ts'
import type { Outlived } from '../db/sweep.ts'

export type OutboxRow = Db['tables']['outboxMessages']['$inferSelect']
type NewOutboxRow = Omit<
  Db['tables']['outboxMessages']['$inferInsert'],
  'id' | 'attempts' | 'leasedUntil' | 'lastError' | 'sentAt' | 'deadAt'
>

type Leased = Pick<OutboxRow, 'id' | 'attempts'>

export interface Busy {
  readonly lanes: readonly string[]
  readonly recipients: readonly string[]
}

/** Messages of one lane are sent by the same server: of one that is slow, others know nothing. */
const lane = sql<string>`channel || ':' || coalesce(space_id, 0)`

export const outboxStore = (db: Db) => {
  const { outboxMessages: outbox } = db.tables
  const waiting = and(isNull(outbox.sentAt), isNull(outbox.deadAt))
  const free = (now: Date) => or(isNull(outbox.leasedUntil), lt(outbox.leasedUntil, now))
  const due = (now: Date) => and(waiting, lte(outbox.notBefore, now), free(now))
  /** Nobody has leased it since: each lease counts one attempt. */
  const held = ({ id, attempts }: Leased) => and(waiting, eq(outbox.id, id), eq(outbox.attempts, attempts))

  return {
    /** The id; null when a message with the same dedup key is there already. */
    add: async (tx: Tx, row: NewOutboxRow): Promise<number | null> =>
      (await first(tx.insert(outbox).values(row).onConflictDoNothing().returning({ id: outbox.id })))?.id ?? null,
    /**
     * Takes up to `most` due messages, the oldest first, and none for a lane or a recipient in `busy`. The conditions
     * stand in the outer statement too: where two processes chose the same rows, the second finds them leased.
     * `wereDue`: there was something to choose, so that it is worth while to look again.
     */
    lease: async (
      tx: Tx,
      options: { most: number; busy: Busy; now: Date; leasedUntil: Date },
    ): Promise<{ leased: (OutboxRow & { lane: string })[]; wereDue: boolean }> => {
      const { most, busy, now, leasedUntil } = options
      const chosen = await tx
        .select({ id: outbox.id })
        .from(outbox)
        .where(
          and(
            isNull(outbox.webhookId),
            due(now),
            busy.lanes.length === 0 ? undefined : notInArray(lane, [...busy.lanes]),
            busy.recipients.length === 0 ? undefined : notInArray(outbox.recipient, [...busy.recipients]),
          ),
        )
        .orderBy(asc(outbox.notBefore), asc(outbox.id))
        .limit(most)
      if (chosen.length === 0) return { leased: [], wereDue: false }
      const ids = chosen.map(({ id }) => id)
      const rows = await tx
        .update(outbox)
        .set({ leasedUntil, attempts: sql`${outbox.attempts} + 1`, updatedAt: now })
        .where(and(inArray(outbox.id, ids), due(now)))
        .returning()
      const leased = rows.map((row) => ({ ...row, lane: `${row.channel}:${row.spaceId ?? 0}` }))
      return { leased: leased.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)), wereDue: true }
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
    /** Frees a message that was leased and not tried: the lease counts as no attempt. */
    giveBack: (tx: Tx, lease: Leased) =>
      tx
        .update(outbox)
        .set({ leasedUntil: null, attempts: sql`${outbox.attempts} - 1` })
        .where(held(lease)),
    /** The message has left, even where somebody else has leased it meanwhile. */
    sent: (tx: Tx, { id }: Leased, at: Date) =>
      tx
        .update(outbox)
        .set({ sentAt: at, deadAt: null, leasedUntil: null, lastError: null, data: null, updatedAt: at })
        .where(eq(outbox.id, id)),
    /** False: it is superseded, or the lease ran out and somebody else has it. */
    retry: (tx: Tx, lease: Leased, notBefore: Date, lastError: string, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(outbox)
          .set({ notBefore, leasedUntil: null, lastError, updatedAt: at })
          .where(held(lease))
          .returning({ id: outbox.id }),
      ),
    /** Not tried again by itself. With `forget` nobody can: what is inside is worth nothing. False: as for `retry`. */
    abandon: (tx: Tx, lease: Leased, lastError: string, forget: boolean, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(outbox)
          .set({ deadAt: at, leasedUntil: null, lastError, updatedAt: at, ...(forget ? { data: null } : {}) })
          .where(held(lease))
          .returning({ id: outbox.id }),
      ),
    /** A dead message, or one that waits for its next attempt, is tried again at once. */
    revive: (tx: Tx, id: number, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(outbox)
          .set({ deadAt: null, attempts: 0, notBefore: at, leasedUntil: null, updatedAt: at })
          .where(and(eq(outbox.id, id), isNull(outbox.sentAt), isNotNull(outbox.data), free(at)))
          .returning({ id: outbox.id }),
      ),
    /** All that are dead after fewer attempts; those are still counted. */
    reviveKind: async (tx: Tx, kind: string, belowAttempts: number, at: Date): Promise<number> =>
      (
        await tx
          .update(outbox)
          .set({ deadAt: null, notBefore: at, leasedUntil: null, updatedAt: at })
          .where(
            and(
              isNotNull(outbox.deadAt),
              eq(outbox.kind, kind),
              lt(outbox.attempts, belowAttempts),
              isNotNull(outbox.data),
            ),
          )
          .returning({ id: outbox.id })
      ).length,
    /** Older messages of one kind that a newer code makes worthless; one on its way arrives, or is not tried again. */
    supersede: (tx: Tx, accountId: number, channel: OutboxRow['channel'], kind: string, at: Date) =>
      tx
        .update(outbox)
        .set({ deadAt: at, lastError: 'superseded', data: null, updatedAt: at })
        .where(and(waiting, eq(outbox.accountId, accountId), eq(outbox.channel, channel), eq(outbox.kind, kind))),
    /** The newest first. `unsent`: only what waits or is dead. */
    list: (on: Reader, most: number, unsent: boolean) =>
      on
        .select()
        .from(outbox)
        .where(unsent ? isNull(outbox.sentAt) : undefined)
        .orderBy(desc(outbox.id))
        .limit(most),
    /** How many wait, of each channel that has any, and since when the oldest does. */
    depth: (on: Reader) =>
      on
        .select({
          channel: outbox.channel,
          waiting: sql<number>`count(*)`.mapWith(Number),
          oldest: sql<Date | null>`min(${outbox.createdAt})`.mapWith(outbox.createdAt),
        })
        .from(outbox)
        .where(waiting)
        .groupBy(outbox.channel),
    /** What was sent, or given up, so long ago. */
    old: (sentBefore: Date, deadBefore: Date): Outlived => ({
      table: outbox,
      condition: or(lt(outbox.sentAt, sentBefore), lt(outbox.deadAt, deadBefore)),
    }),
  }
}
