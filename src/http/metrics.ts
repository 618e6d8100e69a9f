import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Db } from '../db/db.ts'

/** Prometheus' text for `METRICS_LISTEN`. Labels are route patterns, never paths: their number is bounded. */
export const metrics = (db: Db) => {
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
