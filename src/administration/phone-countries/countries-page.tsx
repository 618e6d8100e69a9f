import type { VNode } from 'preact'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Filters } from '../../panel/components/filters.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Empty, Note } from '../../panel/components/note.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { Pages, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'

export const COUNTRIES_PATH = '/admin/phone_countries'

/** Countries that share a calling code, of which numbers cannot be told apart. */
export interface CallingCode {
  readonly callingCode: string
  /** ISO 3166-1; the first one names them all. */
  readonly codes: readonly string[]
  readonly names: readonly string[]
  readonly activated: boolean
}

export interface Countries {
  readonly listing: Listing
  readonly found: readonly CallingCode[]
  readonly total: number
  readonly size: number
  readonly open: number
}

/** Whose phone numbers are accepted (behaviour/panel.md §7.20). */
export const countriesPage = ({ t, language }: Kit, facts: Countries): Page => {
  const { listing, found, total, size, open } = facts
  return {
    title: t('countries.title'),
    lede: t('countries.lede'),
    count: t('countries.open_count', { count: open, number: open.toLocaleString(language) }),
    wide: true,
    actions: (
      <>
        <Action to={`${COUNTRIES_PATH}/deactivate_all`}>{t('countries.close_all')}</Action>
        <Action to={`${COUNTRIES_PATH}/activate_all`}>{t('countries.open_all')}</Action>
      </>
    ),
    children: (
      <>
        {open === 0 ? <Note tone="warn">{t('countries.none_open')}</Note> : null}
        <Filters
          listing={listing}
          label={t('countries.title')}
          id="countries"
          search={{ name: 'search', label: t('countries.search') }}
          choices={[
            {
              name: 'state',
              label: t('accounts.state'),
              options: [
                { value: 'open', label: t('countries.is_open') },
                { value: 'closed', label: t('countries.is_closed') },
              ],
            },
          ]}
        >
          {found.length === 0 ? (
            <Empty
              icon="search"
              title={t('countries.none_found')}
              actions={<ButtonLink to={COUNTRIES_PATH}>{t('countries.show_all')}</ButtonLink>}
            >
              {t('countries.none_found_why')}
            </Empty>
          ) : (
            <>
              <CountriesTable listing={listing} found={found} />
              <Pages listing={listing} total={total} size={size} />
            </>
          )}
        </Filters>
      </>
    ),
  }
}

const CountriesTable = ({ listing, found }: Pick<Countries, 'listing' | 'found'>): VNode => {
  const { t } = useKit()
  // What was searched stays when a country is opened or closed.
  const [, query] = listing.link({ page: listing.page }).split('?')
  const fields = Object.fromEntries(new URLSearchParams(query))
  return (
    <Table
      caption={t('countries.title')}
      listing={listing}
      rows={found}
      actions={({ codes: [code = ''], names, activated }) => (
        <Action
          to={`${COUNTRIES_PATH}/${code}/${activated ? 'deactivate' : 'activate'}`}
          fields={fields}
          size="small"
          about={names.join(', ')}
        >
          {t(activated ? 'countries.close' : 'countries.open')}
        </Action>
      )}
      columns={[
        { label: t('countries.country'), place: 'main', sort: 'name', cell: ({ names }) => names.join(', ') },
        { label: t('countries.code'), place: 'sub', sort: 'code', cell: ({ callingCode }) => `+${callingCode}` },
        {
          label: t('accounts.state'),
          place: 'more',
          cell: ({ activated }) =>
            activated ? (
              <Chip tone="good" icon="check">
                {t('countries.is_open')}
              </Chip>
            ) : (
              <Chip>{t('countries.is_closed')}</Chip>
            ),
        },
      ]}
    />
  )
}
