import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { accountHousekeepingStore } from './housekeeping-store.ts'

/** Rows that one transaction deletes. */
const BATCH = 500

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** What accumulates and is cleared by age (spec data.md §4). Every step counts first; `apply` then deletes. */
export const accountHousekeeping = (deps: { config: Config; db: Db; now: () => Date }) => {
  const { config, db, now } = deps
  const store = accountHousekeepingStore(db)
  const before = (ms: number) => new Date(now().getTime() - ms)

  const clear = async (step: (most: number) => Promise<number>): Promise<number> => {
    let total = 0
    for (;;) {
      const removed = await step(BATCH)
      total += removed
      if (removed < BATCH) return total
      await Bun.sleep(0)
    }
  }

  return {
    /** Reserved names become free. */
    tombstones: (days: number, apply: boolean) => {
      const until = before(days * DAY_MS)
      return apply
        ? clear((most) => db.transaction((tx) => store.deleteTombstones(tx, until, most)))
        : store.countTombstones(db.read, until)
    },
    /** Accounts nobody activated; with `confirmed` any account that old. Administrators stay. */
    unconfirmed: (days: number, options: { apply: boolean; confirmed: boolean; domain: string | null }) => {
      const old = { until: before(days * DAY_MS), confirmed: options.confirmed, domain: options.domain }
      return options.apply
        ? clear((most) => db.transaction((tx) => store.deleteAccounts(tx, old, most)))
        : store.countAccounts(db.read, old)
    },
    /** Accounts' own keys unused for so long; keys that administrators made by their own limit. null: nothing. */
    apiKeys: async (minutes: number | null): Promise<number> => {
      if (minutes === null || minutes === 0) return 0
      const unusedSince = before(minutes * MINUTE_MS)
      let total = await clear((most) => db.transaction((tx) => store.deleteUnusedKeys(tx, unusedSince, most)))
      for (let after: number | null = 0; after !== null; ) {
        const from: number = after
        const page = await db.transaction((tx) => store.deleteOutlivedKeys(tx, from, now(), BATCH))
        total += page.removed
        after = page.last
      }
      return total
    },
    /** Spent digest counts whose nonces have expired; PostgreSQL only, nothing elsewhere. */
    nonces: () => clear((most) => db.transaction((tx) => store.deleteNonces(tx, now(), most))),
    /** Tokens of every kind that were used, or went unused, so long ago; those that mark an account as validated stay. */
    tokens: async (days: number, apply: boolean): Promise<number> => {
      const until = before(days * DAY_MS)
      const lifetime = config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES
      const provisionedUntil = lifetime === null ? null : new Date(until.getTime() - lifetime * MINUTE_MS)
      const old = { until, provisionedUntil }
      if (!apply) return store.countTokens(db.read, old)
      let total = 0
      for (const step of store.tokenSteps(old)) total += await clear((most) => db.transaction((tx) => step(tx, most)))
      return total
    },
  }
}

export type AccountHousekeeping = ReturnType<typeof accountHousekeeping>
