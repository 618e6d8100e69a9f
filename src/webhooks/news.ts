import type { Db, Reader, Tx } from '../db/db.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Secrets } from '../secrets.ts'
import { type NamedSpace, type OwnEvent, payloadOf, type SpaceEvent, type WebhookEvent } from './events.ts'
import { webhookStore } from './store.ts'

/** How long another process (the command line, a second node) may go unnoticed. */
const FRESH_MS = 1000

const ID_LENGTH = 24

/** `space.…` of any Space: nobody's SIP domain. */
const OF_SUPERS = '*'

/** By SIP domain what its webhooks want to hear. */
type Wanted = ReadonlyMap<string, ReadonlySet<string>>

/** As a representation, for whoever is told. */
type Told = Readonly<Record<string, unknown>>

/**
 * Tells webhooks what happens (behaviour/webhooks.md §2), in the transaction of its cause: both happen or neither does.
 * Who listens is remembered for a second, so that where nobody does it costs nothing.
 */
export const webhookNews = (deps: { db: Db; outbox: Outbox; secrets: Secrets; now: () => Date }) => {
  const { db, outbox, secrets, now } = deps
  const store = webhookStore(db)
  let known: { readonly wanted: Wanted; readonly until: number } | null = null
  let changes = 0

  const look = async (on: Reader): Promise<Wanted> => {
    const seen = changes
    const wanted = new Map<string, Set<string>>()
    for (const { events, space, isSuper } of await store.listening(on)) {
      for (const domain of isSuper ? [space.domain, OF_SUPERS] : [space.domain]) {
        wanted.set(domain, new Set([...(wanted.get(domain) ?? []), ...events]))
      }
    }
    // Somebody changed a webhook while we were looking: what we found is used, not kept.
    if (seen === changes) known = { wanted, until: now().getTime() + FRESH_MS }
    return wanted
  }
  const wanted = (on: Reader): Wanted | Promise<Wanted> =>
    known !== null && known.until > now().getTime() ? known.wanted : look(on)

  const isAwaited = async (on: Reader, domain: string, ...types: readonly WebhookEvent[]): Promise<boolean> => {
    const found = (await wanted(on)).get(domain)
    return found !== undefined && types.some((type) => found.has(type))
  }

  const add = async (
    tx: Tx,
    type: WebhookEvent,
    { subject, of }: { readonly subject: string; readonly of: Parameters<typeof store.keep>[1] },
    describe: (own: NamedSpace) => Promise<{ readonly space: NamedSpace; readonly data: Told } | null>,
  ): Promise<void> => {
    const targets = (await store.keep(tx, of)).filter(({ events }) => events.includes(type))
    const [first] = targets
    const told = first === undefined ? null : await describe(first.space)
    if (told === null) return
    const body = payloadOf({ type, at: now(), ...told })
    for (const { id } of targets) {
      await outbox.add(tx, {
        channel: 'webhook',
        kind: type,
        spaceId: null,
        accountId: null,
        webhookId: id,
        recipient: `webhook ${id} ${subject}`,
        language: 'en',
        data: { id: `msg_${secrets.token(ID_LENGTH)}`, subject, body },
      })
    }
  }

  return {
    /** False: nobody in the Space needs to hear of any of these, nor need it be collected. */
    isAwaited: (on: Reader, domain: string, ...types: readonly OwnEvent[]) => isAwaited(on, domain, ...types),
    /** Whether anybody in any Space does. */
    isAwaitedAnywhere: async (on: Reader, type: OwnEvent): Promise<boolean> =>
      [...(await wanted(on)).values()].some((types) => types.has(type)),
    /**
     * Tells the webhooks of a Space. `subject`: whom or what it is about, of which they hear in order. `describe` is
     * asked when somebody listens.
     */
    tell: async (
      tx: Tx,
      type: OwnEvent,
      { domain, subject }: { readonly domain: string; readonly subject: string },
      describe: () => Told | Promise<Told>,
    ): Promise<void> => {
      if (!(await isAwaited(tx, domain, type))) return
      await add(tx, type, { subject, of: { domain } }, async (space) => ({ space, data: await describe() }))
    },
    /** Tells those of the super Spaces of a Space. `describe` resolves to null where there is nothing to tell. */
    tellOfSpace: async (
      tx: Tx,
      type: SpaceEvent,
      domain: string,
      describe: () => Promise<{ readonly space: NamedSpace; readonly data: Told } | null>,
    ): Promise<void> => {
      if (await isAwaited(tx, OF_SUPERS, type))
        await add(tx, type, { subject: `space ${domain}`, of: 'supers' }, describe)
    },
    /** After a change of ours: the next event sees it. */
    forget: (): void => {
      changes += 1
      known = null
    },
  }
}

export type WebhookNews = ReturnType<typeof webhookNews>
