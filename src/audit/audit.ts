import type { Db, Tx, Write } from '../db/db.ts'
import type { Logging, SecurityFields } from '../logging/logging.ts'
import type { AuditAction } from '../logging/security-events.ts'
import type { Space } from '../nouns/space.ts'
import type { Visit } from '../nouns/visit.ts'
import { type Addressed, addressOfRecord } from '../protocols/sip-address.ts'
import type { Secrets } from '../secrets.ts'
import { emptyHead, linkHash, looseHash, type NewContent, NOTHING_BEFORE, statementOf } from './entry.ts'
import { auditStore } from './store.ts'
import { isHarmless, type SubjectKind } from './subjects.ts'

/**
 * Who causes a change: a visit; a job, by its name; rows of another database, by what that is; null: whoever runs this
 * process on a command line.
 */
export type Cause = Visit | { readonly job: string } | { readonly import: string } | null

/** What it is about: an account, or anything else by what it is called. */
export type Subject =
  | (Addressed & { readonly id: number })
  | { readonly kind: SubjectKind; readonly id: number | string | null; readonly name?: string | null }

/** What else belongs to a change. It is kept in clear, whoever is erased: nothing about a person, and no secret. */
export interface Detail {
  readonly via?: string | null | undefined
  readonly kind?: string | null | undefined
  readonly reason?: string | null | undefined
  /** Of what lies below the subject: a number, or a name of ours. */
  readonly object?: number | string | null | undefined
  readonly count?: number | undefined
  readonly sessions?: number | undefined
  readonly ms?: number | undefined
}

export interface Change {
  readonly by: Cause
  /** Whose administrators may read it; null: of no Space. */
  readonly space: Pick<Space, 'id' | 'domain'> | null
  readonly about: Subject
  /**
   * The fields, as clients know them: what they were and what they are, of which those that are alike are left out; or
   * their names alone.
   */
  readonly changed?: Readonly<Record<string, readonly [before: unknown, after: unknown]>> | readonly string[]
  readonly detail?: Detail | undefined
  /** What stands in the security log alone. */
  readonly line?: SecurityFields
}

/** Who runs this process, when it is a command. */
export interface Operator {
  /** As the operating system calls them. */
  readonly user: string
}

/** Of two salts, in base64url. */
const SALTS_BYTES = 32
const SALT_LENGTH = 21

const isVisit = (cause: Cause): cause is Visit => cause !== null && !('job' in cause) && !('import' in cause)

const isNames = (changed: NonNullable<Change['changed']>): changed is readonly string[] => Array.isArray(changed)

const subjectOf = (about: Subject) =>
  'username' in about ? { kind: 'account' as const, id: about.id, name: addressOfRecord(about) } : about

/**
 * The audit log: who changed what (docs/adr/0016). One call, in the transaction of the change, writes its row, and the
 * line of the security log once the transaction has committed.
 */
export const audit = (deps: {
  db: Db
  secrets: Secrets
  log: Pick<Logging, 'security'>
  now: () => Date
  operator?: Operator | undefined
  /** Who is told that a row was written. */
  chain: { nudge(): void }
}) => {
  const { db, secrets, log, now, chain, operator = null } = deps
  const store = auditStore(db)
  const key = secrets.keyFor('audit log')
  const salts = (): string => Buffer.from(secrets.random(SALTS_BYTES)).toString('base64url')

  const actorOf = (by: Cause) => {
    // What a command does through a use case of REST is its operator's.
    if (isVisit(by) && operator === null) {
      const { caller } = by
      return {
        way: by.isPage ? ('panel' as const) : ('api' as const),
        actorKind: caller === null ? ('nobody' as const) : ('account' as const),
        actorId: caller?.id ?? null,
        actorName: caller === null ? null : addressOfRecord(caller),
        actorKey: caller?.key?.name.toWellFormed() ?? null,
        address: by.address,
        requestId: by.id,
      }
    }
    const nobody = { actorId: null, actorKey: null, address: null, requestId: null }
    if (by !== null && 'import' in by) {
      return { way: 'import' as const, actorKind: 'import' as const, actorName: operator?.user ?? by.import, ...nobody }
    }
    // A job that somebody runs by hand is theirs.
    const isJob = by !== null && !isVisit(by) && operator === null
    return {
      way: isJob ? ('job' as const) : ('cli' as const),
      actorKind: isJob ? ('job' as const) : ('command line' as const),
      actorName: isJob ? by.job : (operator?.user ?? null),
      ...nobody,
    }
  }

  /** The fields that differ, with their values where those are harmless; null: none is known. */
  const changesOf = (action: AuditAction, changed: Change['changed']): Record<string, unknown> | null => {
    if (changed === undefined) return null
    if (isNames(changed)) return Object.fromEntries(changed.map((name) => [name, null]))
    const differing = Object.entries(changed).filter(([, [before, after]]) => !Bun.deepEquals(before, after))
    return Object.fromEntries(differing.map(([name, pair]) => [name, isHarmless(action, name) ? pair : null]))
  }

  /** On SQLite nobody else writes until the commit: each row gets its place. Elsewhere that follows (`chain.ts`). */
  const write: Write<NewContent> = async (tx, contents) => {
    const end = db.hasOneWriter ? await store.last(tx) : null
    if (db.hasOneWriter && end === null) await store.beginHead(tx, emptyHead(key, now()))
    let position = end?.position ?? 0
    let hash = end?.hash ?? NOTHING_BEFORE
    for (const content of contents) {
      const statement = statementOf(content)
      if (!db.hasOneWriter) {
        await store.insert(tx, { ...content, position: null, previousHash: null, hash: looseHash(key, statement) })
        continue
      }
      const previousHash = hash
      position += 1
      hash = linkHash(key, position, previousHash, statement)
      await store.insert(tx, { ...content, position, previousHash, hash })
    }
  }

  const writeLine = (action: AuditAction, change: Change, content: NewContent, names: readonly string[]): void => {
    const { by, detail, line } = change
    const who = content.actorKind === 'command line' ? 'command line' : content.actorName
    log.security(action, {
      ip: content.address,
      space: content.domain,
      account: content.subjectKind === 'account' ? content.subjectName : null,
      ua: isVisit(by) ? by.userAgent : null,
      rid: content.requestId,
      key: content.actorKey,
      by: content.actorKind === 'job' ? `job ${who}` : who,
      user: content.actorKind === 'command line' ? content.actorName : null,
      fields: names.length === 0 ? null : names.join(','),
      ...detail,
      ...line,
    })
  }

  return {
    /** Writes down what `change` says; both happen or neither does. */
    record: async (tx: Tx, action: AuditAction, change: Change): Promise<void> => {
      const { by, space, about, changed, detail } = change
      const changes = changesOf(action, changed)
      const subject = subjectOf(about)
      const salt = salts()
      const content: NewContent = {
        at: now(),
        action,
        ...actorOf(by),
        actorSalt: salt.slice(0, SALT_LENGTH),
        spaceId: space?.id ?? null,
        domain: space?.domain ?? null,
        subjectKind: subject.kind,
        subjectId: subject.id === null ? null : String(subject.id),
        subjectName: subject.name?.toWellFormed() ?? null,
        subjectSalt: salt.slice(SALT_LENGTH),
        changes: changes === null ? null : JSON.stringify(changes),
        detail: detail === undefined ? null : JSON.stringify(detail),
      }
      db.beforeCommit(tx, write, content)
      const names = Object.keys(changes ?? {})
      db.afterCommit(tx, () => {
        writeLine(action, change, content, names)
        chain.nudge()
      })
    },
  }
}

export type Audit = ReturnType<typeof audit>
