import type { Config } from '../config/config.ts'
import type { Db } from '../db/db.ts'
import type { Secrets } from '../secrets.ts'
import { type AuditRow, linkHash, statementOf } from './entry.ts'
import { auditStore } from './store.ts'

const DAY_MS = 86_400_000

/** No key that is known. */
const NONE = -1

/** The last entry that a key has signed, and when it is gone by age; null: it may stay for ever. */
export interface KeyInUse {
  readonly lastAt: Date
  readonly until: Date | null
}

/** Which keys are needed so that the audit log can be verified: for `doctor`. */
export const auditKeys = (deps: { config: Config; db: Db; secrets: Secrets }) => {
  const { config, db, secrets } = deps
  const store = auditStore(db)
  const keys = secrets.keysFor('audit log')

  /** 0: the key of today; from 1 on those before. */
  const signerOf = (row: AuditRow): number => {
    const { position, previousHash, hash } = row
    const statement = statementOf(row)
    return keys.findIndex((key) => linkHash(key, position ?? 0, previousHash ?? '', statement) === hash)
  }

  const rowBehind = async (position: number): Promise<AuditRow | null> =>
    (await store.after(db.read, position, 1))[0] ?? null

  /** The last entry that was signed as this one. A key is used for a while, then another one: some looks are enough. */
  const lastLike = async (first: AuditRow, end: number): Promise<AuditRow> => {
    const signer = signerOf(first)
    let found = first
    for (let [low, high] = [first.position ?? 0, end]; low < high; ) {
      const middle = Math.floor((low + high) / 2)
      const row = await rowBehind(middle)
      if (row !== null && signerOf(row) === signer) {
        found = row
        low = row.position ?? high
      } else high = middle
    }
    return found
  }

  /** After so many days every entry has gone; null: some stay. */
  const longest = (): number | null => {
    const days = [...config.AUDIT_RETENTION_SPACES.map((one) => one.days), config.AUDIT_RETENTION_DAYS]
    return days.reduce<number | null>((most, one) => (most === null || one === null ? null : Math.max(most, one)), 0)
  }

  return {
    /** Of each key, by its place in `APP_KEY_PREVIOUS` from 1 on (0: `APP_KEY`); `unknown`: where an entry is of none. */
    inUse: async (): Promise<{ readonly keys: ReadonlyMap<number, KeyInUse>; readonly unknown: number | null }> => {
      const end = (await store.last(db.read))?.position ?? 0
      const days = longest()
      const used = new Map<number, KeyInUse>()
      for (let first = await rowBehind(0); first !== null; ) {
        const signer = signerOf(first)
        // Whoever has changed an entry is found by `audit:verify`, and by nothing here.
        if (signer === NONE) return { keys: used, unknown: first.position }
        const last = await lastLike(first, end)
        const until = days === null ? null : new Date(last.at.getTime() + days * DAY_MS)
        used.set(signer, { lastAt: last.at, until })
        first = await rowBehind(last.position ?? end)
      }
      return { keys: used, unknown: null }
    },
  }
}

export type AuditKeys = ReturnType<typeof auditKeys>
