import { and, asc, count, desc, eq, inArray, isNotNull, isNull, lt, lte, notInArray, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'
import { exists, first, only } from '../db/rows.ts'
import type { Outlived } from '../db/sweep.ts'
import type { Message } from '../messages/messages.ts'
import type { Scope } from '../nouns/space.ts'

export type TaskRow = Db['tables']['tasks']['$inferSelect']
export type NewTask = Pick<
  Db['tables']['tasks']['$inferInsert'],
  | 'spaceId'
  | 'accountId'
  | 'startedBy'
  | 'origin'
  | 'kind'
  | 'input'
  | 'total'
  | 'notBefore'
  | 'createdAt'
  | 'updatedAt'
>
type Change = Partial<Omit<TaskRow, 'id' | 'lease'>>

/** What could not be done, about what. */
export interface Fault {
  readonly subject: string
  readonly message: Message
}

export const taskStore = (db: Db) => {
  const { tasks, taskFaults: faults, spaces } = db.tables
  const open = isNull(tasks.finishedAt)
  const free = (now: Date) => or(isNull(tasks.leasedUntil), lt(tasks.leasedUntil, now))
  const seen = (scope: Scope) =>
    'all' in scope
      ? undefined
      : eq(tasks.spaceId, sql`(select ${spaces.id} from ${spaces} where ${spaces.domain} = ${scope.space.domain})`)

  return {
    add: async (tx: Tx, row: NewTask): Promise<number> =>
      (await only(tx.insert(tasks).values(row).returning({ id: tasks.id }))).id,
    one: async (on: Reader, scope: Scope, id: number): Promise<(TaskRow & { domain: string }) | null> => {
      const row = await first(
        on
          .select({ task: tasks, domain: spaces.domain })
          .from(tasks)
          .innerJoin(spaces, eq(spaces.id, tasks.spaceId))
          .where(and(eq(tasks.id, id), seen(scope))),
      )
      return row === null ? null : { ...row.task, domain: row.domain }
    },
    /** The newest first. */
    page: async (on: Reader, scope: Scope, from: number, most: number) => {
      const rows = await on
        .select({ task: tasks, domain: spaces.domain })
        .from(tasks)
        .innerJoin(spaces, eq(spaces.id, tasks.spaceId))
        .where(seen(scope))
        .orderBy(desc(tasks.id))
        .offset(from)
        .limit(most)
      return rows.map(({ task, domain }) => ({ ...task, domain }))
    },
    count: async (on: Reader, scope: Scope): Promise<number> =>
      (await only(on.select({ n: count() }).from(tasks).where(seen(scope)))).n,
    faults: (on: Reader, id: number, most: number): Promise<Fault[]> =>
      on
        .select({ subject: faults.subject, message: faults.message })
        .from(faults)
        .where(eq(faults.taskId, id))
        .orderBy(asc(faults.id))
        .limit(most),

    /** Asked to stop. One that nobody has begun is over at once. False: it is over, or was asked already. */
    cancel: async (tx: Tx, id: number, at: Date, outcome: TaskRow['outcome']): Promise<boolean> => {
      const waiting = await exists(
        tx
          .update(tasks)
          .set({ cancelledAt: at, finishedAt: at, status: 'cancelled', outcome, updatedAt: at })
          .where(and(eq(tasks.id, id), open, eq(tasks.status, 'waiting')))
          .returning({ id: tasks.id }),
      )
      if (waiting) return true
      return exists(
        tx
          .update(tasks)
          .set({ cancelledAt: at, notBefore: at, updatedAt: at })
          .where(and(eq(tasks.id, id), eq(tasks.status, 'running'), isNull(tasks.cancelledAt)))
          .returning({ id: tasks.id }),
      )
    },

    /** Tasks that may be taken, the oldest of each Space that none is worked at for. */
    due: async (on: Reader, now: Date, busySpaces: readonly number[], most: number): Promise<number[]> => {
      const busy = on
        .select({ id: tasks.spaceId })
        .from(tasks)
        .where(
          and(open, isNotNull(tasks.leasedUntil), sql`${tasks.leasedUntil} >= ${sql.param(now, tasks.leasedUntil)}`),
        )
      const rows = await on
        .select({ id: sql<number>`min(${tasks.id})`.mapWith(Number) })
        .from(tasks)
        .where(
          and(
            open,
            lte(tasks.notBefore, now),
            free(now),
            notInArray(tasks.spaceId, busy),
            busySpaces.length === 0 ? undefined : notInArray(tasks.spaceId, [...busySpaces]),
          ),
        )
        .groupBy(tasks.spaceId)
        .limit(most)
      return rows.map(({ id }) => id)
    },
    /** null: somebody else was faster. Whoever had it before writes nothing any more. */
    take: (tx: Tx, id: number, now: Date, leasedUntil: Date): Promise<TaskRow | null> =>
      first(
        tx
          .update(tasks)
          .set({ leasedUntil, lease: sql`${tasks.lease} + 1`, updatedAt: now })
          .where(and(eq(tasks.id, id), open, free(now)))
          .returning(),
      ),
    /** null: somebody else has it by now. */
    change: (tx: Tx, { id, lease }: Pick<TaskRow, 'id' | 'lease'>, change: Change): Promise<TaskRow | null> =>
      first(
        tx
          .update(tasks)
          .set(change)
          .where(and(eq(tasks.id, id), eq(tasks.lease, lease), open))
          .returning(),
      ),
    addFaults: async (tx: Tx, taskId: number, rows: readonly Fault[]): Promise<void> => {
      if (rows.length > 0) await tx.insert(faults).values(rows.map((row) => ({ ...row, taskId })))
    },
    /** For the only process on a database: whoever held these leases is dead. */
    freeAll: (tx: Tx) =>
      tx
        .update(tasks)
        .set({ leasedUntil: null })
        .where(and(open, isNotNull(tasks.leasedUntil))),
    old: (before: Date): Outlived => ({ table: tasks, condition: lt(tasks.finishedAt, before) }),
    /** Faults of tasks that are as old: before the tasks, so that no transaction deletes many. */
    oldFaults: (before: Date): Outlived => ({
      table: faults,
      condition: inArray(
        faults.taskId,
        db.read.select({ id: tasks.id }).from(tasks).where(lt(tasks.finishedAt, before)),
      ),
    }),
  }
}
