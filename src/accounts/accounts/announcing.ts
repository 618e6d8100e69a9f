import type { Audit, Change } from '../../audit/audit.ts'
import type { Tx } from '../../db/db.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { Directory, Found } from '../directory/directory.ts'

/** Who is told of what happens to accounts, in its transaction: the audit log, webhooks, and the operator's hooks. */
export const announcing = (deps: {
  directory: Directory
  accountEvents: AccountEvents
  accountNews: AccountNews
  audit: Audit
}) => {
  const { directory, accountEvents, accountNews, audit } = deps

  const told = async (tx: Tx, name: 'created' | 'updated', visit: Visit, found: Found): Promise<void> => {
    await accountEvents.announce(tx, name, visit, found)
    await accountNews.tell(tx, `account.${name}`, found.account)
  }

  return {
    record: audit.record,
    /** False: nobody needs to look for what has changed. */
    isAwaited: async (tx: Tx, space: Space): Promise<boolean> =>
      accountEvents.isAwaited('updated') || (await accountNews.isAwaited(tx, space.domain, 'account.updated')),
    /** Webhooks and the operator's hook hear of it after the commit. */
    told,
    /** The account as it is now. */
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
      await told(tx, name, visit, found)
      return found
    },
  }
}

export type Announcing = ReturnType<typeof announcing>
