import type { FormPage } from '../../panel/answers.tsx'
import { Checkbox, ChoiceField, CurrentPasswordField } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import { listed } from '../accounts-list/rules.ts'

const back = ({ chosen }: Listing): string => listed(chosen).link({})

export const EXPORT = '/admin/accounts/export'

export interface Exporting {
  readonly domain: string
  /** The list whose accounts these are. */
  readonly listing: Listing
  readonly accounts: number
  /** There are more, which nobody has counted. */
  readonly isMore: boolean
  /** All accounts of the Space. */
  readonly isAll: boolean
}

/** The accounts that the list shows as a file: a copy of everything that is known of people, so it asks for a password. */
export const exportPage = (
  { t, href, language }: Kit,
  { domain, listing, accounts, isMore, isAll }: Exporting,
): FormPage => ({
  title: t('export.title'),
  lede: t(isAll ? 'export.why' : isMore ? 'export.why_more' : 'export.why_found', {
    count: accounts,
    number: accounts.toLocaleString(language),
    domain,
  }),
  above: [[t('accounts.title'), back(listing)]],
  to: EXPORT,
  button: t('export.go'),
  icon: 'download',
  cancel: [t('panel.cancel'), back(listing)],
  address: listing.link({}),
  children: (
    <>
      {Object.entries({ ...listing.chosen, domain }).map(([name, value]) => (
        <Hidden key={name} name={name} value={value} />
      ))}
      {isAll ? null : (
        <p>
          <a href={href(`${EXPORT}?${new URLSearchParams({ domain })}`)}>{t('export.all')}</a>
        </p>
      )}
      <ChoiceField
        name="format"
        label={t('export.format')}
        value="csv"
        options={[
          { value: 'csv', label: 'CSV', hint: t('export.csv') },
          { value: 'json', label: 'JSON', hint: t('export.json') },
        ]}
      />
      <Checkbox name="hashes" label={t('export.hashes')} hint={t('export.hashes_hint')} />
      <CurrentPasswordField />
    </>
  ),
})
