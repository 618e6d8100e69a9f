import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { AccountRow, Directory, Found } from '../directory/directory.ts'
import type { Notices } from '../notices/notices.ts'
import type { Revocation } from '../revocation/revocation.ts'
import type { Announcing } from './announcing.ts'
import type { LastAdministrator } from './last-administrator.ts'

type Rights = Pick<AccountRow, 'activated' | 'switchedOff' | 'blocked' | 'admin'>

/** As clients call what an account may. */
export const changedRights = (before: Rights, after: Rights) =>
  ({
    activated: [before.activated, after.activated],
    switched_off: [before.switchedOff, after.switchedOff],
    blocked: [before.blocked, after.blocked],
    admin: [before.admin, after.admin],
  }) as const

/** Accounts that are activated, switched off, blocked, and the contrary. */
export const standing = (deps: {
  db: Db
  directory: Directory
  announcing: Announcing
  revocation: Revocation
  last: LastAdministrator
  sessions: Sessions
  notices: Notices
}) => {
  const { db, directory, announcing, revocation, last, sessions, notices } = deps

  const set =
    (action: AuditAction, row: Partial<Pick<AccountRow, 'activated' | 'switchedOff' | 'blocked'>>) =>
    async (visit: Visit, id: number): Promise<Found> => {
      if (row.blocked === true && visit.caller?.id === id) throw new AppError('forbidden', 'account.own_rights')
      const { space } = visit
      return db.transaction(async (tx) => {
        await last.hold(tx, space)
        await directory.hold(tx, space, id)
        const { account: before } = await directory.view(tx, space, id)
        const after = { ...before, ...row }
        await last.refuse(tx, space, { id, before, after: { ...after, space }, byItself: visit.caller?.id === id })
        await directory.update(tx, space, id, row)
        const revoked = await revocation.follow(tx, before, after, visit)
        if (row.blocked !== undefined && row.blocked !== before.blocked) {
          await notices.blocked(tx, visit.space, before, visit, { isBlocked: row.blocked, isAutomatic: false })
        }
        const found = await announcing.announced(tx, 'updated', visit, space, id, action, {
          changed: changedRights(before, after),
        })
        await sessions.recordRevoked(tx, visit, space, before, revoked)
        return found
      })
    }

  return {
    activate: set('account.activated', { activated: true, switchedOff: false }),
    /** Nobody else switches it on again, and until then it is of no use to anybody (D48). */
    deactivate: set('account.deactivated', { activated: false, switchedOff: true }),
    block: set('account.blocked', { blocked: true }),
    unblock: set('account.unblocked', { blocked: false }),
    /** Blocked by the service, not by a person. `reason`: a word of ours. */
    blockAutomatically: async (tx: Tx, space: Space, id: number, visit: Visit, reason: string): Promise<void> => {
      await last.hold(tx, space)
      await directory.hold(tx, space, id)
      const { account } = await directory.view(tx, space, id)
      const after = { ...account, blocked: true, space }
      await last.refuse(tx, space, { id, before: account, after, byItself: true })
      await directory.update(tx, space, id, { blocked: true })
      await notices.blocked(tx, space, account, visit, { isBlocked: true, isAutomatic: true })
      const revoked = await revocation.follow(tx, account, after, visit)
      await announcing.record(tx, 'account.blocked', {
        by: visit,
        space,
        about: account,
        changed: changedRights(account, after),
        detail: { reason },
        line: { by: 'blocking service' },
      })
      await sessions.recordRevoked(tx, visit, space, account, revoked)
    },
  }
}
