import { and, eq } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'
import { exists, first, only } from '../db/rows.ts'

export type WebhookRow = Readonly<Db['tables']['webhooks']['$inferSelect']>
/** One attempt to deliver a message. */
export type Attempt = Readonly<Db['tables']['webhookAttempts']['$inferSelect']>

/** Who listens, and what came of telling them. */
export const webhookStore = (db: Db) => {
  const { spaces, webhooks, webhookAttempts: attempts } = db.tables
  const space = { domain: spaces.domain, host: spaces.host, name: spaces.name }
  const listening = (on: Reader) =>
    on
      .select({ id: webhooks.id, events: webhooks.events, space, isSuper: spaces.super })
      .from(webhooks)
      .innerJoin(spaces, eq(spaces.id, webhooks.spaceId))
      .$dynamic()
  const isOn = eq(webhooks.enabled, true)

  return {
    /** Who wants to hear of what, in all Spaces. */
    listening: (on: Reader) => listening(on).where(isOn),
    /** Those of a Space, or of every super Space: they stay until the transaction ends, so that a message can name them. */
    keep: (tx: Tx, of: { readonly domain: string } | 'supers') =>
      db.kept(
        listening(tx)
          .where(and(isOn, of === 'supers' ? eq(spaces.super, true) : eq(spaces.domain, of.domain)))
          .orderBy(webhooks.id),
        webhooks,
      ),
    /** null: it is gone. */
    target: (on: Reader, id: number): Promise<WebhookRow | null> =>
      first(on.select().from(webhooks).where(eq(webhooks.id, id))),
    space: (on: Reader, id: number) =>
      first(on.select({ id: spaces.id, domain: spaces.domain }).from(spaces).where(eq(spaces.id, id))),
    /** False: it is switched off already, or gone. */
    switchOff: (tx: Tx, id: number, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(webhooks)
          .set({ enabled: false, goneAt: at, updatedAt: at })
          .where(and(eq(webhooks.id, id), isOn))
          .returning({ id: webhooks.id }),
      ),
    addAttempt: (tx: Tx, row: Omit<Attempt, 'id'>): Promise<Attempt> =>
      only(tx.insert(attempts).values(row).returning()),
  }
}
