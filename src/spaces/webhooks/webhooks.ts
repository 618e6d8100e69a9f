import type { Audit, Change } from '../../audit/audit.ts'
import type { Db, Tx } from '../../db/db.ts'
import { type Pace, sweep } from '../../db/sweep.ts'
import { AppError } from '../../errors.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { everySpace, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import type { Outgoing } from '../../outgoing/outgoing.ts'
import { webhookSecret } from '../../protocols/standard-webhooks.ts'
import type { Secrets } from '../../secrets.ts'
import type { WebhookDelivery } from '../../webhooks/delivery.ts'
import { webhookName } from '../../webhooks/events.ts'
import type { WebhookNews } from '../../webhooks/news.ts'
import type { SpaceDirectory } from '../spaces/directory.ts'
import { MOST_WEBHOOKS, type WebhookInput, wantedOf } from './rules.ts'
import { type Delivery, type Webhook, webhooksStore } from './store.ts'

export { WebhookForm } from './rules.ts'
export type { Delivery, Webhook } from './store.ts'

const SECRET_BYTES = 32
const HOUR_MS = 3_600_000
/** For how long the secret before signs as well. */
const ROTATION_MS = 24 * HOUR_MS
/** How long attempts are kept. */
const LOG_MS = 14 * 24 * HOUR_MS
/** Attempts that are listed at once. */
const DELIVERIES_PAGE = 50

/** A request; null: the command line. */
type By = Visit | null

const FIELDS = ['name', 'url', 'events', 'enabled'] as const

/** As the audit log has it; null: it is not there. */
const differences = (before: Webhook | null, after: Webhook | null) =>
  Object.fromEntries(FIELDS.map((field) => [field, [before?.[field] ?? null, after?.[field] ?? null] as const]))

/** What is shown once, with what it belongs to. */
export interface WithSecret {
  readonly webhook: Webhook
  readonly secret: string
}

