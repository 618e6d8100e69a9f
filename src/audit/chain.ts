import type { Db, Tx } from '../db/db.ts'
import type { AppLog } from '../logging/logging.ts'
import type { Secrets } from '../secrets.ts'
import { emptyHead, headSignature, linkHash, looseHash, NOTHING_BEFORE, statementOf } from './entry.ts'
import { type AuditHead, auditStore } from './store.ts'

/** How soon after a commit its rows have their place, and the head is signed. */
const SEAL_AFTER_MS = 500
/** How often somebody looks for what others have left: a process that died, a command. */
const LOOK_EVERY_MS = 10_000

const BATCH = 200

/**
 * Gives rows that have committed their places in the chain, where that did not happen as they were written, and signs
 * where the chain ends. All processes on a database may do it: who comes second waits for the first, and writers wait
 * for nobody.
 */
export const auditChain = (deps: { db: Db; secrets: Secrets; log: { readonly app: AppLog }; now: () => Date }) => {
  const { db, secrets, log, now } = deps
  const store = auditStore(db)
  const [key, ...earlier] = secrets.keysFor('audit log')

  /** The chain goes through the end that was signed: nothing of it was cut off or replaced. */
  const isAsSigned = async (tx: Tx, head: AuditHead): Promise<boolean> =>
    [key, ...earlier].some((each) => headSignature(each, head.position, head.hash) === head.signature) &&
    (head.position === 0 || (await store.had(tx, head)))

  let hasComplained = false
  /** Once: whoever cut off the end must not get the rest signed. */
  const complain = () => {
    if (!hasComplained) log.app.error('the end of the audit log is not as it was signed: run audit:verify')
    hasComplained = true
  }

  /** Resolves to how many rows got a place. */
  const sealSome = async (tx: Tx): Promise<number> => {
    if ((await store.last(tx)) === null) await store.beginHead(tx, emptyHead(key, now()))
    const head = await store.holdHead(tx)
    const rows = db.hasOneWriter ? [] : await store.unchained(tx, BATCH)
    // Read while the head is held: whoever held it before has given places until now.
    const end = await store.last(tx)
    let position = end?.position ?? 0
    let hash = end?.hash ?? NOTHING_BEFORE
    const places = rows.map((row) => {
      const statement = statementOf(row)
      const isSame = [key, ...earlier].some((each) => looseHash(each, statement) === row.hash)
      if (!isSame) log.app.error('a row of the audit log was changed', { row: row.id })
      const previousHash = hash
      position += 1
      // What was changed before it had a place gets none that verifies: whoever looks at the chain must find it.
      hash = linkHash(key, position, previousHash, isSame ? statement : `changed ${statement}`)
      return { id: row.id, position, previousHash, hash }
    })
    if (places.length > 0) await store.place(tx, places)
    if (head === null || !(await isAsSigned(tx, head))) complain()
    else if (position > 0) {
      const signature = headSignature(key, position, hash)
      await store.signHead(tx, { position, hash, signature, signedAt: now() })
    }
    return rows.length
  }

  /** Somebody has written since the head was signed. */
  const isBehind = async (): Promise<boolean> => {
    if (!db.hasOneWriter && (await store.hasUnchained(db.read))) return true
    const last = await store.last(db.read)
    return last !== null && last.hash !== (await store.head(db.read))?.hash
  }

  const seal = async (): Promise<void> => {
    if (!(await isBehind())) return
    while ((await db.transaction(sealSome)) === BATCH) await Bun.sleep(0)
  }

  /** One round after the other. */
  let rounds: Promise<void> = Promise.resolve()
  let soon: ReturnType<typeof setTimeout> | null = null
  let looking: ReturnType<typeof setInterval> | null = null

  const round = (): Promise<void> => {
    rounds = rounds.then(seal, seal)
    return rounds
  }
  const roundOrLog = () => {
    soon = null
    round().catch((error) => log.app.error('the audit log could not be sealed', { error }))
  }

  return {
    /** Until everything that has committed so far has its place. */
    seal: round,
    /** A row has been written. */
    nudge: (): void => {
      if (looking !== null) soon ??= setTimeout(roundOrLog, SEAL_AFTER_MS)
    },
    start: (): void => {
      looking = setInterval(roundOrLog, LOOK_EVERY_MS)
      roundOrLog()
    },
    stop: async (): Promise<void> => {
      if (looking !== null) clearInterval(looking)
      if (soon !== null) clearTimeout(soon)
      looking = null
      await round()
    },
  }
}

export type AuditChain = ReturnType<typeof auditChain>
