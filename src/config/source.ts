/** The text behind a value and where it was found; `null`: unset, and that has no default. */
export interface Source {
  readonly from: string
  readonly text: string | null
}
