import { and, eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Db } from '../../db/db.ts'
import type { Whose } from './whose.ts'

/** Which rows are whose. */
export const whoseStore = (db: Db) => {
  const { statisticsCalls: calls, accounts, contactsListContact: members } = db.tables

  /** Address columns that name a member of the list. */
  const isMember = (domain: SQLWrapper, username: SQLWrapper, listId: number) =>
    sql`(${domain}, ${username}) in (select a.domain, a.username from ${members} m
      join ${accounts} a on a.id = m.contact_id where m.contacts_list_id = ${listId})`

  const from = (whose: Exclude<Whose, { of: 'everybody' }>): SQL | undefined => {
    if (whose.of === 'list') return isMember(calls.fromDomain, calls.fromUsername, whose.listId)
    if (whose.of === 'domain') return eq(calls.fromDomain, whose.domain)
    return and(eq(calls.fromDomain, whose.party.domain), eq(calls.fromUsername, whose.party.username))
  }
  /** `inside`: calls that came from there, too, or those that did not. */
  const to = (whose: Exclude<Whose, { of: 'everybody' }>, inside: boolean): SQL | undefined => {
    if (whose.of === 'list') {
      const both = from(whose) as SQL
      return and(isMember(calls.toDomain, calls.toUsername, whose.listId), inside ? both : sql`not ${both}`)
    }
    if (whose.of === 'domain') return and(eq(calls.toDomain, whose.domain), eq(calls.toOwnDomain, inside))
    const { domain, username } = whose.party
    return and(eq(calls.toDomain, domain), eq(calls.toUsername, username), eq(calls.toSelf, inside))
  }

  return {
    isMember,
    from,
    to,
    /** Conditions that no call meets two of; an index finds the calls of each in the order of their instants. */
    callsIn: (whose: Whose): (SQL | undefined)[] => {
      if (whose.of === 'everybody') return [undefined]
      const direction = whose.of === 'party' ? whose.direction : null
      if (direction === 'outgoing') return [from(whose)]
      return direction === 'incoming' ? [to(whose, false), to(whose, true)] : [from(whose), to(whose, false)]
    },
  }
}
