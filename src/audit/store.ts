import { and, asc, desc, eq, gt, gte, inArray, isNotNull, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'
import { exists, first } from '../db/rows.ts'
import type { Stretch } from '../db/stretch.ts'
import type { AuditRow, NewContent, Stump } from './entry.ts'

export type AuditStump = Db['tables']['auditStumps']['$inferSelect']
export type AuditHead = Db['tables']['auditHeads']['$inferSelect']

/** The one row of its table. */
const HEAD = 1

export type Place = Pick<AuditRow, 'position' | 'previousHash' | 'hash'>

/** A row that got its place. */
export interface Placed {
  readonly id: number
  readonly position: number
  readonly previousHash: string
  readonly hash: string
}

/** Which rows somebody asks for. */
export interface Wanted {
  readonly spaceId?: number
  readonly domain?: string
  readonly actor?: string | null
  readonly subject?: string | null
  /** What was done to the account of this number. */
  readonly account?: number
  readonly action?: string | null
  readonly since?: Date | undefined
  readonly until?: Date | undefined
}

const NUMBER = /^\d{1,9}$/

export const auditStore = (db: Db) => {
  const { auditLog, auditHeads, auditStumps, spaces } = db.tables

  const row = {
    at: auditLog.at,
    action: auditLog.action,
    way: auditLog.way,
    actorKind: auditLog.actorKind,
    actorId: auditLog.actorId,
    actorName: auditLog.actorName,
    actorKey: auditLog.actorKey,
    address: auditLog.address,
    actorSalt: auditLog.actorSalt,
    spaceId: auditLog.spaceId,
    domain: auditLog.domain,
    subjectKind: auditLog.subjectKind,
    subjectId: auditLog.subjectId,
    subjectName: auditLog.subjectName,
    subjectSalt: auditLog.subjectSalt,
    changes: auditLog.changes,
    detail: auditLog.detail,
    requestId: auditLog.requestId,
    position: auditLog.position,
    previousHash: auditLog.previousHash,
    hash: auditLog.hash,
  }
  // Without `returning`, which costs as much as an index; drizzle gives it no type then.
  const insert = db.prepare(
    'insert_audit_row',
    row,
    (on, values) => on.insert(auditLog).values(values) as unknown as { prepare(): { execute(): Promise<[]> } },
  )
  const last = db.prepare('last_audit_row', {}, (on) =>
    on
      .select({ position: auditLog.position, hash: auditLog.hash })
      .from(auditLog)
      .where(isNotNull(auditLog.position))
      .orderBy(desc(auditLog.position))
      .limit(1),
  )

  const named = (name: string) => or(eq(auditLog.actorName, name), eq(auditLog.actorKey, name))
  const matching = ({ spaceId, domain, actor, subject, account, action, since, until }: Wanted) =>
    and(
      spaceId === undefined ? undefined : eq(auditLog.spaceId, spaceId),
      domain === undefined ? undefined : eq(auditLog.domain, domain),
      actor == null ? undefined : NUMBER.test(actor) ? eq(auditLog.actorId, Number(actor)) : named(actor),
      subject == null ? undefined : or(eq(auditLog.subjectId, subject), eq(auditLog.subjectName, subject)),
      account === undefined
        ? undefined
        : and(eq(auditLog.subjectKind, 'account'), eq(auditLog.subjectId, String(account))),
      action == null ? undefined : eq(auditLog.action, action),
      since === undefined ? undefined : gte(auditLog.at, since),
      until === undefined ? undefined : lt(auditLog.at, until),
    )

  return {
    insert: (tx: Tx, row: NewContent & Place) => insert(tx, row),
    /** Where the chain ends; null: it has no row yet. */
    last: (on: Reader) => first(last(on, {})),
    /** Until the transaction ends nobody else gives places. */
    holdHead: (tx: Tx): Promise<AuditHead | null> =>
      first(tx.update(auditHeads).set({ id: HEAD }).where(eq(auditHeads.id, HEAD)).returning()),
    /** The end of a chain that has no row yet: nobody else makes one at the same time, or waits here and finds it. */
    beginHead: (tx: Tx, head: Omit<AuditHead, 'id'>) =>
      tx
        .insert(auditHeads)
        .values({ id: HEAD, ...head })
        .onConflictDoNothing(),
    signHead: (tx: Tx, head: Omit<AuditHead, 'id'>) => tx.update(auditHeads).set(head).where(eq(auditHeads.id, HEAD)),
    /** Whether the chain had this hash at that position; where that is in a stretch that was cut, it counts as had. */
    had: async (on: Reader, { position, hash }: Pick<AuditHead, 'position' | 'hash'>): Promise<boolean> =>
      (await exists(
        on
          .select({ id: auditLog.id })
          .from(auditLog)
          .where(and(eq(auditLog.position, position), eq(auditLog.hash, hash))),
      )) ||
      (await exists(
        on
          .select({ id: auditStumps.id })
          .from(auditStumps)
          .where(and(lte(auditStumps.firstPosition, position), gte(auditStumps.lastPosition, position))),
      )),
    /** null: nothing was signed yet. */
    head: (on: Reader): Promise<AuditHead | null> => first(on.select().from(auditHeads).where(eq(auditHeads.id, HEAD))),
    /** Rows without a place, the oldest first. */
    unchained: (tx: Tx, most: number): Promise<AuditRow[]> =>
      tx.select().from(auditLog).where(isNull(auditLog.position)).orderBy(asc(auditLog.id)).limit(most),
    hasUnchained: (on: Reader) =>
      exists(on.select({ id: auditLog.id }).from(auditLog).where(isNull(auditLog.position)).limit(1)),
    /** A row that stands outside of the chain, where all of ours have a place by now: somebody else has written it. */
    hasStray: (on: Reader) =>
      exists(
        on
          .select({ id: auditLog.id })
          .from(auditLog)
          .where(or(lt(auditLog.position, 1), db.hasOneWriter ? isNull(auditLog.position) : undefined))
          .limit(1),
      ),
    /** Rows with a place behind this one, in their order. */
    after: (on: Reader, position: number, most: number): Promise<AuditRow[]> =>
      on.select().from(auditLog).where(gt(auditLog.position, position)).orderBy(asc(auditLog.position)).limit(most),
    /** The same, of rows that were written before `until`. */
    olderAfter: (tx: Tx, position: number, until: Date, most: number): Promise<AuditRow[]> =>
      tx
        .select()
        .from(auditLog)
        .where(and(gt(auditLog.position, position), lt(auditLog.at, until)))
        .orderBy(asc(auditLog.position))
        .limit(most),
    removeStretch: (tx: Tx, { firstPosition, lastPosition }: Stump) =>
      tx.delete(auditLog).where(and(gte(auditLog.position, firstPosition), lte(auditLog.position, lastPosition))),
    /** null: nothing was cut from this position on. */
    stumpAt: (on: Reader, firstPosition: number): Promise<AuditStump | null> =>
      first(on.select().from(auditStumps).where(eq(auditStumps.firstPosition, firstPosition))),
    /** Removes the stump that begins there. */
    takeStumpAt: (tx: Tx, firstPosition: number): Promise<AuditStump | null> =>
      first(tx.delete(auditStumps).where(eq(auditStumps.firstPosition, firstPosition)).returning()),
    /** Removes the stump that ends there. */
    takeStumpTo: (tx: Tx, lastPosition: number): Promise<AuditStump | null> =>
      first(tx.delete(auditStumps).where(eq(auditStumps.lastPosition, lastPosition)).returning()),
    /** Some stumps behind this position, in their order. */
    stumpsAfter: (on: Reader, position: number, most: number): Promise<AuditStump[]> =>
      on
        .select()
        .from(auditStumps)
        .where(gt(auditStumps.firstPosition, position))
        .orderBy(asc(auditStumps.firstPosition))
        .limit(most),
    signStump: (tx: Tx, id: number, signature: string) =>
      tx.update(auditStumps).set({ signature }).where(eq(auditStumps.id, id)),
    addStump: (tx: Tx, stump: Omit<AuditStump, 'id'>) => tx.insert(auditStumps).values(stump),
    /** null: there is no row. */
    lastId: async (on: Reader): Promise<number | null> =>
      (await first(on.select({ id: auditLog.id }).from(auditLog).orderBy(desc(auditLog.id)).limit(1)))?.id ?? null,
    /** Rows of a stretch in which one of these accounts did something, or had something done. */
    ofAccounts: (tx: Tx, ids: readonly number[], { after, last }: Stretch): Promise<AuditRow[]> =>
      tx
        .select()
        .from(auditLog)
        .where(
          and(
            gt(auditLog.id, after),
            lte(auditLog.id, last),
            or(
              and(
                eq(auditLog.actorKind, 'account'),
                inArray(auditLog.actorId, [...ids]),
                isNotNull(auditLog.actorSalt),
              ),
              and(
                eq(auditLog.subjectKind, 'account'),
                inArray(auditLog.subjectId, ids.map(String)),
                isNotNull(auditLog.subjectSalt),
              ),
            ),
          ),
        ),
    eraseActor: (tx: Tx, id: number, actorDigest: string | null) =>
      tx
        .update(auditLog)
        .set({ actorName: null, actorKey: null, address: null, actorSalt: null, actorDigest })
        .where(eq(auditLog.id, id)),
    eraseSubject: (tx: Tx, id: number, subjectDigest: string | null) =>
      tx.update(auditLog).set({ subjectName: null, subjectSalt: null, subjectDigest }).where(eq(auditLog.id, id)),
    /** Accounts that were deleted and still stand in the log by their names. */
    deletedAccounts: async (on: Reader, most: number): Promise<number[]> => {
      const rows = await on
        .selectDistinct({ id: auditLog.subjectId })
        .from(auditLog)
        .where(and(eq(auditLog.action, 'account.deleted'), isNotNull(auditLog.subjectSalt)))
        .limit(most)
      return rows.map(({ id }) => Number(id))
    },
    /** null: no Space has this domain now. */
    space: (on: Reader, domain: string) =>
      first(on.select({ id: spaces.id, domain: spaces.domain }).from(spaces).where(eq(spaces.domain, domain))),
    idsOf: async (on: Reader, address: string): Promise<number[]> => {
      const rows = await on
        .selectDistinct({ id: auditLog.subjectId })
        .from(auditLog)
        .where(and(eq(auditLog.subjectKind, 'account'), eq(auditLog.subjectName, address)))
      const acting = await on
        .selectDistinct({ id: auditLog.actorId })
        .from(auditLog)
        .where(and(eq(auditLog.actorKind, 'account'), eq(auditLog.actorName, address)))
      return [...new Set([...rows, ...acting].map(({ id }) => Number(id)))]
    },
    /** The newest first, behind a row of that time and id. */
    page: (on: Reader, wanted: Wanted, before: { at: Date; id: number } | null, most: number): Promise<AuditRow[]> =>
      on
        .select()
        .from(auditLog)
        .where(
          and(
            matching(wanted),
            before === null
              ? undefined
              : and(lte(auditLog.at, before.at), or(lt(auditLog.at, before.at), lt(auditLog.id, before.id))),
          ),
        )
        .orderBy(desc(auditLog.at), desc(auditLog.id))
        .limit(most),
    /** In the order of the chain, behind that position. */
    chained: (on: Reader, wanted: Wanted, after: number, most: number): Promise<AuditRow[]> =>
      on
        .select()
        .from(auditLog)
        .where(and(matching(wanted), gt(auditLog.position, after)))
        .orderBy(asc(auditLog.position))
        .limit(most),
    place: (tx: Tx, places: readonly Placed[]) => {
      const values = places.map(
        ({ id, position, previousHash, hash }) =>
          sql`(cast(${id} as bigint), cast(${position} as bigint), cast(${previousHash} as text), cast(${hash} as text))`,
      )
      return tx
        .update(auditLog)
        .set({ position: sql`v.column2`, previousHash: sql`v.column3`, hash: sql`v.column4` })
        .from(sql`(values ${sql.join(values, sql`, `)}) v`)
        .where(and(sql`${auditLog.id} = v.column1`, isNull(auditLog.position)))
    },
  }
}
