import { and, asc, eq, inArray, isNotNull, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'

/** An address that several accounts of a Space have, written in lower or upper case. */
export interface DuplicateEmail {
  readonly domain: string
  readonly email: string
  /** User names, the oldest account first. */
  readonly accounts: readonly string[]
}

/** More of them than a person reads at once. */
const MOST_DUPLICATES = 20

/** Where addresses should be unique and are not: up to MOST_DUPLICATES, by id of the first account. */
export const duplicateEmailsStore = (db: Db) => {
  const { accounts, spaces } = db.tables
  const folded = db.folded(accounts.email)

  const find = async (on: Reader, domains: SQL | undefined): Promise<DuplicateEmail[]> => {
    const shared = await on
      .select({ domain: accounts.domain, email: folded, first: sql`min(${accounts.id})` })
      .from(accounts)
      .where(and(isNotNull(accounts.email), domains))
      .groupBy(accounts.domain, folded)
      .having(sql`count(*) > 1`)
      .orderBy(sql`min(${accounts.id})`)
      .limit(MOST_DUPLICATES)
    if (shared.length === 0) return []
    const owners = await on
      .select({ username: accounts.username, domain: accounts.domain, email: folded })
      .from(accounts)
      .where(or(...shared.map(({ domain, email }) => and(eq(accounts.domain, domain), eq(folded, email)))))
      .orderBy(asc(accounts.id))
    return shared.map(({ domain, email }) => ({
      domain,
      email,
      accounts: owners.filter((o) => o.domain === domain && o.email === email).map(({ username }) => username),
    }))
  }

  return {
    inSpace: (on: Reader, domain: string) => find(on, eq(accounts.domain, domain)),
    /** In the Spaces that want unique addresses, or in all of them. */
    everywhere: (on: Reader, { inAll }: { readonly inAll: boolean }) => {
      const unique = on.select({ domain: spaces.domain }).from(spaces).where(eq(spaces.uniqueEmail, true))
      return find(on, inAll ? undefined : inArray(accounts.domain, unique))
    },
  }
}
