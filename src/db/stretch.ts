/** Rows with `after` < id ≤ `last`. */
export interface Stretch {
  readonly after: number
  readonly last: number
}
