import type { VNode } from 'preact'
import type { Found } from '../../accounts/accounts/accounts.ts'
import type { AuditRow } from '../../audit/entry.ts'
import type { MessageId } from '../../messages/messages.ts'
import { browserName, phoneSystem } from '../../panel/browser-name.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Rows } from '../../panel/components/list.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { State } from '../../panel/components/state.tsx'
import { Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { AccountTabs, accountHead, pathOf } from '../account/head.tsx'
import { AUDIT_PATH } from '../audit-log/audit-page.tsx'
import { AuditRows } from '../audit-log/rows.tsx'
import type { Activity, Fate, Given, Kind } from './activity.ts'

export interface Happened extends Found, Awaited<ReturnType<Activity['of']>> {
  /** What the audit log says of it, the newest first. */
  readonly changes: readonly AuditRow[]
}

/** What happened around an account (behaviour/panel.md §7.7). */
export const activityPage = ({ t }: Kit, happened: Happened): Page => ({
  ...accountHead(t, happened),
  children: (
    <>
      <AccountTabs account={happened.account} rest="/activity" />
      <div class="grid main">
        <div class="stack">
          <ChangesCard account={happened.account} changes={happened.changes} />
          <GivenCard account={happened.account} given={happened.given} />
        </div>
        <div class="stack">
          <BrowsersCard sessions={happened.sessions} />
          <KeyCard own={happened.key} />
        </div>
      </div>
    </>
  ),
})

/** Who has changed it. */
const ChangesCard = ({ account, changes }: Pick<Happened, 'account' | 'changes'>): VNode => {
  const { t } = useKit()
  return (
    <Card
      title={t('activity.changes')}
      flush
      aside={<Link to={`${AUDIT_PATH}?subject=${account.id}`}>{t('activity.all_changes')}</Link>}
    >
      {changes.length === 0 ? (
        <Empty icon="scroll-text" title={t('audit.none')}>
          {t('activity.no_changes')}
        </Empty>
      ) : (
        <AuditRows rows={changes} />
      )}
    </Card>
  )
}

const KINDS = {
  creation: 'activity.creation',
  recovery_token: 'activity.recovery_token',
  recovery: 'activity.recovery',
  email: 'activity.email',
  phone: 'activity.phone',
  provisioning: 'activity.provisioning',
  reset: 'activity.reset',
} as const satisfies Record<Kind, MessageId>

const FATES = {
  waiting: { word: 'activity.waiting', tone: 'warn', icon: 'pending' },
  expired: { word: 'activity.expired', tone: undefined, icon: 'clock' },
  used: { word: 'activity.used', tone: 'good', icon: 'pass' },
  over: { word: 'activity.over', tone: undefined, icon: 'minus' },
} as const satisfies Record<Fate, { readonly word: MessageId } & Record<string, unknown>>

/** How something that was given out can be had again; null: its owner asks for it. */
const Again = ({ account, of }: Pick<Found, 'account'> & { of: Given }): VNode | null => {
  const { t } = useKit()
  if (of.fate !== 'waiting') return null
  switch (of.kind) {
    case 'email':
    case 'phone':
      return (
        <Action to={pathOf(account, `/codes/${of.kind}/send`)} size="small" about={of.to ?? undefined}>
          {t('account_codes.again')}
        </Action>
      )
    case 'provisioning':
    case 'reset':
      return account.email === null ? null : (
        <ButtonLink
          to={pathOf(account, `/${of.kind === 'reset' ? 'reset_password' : 'provisioning'}_email/create`)}
          size="small"
          about={t(KINDS[of.kind])}
        >
          {t('account_codes.again')}
        </ButtonLink>
      )
    default:
      return null
  }
}

/** Tokens, links and codes, and what became of them. */
const GivenCard = ({ account, given }: Pick<Happened, 'account' | 'given'>): VNode => {
  const { t } = useKit()
  const deviceOf = ({ userAgent }: Given) => (userAgent === null ? null : browserName(userAgent))
  return (
    <Card title={t('activity.given')} flush>
      {given.length === 0 ? (
        <Empty icon="key" title={t('activity.nothing')}>
          {t('activity.nothing_why')}
        </Empty>
      ) : (
        <Table
          caption={t('activity.given')}
          compact
          rows={given}
          columns={[
            {
              label: t('activity.what'),
              place: 'main',
              cell: (one) => (
                <>
                  {t(KINDS[one.kind])}
                  {one.to === null ? null : <span class="id muted"> {one.to}</span>}
                </>
              ),
            },
            { label: t('panel.time'), place: 'sub', cell: ({ at }) => <Moment at={at} /> },
            {
              label: t('activity.fate'),
              place: 'more',
              cell: ({ fate, usedAt }) => {
                const { word, tone, icon } = FATES[fate]
                return (
                  <State tone={tone} icon={icon}>
                    <span>
                      {t(word)}
                      {usedAt === null ? null : (
                        <>
                          {' '}
                          <Moment at={usedAt} />
                        </>
                      )}
                    </span>
                  </State>
                )
              },
            },
            {
              label: t('panel.address'),
              place: 'wide',
              cell: (one) => (
                <>
                  {one.ip}
                  {deviceOf(one) === null ? null : <span class="muted id"> {deviceOf(one)}</span>}
                </>
              ),
            },
          ]}
          actions={(one) => <Again account={account} of={one} />}
        />
      )}
    </Card>
  )
}

/** Where the account is signed in to the panel. */
const BrowsersCard = ({ sessions }: Pick<Happened, 'sessions'>): VNode => {
  const { t } = useKit()
  return (
    <Card title={t('activity.browsers')} flush>
      <Rows
        items={
          sessions.length === 0
            ? [{ icon: 'monitor', title: t('activity.no_browser') }]
            : sessions.map(({ ip, userAgent, lastUsedAt }) => ({
                icon: phoneSystem(userAgent) === null ? 'monitor' : 'smartphone',
                title: userAgent === null ? t('panel.unknown') : browserName(userAgent),
                note: (
                  <>
                    {ip ?? t('panel.unknown')} · {t('panel.last_used')} <Moment at={lastUsedAt} />
                  </>
                ),
              }))
        }
      />
    </Card>
  )
}

/** The account's own API key, of which nobody sees more than this. */
const KeyCard = ({ own }: { own: Happened['key'] }): VNode => {
  const { t, language } = useKit()
  return (
    <Card title={t('api_key.title')}>
      {own === null ? (
        <p class="muted">{t('activity.no_key')}</p>
      ) : (
        <Facts>
          {[
            [t('account_page.created'), <Moment at={own.createdAt} />],
            [t('panel.last_used'), <Moment at={own.lastUsedAt} />],
            [t('activity.requests'), own.requests.toLocaleString(language)],
            own.ip !== null && [t('panel.address'), own.ip],
          ]}
        </Facts>
      )}
    </Card>
  )
}
