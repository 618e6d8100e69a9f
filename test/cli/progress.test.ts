import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { progress } from '../../src/cli/progress.ts'
import { postgresUrl } from '../support/database.ts'
import { onTerminal, place, placeWithSpace, sipkeeper } from './command.ts'

/** What is written, and a clock that goes on when it is told. */
const watched = (isTTY: boolean) => {
  let at = 0
  const lines: string[] = []
  const write = (text: string) => {
    lines.push(text)
    return true
  }
  const shown = progress('rows', () => at, { isTTY, write } as unknown as typeof process.stderr)
  return { ...shown, lines, pass: (ms: number) => (at += ms) }
}

test('on a terminal one line is written over: a bar, how much of all, how fast, how long the rest takes', () => {
  const { show, clear, pass, lines } = watched(true)
  show(1, 1000)
  pass(500)
  show(250, 1000)
  // Nobody reads faster.
  pass(100)
  show(300, 1000)
  pass(150)
  show(500, 1000)
  clear()
  expect(lines).toEqual([
    '\r\x1b[K█████░░░░░░░░░░░░░░░ 25 % · 250 of 1,000 rows · 500/s, 2 s left',
    '\r\x1b[K██████████░░░░░░░░░░ 50 % · 500 of 1,000 rows · 667/s, 1 s left',
    '\r\x1b[K',
  ])
})

test('elsewhere a plain line comes every ten seconds, and none before', () => {
  const { show, clear, note, pass, lines } = watched(false)
  note('copying')
  pass(9000)
  show(900, 100_000)
  pass(1000)
  show(1000, 100_000)
  pass(5000)
  show(1500, 100_000)
  clear()
  expect(lines).toEqual(['1 % · 1,000 of 100,000 rows · 100/s, 17 min left\n'])
})

test('where nobody knows how much it is, what is done and how fast is said; more than was counted is not less than all', () => {
  const { show, pass, lines } = watched(true)
  pass(1000)
  show(1234, null)
  pass(1000)
  show(12, 10)
  expect(lines).toEqual(['\r\x1b[K1,234 rows · 1,234/s', expect.stringContaining('12 of 10 rows · 6/s, 0 s left')])
})

test('there is one way to show progress', () => {
  const folder = join(import.meta.dir, '../../src')
  const writing = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && readFileSync(join(folder, name), 'utf8').includes(String.raw`\x1b[K`),
  )
  expect(writing).toEqual(['cli/progress.ts'])
})

test('migrating says on a terminal which migration is applied, and neither in a pipe nor with --quiet', async () => {
  await using here = await place()
  const shown = await onTerminal(['migrate'], here, [])
  expect(shown.text).toMatch(/\r\x1b\[Kmigration 1 of \d+, 0000_foundation/)
  expect(Bun.stripANSI(shown.text)).toContain('Applied: 0000_foundation')
  await using quiet = await place()
  expect((await onTerminal(['migrate', '--quiet'], quiet, [])).text).not.toContain('migration 1 of')
  await using piped = await place()
  const { code, stderr } = await sipkeeper(['migrate'], piped)
  expect([code, stderr]).toEqual([0, ''])
})

test.skipIf(postgresUrl !== null)(
  'a backup says on a terminal that the database is copied; in a pipe only what came of it',
  async () => {
    await using here = await placeWithSpace()
    const shown = await onTerminal(['backup', join(here.folder, 'one')], here, [])
    expect([shown.code, shown.text]).toEqual([
      0,
      expect.stringMatching(/\r\x1b\[KCopying the database, \d+ MiB\r\x1b\[K/),
    ])
    const piped = await sipkeeper(['backup', join(here.folder, 'two')], here)
    expect([piped.code, piped.stderr]).toEqual([0, ''])
  },
)

test('what is cleared says the same as before, with and without somebody who watches', async () => {
  await using here = await placeWithSpace()
  for (const command of [
    ['tokens:clear', '30', '--apply'],
    ['accounts:clear-unconfirmed', '30', '--apply'],
    ['app:clear-statistics', '30', '--apply'],
    ['accounts:clear-api-keys', '30'],
    ['digest:clear-nonces'],
    ['statistics:recount'],
  ]) {
    const [shown, piped] = [await onTerminal(command, here, []), await sipkeeper(command, here)]
    expect([command, piped.code, piped.stderr]).toEqual([command, 0, ''])
    expect(Bun.stripANSI(shown.text).replaceAll('\r', '').trim()).toBe(piped.stdout.trim())
  }
})
