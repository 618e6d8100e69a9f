import type { Db } from '../db/db.ts'
import type { Logging } from '../logging/logging.ts'
import type { Secrets } from '../secrets.ts'
import type { ChannelId, OutgoingMessage } from './outbox.ts'
import { type OutboxRow, outboxStore } from './store.ts'

/** Trying again is useless: the other side said no for good. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure'
}

/** Takes a message out of the building. Rejects when it did not leave; resolves once the other side has it. */
export interface Channel {
  readonly id: ChannelId
  dispatch(message: OutgoingMessage): Promise<void>
  close(): Promise<void>
}

const MINUTE_MS = 60_000
/** spec mail-sms.md §4: then hourly, until the secret dies or a day has passed. */
const RETRY_AFTER_MS: Record<ChannelId, readonly number[]> = {
  mail: [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS],
  sms: [20_000, MINUTE_MS],
}
const GIVE_UP_AFTER_MS = 24 * 60 * MINUTE_MS

/** Longer than any channel's own time limit: a crashed process's messages are free again afterwards. */
const LEASE_MS = 2 * MINUTE_MS

/** How often to look when nobody nudged: for retries that came due and for other processes' messages. */
const LOOK_EVERY_MS = 5000

/** The nudge comes from inside the transaction that adds the message: it must have ended before we look. */
const SETTLE_MS = 20

/** Sends what waits in the outbox: at least once, and twice only when a process dies between sending and writing it down. */
export const dispatcher = (deps: {
  db: Db
  secrets: Secrets
  log: Logging
  now: () => Date
  channels: readonly Channel[]
  /** Messages in flight at once. */
  workers: number
}) => {
  const { db, secrets, log, now, channels, workers } = deps
  const store = outboxStore(db)
  const byId = new Map(channels.map((channel) => [channel.id, channel]))
  let running: Promise<void> | null = null
  let again = false
  let stopped = false
  let timer: ReturnType<typeof setInterval> | null = null

  const open = (row: OutboxRow): OutgoingMessage => ({
    id: row.id,
    channel: row.channel,
    kind: row.kind,
    spaceId: row.spaceId,
    accountId: row.accountId,
    recipient: row.recipient,
    language: row.language,
    data: JSON.parse(secrets.open(row.data ?? '')),
    expiresAt: row.expiresAt,
    attempts: row.attempts,
  })

  const abandon = async (row: OutboxRow, reason: string) => {
    await db.transaction((tx) => store.abandon(tx, row.id, reason, now()))
    log.security(row.channel === 'mail' ? 'mail.dead' : 'sms.fail', { kind: row.kind, reason, id: row.id })
  }

  const deliver = async (row: OutboxRow): Promise<void> => {
    const at = now()
    if (row.expiresAt !== null && row.expiresAt <= at) return abandon(row, 'expired')
    const channel = byId.get(row.channel)
    if (channel === undefined) return abandon(row, 'no_channel')
    try {
      await channel.dispatch(open(row))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (error instanceof PermanentFailure) return abandon(row, reason)
      const delays = RETRY_AFTER_MS[row.channel]
      const delay = delays[Math.min(row.attempts, delays.length) - 1] ?? MINUTE_MS
      const next = new Date(now().getTime() + delay)
      const tooLate = next.getTime() > row.createdAt.getTime() + GIVE_UP_AFTER_MS
      if (tooLate || (row.expiresAt !== null && next >= row.expiresAt)) return abandon(row, reason)
      log.app.warn('message not sent yet', { id: row.id, kind: row.kind, attempts: row.attempts, reason })
      await db.transaction((tx) => store.retry(tx, row.id, next, reason.slice(0, 500), now()))
      return
    }
    await db.transaction((tx) => store.sent(tx, row.id, now()))
    log.security(row.channel === 'mail' ? 'mail.sent' : 'sms.sent', { kind: row.kind, id: row.id })
  }

  /** Rounds until nothing is due. A failure of the database ends the round; the next look tries again. */
  const work = async (): Promise<void> => {
    do {
      again = false
      for (;;) {
        const at = now()
        const rows = stopped
          ? []
          : await db.transaction((tx) => store.lease(tx, workers, at, new Date(at.getTime() + LEASE_MS)))
        if (rows.length === 0) break
        await Promise.all(
          rows.map((row) => deliver(row).catch((error) => log.app.error('outbox', { id: row.id, error }))),
        )
      }
    } while (again && !stopped)
  }

  const nudge = () => {
    if (stopped) return
    again = true
    running ??= new Promise<void>((resolve) => setTimeout(resolve, SETTLE_MS))
      .then(work)
      .catch((error) => log.app.error('outbox round failed', { error }))
      .finally(() => {
        running = null
      })
  }

  return {
    nudge,
    start: () => {
      timer ??= setInterval(nudge, LOOK_EVERY_MS)
      nudge()
    },
    /** Resolves when nothing that is due is left: for tests and `job:run`. */
    settle: async () => {
      nudge()
      while (running !== null) await running
    },
    /** Finishes what is in flight; what still waits is another process's, or the next start's. */
    stop: async () => {
      stopped = true
      if (timer !== null) clearInterval(timer)
      if (running !== null) await running
      await Promise.all(channels.map((channel) => channel.close()))
    },
  }
}

export type Dispatcher = ReturnType<typeof dispatcher>
