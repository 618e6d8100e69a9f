import type { Db, Tx } from '../../db/db.ts'
import type { Channel } from '../../outbox/messages.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import type { Registrar } from '../../registrar/registrar.ts'
import { type ExternalAccount, externalAccountStore } from './store.ts'

/** Where the bridge hears which external account it must read again (behaviour/telephony.md §1). */
const CHANNEL = 'flexisip/B2BUA/account'

export type Bridged = Pick<ExternalAccount, 'id' | 'username' | 'domain'>

/**
 * Flexisip's B2BUA, which registers external accounts with their carriers: it reads our table, and is told of changes.
 * What it is told waits in the outbox until it is said: before the commit it would read what was there before, and
 * after it a power cut could keep it from hearing.
 */
export const bridge = ({ db, registrar, outbox }: { db: Db; registrar: Registrar; outbox: Outbox }) => {
  const store = externalAccountStore(db)
  const tell = async (tx: Tx, changed: readonly Bridged[]): Promise<void> => {
    if (registrar.state() === 'off') return
    for (const { id, username, domain } of changed) {
      await outbox.add(tx, {
        channel: 'bridge',
        kind: 'external_account',
        // The message must outlive both.
        spaceId: null,
        accountId: null,
        recipient: `external account ${id}`,
        language: 'en',
        data: { username, domain, identifier: String(id) },
      })
    }
  }
  const channel: Channel = {
    id: 'bridge',
    dispatch: ({ data }) => registrar.publish(CHANNEL, JSON.stringify(data)),
    close: async () => {},
  }
  return {
    channel,
    /** In the transaction of the change. An account that is renamed is told of under both of its addresses. */
    tell,
    /** What goes when these accounts are deleted. They are held, so that nothing is added meanwhile. */
    tellBelow: async (tx: Tx, accountIds: readonly number[]): Promise<void> => {
      if (accountIds.length > 0) await tell(tx, await store.below(tx, accountIds))
    },
  }
}

export type Bridge = ReturnType<typeof bridge>
