import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { ContactsList } from '../../address-books/contacts-lists/contacts-lists.ts'
import { ButtonLink, Submit } from '../../panel/components/button.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Form, Hidden } from '../../panel/components/form.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty, Note } from '../../panel/components/note.tsx'
import { Bulk, Everything, Menu, Pages, Table } from '../../panel/components/table.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { pathOf } from '../account/head.tsx'
import { nameOf, RoleChip, StandingChip } from '../account/words.tsx'
import { ACTIONS, EVERYWHERE, LIST_PATH, listed, PAGE_SIZE } from './rules.ts'

export interface ListedAccounts {
  readonly listing: Listing
  readonly accounts: readonly AccountView[]
  readonly total: number
  readonly isMore: boolean
  readonly within: number
  /** Accounts that the Space may have; 0: any number. null: several Spaces are shown. */
  readonly max: number | null
  readonly lists: readonly Pick<ContactsList, 'id' | 'title'>[]
  /** The domains that a super administrator can choose from; empty for others. */
  readonly domains: readonly string[]
  /** They all have the same domain. */
  readonly isOneSpace: boolean
  /** Whose administrators administer every Space. */
  readonly superDomain: string | null
}

const countOf = ({ t, language }: Kit, { listing, total, isMore, max }: ListedAccounts): string => {
  const count = total.toLocaleString(language)
  if (isMore) return t('accounts.more_than', { count })
  const isAll = Object.keys(listing.chosen).length === 0
  return isAll && max !== null && max > 0 ? t('overview.of', { count, max: max.toLocaleString(language) }) : count
}

/** Which accounts there are: found, sorted, and several of them changed at once. */
export const accountsPage = (kit: Kit, facts: ListedAccounts): Page => {
  const { t } = kit
  const { max, total, isMore, listing } = facts
  const isFull = max !== null && max > 0 && total >= max && Object.keys(listing.chosen).length === 0
  return {
    title: t('accounts.title'),
    count: countOf(kit, facts),
    wide: true,
    actions: (
      <>
        {kit.space.intercomFeatures ? (
          <ButtonLink to={`${LIST_PATH}/types`} icon="door-open">
            {t('types.of_account')}
          </ButtonLink>
        ) : null}
        {/* A file is of one Space. */}
        {facts.isOneSpace && total > 0 ? (
          <ButtonLink to={listed(listing.chosen, '/admin/accounts/export').link({})} icon="download">
            {t('accounts.export')}
          </ButtonLink>
        ) : null}
        {isFull ? null : (
          <>
            <ButtonLink to="/admin/accounts/import" icon="file-up">
              {t('accounts.import')}
            </ButtonLink>
            <ButtonLink to="/admin/accounts/create" icon="plus" tone="primary">
              {t('accounts.create')}
            </ButtonLink>
          </>
        )}
      </>
    ),
    children: (
      <>
        {isFull ? <Note tone="warn">{t('accounts.full')}</Note> : null}
        <AccountFilters facts={facts}>
          {isMore ? <Note>{t('accounts.narrow')}</Note> : null}
          {facts.accounts.length === 0 ? <Nobody listing={listing} /> : <Rows facts={facts} />}
        </AccountFilters>
      </>
    ),
  }
}

const AccountFilters = ({ facts, children }: { facts: ListedAccounts; children: (VNode | null)[] }): VNode => {
  const { t } = useKit()
  const { listing, lists, domains } = facts
  return (
    <Filters
      listing={listing}
      label={t('accounts.title')}
      id="accounts"
      search={{ name: 'search', label: t('accounts.search') }}
      choices={[
        {
          name: 'state',
          label: t('accounts.state'),
          options: [
            { value: 'active', label: t('account_page.active') },
            { value: 'waiting', label: t('account_page.waiting') },
            { value: 'off', label: t('account_page.switched_off') },
            { value: 'blocked', label: t('account_page.blocked') },
          ],
        },
        {
          name: 'role',
          label: t('accounts.role'),
          options: [
            { value: 'account', label: t('accounts.people') },
            { value: 'admin', label: t('accounts.administrators') },
          ],
        },
        {
          name: 'set_up',
          label: t('accounts.set_up'),
          options: [
            { value: '1', label: t('accounts.is_set_up') },
            { value: '0', label: t('accounts.never_set_up') },
          ],
        },
        ...(lists.length === 0
          ? []
          : [
              {
                name: 'list',
                label: t('accounts.list'),
                options: lists.map(({ id, title }) => ({ value: String(id), label: title })),
              },
            ]),
        ...(domains.length < 2
          ? []
          : [
              {
                name: 'domain',
                label: t('accounts.space'),
                options: [
                  { value: EVERYWHERE, label: t('nav.all') },
                  ...domains.map((domain) => ({ value: domain, label: domain })),
                ],
              },
            ]),
      ]}
    >
      {children}
    </Filters>
  )
}

