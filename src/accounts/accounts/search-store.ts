import { and, asc, desc, eq, inArray, not, notInArray, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/db.ts'
import type { Reach } from '../../db/stretch.ts'
import type { Scope } from '../../nouns/space.ts'

export const STATES = ['active', 'waiting', 'off', 'blocked'] as const
export const ROLES = ['account', 'admin'] as const

/** What accounts are looked for by; null: by anything. */
export interface Sought {
  /** A part of the user name, the display name, the e-mail address or the phone number. */
  readonly search: string | null
  /** `waiting`: nobody has confirmed it yet; `off`: an administrator has switched it off (D48). */
  readonly state: (typeof STATES)[number] | null
  readonly role: (typeof ROLES)[number] | null
  /** Members of this contacts list. */
  readonly list: number | null
  /** No members of this one. */
  readonly outside?: number
  /** Whether a phone was ever set up with it. */
  readonly setUp: boolean | null
}

/** What a list can be sorted by. */
export interface FoundRow {
  readonly id: number
  readonly username: string
  readonly updatedAt: Date
}

/** Accounts as somebody looks for them (behaviour/accounts.md §6). */
export const accountSearchStore = (db: Db) => {
  const { accounts, accountSetups, contactsListContact } = db.tables

  const inScope = (scope: Scope): SQL | undefined =>
    'space' in scope ? eq(accounts.domain, scope.space.domain) : undefined

  const stateIs = (state: Sought['state']): SQL | undefined => {
    switch (state) {
      case null:
        return undefined
      case 'blocked':
        return sql`blocked`
      case 'active':
        return and(sql`activated`, sql`not blocked`)
      case 'waiting':
        return and(sql`not activated`, not(sql`switched_off`), sql`not blocked`)
      case 'off':
        return and(sql`not activated`, sql`switched_off`, sql`not blocked`)
    }
  }

  const roleIs = (role: Sought['role']): SQL | undefined =>
    role === null ? undefined : role === 'admin' ? sql`admin` : sql`not admin`

  const membersOf = (list: number) =>
    db.read
      .select({ id: contactsListContact.contactId })
      .from(contactsListContact)
      .where(eq(contactsListContact.contactsListId, list))
  const isIn = (list: number | null): SQL | undefined =>
    list === null ? undefined : inArray(accounts.id, membersOf(list))
  const isOutside = (list: number | undefined): SQL | undefined =>
    list === undefined ? undefined : notInArray(accounts.id, membersOf(list))

  const isSetUp = (wanted: boolean | null): SQL | undefined => {
    if (wanted === null) return undefined
    const known = db.read.select({ id: accountSetups.accountId }).from(accountSetups)
    return wanted ? inArray(accounts.id, known) : notInArray(accounts.id, known)
  }

  const columns = { id: accounts.id, username: accounts.username, updatedAt: accounts.updatedAt }

  return {
    /** Those of a stretch of ids, in order; at most `most`. */
    found: (scope: Scope, sought: Sought, reach: Reach, most: number): Promise<FoundRow[]> => {
      const { after, last } = reach
      const { search, state, role, list, outside, setUp } = sought
      const place =
        search === null
          ? and(sql`accounts.id > ${after}`, last === null ? undefined : sql`accounts.id <= ${last}`)
          : db.mentions(search, reach)
      return db.read
        .select(columns)
        .from(accounts)
        .where(and(inScope(scope), place, stateIs(state), roleIs(role), isIn(list), isOutside(outside), isSetUp(setUp)))
        .orderBy(sql`accounts.id`)
        .limit(most)
    },
    /** The ids at these positions of all accounts in scope by name. */
    byName: async (scope: Scope, isDescending: boolean, from: number, size: number): Promise<number[]> => {
      // SQLite sorts what it finds by the domain unless no index finds this; PostgreSQL knows that one domain is many rows.
      const column = db.readsApart ? sql`accounts.domain` : sql`accounts.domain || ''`
      const here = 'space' in scope ? sql`${column} = ${scope.space.domain}` : undefined
      const order = isDescending ? desc : asc
      const rows = await db.read
        .select({ id: accounts.id })
        .from(accounts)
        .where(here)
        .orderBy(order(accounts.username), order(accounts.domain))
        .limit(size)
        .offset(from)
      return rows.map(({ id }) => id)
    },
  }
}
