import type { Db, Tx } from '../../db/db.ts'
import type { Pace } from '../../db/sweep.ts'
import type { Channel } from '../../outbox/messages.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { type Doomed, statisticsClearingStore } from './clearing-store.ts'
import { hourOf, hours as hoursOf } from './hours.ts'
import { hoursStore } from './hours-store.ts'
import type { Party } from './parties.ts'

/** Rows of a kind that one transaction deletes. Each has some devices, and is counted in up to a few hours. */
const BATCH = 100
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** `apply` false: only counts. */
interface Clearing extends Pick<Pace, 'signal' | 'onGone'> {
  readonly apply: boolean
}

/** Of one transaction: rows that it found, and those that it deleted. */
interface Progress {
  readonly seen: number
  readonly gone: number
}

/** How statistics end: by their age, or with the account that sent them. The hours say the same afterwards. */
export const statisticsClearing = (deps: { db: Db; outbox: Outbox; now: () => Date }) => {
  const { db, outbox, now } = deps
  const store = statisticsClearingStore(db)
  const counters = hoursStore(db)
  const hours = hoursOf(counters, db.spread)

  /** Up to `most` calls, and as many messages. */
  const deleteSome = async (tx: Tx, doomed: Doomed, most: number): Promise<Progress> => {
    const calls = await store.deleteCalls(tx, doomed, most)
    const messages = await store.deleteMessages(tx, doomed, most)
    const counted = [...calls.counted, ...messages.counted]
    await hours.take(tx, counted)
    return { seen: calls.seen + messages.seen, gone: counted.length }
  }

  /** Calls `step`, each time in a transaction of its own, until it sees nothing; resolves to how much went. */
  const inStretches = async (step: (tx: Tx) => Promise<Progress>, { signal, onGone }: Pace = {}): Promise<number> => {
    let total = 0
    for (;;) {
      signal?.throwIfAborted()
      const { seen, gone } = await db.transaction(step)
      if (seen === 0) return total
      total += gone
      onGone?.(gone)
      await Bun.sleep(0)
    }
  }

  const channel: Channel = {
    id: 'statistics',
    dispatch: async ({ data }) => {
      const { username, domain, until } = data
      const sender = { username: String(username), domain: String(domain) }
      await inStretches((tx) => deleteSome(tx, { sender, until: new Date(Number(until)) }, BATCH))
    },
    close: async () => {},
  }

  const forget = async (tx: Tx, sender: Party, most: number): Promise<number> => {
    const until = now()
    const { seen } = await deleteSome(tx, { sender, until }, most)
    if (seen < most) return seen
    await outbox.add(tx, {
      channel: 'statistics',
      kind: 'forget',
      // The message must outlive both.
      spaceId: null,
      accountId: null,
      recipient: addressOfRecord(sender),
      language: 'en',
      // Whoever has the name later keeps what is theirs.
      data: { ...sender, until: until.getTime() },
    })
    return seen
  }

  return {
    channel,
    /**
     * In the transaction that deletes these accounts, which are held: what they sent goes with them, and what they
     * received stays. Some goes at once; what is more goes soon after the commit, so that nobody waits for it.
     */
    forgetBelow: async (tx: Tx, accountIds: readonly number[]): Promise<void> => {
      if (accountIds.length === 0) return
      let left = BATCH
      for (const sender of await store.sendersAmong(tx, accountIds)) {
        left = Math.max(1, left - (await forget(tx, sender, left)))
      }
    },
    /** What was reported so many days ago. null days: kept for ever. */
    clear: async (days: number | null, { apply, ...pace }: Clearing): Promise<number> => {
      if (days === null) return 0
      const before = new Date(now().getTime() - days * DAY_MS)
      if (!apply) return store.count(db.read, before)
      const rows = await inStretches((tx) => deleteSome(tx, { before }, BATCH), pace)
      const conferences = async (tx: Tx): Promise<Progress> => {
        const gone = await store.deleteConferences(tx, before, BATCH)
        return { seen: gone, gone }
      }
      return rows + (await inStretches(conferences, pace))
    },
    /**
     * Holds the hours against the rows that they count, and corrects them; resolves to how many were wrong. `looked` hears
     * how many hours of how many lie behind.
     */
    recount: async (
      signal?: AbortSignal,
      looked: (done: number, total: number) => void = () => {},
    ): Promise<number> => {
      let corrected = 0
      let since = new Date(0)
      let first: Date | null = null
      for (;;) {
        signal?.throwIfAborted()
        const at = await counters.nextInstant(db.read, since)
        if (at === null) return corrected
        const hour = hourOf(at)
        first ??= hour
        looked((hour.getTime() - first.getTime()) / HOUR_MS, (now().getTime() - first.getTime()) / HOUR_MS)
        const wrong = await counters.differences(db.read, hour)
        if (wrong.length > 0) {
          await db.transaction((tx) =>
            hours.correct(
              tx,
              wrong.map((found) => ({ ...found, hour, part: 0 })),
            ),
          )
          corrected += 1
        }
        since = new Date(hour.getTime() + HOUR_MS)
        await Bun.sleep(0)
      }
    },
  }
}

export type StatisticsClearing = ReturnType<typeof statisticsClearing>
