import type { Tx } from '../db/db.ts'
import type { Channel } from '../outbox/messages.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { type AccountEventName, accountFor, type Hooks, spaceFor } from './hooks.ts'
import type { Account, AccountEvent, Space } from './types.ts'

/** The visit that caused it, as far as hooks hear of one. */
type Cause = Parameters<Hooks['requestFor']>[0]

/**
 * What the operator's account hooks are told. It waits in the outbox from the transaction of its cause on, with all
 * that the hook is handed, so that neither a power cut nor the account's end takes it away.
 */
export const accountEvents = ({ hooks, outbox }: { hooks: Hooks; outbox: Outbox }) => {
  const channel: Channel = {
    id: 'hook',
    dispatch: ({ kind, data }) =>
      hooks.callAccountHook(kind as AccountEventName, JSON.parse(String(data.event)) as AccountEvent),
    close: async () => {},
  }
  return {
    channel,
    /** False: nobody needs to collect what `announce` would be handed. */
    isAwaited: hooks.hasAccountEvent,
    announce: async (
      tx: Tx,
      name: AccountEventName,
      cause: Cause,
      { account, space }: { readonly account: Account; readonly space: Space },
    ): Promise<void> => {
      if (!hooks.hasAccountEvent(name)) return
      const event: AccountEvent = {
        account: accountFor(account),
        space: spaceFor(space),
        request: hooks.requestFor(cause),
      }
      await outbox.add(tx, {
        channel: 'hook',
        kind: name,
        // The message must outlive both.
        spaceId: null,
        accountId: null,
        recipient: `account ${account.id}`,
        language: 'en',
        data: { event: JSON.stringify(event) },
      })
    },
  }
}

export type AccountEvents = ReturnType<typeof accountEvents>
