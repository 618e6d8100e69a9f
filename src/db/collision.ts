/** What SQLite and PostgreSQL call a row that a unique index does not let in. */
const UNIQUE = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505'])

/**
 * Whether a statement failed because somebody else's row was there first. The transaction is lost with it, so this is
 * for writes that cannot say `on conflict do nothing`: an update that gives a row another name.
 */
export const isCollision = (error: unknown): boolean => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, errno } = cause as Error & { code?: unknown; errno?: unknown }
    if (UNIQUE.has(String(code)) || UNIQUE.has(String(errno))) return true
  }
  return false
}
