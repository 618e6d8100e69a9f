import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card, More } from '../../panel/components/card.tsx'
import { Menu, Table } from '../../panel/components/table.tsx'
import { useKit } from '../../panel/kit.tsx'
import { pathOf } from '../account/head.tsx'
import { entryPathOf } from './entry-page.tsx'

/** What an app keeps with the account, on its page; below it the same as apps read it. */
export const DictionaryCard = ({ account }: { account: AccountView }): VNode => {
  const { t } = useKit()
  const entries = Object.entries(account.dictionary)
  const add = pathOf(account, '/dictionary/create')
  return entries.length === 0 ? (
    <Card title={t('dictionary.title')}>
      <p class="muted">{t('dictionary.why')}</p>
      <div>
        <ButtonLink to={add} icon="plus">
          {t('dictionary.add')}
        </ButtonLink>
      </div>
    </Card>
  ) : (
    <Card title={t('dictionary.title')} flush aside={<Link to={add}>{t('dictionary.add')}</Link>}>
      <Table
        caption={t('dictionary.title')}
        compact
        rows={entries}
        columns={[
          { label: t('dictionary.key'), place: 'main', cell: ([key]) => <span class="id">{key}</span> },
          { label: t('dictionary.value'), place: 'sub', cell: ([, value]) => <span class="id">{value}</span> },
        ]}
        actions={([key]) => (
          <Menu
            dots
            label={t('dictionary.of', { key })}
            items={[
              { label: t('account_page.edit'), to: entryPathOf(account, key, 'edit'), icon: 'pencil' },
              { label: t('panel.remove'), to: entryPathOf(account, key, 'delete'), icon: 'trash', danger: true },
            ]}
          />
        )}
      />
      <div class="inside">
        <More title={t('dictionary.json')} icon="book-open">
          <pre>
            <code>{JSON.stringify(account.dictionary, null, 2)}</code>
          </pre>
          <div>
            <ButtonLink to={pathOf(account, '/dictionary/clear')} tone="danger" size="small">
              {t('dictionary.clear')}…
            </ButtonLink>
          </div>
        </More>
      </div>
    </Card>
  )
}
