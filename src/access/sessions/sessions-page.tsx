import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import { browserName } from '../../panel/browser-name.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'
import type { Sessions } from './sessions.ts'

/** `own`: the session of the browser that looks. */
export const sessionsPage = (
  visit: Visit,
  basePath: string,
  all: Awaited<ReturnType<Sessions['list']>>,
  own: Session,
): Response => {
  const t = texts(visit)
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
