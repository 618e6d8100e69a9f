import type { VNode } from 'preact'
import type { AccountView, Found, ListedPage } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { TextField } from '../../panel/components/fields.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Empty, Note } from '../../panel/components/note.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { aboveOf, pathOf } from '../account/head.tsx'
import { nameOf } from '../account/words.tsx'
import { PAGE_SIZE } from '../accounts-list/rules.ts'

export interface Candidates extends Found {
  readonly listing: Listing
  /** Accounts of the Space, as they were searched. */
  readonly found: ListedPage
  /** The ids of those that are contacts already. */
  readonly known: ReadonlySet<number>
}

/** Another contact of an account: by its address, or found by a part of its name. */
export const addContactPage = ({ t }: Kit, facts: Candidates): FormPage => ({
  title: t('account_contacts.add'),
  above: [...aboveOf(t, facts), [t('account_contacts.title'), pathOf(facts.account, '/contacts')]],
  to: pathOf(facts.account, '/contacts'),
  button: t('account_contacts.add_go'),
  cancel: [t('panel.cancel'), pathOf(facts.account, '/contacts')],
  address: facts.listing.link({ page: facts.listing.page }),
  children: (
    <TextField
      name="sip"
      label={t('accounts.address')}
      hint={t('account_contacts.sip_hint', { domain: facts.space.domain })}
      autocapitalize="none"
    />
  ),
  after: (
    <>
      <hr />
      <h2>{t('account_contacts.search')}</h2>
      <Filters
        listing={facts.listing}
        label={t('account_contacts.search')}
        id="candidates"
        search={{ name: 'search', label: t('accounts.search') }}
      >
        {facts.found.isMore ? <Note>{t('accounts.narrow')}</Note> : null}
        {facts.found.accounts.length === 0 ? (
          <Empty icon="search" title={t('accounts.none_found')}>
            {t('contacts_lists.none_found_why')}
          </Empty>
        ) : (
          <FoundPeople facts={facts} />
        )}
      </Filters>
    </>
  ),
})

const FoundPeople = ({ facts }: { facts: Candidates }): VNode => {
  const { t } = useKit()
  const { listing, found } = facts
  return (
    <>
      <Table
        caption={t('account_contacts.search')}
        compact
        rows={found.accounts}
        columns={[
          { label: t('accounts.name'), place: 'main', cell: nameOf },
          { label: t('accounts.username'), place: 'sub', cell: ({ username }) => <span class="id">{username}</span> },
        ]}
        actions={(one) => <Add facts={facts} one={one} />}
      />
      <Pages listing={listing} total={found.within} size={PAGE_SIZE} />
    </>
  )
}

/** Nobody is their own contact, or a contact twice. */
const Add = ({ facts: { account, known }, one }: { facts: Candidates; one: AccountView }): VNode | null => {
  const { t } = useKit()
  if (one.id === account.id) return null
  return known.has(one.id) ? (
    <Chip icon="check">{t('account_contacts.already')}</Chip>
  ) : (
    <Action to={pathOf(account, '/contacts')} fields={{ sip: addressOfRecord(one) }} size="small" about={nameOf(one)}>
      {t('account_contacts.add_go')}
    </Action>
  )
}
