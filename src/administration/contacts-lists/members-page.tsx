import type { VNode } from 'preact'
import type { ListedPage } from '../../accounts/accounts/accounts.ts'
import type { Contact } from '../../address-books/contacts/contacts.ts'
import { ButtonLink, Submit } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Form, Hidden } from '../../panel/components/form.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Bulk, Menu, Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { PAGE_SIZE } from '../accounts-list/rules.ts'
import { PeopleTable } from './people-table.tsx'
import { aboveLists, listPath, type OneList } from './place.ts'

export interface Members extends OneList {
  readonly listing: Listing
  /** Members that are accounts of the Space, as they were searched. */
  readonly found: ListedPage
  /** Members that live in another Space by now; empty where somebody searches. */
  readonly moved: readonly Contact[]
}

/** Who is in a list: searched, and several of them taken out at once. */
export const membersPage = ({ t, language }: Kit, facts: Members): Page => {
  const { list, space, isOwn } = facts
  return {
    title: list.title,
    count: list.contactsCount.toLocaleString(language),
    lede: list.description || undefined,
    about: isOwn ? undefined : space.domain,
    above: aboveLists(t, facts),
    wide: true,
    actions: (
      <>
        <Menu
          label={t('account_page.more')}
          items={[
            { label: t('account_page.edit'), to: listPath(facts, '/edit'), icon: 'pencil' },
            { label: t('bulk.delete'), to: listPath(facts, '/delete'), icon: 'trash', danger: true },
          ]}
        />
        <ButtonLink to={listPath(facts, '/contacts/add')} icon="user-plus" tone="primary">
          {t('contacts_lists.add_contacts')}
        </ButtonLink>
      </>
    ),
    children:
      list.contactsCount === 0 ? (
        <Card>
          <Empty icon="users" title={t('contacts_lists.empty')}>
            {t('contacts_lists.empty_why')}
          </Empty>
        </Card>
      ) : (
        <>
          <Filters
            listing={facts.listing}
            label={t('contacts_lists.members')}
            id="members"
            search={{ name: 'search', label: t('accounts.search') }}
          >
            {facts.found.accounts.length > 0 ? (
              <Found facts={facts} />
            ) : facts.moved.length > 0 ? null : (
              <Empty icon="search" title={t('accounts.none_found')}>
                {t('contacts_lists.none_found_why')}
              </Empty>
            )}
          </Filters>
          {facts.moved.length === 0 ? null : <Moved facts={facts} />}
        </>
      ),
  }
}

const TakeOut = (): VNode => {
  const { t } = useKit()
  return (
    <Bulk label={t('accounts.bulk')}>
      <Submit icon="minus" size="small" tone="danger">
        {t('contacts_lists.take_out_ask')}
      </Submit>
    </Bulk>
  )
}

const Found = ({ facts }: { facts: Members }): VNode => {
  const { t } = useKit()
  const { listing, found } = facts
  return (
    <>
      <Form class="list" to={listPath(facts, '/contacts/delete')}>
        {Object.entries(listing.chosen).map(([name, value]) => (
          <Hidden name={name} value={value} />
        ))}
        <PeopleTable caption={t('contacts_lists.members')} rows={found.accounts} />
        <TakeOut />
      </Form>
      <Pages listing={listing} total={found.within} size={PAGE_SIZE} />
    </>
  )
}

/** Accounts that were members when they moved to another Space, and still are. */
const Moved = ({ facts }: { facts: Members }): VNode => {
  const { t } = useKit()
  return (
    <Card title={t('contacts_lists.moved')} flush>
      <Form class="list" to={listPath(facts, '/contacts/delete')}>
        <Table
          caption={t('contacts_lists.moved')}
          rows={facts.moved}
          pick={{
            name: 'account[]',
            value: ({ id }) => String(id),
            label: (contact) => t('accounts.pick', { name: contact.displayName ?? contact.username }),
          }}
          columns={[
            {
              label: t('accounts.name'),
              place: 'main',
              cell: ({ displayName, username }) => displayName ?? username,
            },
            {
              label: t('accounts.address'),
              place: 'sub',
              cell: (contact) => <span class="id">{addressOfRecord(contact)}</span>,
            },
          ]}
        />
        <TakeOut />
      </Form>
    </Card>
  )
}
