import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Db } from '../db/db.ts'

/** What is measured when somebody asks. */
export interface Watched {
  readonly outbox: () => Promise<
    readonly { readonly channel: string; readonly waiting: number; readonly oldest: Date | null }[]
  >
  readonly jobs: () => Promise<readonly { readonly job: { readonly name: string }; readonly last: LastRun | null }[]>
  readonly now: () => Date
}
interface LastRun {
  readonly succeededAt: Date | null
  readonly outcome: string | null
}

/** Prometheus' text for `METRICS_LISTEN`. Labels are route patterns, never paths: their number is bounded. */
export const metrics = (db: Db, { outbox, jobs, now }: Watched) => {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'sipkeeper_http_requests_total',
    help: 'Requests by route and status.',
    labelNames: ['route', 'method', 'status'],
    registers,
  })
  const latency = new Histogram({
    name: 'sipkeeper_http_request_seconds',
    help: 'Time from a request to its reply.',
    labelNames: ['route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  })
  new Gauge({
    name: 'sipkeeper_open_transactions',
    help: 'Database transactions that run or wait.',
    registers,
    collect() {
      this.set(db.openTransactions())
    },
  })
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  new Gauge({
    name: 'sipkeeper_event_loop_delay_seconds',
    help: 'Longest time that the event loop was held since the last scrape.',
    registers,
    collect() {
      this.set(delay.max / 1e9)
      delay.reset()
    },
  })
  new Gauge({
    name: 'sipkeeper_resident_memory_bytes',
    help: 'Resident memory of the process.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })

  /** While the database is away there is nothing to say about it, and everything else is said. */
  const asked = async <T>(question: () => Promise<readonly T[]>): Promise<readonly T[]> => question().catch(() => [])
  new Gauge({
    name: 'sipkeeper_outbox_waiting',
    help: 'Messages that have not left yet.',
    labelNames: ['channel'],
    registers,
    async collect() {
      this.reset()
      for (const { channel, waiting } of await asked(outbox)) this.set({ channel }, waiting)
    },
  })
  new Gauge({
    name: 'sipkeeper_outbox_oldest_seconds',
    help: 'Age of the oldest of them; 0 when there is none.',
    labelNames: ['channel'],
    registers,
    async collect() {
      this.reset()
      for (const { channel, oldest } of await asked(outbox)) {
        this.set({ channel }, oldest === null ? 0 : Math.max(0, now().getTime() - oldest.getTime()) / 1000)
      }
    },
  })
  new Gauge({
    name: 'sipkeeper_job_last_success_timestamp_seconds',
    help: 'When a job last ended well; 0 when it never has.',
    labelNames: ['job'],
    registers,
    async collect() {
      this.reset()
      for (const { job, last } of await asked(jobs)) {
        this.set({ job: job.name }, (last?.succeededAt?.getTime() ?? 0) / 1000)
      }
    },
  })
  new Gauge({
    name: 'sipkeeper_job_failed',
    help: 'Whether the last run of a job has failed.',
    labelNames: ['job'],
    registers,
    async collect() {
      this.reset()
      for (const { job, last } of await asked(jobs)) this.set({ job: job.name }, last?.outcome === 'failed' ? 1 : 0)
    },
  })

  return {
    registry,
    observe: async (request: Request, answer: () => Response | Promise<Response>, route: () => string) => {
      const started = performance.now()
      const response = await answer()
      const label = route() || 'none'
      requests.inc({ route: label, method: request.method, status: response.status })
      latency.observe({ route: label }, (performance.now() - started) / 1000)
      return response
    },
    text: () => registry.metrics(),
  }
}

export type Metrics = ReturnType<typeof metrics>
