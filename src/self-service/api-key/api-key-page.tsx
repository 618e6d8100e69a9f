import type { OwnKey } from '../../access/api-keys/api-keys.ts'
import { Link } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

export const apiKeyPage = ({ t, address }: Kit, key: OwnKey | null): Page => ({
  title: t('api_key.title'),
  lede: t('api_key.why'),
  cards: true,
  below: <Link to="/api_key/named">{t('api_key.named')}</Link>,
  children:
    key === null ? (
      <Card>
        <Empty
          icon="key"
          title={t('api_key.none')}
          actions={
            <Action to="/api_key" tone="primary" icon="plus">
              {t('api_key.make')}
            </Action>
          }
        >
          {t('api_key.address', { address })}
        </Empty>
      </Card>
    ) : (
      <div class="measure stack">
        <Card>
          <Facts>
            {[
              [t('panel.address'), key.ip ?? t('api_key.anywhere')],
              [t('api_key.created'), <Moment at={key.createdAt} />],
              [t('panel.last_used'), <Moment at={key.lastUsedAt} />],
              [t('api_key.requests'), key.requests],
              key.expiresAt !== null && [t('api_key.expires'), <Moment at={key.expiresAt} />],
            ]}
          </Facts>
          <p class="muted">{t('api_key.address', { address })}</p>
          <div class="actions">
            <Action to="/api_key" icon="refresh">
              {t('api_key.renew')}
            </Action>
            <Action to="/api_key/revoke" tone="danger">
              {t('api_key.revoke')}
            </Action>
          </div>
        </Card>
      </div>
    ),
})
