import type { Audit, Cause, Change } from '../../audit/audit.ts'
import { differences } from '../../audit/differences.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import type { Message } from '../../messages/messages.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { AdministeredSpace, DigestConfiguration, Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type SpaceRow, spaceAdministrationStore } from './administration-store.ts'
import { duplicateEmailsStore } from './duplicate-emails-store.ts'
import { spaceWire } from './wire.ts'

interface Refusing {
  refuse(name: 'super' | 'expire_at', message: Message): void
}

interface Wanted {
  readonly space: Space
  /** null: the command line. */
  readonly caller: Caller | null
  readonly asSuper: boolean
  readonly expireAt: Date | null
}

/** What holds for a Space whoever makes or changes it, over REST or from the command line. */
export const storedSpaces = (deps: { config: Config; db: Db; audit: Audit; now: () => Date }) => {
  const { config, db, audit, now } = deps
  const store = spaceAdministrationStore(db)
  const duplicates = duplicateEmailsStore(db)

  /** `by` null: the command line. */
  const record = (tx: Tx, action: AuditAction, by: Cause, space: Space, more: Pick<Change, 'changed'> = {}) =>
    audit.record(tx, action, { by, space, about: { kind: 'space', id: space.id, name: space.domain }, ...more })

  const find = async (on: Reader, domain: string): Promise<AdministeredSpace> => {
    const space = await store.byDomain(on, domain)
    if (space === null) throw new AppError('not_found', 'space.unknown')
    return space
  }

  /** Why addresses cannot become unique there; null: they can, or are already. The Space is held: nobody adds one. */
  const sharedEmails = async (tx: Tx, space: Space): Promise<Message | null> => {
    if (space.uniqueEmail) return null
    const found = await duplicates.inSpace(tx, space.domain)
    if (found.length === 0) return null
    const list = found.map(({ email, accounts }) => `${email} (${accounts.join(', ')})`).join('; ')
    return { id: 'v.shared_emails', values: { list } }
  }

  const initialDigest = (): DigestConfiguration => ({
    realm: null,
    defaultPasswordAlgorithm: config.ACCOUNT_DEFAULT_PASSWORD_ALGORITHM,
  })

  const insert = async (tx: Tx, row: SpaceRow, digest: DigestConfiguration | null): Promise<boolean> => {
    const id = await store.insert(tx, {
      uniqueEmail: config.ACCOUNT_EMAIL_UNIQUE,
      provisioningUseLinphoneProvisioningHeader: config.PROVISIONING_HEADER_REQUIRED_DEFAULT,
      ...row,
    })
    if (id !== null && digest !== null) await store.setDigest(tx, id, digest, now())
    return id !== null
  }

  /** Without it there would be no super Space, or no super administrator who can act. For a transaction that holds them. */
  const isLastSuper = async (tx: Tx, domain: string): Promise<boolean> =>
    (await store.otherSupers(tx, domain)) === 0 || !(await store.isLeftAdministered(tx, domain))

  /** Nobody may lock itself, or everybody, out (behaviour/spaces.md §1.4). */
  const refuseLockOut = async (tx: Tx, input: Refusing, wanted: Wanted): Promise<void> => {
    const { space, caller, asSuper, expireAt } = wanted
    const own = caller?.space.id === space.id
    if (space.super && !asSuper && (own || (await isLastSuper(tx, space.domain)))) {
      input.refuse('super', { id: 'v.own_super' })
    }
    if (expireAt !== null && (asSuper || own)) input.refuse('expire_at', { id: 'v.super_expires' })
  }

  return {
    find,
    refuseLockOut,
    insert,
    initialDigest,
    sharedEmails,
    isLastSuper,
    record,
    recordChange: (tx: Tx, by: Visit | null, before: AdministeredSpace, after: AdministeredSpace) =>
      record(tx, 'space.updated', by, after, { changed: differences(spaceWire(before), spaceWire(after)) }),
  }
}
