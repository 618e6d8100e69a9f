import { timingSafeEqual } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import type { Random, Secrets } from '../../secrets.ts'
import { nonceStore } from './store.ts'

/** Whom a nonce is for. A nonce shown by anybody else is not ours. */
export interface Holder {
  readonly accountId: number
  readonly spaceId: number
  readonly address: string
}

export interface Nonce {
  readonly nonce: string
  readonly opaque: string
}

const DEFAULT_LIFETIME_MINUTES = 5

const TIME_BYTES = 6
const SEED_BYTES = 16
const MAC_BYTES = 16
const NONCE_LENGTH = 2 * (SEED_BYTES + MAC_BYTES)
const OPAQUE_LENGTH = 64

/** Spent counts that the in-memory table holds before the oldest nonces become stale. */
const MOST_SPENT = 100_000

/** Remembers the highest spent count of each nonce; what it had to forget is stale, never accepted again. */
export interface SpentCounts {
  /** Accepts `count` once per nonce, and only above every earlier one. */
  spend(nonce: string, count: number, issuedAt: number): boolean | Promise<boolean>
}

export const spentCountsInMemory = (most = MOST_SPENT): SpentCounts => {
  const highest = new Map<string, { count: number; issuedAt: number }>()
  let forgottenUntil = 0
  return {
    spend: (nonce, count, issuedAt) => {
      const known = highest.get(nonce)
      if (known !== undefined) {
        if (count <= known.count) return false
        known.count = count
        return true
      }
      if (issuedAt <= forgottenUntil) return false
      if (highest.size >= most) {
        for (const [oldest, entry] of highest) {
          // Whatever is dropped takes everything that old with it.
          forgottenUntil = Math.max(forgottenUntil, entry.issuedAt)
          highest.delete(oldest)
          if (highest.size < most * 0.9) break
        }
        if (issuedAt <= forgottenUntil) return false
      }
      // A copy: the nonce is a slice of its header, and would keep all of it in memory.
      highest.set(Buffer.from(nonce, 'latin1').toString('latin1'), { count, issuedAt })
      return true
    },
  }
}

/** On PostgreSQL several processes share the counts, in an UNLOGGED table. */
export const spentCountsInDatabase = (db: Db, lifetimeMs: number): SpentCounts => {
  const store = nonceStore(db)
  return { spend: (nonce, count, issuedAt) => store.spend(nonce, count, new Date(issuedAt + lifetimeMs)) }
}

/**
 * Nonces without a row (docs/adr/0002): time and randomness, signed together with the holder. The opaque value is
 * made of the same signature, so both are ours or neither is.
 */
export const nonces = (deps: { config: Config; db: Db; secrets: Secrets; random: Random; now: () => Date }) => {
  const { config, db, secrets, random } = deps
  const now = () => deps.now().getTime()
  const lifetimeMs = (config.DIGEST_NONCE_LIFETIME_MINUTES ?? DEFAULT_LIFETIME_MINUTES) * 60_000
  const inMemory = db.dialect === 'sqlite'
  const spent = inMemory ? spentCountsInMemory() : spentCountsInDatabase(db, lifetimeMs)
  // Counts that live in this process die with it, and so must its nonces.
  const key = Buffer.concat([secrets.keyFor('digest nonces'), inMemory ? random(32) : new Uint8Array()])
  // Copying a keyed hasher costs a third of making one.
  const keyed = new Bun.CryptoHasher('sha256', key)
  const sign = (seed: string, { accountId, spaceId, address }: Holder): Nonce => {
    const mac = keyed.copy().update(`${seed} ${accountId} ${spaceId} ${address}`).digest('hex')
    // The nonce shows half of the signature, so nobody else can compute the hash of the whole.
    return { nonce: seed + mac.slice(0, 2 * MAC_BYTES), opaque: Bun.SHA256.hash(mac, 'hex') }
  }

  return {
    issue: (holder: Holder): Nonce => {
      const seed = Buffer.allocUnsafe(SEED_BYTES)
      seed.writeUIntBE(now(), 0, TIME_BYTES)
      seed.set(random(SEED_BYTES - TIME_BYTES), TIME_BYTES)
      return sign(seed.toString('hex'), holder)
    },
    /** When the nonce was issued to this holder, in epoch milliseconds; null: it was not. */
    issuedAt: ({ nonce, opaque }: Nonce, holder: Holder): number | null => {
      if (nonce.length !== NONCE_LENGTH || opaque.length !== OPAQUE_LENGTH) return null
      const ours = sign(nonce.slice(0, 2 * SEED_BYTES), holder)
      const expected = Buffer.from(ours.nonce + ours.opaque)
      const given = Buffer.from(nonce + opaque)
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
      return Number.parseInt(nonce.slice(0, 2 * TIME_BYTES), 16)
    },
    isAlive: (issuedAt: number) => issuedAt + lifetimeMs > now(),
    spend: spent.spend,
  }
}

export type Nonces = ReturnType<typeof nonces>
