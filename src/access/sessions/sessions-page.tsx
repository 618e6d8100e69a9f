import type { Session } from '../../nouns/session.ts'
import { browserName, phoneSystem } from '../../panel/browser-name.ts'
import { Card } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Rows } from '../../panel/components/list.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Chip } from '../../panel/components/state.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import type { Sessions } from './sessions.ts'

interface Browsers {
  readonly all: Awaited<ReturnType<Sessions['list']>>
  /** That of the browser that looks. */
  readonly own: Session
}

export const sessionsPage = ({ t }: Kit, { all, own }: Browsers): Page => ({
  title: t('sessions.title'),
  count: all.length,
  lede: t('sessions.why'),
  cards: true,
  actions: (
    <>
      {all.length < 2 ? null : <Action to="/sessions/revoke_others">{t('sessions.revoke_others')}</Action>}
      <Action to="/auth_tokens" icon="qr-code">
        {t('code_sign_in.own_title')}
      </Action>
    </>
  ),
  children: (
    <Card flush>
      <Rows
        items={all.map(({ id, ip, userAgent, createdAt, lastUsedAt }) => {
          const name = userAgent === null ? t('panel.unknown') : browserName(userAgent)
          const isOwn = id === own.id
          return {
            icon: phoneSystem(userAgent) === null ? 'monitor' : 'smartphone',
            title: (
              <>
                {name} {isOwn ? <Chip tone="accent">{t('sessions.this')}</Chip> : null}
              </>
            ),
            note: (
              <>
                {ip ?? t('panel.unknown')} · {t('sessions.since')} <Moment at={createdAt} /> · {t('panel.last_used')}{' '}
                <Moment at={lastUsedAt} />
              </>
            ),
            action: isOwn ? null : (
              <Action to="/sessions/revoke" fields={{ session: id }} size="small" about={name}>
                {t('sessions.revoke')}
              </Action>
            ),
          }
        })}
      />
    </Card>
  ),
})
