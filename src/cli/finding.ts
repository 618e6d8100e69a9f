export type Level = 'ok' | 'warning' | 'problem'

export interface Finding {
  readonly level: Level
  readonly name: string
  readonly detail: string
  /** What to do about it, as a sentence. */
  readonly hint?: string
}
