import type { Db, Tx } from '../db/db.ts'
import type { Secrets } from '../secrets.ts'
import { jobStore } from './store.ts'

/** Whoever dies holding a lease is missed for so long. */
const LEASE_MS = 40_000
const RENEW_EVERY_MS = 10_000

const HOLDER_LENGTH = 16

export interface Lease {
  /** Aborted when somebody else has it: this process slept, or the database was away, for too long. */
  readonly lost: AbortSignal
  /** Happens by itself every few seconds. */
  renew(): Promise<void>
  release(): Promise<void>
}

/** What one of all processes does at a time: a row with its holder, renewed while it is held. */
export const leases = (deps: { db: Db; secrets: Secrets; now: () => Date }) => {
  const { db, secrets, now } = deps
  const store = jobStore(db)
  const until = () => new Date(now().getTime() + LEASE_MS)

  return {
    /** null: somebody has it. `meanwhile` is written in the same transaction, unless it returns false. */
    take: async (name: string, meanwhile: (tx: Tx) => Promise<boolean> = async () => true): Promise<Lease | null> => {
      const holder = secrets.token(HOLDER_LENGTH)
      const taken = await db.transaction(async (tx) => {
        if (!(await store.take(tx, { name, holder, until: until() }, now()))) return false
        if (await meanwhile(tx)) return true
        await store.release(tx, name, holder)
        return false
      })
      if (!taken) return null
      const lost = new AbortController()
      const renew = async () => {
        // While the database is away nobody else gets it either.
        const isOurs = await db.transaction((tx) => store.renew(tx, { name, holder, until: until() })).catch(() => true)
        if (!isOurs) lost.abort(new Error('another process has taken over'))
      }
      const renewing = setInterval(renew, RENEW_EVERY_MS)
      return {
        lost: lost.signal,
        renew,
        release: async () => {
          clearInterval(renewing)
          await db.transaction((tx) => store.release(tx, name, holder))
        },
      }
    },
  }
}

export type Leases = ReturnType<typeof leases>
