import type { VNode } from 'preact'
import type { AdministeredSpace } from '../../nouns/space.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Meter } from '../../panel/components/meter.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import type { SpaceFigures } from '../../spaces/spaces/figures.ts'
import { gaugeTone } from '../overview/overview-page.tsx'
import { ClosedCell, isClosed } from '../space/closed.tsx'
import { SPACES_PATH, spacePath } from '../space/head.tsx'

export type ListedSpace = AdministeredSpace & SpaceFigures

export interface ListedSpaces {
  readonly listing: Listing
  readonly spaces: readonly ListedSpace[]
  readonly total: number
  readonly size: number
  readonly now: Date
}

const CREATE = `${SPACES_PATH}/create`

/** Which Spaces there are (behaviour/panel.md §7.16). */
export const spacesPage = ({ t, language }: Kit, facts: ListedSpaces): Page => {
  const { listing, spaces, total, size } = facts
  return {
    title: t('spaces.title'),
    count: total.toLocaleString(language),
    wide: true,
    actions: (
      <ButtonLink to={CREATE} icon="plus" tone="primary">
        {t('spaces.create')}
      </ButtonLink>
    ),
    children: (
      <Filters
        listing={listing}
        label={t('spaces.title')}
        id="spaces"
        search={{ name: 'search', label: t('spaces.search') }}
      >
        {spaces.length === 0 ? (
          <Empty
            icon="search"
            title={t('spaces.none_found')}
            actions={<ButtonLink to={SPACES_PATH}>{t('spaces.show_all')}</ButtonLink>}
          >
            {t('spaces.none_found_why')}
          </Empty>
        ) : (
          <>
            <SpacesTable facts={facts} />
            <Pages listing={listing} total={total} size={size} />
          </>
        )}
      </Filters>
    ),
  }
}

const SpacesTable = ({ facts: { listing, spaces, now } }: { facts: ListedSpaces }): VNode => {
  const { t, language, href } = useKit()
  return (
    <Table
      caption={t('spaces.title')}
      listing={listing}
      rows={spaces}
      columns={[
        {
          label: t('spaces.name'),
          sort: 'name',
          place: 'main',
          cell: (space) => (
            <>
              <a href={href(spacePath(String(space.id)))}>{space.name}</a>{' '}
              {space.super ? <Chip tone="accent">{t('spaces.super')}</Chip> : null}
            </>
          ),
        },
        {
          label: t('overview.domain'),
          sort: 'domain',
          place: 'sub',
          cell: ({ domain }) => <span class="id">{domain}</span>,
        },
        { label: t('overview.host'), sort: 'host', place: 'wide', cell: ({ host }) => <span class="id">{host}</span> },
        {
          label: t('overview.accounts'),
          sort: 'accounts',
          cell: ({ accounts, maxAccounts: max }) =>
            max === 0 ? (
              accounts.toLocaleString(language)
            ) : (
              <Meter
                bare
                label={t('overview.accounts')}
                text={t('overview.of', { count: accounts.toLocaleString(language), max: max.toLocaleString(language) })}
                value={accounts}
                max={max}
                tone={gaugeTone(accounts, max)}
              />
            ),
        },
        {
          label: t('accounts.administrators'),
          sort: 'administrators',
          place: 'num wide',
          cell: ({ administrators }) => administrators.toLocaleString(language),
        },
        {
          label: t('overview.expires'),
          sort: 'expires',
          place: 'end',
          cell: (space) => <Ends space={space} now={now} />,
        },
      ]}
    />
  )
}

const Ends = ({ space, now }: { space: ListedSpace; now: Date }): VNode => {
  const { t } = useKit()
  const { expireAt } = space
  if (isClosed(space)) return <ClosedCell of={{ space, at: String(space.id) }} />
  if (expireAt === null) return <span class="muted">{t('spaces.never')}</span>
  return expireAt <= now ? (
    <Chip tone="bad" icon="ban">
      {t('spaces.expired')}
    </Chip>
  ) : (
    <Moment at={expireAt} />
  )
}
