/** How a database can be unable to serve anybody, whatever was asked of it. */
export type Outage =
  /** Somebody else holds it, or everybody at once; it passes by itself. */
  | 'busy'
  /** It does not know us. */
  | 'refused'
  /** It does not answer. */
  | 'away'
  /** Its disk is full, gone or not ours to write. */
  | 'unusable'

/**
 * The first that fits. SQLite's result codes; PostgreSQL's: its manual, appendix A; its driver's and the system's; our
 * pool's.
 */
const OUTAGES: readonly (readonly [code: RegExp, outage: Outage])[] = [
  [/^(SQLITE_(BUSY|LOCKED)|POOL_EXHAUSTED$|40001$|40P01$|53300$|55P03$|57P03$|57014$)/, 'busy'],
  [/^(28P01|28000|3D000|3F000)$/, 'refused'],
  [/^(ERR_POSTGRES_(CONNECTION|IDLE|LIFETIME)|08|57P0|ECONNREFUSED$|ECONNRESET$|EPIPE$)/, 'away'],
  [/^(SQLITE_(CANTOPEN|CORRUPT|FULL|IOERR|NOMEM|NOTADB|PERM|READONLY)|53|58|25006$|XX001$)/, 'unusable'],
]

const ownOutage = (error: Error): Outage | null => {
  // PostgreSQL's own codes are in `errno`, its driver's in `code`.
  const { code, errno, syscall } = error as Error & { code?: unknown; errno?: unknown; syscall?: unknown }
  // What else the system refuses, such as a file, is no business of the database.
  if (typeof syscall === 'string') return null
  const fits = (pattern: RegExp) => pattern.test(String(code)) || pattern.test(String(errno))
  return OUTAGES.find(([pattern]) => fits(pattern))?.[1] ?? null
}

/** What drizzle wraps counts too. null: the database is well, and something else has failed. */
export const outageOf = (error: unknown): Outage | null => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const outage = ownOutage(cause)
    if (outage !== null) return outage
  }
  return null
}
