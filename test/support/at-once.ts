import type { Reply } from './app.ts'

/** The same `count` times at once. */
export const times = <Result>(count: number, work: (i: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)))

/** How often each status came: `{ 200: 1, 422: 49 }`. */
export const outcomes = (replies: readonly Reply[]): Record<number, number> => {
  const counts: Record<number, number> = {}
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
