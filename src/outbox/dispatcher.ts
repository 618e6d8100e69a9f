import { AsyncLocalStorage } from 'node:async_hooks'
import type { Db, Tx } from '../db/db.ts'
import type { Logging, SecurityEvent } from '../logging/logging.ts'
import type { Secrets } from '../secrets.ts'
import { type Channel, type ChannelId, type MessageData, type OutgoingMessage, PermanentFailure } from './messages.ts'
import type { Outbox } from './outbox.ts'
import { places } from './places.ts'
import { type Laned, type OutboxRow, outboxStore } from './store.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Before the second attempt, the third …; the last one again and again (behaviour/messages.md §3). */
const RETRY_AFTER_MS: Readonly<Record<ChannelId, readonly number[]>> = {
  mail: [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS],
  sms: [20 * SECOND_MS, MINUTE_MS],
  recovery: [SECOND_MS, 5 * SECOND_MS, 20 * SECOND_MS],
  bridge: [SECOND_MS, 5 * SECOND_MS, 15 * SECOND_MS, MINUTE_MS],
  hook: [10 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS],
  statistics: [MINUTE_MS],
  proxy: [SECOND_MS, 5 * SECOND_MS, 15 * SECOND_MS, MINUTE_MS],
  // As standardwebhooks.com has it.
  webhook: [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
  ],
}
/** Channels whose messages are given up after their last attempt, however young they are. */
const ENDING: ReadonlySet<ChannelId> = new Set(['webhook'])
/** The same for kinds, with times of their own. */
const RETRIES_OF_KIND: Readonly<Record<string, readonly number[]>> = {
  voicemail: [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS],
}
/** However long the secret lives. */
const GIVE_UP_AFTER_MS: Readonly<Record<ChannelId, number>> = {
  mail: 24 * 60 * MINUTE_MS,
  sms: 10 * MINUTE_MS,
  recovery: 10 * MINUTE_MS,
  bridge: 24 * 60 * MINUTE_MS,
  hook: 24 * 60 * MINUTE_MS,
  statistics: 7 * 24 * 60 * MINUTE_MS,
  proxy: 24 * 60 * MINUTE_MS,
  // Longer than all attempts take: some wait for others.
  webhook: 7 * 24 * 60 * MINUTE_MS,
}

/**
 * What the security log calls the end of a message; null: nothing to be proven, or a recovery, which says itself what
 * it came to.
 */
const EVENTS: Readonly<Record<ChannelId, { readonly sent: SecurityEvent; readonly dead: SecurityEvent } | null>> = {
  mail: { sent: 'mail.sent', dead: 'mail.dead' },
  sms: { sent: 'sms.sent', dead: 'sms.fail' },
  recovery: null,
  bridge: null,
  hook: null,
  statistics: null,
  proxy: null,
  webhook: null,
}

/** Whose targets tenants choose: what is wrong there is in the log of deliveries, for them, and no operator's business. */
const isTenants = (channel: ChannelId): boolean => channel === 'webhook'

/** A crashed process's messages are free again after this; a living one renews it. */
const LEASE_MS = 30 * SECOND_MS
const RENEW_EVERY_MS = 10 * SECOND_MS

/** How often to look when nobody nudged: for retries that came due and for messages of other processes. */
const LOOK_EVERY_MS = 2 * SECOND_MS
/** After a nudge, which comes from inside the transaction that adds the message: it may take a while to end. */
const LOOK_AFTER_MS = [5, 50, 500]

/** A channel that has not answered by then is taken for broken. */
const PATIENCE_MS = 3 * MINUTE_MS
/** How long `stop` waits for what is on its way. */
const DRAIN_MS = 7 * SECOND_MS
/** How often to try again to note that a message has left, while the database is away. */
const NOTE_EVERY_MS = SECOND_MS

const LONGEST_ERROR = 500
/** Shorter values are no secrets, and words would fall to pieces. */
const SHORTEST_SECRET = 4

export interface DispatcherOptions {
  readonly db: Db
  readonly secrets: Secrets
  readonly log: Logging
  readonly now: () => Date
  readonly outbox: Outbox
  readonly channels: readonly Channel[]
  readonly workers: number
  readonly patienceMs?: number
  readonly drainMs?: number
}

/** One line that may stand in the outbox and in a log: a server may repeat to us what the message said. */
const reasonOf = (error: unknown, data: MessageData): string => {
  let text = error instanceof Error ? error.message : String(error)
  for (const value of Object.values(data)) {
    if (typeof value === 'string' && value.length >= SHORTEST_SECRET) text = text.replaceAll(value, '…')
  }
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, LONGEST_ERROR)
}

