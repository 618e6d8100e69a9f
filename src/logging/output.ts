export interface Output {
  /** Lines are worth keeping until `send` works again: the place is elsewhere, and such places restart. */
  readonly keeps: boolean
  /** Takes lines off the front as they leave. Rejects when those that are left cannot leave now. */
  readonly send: (lines: string[]) => Promise<void>
  /** The same for the end of the process, without waiting longer than it must. May throw. */
  readonly sendNow: (lines: string[]) => void
  /** The next `send` opens again. It closes nothing itself: a batch may be on its way. */
  readonly reopen: () => void
  readonly close: () => void
}
