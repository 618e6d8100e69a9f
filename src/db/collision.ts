/** What SQLite and PostgreSQL call a row that a unique index does not let in. */
const UNIQUE = ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505']

/** What they call a row that points to one that is not there. */
const FOREIGN_KEY = ['SQLITE_CONSTRAINT_FOREIGNKEY', '23503']

const hasCode = (error: unknown, codes: readonly string[]): boolean => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, errno } = cause as Error & { code?: unknown; errno?: unknown }
    if (codes.includes(String(code)) || codes.includes(String(errno))) return true
  }
  return false
}

/**
 * Whether a statement failed because somebody else's row was there first. The transaction is lost with it, so this is
 * for writes that cannot say `on conflict do nothing`: an update that gives a row another name.
 */
export const isCollision = (error: unknown): boolean => hasCode(error, UNIQUE)

/**
 * Whether a statement failed because what its row belongs to is gone: the Space or account was deleted after the
 * request had found it.
 */
export const isOrphan = (error: unknown): boolean => hasCode(error, FOREIGN_KEY)
