import { and, asc, count, desc, eq, gt, inArray, isNotNull, lt, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Outlived } from '../../db/sweep.ts'
import type { Scope, Space } from '../../nouns/space.ts'

export type Webhook = Readonly<Db['tables']['webhooks']['$inferSelect']>
type NewWebhook = Pick<Webhook, 'name' | 'url' | 'events' | 'sealed'> & Partial<Pick<Webhook, 'enabled'>>
type Changes = Partial<Omit<Webhook, 'id' | 'spaceId' | 'createdAt' | 'updatedAt'>>

/** An attempt, and what has become of its message until now; null: that is not kept any more. */
export interface Delivery {
  readonly attempt: Readonly<Db['tables']['webhookAttempts']['$inferSelect']>
  readonly message: Pick<
    Db['tables']['outboxMessages']['$inferSelect'],
    'id' | 'sentAt' | 'deadAt' | 'notBefore'
  > | null
}

/** Rows below a webhook that one transaction deletes. */
const BATCH = 500

type InSpace = Pick<Space, 'id'>

export const webhooksStore = (db: Db) => {
  const { spaces, webhooks, webhookAttempts: attempts, outboxMessages: outbox } = db.tables
  const own = (space: InSpace, id: number) => and(eq(webhooks.id, id), eq(webhooks.spaceId, space.id))

  const deliveries = (on: Reader) =>
    on
      .select({
        attempt: attempts,
        // The id first: drizzle takes an object whose first member is null for none.
        message: { id: outbox.id, sentAt: outbox.sentAt, deadAt: outbox.deadAt, notBefore: outbox.notBefore },
      })
      .from(attempts)
      .leftJoin(outbox, and(eq(outbox.id, attempts.outboxMessageId), eq(outbox.webhookId, attempts.webhookId)))
      .$dynamic()
  const below = [attempts, outbox] as const

  return {
    list: (on: Reader, space: InSpace): Promise<Webhook[]> =>
      on.select().from(webhooks).where(eq(webhooks.spaceId, space.id)).orderBy(asc(webhooks.id)),
    one: (on: Reader, space: InSpace, id: number): Promise<Webhook | null> =>
      first(on.select().from(webhooks).where(own(space, id))),
    /** Where an id lives, for whoever may look into every Space. */
    spaceOf: async (on: Reader, scope: Scope, id: number): Promise<number | null> => {
      const inScope = 'space' in scope ? eq(spaces.domain, scope.space.domain) : undefined
      const found = on
        .select({ spaceId: webhooks.spaceId })
        .from(webhooks)
        .innerJoin(spaces, eq(spaces.id, webhooks.spaceId))
        .where(and(eq(webhooks.id, id), inScope))
      return (await first(found))?.spaceId ?? null
    },
    count: async (on: Reader, space: InSpace): Promise<number> =>
      (await only(on.select({ n: count() }).from(webhooks).where(eq(webhooks.spaceId, space.id)))).n,
    /** Keeps others from adding to those of the Space until the transaction ends. False: the Space is gone. */
    holdSpace: (tx: Tx, space: InSpace): Promise<boolean> =>
      exists(
        tx
          .update(spaces)
          .set({ maxAccounts: sql`${spaces.maxAccounts}` })
          .where(eq(spaces.id, space.id))
          .returning({ id: spaces.id }),
      ),
    insert: (tx: Tx, space: InSpace, row: NewWebhook, at: Date): Promise<Webhook> =>
      only(
        tx
          .insert(webhooks)
          .values({ ...row, spaceId: space.id, createdAt: at, updatedAt: at })
          .returning(),
      ),
    /** The webhook as it is now, which stays so until the transaction ends. null: the Space has none of that id. */
    hold: (tx: Tx, space: InSpace, id: number): Promise<Webhook | null> =>
      first(
        tx
          .update(webhooks)
          .set({ enabled: sql`${webhooks.enabled}` })
          .where(own(space, id))
          .returning(),
      ),
    /** Of one that is held. */
    update: (tx: Tx, { id }: Webhook, changes: Changes, at: Date): Promise<Webhook> =>
      only(
        tx
          .update(webhooks)
          .set({ ...changes, updatedAt: at })
          .where(eq(webhooks.id, id))
          .returning(),
      ),
    /** Deletes some of what lies below it, be it messages that wait; false: there was nothing any more. */
    removeBelow: async (tx: Tx, { id }: Webhook): Promise<boolean> => {
      let removed = 0
      for (const table of below) {
        // By id, as the dispatcher takes them: of two who hold rows nobody waits for the other for ever.
        const some = tx.select({ id: table.id }).from(table).where(eq(table.webhookId, id)).orderBy(asc(table.id))
        const ids = (await some.limit(BATCH)).map((row) => row.id)
        if (ids.length > 0) await tx.delete(table).where(inArray(table.id, ids))
        removed += ids.length
      }
      return removed > 0
    },
    remove: (tx: Tx, { id }: Webhook): Promise<boolean> =>
      exists(tx.delete(webhooks).where(eq(webhooks.id, id)).returning({ id: webhooks.id })),
    /** The newest first, `before` an id where there is one. */
    deliveries: (on: Reader, { id }: Webhook, before: number | null, most: number): Promise<Delivery[]> =>
      deliveries(on)
        .where(and(eq(attempts.webhookId, id), before === null ? undefined : lt(attempts.id, before)))
        .orderBy(desc(attempts.id))
        .limit(most),
    delivery: (on: Reader, { id }: Webhook, attempt: number): Promise<Delivery | null> =>
      first(deliveries(on).where(and(eq(attempts.webhookId, id), eq(attempts.id, attempt)))),
    /** Messages that were given up, and can be sent, after that id. */
    dead: async (on: Reader, { id }: Webhook, after: number): Promise<number[]> =>
      (
        await on
          .select({ id: outbox.id })
          .from(outbox)
          .where(and(eq(outbox.webhookId, id), isNotNull(outbox.deadAt), isNotNull(outbox.data), gt(outbox.id, after)))
          .orderBy(asc(outbox.id))
          .limit(BATCH)
      ).map((row) => row.id),
    old: (before: Date): Outlived => ({ table: attempts, condition: lt(attempts.createdAt, before) }),
  }
}
