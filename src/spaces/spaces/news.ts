import type { Db, Tx } from '../../db/db.ts'
import type { AdministeredSpace } from '../../nouns/space.ts'
import type { NewsOfSpaces, SpaceEvent } from '../../webhooks/events.ts'
import type { WebhookNews } from '../../webhooks/news.ts'
import { spaceAdministrationStore } from './administration-store.ts'
import { spaceWire } from './wire.ts'

/** What webhooks of super Spaces hear of a Space (behaviour/webhooks.md §3): what its entries say may be secret. */
const toldSpace = (space: AdministeredSpace) => {
  const { custom_provisioning_entries: _, ...told } = spaceWire(space)
  return told
}

/** Spaces that come, change and go, as webhooks of super Spaces hear of them (behaviour/webhooks.md §2). */
export const spaceNews = ({ db, webhookNews }: { db: Db; webhookNews: WebhookNews }) => {
  const store = spaceAdministrationStore(db)
  const news: NewsOfSpaces & { tell(tx: Tx, type: SpaceEvent, space: AdministeredSpace): Promise<void> } = {
    tell: (tx, type, space) =>
      webhookNews.tellOfSpace(tx, type, space.domain, async () => ({ space, data: toldSpace(space) })),
    changed: (tx, domain) =>
      webhookNews.tellOfSpace(tx, 'space.updated', domain, async () => {
        const space = await store.byDomain(tx, domain)
        return space === null ? null : { space, data: toldSpace(space) }
      }),
  }
  return news
}

export type SpaceNews = ReturnType<typeof spaceNews>
