import { and, eq, gt, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'

interface OldAccounts {
  readonly until: Date
  readonly confirmed: boolean
  readonly domain: string | null
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

  /** Every kind of token with what makes one of its rows useless. */
  const useless = (until: Date) =>
    [
      [provisioningTokens, and(eq(provisioningTokens.used, true), lt(provisioningTokens.updatedAt, until))],
      [requests, lt(requests.createdAt, until)],
      [creation, and(isNull(creation.accountId), lt(creation.createdAt, until))],
      [recovery, lt(recovery.createdAt, until)],
      [authTokens, lt(authTokens.createdAt, until)],
    ] as const

  const deleteSome = async (
    tx: Tx,
    table: typeof provisioningTokens | typeof requests | typeof creation | typeof recovery | typeof authTokens,
    condition: SQL | undefined,
    most: number,
  ) => {
    const some = await tx.select({ id: table.id }).from(table).where(condition).limit(most)
    if (some.length === 0) return 0
    const ids = some.map(({ id }) => id)
    return (
      await tx
        .delete(table)
        .where(and(inArray(table.id, ids), condition))
        .returning({ id: table.id })
    ).length
  }

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
      return (await tx.delete(accounts).where(inArray(accounts.id, some)).returning({ id: accounts.id })).length
    },
    deleteApiKeys: async (tx: Tx, unusedSince: Date, now: Date, most: number) => {
      const own = await tx
        .select({ id: apiKeys.id })
        .from(apiKeys)
        .where(and(isNull(apiKeys.expiresAfterLastUsedMinutes), lt(apiKeys.lastUsedAt, unusedSince)))
        .limit(most)
      const made = await tx
        .select({ id: apiKeys.id, lastUsedAt: apiKeys.lastUsedAt, minutes: apiKeys.expiresAfterLastUsedMinutes })
        .from(apiKeys)
        .where(gt(apiKeys.expiresAfterLastUsedMinutes, 0))
        .limit(most)
      const dead = made.filter(
        ({ lastUsedAt, minutes }) => lastUsedAt.getTime() + (minutes ?? 0) * 60_000 < now.getTime(),
      )
      const ids = [...own, ...dead].slice(0, most).map(({ id }) => id)
      if (ids.length === 0) return 0
      return (await tx.delete(apiKeys).where(inArray(apiKeys.id, ids)).returning({ id: apiKeys.id })).length
    },
    deleteNonces: async (tx: Tx, now: Date, most: number) => {
      // An hour of grace: clocks of several machines differ, and a forgotten count must never be accepted again.
      const until = new Date(now.getTime() - HOUR_MS)
      const some = tx.select({ nonce: nonces.nonce }).from(nonces).where(lt(nonces.expiresAt, until)).limit(most)
      return (await tx.delete(nonces).where(inArray(nonces.nonce, some)).returning({ nonce: nonces.nonce })).length
    },
    countTokens: async (on: Reader, until: Date) => {
      let total = 0
      for (const [table, condition] of useless(until)) {
        total += (await on.select(counted).from(table).where(condition))[0]?.n ?? 0
      }
      return total
    },
    deleteTokens: async (tx: Tx, until: Date, most: number) => {
      for (const [table, condition] of useless(until)) {
        const removed = await deleteSome(tx, table, condition, most)
        // One table a transaction: the caller comes back until a short batch says that nothing is left.
        if (removed > 0) return most
      }
      return 0
    },
  }
}
