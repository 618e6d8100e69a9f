import type { Tx } from '../../db/db.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import type { Logging } from '../../logging/logging.ts'
import { actionRecords } from '../../nouns/security-record.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Directory, Found } from '../directory/directory.ts'

/** Who is told of what happens to accounts: the security log, and the operator's hooks. */
export const announcing = (deps: { directory: Directory; accountEvents: AccountEvents; log: Logging }) => {
  const { directory, accountEvents, log } = deps
  return {
    record: actionRecords(log),
    /** The account as it is now. The operator's hook hears of it after the commit. */
    announced: async (tx: Tx, name: 'created' | 'updated', visit: Visit, space: Space, id: number): Promise<Found> => {
      const found = await directory.view(tx, space, id)
      await accountEvents.announce(tx, name, visit, found)
      return found
    },
  }
}

export type Announcing = ReturnType<typeof announcing>
