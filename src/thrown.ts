/** What somebody else has thrown: a system call, a driver, a library. It may be anything. */

/** For people and logs. */
export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What system calls and drivers call it, such as `ENOENT`; null: it has no such name. */
export const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
