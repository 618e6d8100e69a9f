import type { Tx } from '../db/db.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import type { Statistics } from '../telephony/statistics/statistics.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'
import type { MovingInStore } from './store.ts'
import { flagIn, instantIn, numberIn, type Row, stampsIn, textIn } from './values.ts'

const PAGE = 500
/** Calls and messages that are counted together: their ids come in no order of time. */
const COUNTED_AT_ONCE = 20_000

const STATES = ['accepted', 'accepted_elsewhere', 'declined', 'declined_elsewhere', 'canceled', 'error'] as const

type Counted = Parameters<Statistics['count']>[1]

const partyIn = (row: Row, side: 'from' | 'to') => ({
  username: textIn(row, `${side}_username`) ?? '',
  domain: (textIn(row, `${side}_domain`) ?? '').toLowerCase(),
})

/** Calls and messages that the SIP proxy has reported; those that are known stay as they are. */
export const movingStatistics = (deps: {
  source: Source
  store: MovingInStore
  report: Report
  statistics: Pick<Statistics, 'count'>
  now: Date
  onPage: () => void
}) => {
  const { source, store, report, statistics, now, onPage } = deps
  let waiting: Counted[] = []

  const flush = async (tx: Tx): Promise<void> => {
    if (waiting.length > 0) await statistics.count(tx, ...waiting)
    waiting = []
  }
  const counted = async (tx: Tx, some: readonly Counted[]): Promise<void> => {
    waiting.push(...some)
    if (waiting.length >= COUNTED_AT_ONCE) await flush(tx)
  }

  const idsOf = (rows: readonly Row[]) => rows.map((row) => textIn(row, 'id') ?? '')

  /** Devices of rows that were written now; counts those of others. */
  const devicesOf = async (table: string, column: string, rows: readonly Row[], written: ReadonlySet<string>) => {
    const count = report.of(table)
    const found = await source.among(table, column, idsOf(rows), 'id')
    count.read += found.length
    const coming = found.filter((row) => written.has(textIn(row, column) ?? ''))
    count.there += found.length - coming.length
    return coming
  }

  const messageDevices = async (tx: Tx, rows: readonly Row[], sent: ReadonlyMap<string, Date>) => {
    const table = 'statistics_message_devices'
    const found = await devicesOf(table, 'message_id', rows, new Set(sent.keys()))
    const recipients = new Map<string, Set<string>>()
    const known = new Set<string>()
    const coming = found.map((row) => {
      const [messageId, to] = [textIn(row, 'message_id') ?? '', partyIn(row, 'to')]
      const recipient = `${messageId} ${addressOfRecord(to)}`
      const isFirst = !known.has(recipient)
      known.add(recipient)
      recipients.set(messageId, (recipients.get(messageId) ?? new Set()).add(to.domain))
      const sentAt = sent.get(messageId) ?? now
      return {
        messageId,
        toUsername: to.username,
        toDomain: to.domain,
        deviceId: textIn(row, 'device_id') ?? '',
        lastStatus: numberIn(row, 'last_status') ?? 0,
        receivedAt: instantIn(row, 'received_at') ?? sentAt,
        sentAt,
        isFirst,
        ...stampsIn(row, now),
      }
    })
    report.of(table).written += (await store.messageDevices(tx, coming)).length
    return recipients
  }

  const messages = async (tx: Tx): Promise<void> => {
    const table = 'statistics_messages'
    const count = report.of(table)
    for await (const rows of source.pages(table, 'id', PAGE)) {
      count.read += rows.length
      const coming = rows.flatMap((row) => {
        const [id, from, sentAt] = [textIn(row, 'id') ?? '', partyIn(row, 'from'), instantIn(row, 'sent_at')]
        if (sentAt === null) {
          report.lost(table, id, 'nobody knows when it was sent')
          return []
        }
        const conferenceId = textIn(row, 'conference_id')
        const rest = { encrypted: flagIn(row, 'encrypted', false), conferenceId, ...stampsIn(row, now) }
        return { id, fromUsername: from.username, fromDomain: from.domain, sentAt, ...rest }
      })
      const stored = new Set((await store.messages(tx, coming)).map(({ id }) => id))
      const made = coming.filter(({ id }) => stored.has(id))
      count.written += made.length
      count.there += coming.length - made.length
      const recipients = await messageDevices(tx, rows, new Map(made.map(({ id, sentAt }) => [id, sentAt])))
      await counted(
        tx,
        made.map(({ id, sentAt, fromDomain }) => {
          const to = [...(recipients.get(id) ?? [])]
          return { kind: 'messages' as const, id, at: sentAt, from: fromDomain, to }
        }),
      )
      onPage()
    }
  }

  const callDevices = async (tx: Tx, rows: readonly Row[], written: ReadonlySet<string>): Promise<void> => {
    const table = 'statistics_call_devices'
    const coming = (await devicesOf(table, 'call_id', rows, written)).map((row) => ({
      callId: textIn(row, 'call_id') ?? '',
      deviceId: textIn(row, 'device_id') ?? '',
      rangAt: instantIn(row, 'rang_at'),
      inviteTerminatedAt: instantIn(row, 'invite_terminated_at'),
      inviteTerminatedState: STATES.find((known) => known === row.invite_terminated_state) ?? null,
      ...stampsIn(row, now),
    }))
    report.of(table).written += (await store.callDevices(tx, coming)).length
  }

  const calls = async (tx: Tx): Promise<void> => {
    const table = 'statistics_calls'
    const count = report.of(table)
    for await (const rows of source.pages(table, 'id', PAGE)) {
      count.read += rows.length
      const coming = rows.flatMap((row) => {
        const [from, to, initiatedAt] = [partyIn(row, 'from'), partyIn(row, 'to'), instantIn(row, 'initiated_at')]
        const id = textIn(row, 'id') ?? ''
        if (initiatedAt === null) {
          report.lost(table, id, 'nobody knows when it began')
          return []
        }
        return {
          id,
          fromUsername: from.username,
          fromDomain: from.domain,
          toUsername: to.username,
          toDomain: to.domain,
          initiatedAt,
          endedAt: instantIn(row, 'ended_at'),
          conferenceId: textIn(row, 'conference_id'),
          toSelf: addressOfRecord(from) === addressOfRecord(to),
          toOwnDomain: from.domain === to.domain,
          ...stampsIn(row, now),
        }
      })
      const stored = new Set((await store.calls(tx, coming)).map(({ id }) => id))
      const made = coming.filter(({ id }) => stored.has(id))
      count.written += made.length
      count.there += coming.length - made.length
      await callDevices(tx, rows, stored)
      await counted(
        tx,
        made.map(({ id, initiatedAt, fromDomain, toDomain }) => {
          return { kind: 'calls' as const, id, at: initiatedAt, from: fromDomain, to: [toDomain] }
        }),
      )
      onPage()
    }
  }

  return {
    move: async (tx: Tx): Promise<void> => {
      await messages(tx)
      await calls(tx)
      await flush(tx)
    },
  }
}
