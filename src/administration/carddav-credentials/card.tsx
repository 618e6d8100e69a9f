import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { Space } from '../../nouns/space.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Menu, Table } from '../../panel/components/table.tsx'
import { useKit } from '../../panel/kit.tsx'
import { pathOf } from '../account/head.tsx'
import { credentialPathOf } from './credential-page.tsx'

/** For which address books the account has a name and a password; none where its Space wants that. */
export const CarddavCard = ({ account, space }: { account: AccountView; space: Space }): VNode | null => {
  const { t } = useKit()
  if (!space.carddavUserCredentials) return null
  const has = account.carddavServers
  const isMissing = space.carddavServers.some(({ id }) => !has.some((server) => server.id === id))
  const add = pathOf(account, '/carddavs/create')
  return has.length === 0 ? (
    <Card title={t('carddav.title')}>
      <p class="muted">{t(isMissing ? 'carddav.why' : 'carddav.no_servers')}</p>
      {isMissing ? (
        <div>
          <ButtonLink to={add} icon="plus">
            {t('carddav.add')}
          </ButtonLink>
        </div>
      ) : null}
    </Card>
  ) : (
    <Card title={t('carddav.title')} flush aside={isMissing ? <Link to={add}>{t('panel.add')}</Link> : undefined}>
      <Table
        caption={t('carddav.title')}
        compact
        rows={has}
        columns={[{ label: t('carddav.server'), place: 'main', cell: ({ uri }) => <span class="id">{uri}</span> }]}
        actions={({ id, uri }) => (
          <Menu
            dots
            label={t('carddav.of', { server: uri })}
            items={[
              { label: t('account_page.edit'), to: credentialPathOf(account, id, '/edit'), icon: 'pencil' },
              { label: t('panel.remove'), to: credentialPathOf(account, id, '/delete'), icon: 'trash', danger: true },
            ]}
          />
        )}
      />
    </Card>
  )
}
