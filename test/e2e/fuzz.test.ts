import { expect, test } from 'bun:test'
import { fuzz } from './fuzz.ts'

test('5,000 hostile requests to every route: no 500, none slower than a second, the database whole and the server there', async () => {
  const { findings, slowestMs, statuses, succeeded, requests } = await fuzz({ seed: 3261, requests: 5000 })
  expect(findings).toEqual([])
  // They reached what they were aimed at.
  expect(succeeded).toBeGreaterThan(70)
  expect([requests, Object.values(statuses).reduce((sum, count) => sum + count)]).toEqual([5000, 5000])
  process.stdout.write(`measured: the slowest of 5,000 hostile requests took ${slowestMs} ms\n`)
}, 240_000)
