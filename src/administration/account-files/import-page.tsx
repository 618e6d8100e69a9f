import type { AccountFiles } from '../../accounts/account-files/account-files.ts'
import { COLUMNS, headOf } from '../../accounts/account-files/account-files.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Card } from '../../panel/components/card.tsx'
import { FileField, SelectField } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { Meanings } from '../../panel/components/list.tsx'
import type { Kit } from '../../panel/kit.tsx'

export const IMPORT = '/admin/accounts/import'
export const SAMPLE = '/accounts_example.csv'

export interface Uploading {
  readonly domain: string
  /** Those that can be chosen; none where there is no choice. */
  readonly domains: readonly string[]
  readonly limits: AccountFiles['limits']
}

const MEGABYTE = 1024 * 1024

/** Which file, and what may stand in it. */
export const importPage = ({ t, href, language }: Kit, { domain, domains, limits }: Uploading): FormPage => {
  const values = { rows: limits.rows.toLocaleString(language), megabytes: limits.bytes / MEGABYTE }
  return {
    title: t('import.title'),
    lede: t('import.why'),
    above: [[t('accounts.title'), '/admin/accounts']],
    to: IMPORT,
    upload: true,
    button: t('import.upload'),
    icon: 'file-up',
    cancel: [t('panel.cancel'), '/admin/accounts'],
    address: IMPORT,
    children: (
      <>
        {domains.length === 0 ? (
          <Hidden name="domain" value={domain} />
        ) : (
          <SelectField
            name="domain"
            label={t('import.space')}
            value={domain}
            options={domains.map((one) => ({ value: one, label: one }))}
          />
        )}
        <FileField
          name="file"
          label={t('import.file')}
          accept=".csv,.txt,.json,text/csv,text/plain,application/json"
          hint={t('import.file_hint', values)}
        />
      </>
    ),
    below: (
      <Card title={t('import.columns')} aside={<a href={href(SAMPLE)}>{t('import.sample')}</a>}>
        <p class="muted">{t('import.columns_why')}</p>
        <Meanings long of={COLUMNS.map((column) => [headOf(column), t(`import.column_${column}`)])} />
      </Card>
    ),
  }
}
