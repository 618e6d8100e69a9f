import { and, asc, eq, gt, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'

interface OldAccounts {
  readonly until: Date
  readonly confirmed: boolean
  readonly domain: string | null
}

interface OldTokens {
  readonly until: Date
  /** Provisioning tokens from before have expired as long ago, used or not; null: they never expire. */
  readonly provisionedUntil: Date | null
}

const HOUR_MS = 3_600_000

export const accountHousekeepingStore = (db: Db) => {
  const {
    accounts,
    accountsTombstones: tombstones,
    apiKeys,
    nonces,
    provisioningTokens,
    accountCreationTokens: creation,
    accountCreationRequestTokens: requests,
    accountRecoveryTokens: recovery,
    authTokens,
  } = db.tables
  const counted = { n: sql<number>`count(*)`.mapWith(Number) }

  const oldAccounts = ({ until, confirmed, domain }: OldAccounts) =>
    and(
      lt(accounts.createdAt, until),
      eq(accounts.admin, false),
      confirmed ? undefined : eq(accounts.activated, false),
      domain === null ? undefined : eq(accounts.domain, domain),
    )

  type TokenTable = typeof provisioningTokens | typeof requests | typeof creation | typeof recovery | typeof authTokens

  /** Every kind of token with what makes one of its rows useless. Creation tokens with an account tell how it began. */
  const useless = ({ until, provisionedUntil }: OldTokens): readonly (readonly [TokenTable, SQL | undefined])[] => [
    [
      provisioningTokens,
      or(
        and(eq(provisioningTokens.used, true), lt(provisioningTokens.updatedAt, until)),
        provisionedUntil === null ? undefined : lt(provisioningTokens.createdAt, provisionedUntil),
      ),
    ],
    [requests, lt(requests.createdAt, until)],
    [creation, and(isNull(creation.accountId), lt(creation.createdAt, until))],
    [recovery, lt(recovery.createdAt, until)],
    [authTokens, lt(authTokens.createdAt, until)],
  ]

  return {
    countTombstones: async (on: Reader, until: Date) =>
      (await on.select(counted).from(tombstones).where(lt(tombstones.createdAt, until)))[0]?.n ?? 0,
    deleteTombstones: async (tx: Tx, until: Date, most: number) => {
      const some = tx.select({ id: tombstones.id }).from(tombstones).where(lt(tombstones.createdAt, until)).limit(most)
      return (await tx.delete(tombstones).where(inArray(tombstones.id, some)).returning({ id: tombstones.id })).length
    },
    countAccounts: async (on: Reader, old: OldAccounts) =>
      (await on.select(counted).from(accounts).where(oldAccounts(old)))[0]?.n ?? 0,
    deleteAccounts: async (tx: Tx, old: OldAccounts, most: number) => {
      const some = tx.select({ id: accounts.id }).from(accounts).where(oldAccounts(old)).limit(most)
      // Once more: one that was activated meanwhile stays.
      const condition = and(inArray(accounts.id, some), oldAccounts(old))
      return (await tx.delete(accounts).where(condition).returning({ id: accounts.id })).length
    },
    deleteUnusedKeys: async (tx: Tx, unusedSince: Date, most: number) => {
      const unused = and(isNull(apiKeys.expiresAfterLastUsedMinutes), lt(apiKeys.lastUsedAt, unusedSince))
      const some = tx.select({ id: apiKeys.id }).from(apiKeys).where(unused).limit(most)
      const condition = and(inArray(apiKeys.id, some), unused)
      return (await tx.delete(apiKeys).where(condition).returning({ id: apiKeys.id })).length
    },
    /** Looks at up to `most` keys with a limit of their own, by id from `after` on; `last` is null at the end. */
    deleteOutlivedKeys: async (tx: Tx, after: number, now: Date, most: number) => {
      const limited = await tx
        .select({ id: apiKeys.id, lastUsedAt: apiKeys.lastUsedAt, minutes: apiKeys.expiresAfterLastUsedMinutes })
        .from(apiKeys)
        .where(and(gt(apiKeys.expiresAfterLastUsedMinutes, 0), gt(apiKeys.id, after)))
        .orderBy(asc(apiKeys.id))
        .limit(most)
      const ids = limited
        .filter(({ lastUsedAt, minutes }) => lastUsedAt.getTime() + (minutes ?? 0) * 60_000 < now.getTime())
        .map(({ id }) => id)
      const removed =
        ids.length === 0
          ? 0
          : (await tx.delete(apiKeys).where(inArray(apiKeys.id, ids)).returning({ id: apiKeys.id })).length
      return { removed, last: limited.length < most ? null : (limited.at(-1)?.id ?? null) }
    },
    deleteNonces: async (tx: Tx, now: Date, most: number) => {
      // An hour of grace: clocks of several machines differ, and a forgotten count must never be accepted again.
      const until = new Date(now.getTime() - HOUR_MS)
      const some = tx.select({ nonce: nonces.nonce }).from(nonces).where(lt(nonces.expiresAt, until)).limit(most)
      return (await tx.delete(nonces).where(inArray(nonces.nonce, some)).returning({ nonce: nonces.nonce })).length
    },
    countTokens: async (on: Reader, old: OldTokens) => {
      let total = 0
      for (const [table, condition] of useless(old)) {
        total += (await on.select(counted).from(table).where(condition))[0]?.n ?? 0
      }
      return total
    },
    /** One step for each kind of token: deletes up to `most` rows, and says how many. */
    tokenSteps: (old: OldTokens) =>
      useless(old).map(([table, condition]) => async (tx: Tx, most: number): Promise<number> => {
        const some = tx.select({ id: table.id }).from(table).where(condition).limit(most)
        const which = and(inArray(table.id, some), condition)
        return (await tx.delete(table).where(which).returning({ id: table.id })).length
      }),
  }
}
