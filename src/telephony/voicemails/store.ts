import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Stretch } from '../../db/stretch.ts'
import { countOutlived, type Outlived, type Pace, walk, within } from '../../db/sweep.ts'

type Row = Db['tables']['voicemails']['$inferSelect']

/** A voicemail that belongs to somebody; without a name it is a slot that waits for its file. */
export type Voicemail = Row & { readonly accountId: number }

type NewVoicemail = Pick<Row, 'uuid' | 'contentType' | 'sipFrom'> & {
  readonly accountId: number
  readonly spaceId: number
}

/** What is known of a voicemail once its file is there. */
export type Filling = Pick<Row, 'size' | 'durationSeconds'> & { readonly name: string; readonly storedAs: string }

/** To whom a voicemail belongs, as of now. */
export interface Owner {
  readonly accountId: number
  readonly username: string
  readonly domain: string
  readonly email: string | null
  readonly locale: 'en' | 'fr' | null
}

export const voicemailStore = (db: Db) => {
  const { voicemails, accounts, spaces } = db.tables
  const owned = (row: Row | null): Voicemail | null =>
    row === null || row.accountId === null ? null : { ...row, accountId: row.accountId }

  /** Those that were left before the one instant, and slots that have waited since the other; null: none of either. */
  const outlived = (left: Date | null, waiting: Date): SQL | undefined =>
    and(
      isNotNull(voicemails.accountId),
      or(
        left === null ? undefined : lt(voicemails.uploadedAt, left),
        and(isNull(voicemails.storedAs), lt(voicemails.createdAt, waiting)),
      ),
    )

  const owner = {
    accountId: accounts.id,
    username: accounts.username,
    domain: accounts.domain,
    email: accounts.email,
    locale: accounts.locale,
  }

  return {
    insert: (tx: Tx, row: NewVoicemail, at: Date): Promise<Row> =>
      only(
        tx
          .insert(voicemails)
          .values({ ...row, createdAt: at, updatedAt: at })
          .returning(),
      ),
    /** The newest first, from the one below `before` on; null: from the newest on. */
    ofAccount: async (on: Reader, accountId: number, before: number | null, most: number): Promise<Voicemail[]> => {
      const older = before === null ? undefined : lt(voicemails.id, before)
      const all = and(eq(voicemails.accountId, accountId), older)
      const found = await on.select().from(voicemails).where(all).orderBy(desc(voicemails.id)).limit(most)
      return found.flatMap((row) => owned(row) ?? [])
    },
    /** Those that have a file, the newest first. */
    filled: async (on: Reader, accountId: number, skip: number, most: number): Promise<Voicemail[]> => {
      const all = and(eq(voicemails.accountId, accountId), isNotNull(voicemails.name))
      const found = await on.select().from(voicemails).where(all).orderBy(desc(voicemails.id)).limit(most).offset(skip)
      return found.flatMap((row) => owned(row) ?? [])
    },
    countFilled: async (on: Reader, accountId: number): Promise<number> =>
      (
        await only(
          on
            .select({ n: count() })
            .from(voicemails)
            .where(and(eq(voicemails.accountId, accountId), isNotNull(voicemails.name))),
        )
      ).n,
    byUuid: async (on: Reader, accountId: number, uuid: string): Promise<Voicemail | null> =>
      owned(
        await first(
          on
            .select()
            .from(voicemails)
            .where(and(eq(voicemails.uuid, uuid), eq(voicemails.accountId, accountId))),
        ),
      ),
    /** Of any account, with whom it belongs to; null also for one that is deleted. */
    withOwner: async (on: Reader, uuid: string): Promise<{ voicemail: Voicemail; owner: Owner } | null> => {
      const found = await first(
        on
          .select({ voicemail: voicemails, owner })
          .from(voicemails)
          .innerJoin(accounts, eq(accounts.id, voicemails.accountId))
          .where(eq(voicemails.uuid, uuid)),
      )
      const voicemail = found === null ? null : owned(found.voicemail)
      return found === null || voicemail === null ? null : { voicemail, owner: found.owner }
    },
    /** How many slots of the account wait for a file. */
    waiting: async (on: Reader, accountId: number): Promise<number> =>
      (
        await only(
          on
            .select({ n: count() })
            .from(voicemails)
            .where(and(eq(voicemails.accountId, accountId), isNull(voicemails.storedAs))),
        )
      ).n,
    /** What all voicemails of a Space take, those included that are deleted and whose bytes are still there. */
    bytesOf: async (on: Reader, spaceId: number): Promise<number> =>
      (
        await only(
          on
            .select({ n: sql<number>`coalesce(sum(${voicemails.size}), 0)`.mapWith(Number) })
            .from(voicemails)
            .where(eq(voicemails.spaceId, spaceId)),
        )
      ).n,
    /** What the Space may have now; 0: as much as you like. */
    mostBytes: async (on: Reader, spaceId: number): Promise<number> =>
      (await first(on.select({ most: spaces.maxVoicemailBytes }).from(spaces).where(eq(spaces.id, spaceId))))?.most ??
      0,
    /** Keeps others from adding to what the Space has until the transaction ends. */
    holdSpace: (tx: Tx, spaceId: number) =>
      tx
        .update(spaces)
        .set({ maxVoicemailBytes: sql`${spaces.maxVoicemailBytes}` })
        .where(eq(spaces.id, spaceId)),
    /** False: it is filled already, or deleted. Of two that fill it at once one does. */
    fill: (tx: Tx, id: number, filling: Filling, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(voicemails)
          .set({ ...filling, uploadedAt: at, updatedAt: at })
          .where(and(eq(voicemails.id, id), isNull(voicemails.storedAs), isNotNull(voicemails.accountId)))
          .returning({ id: voicemails.id }),
      ),
    setMailed: (tx: Tx, id: number, at: Date) =>
      tx.update(voicemails).set({ mailedAt: at }).where(eq(voicemails.id, id)),
    /** Takes it away from its account; null: it has none of that id. */
    disown: (tx: Tx, accountId: number, uuid: string, at: Date): Promise<{ id: number } | null> =>
      first(
        tx
          .update(voicemails)
          .set({ accountId: null, updatedAt: at })
          .where(and(eq(voicemails.uuid, uuid), eq(voicemails.accountId, accountId)))
          .returning({ id: voicemails.id }),
      ),
    /** The same for all that have had their day. */
    disownOutlived: (left: Date | null, waiting: Date, at: Date, pace: Pace): Promise<number> =>
      walk(
        db,
        voicemails,
        async (tx, stretch: Stretch) =>
          (
            await tx
              .update(voicemails)
              .set({ accountId: null, updatedAt: at })
              .where(and(within(voicemails, stretch), outlived(left, waiting)))
              .returning({ id: voicemails.id })
          ).length,
        pace,
      ),
    countOutlived: (left: Date | null, waiting: Date): Promise<number> => {
      const old: Outlived = { table: voicemails, condition: outlived(left, waiting) }
      return countOutlived(db, old)
    },
    /** What belongs to nobody, after that id. */
    disowned: (on: Reader, after: number, most: number): Promise<{ id: number; storedAs: string | null }[]> =>
      on
        .select({ id: voicemails.id, storedAs: voicemails.storedAs })
        .from(voicemails)
        .where(and(isNull(voicemails.accountId), gt(voicemails.id, after)))
        .orderBy(asc(voicemails.id))
        .limit(most),
    disownedOne: (on: Reader, id: number) =>
      first(
        on
          .select({ id: voicemails.id, storedAs: voicemails.storedAs })
          .from(voicemails)
          .where(and(isNull(voicemails.accountId), eq(voicemails.id, id))),
      ),
    /** Once its bytes are gone. */
    remove: (tx: Tx, id: number) =>
      tx.delete(voicemails).where(and(eq(voicemails.id, id), isNull(voicemails.accountId))),
    /** Which of these keys a row names. */
    knownKeys: async (on: Reader, keys: readonly string[]): Promise<ReadonlySet<string>> => {
      const found = await on
        .select({ storedAs: voicemails.storedAs })
        .from(voicemails)
        .where(inArray(voicemails.storedAs, [...keys]))
      return new Set(found.flatMap(({ storedAs }) => storedAs ?? []))
    },
    /** Voicemails that no mail was written about, of accounts that can get one, after that id. */
    unmailed: async (on: Reader, after: number, most: number) => {
      const rows = await on
        .select({ voicemail: voicemails, owner })
        .from(voicemails)
        .innerJoin(accounts, eq(accounts.id, voicemails.accountId))
        .where(
          and(
            gt(voicemails.id, after),
            isNotNull(voicemails.storedAs),
            isNull(voicemails.mailedAt),
            isNotNull(accounts.email),
          ),
        )
        .orderBy(asc(voicemails.id))
        .limit(most)
      return rows.flatMap(({ voicemail, owner }) => {
        const found = owned(voicemail)
        return found === null ? [] : [{ voicemail: found, owner }]
      })
    },
  }
}
