import type { Db, Tx } from '../db/db.ts'
import { type Pace, sweep } from '../db/sweep.ts'
import type { Secrets } from '../secrets.ts'
import { CHANNELS, type MailKind, type Message } from './messages.ts'
import { outboxStore } from './store.ts'

/** How long rows are kept after their end (behaviour/messages.md §3). */
const SENT_DAYS = 7
const DEAD_DAYS = 30
const DAY_MS = 86_400_000

/**
 * Messages are added in the transaction of their cause: both happen or neither does. `nudge` wakes the dispatcher of
 * this process, where one runs; others look by themselves.
 */
export const outbox = (deps: { db: Db; secrets: Secrets; now: () => Date }) => {
  const { db, secrets, now } = deps
  const store = outboxStore(db)
  let nudge = () => {}

  return {
    /** Its id; null when one with the same dedup key is there already. */
    add: async (tx: Tx, message: Message): Promise<number | null> => {
      const at = now()
      const { channel, kind, spaceId, accountId, recipient, language, data } = message
      if (message.supersedes === true && accountId !== null) await store.supersede(tx, accountId, channel, kind, at)
      if (message.dedupKey !== undefined && message.dedupSince !== undefined) {
        await store.forgetKey(tx, message.dedupKey, message.dedupSince)
      }
      const id = await store.add(tx, {
        channel,
        kind,
        spaceId,
        accountId,
        webhookId: message.channel === 'webhook' ? message.webhookId : null,
        recipient,
        language,
        data: secrets.seal(JSON.stringify(data)),
        dedupKey: message.dedupKey ?? null,
        notBefore: new Date(at.getTime() + (message.delayMs ?? 0)),
        expiresAt: message.expiresAt ?? null,
        createdAt: at,
        updatedAt: at,
      })
      if (id !== null) nudge()
      return id
    },
    /** Whoever has added a message did themselves what it asks for. */
    arrived: (id: number): Promise<void> =>
      db.transaction(async (tx) => {
        await store.sent(tx, { id }, now())
      }),
    onAdded: (listener: () => void): void => {
      nudge = listener
    },
    list: (options: { most: number; unsent: boolean }) => store.list(db.read, options.most, options.unsent),
    /** What waits, of every channel, and since when; `oldest` is null when nothing does. */
    depth: async () => {
      const found = await store.depth(db.read)
      return CHANNELS.map(
        (channel) => found.find((row) => row.channel === channel) ?? { channel, waiting: 0, oldest: null },
      )
    },
    /** Removes what was sent a week ago or given up a month ago; resolves to how much. */
    clear: (pace: Pace = {}): Promise<number> => {
      const before = (days: number) => new Date(now().getTime() - days * DAY_MS)
      return sweep(db, store.old(before(SENT_DAYS), before(DEAD_DAYS)), pace)
    },
    /** Those of a kind that were given up after fewer attempts are tried once more: how many. `then` as in `retry`. */
    retryKind: async (
      kind: MailKind,
      belowAttempts: number,
      then: (tx: Tx, count: number) => Promise<void> = async () => {},
    ): Promise<number> => {
      const revived = await db.transaction(async (tx) => {
        const count = await store.reviveKind(tx, kind, belowAttempts, now())
        if (count > 0) await then(tx, count)
        return count
      })
      if (revived > 0) nudge()
      return revived
    },
    /** Of these: how many are tried again, where any is. `then` as in `retry`. */
    retryThese: async (ids: readonly number[], then: (tx: Tx, count: number) => Promise<void>): Promise<number> => {
      const revived = await db.transaction(async (tx) => {
        let count = 0
        for (const id of ids) if (await store.revive(tx, id, now())) count += 1
        if (count > 0) await then(tx, count)
        return count
      })
      if (revived > 0) nudge()
      return revived
    },
    /**
     * False: there is none, or it has left already, or its secret was superseded. `then` belongs to the same
     * transaction.
     */
    retry: async (id: number, then: (tx: Tx) => Promise<void> = async () => {}): Promise<boolean> => {
      const revived = await db.transaction(async (tx) => {
        const isRevived = await store.revive(tx, id, now())
        if (isRevived) await then(tx)
        return isRevived
      })
      if (revived) nudge()
      return revived
    },
  }
}

export type Outbox = ReturnType<typeof outbox>
