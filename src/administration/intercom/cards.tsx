import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { Space } from '../../nouns/space.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Menu, Table } from '../../panel/components/table.tsx'
import { useKit } from '../../panel/kit.tsx'
import { pathOf } from '../account/head.tsx'

interface Props {
  readonly account: AccountView
  readonly space: Space
}

/** What the account does when it hears a code, on its page. */
export const ActionsCard = ({ account, space }: Props): VNode | null => {
  const { t } = useKit()
  if (!space.intercomFeatures) return null
  const hasProtocol = account.dtmfProtocol !== null
  const add = pathOf(account, '/actions/create')
  return account.actions.length === 0 ? (
    <Card title={t('actions.title')}>
      <p class="muted">{t(hasProtocol ? 'actions.why' : 'actions.no_dtmf')}</p>
      <div>
        {hasProtocol ? (
          <ButtonLink to={add} icon="plus">
            {t('actions.add')}
          </ButtonLink>
        ) : (
          <ButtonLink to={pathOf(account, '/edit')}>{t('actions.choose_dtmf')}</ButtonLink>
        )}
      </div>
    </Card>
  ) : (
    <Card title={t('actions.title')} flush aside={<Link to={add}>{t('panel.add')}</Link>}>
      <Table
        caption={t('actions.title')}
        compact
        rows={account.actions}
        columns={[
          { label: t('actions.key'), place: 'main', cell: ({ key }) => <span class="id">{key}</span> },
          { label: t('actions.code'), place: 'sub', cell: ({ code }) => <span class="id">{code}</span> },
        ]}
        actions={({ id, key }) => (
          <Menu
            dots
            label={t('actions.of', { key })}
            items={[
              { label: t('account_page.edit'), to: pathOf(account, `/actions/${id}/edit`), icon: 'pencil' },
              { label: t('panel.remove'), to: pathOf(account, `/actions/${id}/delete`), icon: 'trash', danger: true },
            ]}
          />
        )}
      />
    </Card>
  )
}

/** The labels that the account has. */
export const TypesCard = ({ account, space }: Props): VNode | null => {
  const { t } = useKit()
  if (!space.intercomFeatures) return null
  const add = pathOf(account, '/types/create')
  return account.types.length === 0 ? (
    <Card title={t('types.of_account')}>
      <p class="muted">{t('types.why')}</p>
      <div>
        <ButtonLink to={add} icon="plus">
          {t('types.attach')}
        </ButtonLink>
      </div>
    </Card>
  ) : (
    <Card title={t('types.of_account')} flush aside={<Link to={add}>{t('panel.add')}</Link>}>
      <Table
        caption={t('types.of_account')}
        compact
        rows={account.types}
        columns={[{ label: t('types.key'), place: 'main', cell: ({ key }) => <span class="id">{key}</span> }]}
        actions={({ id, key }) => (
          <Action to={pathOf(account, `/types/${id}/delete`)} size="small" about={key}>
            {t('types.detach')}
          </Action>
        )}
      />
    </Card>
  )
}
