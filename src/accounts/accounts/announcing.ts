import type { Audit, Change } from '../../audit/audit.ts'
import type { Tx } from '../../db/db.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Directory, Found } from '../directory/directory.ts'

/** Who is told of what happens to accounts, in its transaction: the audit log, and the operator's hooks. */
export const announcing = (deps: { directory: Directory; accountEvents: AccountEvents; audit: Audit }) => {
  const { directory, accountEvents, audit } = deps
  return {
    record: audit.record,
    /** The account as it is now. The operator's hook hears of it after the commit. */
    announced: async (
      tx: Tx,
      name: 'created' | 'updated',
      visit: Visit,
      space: Space,
      id: number,
      action: AuditAction,
      more: Pick<Change, 'changed' | 'detail'> = {},
    ): Promise<Found> => {
      const found = await directory.view(tx, space, id)
      await audit.record(tx, action, { by: visit, space, about: found.account, ...more })
      await accountEvents.announce(tx, name, visit, found)
      return found
    },
  }
}

export type Announcing = ReturnType<typeof announcing>
