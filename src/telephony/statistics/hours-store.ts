import { and, asc, eq, gte, min, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { only } from '../../db/rows.ts'

export type Hour = Db['tables']['statisticsHours']['$inferSelect']
export type Kind = Hour['kind']

/** Of one domain: what came from it, what went to it, and what did both. */
export interface Counter {
  readonly sent: number
  readonly received: number
  readonly inside: number
}

const HOUR_MS = 3_600_000
const endOf = (hour: Date) => new Date(hour.getTime() + HOUR_MS)

/** The hours, and what they must say: the rows that they count. */
export const hoursStore = (db: Db) => {
  const { statisticsHours: hours, statisticsCalls: calls, statisticsMessages: messages } = db.tables
  const { statisticsMessageDevices: devices } = db.tables

  const add = db.prepare(
    'statistics_hour_add',
    {
      kind: hours.kind,
      domain: hours.domain,
      hour: hours.hour,
      part: hours.part,
      sent: hours.sent,
      received: hours.received,
      inside: hours.inside,
    },
    (on, row) =>
      on
        .insert(hours)
        .values({ ...row })
        .onConflictDoUpdate({
          target: [hours.kind, hours.domain, hours.hour, hours.part],
          set: {
            sent: sql`${hours.sent} + excluded.sent`,
            received: sql`${hours.received} + excluded.received`,
            inside: sql`${hours.inside} + excluded.inside`,
          },
        })
        .returning({ sent: hours.sent, received: hours.received, inside: hours.inside }),
  )

  return {
    /** What the row says then. */
    add: (tx: Tx, change: Hour): Promise<Counter> => only(add(tx, change)),
    remove: (tx: Tx, { kind, domain, hour, part }: Hour) =>
      tx
        .delete(hours)
        .where(and(eq(hours.kind, kind), eq(hours.domain, domain), eq(hours.hour, hour), eq(hours.part, part))),
    /** The first instant, from `since` on, of anything that is counted or has been; null: none. */
    nextInstant: async (on: Reader, since: Date): Promise<Date | null> => {
      const found = await Promise.all([
        only(
          on
            .select({ at: min(calls.initiatedAt) })
            .from(calls)
            .where(gte(calls.initiatedAt, since)),
        ),
        only(
          on
            .select({ at: min(messages.sentAt) })
            .from(messages)
            .where(gte(messages.sentAt, since)),
        ),
        only(
          on
            .select({ at: min(hours.hour) })
            .from(hours)
            .where(gte(hours.hour, since)),
        ),
      ])
      const known = found.flatMap(({ at }) => (at === null ? [] : [at.getTime()]))
      return known.length === 0 ? null : new Date(Math.min(...known))
    },
    /**
     * What is missing in an hour, and what is too much (below zero), for each domain: the rows themselves and the hours,
     * seen in one instant by one statement. Whoever writes meanwhile writes both, so that the difference stays right.
     */
    differences: async (on: Reader, hour: Date): Promise<(Counter & { kind: Kind; domain: string })[]> => {
      const [from, to] = [sql.param(hour, hours.hour), sql.param(endOf(hour), hours.hour)]
      const ofCalls = sql`from ${calls} where initiated_at >= ${from} and initiated_at < ${to}`
      const ofMessages = sql`from ${messages} where sent_at >= ${from} and sent_at < ${to}`
      const told = sql`from (select distinct m.id as message_id, m.from_domain, d.to_domain
        from ${messages} m join ${devices} d on d.message_id = m.id
        where m.sent_at >= ${from} and m.sent_at < ${to}) told`
      const inside = (rows: typeof ofCalls, kind: Kind) => sql`
        select ${sql.raw(`'${kind}'`)} as kind, to_domain as domain, 0 as sent, count(*) as received,
          sum(case when from_domain = to_domain then 1 else 0 end) as inside ${rows} group by to_domain`
      const facts = sql`(
        select 'calls' as kind, '' as domain, count(*) as sent, 0 as received, 0 as inside ${ofCalls}
        union all select 'calls', from_domain, count(*), 0, 0 ${ofCalls} group by from_domain
        union all ${inside(ofCalls, 'calls')}
        union all select 'messages', '', count(*), 0, 0 ${ofMessages}
        union all select 'messages', from_domain, count(*), 0, 0 ${ofMessages} group by from_domain
        union all ${inside(told, 'messages')}
        union all select kind, domain, -sent, -received, -inside from ${hours} where hour = ${from}
      ) facts`
      const total = (column: 'sent' | 'received' | 'inside') => sql<number>`sum(${sql.raw(column)})`.mapWith(Number)
      return on
        .select({
          kind: sql<Kind>`kind`,
          domain: sql<string>`domain`,
          sent: total('sent'),
          received: total('received'),
          inside: total('inside'),
        })
        .from(facts)
        .groupBy(sql`kind`, sql`domain`)
        .having(or(sql`sum(sent) <> 0`, sql`sum(received) <> 0`, sql`sum(inside) <> 0`))
        .orderBy(asc(sql`kind`))
    },
  }
}

export type HoursStore = ReturnType<typeof hoursStore>
