import { Cron } from 'croner'
import type { Audit, Detail } from '../audit/audit.ts'
import type { Db, Tx } from '../db/db.ts'
import type { Logging } from '../logging/logging.ts'
import type { Job, Occasion } from './jobs.ts'
import type { Leases } from './leases.ts'
import { jobStore, type Run } from './store.ts'

const DRAIN_MS = 7000

export interface Ended {
  readonly count: number
  readonly ms: number
}

/** A job and what is known about it. */
export interface Known {
  readonly job: Job
  /** null: never. */
  readonly last: Run | null
  /** When the scheduler runs it next; in the past when it is due. */
  readonly next: Date
}

/** Runs jobs, each at most once at a time among all processes, and remembers when. */
export const jobRunner = (deps: {
  db: Db
  jobs: readonly Job[]
  leases: Leases
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { db, jobs, leases, audit, log, now } = deps
  const store = jobStore(db)
  const stopping = new AbortController()
  const running = new Set<Promise<unknown>>()

  /** At once if it never ran or was broken off, but not twice in a row: it might be what breaks the process. */
  const nextOf = ({ schedule }: Job, last: Run | null): Date => {
    if (last === null || last.outcome === 'running') return now()
    return new Cron(schedule, { timezone: 'UTC' }).nextRun(last.startedAt) ?? now()
  }
  const isDue = (job: Job, last: Run | null): boolean => nextOf(job, last) <= now()

  /** What it did before its end stands in other transactions: the row says how much that was. */
  const record = async (tx: Tx, job: Job, action: 'job.done' | 'job.fail', detail: Detail): Promise<void> => {
    const { name } = job
    if (job.isMinor === true) return db.afterCommit(tx, () => log.security(action, { job: name, ...detail }))
    const about = { kind: 'job', id: name } as const
    await audit.record(tx, action, { by: { job: name }, space: null, about, detail, line: { job: name } })
  }

  const perform = async (
    job: Job,
    work: (occasion: Occasion) => Promise<number>,
    isWanted: (last: Run | null) => boolean,
  ): Promise<Ended | null> => {
    const { name } = job
    let previous = null as Date | null
    const lease = await leases.take(`job:${name}`, async (tx) => {
      const last = await store.run(tx, name)
      if (!isWanted(last)) return false
      previous = last?.succeededAt ?? null
      await store.begin(tx, name, now(), last?.outcome === 'running' ? 'repeated' : 'running')
      return true
    })
    if (lease === null) return null
    const signal = AbortSignal.any([lease.lost, stopping.signal])
    const started = performance.now()
    const ms = () => Math.round(performance.now() - started)
    try {
      const ended = { count: await work({ signal, previous }), ms: ms() }
      await db.transaction(async (tx) => {
        await store.succeed(tx, name, now())
        if (ended.count > 0) await record(tx, job, 'job.done', ended)
      })
      // Most runs find nothing to do, every few minutes.
      if (ended.count === 0) log.app.debug('job.done', { job: name, ...ended })
      return ended
    } catch (error) {
      const reason = signal.aborted ? 'interrupted' : 'error'
      const failed = async (tx: Tx) => {
        // One that was broken off stays `running`, and is done again by whoever is there next.
        if (!signal.aborted) await store.fail(tx, name)
        await record(tx, job, 'job.fail', { ms: ms(), reason })
      }
      await db.transaction(failed).catch(() => log.security('job.fail', { job: name, ms: ms(), reason }))
      throw error
    } finally {
      await lease.release().catch((error) => log.app.warn('a lease was not given back', { job: name, error }))
    }
  }

  const tracked = <T>(work: Promise<T>): Promise<T> => {
    running.add(work)
    const forget = () => running.delete(work)
    work.then(forget, forget)
    return work
  }

  const known = async (): Promise<Known[]> => {
    const runs = new Map((await store.runs(db.read)).map((run) => [run.name, run]))
    return jobs.map((job) => {
      const last = runs.get(job.name) ?? null
      return { job, last, next: nextOf(job, last) }
    })
  }

  return {
    known,
    /** By our name, or by the command that the reference has for it. */
    named: (name: string): Job | null => jobs.find((job) => job.name === name || job.commands.includes(name)) ?? null,
    /** Now, due or not; null: it is running already. `work` may stand in for what the schedule does. */
    run: (job: Job, work = job.run): Promise<Ended | null> => tracked(perform(job, work, () => true)),
    /** What is due now, each on its own: one that fails stops no other. Resolves once all have ended. */
    runDue: async (): Promise<void> => {
      const due = (await known()).filter(({ next }) => next <= now())
      await Promise.all(
        due.map(({ job }) =>
          tracked(perform(job, job.run, (last) => isDue(job, last))).catch((error) =>
            log.app.error('job failed', { job: job.name, error }),
          ),
        ),
      )
    },
    /** What runs ends after its transaction; resolves then, or after some seconds. */
    stop: async (): Promise<void> => {
      stopping.abort(new Error('the process stops'))
      const deadline = performance.now() + DRAIN_MS
      while (running.size > 0 && performance.now() < deadline) await Bun.sleep(5)
    },
  }
}

export type JobRunner = ReturnType<typeof jobRunner>
