import type { VNode } from 'preact'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import type { Webhook } from '../../spaces/webhooks/webhooks.ts'
import { WebhookState } from './words.tsx'

export const WEBHOOKS_PATH = '/admin/webhooks'

export interface ListedWebhooks {
  readonly webhooks: readonly Webhook[]
  readonly listing: Listing
  /** What a super administrator can choose from. */
  readonly domains: readonly string[]
  /** Of the Space that is shown. */
  readonly domain: string
}

/** Whom a Space tells what happens in it (behaviour/panel.md §7.21). */
export const webhooksPage = ({ t, space }: Kit, { webhooks, listing, domains, domain }: ListedWebhooks): Page => {
  const where = domain === space.domain ? '' : `?domain=${encodeURIComponent(domain)}`
  const create = (
    <ButtonLink to={`${WEBHOOKS_PATH}/create${where}`} icon="plus" tone="primary">
      {t('webhooks.create')}
    </ButtonLink>
  )
  const list =
    webhooks.length === 0 ? (
      <Card>
        <Empty icon="send" title={t('webhooks.none')} actions={create}>
          {t('webhooks.none_why')}
        </Empty>
      </Card>
    ) : (
      <Card flush>
        <WebhookTable webhooks={webhooks} />
      </Card>
    )
  return {
    title: t('webhooks.title'),
    lede: t('webhooks.why'),
    count: webhooks.length,
    actions: webhooks.length === 0 ? undefined : create,
    cards: true,
    wide: true,
    children:
      domains.length < 2 ? (
        list
      ) : (
        <Filters
          listing={listing}
          label={t('webhooks.title')}
          id="webhooks"
          choices={[
            {
              name: 'domain',
              label: t('accounts.space'),
              options: domains.map((one) => ({ value: one, label: one })),
            },
          ]}
        >
          {list}
        </Filters>
      ),
  }
}

const WebhookTable = ({ webhooks }: { webhooks: readonly Webhook[] }): VNode => {
  const { t } = useKit()
  return (
    <Table
      caption={t('webhooks.title')}
      rows={webhooks}
      columns={[
        {
          label: t('named_keys.name'),
          place: 'main',
          cell: ({ id, name }) => <Link to={`${WEBHOOKS_PATH}/${id}`}>{name}</Link>,
        },
        { label: t('webhooks.state'), place: 'end', cell: (webhook) => <WebhookState of={webhook} /> },
        { label: t('webhooks.url'), place: 'sub', cell: ({ url }) => <span class="id">{url}</span> },
        {
          label: t('webhooks.hears'),
          place: 'wide',
          cell: ({ events }) => t('webhooks.events_count', { count: events.length }),
        },
        { label: t('webhooks.created'), place: 'wide', cell: ({ createdAt }) => <Moment at={createdAt} /> },
      ]}
    />
  )
}
