import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/config.ts'
import { logging } from '../../src/logging/logging.ts'
import { lineTarget } from '../../src/logging/target.ts'
import { eventually } from '../support/eventually.ts'

let directory: string
let path: string
let time: string
const now = () => new Date(time)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipkeeper-log-'))
  path = join(directory, 'app.log')
  time = '2026-08-20T10:00:00Z'
})
afterEach(() => rmSync(directory, { recursive: true }))

const fileTarget = (fileDays: number | null = 30, onLost: (lines: number) => void = () => {}) =>
  lineTarget({ kind: 'file', path }, { now, fileDays, onLost })
const contents = (name = 'app.log') => readFileSync(join(directory, name), 'utf8')

describe('a target that cannot be written', () => {
  test('loses its lines without an exception, and says how many when it works again', async () => {
    const lost: number[] = []
    const target = fileTarget(30, (lines) => lost.push(lines))
    mkdirSync(path) // a directory is in the way
    target.write('one')
    target.write('two')
    await target.flush()
    expect(lost).toEqual([])
    rmSync(path, { recursive: true })
    target.write('three')
    await target.flush()
    expect(contents()).toBe('three\n')
    expect(lost).toEqual([2])
  })

  test('does not fill the memory', async () => {
    const lost: number[] = []
    const target = fileTarget(30, (lines) => lost.push(lines))
    for (let line = 0; line < 25_000; line += 1) target.write('x')
    await target.flush()
    expect(contents()).toHaveLength(2 * 20_000)
    expect(lost).toEqual([5_000])
  })
})

describe('a file', () => {
  test('is not touched while a line is logged, but soon after', async () => {
    const target = fileTarget()
    target.write('one')
    expect(existsSync(path)).toBe(false)
    await eventually(() => existsSync(path) && contents() === 'one\n')
  })

  test('is made with its directory, for nobody but owner and group', async () => {
    path = join(directory, 'deep/er/app.log')
    const target = fileTarget()
    target.write('one')
    await target.close()
    expect(statSync(path).mode & 0o007).toBe(0)
  })

  test('keeps every line in its order', async () => {
    const target = fileTarget()
    const lines = Array.from({ length: 5_000 }, (_, line) => `line ${line} ${'x'.repeat(line % 100)}`)
    for (const line of lines) {
      target.write(line)
      if (line.endsWith('00')) await Bun.sleep(0)
    }
    await target.flush()
    expect(contents()).toBe(`${lines.join('\n')}\n`)
  })

  test('gets the date of its day on the next one, and old ones go', async () => {
    for (const name of ['app.log.2026-07-20', 'app.log.2026-07-22', 'app.log.old', 'other.log.2020-01-01']) {
      writeFileSync(join(directory, name), '')
    }
    const target = fileTarget()
    target.write('today')
    await target.flush()
    time = '2026-08-21T00:00:01Z'
    target.write('tomorrow')
    await target.flush()
    expect(contents('app.log.2026-08-20')).toBe('today\n')
    expect(contents()).toBe('tomorrow\n')
    expect(readdirSync(directory).sort()).toEqual(
      ['app.log', 'app.log.2026-07-22', 'app.log.2026-08-20', 'app.log.old', 'other.log.2020-01-01'].sort(),
    )
  })

  test('with null days keeps all of them', async () => {
    writeFileSync(join(directory, 'app.log.2020-01-01'), '')
    const target = fileTarget(null)
    target.write('today')
    await target.close()
    expect(readdirSync(directory)).toContain('app.log.2020-01-01')
  })

  test('left by an earlier run gets the date of its last line', async () => {
    writeFileSync(path, 'old\n')
    utimesSync(path, new Date('2026-08-18T20:00:00Z'), new Date('2026-08-18T20:00:00Z'))
    const target = fileTarget()
    target.write('new')
    await target.close()
    expect(contents('app.log.2026-08-18')).toBe('old\n')
    expect(contents()).toBe('new\n')
  })

  test('that is already there under the date is never overwritten', async () => {
    writeFileSync(join(directory, 'app.log.2026-08-20'), 'kept\n')
    const target = fileTarget()
    target.write('today')
    await target.flush()
    time = '2026-08-21T00:00:01Z'
    target.write('tomorrow')
    await target.flush()
    expect(contents('app.log.2026-08-20')).toBe('kept\n')
    expect(contents()).toBe('today\ntomorrow\n')
  })

  test('moved away by another program is opened again on demand', async () => {
    const target = fileTarget()
    target.write('one')
    await target.flush()
    renameSync(path, join(directory, 'moved'))
    target.write('two')
    await target.flush()
    target.reopen()
    target.write('three')
    await target.flush()
    expect(contents('moved')).toBe('one\ntwo\n')
    expect(contents()).toBe('three\n')
  })
})

test('one file for both logs is opened once', async () => {
  const { config } = loadConfig({
    environment: { LOG_TARGET: `file:${path}` },
    envFiles: [],
    readFile: () => '',
  })
  const log = logging(config, { now })
  log.app.info('one')
  log.security('job.done', {})
  log.app.info('two')
  await log.close()
  expect(
    contents()
      .split('\n')
      .map((line) => /one|job\.done|two/.exec(line)?.[0]),
  ).toEqual(['one', 'job.done', 'two', undefined])
})

describe('the end of the process', () => {
  const run = (end: string, target: string) => {
    const program = `
      import { logging } from ${JSON.stringify(new URL('../../src/logging/logging.ts', import.meta.url).pathname)}
      const target = ${target}
      const config = { LOG_FORMAT: 'text', LOG_LEVEL: 'info', LOG_TARGET: target, SECURITY_LOG_TARGET: null, LOG_FILE_DAYS: null }
      const log = logging(config, { now: () => new Date() })
      for (let line = 0; line < 3000; line += 1) log.app.info('line ' + line)
      ${end}`
    return Bun.spawnSync([process.execPath, '-e', program])
  }
  const ends = ['process.exit(3)', '', 'throw new Error("broken")', 'await log.flush(); process.exit(0)']

  test.each(ends)('loses no line: %p', (end) => {
    const { stdout } = run(end, '{ kind: "stdout" }')
    expect(stdout.toString().trimEnd().split('\n').at(-1)).toContain('line 2999')
    expect(stdout.toString().split('\n')).toHaveLength(3001)
    run(end, `{ kind: 'file', path: ${JSON.stringify(path)} }`)
    expect(contents().split('\n')).toHaveLength(3001)
  })
})
