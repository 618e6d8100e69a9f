import type { Reader, Tx } from '../../db/db.ts'
import { sipUri } from '../../protocols/sip-address.ts'
import type { OwnEvent } from '../../webhooks/events.ts'
import type { WebhookNews } from '../../webhooks/news.ts'
import { toldAccount } from '../accounts/wire.ts'
import type { AccountView } from '../directory/directory.ts'

/** Which account something belongs to. */
export interface NamedAccount {
  readonly id: number
  readonly username: string
  readonly domain: string
}

/** What webhooks hear of accounts, and of what belongs to them, each in its Space (behaviour/webhooks.md §2). */
export const accountNews = ({ webhookNews }: { webhookNews: WebhookNews }) => {
  const about = ({ id, domain }: NamedAccount) => ({ domain, subject: `account ${id}` })

  return {
    /** False: nobody needs to look for what would be told. */
    isAwaited: (on: Reader, domain: string, ...types: readonly OwnEvent[]): Promise<boolean> =>
      webhookNews.isAwaited(on, domain, ...types),
    /** The account as it is now; of one that is deleted, as it was. */
    tell: (tx: Tx, type: OwnEvent, account: AccountView): Promise<void> =>
      webhookNews.tell(tx, type, about(account), () => toldAccount(account)),
    /** Of what belongs to an account: which one it is stands beside what happened. */
    tellOf: (
      tx: Tx,
      type: OwnEvent,
      account: NamedAccount,
      describe: () => Readonly<Record<string, unknown>>,
    ): Promise<void> =>
      webhookNews.tell(tx, type, about(account), () => {
        const { id, username, domain } = account
        return { account: { id, username, domain, sip_uri: sipUri(username, domain) }, ...describe() }
      }),
  }
}

export type AccountNews = ReturnType<typeof accountNews>
