import type { Config } from '../config/config.ts'
import type { Db } from '../db/db.ts'
import type { Secrets } from '../secrets.ts'
import type { Audit } from './audit.ts'
import { actorCommitment, erasedCommitment, subjectCommitment } from './entry.ts'
import { auditStore } from './store.ts'

/** Ids of rows that one transaction looks at. */
const STRETCH = 1000
/** Accounts that one walk through the log erases. */
const MOST_ACCOUNTS = 500

/**
 * Takes people out of the audit log: their names, keys and addresses in all of their rows, which keep the number of the
 * account. The chain holds (docs/adr/0016).
 */
export const auditErasure = (deps: { config: Config; db: Db; secrets: Secrets; audit: Audit }) => {
  const { config, db, secrets, audit } = deps
  const store = auditStore(db)
  const [key] = secrets.keysFor('audit log')
  const kept = (commitment: string | null): string | null =>
    commitment === null ? null : erasedCommitment(key, commitment)

  /** Resolves to how many rows were about them. Each account leaves one row that says so. */
  const erase = async (ids: readonly number[], by: Parameters<Audit['record']>[2]['by']): Promise<number> => {
    const last = (await store.lastId(db.read)) ?? 0
    let total = 0
    for (let after = 0; after < last; after += STRETCH) {
      total += await db.transaction(async (tx) => {
        const rows = await store.ofAccounts(tx, ids, { after, last: after + STRETCH })
        for (const row of rows) {
          const isActor = row.actorKind === 'account' && row.actorId !== null && ids.includes(row.actorId)
          const isSubject = row.subjectKind === 'account' && ids.includes(Number(row.subjectId))
          if (isActor) await store.eraseActor(tx, row.id, kept(actorCommitment(row)))
          if (isSubject) await store.eraseSubject(tx, row.id, kept(subjectCommitment(row)))
        }
        return rows.length
      })
      await Bun.sleep(0)
    }
    await db.transaction(async (tx) => {
      for (const id of ids) {
        const about = { kind: 'account', id } as const
        await audit.record(tx, 'audit.erased', { by, space: null, about, detail: { object: id, count: total } })
      }
    })
    return total
  }

  return {
    /** Of one account, whether it still exists or not. */
    erase: (id: number, by: Parameters<Audit['record']>[2]['by']) => erase([id], by),
    /** The numbers that accounts of this address had, as far as the log still knows. */
    idsOf: (address: string): Promise<number[]> => store.idsOf(db.read, address),
    /** Those of accounts that were deleted since, with `AUDIT_ERASE=true`: how many accounts. */
    eraseDeleted: async ({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<number> => {
      if (!config.AUDIT_ERASE) return 0
      let total = 0
      for (;;) {
        signal?.throwIfAborted()
        const ids = await store.deletedAccounts(db.read, MOST_ACCOUNTS)
        if (ids.length === 0) return total
        await erase(ids, { job: 'audit-erasure' })
        total += ids.length
      }
    },
  }
}

export type AuditErasure = ReturnType<typeof auditErasure>
