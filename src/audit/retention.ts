import type { Config } from '../config/config.ts'
import type { Db, Tx } from '../db/db.ts'
import type { Secrets } from '../secrets.ts'
import type { Audit } from './audit.ts'
import { type AuditRow, type Stump, stumpSignature } from './entry.ts'
import { auditStore } from './store.ts'
import type { AuditVerification } from './verification.ts'

const BATCH = 500
const DAY_MS = 86_400_000

/** Rows that follow each other, none left out. */
const stretchesOf = (rows: readonly AuditRow[]): Stump[] => {
  const stretches: Stump[] = []
  for (const { position, previousHash, hash } of rows) {
    if (position === null || previousHash === null) continue
    const last = stretches.at(-1)
    if (last?.lastPosition === position - 1) stretches[stretches.length - 1] = { ...last, lastPosition: position, hash }
    else stretches.push({ firstPosition: position, lastPosition: position, previousHash, hash })
  }
  return stretches
}

/** Rows of the audit log go by age, each Space's by its own, and leave a stump (docs/adr/0016). */
export const auditRetention = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  audit: Audit
  auditVerification: AuditVerification
  now: () => Date
}) => {
  const { config, db, secrets, audit, auditVerification, now } = deps
  const store = auditStore(db)
  const [key, ...earlier] = secrets.keysFor('audit log')
  const ofSpaces = new Map(config.AUDIT_RETENTION_SPACES.map((one) => [one.domain, one]))

  const before = (days: number): Date => new Date(now().getTime() - days * DAY_MS)

  /** When rows of the Space, or of none, are too old; null: never. */
  const limitOf = (domain: string | null): Date | null => {
    const { days } = ofSpaces.get(domain ?? '') ?? { days: config.AUDIT_RETENTION_DAYS }
    return days === null ? null : before(days)
  }
  const isOld = ({ at, domain }: AuditRow): boolean => {
    const limit = limitOf(domain)
    return limit !== null && at < limit
  }

  /** No row is younger than this that may go. */
  const latest = (): Date | null => {
    const days = [...config.AUDIT_RETENTION_SPACES.map((one) => one.days), config.AUDIT_RETENTION_DAYS].filter(
      (each) => each !== null,
    )
    return days.length === 0 ? null : before(Math.min(...days))
  }

  /** With the stumps beside it one stump. */
  const leaveStump = async (tx: Tx, stretch: Stump): Promise<void> => {
    const left = await store.takeStumpTo(tx, stretch.firstPosition - 1)
    const right = await store.takeStumpAt(tx, stretch.lastPosition + 1)
    const whole = {
      firstPosition: left?.firstPosition ?? stretch.firstPosition,
      previousHash: left?.previousHash ?? stretch.previousHash,
      lastPosition: right?.lastPosition ?? stretch.lastPosition,
      hash: right?.hash ?? stretch.hash,
    }
    await store.addStump(tx, { ...whole, signature: stumpSignature(key, whole), cutAt: now() })
    await store.removeStretch(tx, stretch)
  }

  /** Of these rows: how many went. What was changed by somebody else stays, to be found. */
  const cutOf = async (tx: Tx, rows: readonly AuditRow[], last: number): Promise<number> => {
    const old = rows.filter((row) => isOld(row) && row.position !== last)
    const odd = old.find((row) => auditVerification.breakOf(row, placeBefore(row)) !== null)
    if (odd !== undefined) throw new Error(`The audit log is broken at ${odd.position}; nothing is cut from there on.`)
    if (old.length === 0) return 0
    for (const stretch of stretchesOf(old)) await leaveStump(tx, stretch)
    const about = { kind: 'job', id: JOB } as const
    await audit.record(tx, 'audit.cut', { by: { job: JOB }, space: null, about, detail: { count: old.length } })
    return old.length
  }
  const placeBefore = ({ position, previousHash }: AuditRow) => ({
    position: (position ?? 0) - 1,
    hash: previousHash ?? '',
  })

  /** Stumps stay for ever, and no key does: what an earlier one has signed is signed anew. */
  const signAnew = async (): Promise<void> => {
    if (earlier.length === 0) return
    for (let after = 0; ; ) {
      const last = await db.transaction(async (tx) => {
        await store.holdHead(tx)
        const stumps = await store.stumpsAfter(tx, after, BATCH)
        for (const stump of stumps) {
          const isOfEarlier = earlier.some((one) => stumpSignature(one, stump) === stump.signature)
          if (isOfEarlier) await store.signStump(tx, stump.id, stumpSignature(key, stump))
        }
        return stumps.at(-1)?.firstPosition ?? null
      })
      if (last === null) return
      after = last
    }
  }

  return {
    /** Resolves to how many rows went. The last row stays: the chain goes on from it. */
    cut: async ({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<number> => {
      await signAnew()
      const until = latest()
      if (until === null) return 0
      let total = 0
      for (let after = 0; ; ) {
        signal?.throwIfAborted()
        const done = await db.transaction(async (tx) => {
          await store.holdHead(tx)
          const rows = await store.olderAfter(tx, after, until, BATCH)
          after = rows.at(-1)?.position ?? after
          const end = await store.last(tx)
          total += await cutOf(tx, rows, end?.position ?? 0)
          return rows.length < BATCH
        })
        if (done) return total
        await Bun.sleep(0)
      }
    },
  }
}

const JOB = 'audit-retention'

export type AuditRetention = ReturnType<typeof auditRetention>
