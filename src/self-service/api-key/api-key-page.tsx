import type { OwnKey } from '../../access/api-keys/api-keys.ts'
import type { Visit } from '../../nouns/visit.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'

export const apiKeyPage = (visit: Visit, basePath: string, key: OwnKey | null): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'api_key.title',
    children: (
      <>
        <p>{t('api_key.why')}</p>
        {key === null ? (
          <p class="empty">{t('api_key.none')}</p>
        ) : (
          <dl>
            <dt>{t('panel.address')}</dt>
            <dd>{key.ip ?? t('api_key.anywhere')}</dd>
            <dt>{t('api_key.created')}</dt>
            <dd>{moment(visit, key.createdAt)}</dd>
            <dt>{t('panel.last_used')}</dt>
            <dd>{moment(visit, key.lastUsedAt)}</dd>
            <dt>{t('api_key.requests')}</dt>
            <dd>{key.requests}</dd>
            {key.expiresAt === null ? null : (
              <>
                <dt>{t('api_key.expires')}</dt>
                <dd>{moment(visit, key.expiresAt)}</dd>
              </>
            )}
          </dl>
        )}
        <p>{t('api_key.address', { address: visit.address })}</p>
        {actionForm(visit, basePath, {
          path: '/api_key',
          button: key === null ? 'api_key.make' : 'api_key.renew',
        })}
        {key === null
          ? null
          : actionForm(visit, basePath, {
              path: '/api_key/revoke',
              button: 'api_key.revoke',
              class: 'secondary',
            })}
      </>
    ),
  })
}
