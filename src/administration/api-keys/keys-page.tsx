import type { VNode } from 'preact'
import type { NamedKey } from '../../access/api-keys/named-keys.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { type Column, Menu, Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import { KeyEnd, SCOPE_WORDS } from './key-words.tsx'

export const KEYS_A_PAGE = 20

export interface ListedKeys {
  /** Where these pages are. */
  readonly path: string
  readonly listing: Listing
  readonly keys: readonly NamedKey[]
  readonly total: number
  /** Keys of other people are shown, too. */
  readonly ofOthers: boolean
  /** Of keys of other people more is shown than whose they are. */
  readonly seesAll: boolean
  readonly callerId: number
  /** What a super administrator can choose from. */
  readonly domains: readonly string[]
  readonly now: Date
}

/** Keys that programs have (behaviour/panel.md §4.12). */
export const keysPage = ({ t }: Kit, facts: ListedKeys): Page => {
  const { path, keys, total, listing, domains, ofOthers } = facts
  const create = (
    <ButtonLink to={`${path}/create`} icon="plus" tone="primary">
      {t('named_keys.create')}
    </ButtonLink>
  )
  const list =
    total === 0 ? (
      <Card>
        <Empty icon="key" title={t('named_keys.none')} actions={create}>
          {t('named_keys.none_why')}
        </Empty>
      </Card>
    ) : (
      <Card flush>
        <Keys facts={facts} />
      </Card>
    )
  return {
    title: t('named_keys.title'),
    count: total,
    lede: (
      <>
        {t(ofOthers ? 'named_keys.why_all' : 'named_keys.why')} <Link to="/api">{t('about.api')}</Link>
      </>
    ),
    ...(ofOthers ? {} : { above: [[t('api_key.title'), '/api_key']] as const }),
    actions: total === 0 ? undefined : create,
    wide: true,
    cards: true,
    children:
      domains.length < 2 ? (
        <>
          {list}
          {keys.length === total ? null : <Pages listing={listing} total={total} size={KEYS_A_PAGE} />}
        </>
      ) : (
        <Filters
          listing={listing}
          label={t('named_keys.title')}
          id="keys"
          choices={[
            {
              name: 'domain',
              label: t('accounts.space'),
              options: domains.map((domain) => ({ value: domain, label: domain })),
            },
          ]}
        >
          {list}
          {keys.length === total ? null : <Pages listing={listing} total={total} size={KEYS_A_PAGE} />}
        </Filters>
      ),
  }
}

const Keys = ({ facts }: { facts: ListedKeys }): VNode => {
  const { t, language } = useKit()
  const { path, keys, now, ofOthers, seesAll, callerId, domains } = facts
  const owner: Column<NamedKey> = {
    label: t('named_keys.owner'),
    place: 'sub',
    cell: ({ owner: { username, domain } }) =>
      domains.length < 2 ? (
        username
      ) : (
        <>
          {username}
          <wbr />@{domain}
        </>
      ),
  }
  /** An administrator learns of a colleague's key whose it is. */
  const shown =
    (cell: (key: NamedKey) => VNode | string | null) =>
    (key: NamedKey): VNode | string | null =>
      seesAll || key.owner.id === callerId ? cell(key) : null
  return (
    <Table
      caption={t('named_keys.title')}
      rows={keys}
      columns={[
        { label: t('named_keys.name'), place: 'main', cell: ({ name }) => name },
        ...(ofOthers ? [owner] : []),
        {
          label: t('named_keys.prefix'),
          place: ofOthers ? 'wide' : 'sub',
          cell: shown(({ prefix }) => (prefix === null ? null : <code>{prefix}…</code>)),
        },
        { label: t('named_keys.may'), place: 'more', cell: shown(({ scope }) => t(SCOPE_WORDS[scope])) },
        {
          label: t('api_key.requests'),
          place: 'num wide',
          cell: shown(({ requests }) => requests.toLocaleString(language)),
        },
        {
          label: t('panel.last_used'),
          place: 'wide',
          cell: shown(({ lastUsedAt }) => (lastUsedAt === null ? t('named_keys.never') : <Moment at={lastUsedAt} />)),
        },
        { label: t('named_keys.ends'), place: 'wide', cell: shown((key) => <KeyEnd of={key} now={now} />) },
      ]}
      actions={({ id, name }) => (
        <Menu
          dots
          label={t('named_keys.actions', { name })}
          items={[
            { label: t('named_keys.rename_ask'), to: `${path}/${id}/edit`, icon: 'pencil' },
            { label: t('named_keys.revoke_ask'), to: `${path}/${id}/delete`, icon: 'ban', danger: true },
          ]}
        />
      )}
    />
  )
}
