import type { Db } from '../db/db.ts'
import type { Logging } from '../logging/logging.ts'
import type { Secrets } from '../secrets.ts'
import { type Channel, type ChannelId, type OutgoingMessage, PermanentFailure } from './messages.ts'
import type { Outbox } from './outbox.ts'
import { type OutboxRow, outboxStore } from './store.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

/** Before the second attempt, the third …; the last one again and again (spec mail-sms.md §4, §7.4). */
const RETRY_AFTER_MS: Readonly<Record<ChannelId, readonly number[]>> = {
  mail: [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS],
  sms: [20 * SECOND_MS, MINUTE_MS],
}
/** However long the secret lives. */
const GIVE_UP_AFTER_MS: Readonly<Record<ChannelId, number>> = { mail: 24 * 60 * MINUTE_MS, sms: 10 * MINUTE_MS }

/** A crashed process's messages are free again after this; a living one renews it. */
const LEASE_MS = 30 * SECOND_MS
const RENEW_EVERY_MS = 10 * SECOND_MS

/** How often to look when nobody nudged: for retries that came due and for messages of other processes. */
const LOOK_EVERY_MS = 2 * SECOND_MS
/** After a nudge, which comes from inside the transaction that adds the message: it may take a while to end. */
const LOOK_AFTER_MS = [5, 50, 500]

/** Messages on their way at once, of all lanes. */
const MOST_IN_FLIGHT = 64
const LONGEST_ERROR = 500

/**
 * Sends what waits in the outbox: each message at least once, and a second time only when the process dies between
 * the other side's yes and the note of it. A lane (one channel of one Space) has `workers` messages on their way at
 * most, so that a slow server holds up nobody else's.
 */
export const dispatcher = (deps: {
  db: Db
  secrets: Secrets
  log: Logging
  now: () => Date
  outbox: Outbox
  channels: readonly Channel[]
  workers: number
}) => {
  const { db, secrets, log, now, outbox, channels, workers } = deps
  const store = outboxStore(db)
  const channelOf = new Map(channels.map((channel) => [channel.id, channel]))
  /** Message → lane. */
  const inFlight = new Map<number, string>()
  const settled = new Set<() => void>()
  let looking: Promise<void> | null = null
  let lookAgain = false
  let stopped = false
  const timers = new Set<ReturnType<typeof setInterval>>()

  const open = (row: OutboxRow): OutgoingMessage => ({
    id: row.id,
    kind: row.kind,
    spaceId: row.spaceId,
    accountId: row.accountId,
    recipient: row.recipient,
    language: row.language,
    data: JSON.parse(secrets.open(row.data ?? '')),
    expiresAt: row.expiresAt,
    attempts: row.attempts,
  })

  const abandon = async (row: OutboxRow, reason: string): Promise<void> => {
    await db.transaction((tx) => store.abandon(tx, row.id, reason.slice(0, LONGEST_ERROR), now()))
    log.security(row.channel === 'mail' ? 'mail.dead' : 'sms.fail', { kind: row.kind, message: row.id, reason })
  }

  const postpone = async (row: OutboxRow, reason: string): Promise<void> => {
    const delays = RETRY_AFTER_MS[row.channel]
    const delay = delays[Math.min(row.attempts, delays.length) - 1] ?? MINUTE_MS
    const next = new Date(now().getTime() + delay)
    const isTooOld = next.getTime() > row.createdAt.getTime() + GIVE_UP_AFTER_MS[row.channel]
    if (isTooOld || (row.expiresAt !== null && next >= row.expiresAt)) return abandon(row, reason)
    log.app.warn('message not sent yet', { message: row.id, kind: row.kind, attempts: row.attempts, reason, next })
    await db.transaction((tx) => store.retry(tx, row.id, next, reason.slice(0, LONGEST_ERROR), now()))
  }

  const deliver = async (row: OutboxRow): Promise<void> => {
    if (row.expiresAt !== null && row.expiresAt <= now()) return abandon(row, 'expired')
    const channel = channelOf.get(row.channel)
    if (channel === undefined) return abandon(row, 'no channel')
    try {
      await channel.dispatch(open(row))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return error instanceof PermanentFailure ? abandon(row, reason) : postpone(row, reason)
    }
    await db.transaction((tx) => store.sent(tx, row.id, now()))
    log.security(row.channel === 'mail' ? 'mail.sent' : 'sms.sent', { kind: row.kind, message: row.id })
  }

  const countOf = (lane: string) => [...inFlight.values()].filter((other) => other === lane).length

  const send = (row: OutboxRow & { lane: string }): void => {
    inFlight.set(row.id, row.lane)
    deliver(row)
      // The lease ends, and somebody tries again.
      .catch((error) => log.app.error('the outbox cannot be written', { message: row.id, error }))
      .finally(() => {
        inFlight.delete(row.id)
        look()
      })
  }

  /** Leases what is due for lanes with room, until nothing is. A failure of the database ends it; the next look tries again. */
  const work = async (): Promise<void> => {
    do {
      lookAgain = false
      const room = MOST_IN_FLIGHT - inFlight.size
      if (stopped || room <= 0) return
      const busy = [...new Set(inFlight.values())].filter((lane) => countOf(lane) >= workers)
      const at = now()
      const options = { most: Math.min(room, workers), busy, now: at, leasedUntil: new Date(at.getTime() + LEASE_MS) }
      const rows = await db.transaction((tx) => store.lease(tx, options))
      for (const row of rows) {
        if (countOf(row.lane) < workers) send(row)
        else await db.transaction((tx) => store.giveBack(tx, row.id))
      }
      if (rows.length > 0) lookAgain = true
    } while (lookAgain)
  }

  const look = (): void => {
    if (stopped) return
    lookAgain = true
    looking ??= work()
      .catch((error) => log.app.error('the outbox cannot be read', { error }))
      .finally(() => {
        looking = null
        if (inFlight.size === 0) for (const resolve of settled) resolve()
      })
  }

  const renew = (): void => {
    if (inFlight.size === 0) return
    const until = new Date(now().getTime() + LEASE_MS)
    db.transaction((tx) => store.renew(tx, [...inFlight.keys()], until)).catch((error) =>
      log.app.error('leases of the outbox cannot be renewed', { error }),
    )
  }

  /** Until nothing is on its way and nothing due is left. */
  const settle = async (): Promise<void> => {
    look()
    while (looking !== null || inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        settled.add(resolve)
        setTimeout(resolve, 20)
      })
      settled.clear()
    }
  }

  return {
    start: async (): Promise<void> => {
      // On SQLite nobody else sends: what is leased was on its way when the last process died.
      if (db.dialect === 'sqlite') await db.transaction((tx) => store.freeAll(tx))
      timers.add(setInterval(look, LOOK_EVERY_MS)).add(setInterval(renew, RENEW_EVERY_MS))
      outbox.onAdded(() => {
        for (const delay of LOOK_AFTER_MS) setTimeout(look, delay)
      })
      look()
    },
    settle,
    /** Waits for what is on its way; what still waits is another process's, or the next start's. */
    stop: async (): Promise<void> => {
      for (const timer of timers) clearInterval(timer)
      outbox.onAdded(() => {})
      stopped = true
      while (looking !== null || inFlight.size > 0) await Bun.sleep(5)
      await Promise.all(channels.map((channel) => channel.close()))
    },
  }
}

export type Dispatcher = ReturnType<typeof dispatcher>
