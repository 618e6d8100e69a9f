import { and, count, eq, inArray, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

interface InSpace {
  readonly space: Pick<Space, 'id'>
}

export interface ListText {
  readonly title: string
  readonly description: string
}

export const contactsListStore = (db: Db) => {
  const { accountContactsList: attachments, contactsListContact: members, contactsLists: lists } = db.tables

  const selectList = (on: Reader) =>
    on
      .select({
        id: lists.id,
        title: lists.title,
        description: lists.description,
        spaceId: lists.spaceId,
        contactsCount:
          sql<number>`(select count(*) from ${members} where contacts_list_id = contacts_lists.id)`.mapWith(Number),
        createdAt: lists.createdAt,
        updatedAt: lists.updatedAt,
      })
      .from(lists)
  const inSpace = ({ space }: InSpace, id: number) => and(eq(lists.id, id), eq(lists.spaceId, space.id))
  const attachment = (accountId: number, listId: number) =>
    and(eq(attachments.accountId, accountId), eq(attachments.contactsListId, listId))

  return {
    all: (on: Reader, { space }: InSpace) => selectList(on).where(eq(lists.spaceId, space.id)).orderBy(lists.id),
    ofAccount: (on: Reader, accountId: number) =>
      selectList(on)
        .innerJoin(attachments, eq(attachments.contactsListId, lists.id))
        .where(eq(attachments.accountId, accountId))
        .orderBy(lists.title),
    one: (on: Reader, scope: InSpace, id: number) => first(selectList(on).where(inSpace(scope, id))),
    count: async (on: Reader, { space }: InSpace) =>
      (await only(on.select({ n: count() }).from(lists).where(eq(lists.spaceId, space.id)))).n,
    /** null: the Space has a list of that title. */
    insert: async (tx: Tx, { space }: InSpace, text: ListText, at: Date): Promise<number | null> => {
      const row = { ...text, spaceId: space.id, createdAt: at, updatedAt: at }
      return (await first(tx.insert(lists).values(row).onConflictDoNothing().returning({ id: lists.id })))?.id ?? null
    },
    update: async (tx: Tx, scope: InSpace, id: number, text: ListText, at: Date): Promise<boolean> => {
      const row = { ...text, updatedAt: at }
      return exists(tx.update(lists).set(row).where(inSpace(scope, id)).returning({ id: lists.id }))
    },
    remove: (tx: Tx, scope: InSpace, id: number) => tx.delete(lists).where(inSpace(scope, id)),
    /** Keeps the list until the transaction ends; false: there is none. Accounts are held before lists. */
    hold: async (tx: Tx, scope: InSpace, id: number): Promise<boolean> => {
      const same = { updatedAt: sql`${lists.updatedAt}` }
      return exists(tx.update(lists).set(same).where(inSpace(scope, id)).returning({ id: lists.id }))
    },

    countMembers: async (on: Reader, listId: number) =>
      (await only(on.select({ n: count() }).from(members).where(eq(members.contactsListId, listId)))).n,
    memberIds: async (on: Reader, listId: number): Promise<number[]> => {
      const rows = await on.select({ id: members.contactId }).from(members).where(eq(members.contactsListId, listId))
      return rows.map(({ id }) => id)
    },
    /** False: it was one. */
    addMember: async (tx: Tx, listId: number, contactId: number, at: Date): Promise<boolean> => {
      const row = { contactsListId: listId, contactId, createdAt: at, updatedAt: at }
      return exists(tx.insert(members).values(row).onConflictDoNothing().returning({ id: members.contactId }))
    },
    removeMember: async (tx: Tx, listId: number, contactId: number): Promise<boolean> => {
      const isMember = and(eq(members.contactsListId, listId), eq(members.contactId, contactId))
      return exists(tx.delete(members).where(isMember).returning({ id: members.contactId }))
    },

    countAttached: async (on: Reader, accountId: number) =>
      (await only(on.select({ n: count() }).from(attachments).where(eq(attachments.accountId, accountId)))).n,
    isAttached: (on: Reader, accountId: number, listId: number): Promise<boolean> =>
      exists(on.select({ id: attachments.contactsListId }).from(attachments).where(attachment(accountId, listId))),
    attach: (tx: Tx, accountId: number, listId: number, at: Date) =>
      tx.insert(attachments).values({ accountId, contactsListId: listId, createdAt: at, updatedAt: at }),
    attachAll: async (
      tx: Tx,
      rows: readonly { readonly accountId: number; readonly contactsListId: number }[],
      at: Date,
    ): Promise<void> => {
      if (rows.length === 0) return
      const values = rows.map((row) => ({ ...row, createdAt: at, updatedAt: at }))
      await tx.insert(attachments).values(values).onConflictDoNothing()
    },
    titles: (on: Reader, { space }: InSpace) =>
      on.select({ id: lists.id, title: lists.title }).from(lists).where(eq(lists.spaceId, space.id)),
    titlesOf: async (on: Reader, accountIds: readonly number[]): Promise<Map<number, string[]>> => {
      const rows = await on
        .select({ accountId: attachments.accountId, title: lists.title })
        .from(attachments)
        .innerJoin(lists, eq(lists.id, attachments.contactsListId))
        .where(inArray(attachments.accountId, [...accountIds]))
        .orderBy(lists.id)
      const titles = Map.groupBy(rows, ({ accountId }) => accountId)
      return new Map([...titles].map(([id, found]) => [id, found.map(({ title }) => title)]))
    },
    detach: async (tx: Tx, accountId: number, listId: number): Promise<boolean> => {
      const gone = tx.delete(attachments).where(attachment(accountId, listId))
      return exists(gone.returning({ id: attachments.contactsListId }))
    },
  }
}

export type ContactsList = NonNullable<Awaited<ReturnType<ReturnType<typeof contactsListStore>['one']>>>
