import { and, asc, count, eq, gte, lte, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'

export const vcardsStore = (db: Db) => {
  const { vcardsStorage: cards } = db.tables
  const card = { uuid: cards.uuid, vcard: cards.vcard, createdAt: cards.createdAt, updatedAt: cards.updatedAt }
  const one = (accountId: number | SQL, uuid: string | SQL) => and(eq(cards.accountId, accountId), eq(cards.uuid, uuid))

  const sizes = db.prepare('sizes_of_vcards', { accountId: cards.accountId }, (on, { accountId }) =>
    on
      .select({ id: cards.id, bytes: sql<number>`octet_length(${cards.vcard})`.mapWith(Number) })
      .from(cards)
      .where(eq(cards.accountId, accountId))
      .orderBy(asc(cards.id)),
  )
  const stretch = db.prepare(
    'vcards_of_account',
    { accountId: cards.accountId, first: cards.id, last: cards.id },
    (on, { accountId, first, last }) =>
      on
        .select(card)
        .from(cards)
        .where(and(eq(cards.accountId, accountId), gte(cards.id, first), lte(cards.id, last)))
        .orderBy(asc(cards.id)),
  )
  const byUuid = db.prepare(
    'vcard_by_uuid',
    { accountId: cards.accountId, uuid: cards.uuid },
    (on, { accountId, uuid }) => on.select(card).from(cards).where(one(accountId, uuid)),
  )
  const size = db.prepare('size_of_vcards', { accountId: cards.accountId }, (on, { accountId }) =>
    on
      .select({
        cards: count(),
        bytes: sql<number>`coalesce(sum(octet_length(${cards.vcard})), 0)`.mapWith(Number),
      })
      .from(cards)
      .where(eq(cards.accountId, accountId)),
  )

  return {
    /** Of every card, in their order. */
    sizes: (on: Reader, accountId: number) => sizes(on, { accountId }),
    /** From one id to another, both included. */
    stretch: (on: Reader, accountId: number, first: number, last: number) => stretch(on, { accountId, first, last }),
    one: (on: Reader, accountId: number, uuid: string) => first(byUuid(on, { accountId, uuid })),
    size: (on: Reader, accountId: number) => only(size(on, { accountId })),
    /** null: the account has that UID already. */
    insert: (tx: Tx, accountId: number, uuid: string, vcard: string, at: Date) =>
      first(
        tx
          .insert(cards)
          .values({ accountId, uuid, vcard, createdAt: at, updatedAt: at })
          .onConflictDoNothing()
          .returning(card),
      ),
    update: (tx: Tx, accountId: number, uuid: string, vcard: string, at: Date) =>
      first(tx.update(cards).set({ vcard, updatedAt: at }).where(one(accountId, uuid)).returning(card)),
    remove: (tx: Tx, accountId: number, uuid: string) =>
      exists(tx.delete(cards).where(one(accountId, uuid)).returning({ uuid: cards.uuid })),
  }
}

export type StoredCard = NonNullable<Awaited<ReturnType<ReturnType<typeof vcardsStore>['one']>>>
