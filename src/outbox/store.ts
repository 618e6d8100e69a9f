import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, lte, notInArray, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'
import { exists, first } from '../db/rows.ts'
import type { Outlived } from '../db/sweep.ts'

export type OutboxRow = Db['tables']['outboxMessages']['$inferSelect']
type NewOutboxRow = Omit<
  Db['tables']['outboxMessages']['$inferInsert'],
  'id' | 'attempts' | 'leasedUntil' | 'lastError' | 'sentAt' | 'deadAt'
>

/** A message with the lane that it leaves by, and the Space whose server or target takes it; 0: of none. */
export type Laned = OutboxRow & { readonly lane: string; readonly of: number }

type Leased = Pick<OutboxRow, 'id' | 'attempts'>

export interface Busy {
  readonly lanes: readonly string[]
  readonly recipients: readonly { readonly lane: string; readonly recipient: string }[]
}

/** A webhook for which something is due, and whose it is. */
export interface DueWebhook {
  readonly id: number
  readonly spaceId: number
}

/** What room there is, while messages are chosen. */
export interface WebhookPlaces {
  /** Whose turn is first. */
  ordered(webhooks: readonly DueWebhook[]): DueWebhook[]
  /** How many more may be on their way to it; it may be less than none. */
  roomFor(webhook: DueWebhook): number
  take(webhook: DueWebhook, messages: number): void
}

/** Rows of one webhook that are looked at to find some that may leave. */
const LOOKED_AT = 16

/** For how long what stands behind a message that is being sent is not looked at. Its end wakes the next earlier. */
const BEHIND_MS = 2000

/** Messages of one lane are sent by the same server: of one that is slow, others know nothing. */
const lane = sql<string>`channel || ':' || coalesce(space_id, 0)`

const laneOf = ({ channel, webhookId, spaceId }: OutboxRow): string => `${channel}:${webhookId ?? spaceId ?? 0}`

const WAITS = sql`sent_at is null and dead_at is null`

