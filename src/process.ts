import { FLUSH_EVERY_MS } from './access/api-keys/api-keys.ts'
import { app } from './app.ts'
import type { Config } from './config/config.ts'
import type { Db } from './db/db.ts'
import { front } from './http/front.ts'
import { metrics } from './http/metrics.ts'
import { json } from './http/respond.ts'
import { listen, listenForMetrics, removeLeftover } from './http/server.ts'
import { scheduler } from './jobs/scheduler.ts'
import { dispatcher } from './outbox/dispatcher.ts'
import { barePage } from './panel/error-page.tsx'
import { services, type World } from './services.ts'
import { taskRunner } from './tasks/runner.ts'

/** What `/up` says: 200 when the database answers and, as far as we know, takes what is written (D53). */
const health = (db: Db) => async (): Promise<Response> => {
  try {
    await db.ping()
    return json({ status: 'up' })
  } catch {
    return json({ status: 'down' }, 503)
  }
}

/** The HTTP surface over a migrated database, without a socket. Tests call `fetch`. */
export const assemble = (world: World, db: Db) => {
  const parts = services(world, db)
  const { outbox, jobs } = parts
  const watched = { outbox: outbox.depth, jobs: jobs.known, now: world.now }
  const measured = world.config.METRICS_LISTEN === null ? null : metrics(db, watched)
  const routes = app(parts)
  routes.compile()
  const door = front({
    config: world.config,
    spaces: parts.spaces,
    routes: routes.fetch,
    health: health(db),
    page: barePage,
    metrics: measured,
    log: world.log,
    outages: parts.outages,
    now: world.now,
  })
  return { parts, routes, front: door, metrics: measured }
}

/** The settings in force, with those of now for mails and their templates. */
const mailSettings = (inForce: Config, now: Config): Config => {
  const changed = Object.entries(now).filter(([name]) => name.startsWith('MAIL_') || name === 'TEMPLATES_PATH')
  return { ...inForce, ...(Object.fromEntries(changed) as Partial<Config>) }
}

const DRAIN_MS = 10_000

/**
 * Listens until `stop()`, which finishes what is in flight (at most ten seconds) and writes what is pending.
 * `reusePort` is about `LISTEN`.
 */
export const start = async (world: World, db: Db, options: { reusePort?: boolean } = {}) => {
  const { config, log } = world
  const { parts, front: door, metrics: measured } = assemble(world, db)
  await parts.hooks.load()
  await removeLeftover(config.LISTEN)
  await removeLeftover(config.METRICS_LISTEN)
  const server = listen(config, door, options)
  const listenToScrapers = () => {
    try {
      return measured === null || config.METRICS_LISTEN === null
        ? null
        : listenForMetrics(config.METRICS_LISTEN, measured.text)
    } catch (error) {
      // An open socket would keep a process alive that has failed to start.
      void server.stop(true)
      throw error
    }
  }
  const scraped = listenToScrapers()
  const { outbox, channels, secrets } = parts
  const sending = dispatcher({ db, secrets, log, now: world.now, outbox, channels, workers: config.MAIL_WORKERS })
  sending.start().catch((error) => log.app.error('the outbox cannot be read', { error }))
  const working = taskRunner({
    ...parts,
    config,
    db,
    log,
    now: world.now,
    callers: parts.administrators,
    kinds: parts.taskKinds,
  })
  working.start().catch((error) => log.app.error('tasks cannot be read', { error }))
  const scheduled = scheduler({ runner: parts.jobs, leases: parts.leases, log })
  if (config.JOBS) scheduled.start()
  parts.auditChain.start()
  const flushing = setInterval(() => {
    parts.apiKeys.flush().catch((error) => log.app.error('API key uses were not written', { error }))
  }, FLUSH_EVERY_MS)
  return {
    server,
    parts,
    /** What SIGHUP reads anew, `settings` those of now; what cannot be read stays as it was. */
    reload: async (settings: Config) => {
      try {
        await parts.mail.reload(mailSettings(config, settings))
      } catch (error) {
        log.app.error('the settings or templates of mails cannot be read', { error })
      }
      await parts.hooks.load().catch((error) => log.app.error('HOOKS_FILE cannot be read', { error }))
    },
    stop: async () => {
      clearInterval(flushing)
      // Idle keep-alive connections do not count: only requests that are being answered are waited for.
      void server.stop()
      const quiet = Promise.all([sending.stop(), working.stop(), scheduled.stop()])
      const deadline = Date.now() + DRAIN_MS
      while (server.pendingRequests > 0 && Date.now() < deadline) await Bun.sleep(5)
      await server.stop(true)
      await scraped?.stop(true)
      await parts.apiKeys.flush().catch((error) => log.app.error('API key uses were not written', { error }))
      await parts.push.close()
      await quiet
      parts.registrar.close()
      await parts.auditChain.stop().catch((error) => log.app.error('the audit log could not be sealed', { error }))
      await db.close()
    },
  }
}
