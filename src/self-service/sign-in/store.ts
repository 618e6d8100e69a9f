import { and, eq, or, sql } from 'drizzle-orm'
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
  const inDomain = eq(accounts.domain, sql.placeholder('domain'))
  const columns = { id: accounts.id, username: accounts.username }

  const byName = db.prepare<{ domain: string; username: string; phone: string }>()('sign_in_by_name', (on) =>
    on
      .select(columns)
      .from(accounts)
      .where(
        and(
          inDomain,
          or(
            eq(accounts.username, sql.placeholder('username')),
            eq(accounts.username, sql.placeholder('phone')),
            eq(accounts.phone, sql.placeholder('phone')),
          ),
        ),
      ),
  )
  const byEmail = db.prepare<{ domain: string; email: string }>()('sign_in_by_email', (on) =>
    on
      .select(columns)
      .from(accounts)
      .where(and(inDomain, eq(db.folded(accounts.email), sql.placeholder('email'))))
      .limit(2),
  )

  return {
    /** A name before a number, and an address only where it is one account's. Asks the same of the database for all. */
    find: async ({ space }: { space: Pick<Space, 'domain'> }, { username, phone, email }: Identifier) => {
      const { domain } = space
      const named = await byName(db.read, { domain, username, phone })
      const addressed = await byEmail(db.read, { domain, email: foldedEmail(email) })
      const [only] = addressed.length === 1 ? addressed : []
      return named.find((row) => row.username === username) ?? named[0] ?? only ?? null
    },
  }
}
