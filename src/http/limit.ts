export interface Limit {
  readonly name: string
  /** What a key may consume in a window; null: no limit. */
  readonly points: number | null
  /** Counts one; refuses with `rate_limited` beyond the limit. Resolves to what is left in the window. */
  consume(key: string): Promise<number>
  /** Refuses when the key has used up its window, counting nothing. Resolves to what is left in it. */
  check(key: string): Promise<number>
  /** Takes back one that was counted, refused or not. */
  giveBack(key: string): Promise<void>
}
