import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import type { Visit } from '../../nouns/visit.ts'
import { canonicalAddress } from '../../protocols/ip-address.ts'
import type { Secrets } from '../../secrets.ts'
import { apiKeyStore } from './store.ts'

const KEY_LENGTH = 40

/** How long uses wait in memory before they are written, together. */
export const FLUSH_EVERY_MS = 5000

interface Use {
  requests: number
  lastUsedAt: Date
}

/** The one key of an account that nobody named. */
export interface OwnKey {
  /** Where it works from; null: anywhere. */
  readonly ip: string | null
  readonly requests: number
  readonly createdAt: Date
  readonly lastUsedAt: Date
  /** When it stops working unless it is used; null: never. */
  readonly expiresAt: Date | null
}

/** Why a key does not open the door. */
type KeyRefusal = 'unknown_key' | 'other_address' | 'idle'

/** API keys (behaviour/requests.md §5), stored as hashes. Uses are counted in memory, so a request writes nothing. */
export const apiKeys = (deps: { config: Config; db: Db; secrets: Secrets; now: () => Date }) => {
  const { config, db, secrets, now } = deps
  const store = apiKeyStore(db)
  const pending = new Map<number, Use>()
  const byKey = remembered(
    db,
    () => now().getTime(),
    (key) => store.byHash(secrets.hash(key)),
  )

  /** Uses stay pending until they are stored: in between, a key would look as idle as it was before them. */
  const write = async () => {
    if (pending.size === 0) return
    const uses = [...pending].map(([keyId, use]) => ({ keyId, ...use }))
    await db.transaction(async (tx) => {
      for (const { keyId, requests, lastUsedAt } of uses) await store.addUse(tx, keyId, requests, lastUsedAt)
    })
    for (const { keyId, requests } of uses) {
      const use = pending.get(keyId)
      if (use === undefined) continue
      use.requests -= requests
      if (use.requests === 0) pending.delete(keyId)
    }
  }

  /** One round after the other, so that nothing is counted twice. */
  let rounds: Promise<void> = Promise.resolve()
  const flush = (): Promise<void> => {
    rounds = rounds.then(write, write)
    return rounds
  }

  return {
    /**
     * The account of a key that is alive and allowed from the address of the visit. Counts the use. The address is asked
     * for only by keys that are bound to one: finding it out costs a call into the system.
     */
    use: async (key: string, visit: Pick<Visit, 'address'>) => {
      const found = await byKey(key)
      if (found === null) return 'unknown_key' satisfies KeyRefusal
      if (found.ip !== null && (canonicalAddress(found.ip) ?? found.ip) !== visit.address)
        return 'other_address' satisfies KeyRefusal
      const at = now()
      const use = pending.get(found.keyId)
      const lastUsedAt = use?.lastUsedAt ?? found.lastUsedAt
      const idleMinutes = found.expiresAfterLastUsedMinutes ?? config.APP_API_KEY_EXPIRATION_MINUTES ?? 0
      if (idleMinutes > 0 && lastUsedAt.getTime() + idleMinutes * 60_000 < at.getTime())
        return 'idle' satisfies KeyRefusal
      if (use === undefined) pending.set(found.keyId, { requests: 1, lastUsedAt: at })
      else {
        use.requests += 1
        use.lastUsedAt = at
      }
      return found
    },
    /**
     * Replaces the account's own key and returns the new one, which is shown this once. `address` null: from anywhere.
     * `key` present: that one, for tests of clients.
     */
    regenerate: async (
      tx: Tx,
      accountId: number,
      address: string | null,
      key = secrets.token(KEY_LENGTH),
    ): Promise<string> => {
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
    /**
     * What is known of the account's own key, but never the key; null: it has none, or one that is idle for too long.
     */
    own: async (accountId: number): Promise<OwnKey | null> => {
      const found = await store.own(db.read, accountId)
      if (found === null) return null
      const use = pending.get(found.keyId)
      const { ip, createdAt } = found
      const lastUsedAt = use?.lastUsedAt ?? found.lastUsedAt
      const minutes = config.APP_API_KEY_EXPIRATION_MINUTES ?? 0
      const expiresAt = minutes > 0 ? new Date(lastUsedAt.getTime() + minutes * 60_000) : null
      if (expiresAt !== null && expiresAt < now()) return null
      return { ip, createdAt, lastUsedAt, expiresAt, requests: found.requests + (use?.requests ?? 0) }
    },
    /** The account's own key stops working; those that administrators made stay. */
    revoke: (tx: Tx, accountId: number) => store.deleteOwn(tx, accountId),
    /** Writes the collected uses; every few seconds and at shutdown. */
    flush,
  }
}

export type ApiKeys = ReturnType<typeof apiKeys>
