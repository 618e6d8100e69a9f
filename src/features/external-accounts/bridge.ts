import type { Db, Tx } from '../../db/db.ts'
import type { Registrar } from '../../registrar/registrar.ts'
import { type ExternalAccount, externalAccountStore } from './store.ts'

/** Where the bridge hears which external account it must read again (spec telephony.md §1). */
const CHANNEL = 'flexisip/B2BUA/account'

export type Bridged = Pick<ExternalAccount, 'id' | 'username' | 'domain'>

/** All three are texts there. */
const messageOf = ({ id, username, domain }: Bridged): string =>
  JSON.stringify({ username, domain, identifier: String(id) })

/** Flexisip's B2BUA, which registers external accounts with their carriers: it reads our table, and is told of changes. */
export const bridge = ({ db, registrar }: { db: Db; registrar: Registrar }) => {
  const store = externalAccountStore(db)
  return {
    /** What goes when these accounts are deleted. They are held, so that nothing is added meanwhile. */
    below: async (tx: Tx, accountIds: readonly number[]): Promise<readonly Bridged[]> =>
      accountIds.length === 0 ? [] : store.below(tx, accountIds),
    /** For after the commit: before it, the bridge would read what was there before. */
    tell: (changed: readonly Bridged[]): Promise<void> => registrar.publish(CHANNEL, changed.map(messageOf)),
  }
}

export type Bridge = ReturnType<typeof bridge>
