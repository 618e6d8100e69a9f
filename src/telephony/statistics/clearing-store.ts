import { and, asc, eq, inArray, lt, lte, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { only } from '../../db/rows.ts'
import type { Counted } from './hours.ts'
import type { Party } from './parties.ts'

/** Rows that go: all that were reported before an instant, or all that a party sent until one. */
export type Doomed = { readonly before: Date } | { readonly sender: Party; readonly until: Date }

/** Rows that go with their devices, some at a time. */
export const statisticsClearingStore = (db: Db) => {
  const {
    statisticsCalls: calls,
    statisticsMessages: messages,
    statisticsMessageDevices: messageDevices,
    statisticsConferences: conferences,
    accounts,
  } = db.tables

  const isDoomed = (table: typeof calls | typeof messages, doomed: Doomed): SQL | undefined => {
    if ('before' in doomed) return lt(table.createdAt, doomed.before)
    const { sender, until } = doomed
    return and(
      eq(table.fromDomain, sender.domain),
      eq(table.fromUsername, sender.username),
      lte(table.createdAt, until),
    )
  }

  return {
    /** Up to `most` calls; resolves to what was counted of them. */
    deleteCalls: async (tx: Tx, doomed: Doomed, most: number): Promise<Counted[]> => {
      const some = tx
        .select({ id: calls.id })
        .from(calls)
        .where(isDoomed(calls, doomed))
        // In the order of the index that finds them.
        .orderBy(asc('before' in doomed ? calls.createdAt : calls.initiatedAt))
        .limit(most)
      const gone = await tx.delete(calls).where(inArray(calls.id, some)).returning()
      return gone.map(({ id, initiatedAt: at, fromDomain: from, toDomain }) => ({
        kind: 'calls',
        id,
        at,
        from,
        to: [toDomain],
      }))
    },
    deleteMessages: async (tx: Tx, doomed: Doomed, most: number): Promise<Counted[]> => {
      const some = tx
        .select({ id: messages.id })
        .from(messages)
        .where(isDoomed(messages, doomed))
        .orderBy(asc('before' in doomed ? messages.createdAt : messages.sentAt))
        .limit(most)
      // Held first: nobody may hear of another recipient after they were counted.
      const held = await tx
        .update(messages)
        .set({ updatedAt: sql`${messages.updatedAt}` })
        .where(inArray(messages.id, some))
        .returning({ id: messages.id })
      if (held.length === 0) return []
      const ids = held.map(({ id }) => id)
      const told = await tx
        .selectDistinct({ id: messageDevices.messageId, domain: messageDevices.toDomain })
        .from(messageDevices)
        .where(inArray(messageDevices.messageId, ids))
      const domains = Map.groupBy(told, ({ id }) => id)
      const gone = await tx.delete(messages).where(inArray(messages.id, ids)).returning()
      return gone.map(({ id, sentAt: at, fromDomain: from }) => ({
        kind: 'messages',
        id,
        at,
        from,
        to: (domains.get(id) ?? []).map(({ domain }) => domain),
      }))
    },
    /** Conferences have no parties: only their age ends them. */
    deleteConferences: async (tx: Tx, before: Date, most: number): Promise<number> => {
      const some = tx
        .select({ id: conferences.id })
        .from(conferences)
        .where(lt(conferences.reportedAt, before))
        .orderBy(asc(conferences.reportedAt))
        .limit(most)
      return (await tx.delete(conferences).where(inArray(conferences.id, some)).returning({ id: conferences.id }))
        .length
    },
    /** How many rows were reported before then. */
    count: async (on: Reader, before: Date): Promise<number> => {
      const n = sql<number>`count(*)`.mapWith(Number)
      const found = await Promise.all([
        only(on.select({ n }).from(calls).where(lt(calls.createdAt, before))),
        only(on.select({ n }).from(messages).where(lt(messages.createdAt, before))),
        only(on.select({ n }).from(conferences).where(lt(conferences.reportedAt, before))),
      ])
      return found.reduce((sum, { n }) => sum + n, 0)
    },
    partiesOf: (tx: Tx, accountIds: readonly number[]): Promise<Party[]> =>
      tx
        .select({ username: accounts.username, domain: accounts.domain })
        .from(accounts)
        .where(inArray(accounts.id, [...accountIds]))
        .orderBy(asc(accounts.id)),
  }
}
