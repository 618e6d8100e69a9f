import type { Db } from '../db/db.ts'
import { AppError, invalid } from '../errors.ts'
import { choice, form, type Input, instant, optional, text } from '../http/input.ts'
import { AUDIT_ACTIONS } from '../logging/security-events.ts'
import { type Caller, mayActAs } from '../nouns/caller.ts'
import type { Visit } from '../nouns/visit.ts'
import type { Audit, Cause } from './audit.ts'
import type { AuditRow } from './entry.ts'
import { auditStore, type Wanted } from './store.ts'

export const PAGE = 50
/** Of one account, what its own page shows. */
const OF_ACCOUNT = 20
/** Rows that are read at once for an export. */
const EXPORT_PIECE = 500

/** Where a page begins: behind the row of that time and id. */
const PLACE = /^(\d{1,15})-(\d{1,15})$/

export const AuditFilter = form({
  domain: optional(text({ max: 253 })),
  actor: optional(text({ max: 330 })),
  subject: optional(text({ max: 330 })),
  action: optional(choice(AUDIT_ACTIONS)),
  since: optional(instant()),
  until: optional(instant()),
  before: optional(text({ max: 31 })),
})

export interface AuditPage {
  readonly rows: readonly AuditRow[]
  /** As `before`; null: there are no older ones. */
  readonly next: string | null
}

/** The audit log for those who may see it: administrators, of their Space; super administrators, of all. */
export const auditReading = ({ db, audit }: { db: Db; audit: Audit }) => {
  const store = auditStore(db)

  /**
   * Whoever takes a file of the log along stands in it, from before: `of` a Space, by its SIP domain, where its
   * administrators see it.
   */
  const handOver = (by: Cause, of: string | null): Promise<void> =>
    db.transaction(async (tx) => {
      const space = of === null ? null : await store.space(tx, of)
      const about = { kind: 'audit log', id: null, name: of } as const
      await audit.record(tx, 'export.run', { by, space, about, detail: { kind: 'audit log' } })
    })

  /** Of the caller's own Space, by its id: another one may have had its domain before. */
  const spaceOf = (caller: Caller, domain: string | null): Pick<Wanted, 'spaceId' | 'domain'> => {
    if (mayActAs(caller, 'super')) return domain === null ? {} : { domain: domain.toLowerCase() }
    if (domain !== null && domain.toLowerCase() !== caller.space.domain) {
      throw new AppError('not_found', 'space.unknown')
    }
    return { spaceId: caller.space.id }
  }

  const placeOf = (before: string | null) => {
    if (before === null) return null
    const [, at = '', id = ''] = PLACE.exec(before) ?? []
    if (at === '') throw invalid('before', 'v.unknown_shape')
    return { at: new Date(Number(at)), id: Number(id) }
  }

  const wantedBy = (caller: Caller, input: Input<typeof AuditFilter>): Wanted & { readonly before: string | null } => {
    const { domain, actor, subject, action, since, until, before } = input.settle()
    return { ...spaceOf(caller, domain), actor, subject, action, since: since?.at, until: until?.until, before }
  }

  return {
    /** The newest first. `actor` and `subject`: a name, or the number of an account or another thing. */
    page: async (caller: Caller, input: Input<typeof AuditFilter>): Promise<AuditPage> => {
      const { before, ...wanted } = wantedBy(caller, input)
      const rows = await store.page(db.read, wanted, placeOf(before), PAGE + 1)
      const shown = rows.slice(0, PAGE)
      const last = rows.length > PAGE ? shown.at(-1) : undefined
      return { rows: shown, next: last === undefined ? null : `${last.at.getTime()}-${last.id}` }
    },
    /** The same for a file, however many there are. */
    async *every(visit: Visit, caller: Caller, input: Input<typeof AuditFilter>): AsyncGenerator<AuditRow> {
      const { before: from, ...wanted } = wantedBy(caller, input)
      await handOver(visit, wanted.spaceId === undefined ? (wanted.domain ?? null) : caller.space.domain)
      for (let before = placeOf(from); ; ) {
        const rows = await store.page(db.read, wanted, before, EXPORT_PIECE)
        yield* rows
        const last = rows.at(-1)
        if (last === undefined || rows.length < EXPORT_PIECE) return
        before = { at: last.at, id: last.id }
        await Bun.sleep(0)
      }
    },
    /** What was done to an account, the newest first. */
    ofAccount: (account: number): Promise<AuditRow[]> => store.page(db.read, { account }, null, OF_ACCOUNT),
    handOver,
    /** In the order of the chain: rows that have their place. */
    async *all(wanted: Pick<Wanted, 'domain' | 'since' | 'until'>): AsyncGenerator<AuditRow> {
      for (let after = 0; ; ) {
        const rows = await store.chained(db.read, wanted, after, EXPORT_PIECE)
        yield* rows
        if (rows.length < EXPORT_PIECE) return
        after = rows.at(-1)?.position ?? after
        await Bun.sleep(0)
      }
    },
  }
}

export type AuditReading = ReturnType<typeof auditReading>
