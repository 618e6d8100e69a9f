import type { Db, Tx } from '../../db/db.ts'
import type { AccountEvents } from '../../hooks/account-events.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { AccountView, Directory } from '../directory/directory.ts'
import type { Notices } from '../notices/notices.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'
import type { Announcing } from './announcing.ts'
import type { LinesOfAccounts, StatisticsOfAccounts } from './housekeeping.ts'
import type { LastAdministrator } from './last-administrator.ts'
import type { AccountStore } from './store.ts'

/** What hooks hear of as the request where there was none. */
const BY_ITSELF = { path: '', address: '', userAgent: null, input: {} }

/** How an account goes, and who hears of it. */
export const deletion = (deps: {
  db: Db
  store: AccountStore
  directory: Directory
  announcing: Announcing
  last: LastAdministrator
  notices: Notices
  accountEvents: AccountEvents
  accountNews: AccountNews
  bridge: LinesOfAccounts
  statisticsClearing: StatisticsOfAccounts
  sipProxy: SipProxy
  now: () => Date
}) => {
  const { db, store, directory, announcing, last, notices, accountEvents, accountNews, now } = deps
  const { bridge, statisticsClearing, sipProxy } = deps

  const told = async (
    tx: Tx,
    by: Visit | { readonly job: string },
    found: { readonly account: AccountView; readonly space: Space },
  ) => {
    await accountEvents.announce(tx, 'deleted', 'job' in by ? BY_ITSELF : by, found)
    await accountNews.tell(tx, 'account.deleted', found.account)
  }

  return {
    /**
     * Everything below the account goes with it, and its name stays reserved, unless `freesName` (behaviour/accounts.md §8).
     */
    remove: async (
      visit: Visit,
      space: Space,
      id: number,
      { freesName = false }: { readonly freesName?: boolean } = {},
    ): Promise<void> => {
      await db.transaction(async (tx) => {
        // One after the other: two accounts that are contacts of each other would wait for each other's rows.
        await last.hold(tx, space)
        await directory.hold(tx, space, id)
        const { account } = await directory.view(tx, space, id)
        await last.refuse(tx, space, { id, before: account, after: null, byItself: visit.caller?.id === id })
        await bridge.tellBelow(tx, [id])
        await statisticsClearing.forgetBelow(tx, [id])
        await sipProxy.accountsClosed(tx, [id])
        await told(tx, visit, { account, space })
        await store.delete(tx, { space }, id)
        if (!freesName) await store.bury(tx, account.username, account.domain, now())
        await notices.deleted(tx, space, account, visit)
        await announcing.record(tx, 'account.deleted', { by: visit, space, about: account })
      })
    },
    /**
     * Tells whoever must know that these accounts go with their Space, in the transaction that deletes them; they are
     * held. A job deletes it when its time has come.
     */
    announceDeleted: async (
      tx: Tx,
      by: Visit | { readonly job: string },
      space: Space,
      gone: readonly { readonly id: number; readonly username: string }[],
    ): Promise<void> => {
      const ids = gone.map(({ id }) => id)
      await bridge.tellBelow(tx, ids)
      await statisticsClearing.forgetBelow(tx, ids)
      await sipProxy.accountsClosed(tx, ids)
      for (const { id, username } of gone) {
        const about = { id, username, domain: space.domain }
        await announcing.record(tx, 'account.deleted', { by, space, about, detail: { reason: 'space' } })
      }
      const isAwaited = await accountNews.isAwaited(tx, space.domain, 'account.deleted')
      if (!isAwaited && !accountEvents.isAwaited('deleted')) return
      for (const account of await directory.byIds(tx, space, ids)) await told(tx, by, { account, space })
    },
  }
}
