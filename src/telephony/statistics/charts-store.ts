import { and, eq, gt, gte, lt, lte, max, min, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'
import { exists, only } from '../../db/rows.ts'
import type { Stretch } from '../../db/stretch.ts'
import type { Space } from '../../nouns/space.ts'
import { EVERYBODY } from './hours.ts'
import type { Counter, Kind } from './hours-store.ts'
import type { Whose } from './whose.ts'
import { whoseStore } from './whose-store.ts'

/** `from` ≤ instant < `end`. */
export interface Window {
  readonly from: Date
  readonly end: Date
}

export type HourCounter = Counter & { readonly hour: Date }

interface Count {
  readonly hour: Date
  readonly n: number
}

type Of<Kind extends Whose['of']> = Extract<Whose, { of: Kind }>

/** Accounts that one statement looks at: between two, others have their turn. */
const STRETCH = 20_000

/** How much there was in each hour; hours without anything are left out. */
export const chartsStore = (db: Db) => {
  const {
    statisticsHours: hours,
    statisticsCalls: calls,
    statisticsMessages: messages,
    statisticsMessageDevices: devices,
    accounts,
    contactsLists: lists,
    contactsListContact: members,
  } = db.tables
  const { isMember, from, to } = whoseStore(db)
  const n = sql<number>`count(*)`.mapWith(Number)
  const total = (column: SQLWrapper) => sql<number>`sum(${column})`.mapWith(Number)

  const countedHours = db.prepare(
    'statistics_hours_counted',
    { kind: hours.kind, domain: hours.domain, from: hours.hour, end: hours.hour },
    (on, { kind, domain, from, end }) =>
      on
        .select({
          hour: hours.hour,
          sent: total(hours.sent),
          received: total(hours.received),
          inside: total(hours.inside),
        })
        .from(hours)
        .where(and(eq(hours.kind, kind), eq(hours.domain, domain), gte(hours.hour, from), lt(hours.hour, end)))
        .groupBy(hours.hour),
  )

  const callsWhere = (on: Reader, window: Window, condition: SQL | undefined): Promise<Count[]> => {
    const hour = db.hourOf(calls.initiatedAt)
    return on
      .select({ hour, n })
      .from(calls)
      .where(and(condition, gte(calls.initiatedAt, window.from), lt(calls.initiatedAt, window.end)))
      .groupBy(hour)
  }
  const messagesWhere = (on: Reader, window: Window, condition: SQL | undefined): Promise<Count[]> => {
    const hour = db.hourOf(messages.sentAt)
    return on
      .select({ hour, n })
      .from(messages)
      .where(and(condition, gte(messages.sentAt, window.from), lt(messages.sentAt, window.end)))
      .groupBy(hour)
  }
  /** Messages to recipients; one to several of them is one. */
  const receivedWhere = (
    on: Reader,
    window: Window,
    condition: SQL | undefined,
    several: boolean,
  ): Promise<Count[]> => {
    const hour = db.hourOf(devices.sentAt)
    const once = sql<number>`count(distinct ${devices.messageId})`.mapWith(Number)
    return on
      .select({ hour, n: several ? once : n })
      .from(devices)
      .where(
        and(condition, eq(devices.isFirst, true), gte(devices.sentAt, window.from), lt(devices.sentAt, window.end)),
      )
      .groupBy(hour)
  }
  /** Whether a message went to somebody whom the condition names. */
  const wentTo = (condition: SQL | undefined) =>
    sql`exists (select 1 from ${devices} where ${devices.messageId} = ${messages.id} and ${condition})`

  const ofCalls = (on: Reader, whose: Of<'party'> | Of<'list'>, window: Window): Promise<Count[][]> =>
    Promise.all([
      callsWhere(on, window, from(whose)),
      callsWhere(on, window, to(whose, false)),
      callsWhere(on, window, to(whose, true)),
    ]).then(([sent, outside, inside]) => [sent, [...outside, ...inside], inside])

  const ofMessages = (on: Reader, whose: Of<'party'> | Of<'list'>, window: Window): Promise<Count[][]> => {
    const isList = whose.of === 'list'
    const sender = isList
      ? isMember(messages.fromDomain, messages.fromUsername, whose.listId)
      : and(eq(messages.fromDomain, whose.party.domain), eq(messages.fromUsername, whose.party.username))
    const recipient = isList
      ? isMember(devices.toDomain, devices.toUsername, whose.listId)
      : and(eq(devices.toDomain, whose.party.domain), eq(devices.toUsername, whose.party.username))
    return Promise.all([
      messagesWhere(on, window, sender),
      receivedWhere(on, window, recipient, isList),
      messagesWhere(on, window, and(sender, wentTo(recipient))),
    ])
  }

  /** Three counts of each hour, joined. */
  const joined = ([sent = [], received = [], inside = []]: readonly Count[][]): HourCounter[] => {
    const found = new Map<number, { hour: Date; sent: number; received: number; inside: number }>()
    const add = (counts: readonly Count[], name: keyof Counter) => {
      for (const { hour, n } of counts) {
        const before = found.get(hour.getTime()) ?? { hour, sent: 0, received: 0, inside: 0 }
        found.set(hour.getTime(), { ...before, [name]: before[name] + n })
      }
    }
    add(sent, 'sent')
    add(received, 'received')
    add(inside, 'inside')
    return [...found.values()]
  }

  const accountsIn = (whose: Whose): SQL | undefined => {
    if (whose.of === 'domain') return eq(accounts.domain, whose.domain)
    if (whose.of !== 'list') return undefined
    return sql`${accounts.id} in (select contact_id from ${members} where contacts_list_id = ${whose.listId})`
  }

  return {
    reported: async (on: Reader, kind: Kind, whose: Whose, window: Window): Promise<HourCounter[]> => {
      if (whose.of === 'everybody') return countedHours(on, { kind, domain: EVERYBODY, ...window })
      if (whose.of === 'domain') return countedHours(on, { kind, domain: whose.domain, ...window })
      return joined(await (kind === 'calls' ? ofCalls : ofMessages)(on, whose, window))
    },
    /** Accounts that were made: stretches of ids, so that a million of them hold up nobody. */
    stretches: async (on: Reader, whose: Whose): Promise<Stretch[]> => {
      const { low, high } = await only(
        on
          .select({ low: min(accounts.id), high: max(accounts.id) })
          .from(accounts)
          .where(accountsIn(whose)),
      )
      const stretches: Stretch[] = []
      for (let after = (low ?? 1) - 1; after < (high ?? 0); after += STRETCH) {
        stretches.push({ after, last: after + STRETCH })
      }
      return stretches
    },
    made: (on: Reader, whose: Whose, window: Window, { after, last }: Stretch): Promise<Count[]> => {
      const hour = db.hourOf(accounts.createdAt)
      return on
        .select({ hour, n })
        .from(accounts)
        .where(
          and(
            accountsIn(whose),
            gt(accounts.id, after),
            lte(accounts.id, last),
            gte(accounts.createdAt, window.from),
            lt(accounts.createdAt, window.end),
          ),
        )
        .groupBy(hour)
    },
    isList: (on: Reader, space: Space, listId: number): Promise<boolean> =>
      exists(
        on
          .select({ id: lists.id })
          .from(lists)
          .where(and(eq(lists.id, listId), eq(lists.spaceId, space.id))),
      ),
    /** The next domain, in the order of the database, that was part of anything; null: there is none. */
    domainAfter: async (on: Reader, kind: Kind, domain: string): Promise<string | null> =>
      (
        await only(
          on
            .select({ domain: min(hours.domain) })
            .from(hours)
            .where(and(eq(hours.kind, kind), gt(hours.domain, domain))),
        )
      ).domain,
  }
}
