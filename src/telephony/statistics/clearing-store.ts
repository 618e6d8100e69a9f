import { and, asc, eq, inArray, lt, lte, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { only } from '../../db/rows.ts'
import type { Counted } from './hours.ts'
import type { Party } from './parties.ts'

/** Rows that go: all that were reported before an instant, or all that a party sent until one. */
export type Doomed = { readonly before: Date } | { readonly sender: Party; readonly until: Date }

/** `seen`: none were there any more if it is 0; others may have deleted some of them meanwhile. */
export interface Gone {
  readonly seen: number
  readonly counted: readonly Counted[]
}

const NOTHING: Gone = { seen: 0, counted: [] }

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

  const hasSent = (table: typeof calls | typeof messages): SQL =>
    sql`exists (select 1 from ${table} where ${table.fromDomain} = ${accounts.domain} and ${table.fromUsername} = ${accounts.username})`

  /**
   * The ids of up to `most` rows, in the order of the index that finds them. They are named one by one to whoever deletes
   * them: PostgreSQL then takes their locks in the order of the primary key, and two who clear wait for each other and
   * not for ever.
   */
  const some = async (
    tx: Tx,
    table: typeof calls | typeof messages,
    instant: SQLWrapper,
    doomed: Doomed,
    most: number,
  ) => {
    const rows = await tx
      .select({ id: table.id })
      .from(table)
      .where(isDoomed(table, doomed))
      .orderBy(asc('before' in doomed ? table.createdAt : instant))
      .limit(most)
    return rows.map(({ id }) => id).sort()
  }

  return {
    /** Up to `most` calls. */
    deleteCalls: async (tx: Tx, doomed: Doomed, most: number): Promise<Gone> => {
      const ids = await some(tx, calls, calls.initiatedAt, doomed, most)
      if (ids.length === 0) return NOTHING
      const gone = await tx.delete(calls).where(inArray(calls.id, ids)).returning()
      const counted = gone.map(({ id, initiatedAt: at, fromDomain: from, toDomain }) => {
        return { kind: 'calls', id, at, from, to: [toDomain] } as const
      })
      return { seen: ids.length, counted }
    },
    deleteMessages: async (tx: Tx, doomed: Doomed, most: number): Promise<Gone> => {
      const found = await some(tx, messages, messages.sentAt, doomed, most)
      if (found.length === 0) return NOTHING
      // Held first: nobody may hear of another recipient after they were counted.
      const held = await tx
        .update(messages)
        .set({ updatedAt: sql`${messages.updatedAt}` })
        .where(inArray(messages.id, found))
        .returning({ id: messages.id })
      const ids = held.map(({ id }) => id)
      const told = await tx
        .selectDistinct({ id: messageDevices.messageId, domain: messageDevices.toDomain })
        .from(messageDevices)
        .where(inArray(messageDevices.messageId, ids))
      const domains = Map.groupBy(told, ({ id }) => id)
      const gone = await tx.delete(messages).where(inArray(messages.id, ids)).returning()
      const counted = gone.map(({ id, sentAt: at, fromDomain: from }) => {
        const to = (domains.get(id) ?? []).map(({ domain }) => domain)
        return { kind: 'messages', id, at, from, to } as const
      })
      return { seen: found.length, counted }
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
    /** Those of the accounts that have sent anything: most that are deleted by the thousand never did. */
    sendersAmong: (tx: Tx, accountIds: readonly number[]): Promise<Party[]> =>
      tx
        .select({ username: accounts.username, domain: accounts.domain })
        .from(accounts)
        .where(and(inArray(accounts.id, [...accountIds]), or(hasSent(calls), hasSent(messages))))
        .orderBy(asc(accounts.id)),
  }
}
