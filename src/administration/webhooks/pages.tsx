import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import { idOf } from '../../http/path.ts'
import { refuseStale } from '../../http/version.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import { listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import { type Delivery, WebhookForm, type Webhooks } from '../../spaces/webhooks/webhooks.ts'
import { type AdministrationScope, OWN_SPACE } from '../scope/scope.ts'
import { createWebhookPage, editWebhookPage, factsOf } from './form-page.tsx'
import { deleteWebhookPage, rotateWebhookPage } from './questions.tsx'
import { secretPage } from './secret-page.tsx'
import { webhookPage } from './webhook-page.tsx'
import { WEBHOOKS_PATH, webhooksPage } from './webhooks-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly webhooks: Webhooks
  readonly spaceAdministration: Pick<SpaceAdministration, 'list'>
  readonly now: () => Date
}

interface Named {
  readonly webhook_id: string
}

const ID = /^[1-9]\d{0,15}$/

/** Webhooks of a Space, and what came of them (behaviour/panel.md §7.21). */
export const webhookPages = ({ auth, pages, scope, webhooks, spaceAdministration, now }: Deps) => {
  /** The visit in the Space that the webhook is of. */
  const found = async (visit: Visit, caller: Caller, { webhook_id }: Named) => {
    const id = idOf(webhook_id, 'webhook.unknown')
    const of = mayActAs(caller, 'super') ? String((await webhooks.spaceOf(id)).id) : OWN_SPACE
    const inside = await scope.space(visit, caller, of)
    return { inside, space: inside.space, webhook: await webhooks.byId(inside.space, id) }
  }
  const chosenSpace = (visit: Visit, caller: Caller, domain: unknown) =>
    scope.domain(visit, caller, textOf(domain) || caller.space.domain)

  const shown = async (
    { space, webhook }: Pick<Awaited<ReturnType<typeof found>>, 'space' | 'webhook'>,
    { before = null, tested = null }: { before?: number | null; tested?: Delivery | null } = {},
  ) => {
    const page = await webhooks.deliveries(space, webhook.id, before)
    return { webhook, ...page, isOlder: before !== null, tested, now: now() }
  }

  const targets = new Elysia({ prefix: WEBHOOKS_PATH })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, caller, input, show }) => {
        const isSuper = mayActAs(caller, 'super')
        const listing = listingOf(input, { path: WEBHOOKS_PATH, sorts: ['id'], filters: isSuper ? ['domain'] : [] })
        const { space } = await chosenSpace(visit, caller, listing.chosen.domain)
        const domains = isSuper ? (await spaceAdministration.list()).map(({ domain }) => domain).toSorted() : []
        return show(webhooksPage, { webhooks: await webhooks.list(space), listing, domains, domain: space.domain })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/create',
      async ({ visit, caller, input, form }) => form(createWebhookPage, await chosenSpace(visit, caller, input.domain)),
      { signedIn: 'admin' },
    )
    .post(
      '/',
      async ({ visit, caller, input, form, show }) => {
        const inside = await chosenSpace(visit, caller, input.domain)
        return form(createWebhookPage, inside, async () => {
          const made = await webhooks.create(inside, inside.space, read(WebhookForm, input))
          return show(secretPage, { ...made, isNew: true })
        })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:webhook_id',
      async ({ visit, caller, params, input, show }) => {
        const before = ID.test(textOf(input.before)) ? Number(input.before) : null
        return show(webhookPage, await shown(await found(visit, caller, params), { before }))
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:webhook_id/edit',
      async ({ visit, caller, params, form }) => form(editWebhookPage, await found(visit, caller, params)),
      { signedIn: 'admin' },
    )
    .post(
      '/:webhook_id',
      async ({ visit, caller, params, input, form, go }) => {
        const { inside, space, webhook } = await found(visit, caller, params)
        const now = () => found(visit, caller, params)
        return form(editWebhookPage, now, async () => {
          // Switched on or off it is by a button of its own.
          const wanted = read(WebhookForm, { ...input, enabled: null })
          await webhooks.change(inside, space, webhook.id, wanted, (before) =>
            refuseStale(input.version, factsOf(before)),
          )
          return go(`${WEBHOOKS_PATH}/${webhook.id}`, { flash: 'flash.webhook_saved' })
        })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:webhook_id/turn',
      async ({ visit, caller, params, input, go }) => {
        const { inside, space, webhook } = await found(visit, caller, params)
        const { enabled } = await webhooks.turn(inside, space, webhook.id, input.enabled === '1')
        return go(`${WEBHOOKS_PATH}/${webhook.id}`, { flash: enabled ? 'flash.webhook_on' : 'flash.webhook_off' })
      },
      { signedIn: 'admin' },
    )

  const acts = new Elysia({ prefix: `${WEBHOOKS_PATH}/:webhook_id` })
    .use(auth)
    .use(pages)
    .get(
      '/rotate',
      async ({ visit, caller, params, form }) => form(rotateWebhookPage, (await found(visit, caller, params)).webhook),
      { signedIn: 'admin' },
    )
    .post(
      '/rotate',
      async ({ visit, caller, params, show }) => {
        const { inside, space, webhook } = await found(visit, caller, params)
        return show(secretPage, { ...(await webhooks.rotate(inside, space, webhook.id)), isNew: false })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/test',
      async ({ visit, caller, params, show }) => {
        const of = await found(visit, caller, params)
        const tested = await webhooks.test(of.inside, of.space, of.webhook.id)
        return show(webhookPage, await shown(of, { tested }))
      },
      { signedIn: 'admin' },
    )
    .post(
      '/send_again',
      async ({ visit, caller, params, go }) => {
        const { inside, space, webhook } = await found(visit, caller, params)
        await webhooks.sendDeadAgain(inside, space, webhook.id)
        return go(`${WEBHOOKS_PATH}/${webhook.id}`, { flash: 'flash.webhook_resent' })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/deliveries/:delivery_id/send_again',
      async ({ visit, caller, params, go }) => {
        const { inside, space, webhook } = await found(visit, caller, params)
        const id = idOf(params.delivery_id, 'webhook.unknown_delivery')
        await webhooks.sendAgain(inside, space, webhook.id, id)
        return go(`${WEBHOOKS_PATH}/${webhook.id}`, { flash: 'flash.webhook_resent' })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/delete',
      async ({ visit, caller, params, form }) => form(deleteWebhookPage, (await found(visit, caller, params)).webhook),
      { signedIn: 'admin' },
    )
    .post(
      '/delete',
      async ({ visit, caller, params, go }) => {
        const { inside, space, webhook } = await found(visit, caller, params)
        await webhooks.remove(inside, space, webhook.id)
        return go(WEBHOOKS_PATH, { flash: 'flash.webhook_deleted' })
      },
      { signedIn: 'admin' },
    )
  return new Elysia().use(targets).use(acts)
}
