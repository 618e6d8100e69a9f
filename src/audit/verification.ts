import type { Db } from '../db/db.ts'
import type { Secrets } from '../secrets.ts'
import type { AuditChain } from './chain.ts'
import {
  type AuditRow,
  erasedCommitment,
  headSignature,
  linkHash,
  NOTHING_BEFORE,
  statementOf,
  stumpSignature,
} from './entry.ts'
import { type AuditHead, type AuditStump, auditStore } from './store.ts'

const BATCH = 500

/**
 * What is wrong at a position: a row says something else than it did; there is none; it does not follow on the row before
 * it; who it is about was taken out of it, but not by us; the rest of the chain is gone; a row stands outside of it.
 */
export type Break = 'changed' | 'missing' | 'misplaced' | 'erased' | 'cut off' | 'stray'

export interface Verified {
  /** Where the chain ends, as far as it was followed. */
  readonly position: number
  readonly hash: string
  /** Rows that were looked at. */
  readonly rows: number
  /** null: the chain holds. */
  readonly broken: { readonly position: number; readonly why: Break } | null
}

interface Place {
  readonly position: number
  readonly hash: string
}

/** Holds the whole audit log against its chain, from the first row on (docs/adr/0016). */
export const auditVerification = (deps: { db: Db; secrets: Secrets; chain: AuditChain }) => {
  const { db, secrets, chain } = deps
  const store = auditStore(db)
  const keys = secrets.keysFor('audit log')
  const byUs = (found: string, made: (key: Uint8Array) => string): boolean => keys.some((key) => made(key) === found)

  const isStump = ({ firstPosition: first, lastPosition: last, previousHash, hash, signature }: AuditStump) =>
    byUs(signature, (key) => stumpSignature(key, { firstPosition: first, lastPosition: last, previousHash, hash }))

  /** What was erased of the row was erased by us. */
  const isErasedByUs = (row: AuditRow): boolean =>
    [row.actorSalt === null ? row.actorDigest : undefined, row.subjectSalt === null ? row.subjectDigest : undefined]
      .filter((digest) => digest !== undefined)
      .every((digest) => digest !== null && byUs(digest, (key) => erasedCommitment(key, digest)))

  /** null: it stands where it stood, and says what it said. */
  const breakOf = (row: AuditRow, before: Place): Break | null => {
    const { position, hash } = row
    if (position === null || row.previousHash !== before.hash) return 'misplaced'
    const statement = statementOf(row)
    if (!byUs(hash, (key) => linkHash(key, position, before.hash, statement))) return 'changed'
    return isErasedByUs(row) ? null : 'erased'
  }

  /** Over what was cut by age; null: that was not us. */
  const over = async (before: Place): Promise<Place | null> => {
    const stump = await store.stumpAt(db.read, before.position + 1)
    if (stump === null || stump.previousHash !== before.hash || !isStump(stump)) return null
    return { position: stump.lastPosition, hash: stump.hash }
  }

  const isSigned = ({ position, hash, signature }: AuditHead): boolean =>
    byUs(signature, (key) => headSignature(key, position, hash))

  return {
    breakOf,
    /**
     * `known`: a place that must be in it, which somebody has kept elsewhere; null: none. `looked` hears of progress: of how
     * many rows, and which position is the last.
     */
    verify: async (
      known: Place | null = null,
      looked: (rows: number, last: number) => void = () => {},
    ): Promise<Verified> => {
      await chain.seal()
      const [head, end] = [await store.head(db.read), await store.last(db.read)]
      let at: Place = { position: 0, hash: NOTHING_BEFORE }
      let rows = 0
      let isHeadMet = head === null
      let isKnownMet = known === null
      const meet = (place: Place) => {
        at = place
        isHeadMet ||= place.position === head?.position && place.hash === head.hash
        if (place.position === known?.position) isKnownMet = place.hash === known.hash
      }
      const broken = (position: number, why: Break): Verified => ({ ...at, rows, broken: { position, why } })
      for (;;) {
        const found = await store.after(db.read, at.position, BATCH)
        for (const row of found) {
          while ((row.position ?? 0) > at.position + 1) {
            const beyond = await over(at)
            if (beyond === null) return broken(at.position + 1, 'missing')
            meet(beyond)
          }
          const why = breakOf(row, at)
          if (why !== null) return broken(row.position ?? 0, why)
          rows += 1
          meet({ position: row.position ?? 0, hash: row.hash })
        }
        looked(rows, end?.position ?? 0)
        if (found.length < BATCH) break
        await Bun.sleep(0)
      }
      // Without a signed end somebody may have cut off whatever came later, and the signature with it.
      if (at.position > 0 && (head === null || !isSigned(head))) return broken(at.position + 1, 'cut off')
      if (!isHeadMet) return broken(Math.min(at.position + 1, head?.position ?? 1), 'cut off')
      if (known !== null && !isKnownMet)
        return broken(known.position, known.position > at.position ? 'cut off' : 'changed')
      if (await store.hasStray(db.read)) return broken(at.position + 1, 'stray')
      return { ...at, rows, broken: null }
    },
  }
}

export type AuditVerification = ReturnType<typeof auditVerification>