/** Whom a Space tells what happens in it, and what came of that (behaviour/webhooks.md). */
export const webhooks = (deps: {
  db: Db
  spaces: SpaceDirectory
  outbox: Outbox
  outgoing: Outgoing
  secrets: Secrets
  webhookNews: WebhookNews
  webhookDelivery: WebhookDelivery
  audit: Audit
  now: () => Date
}) => {
  const { db, spaces, outbox, outgoing, secrets, webhookNews, webhookDelivery, audit, now } = deps
  const store = webhooksStore(db)

  const unknown = () => new AppError('not_found', 'webhook.unknown')

  const record = (
    tx: Tx,
    action: AuditAction,
    { by, space, of }: { readonly by: By; readonly space: Space; readonly of: Webhook },
    more: Pick<Change, 'changed' | 'detail'> = {},
  ): Promise<void> => {
    const about = { kind: 'webhook', id: of.id, name: webhookName(of) } as const
    return audit.record(tx, action, { by, space, about, line: { webhook: of.id }, ...more })
  }

  const newSecret = () => {
    const secret = webhookSecret(secrets.random(SECRET_BYTES))
    return { secret, sealed: secrets.seal(secret) }
  }

  const byId = async (space: Space, id: number): Promise<Webhook> => {
    const found = await store.one(db.read, space, id)
    if (found === null) throw unknown()
    return found
  }

  /** Of one that is held. From the commit on the next event sees it. */
  const changed = (space: Space, id: number, work: (tx: Tx, before: Webhook) => Promise<Webhook>): Promise<Webhook> =>
    db.transaction(async (tx) => {
      const before = await store.hold(tx, space, id)
      if (before === null) throw unknown()
      db.afterCommit(tx, webhookNews.forget)
      return work(tx, before)
    })

  const update = async (
    tx: Tx,
    before: Webhook,
    wanted: Partial<Pick<Webhook, 'name' | 'url' | 'events' | 'enabled'>>,
    { by, space }: { readonly by: By; readonly space: Space },
  ): Promise<Webhook> => {
    const back = wanted.enabled === true ? { goneAt: null } : {}
    const after = await store.update(tx, before, { ...wanted, ...back }, now())
    await record(tx, 'webhook.updated', { by, space, of: after }, { changed: differences(before, after) })
    return after
  }

  const create = async (by: By, space: Space, input: WebhookInput): Promise<WithSecret> => {
    const wanted = wantedOf(input, space, outgoing)
    const { secret, sealed } = newSecret()
    const webhook = await db.transaction(async (tx) => {
      if (!(await store.holdSpace(tx, space))) throw new AppError('not_found', 'space.unknown')
      if ((await store.count(tx, space)) >= MOST_WEBHOOKS) {
        throw new AppError('forbidden', 'errors.full', { values: { max: MOST_WEBHOOKS } })
      }
      const made = await store.insert(tx, space, { ...wanted, sealed }, now())
      await record(tx, 'webhook.created', { by, space, of: made }, { changed: differences(null, made) })
      db.afterCommit(tx, webhookNews.forget)
      return made
    })
    return { webhook, secret }
  }

  /**
   * All but `enabled` has to be said. One that is switched on is not gone. `check` may refuse what the webhook has become
   * meanwhile.
   */
  const change = async (
    by: By,
    space: Space,
    id: number,
    input: WebhookInput,
    check: (before: Webhook) => void = () => {},
  ): Promise<Webhook> => {
    await byId(space, id)
    const wanted = wantedOf(input, space, outgoing)
    return changed(space, id, async (tx, before) => {
      check(before)
      return update(tx, before, wanted, { by, space })
    })
  }

  /** Switches one on or off. */
  const turn = (by: By, space: Space, id: number, enabled: boolean): Promise<Webhook> =>
    changed(space, id, (tx, before) => update(tx, before, { enabled }, { by, space }))

  /** It is switched off first; then what waits for it goes, some at a time, and it with the last. */
  const remove = async (by: By, space: Space, id: number): Promise<void> => {
    const webhook = await changed(space, id, async (tx, before) => {
      if (!before.enabled) return before
      await update(tx, before, { enabled: false }, { by, space })
      return before
    })
    while (await db.transaction((tx) => store.removeBelow(tx, webhook))) await Bun.sleep(0)
    await db.transaction(async (tx) => {
      if (!(await store.remove(tx, webhook))) throw unknown()
      await record(tx, 'webhook.deleted', { by, space, of: webhook }, { changed: differences(webhook, null) })
    })
  }

  const rotate = async (by: By, space: Space, id: number): Promise<WithSecret> => {
    const { secret, sealed } = newSecret()
    const webhook = await changed(space, id, async (tx, before) => {
      const previousUntil = new Date(now().getTime() + ROTATION_MS)
      await record(tx, 'webhook.rotated', { by, space, of: before })
      return store.update(tx, before, { sealed, sealedPrevious: before.sealed, previousUntil }, now())
    })
    return { webhook, secret }
  }

  /** Whoever deletes it meanwhile is not waited for: what came of it is told all the same. */
  const test = async (by: By, space: Space, id: number): Promise<Delivery> => {
    const webhook = await byId(space, id)
    await db.transaction((tx) => record(tx, 'webhook.tested', { by, space, of: webhook }))
    return { attempt: await webhookDelivery.test(webhook, space), message: null }
  }

  const refuseOff = ({ enabled }: Webhook): void => {
    if (!enabled) throw new AppError('conflict', 'webhook.off')
  }

  const sendAgain = async (by: By, space: Space, id: number, deliveryId: number): Promise<void> => {
    const webhook = await byId(space, id)
    const delivery = await store.delivery(db.read, webhook, deliveryId)
    if (delivery === null) throw new AppError('not_found', 'webhook.unknown_delivery')
    refuseOff(webhook)
    const { message } = delivery
    const written = (tx: Tx) => record(tx, 'webhook.resent', { by, space, of: webhook }, { detail: { count: 1 } })
    if (message === null || !(await outbox.retry(message.id, written))) {
      throw new AppError('conflict', 'webhook.not_waiting')
    }
  }

  /** All that were given up: how many. Of each stretch the audit log has a row. */
  const sendDeadAgain = async (by: By, space: Space, id: number): Promise<number> => {
    const webhook = await byId(space, id)
    refuseOff(webhook)
    let count = 0
    for (let after = 0; ; ) {
      const ids = await store.dead(db.read, webhook, after)
      const last = ids.at(-1)
      if (last === undefined) break
      count += await outbox.retryThese(ids, (tx, some) =>
        record(tx, 'webhook.resent', { by, space, of: webhook }, { detail: { count: some } }),
      )
      after = last
    }
    return count
  }

  return {
    /** The Space that a caller means: the one of the host, for super administrators any by its SIP domain. */
    spaceFor: async (visit: Visit, caller: Caller, domain: unknown): Promise<Space> => {
      if (typeof domain !== 'string' || domain === visit.space.domain) return visit.space
      const found = mayActAs(caller, 'super') ? await spaces.byDomain(domain.toLowerCase()) : null
      if (found === null) throw new AppError('not_found', 'space.unknown')
      return found
    },
    /** Of any webhook, for whoever may look into every Space. */
    spaceOf: async (id: number): Promise<Space> => {
      const spaceId = await store.spaceOf(db.read, everySpace('super administrator'), id)
      const space = spaceId === null ? null : await spaces.byId(spaceId)
      if (space === null) throw unknown()
      return space
    },
    list: (space: Space): Promise<Webhook[]> => store.list(db.read, space),
    byId,
    create,
    change,
    turn,
    remove,
    rotate,
    test,
    /** The newest first, and what asks for more; null: there are no more. */
    deliveries: async (
      space: Space,
      id: number,
      before: number | null,
    ): Promise<{ readonly deliveries: readonly Delivery[]; readonly next: number | null }> => {
      const found = await store.deliveries(db.read, await byId(space, id), before, DELIVERIES_PAGE + 1)
      const deliveries = found.slice(0, DELIVERIES_PAGE)
      return { deliveries, next: found.length > DELIVERIES_PAGE ? (deliveries.at(-1)?.attempt.id ?? null) : null }
    },
    sendAgain,
    sendDeadAgain,
    /** Attempts of 14 days ago and before; resolves to how many. */
    clear: (pace: Pace = {}): Promise<number> => sweep(db, store.old(new Date(now().getTime() - LOG_MS)), pace),
  }
}

export type Webhooks = ReturnType<typeof webhooks>
