import type { Tx } from '../../db/db.ts'
import type { Counter, Hour, HoursStore, Kind } from './hours-store.ts'

const HOUR_MS = 3_600_000

/** Of the rows that count everything, whoever was part of it. */
export const EVERYBODY = ''

/** One call, or one message with what is known of its recipients, as the hours count it. */
export interface Counted {
  readonly kind: Kind
  readonly id: string
  readonly at: Date
  readonly from: string
  /** Domains that it went to, each once. */
  readonly to: readonly string[]
}

export const hourOf = (at: Date): Date => new Date(at.getTime() - (at.getTime() % HOUR_MS))

/** What one domain has of it. */
export const shareOf = ({ from, to }: Pick<Counted, 'from' | 'to'>, domain: string): Counter => {
  const [sent, received] = [Number(domain === from), Number(to.includes(domain))]
  return { sent, received, inside: sent * received }
}

/** What each row of the hours has of it: one for everybody, and one for each domain that was part of it. */
const sharesOf = (counted: Counted): (readonly [domain: string, counter: Counter])[] => [
  [EVERYBODY, { sent: 1, received: 0, inside: 0 }],
  ...[...new Set([counted.from, ...counted.to])].map((domain) => [domain, shareOf(counted, domain)] as const),
]

/** Which of the rows among which a number is spread: always the same for one call or message. */
const partOf = (id: string, spread: number): number => {
  if (spread === 1) return 0
  let sum = 0
  for (let i = 0; i < id.length; i++) sum = (sum * 31 + id.charCodeAt(i)) | 0
  return Math.abs(sum) % spread
}

const byKey = (a: Hour, b: Hour): number => {
  const [one, other] = [a, b].map(({ kind, domain, hour, part }) => `${kind} ${hour.getTime()} ${part} ${domain}`)
  return (one as string) < (other as string) ? -1 : 1
}

/**
 * Adds to the hours, or takes from them, in the transaction of the rows that are counted. Always in one order, so that
 * two who do this wait for each other and not for ever. A row that comes to nothing is removed.
 */
export const hours = (store: HoursStore, spread: number) => {
  const write = async (tx: Tx, changes: Iterable<Hour>): Promise<void> => {
    for (const change of [...changes].sort(byKey)) {
      const { sent, received, inside } = await store.add(tx, change)
      if (sent === 0 && received === 0 && inside === 0) await store.remove(tx, change)
    }
  }

  const count = (tx: Tx, all: readonly Counted[], sign: 1 | -1): Promise<void> => {
    const changes = new Map<string, Hour>()
    for (const counted of all) {
      const [hour, part] = [hourOf(counted.at), partOf(counted.id, spread)]
      for (const [domain, { sent, received, inside }] of sharesOf(counted)) {
        const key = `${counted.kind} ${hour.getTime()} ${part} ${domain}`
        const before = changes.get(key) ?? { sent: 0, received: 0, inside: 0 }
        changes.set(key, {
          kind: counted.kind,
          domain,
          hour,
          part,
          sent: before.sent + sign * sent,
          received: before.received + sign * received,
          inside: before.inside + sign * inside,
        })
      }
    }
    return write(tx, changes.values())
  }

  return {
    add: (tx: Tx, ...counted: readonly Counted[]) => count(tx, counted, 1),
    take: (tx: Tx, counted: readonly Counted[]): Promise<void> => count(tx, counted, -1),
    /** A domain is new among those that a message went to. */
    addRecipient: (tx: Tx, message: Counted, domain: string): Promise<void> => {
      const { kind, id, at, from } = message
      const counter = { sent: 0, received: 1, inside: Number(domain === from) }
      return write(tx, [{ kind, domain, hour: hourOf(at), part: partOf(id, spread), ...counter }])
    },
    correct: write,
  }
}

export type Hours = ReturnType<typeof hours>
