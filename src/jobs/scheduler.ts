import type { Logging } from '../logging/logging.ts'
import type { Lease, Leases } from './leases.ts'
import type { JobRunner } from './runner.ts'

/** Also how long after the start the first look is: the start belongs to requests. */
const LOOK_EVERY_MS = 5000

/** Looks every few seconds for jobs that are due, while this process is the one among all that does so. */
export const scheduler = (deps: { runner: JobRunner; leases: Leases; log: Logging }) => {
  const { runner, leases, log } = deps
  let lead: Lease | null = null
  let looking: Promise<void> | null = null
  let timer: ReturnType<typeof setInterval> | null = null
  let isStopped = false

  const isLeader = async (): Promise<boolean> => {
    if (lead?.lost.aborted === true) {
      await lead.release()
      lead = null
    }
    lead ??= await leases.take('jobs')
    return lead !== null
  }

  /** Resolves once it is known who leads; the jobs go on. `ended` resolves with them. */
  const look = async (): Promise<{ ended: Promise<void> }> => {
    if (isStopped || !(await isLeader())) return { ended: Promise.resolve() }
    return { ended: runner.runDue() }
  }

  const lookOnce = (): void => {
    looking ??= look()
      .then(({ ended }) => void ended.catch(complain), complain)
      .finally(() => {
        looking = null
      })
  }
  const complain = (error: unknown) => log.app.error('jobs cannot be scheduled', { error })

  return {
    start: (): void => {
      timer = setInterval(lookOnce, LOOK_EVERY_MS)
    },
    look,
    /** Gives the lead away, so that another process goes on at once. */
    stop: async (): Promise<void> => {
      isStopped = true
      if (timer !== null) clearInterval(timer)
      await looking
      await runner.stop()
      await lead?.release().catch((error) => log.app.warn('a lease was not given back', { job: 'jobs', error }))
    },
  }
}
