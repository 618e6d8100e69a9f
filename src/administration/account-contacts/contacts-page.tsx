import type { VNode } from 'preact'
import type { Found } from '../../accounts/accounts/accounts.ts'
import type { Contact } from '../../address-books/contacts/contacts.ts'
import type { ContactsList } from '../../address-books/contacts-lists/contacts-lists.ts'
import { ButtonLink, Link, Submit } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { SelectField } from '../../panel/components/fields.tsx'
import { Form } from '../../panel/components/form.tsx'
import { Rows } from '../../panel/components/list.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { AccountTabs, accountHead, pathOf } from '../account/head.tsx'
import { PAGE_SIZE } from '../accounts-list/rules.ts'
import { listPath } from '../contacts-lists/place.ts'

export interface Book extends Found {
  readonly listing: Listing
  /** The account's own contacts, those of this page. */
  readonly contacts: readonly Contact[]
  readonly total: number
  /** The lists that it has, and the others of its Space. */
  readonly attached: readonly ContactsList[]
  readonly others: readonly ContactsList[]
  /** The Space is the caller's own. */
  readonly isOwn: boolean
}

/** Whom the apps of an account show: its own contacts, and lists (behaviour/panel.md §7.13). */
export const contactsPage = ({ t }: Kit, book: Book): Page => ({
  ...accountHead(t, book),
  children: (
    <>
      <AccountTabs account={book.account} rest="/contacts" />
      <div class="grid main">
        <div class="stack">
          <OwnCard book={book} />
        </div>
        <div class="stack">
          <ListsCard book={book} />
          {book.others.length === 0 ? null : <AttachCard book={book} />}
        </div>
      </div>
    </>
  ),
})

const OwnCard = ({ book }: { book: Book }): VNode => {
  const { t, href } = useKit()
  const { account, space, contacts, total, listing } = book
  const add = pathOf(account, '/contacts/create')
  return total === 0 ? (
    <Card title={t('account_contacts.own')}>
      <Empty
        icon="contact"
        title={t('account_contacts.none')}
        actions={
          <ButtonLink to={add} icon="user-plus" tone="primary">
            {t('account_contacts.add')}
          </ButtonLink>
        }
      >
        {t('account_contacts.none_why')}
      </Empty>
    </Card>
  ) : (
    <Card title={t('account_contacts.own')} flush aside={<Link to={add}>{t('account_contacts.add')}</Link>}>
      <Table
        caption={t('account_contacts.own')}
        compact
        rows={contacts}
        columns={[
          {
            label: t('accounts.name'),
            place: 'main',
            // An account that has moved to another Space is not administered from here.
            cell: (contact) =>
              contact.domain === space.domain ? <a href={href(pathOf(contact))}>{called(contact)}</a> : called(contact),
          },
          {
            label: t('accounts.address'),
            place: 'sub',
            cell: (contact) => <span class="id">{addressOfRecord(contact)}</span>,
          },
        ]}
        actions={(contact) => (
          <ButtonLink to={pathOf(account, `/contacts/${contact.id}/delete`)} size="small" about={called(contact)}>
            {t('panel.remove')}
          </ButtonLink>
        )}
      />
      {total <= PAGE_SIZE ? null : (
        <div class="inside">
          <Pages listing={listing} total={total} size={PAGE_SIZE} />
        </div>
      )}
    </Card>
  )
}

/** What a contact is called. */
export const called = ({ displayName, username }: Pick<Contact, 'displayName' | 'username'>): string =>
  displayName ?? username

const ListsCard = ({ book }: { book: Book }): VNode => {
  const { t } = useKit()
  const { account, attached, others } = book
  return attached.length === 0 ? (
    <Card title={t('contacts_lists.title')}>
      <p class="muted">{t(others.length === 0 ? 'bulk.no_lists' : 'account_contacts.no_lists')}</p>
    </Card>
  ) : (
    <Card title={t('contacts_lists.title')} flush>
      <Rows
        items={attached.map((list) => ({
          icon: 'users',
          title: <Link to={listPath({ ...book, list })}>{list.title}</Link>,
          note: t('contacts_lists.contacts', { count: list.contactsCount }),
          action: (
            <ButtonLink
              to={pathOf(account, `/contacts_lists/detach?contacts_list_id=${list.id}`)}
              size="small"
              about={list.title}
            >
              {t('panel.remove')}
            </ButtonLink>
          ),
        }))}
      />
    </Card>
  )
}

const AttachCard = ({ book: { account, others } }: { book: Book }): VNode => {
  const { t } = useKit()
  return (
    <Card title={t('account_contacts.attach')}>
      <Form to={pathOf(account, '/contacts_lists')}>
        <SelectField
          name="contacts_list_id"
          label={t('accounts.list')}
          options={others.map(({ id, title }) => ({ value: String(id), label: title }))}
        />
        <div>
          <Submit>{t('account_contacts.attach_go')}</Submit>
        </div>
      </Form>
    </Card>
  )
}