const Nobody = ({ listing }: { listing: Listing }): VNode => {
  const { t } = useKit()
  return Object.keys(listing.chosen).length > 0 ? (
    <Empty
      icon="search"
      title={t('accounts.none_found')}
      actions={<ButtonLink to={LIST_PATH}>{t('accounts.show_all')}</ButtonLink>}
    >
      {t('accounts.none_found_why')}
    </Empty>
  ) : (
    <Empty
      icon="users"
      title={t('accounts.none')}
      actions={
        <ButtonLink to="/admin/accounts/create" icon="plus" tone="primary">
          {t('accounts.create')}
        </ButtonLink>
      }
    >
      {t('accounts.none_why')}
    </Empty>
  )
}

const Rows = ({ facts }: { facts: ListedAccounts }): VNode => {
  const { t, language } = useKit()
  const { listing, accounts, total, isMore, within, superDomain, isOneSpace } = facts
  const sorts = total <= within
  const count = total.toLocaleString(language)
  const all = isMore ? t('accounts.more_than', { count }) : count
  return (
    <>
      <Form class="list" to="/admin/accounts/bulk">
        {Object.entries(listing.chosen).map(([name, value]) => (
          <Hidden name={name} value={value} />
        ))}
        {total > accounts.length ? <Everything label={t('accounts.everything', { count: all })} /> : null}
        <Table
          caption={t('accounts.title')}
          listing={listing}
          rows={accounts}
          pick={{
            name: 'account[]',
            value: ({ id }) => String(id),
            label: (account) => t('accounts.pick', { name: nameOf(account) }),
          }}
          actions={(account) => (
            <Menu
              dots
              label={t('accounts.actions', { name: nameOf(account) })}
              items={[
                { label: t('account_page.edit'), to: pathOf(account, '/edit'), icon: 'pencil' },
                { label: t('phone_lost.menu'), to: pathOf(account, '/lost_phone'), icon: 'smartphone' },
                { label: t('leaving.menu'), to: pathOf(account, '/leaving'), icon: 'sign-out' },
                { label: t('bulk.delete'), to: pathOf(account, '/delete'), icon: 'trash', danger: true },
              ]}
            />
          )}
          columns={[
            {
              label: t('accounts.name'),
              place: 'main',
              cell: (account) => <Named account={account} isSuper={account.domain === superDomain} />,
            },
            {
              label: t(isOneSpace ? 'accounts.username' : 'accounts.address'),
              place: 'sub',
              sort: 'name',
              cell: (account) => <span class="id">{isOneSpace ? account.username : addressOfRecord(account)}</span>,
            },
            { label: t('accounts.state'), place: 'end', cell: (account) => <StandingChip of={account} /> },
            { label: t('accounts.email'), place: 'wide', cell: ({ email }) => email },
            {
              label: t('accounts.changed'),
              place: 'num wide',
              ...(sorts ? { sort: 'changed' } : {}),
              cell: ({ updatedAt }) => <Moment at={updatedAt} />,
            },
          ]}
        />
        <Bulk label={t('accounts.bulk')} all={all}>
          {ACTIONS.map(({ action, label, icon, danger }) => (
            <Submit name="action" value={action} icon={icon} tone={danger === true ? 'danger' : undefined} size="small">
              {t(label)}
            </Submit>
          ))}
        </Bulk>
      </Form>
      {within < total ? <p class="muted">{t('accounts.within', { count: within.toLocaleString(language) })}</p> : null}
      <Pages listing={listing} total={within} size={PAGE_SIZE} />
    </>
  )
}

const Named = ({ account, isSuper }: { account: AccountView; isSuper: boolean }): VNode => {
  const { href } = useKit()
  return (
    <>
      <a href={href(pathOf(account))}>{nameOf(account)}</a>
      {account.admin ? (
        <div>
          <RoleChip admin isSuper={isSuper} />
        </div>
      ) : null}
    </>
  )
}
