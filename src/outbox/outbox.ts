import type { Db, Tx } from '../db/db.ts'
import type { Language } from '../messages/messages.ts'
import type { Secrets } from '../secrets.ts'
import { outboxStore } from './store.ts'

export type ChannelId = 'mail' | 'sms'

/** A message as a use case says it: what kind, to whom, with which values. Rendering comes later, at the sending. */
export interface OutboxMessage {
  readonly channel: ChannelId
  readonly kind: string
  readonly spaceId: number | null
  readonly accountId: number | null
  readonly recipient: string
  readonly language: Language
  readonly data: Readonly<Record<string, string | number | boolean | null>>
  /** A second message with the same key is not added. */
  readonly dedupKey?: string
  /** From then on the secret inside is worthless and the message is not sent. */
  readonly expiresAt?: Date | null
  /** Unsent messages of this kind to the same account are dropped: the newest code wins. */
  readonly supersedes?: boolean
}

/** A message on its way out. */
export interface OutgoingMessage extends Omit<OutboxMessage, 'dedupKey' | 'supersedes'> {
  readonly id: number
  readonly attempts: number
}

/** Messages are added in the transaction of their cause: both happen or neither does. */
export const outbox = (deps: { db: Db; secrets: Secrets; now: () => Date; nudge: () => void }) => {
  const { db, secrets, now, nudge } = deps
  const store = outboxStore(db)
  return {
    add: async (tx: Tx, message: OutboxMessage): Promise<boolean> => {
      const at = now()
      if (message.supersedes === true && message.accountId !== null) {
        await store.supersede(tx, message.accountId, message.kind, at)
      }
      const added = await store.add(tx, {
        channel: message.channel,
        kind: message.kind,
        spaceId: message.spaceId,
        accountId: message.accountId,
        recipient: message.recipient,
        language: message.language,
        data: secrets.seal(JSON.stringify(message.data)),
        dedupKey: message.dedupKey ?? null,
        notBefore: at,
        expiresAt: message.expiresAt ?? null,
        createdAt: at,
        updatedAt: at,
      })
      // The dispatcher looks after this transaction has ended.
      if (added) nudge()
      return added
    },
    list: (most: number) => store.list(db.read, most),
    depth: () => store.depth(db.read),
    retry: async (id: number): Promise<boolean> => {
      const revived = await db.transaction((tx) => store.revive(tx, id, now()))
      if (revived) nudge()
      return revived
    },
  }
}

export type Outbox = ReturnType<typeof outbox>
