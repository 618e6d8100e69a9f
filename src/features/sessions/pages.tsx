import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../http/visit.ts'
import { browserName } from '../../panel/browser-name.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { Session, Sessions } from './sessions.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly db: Db
  readonly sessions: Sessions
  readonly config: Config
}

/** Where somebody is signed in, and how to end that. */
export const sessionPages = ({ auth, pages, db, sessions, config }: Deps) => {
  const basePath = config.BASE_PATH

  const list = async (visit: Visit, own: Session): Promise<Response> => {
    const t = texts(visit)
    const all = await sessions.list(own.account.id)
    return page(visit, basePath, {
      title: 'sessions.title',
      children: (
        <>
          <p>{t('sessions.why')}</p>
          <ul class="cards">
            {all.map(({ id, ip, userAgent, createdAt, lastUsedAt }) => (
              <li>
                <p class="name">
                  {userAgent === null ? t('panel.unknown') : browserName(userAgent)}{' '}
                  {id === own.id ? <span class="badge">{t('sessions.this')}</span> : null}
                </p>
                <dl>
                  <dt>{t('panel.address')}</dt>
                  <dd>{ip ?? t('panel.unknown')}</dd>
                  <dt>{t('sessions.since')}</dt>
                  <dd>{moment(visit, createdAt)}</dd>
                  <dt>{t('panel.last_used')}</dt>
                  <dd>{moment(visit, lastUsedAt)}</dd>
                </dl>
                {id === own.id
                  ? null
                  : actionForm(visit, basePath, {
                      path: '/sessions/revoke',
                      button: 'sessions.revoke',
                      class: 'secondary',
                      children: <input type="hidden" name="session" value={id} />,
                    })}
              </li>
            ))}
          </ul>
          {all.length < 2
            ? null
            : actionForm(visit, basePath, { path: '/sessions/revoke_others', button: 'sessions.revoke_others' })}
          {actionForm(visit, basePath, {
            path: '/auth_tokens',
            button: 'code_sign_in.own_title',
            class: all.length < 2 ? undefined : 'secondary',
          })}
        </>
      ),
    })
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/sessions', ({ visit, session }) => list(visit, session), { signedIn: 'account' })
    .post(
      '/sessions/revoke',
      async ({ visit, caller }) => {
        const id = Number(visit.input.session)
        const isGone = Number.isInteger(id) && (await db.transaction((tx) => sessions.closeOf(tx, caller.id, id)))
        if (isGone) sessions.recordRevoked(visit, caller, 1)
        return redirect(visit, basePath, '/sessions', { flash: 'flash.session_revoked' })
      },
      { signedIn: 'account' },
    )
    .post(
      '/sessions/revoke_others',
      async ({ visit, caller, session }) => {
        const count = await db.transaction((tx) => sessions.closeOthers(tx, caller.id, session.id))
        sessions.recordRevoked(visit, caller, count)
        return redirect(visit, basePath, '/sessions', { flash: 'flash.sessions_revoked' })
      },
      { signedIn: 'account' },
    )
}