/** Rejects when the work has not ended by then; it may still end. */
const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), ms)
  return Promise.race([work, promise]).finally(() => clearTimeout(timer))
}

/**
 * Sends what waits in the outbox: each message at least once, and a second time only when the process dies between
 * the other side's yes and the note of it. What may be on its way together, `places.ts` says.
 */
export const dispatcher = (options: DispatcherOptions) => {
  const { db, secrets, log, now, outbox, channels, workers, patienceMs = PATIENCE_MS, drainMs = DRAIN_MS } = options
  const store = outboxStore(db)
  const channelOf = new Map(channels.map((channel) => [channel.id, channel]))
  const onTheirWay = places({ workers, now })
  const settled = new Set<() => void>()
  let looking: Promise<void> | null = null
  let lookAgain = false
  let isDown = false
  let stopped = false
  let closed = false
  const timers = new Set<ReturnType<typeof setInterval>>()

  const open = (row: OutboxRow): OutgoingMessage => {
    if (row.data === null) throw new Error('its values are not kept any more')
    return {
      id: row.id,
      kind: row.kind,
      spaceId: row.spaceId,
      webhookId: row.webhookId,
      attempt: row.attempts,
      recipient: row.recipient,
      language: row.language,
      data: JSON.parse(secrets.open(row.data)),
    }
  }

  /** Writes what became of a message. The database may be away: until the lease ends nobody else sends it either. */
  const note = async <T>(write: (tx: Tx) => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await db.transaction(write)
      } catch (error) {
        if (stopped || tries * NOTE_EVERY_MS >= LEASE_MS) throw error
        await Bun.sleep(NOTE_EVERY_MS)
      }
    }
  }

  const abandon = async (row: OutboxRow, reason: string): Promise<void> => {
    const isExpired = row.expiresAt !== null && row.expiresAt <= now()
    const write = async (tx: Tx) => {
      const isAbandoned = await store.abandon(tx, row, reason, isExpired, now())
      if (isAbandoned) await store.wakeNext(tx, row, now())
      return isAbandoned
    }
    if (!(await note(write)) || isTenants(row.channel)) return
    const facts = { kind: row.kind, message: row.id, reason }
    const event = EVENTS[row.channel]
    if (event === null) log.app.error('a message was given up', { channel: row.channel, ...facts })
    else log.security(event.dead, facts)
  }

  const postpone = async (row: OutboxRow, reason: string): Promise<void> => {
    const few = RETRIES_OF_KIND[row.kind]
    const delays = few ?? RETRY_AFTER_MS[row.channel]
    const ends = few !== undefined || ENDING.has(row.channel)
    if (ends && row.attempts > delays.length) return abandon(row, reason)
    const delay = delays[Math.min(row.attempts, delays.length) - 1] ?? MINUTE_MS
    const next = new Date(now().getTime() + delay)
    const isTooOld = next.getTime() > row.createdAt.getTime() + GIVE_UP_AFTER_MS[row.channel]
    if (isTooOld || (row.expiresAt !== null && next >= row.expiresAt)) return abandon(row, reason)
    if (!(await note((tx) => store.retry(tx, row, next, reason, now()))) || isTenants(row.channel)) return
    log.app.warn('message not sent yet', { message: row.id, kind: row.kind, attempts: row.attempts, reason, next })
  }

  const deliver = async (row: Laned): Promise<void> => {
    if (row.expiresAt !== null && row.expiresAt <= now()) return abandon(row, 'expired')
    const channel = channelOf.get(row.channel)
    if (channel === undefined) return abandon(row, 'no channel')
    let data: MessageData = {}
    try {
      const message = open(row)
      data = message.data
      await within(patienceMs, channel.dispatch(message))
    } catch (error) {
      const reason = reasonOf(error, data)
      if (row.webhookId !== null) onTheirWay.fails(row.lane)
      return error instanceof PermanentFailure ? abandon(row, reason) : postpone(row, reason)
    }
    if (row.webhookId !== null) onTheirWay.works(row.lane)
    await note(async (tx) => {
      await store.sent(tx, row, now())
      await store.wakeNext(tx, row, now())
    })
    const event = EVENTS[row.channel]
    if (event !== null) log.security(event.sent, { kind: row.kind, message: row.id })
  }

  const send = (row: Laned): void => {
    onTheirWay.take(row)
    deliver(row)
      // The lease ends, and somebody tries again.
      .catch((error) => {
        if (!closed) log.app.error('the outbox cannot be written', { message: row.id, error })
      })
      .finally(() => {
        onTheirWay.leave(row)
        look()
      })
  }

  const lease = async (tx: Tx): Promise<{ leased: readonly Laned[]; wereDue: boolean }> => {
    const at = now()
    const times = { now: at, leasedUntil: new Date(at.getTime() + LEASE_MS) }
    const most = onTheirWay.room()
    const options = { most, busy: onTheirWay.busy(), ...times }
    const messages = most <= 0 ? { leased: [], wereDue: false } : await store.lease(tx, options)
    const toWebhooks = await store.leaseForWebhooks(tx, { places: onTheirWay.forWebhooks(), ...times })
    return {
      leased: [...messages.leased, ...toWebhooks.leased],
      wereDue: messages.wereDue || toWebhooks.wereDue,
    }
  }

  /**
   * Leases what is due for lanes with room, until nothing is. A failure of the database ends it; the next look tries
   * again.
   */
  const work = async (): Promise<void> => {
    do {
      lookAgain = false
      if (stopped) return
      const { leased, wereDue } = await db.transaction(lease)
      const excess: Laned[] = []
      for (const row of leased) {
        if (!stopped && onTheirWay.hasRoom(row)) send(row)
        else excess.push(row)
      }
      if (excess.length > 0) {
        await db.transaction(async (tx) => {
          for (const row of excess) await store.giveBack(tx, row)
        })
      }
      isDown = false
      if (wereDue) lookAgain = true
    } while (lookAgain)
  }

  const look = (): void => {
    if (stopped) return
    lookAgain = true
    looking ??= work()
      .catch((error) => {
        // Once, not every two seconds for as long as the database is away.
        if (!isDown) log.app.error('the outbox cannot be read', { error })
        isDown = true
        lookAgain = false
      })
      .finally(() => {
        looking = null
        // Somebody looked between the end of the last round and this.
        if (lookAgain) look()
        else if (onTheirWay.count() === 0) for (const resolve of settled) resolve()
      })
  }

  const renew = async (): Promise<void> => {
    if (onTheirWay.count() === 0) return
    const until = new Date(now().getTime() + LEASE_MS)
    await db
      .transaction((tx) => store.renew(tx, onTheirWay.ids(), until))
      .catch((error) => log.app.error('leases of the outbox cannot be renewed', { error }))
  }

  /** Until nothing is on its way and nothing due is left. */
  const settle = async (): Promise<void> => {
    look()
    while (looking !== null || onTheirWay.count() > 0) {
      await new Promise<void>((resolve) => {
        settled.add(resolve)
        setTimeout(resolve, 20)
      })
      settled.clear()
    }
  }

  return {
    start: async (): Promise<void> => {
      timers.add(setInterval(look, LOOK_EVERY_MS)).add(setInterval(renew, RENEW_EVERY_MS))
      // What is started inside a transaction counts as part of it, and may begin no other.
      const outside = AsyncLocalStorage.snapshot()
      outbox.onAdded(() =>
        outside(() => {
          for (const delay of LOOK_AFTER_MS) setTimeout(look, delay)
        }),
      )
      // On SQLite nobody else sends: what is leased was on its way when the last process died. Where this fails the
      // leases run out by themselves.
      if (db.dialect === 'sqlite') await db.transaction((tx) => store.freeAll(tx))
      look()
    },
    look,
    renew,
    settle,
    /**
     * Takes nothing more, and waits for what is on its way: at most some seconds, since a server that hangs may not
     * hang us. What still waits is another process's, or the next start's.
     */
    stop: async (): Promise<void> => {
      for (const timer of timers) clearInterval(timer)
      outbox.onAdded(() => {})
      stopped = true
      const deadline = performance.now() + drainMs
      while ((looking !== null || onTheirWay.count() > 0) && performance.now() < deadline) await Bun.sleep(5)
      await within(SECOND_MS, Promise.all(channels.map((channel) => channel.close()))).catch((error) =>
        log.app.warn('a channel did not close', { error }),
      )
      closed = true
      if (onTheirWay.count() === 0) return
      // Their connections end with the process: nobody has to wait for the leases.
      log.app.warn('messages were on their way at the end', { messages: onTheirWay.ids() })
      const giveUp = async (tx: Tx) => {
        for (const row of onTheirWay.all()) await store.retry(tx, row, now(), 'the process ended', now())
      }
      await db.transaction(giveUp).catch((error) => log.app.error('the outbox cannot be written', { error }))
    },
  }
}

export type Dispatcher = ReturnType<typeof dispatcher>
