import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../http/visit.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Caller } from '../authentication/caller.ts'
import type { ApiKeys } from './api-keys.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly accounts: Accounts
  readonly apiKeys: ApiKeys
  readonly config: Config
}

/** The one key of an account for programs of its own (spec panel.md PU6). */
export const apiKeyPages = ({ auth, pages, accounts, apiKeys, config }: Deps) => {
  const basePath = config.BASE_PATH

  const overview = async (visit: Visit, caller: Caller): Promise<Response> => {
    const t = texts(visit)
    const key = await apiKeys.own(caller.id)
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

  return new Elysia({ prefix: '/api_key' })
    .use(auth)
    .use(pages)
    .get('/', ({ visit, caller }) => overview(visit, caller), { signedIn: 'account' })
    .post(
      '/',
      async ({ visit, caller }) => {
        const t = texts(visit)
        const key = await accounts.regenerateApiKey(visit, caller)
        return page(visit, basePath, {
          title: 'api_key.made',
          address: null,
          scripts: ['copy.js'],
          children: (
            <>
              <p>{t('api_key.once')}</p>
              <p class="secret" data-copy={t('panel.copy')} data-copied={t('panel.copied')}>
                <code>{key}</code>
              </p>
              <p>
                <a href={`${basePath}/api_key`}>{t('panel.back')}</a>
              </p>
            </>
          ),
        })
      },
      { signedIn: 'account' },
    )
    .post(
      '/revoke',
      async ({ visit, caller }) => {
        await accounts.revokeApiKey(visit, caller)
        return redirect(visit, basePath, '/api_key', { flash: 'flash.key_revoked' })
      },
      { signedIn: 'account' },
    )
}
