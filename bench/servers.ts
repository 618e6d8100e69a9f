// The two servers that are compared, each in a process of its own.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build, executable } from '../scripts/build.ts'
import { freePort } from '../test/support/postgres.ts'

export interface Server {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

export interface Product extends Server {
  /** From the start of the process to the first 200. */
  readonly firstReplyMs: number
  /** The longest time that the event loop was held since the last call; only with `metrics`. */
  longestHoldMs(): Promise<number>
}

const READY_WITHIN_MS = 20_000

const untilReady = async (url: string): Promise<number> => {
  const started = performance.now()
  for (;;) {
    const reply = await fetch(url).catch(() => null)
    if (reply?.status === 200) return performance.now() - started
    if (performance.now() - started > READY_WITHIN_MS) throw new Error(`${url} does not answer`)
    await Bun.sleep(1)
  }
}

const ended = async (child: Bun.Subprocess, signal: 'SIGTERM' | 'SIGKILL') => {
  child.kill(signal)
  await child.exited
}

/** Builds the executable where there is none; one that is there is measured as it is. Resolves to when it was built. */
export const buildProduct = async (): Promise<Date> => {
  if (!existsSync(executable) && (await build()) !== 0) throw new Error('the build failed')
  return statSync(executable).mtime
}

/** The compiled executable over the database in `folder`, or at `url`, with its limits off. Security events go to a file. */
export const startProduct = async (
  folder: string,
  { metrics = false, url }: { metrics?: boolean; url?: string } = {},
): Promise<Product> => {
  const port = await freePort()
  const metricsPort = metrics ? await freePort() : 0
  const child = Bun.spawn([executable, 'serve'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      DATA_DIR: folder,
      LISTEN: `127.0.0.1:${port}`,
      API_RATE_LIMIT_PER_MINUTE: '0',
      AUTH_RATE_LIMIT_PER_MINUTE: '0',
      LOG_LEVEL: 'error',
      SECURITY_LOG_TARGET: `file:${join(folder, 'security.log')}`,
      ...(url === undefined ? {} : { DATABASE_URL: url }),
      ...(metrics ? { METRICS_LISTEN: `127.0.0.1:${metricsPort}` } : {}),
    },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'inherit',
  })
  const firstReplyMs = await untilReady(`http://localhost:${port}/api/ping`)
  return {
    port,
    pid: child.pid,
    firstReplyMs,
    longestHoldMs: async () => {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/`)).text()
      return Number(/^sipkeeper_event_loop_delay_seconds (\S+)$/m.exec(text)?.[1]) * 1000
    },
    stop: () => ended(child, 'SIGTERM'),
  }
}

/** What everything is held against. */
export const startRaw = async (): Promise<Server> => {
  const port = await freePort()
  const program = `Bun.serve({ port: ${port}, hostname: '127.0.0.1', fetch: () => new Response('pong') })`
  const child = Bun.spawn([process.execPath, '-e', program], { stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' })
  await untilReady(`http://localhost:${port}/`)
  return { port, pid: child.pid, stop: () => ended(child, 'SIGKILL') }
}

const TICK_MICROSECONDS = 10_000

/** Processor time of a process so far. */
export const cpuMicroseconds = ({ pid }: Server): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS
}

/** Resident memory. `own` is what it holds only in memory; the rest are pages of the database file and the program. */
export const memoryMegabytes = ({ pid }: Server): { resident: number; own: number } => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return { resident: of('VmRSS'), own: of('RssAnon') }
}
