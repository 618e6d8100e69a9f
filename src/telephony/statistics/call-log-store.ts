import { and, asc, desc, eq, gte, lt, lte, not, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'
import { first, only } from '../../db/rows.ts'
import { EVERYBODY, hourOf } from './hours.ts'
import type { Call } from './store.ts'
import type { Period, Whose } from './whose.ts'
import { whoseStore } from './whose-store.ts'

const HOUR_MS = 3_600_000
const later = (at: Date, ms: number) => new Date(at.getTime() + ms)

/** Calls, the newest first; those of one instant by id. */
export const callLogStore = (db: Db) => {
  const { statisticsCalls: calls, statisticsHours: hours } = db.tables
  const { callsIn } = whoseStore(db)

  const during = ({ from, until }: Period): SQL | undefined =>
    and(
      from === null ? undefined : gte(calls.initiatedAt, from),
      until === null ? undefined : lte(calls.initiatedAt, until),
    )
  const streams = (whose: Whose, period: Period, more?: SQL) =>
    callsIn(whose).map((condition) => and(condition, during(period), more))

  const countRows = async (on: Reader, whose: Whose, period: Period): Promise<number> => {
    const n = sql<number>`count(*)`.mapWith(Number)
    let total = 0
    for (const condition of streams(whose, period))
      total += (await only(on.select({ n }).from(calls).where(condition))).n
    return total
  }

  /** Of hours that begin from `from` on, and before `end`. */
  const countHours = async (on: Reader, domain: string, from: Date | null, end: Date | null): Promise<number> =>
    (
      await only(
        on
          .select({
            n: sql<number>`coalesce(sum(${hours.sent} + ${hours.received} - ${hours.inside}), 0)`.mapWith(Number),
          })
          .from(hours)
          .where(
            and(
              eq(hours.kind, 'calls'),
              eq(hours.domain, domain),
              from === null ? undefined : gte(hours.hour, from),
              end === null ? undefined : lt(hours.hour, end),
            ),
          ),
      )
    ).n

  /** Whole hours were counted when they were written; only the rest of the period is counted now. */
  const count = async (on: Reader, whose: Whose, { from, until }: Period): Promise<number> => {
    if (whose.of === 'party' || whose.of === 'list') return countRows(on, whose, { from, until })
    const begin = from === null ? null : hourOf(later(from, HOUR_MS - 1))
    const end = until === null ? null : hourOf(later(until, 1))
    if (begin !== null && end !== null && begin >= end) return countRows(on, whose, { from, until })
    const isPart = (part: Period) => part.from !== null && part.until !== null && part.from <= part.until
    const head = { from, until: begin === null ? null : later(begin, -1) }
    const tail = { from: end, until }
    const parts = await Promise.all([head, tail].filter(isPart).map((part) => countRows(on, whose, part)))
    const domain = whose.of === 'domain' ? whose.domain : EVERYBODY
    return (await countHours(on, domain, begin, end)) + parts.reduce((sum, n) => sum + n, 0)
  }

  /** The instant of the call that so many are newer than, or of the same instant; read from indexes alone. */
  const instantAt = async (on: Reader, whose: Whose, period: Period, position: number): Promise<Date | null> => {
    const [one, other] = streams(whose, period).map((condition) =>
      on.select({ at: calls.initiatedAt }).from(calls).where(condition),
    )
    if (one === undefined) return null
    const merged = other === undefined ? one : one.unionAll(other)
    return (await first(merged.orderBy(desc(sql`initiated_at`)).limit(1).offset(position)))?.at ?? null
  }

  const rows = async (
    on: Reader,
    conditions: readonly (SQL | undefined)[],
    position: number,
    most: number,
  ): Promise<Call[]> => {
    const [one, other] = conditions.map((condition) => on.select().from(calls).where(condition))
    if (one === undefined) return []
    const merged = other === undefined ? one : one.unionAll(other)
    return merged.orderBy(desc(sql`initiated_at`), asc(sql`id`)).limit(most).offset(position)
  }

  return {
    count,
    /** Up to `most` calls after so many. */
    slice: async (on: Reader, whose: Whose, period: Period, position: number, most: number): Promise<Call[]> => {
      if (position === 0) return rows(on, streams(whose, period), 0, most)
      const at = await instantAt(on, whose, period, position)
      if (at === null) return []
      // From there on by key: nothing before it is read as a row.
      const newer = await count(on, whose, { ...period, from: later(at, 1) })
      return rows(on, streams(whose, { ...period, until: at }), position - newer, most)
    },
    /** Up to `most` calls that come after this one. */
    after: (on: Reader, whose: Whose, period: Period, last: Pick<Call, 'id' | 'initiatedAt'>, most: number) => {
      const isLater = not(and(eq(calls.initiatedAt, last.initiatedAt), lte(calls.id, last.id)) as SQL)
      return rows(on, streams(whose, { ...period, until: last.initiatedAt }, isLater), 0, most)
    },
  }
}
