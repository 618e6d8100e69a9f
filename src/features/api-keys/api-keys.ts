import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import type { Secrets } from '../../secrets.ts'
import { apiKeyStore } from './store.ts'

const KEY_LENGTH = 40

/** How long uses wait in memory before they are written, together. */
export const FLUSH_EVERY_MS = 5000

interface Use {
  requests: number
  lastUsedAt: Date
}

/** API keys (spec auth.md §5): stored as hashes; their use is counted in memory, so a request writes nothing. */
export const apiKeys = (deps: { config: Config; db: Db; secrets: Secrets; now: () => Date }) => {
  const { config, db, secrets, now } = deps
  const store = apiKeyStore(db)
  const pending = new Map<number, Use>()
  const byKey = remembered(
    db,
    () => now().getTime(),
    (key) => store.byHash(secrets.hash(key)),
  )

  const flush = async () => {
    if (pending.size === 0) return
    const uses = [...pending]
    pending.clear()
    try {
      await db.transaction(async (tx) => {
        for (const [keyId, { requests, lastUsedAt }] of uses) await store.addUse(tx, keyId, requests, lastUsedAt)
      })
    } catch (error) {
      // Keep them for the next round.
      for (const [keyId, use] of uses) {
        const newer = pending.get(keyId)
        pending.set(keyId, {
          requests: use.requests + (newer?.requests ?? 0),
          lastUsedAt: newer?.lastUsedAt ?? use.lastUsedAt,
        })
      }
      throw error
    }
  }

  return {
    /** The account of a key that is alive and allowed from this address, or null. Counts the use. */
    use: async (key: string, address: string) => {
      const found = await byKey(key)
      if (found === null || (found.ip !== null && found.ip !== address)) return null
      const at = now()
      const use = pending.get(found.keyId)
      const lastUsedAt = use?.lastUsedAt ?? found.lastUsedAt
      const idleMinutes = found.expiresAfterLastUsedMinutes ?? config.APP_API_KEY_EXPIRATION_MINUTES ?? 0
      if (idleMinutes > 0 && lastUsedAt.getTime() + idleMinutes * 60_000 < at.getTime()) return null
      if (use === undefined) pending.set(found.keyId, { requests: 1, lastUsedAt: at })
      else {
        use.requests += 1
        use.lastUsedAt = at
      }
      return found
    },
    /** Replaces the account's own key and returns the new one, which is shown this once. `address` null: from anywhere. */
    regenerate: async (tx: Tx, accountId: number, address: string | null): Promise<string> => {
      const key = secrets.token(KEY_LENGTH)
      const at = now()
      await store.deleteOwn(tx, accountId)
      await store.insert(tx, {
        accountId,
        key: secrets.hash(key),
        ip: address,
        lastUsedAt: at,
        createdAt: at,
        updatedAt: at,
      })
      return key
    },
    /** Writes the collected uses; every few seconds and at shutdown. */
    flush,
  }
}

export type ApiKeys = ReturnType<typeof apiKeys>
