import { and, asc, desc, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../db/db.ts'
import { exists, first } from '../db/rows.ts'
import { type AuditRow, type NewContent, NOTHING_BEFORE } from './entry.ts'

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

export const auditStore = (db: Db) => {
  const { auditLog, auditHeads } = db.tables

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

  return {
    insert: (tx: Tx, row: NewContent & Place) => insert(tx, row),
    /** Where the chain ends; null: it has no row yet. */
    last: (on: Reader) => first(last(on, {})),
    /** Until the transaction ends nobody else gives places. */
    holdHead: (tx: Tx, at: Date) =>
      tx
        .insert(auditHeads)
        .values({ id: HEAD, position: 0, hash: NOTHING_BEFORE, signature: '', signedAt: at })
        .onConflictDoUpdate({ target: auditHeads.id, set: { id: HEAD } }),
    signHead: (tx: Tx, head: Omit<AuditHead, 'id'>) => tx.update(auditHeads).set(head).where(eq(auditHeads.id, HEAD)),
    /** null: nothing was signed yet. */
    head: (on: Reader): Promise<AuditHead | null> => first(on.select().from(auditHeads).where(eq(auditHeads.id, HEAD))),
    /** Rows without a place, the oldest first. */
    unchained: (tx: Tx, most: number): Promise<AuditRow[]> =>
      tx.select().from(auditLog).where(isNull(auditLog.position)).orderBy(asc(auditLog.id)).limit(most),
    hasUnchained: (on: Reader) =>
      exists(on.select({ id: auditLog.id }).from(auditLog).where(isNull(auditLog.position)).limit(1)),
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
