// `bun run test`: everything, on SQLite and on a real PostgreSQL, ending with `N passed, N failed`.
// `bun run check` (--fast): format, lint, types and the suite on SQLite.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.ts'
import { startPostgres } from './support/postgres.ts'

const root = join(import.meta.dir, '..')
const fast = process.argv.includes('--fast')
const totals = { passed: 0, failed: 0, skipped: 0 }
const children = new Set<Bun.Subprocess>()

const say = (text: string) => process.stdout.write(`${text}\n`)

interface Ran {
  readonly code: number
  readonly output: string
}

const run = async (command: string[], env: Record<string, string> = {}): Promise<Ran> => {
  const child = Bun.spawn(command, {
    cwd: root,
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  children.add(child)
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  children.delete(child)
  return { code, output: out + err }
}

const timed = async (name: string, work: () => Promise<Ran>): Promise<Ran> => {
  const started = performance.now()
  const ran = await work()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  say(`${ran.code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
  return ran
}

/** A check that either holds or does not: one line in the sum. */
const check = async (name: string, command: string[]) => {
  const { code, output } = await timed(name, () => run(command))
  if (code === 0) totals.passed += 1
  else {
    totals.failed += 1
    say(output)
  }
}

const countOf = (output: string, word: string) =>
  [...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}$`, 'gm'))].reduce((sum, match) => sum + Number(match[1]), 0)

/** A run of bun's test runner: its own counts enter the sum. */
const suite = async (name: string, files: string[], env: Record<string, string> = {}) => {
  const command = [process.execPath, 'test', '--timeout=120000', ...files]
  const { code, output } = await timed(name, () => run(command, env))
  const passed = countOf(output, 'pass')
  const failed = countOf(output, 'fail')
  totals.passed += passed
  totals.skipped += countOf(output, 'skip')
  // A runner that dies has failed, whatever it counted.
  totals.failed += code !== 0 && failed === 0 ? 1 : failed
  if (code !== 0) say(output.replace(/^\(pass\).*\n/gm, ''))
  else for (const line of output.matchAll(/^skipped: .*$/gm)) say(`     ${line[0]}`)
}

const bin = (name: string) => join(root, 'node_modules/.bin', name)
const tests = readdirSync(join(import.meta.dir))
  .filter((name) => !['e2e', 'support', 'run.ts', 'build.ts'].includes(name))
  .map((name) => `./test/${name}`)

const main = async () => {
  await check('format and lint', [process.execPath, bin('biome'), 'check', '--error-on-warnings', '.'])
  await check('types', [process.execPath, bin('tsc'), '--noEmit', '-p', '.'])
  await suite('suite on SQLite', tests)
  if (fast) return
  const postgres = await startPostgres()
  try {
    await suite('suite on PostgreSQL', tests, { TEST_DATABASE_URL: postgres.url })
    const built = await timed('build', async () => ({ code: await build(), output: '' }))
    if (built.code !== 0) {
      totals.failed += 1
      return
    }
    await suite('executable on SQLite', ['./test/e2e'])
    await suite('executable on PostgreSQL', ['./test/e2e'], { TEST_DATABASE_URL: postgres.url })
  } finally {
    await postgres.stop()
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const child of children) child.kill()
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