export const outboxStore = (db: Db) => {
  const { outboxMessages: outbox } = db.tables
  const waiting = and(isNull(outbox.sentAt), isNull(outbox.deadAt))
  const free = (now: Date) => or(isNull(outbox.leasedUntil), lt(outbox.leasedUntil, now))
  const due = (now: Date) => and(waiting, lte(outbox.notBefore, now), free(now))
  /** Nobody has leased it since: each lease counts one attempt. */
  const held = ({ id, attempts }: Leased) => and(waiting, eq(outbox.id, id), eq(outbox.attempts, attempts))

  /** The webhooks for which something is due: a step into the index for each, however much waits. */
  const dueWebhooks = (on: Reader, now: Date) => {
    const at = sql.param(now, outbox.notBefore)
    const next = (after: SQL) => sql`(select min(webhook_id) from ${outbox} where ${after} and ${WAITS})`
    const due = sql`exists (select 1 from ${outbox} m where m.webhook_id = found.id and ${WAITS}
      and m.not_before <= ${at} and (m.leased_until is null or m.leased_until < ${at}))`
    return on.select({ id: sql<number>`id`, spaceId: sql<number>`space_id` }).from(sql`(
      with recursive found(id) as (
        select ${next(sql`webhook_id is not null`)}
        union all
        select ${next(sql`webhook_id > found.id`)} from found where found.id is not null)
      select found.id as id, w.space_id as space_id from found join ${db.tables.webhooks} w on w.id = found.id
      where found.id is not null and ${due}) webhooks_due`)
  }

  /** What is due for a webhook. `behind`: when an earlier message of the same recipient is tried; null: none waits. */
  const dueOf = (on: Reader, webhookId: number, now: Date) =>
    on
      .select({
        id: outbox.id,
        behind: sql<Date | null>`(select e.not_before from ${outbox} e
          where e.webhook_id = outbox_messages.webhook_id and e.recipient = outbox_messages.recipient
          and e.sent_at is null and e.dead_at is null and e.id < outbox_messages.id order by e.id limit 1)`.mapWith(
          outbox.notBefore,
        ),
      })
      .from(outbox)
      .where(and(eq(outbox.webhookId, webhookId), due(now)))
      .orderBy(asc(outbox.notBefore))
      .limit(LOOKED_AT)

  /** Not tried before `until`. */
  const putOff = (tx: Tx, ids: readonly number[], until: Date) =>
    tx
      .update(outbox)
      .set({ notBefore: until })
      .where(and(inArray(outbox.id, [...ids]), waiting))

  /** The conditions stand here too: where two processes chose the same rows, the second finds them leased. */
  const leaseThese = async (
    tx: Tx,
    ids: readonly number[],
    { now, leasedUntil }: { readonly now: Date; readonly leasedUntil: Date },
    spaceOf: (row: OutboxRow) => number | null | undefined,
  ) => {
    if (ids.length === 0) return []
    const rows = await tx
      .update(outbox)
      .set({ leasedUntil, attempts: sql`${outbox.attempts} + 1`, updatedAt: now })
      .where(and(inArray(outbox.id, [...ids]), due(now)))
      .returning()
    const leased = rows.map((row) => ({ ...row, lane: laneOf(row), of: spaceOf(row) ?? 0 }))
    return leased.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
  }

  return {
    /** The id; null when a message with the same dedup key is there already. */
    add: async (tx: Tx, row: NewOutboxRow): Promise<number | null> =>
      (await first(tx.insert(outbox).values(row).onConflictDoNothing().returning({ id: outbox.id })))?.id ?? null,
    /** Of what was sent until then: another message may have its dedup key. */
    forgetKey: (tx: Tx, dedupKey: string, until: Date) =>
      tx
        .update(outbox)
        .set({ dedupKey: null })
        .where(and(eq(outbox.dedupKey, dedupKey), lte(outbox.sentAt, until))),
    /**
     * Takes up to `most` due messages that are for no webhook, the oldest first, and none for a lane or a recipient in
     * `busy`. `wereDue`: there was something to choose, so that it is worth while to look again.
     */
    lease: async (
      tx: Tx,
      options: { most: number; busy: Busy; now: Date; leasedUntil: Date },
    ): Promise<{ leased: Laned[]; wereDue: boolean }> => {
      const { most, busy, now, leasedUntil } = options
      const chosen = await tx
        .select({ id: outbox.id })
        .from(outbox)
        .where(
          and(
            isNull(outbox.webhookId),
            due(now),
            busy.lanes.length === 0 ? undefined : notInArray(lane, [...busy.lanes]),
            busy.recipients.length === 0
              ? undefined
              : notInArray(
                  sql`${lane} || ' ' || ${outbox.recipient}`,
                  busy.recipients.map((one) => `${one.lane} ${one.recipient}`),
                ),
          ),
        )
        .orderBy(asc(outbox.notBefore), asc(outbox.id))
        .limit(most)
      if (chosen.length === 0) return { leased: [], wereDue: false }
      const ids = chosen.map(({ id }) => id)
      return { leased: await leaseThese(tx, ids, { now, leasedUntil }, ({ spaceId }) => spaceId), wereDue: true }
    },
    /**
     * The same for webhooks, of which each has a lane of its own. Of what has one recipient nothing overtakes another,
     * be it of another process: what is behind is put off until the earlier one is tried.
     */
    leaseForWebhooks: async (
      tx: Tx,
      options: { places: WebhookPlaces; now: Date; leasedUntil: Date },
    ): Promise<{ leased: Laned[]; wereDue: boolean }> => {
      const { places, now, leasedUntil } = options
      const targets = places.ordered(await dueWebhooks(tx, now))
      const chosen: number[] = []
      let wereDue = false
      for (const webhook of targets) {
        const room = places.roomFor(webhook)
        if (room <= 0) continue
        const found = await dueOf(tx, webhook.id, now)
        const free = found.flatMap(({ id, behind }) => (behind === null ? [id] : [])).slice(0, room)
        places.take(webhook, free.length)
        chosen.push(...free)
        const soon = new Date(now.getTime() + BEHIND_MS)
        const stuck = found.flatMap(({ id, behind }) =>
          behind === null ? [] : [{ id, until: behind > now ? behind : soon }],
        )
        for (const [time, rows] of Map.groupBy(stuck, ({ until }) => until.getTime())) {
          const ids = rows.map(({ id }) => id)
          await putOff(tx, ids, new Date(time))
        }
        wereDue ||= found.length > 0
      }
      return {
        leased: await leaseThese(
          tx,
          chosen.toSorted((a, b) => a - b),
          { now, leasedUntil },
          ({ webhookId }) => targets.find(({ id }) => id === webhookId)?.spaceId,
        ),
        wereDue,
      }
    },
    /** What stood behind a message that has left, or was given up, is tried now. */
    wakeNext: async (tx: Tx, { webhookId, recipient }: OutboxRow, at: Date): Promise<void> => {
      if (webhookId === null) return
      const next = await first(
        tx
          .select({ id: outbox.id })
          .from(outbox)
          .where(and(eq(outbox.webhookId, webhookId), eq(outbox.recipient, recipient), waiting))
          .orderBy(asc(outbox.id))
          .limit(1),
      )
      if (next !== null) await putOff(tx, [next.id], at)
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
    sent: (tx: Tx, { id }: Pick<Leased, 'id'>, at: Date) =>
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
