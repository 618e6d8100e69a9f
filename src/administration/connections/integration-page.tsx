import type { VNode } from 'preact'
import { realmOf } from '../../nouns/space.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import { Rows } from '../../panel/components/list.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { Menu } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import type { EmailServerRow } from '../../spaces/space-email-servers/store.ts'
import { type Administering, aboveOf, SpaceTabs, spacePath } from '../space/head.tsx'

export interface Connections extends Administering {
  readonly server: EmailServerRow | null
  /** The instance has a server of its own. */
  readonly canMail: boolean
  /** Accounts that have credentials, by the id of the CardDAV server. */
  readonly credentials: ReadonlyMap<number, number>
}

/** What a Space is connected to (behaviour/panel.md §7.17). */
export const integrationPage = ({ t }: Kit, facts: Connections): Page => ({
  title: t('integration.title'),
  above: aboveOf(t, facts),
  cards: true,
  children: (
    <div class="stack">
      <SpaceTabs of={facts} rest="/integration" />
      <EmailCard facts={facts} />
      <PasswordsCard facts={facts} />
      <BooksCard facts={facts} />
    </div>
  ),
})

const EmailCard = ({ facts: { server, at, canMail } }: { facts: Connections }): VNode => {
  const { t } = useKit()
  const path = spacePath(at, '/email')
  return server === null ? (
    <Card title={t('space_email.title')}>
      <p class="muted">{t(canMail ? 'space_email.none_yet' : 'space_email.none_at_all')}</p>
      <div class="actions">
        <ButtonLink to={path} icon="plus">
          {t('space_email.add')}
        </ButtonLink>
      </div>
    </Card>
  ) : (
    <Card title={t('space_email.title')} aside={<Link to={path}>{t('account_page.edit')}</Link>}>
      <Facts>
        {[
          [
            t('space_email.server'),
            <span class="id">
              {server.host}:{server.port}
            </span>,
          ],
          server.username !== null && [t('space_email.username'), <span class="id">{server.username}</span>],
          server.fromAddress !== null && [
            t('space_email.sender'),
            [server.fromName, server.fromAddress].filter((part) => part !== null).join(' · '),
          ],
        ]}
      </Facts>
    </Card>
  )
}

const PasswordsCard = ({ facts: { space, at } }: { facts: Connections }): VNode => {
  const { t } = useKit()
  return (
    <Card title={t('digest.title')} aside={<Link to={spacePath(at, '/digest')}>{t('account_page.edit')}</Link>}>
      {space.digest === null ? (
        <p class="muted">{t('digest.none')}</p>
      ) : (
        <Facts>
          {[
            [t('digest.realm'), <span class="id">{realmOf(space)}</span>],
            [t('digest.algorithm'), space.digest.defaultPasswordAlgorithm ?? t('digest.any')],
          ]}
        </Facts>
      )}
    </Card>
  )
}

const BooksCard = ({ facts: { space, at, credentials } }: { facts: Connections }): VNode => {
  const { t, language } = useKit()
  const servers = space.carddavServers
  const add = (
    <ButtonLink to={spacePath(at, '/carddavs/create')} icon="plus">
      {t('carddav_server.add')}
    </ButtonLink>
  )
  return (
    <Card title={t('carddav_server.title')} flush={servers.length > 0} aside={servers.length > 0 ? add : undefined}>
      {servers.length === 0 ? (
        <>
          <p class="muted">{t('carddav_server.none_yet')}</p>
          <div class="actions">{add}</div>
        </>
      ) : (
        <Rows
          items={servers.map((server) => {
            const count = credentials.get(server.id) ?? 0
            const path = spacePath(at, `/carddavs/${server.id}`)
            return {
              icon: 'book-open' as const,
              title: (
                <>
                  <span class="id">{server.uri}</span> {server.enabled ? null : <Chip>{t('carddav_server.off')}</Chip>}
                </>
              ),
              note: t('carddav_server.accounts', { count, number: count.toLocaleString(language) }),
              action: (
                <Menu
                  dots
                  label={t('accounts.actions', { name: server.uri })}
                  items={[
                    { label: t('account_page.edit'), to: `${path}/edit`, icon: 'pencil' },
                    { label: t('carddav_server.remove_menu'), to: `${path}/delete`, icon: 'trash', danger: true },
                  ]}
                />
              ),
            }
          })}
        />
      )}
    </Card>
  )
}
