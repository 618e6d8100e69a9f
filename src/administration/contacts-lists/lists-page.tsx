import type { VNode } from 'preact'
import type { ContactsList } from '../../address-books/contacts-lists/contacts-lists.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Menu, Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { listPath, listsPath, type OfSpace } from './place.ts'

export const LISTS_A_PAGE = 20
export const SORTS = ['title', 'contacts_count', 'updated_at'] as const

export interface ListedLists extends OfSpace {
  readonly listing: Listing
  /** Those of this page. */
  readonly lists: readonly ContactsList[]
  readonly total: number
}

/** The contacts lists of a Space (behaviour/panel.md §7.12). */
export const listsPage = ({ t }: Kit, facts: ListedLists): Page => {
  const { total, listing, space, isOwn } = facts
  const create = (
    <ButtonLink to={listsPath(facts, '/create')} icon="plus" tone="primary">
      {t('contacts_lists.create')}
    </ButtonLink>
  )
  return {
    title: t('contacts_lists.title'),
    count: total,
    lede: t('contacts_lists.why'),
    about: isOwn ? undefined : space.domain,
    wide: true,
    cards: true,
    actions: total === 0 ? undefined : create,
    children: (
      <Card flush>
        {total === 0 ? (
          <Empty icon="contact" title={t('contacts_lists.none')} actions={create}>
            {t('contacts_lists.none_why')}
          </Empty>
        ) : (
          <>
            <Lists facts={facts} />
            {total <= LISTS_A_PAGE ? null : <Pages listing={listing} total={total} size={LISTS_A_PAGE} />}
          </>
        )}
      </Card>
    ),
  }
}

const Lists = ({ facts }: { facts: ListedLists }): VNode => {
  const { t, href } = useKit()
  const { listing, lists } = facts
  return (
    <Table
      caption={t('contacts_lists.title')}
      listing={listing}
      rows={lists}
      columns={[
        {
          label: t('contacts_lists.name'),
          place: 'main',
          sort: 'title',
          cell: (list) => <a href={href(listPath({ ...facts, list }))}>{list.title}</a>,
        },
        { label: t('contacts_lists.description'), place: 'sub', cell: ({ description }) => description },
        {
          label: t('contacts_lists.size'),
          place: 'end',
          sort: 'contacts_count',
          cell: ({ contactsCount }) => t('contacts_lists.contacts', { count: contactsCount }),
        },
        {
          label: t('accounts.changed'),
          place: 'num wide',
          sort: 'updated_at',
          cell: ({ updatedAt }) => <Moment at={updatedAt} />,
        },
      ]}
      actions={(list) => (
        <Menu
          dots
          label={t('accounts.actions', { name: list.title })}
          items={[
            {
              label: t('contacts_lists.add_contacts'),
              to: listPath({ ...facts, list }, '/contacts/add'),
              icon: 'user-plus',
            },
            { label: t('account_page.edit'), to: listPath({ ...facts, list }, '/edit'), icon: 'pencil' },
            { label: t('bulk.delete'), to: listPath({ ...facts, list }, '/delete'), icon: 'trash', danger: true },
          ]}
        />
      )}
    />
  )
}
