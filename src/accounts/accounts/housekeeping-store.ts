import { and, count, eq, gt, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { only } from '../../db/rows.ts'
import type { Stretch } from '../../db/stretch.ts'
import { type Outlived, within } from '../../db/sweep.ts'

interface OldAccounts {
  readonly until: Date
  readonly confirmed: boolean
  readonly domain: string | null
}

/** Since when a kind of token or code is of no use, if nobody used it; null: it never expires. */
export interface TokenAges {
  /** Whatever was used before this goes. */
  readonly usedUntil: Date
  readonly provisioning: Date | null
  readonly request: Date
  readonly creation: Date
  readonly recovery: Date
  readonly auth: Date
  readonly reset: Date
  readonly phoneCode: Date
  readonly emailCode: Date
  /** An e-mail address that was changed before cannot be brought back. */
  readonly emailUndo: Date
  readonly recoveryCode: Date
}

/** Named API keys that open nothing any more. */
interface DeadKeys {
  /** They have ended before it. */
  readonly endedUntil: Date
  /** Whether a key outlived the minutes that it may be idle; 0 is for ever. */
  isIdle(minutes: number, lastUsedAt: Date): boolean
}

const HOUR_MS = 3_600_000

/** Rows that are no longer needed, for `db/sweep.ts`, which counts and deletes them. */
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
    resetPasswordEmailTokens: resets,
    phoneChangeCodes: phoneCodes,
    emailChangeCodes: emailCodes,
    recoveryCodes,
    sessions,
    wizards,
  } = db.tables
  /** Used up, or too old, before that. */
  const oldWizards = (until: Date) => or(lt(wizards.usedAt, until), lt(wizards.expiresAt, until))

  return {
    keys: apiKeys,
    tombstones: (until: Date): Outlived => ({ table: tombstones, condition: lt(tombstones.createdAt, until) }),
    /** One that somebody has changed lately, or that an administrator has switched off, is not forgotten. */
    accounts: ({ until, confirmed, domain }: OldAccounts): Outlived => ({
      table: accounts,
      condition: and(
        lt(accounts.createdAt, until),
        eq(accounts.admin, false),
        confirmed
          ? undefined
          : and(eq(accounts.activated, false), eq(accounts.switchedOff, false), lt(accounts.updatedAt, until)),
        domain === null ? undefined : eq(accounts.domain, domain),
      ),
    }),
    /** Those of the stretch: they stay as they are until the transaction ends. */
    holdAccounts: (tx: Tx, stretch: Stretch, { condition }: Outlived) =>
      tx
        .update(accounts)
        .set({ updatedAt: sql`${accounts.updatedAt}` })
        .where(and(within(accounts, stretch), condition))
        .returning({ id: accounts.id, username: accounts.username, domain: accounts.domain }),
    deleteAccounts: (tx: Tx, ids: readonly number[]) => tx.delete(accounts).where(inArray(accounts.id, [...ids])),
    /** Named keys of the stretch that died of their own limits, with their owners. */
    deadKeys: async (tx: Tx, stretch: Stretch, { endedUntil, isIdle }: DeadKeys) => {
      const limited = await tx
        .select({
          keyId: apiKeys.id,
          lastUsedAt: apiKeys.lastUsedAt,
          minutes: apiKeys.expiresAfterLastUsedMinutes,
          expireAt: apiKeys.expireAt,
          id: accounts.id,
          username: accounts.username,
          domain: accounts.domain,
        })
        .from(apiKeys)
        .innerJoin(accounts, eq(accounts.id, apiKeys.accountId))
        .where(
          and(
            within(apiKeys, stretch),
            or(gt(apiKeys.expiresAfterLastUsedMinutes, 0), lt(apiKeys.expireAt, endedUntil)),
          ),
        )
      const hasEnded = (end: Date | null) => end !== null && end < endedUntil
      return limited.filter((key) => hasEnded(key.expireAt) || isIdle(key.minutes ?? 0, key.lastUsedAt))
    },
    /** Those of the ids that nobody else has deleted. */
    deleteKeys: async (tx: Tx, ids: readonly number[]): Promise<number[]> => {
      const deleted = await tx
        .delete(apiKeys)
        .where(inArray(apiKeys.id, [...ids]))
        .returning({ id: apiKeys.id })
      return deleted.map(({ id }) => id)
    },
    /** Accounts' own keys of the stretch that were not used since then. */
    deleteIdleOwnKeys: async (tx: Tx, stretch: Stretch, since: Date): Promise<number> => {
      const isIdle = and(isNull(apiKeys.expiresAfterLastUsedMinutes), lt(apiKeys.lastUsedAt, since))
      const deleted = await tx
        .delete(apiKeys)
        .where(and(within(apiKeys, stretch), isIdle))
        .returning({ id: apiKeys.id })
      return deleted.length
    },
    deleteNonces: async (tx: Tx, now: Date, most: number) => {
      // An hour of grace: clocks of several machines differ, and a forgotten count must never be accepted again.
      const until = new Date(now.getTime() - HOUR_MS)
      const some = tx.select({ nonce: nonces.nonce }).from(nonces).where(lt(nonces.expiresAt, until)).limit(most)
      return (await tx.delete(nonces).where(inArray(nonces.nonce, some)).returning({ nonce: nonces.nonce })).length
    },
    deleteWizards: async (tx: Tx, until: Date, most: number) => {
      const some = tx.select({ token: wizards.token }).from(wizards).where(oldWizards(until)).limit(most)
      return (await tx.delete(wizards).where(inArray(wizards.token, some)).returning({ token: wizards.token })).length
    },
    countWizards: async (on: Reader, until: Date): Promise<number> =>
      (await only(on.select({ n: count() }).from(wizards).where(oldWizards(until)))).n,
    /** Every kind of token and code. Creation tokens with an account stay: they tell that it was validated. */
    tokens: (ages: TokenAges): readonly Outlived[] => {
      const used = (table: typeof provisioningTokens | typeof resets): SQL | undefined =>
        and(eq(table.used, true), lt(table.updatedAt, ages.usedUntil))
      return [
        {
          table: provisioningTokens,
          condition: or(
            used(provisioningTokens),
            ages.provisioning === null ? undefined : lt(provisioningTokens.createdAt, ages.provisioning),
          ),
        },
        { table: requests, condition: lt(requests.createdAt, ages.request) },
        { table: creation, condition: and(isNull(creation.accountId), lt(creation.createdAt, ages.creation)) },
        { table: recovery, condition: lt(recovery.createdAt, ages.recovery) },
        { table: authTokens, condition: lt(authTokens.createdAt, ages.auth) },
        { table: resets, condition: or(used(resets), lt(resets.createdAt, ages.reset)) },
        { table: phoneCodes, condition: lt(phoneCodes.createdAt, ages.phoneCode) },
        {
          table: emailCodes,
          condition: and(
            lt(emailCodes.createdAt, ages.emailCode),
            or(isNull(emailCodes.undoHash), lt(emailCodes.updatedAt, ages.emailUndo)),
          ),
        },
        { table: recoveryCodes, condition: lt(recoveryCodes.createdAt, ages.recoveryCode) },
      ]
    },
    sessions: (now: Date, idleSince: Date): Outlived => ({
      table: sessions,
      condition: or(lt(sessions.expiresAt, now), lt(sessions.lastUsedAt, idleSince)),
    }),
  }
}
