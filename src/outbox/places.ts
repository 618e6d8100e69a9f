import type { ChannelId } from './messages.ts'
import type { Busy, DueWebhook, Laned, WebhookPlaces } from './store.ts'

/** Messages of one lane on their way at once; where null, as many as `workers`. A slow hook leaves room for mails. */
const AT_ONCE: Readonly<Record<ChannelId, number | null>> = {
  mail: null,
  sms: null,
  recovery: null,
  bridge: 16,
  hook: 16,
  statistics: 1,
  proxy: 4,
  webhook: 4,
}

/** What has been on its way for so long is slow, and keeps no place from others. */
const SLOW_AFTER_MS = 1000

/** Messages on their way at once, the slow ones apart, and with them. */
const MOST = { prompt: 64, all: 256 } as const
/** The same of those to webhooks, so that none of them holds up anything else. Those to webhooks that fail are apart, too. */
const MOST_TO_WEBHOOKS = { prompt: 256, failing: 256, all: 512 } as const
/** Of one Space, whose targets may not fill the places of others. */
const MOST_OF_SPACE = { prompt: 32, failing: 16 } as const

/** A message on its way, and since when. */
interface OnItsWay extends Pick<Laned, 'lane' | 'of'> {
  readonly since: number
}

const laneOfWebhook = ({ id }: DueWebhook): string => `webhook:${id}`

/**
 * Which messages are on their way, and which others may be. A lane (one channel of one Space) has `workers` at most, so that
 * a slow server holds up nobody else's; of what goes by it to one recipient one is, so that they arrive in order. Each
 * webhook is a lane of its own, with one message until it has taken one, and again after one that it has not taken.
 */
export const places = ({ workers, now }: { readonly workers: number; readonly now: () => Date }) => {
  const rows = new Map<number, Laned & OnItsWay>()
  const proven = new Set<string>()
  const failing = new Set<string>()

  const atOnce = (channel: ChannelId): number => AT_ONCE[channel] ?? workers
  const countOf = (lane: string) => rows.values().reduce((sum, row) => sum + (row.lane === lane ? 1 : 0), 0)
  const kindOf = (lane: string): 'failing' | 'prompt' => (failing.has(lane) ? 'failing' : 'prompt')
  const isSlow = ({ since }: OnItsWay): boolean => now().getTime() - since >= SLOW_AFTER_MS

  /** By what they take a place of: all, their lane, their Space, those of their kind there and everywhere. */
  const tally = (onTheirWay: Iterable<OnItsWay>) => {
    const counts = new Map<string, number>()
    const add = (one: OnItsWay): void => {
      const kind = kindOf(one.lane)
      const takes = kind === 'prompt' && isSlow(one) ? [] : [kind, `${kind} of ${one.of}`]
      for (const key of ['all', one.lane, `${one.of}`, ...takes]) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    for (const one of onTheirWay) add(one)
    return { add, of: (key: string | number): number => counts.get(String(key)) ?? 0 }
  }

  const toWebhooks = () => rows.values().filter(({ webhookId }) => webhookId !== null)
  const others = () => rows.values().filter(({ webhookId }) => webhookId === null)

  return {
    /** Its messages are taken. */
    works: (lane: string): void => {
      failing.delete(lane)
      proven.add(lane)
    },
    fails: (lane: string): void => {
      failing.add(lane)
      proven.delete(lane)
    },
    take: (row: Laned): void => {
      rows.set(row.id, { ...row, since: now().getTime() })
    },
    leave: (row: Laned): void => {
      rows.delete(row.id)
    },
    count: (): number => rows.size,
    ids: (): number[] => [...rows.keys()],
    all: (): Laned[] => [...rows.values()],
    hasRoom: ({ channel, lane, recipient }: Laned): boolean =>
      countOf(lane) < atOnce(channel) &&
      !rows.values().some((other) => other.lane === lane && other.recipient === recipient),
    /** How many more may leave that are for no webhook. */
    room: (): number => {
      const { of } = tally(others())
      return Math.min(MOST.prompt - of('prompt'), MOST.all - of('all'), workers)
    },
    busy: (): Busy => ({
      lanes: [
        ...new Set([...others()].flatMap(({ channel, lane }) => (countOf(lane) >= atOnce(channel) ? [lane] : []))),
      ],
      recipients: [...others()].map(({ lane, recipient }) => ({ lane, recipient })),
    }),
    /** For one look at what is due: whose Space has the least on its way comes first. */
    forWebhooks: (): WebhookPlaces => {
      const taken = tally(toWebhooks())
      return {
        ordered: (webhooks) =>
          webhooks.toSorted(
            (a, b) =>
              taken.of(a.spaceId) - taken.of(b.spaceId) ||
              Number(failing.has(laneOfWebhook(a))) - Number(failing.has(laneOfWebhook(b))),
          ),
        roomFor: (webhook) => {
          const lane = laneOfWebhook(webhook)
          const kind = kindOf(lane)
          return Math.min(
            (proven.has(lane) ? atOnce('webhook') : 1) - taken.of(lane),
            MOST_TO_WEBHOOKS.all - taken.of('all'),
            MOST_TO_WEBHOOKS[kind] - taken.of(kind),
            MOST_OF_SPACE[kind] - taken.of(`${kind} of ${webhook.spaceId}`),
          )
        },
        take: (webhook, messages) => {
          const one = { lane: laneOfWebhook(webhook), of: webhook.spaceId, since: now().getTime() }
          for (let n = 0; n < messages; n += 1) taken.add(one)
        },
      }
    },
  }
}

export type Places = ReturnType<typeof places>
