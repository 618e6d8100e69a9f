import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, form, integer, optional, queried, read, text } from '../../http/input.ts'
import { answers, done, listOf, object, refuses } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json } from '../../http/respond.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type Delivery, type Webhook, WebhookForm, type Webhooks } from './webhooks.ts'
import {
  DeliveryPageSchema,
  DeliverySchema,
  deliveryWire,
  WebhookSchema,
  WebhookWithSecretSchema,
  webhookWire,
} from './wire.ts'

const Asked = form({ domain: optional(text({ max: 253 })) })
const AskedPage = form({ ...Asked.properties, before: optional(integer(1)) })

const OF_SPACE = 'Super administrators: the SIP domain of any Space; without, that of the host.'
const inSpace = { parameters: queried(Asked, { domain: OF_SPACE }) }

interface Context {
  readonly visit: Visit
  readonly caller: Caller
  readonly query: Readonly<Record<string, unknown>>
}

/** Whom a Space tells what happens in it, for its administrators (behaviour/webhooks.md §1). */
export const webhooksApi = (deps: { auth: Auth; webhooks: Webhooks; now: () => Date }) => {
  const { auth, webhooks, now } = deps
  const spaceOf = ({ visit, caller, query }: Context) => webhooks.spaceFor(visit, caller, query.domain)
  const idFrom = (params: { readonly webhook_id: string }) => idOf(params.webhook_id, 'webhook.unknown')
  const wire = (webhook: Webhook) => webhookWire(webhook, now())
  const shownOnce = ({ webhook, secret }: { webhook: Webhook; secret: string }, status: 200 | 201) =>
    json({ ...wire(webhook), secret }, status)
  const page = ({ deliveries, next }: { deliveries: readonly Delivery[]; next: number | null }) =>
    json({ data: deliveries.map(deliveryWire), next })

  const targets = new Elysia({ prefix: '/api/webhooks', tags: ['Webhooks'] })
    .use(auth)
    .get(
      '/',
      async ({ visit, caller, query }) =>
        json((await webhooks.list(await spaceOf({ visit, caller, query }))).map(wire)),
      {
        requires: 'admin',
        detail: { summary: 'List the webhooks of a Space', ...inSpace, ...answers(listOf(WebhookSchema)) },
      },
    )
    .post(
      '/',
      async ({ visit, caller, query }) => {
        const space = await spaceOf({ visit, caller, query })
        return shownOnce(await webhooks.create(visit, space, read(WebhookForm, visit.input)), 201)
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Create a webhook',
          description: 'The secret is shown this once. A Space has 20 of them at most (403).',
          ...inSpace,
          ...accepts(WebhookForm),
          ...answers(WebhookWithSecretSchema, 201),
        },
      },
    )
    .get(
      '/:webhook_id',
      async ({ visit, caller, query, params }) =>
        json(wire(await webhooks.byId(await spaceOf({ visit, caller, query }), idFrom(params)))),
      { requires: 'admin', detail: { summary: 'Read a webhook', ...inSpace, ...answers(WebhookSchema) } },
    )
    .put(
      '/:webhook_id',
      async ({ visit, caller, query, params }) => {
        const input = read(WebhookForm, visit.input)
        const space = await spaceOf({ visit, caller, query })
        return json(wire(await webhooks.change(visit, space, idFrom(params), input)))
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Change a webhook',
          description: 'All of it; `enabled` stays as it is when it is left out.',
          ...inSpace,
          ...accepts(WebhookForm),
          ...answers(WebhookSchema),
        },
      },
    )
    .delete(
      '/:webhook_id',
      async ({ visit, caller, query, params }) => {
        await webhooks.remove(visit, await spaceOf({ visit, caller, query }), idFrom(params))
        return json(1)
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Delete a webhook',
          description: 'What waits for it goes, too.',
          ...inSpace,
          ...answers(done()),
        },
      },
    )
    .post(
      '/:webhook_id/rotate',
      async ({ visit, caller, query, params }) =>
        shownOnce(await webhooks.rotate(visit, await spaceOf({ visit, caller, query }), idFrom(params)), 200),
      {
        requires: 'admin',
        detail: {
          summary: 'Give a webhook another secret',
          description: 'It is shown this once. For 24 hours messages are signed with the one before as well.',
          ...inSpace,
          ...answers(WebhookWithSecretSchema),
        },
      },
    )

  const deliveries = new Elysia({ prefix: '/api/webhooks/:webhook_id', tags: ['Webhooks'] })
    .use(auth)
    .post(
      '/test',
      async ({ visit, caller, query, params }) =>
        json(deliveryWire(await webhooks.test(visit, await spaceOf({ visit, caller, query }), idFrom(params)))),
      {
        requires: 'admin',
        detail: {
          summary: 'Send a test event to a webhook',
          description: 'Now, and once: the reply says what came of it, after 15 seconds at most.',
          ...inSpace,
          ...answers(DeliverySchema),
        },
      },
    )
    .post(
      '/send-again',
      async ({ visit, caller, query, params }) => {
        const space = await spaceOf({ visit, caller, query })
        return json({ sent_again: await webhooks.sendDeadAgain(visit, space, idFrom(params)) })
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Send again what a webhook did not take',
          description: 'All messages that were given up. 409 while it is switched off.',
          ...inSpace,
          ...answers(object({ sent_again: integer(0) })),
          ...refuses(409),
        },
      },
    )
    .get(
      '/deliveries',
      async ({ visit, caller, query, params }) => {
        const { before } = read(AskedPage, visit.input).settle()
        return page(await webhooks.deliveries(await spaceOf({ visit, caller, query }), idFrom(params), before))
      },
      {
        requires: 'admin',
        detail: {
          summary: 'List the attempts to deliver to a webhook',
          description: 'Those of 14 days, 50 at a time, the newest first.',
          parameters: queried(AskedPage, { domain: OF_SPACE, before: 'Only those that are older: `next` of a page.' }),
          ...answers(DeliveryPageSchema),
        },
      },
    )
    .post(
      '/deliveries/:delivery_id/send-again',
      async ({ visit, caller, query, params }) => {
        const id = idOf(params.delivery_id, 'webhook.unknown_delivery')
        await webhooks.sendAgain(visit, await spaceOf({ visit, caller, query }), idFrom(params), id)
        return json(1)
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Send a message again',
          description:
            'One that was given up, or waits for its next attempt, is tried at once. 409 when it was delivered, is not kept any more, or while the webhook is switched off.',
          ...inSpace,
          ...answers(done()),
          ...refuses(409),
        },
      },
    )
  return new Elysia().use(targets).use(deliveries)
}
