import type { FormPage } from '../../panel/answers.tsx'
import { Checkbox, ChoiceField, CurrentPasswordField } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'

export const EXPORT = '/admin/accounts/export'

export interface Exporting {
  readonly domain: string
  readonly accounts: number
}

/** All accounts as a file: a copy of everything that is known of people, so it asks for a password. */
export const exportPage = ({ t, language }: Kit, { domain, accounts }: Exporting): FormPage => ({
  title: t('export.title'),
  lede: t('export.why', { count: accounts, number: accounts.toLocaleString(language), domain }),
  above: [[t('accounts.title'), '/admin/accounts']],
  to: EXPORT,
  button: t('export.go'),
  icon: 'download',
  cancel: [t('panel.cancel'), '/admin/accounts'],
  address: EXPORT,
  children: (
    <>
      <Hidden name="domain" value={domain} />
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
