import { and, asc, eq, lt } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'
import { exists, first } from '../db/rows.ts'

/** `repeated`: like `running`, and the run before it had been broken off. */
export type Outcome = 'running' | 'repeated' | 'done' | 'failed'

export interface Run {
  readonly name: string
  readonly startedAt: Date
  /** When it last ended well. */
  readonly succeededAt: Date | null
  readonly outcome: Outcome | null
}

export const jobStore = (db: Db) => {
  const { leases, jobRuns: runs } = db.tables
  const own = (name: string, holder: string) => and(eq(leases.name, name), eq(leases.holder, holder))
  const toRun = (row: typeof runs.$inferSelect): Run => ({
    name: row.name,
    startedAt: row.startedAt,
    succeededAt: row.finishedAt,
    outcome: row.outcome,
  })

  return {
    /** False: somebody has it. Of two that ask at once one gets it. */
    take: (tx: Tx, lease: { name: string; holder: string; until: Date }, now: Date): Promise<boolean> => {
      const { holder, until } = lease
      return exists(
        tx
          .insert(leases)
          .values(lease)
          .onConflictDoUpdate({ target: leases.name, set: { holder, until }, setWhere: lt(leases.until, now) })
          .returning({ name: leases.name }),
      )
    },
    /** False: it has run out, and somebody else took it. */
    renew: (tx: Tx, { name, holder, until }: { name: string; holder: string; until: Date }): Promise<boolean> =>
      exists(tx.update(leases).set({ until }).where(own(name, holder)).returning({ name: leases.name })),
    release: (tx: Tx, name: string, holder: string) => tx.delete(leases).where(own(name, holder)),
    runs: async (on: Reader): Promise<Run[]> => (await on.select().from(runs).orderBy(asc(runs.name))).map(toRun),
    run: async (on: Reader, name: string): Promise<Run | null> => {
      const row = await first(on.select().from(runs).where(eq(runs.name, name)))
      return row === null ? null : toRun(row)
    },
    begin: (tx: Tx, name: string, startedAt: Date, outcome: Outcome) =>
      tx
        .insert(runs)
        .values({ name, startedAt, outcome })
        .onConflictDoUpdate({ target: runs.name, set: { startedAt, outcome } }),
    succeed: (tx: Tx, name: string, at: Date) =>
      tx.update(runs).set({ outcome: 'done', finishedAt: at }).where(eq(runs.name, name)),
    fail: (tx: Tx, name: string) => tx.update(runs).set({ outcome: 'failed' }).where(eq(runs.name, name)),
  }
}
