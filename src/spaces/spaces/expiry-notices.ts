import type { Db, Tx } from '../../db/db.ts'
import type { Language } from '../../messages/messages.ts'
import { everySpace, languageOf } from '../../nouns/space.ts'
import type { MailKinds } from '../../outbox/messages.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { type ExpiringSpace, expiryNoticesStore } from './expiry-notices-store.ts'

/** Days before the end, the most first. */
export const DEFAULT_THRESHOLDS: readonly number[] = [7, 3, 1]

const DAY_MS = 86_400_000
const ACCOUNTS_BATCH = 500

interface Occasion {
  readonly previous: Date | null
  readonly signal?: AbortSignal
}

/** Whole days that are left, begun ones included; 0 once the moment has come (behaviour/spaces.md §6). */
const daysLeft = (expireAt: Date, at: Date): number =>
  Math.max(0, Math.ceil((expireAt.getTime() - at.getTime()) / DAY_MS))

/**
 * The threshold of today, or the nearest of those that passed since the previous run: one that was missed is made up
 * for, and of several only the last. null: nothing is to be said.
 */
const dueThreshold = (thresholds: readonly number[], days: number, daysBefore: number | null): number | null => {
  const isDue = (threshold: number) =>
    threshold === days || (daysBefore !== null && threshold > days && threshold < daysBefore)
  const due = thresholds.filter(isDue)
  return days > 0 && due.length > 0 ? Math.min(...due) : null
}

/** Tells the administrators of a Space before it expires (behaviour/messages.md §1), once for each threshold. */
export const expiryNotices = (deps: { db: Db; outbox: Outbox; now: () => Date }) => {
  const { db, outbox, now } = deps
  const store = expiryNoticesStore(db)

  /** What the mails about one Space say, to whomever they go. */
  interface Notice {
    readonly space: ExpiringSpace
    readonly threshold: number
    readonly data: MailKinds['space_expiring']
  }

  const addTo = (
    tx: Tx,
    { space, threshold, data }: Notice,
    admin: { id: number; locale: Language | null },
    email: string,
  ) =>
    outbox.add(tx, {
      channel: 'mail',
      kind: 'space_expiring',
      spaceId: space.id,
      accountId: admin.id,
      recipient: email,
      language: languageOf(admin, space),
      data,
      dedupKey: `space_expiring:${space.id}:${data.expire_at}:${threshold}:${admin.id}`,
      expiresAt: space.expireAt,
    })

  const tell = async (notice: Notice, signal?: AbortSignal): Promise<number> => {
    let told = 0
    for (let after = 0; ; await Bun.sleep(0)) {
      signal?.throwIfAborted()
      const page = await store.accountsAfter(db.read, notice.space, after, ACCOUNTS_BATCH)
      told += await db.transaction(async (tx) => {
        let added = 0
        for (const account of page) {
          if (!account.admin || account.email === null) continue
          if (await addTo(tx, notice, account, account.email)) added += 1
        }
        return added
      })
      const last = page.at(-1)
      if (last === undefined) return told
      after = last.id
    }
  }

  return {
    /** Resolves to how many mails were added. `previous`: when it was last done; null: never. */
    send: async (thresholds: readonly number[], { previous, signal }: Occasion): Promise<number> => {
      const at = now()
      const furthest = new Date(at.getTime() + Math.max(...thresholds) * DAY_MS)
      const failures: unknown[] = []
      let total = 0
      for (const space of await store.expiring(db.read, everySpace('housekeeping'), at, furthest)) {
        const days = daysLeft(space.expireAt, at)
        const threshold = dueThreshold(thresholds, days, previous === null ? null : daysLeft(space.expireAt, previous))
        if (threshold === null) continue
        const expire_at = space.expireAt.toISOString().slice(0, 10)
        const data = { days, expire_at, accounts_count: await store.accountCount(db.read, space) }
        // A Space that somebody deletes meanwhile keeps no other from being told.
        total += await tell({ space, threshold, data }, signal).catch((error) => {
          failures.push(error)
          return 0
        })
      }
      if (failures.length > 0) throw failures[0]
      return total
    },
  }
}

export type ExpiryNotices = ReturnType<typeof expiryNotices>
