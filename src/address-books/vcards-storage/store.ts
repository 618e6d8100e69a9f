import { and, asc, eq, gte, lte, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'

export const vcardsStore = (db: Db) => {
  const { vcardsStorage: cards } = db.tables
  const card = { uuid: cards.uuid, vcard: cards.vcard, createdAt: cards.createdAt, updatedAt: cards.updatedAt }
  const one = (accountId: number, uuid: string) => and(eq(cards.accountId, accountId), eq(cards.uuid, uuid))

  const ofAccount = eq(cards.accountId, sql.placeholder('accountId'))
  const sizes = db.prepare<{ accountId: number }>()('sizes_of_vcards', (on) =>
    on
      .select({ id: cards.id, bytes: sql<number>`octet_length(${cards.vcard})`.mapWith(Number) })
      .from(cards)
      .where(ofAccount)
      .orderBy(asc(cards.id)),
  )
  const stretch = db.prepare<{ accountId: number; first: number; last: number }>()('vcards_of_account', (on) =>
    on
      .select(card)
      .from(cards)
      .where(and(ofAccount, gte(cards.id, sql.placeholder('first')), lte(cards.id, sql.placeholder('last'))))
      .orderBy(asc(cards.id)),
  )
  const byUuid = db.prepare<{ accountId: number; uuid: string }>()('vcard_by_uuid', (on) =>
    on
      .select(card)
      .from(cards)
      .where(and(ofAccount, eq(cards.uuid, sql.placeholder('uuid')))),
  )
  const size = db.prepare<{ accountId: number }>()('size_of_vcards', (on) =>
    on
      .select({
        cards: sql<number>`count(*)`.mapWith(Number),
        bytes: sql<number>`coalesce(sum(octet_length(${cards.vcard})), 0)`.mapWith(Number),
      })
      .from(cards)
      .where(ofAccount),
  )

  return {
    /** Of every card, in their order. */
    sizes: (on: Reader, accountId: number) => sizes(on, { accountId }),
    /** From one id to another, both included. */
    stretch: (on: Reader, accountId: number, first: number, last: number) => stretch(on, { accountId, first, last }),
    one: async (on: Reader, accountId: number, uuid: string) => (await byUuid(on, { accountId, uuid }))[0] ?? null,
    size: async (on: Reader, accountId: number) => (await size(on, { accountId }))[0] ?? { cards: 0, bytes: 0 },
    /** Nothing comes back when the account has that UID. */
    insert: (tx: Tx, accountId: number, uuid: string, vcard: string, at: Date) =>
      tx
        .insert(cards)
        .values({ accountId, uuid, vcard, createdAt: at, updatedAt: at })
        .onConflictDoNothing()
        .returning(card),
    update: (tx: Tx, accountId: number, uuid: string, vcard: string, at: Date) =>
      tx.update(cards).set({ vcard, updatedAt: at }).where(one(accountId, uuid)).returning(card),
    remove: (tx: Tx, accountId: number, uuid: string) =>
      tx.delete(cards).where(one(accountId, uuid)).returning({ uuid: cards.uuid }),
  }
}

export type StoredCard = NonNullable<Awaited<ReturnType<ReturnType<typeof vcardsStore>['one']>>>
