import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import type { CallerKey } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { canonicalAddress, isInNetwork } from '../../protocols/ip-address.ts'
import type { Secrets } from '../../secrets.ts'
import { networksOf } from './rules.ts'
import { apiKeyStore } from './store.ts'

export const KEY_LENGTH = 40

/** How long uses wait in memory before they are written, together. */
export const FLUSH_EVERY_MS = 5000

interface Use {
  requests: number
  lastUsedAt: Date
  /** Of the client that used it then; of an account's own key nobody asks. */
  address: string | null
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
type KeyRefusal = 'unknown_key' | 'other_address' | 'idle' | 'ended' | 'other_network'

const MINUTE_MS = 60_000

/** API keys (behaviour/requests.md §5), stored as hashes. Uses are counted in memory, so a request writes nothing. */
export const apiKeys = (deps: { config: Config; db: Db; secrets: Secrets; now: () => Date }) => {
  const { config, db, secrets, now } = deps
  const store = apiKeyStore(db)
  const pending = new Map<number, Use>()
  const byKey = remembered(
    db,
    () => now().getTime(),
    async (key) => {
      const found = await store.byHash(secrets.hash(key))
      if (found === null) return null
      const { keyId: id, name, scope, networks, expiresAfterLastUsedMinutes: minutes } = found
      const named: CallerKey | null = minutes === null ? null : { id, name: name ?? '', scope }
      return { ...found, named, networks: networks === null ? null : networksOf(networks) }
    },
  )

  const isIdle = (minutes: number | null, lastUsedAt: Date, at: Date): boolean => {
    const limit = minutes ?? config.APP_API_KEY_EXPIRATION_MINUTES ?? 0
    return limit > 0 && lastUsedAt.getTime() + limit * MINUTE_MS < at.getTime()
  }

  /** Uses stay pending until they are stored: in between, a key would look as idle as it was before them. */
  const write = async () => {
    if (pending.size === 0) return
    const uses = [...pending].map(([keyId, use]) => ({ keyId, ...use }))
    await db.transaction(async (tx) => {
      for (const { keyId, requests, lastUsedAt, address } of uses) {
        await store.addUse(tx, keyId, requests, lastUsedAt, address)
      }
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
     * The account of a key that is alive and allowed from the address of the visit. Counts the use. What is dead is said
     * to be dead wherever it comes from. The address is asked for only where it matters, by keys that are bound to one
     * and by named ones: finding it out costs a call into the system.
     */
    use: async (key: string, visit: Pick<Visit, 'address'>) => {
      const found = await byKey(key)
      if (found === null) return 'unknown_key' satisfies KeyRefusal
      const { ip, named, networks, expireAt } = found
      if (ip !== null && (canonicalAddress(ip) ?? ip) !== visit.address) return 'other_address' satisfies KeyRefusal
      const at = now()
      const use = pending.get(found.keyId)
      const lastUsedAt = use?.lastUsedAt ?? found.lastUsedAt
      if (isIdle(found.expiresAfterLastUsedMinutes, lastUsedAt, at)) return 'idle' satisfies KeyRefusal
      if (expireAt !== null && expireAt <= at) return 'ended' satisfies KeyRefusal
      if (networks !== null && !networks.some((network) => isInNetwork(network, visit.address)))
        return 'other_network' satisfies KeyRefusal
      const address = named === null ? null : visit.address
      if (use === undefined) pending.set(found.keyId, { requests: 1, lastUsedAt: at, address })
      else {
        use.requests += 1
        use.lastUsedAt = at
        use.address = address
      }
      return found
    },
    /** What is counted of a key and not written yet. */
    unwritten: (keyId: number): Readonly<Use> | undefined => pending.get(keyId),
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
      const expiresAt = minutes > 0 ? new Date(lastUsedAt.getTime() + minutes * MINUTE_MS) : null
      if (expiresAt !== null && expiresAt < now()) return null
      return { ip, createdAt, lastUsedAt, expiresAt, requests: found.requests + (use?.requests ?? 0) }
    },
    /** The account's own key stops working; named ones stay. */
    revoke: (tx: Tx, accountId: number) => store.deleteOwn(tx, accountId),
    /** All named keys of the account stop working. */
    revokeNamed: (tx: Tx, accountId: number) => store.deleteNamed(tx, accountId),
    /** Writes the collected uses; every few seconds and at shutdown. */
    flush,
  }
}

export type ApiKeys = ReturnType<typeof apiKeys>
