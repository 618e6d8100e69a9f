import type { Db, Tx } from '../db/db.ts'
import type { Secrets } from '../secrets.ts'
import type { Message } from './messages.ts'
import { outboxStore } from './store.ts'

/**
 * Messages are added in the transaction of their cause: both happen or neither does. `nudge` wakes the dispatcher of
 * this process, where one runs; others look by themselves.
 */
export const outbox = (deps: { db: Db; secrets: Secrets; now: () => Date }) => {
  const { db, secrets, now } = deps
  const store = outboxStore(db)
  let nudge = () => {}

  return {
    /** False when one with the same dedup key is there already. */
    add: async (tx: Tx, message: Message): Promise<boolean> => {
      const at = now()
      const { channel, kind, spaceId, accountId, recipient, language, data } = message
      if (message.supersedes === true && accountId !== null) await store.supersede(tx, accountId, channel, kind, at)
      const id = await store.add(tx, {
        channel,
        kind,
        spaceId,
        accountId,
        recipient,
        language,
        data: secrets.seal(JSON.stringify(data)),
        dedupKey: message.dedupKey ?? null,
        notBefore: at,
        expiresAt: message.expiresAt ?? null,
        createdAt: at,
        updatedAt: at,
      })
      if (id !== null) nudge()
      return id !== null
    },
    onAdded: (listener: () => void): void => {
      nudge = listener
    },
    list: (options: { most: number; unsent: boolean }) => store.list(db.read, options.most, options.unsent),
    depth: () => store.depth(db.read),
    /** False: there is none, or it has left already, or its secret was superseded. */
    retry: async (id: number): Promise<boolean> => {
      const revived = await db.transaction((tx) => store.revive(tx, id, now()))
      if (revived) nudge()
      return revived
    },
  }
}

export type Outbox = ReturnType<typeof outbox>
