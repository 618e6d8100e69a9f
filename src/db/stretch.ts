/** Rows with `after` < id ≤ `last`. */
export interface Stretch {
  readonly after: number
  readonly last: number
}

/** The same; null: to the end. */
export interface Reach {
  readonly after: number
  readonly last: number | null
}
