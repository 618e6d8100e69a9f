import { and, eq, or } from 'drizzle-orm'
import type { Db } from '../../db/db.ts'
import type { Space } from '../../nouns/space.ts'
import { foldedEmail } from '../../protocols/email-address.ts'

/** What somebody typed, in every way that it can be read; an empty string is none. */
export interface Identifier {
  readonly username: string
  readonly phone: string
  readonly email: string
}

export const signInStore = (db: Db) => {
  const { accounts } = db.tables
  const columns = { id: accounts.id, username: accounts.username }

  const byName = db.prepare(
    'sign_in_by_name',
    { domain: accounts.domain, username: accounts.username, phone: accounts.phone },
    (on, { domain, username, phone }) =>
      on
        .select(columns)
        .from(accounts)
        .where(
          and(
            eq(accounts.domain, domain),
            or(eq(accounts.username, username), eq(accounts.username, phone), eq(accounts.phone, phone)),
          ),
        ),
  )
  const byEmail = db.prepare(
    'sign_in_by_email',
    { domain: accounts.domain, email: accounts.email },
    (on, { domain, email }) =>
      on
        .select(columns)
        .from(accounts)
        .where(and(eq(accounts.domain, domain), eq(db.folded(accounts.email), email)))
        .limit(2),
  )

  return {
    /** A name before a number, and an address only where it is one account's. Asks the same of the database for all. */
    find: async ({ space }: { space: Pick<Space, 'domain'> }, { username, phone, email }: Identifier) => {
      const { domain } = space
      const named = await byName(db.read, { domain, username, phone })
      const addressed = await byEmail(db.read, { domain, email: foldedEmail(email) })
      const [one = null, another] = addressed
      return named.find((row) => row.username === username) ?? named[0] ?? (another === undefined ? one : null)
    },
  }
}
