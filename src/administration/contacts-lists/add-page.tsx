import type { VNode } from 'preact'
import type { ListedPage } from '../../accounts/accounts/accounts.ts'
import { ButtonLink, Submit } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Form, Hidden } from '../../panel/components/form.tsx'
import { Empty, Note } from '../../panel/components/note.tsx'
import { Bulk, Everything, Pages } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { PAGE_SIZE } from '../accounts-list/rules.ts'
import { PeopleTable } from './people-table.tsx'
import { aboveList, listPath, type OneList } from './place.ts'

export interface Candidates extends OneList {
  readonly listing: Listing
  /** Accounts of the Space that are not in the list. */
  readonly found: ListedPage
}

/** Who can be put into a list: searched, and several of them, or all that were found, added at once. */
export const addPage = ({ t }: Kit, facts: Candidates): Page => {
  const { listing, found } = facts
  const isEverybodyIn = found.total === 0 && listing.chosen.search === undefined
  return {
    title: t('contacts_lists.add_contacts'),
    lede: t('contacts_lists.add_why'),
    above: aboveList(t, facts),
    wide: true,
    actions: (
      <ButtonLink to={listPath(facts)} icon="check">
        {t('contacts_lists.done')}
      </ButtonLink>
    ),
    children: isEverybodyIn ? (
      <Card>
        <Empty icon="users" title={t('contacts_lists.everybody')}>
          {t('contacts_lists.everybody_why')}
        </Empty>
      </Card>
    ) : (
      <Filters
        listing={listing}
        label={t('contacts_lists.add_contacts')}
        id="candidates"
        search={{ name: 'search', label: t('accounts.search') }}
      >
        {found.isMore ? <Note>{t('accounts.narrow')}</Note> : null}
        {found.accounts.length === 0 ? (
          <Empty icon="search" title={t('accounts.none_found')}>
            {t('contacts_lists.none_left_why')}
          </Empty>
        ) : (
          <Found facts={facts} />
        )}
      </Filters>
    ),
  }
}

const Found = ({ facts }: { facts: Candidates }): VNode => {
  const { t, language } = useKit()
  const { listing, found } = facts
  const count = found.total.toLocaleString(language)
  const all = found.isMore ? t('accounts.more_than', { count }) : count
  return (
    <>
      <Form class="list" to={listPath(facts, '/contacts')}>
        {Object.entries(listing.chosen).map(([name, value]) => (
          <Hidden name={name} value={value} />
        ))}
        <Hidden name="page" value={listing.page} />
        {found.total > found.accounts.length ? (
          <Everything label={t('contacts_lists.everything', { count: all })} />
        ) : null}
        <PeopleTable caption={t('contacts_lists.add_contacts')} rows={found.accounts} />
        <Bulk label={t('accounts.bulk')} all={all}>
          <Submit icon="plus" size="small" tone="primary">
            {t('contacts_lists.add')}
          </Submit>
        </Bulk>
      </Form>
      <Pages listing={listing} total={found.within} size={PAGE_SIZE} />
    </>
  )
}
