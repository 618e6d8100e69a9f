import { and, eq, gt, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

/** Where a push goes. Two requests come from one device when all three are equal. */
export interface Device {
  readonly pnProvider: string
  readonly pnParam: string
  readonly pnPrid: string
}

export type TokenKind = 'creation' | 'recovery'

export interface NewToken {
  readonly spaceId: number
  /** Hashed. */
  readonly token: string
  readonly ip: string
  readonly userAgent: string | null
}

/** A token that a device was sent. */
export interface Sent {
  readonly used: boolean
  readonly createdAt: Date
}

/** What makes a token one that an account was made with. */
interface Spent {
  readonly used: true
  readonly accountId: number
}

type SpaceId = Pick<Space, 'id'>

export const accountTokenStore = (db: Db) => {
  const {
    accounts,
    accountCreationTokens: creation,
    accountCreationRequestTokens: requests,
    accountRecoveryTokens: recovery,
    spaces,
  } = db.tables

  type SpaceColumn = typeof creation.spaceId | typeof requests.spaceId | typeof recovery.spaceId
  const ofSpace = (column: SpaceColumn, space: SpaceId): SQL | undefined => or(isNull(column), eq(column, space.id))

  const open = db.prepare(
    'open_creation_token',
    { token: creation.token, spaceId: spaces.id },
    (on, { token, spaceId }) =>
      on
        .select()
        .from(creation)
        .where(
          and(
            eq(creation.token, token),
            eq(creation.used, false),
            isNull(creation.accountId),
            or(isNull(creation.spaceId), eq(creation.spaceId, spaceId)),
          ),
        ),
  )
  const redeem = db.prepare(
    'redeem_creation_token',
    {
      id: creation.id,
      accountId: creation.accountId,
      at: creation.updatedAt,
      ip: creation.ip,
      userAgent: creation.userAgent,
    },
    (on, { id, at, ...by }) =>
      on
        .update(creation)
        .set({
          used: true,
          ...by,
          updatedAt: at,
        })
        .where(and(eq(creation.id, id), eq(creation.used, false), isNull(creation.accountId)))
        .returning({ id: creation.id }),
  )

  return {
    insertRequest: async (tx: Tx, row: NewToken, at: Date): Promise<number> => {
      const values = { ...row, createdAt: at, updatedAt: at }
      return (await only(tx.insert(requests).values(values).returning({ id: requests.id }))).id
    },
    /** A request token that was not exchanged yet, by its hash. */
    openRequest: (on: Reader, space: SpaceId, hash: string) =>
      first(
        on
          .select({ id: requests.id, validatedAt: requests.validatedAt, createdAt: requests.createdAt })
          .from(requests)
          .where(and(eq(requests.token, hash), eq(requests.used, false), ofSpace(requests.spaceId, space))),
      ),
    /** False: it was exchanged meanwhile. */
    validateRequest: (tx: Tx, id: number, at: Date) =>
      exists(
        tx
          .update(requests)
          .set({ validatedAt: at, updatedAt: at })
          .where(and(eq(requests.id, id), eq(requests.used, false)))
          .returning({ id: requests.id }),
      ),
    /** True for exactly one caller. */
    exchangeRequest: (tx: Tx, id: number, creationTokenId: number, at: Date) =>
      exists(
        tx
          .update(requests)
          .set({ used: true, accCreationTokenId: creationTokenId, updatedAt: at })
          .where(and(eq(requests.id, id), eq(requests.used, false), isNotNull(requests.validatedAt)))
          .returning({ id: requests.id }),
      ),

    insertCreation: async (tx: Tx, row: NewToken & Partial<Device> & Partial<Spent>, at: Date) =>
      (
        await only(
          tx
            .insert(creation)
            .values({ ...row, createdAt: at, updatedAt: at })
            .returning({ id: creation.id }),
        )
      ).id,
    insertRecovery: async (tx: Tx, row: NewToken & Device, at: Date) =>
      (
        await only(
          tx
            .insert(recovery)
            .values({ ...row, createdAt: at, updatedAt: at })
            .returning({ id: recovery.id }),
        )
      ).id,
    /** A recovery token that nobody has used, by its hash. */
    openRecovery: (on: Reader, space: SpaceId, hash: string) =>
      first(
        on
          .select({ id: recovery.id, createdAt: recovery.createdAt })
          .from(recovery)
          .where(and(eq(recovery.token, hash), eq(recovery.used, false), ofSpace(recovery.spaceId, space))),
      ),
    /** True for exactly one caller. */
    redeemRecovery: (tx: Tx, id: number, at: Date, by: { ip: string; userAgent: string | null }): Promise<boolean> =>
      exists(
        tx
          .update(recovery)
          .set({ used: true, updatedAt: at, ...by })
          .where(and(eq(recovery.id, id), eq(recovery.used, false)))
          .returning({ id: recovery.id }),
      ),
    /** Whose recovery a token that was spent for nobody served. */
    creditRecovery: (tx: Tx, space: SpaceId, hash: string, accountId: number) =>
      tx
        .update(recovery)
        .set({ accountId })
        .where(and(eq(recovery.token, hash), isNull(recovery.accountId), ofSpace(recovery.spaceId, space))),
    /** A creation token that nobody has used, by its hash. */
    openCreation: (on: Reader, space: SpaceId, hash: string) => first(open(on, { token: hash, spaceId: space.id })),
    /** True for exactly one caller; the account is "validated" from then on. `by`: what the token then says of its origin. */
    redeemCreation: (
      tx: Tx,
      id: number,
      accountId: number,
      at: Date,
      by: { ip: string | null; userAgent: string | null },
    ) => exists(redeem(tx, { id, accountId, at, ip: by.ip, userAgent: by.userAgent })),
    isValidated: (on: Reader, accountId: number) => {
      const redeemed = sql`exists (select 1 from ${creation} t where t.account_id = ${accounts.id} and t.used)`
      const isValid = or(eq(accounts.selfRegistered, false), redeemed)
      return exists(
        on
          .select({ id: accounts.id })
          .from(accounts)
          .where(and(eq(accounts.id, accountId), isValid)),
      )
    },

    /** Serialises what is decided about one device: nobody else reads its rows until the transaction ends. */
    holdSpace: (tx: Tx, space: SpaceId) =>
      tx
        .update(spaces)
        .set({ maxAccounts: sql`${spaces.maxAccounts}` })
        .where(eq(spaces.id, space.id)),
    /** The device's rows younger than `since`, oldest first. */
    ofDevice: (tx: Tx, kind: TokenKind, device: Device, since: Date) => {
      const table = kind === 'creation' ? creation : recovery
      return tx
        .select({ used: table.used, createdAt: table.createdAt })
        .from(table)
        .where(
          and(
            eq(table.pnProvider, device.pnProvider),
            eq(table.pnParam, device.pnParam),
            eq(table.pnPrid, device.pnPrid),
            gt(table.createdAt, since),
          ),
        )
        .orderBy(table.createdAt)
    },
    /** After a push that failed: the device's limit does not count it. */
    forget: (tx: Tx, kind: TokenKind, id: number) => {
      const table = kind === 'creation' ? creation : recovery
      return tx.delete(table).where(eq(table.id, id))
    },
  }
}
