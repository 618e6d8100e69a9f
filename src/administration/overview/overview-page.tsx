import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { MessageId, MessageValues } from '../../messages/messages.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import { Finder } from '../../panel/components/filters.tsx'
import { Rows } from '../../panel/components/list.tsx'
import { Meter } from '../../panel/components/meter.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { pathOf } from '../account/head.tsx'
import { nameOf, StandingChip } from '../account/words.tsx'
import { LIST_PATH } from '../accounts-list/rules.ts'
import { GET_STARTED_PATH } from '../get-started/get-started-page.tsx'
import { OWN_SPACE } from '../scope/scope.ts'
import { ClosedNote, isClosed } from '../space/closed.tsx'
import { type Administering, SPACES_PATH, SpaceTabs, spacePath } from '../space/head.tsx'

/** What somebody should see to: a sentence, and where. */
export interface Attention {
  readonly tone: 'warn' | 'bad'
  readonly text: MessageId
  readonly values?: MessageValues
  /** null: nothing that whoever reads it can do. */
  readonly action: readonly [label: MessageId, to: string] | null
}

export interface Overview extends Administering {
  readonly accounts: number
  readonly administrators: readonly AccountView[]
  readonly attention: readonly Attention[]
  /** Where the sign-in of another Space is; null: it is this one. */
  readonly signIn: string | null
  /** Something that a new Space needs is missing, and nobody has hidden the way there. */
  readonly getsStarted: boolean
}

/** How much of a quota is used, as colours say it. */
export const gaugeTone = (count: number, max: number): 'good' | 'warn' | 'bad' | undefined =>
  max === 0 ? undefined : count / max >= 0.8 ? 'bad' : count / max >= 0.6 ? 'warn' : 'good'

/** Where an administrator starts: what the Space is, how full it is, and what has to be seen to. */
export const overviewPage = ({ t }: Kit, facts: Overview): Page => {
  const { space, at, isSuper } = facts
  const isOwn = at === OWN_SPACE
  return {
    title: isOwn ? t('overview.title') : space.name,
    ...(isOwn ? {} : { above: [[t('spaces.title'), SPACES_PATH]] as const }),
    about: space.super && isSuper ? <Chip tone="accent">{t('spaces.super')}</Chip> : undefined,
    cards: true,
    actions: isClosed(space) ? undefined : (
      <>
        {facts.getsStarted ? <ButtonLink to={GET_STARTED_PATH}>{t('get_started.title')}</ButtonLink> : null}
        <ButtonLink to={createPath(facts, false)} icon="plus" tone="primary">
          {t('accounts.create')}
        </ButtonLink>
      </>
    ),
    children: (
      <div class="stack">
        <SpaceTabs of={facts} rest="" />
        <ClosedNote of={facts} />
        {/* Why nothing else is offered. */}
        {isClosed(space) ? <p class="muted">{t('spaces.closed_why')}</p> : null}
        <div class="grid main">
          <div class="stack">
            {isOwn ? <Finder to={LIST_PATH} name="search" label={t('overview.find')} /> : null}
            {isClosed(space) ? null : <AttentionCard facts={facts} />}
            <AdministratorsCard facts={facts} />
          </div>
          <div class="stack">
            <SpaceCard facts={facts} />
          </div>
        </div>
      </div>
    ),
  }
}

const createPath = ({ space, at }: Administering, admin: boolean): string => {
  const query = [
    ...(admin ? ['admin=1'] : []),
    ...(at === OWN_SPACE ? [] : [`domain=${encodeURIComponent(space.domain)}`]),
  ]
  return `/admin/accounts/create${query.length === 0 ? '' : `?${query.join('&')}`}`
}

const AttentionCard = ({ facts: { attention } }: { facts: Overview }): VNode | null => {
  const { t } = useKit()
  return attention.length === 0 ? null : (
    <Card title={t('overview.attention')} flush>
      <Rows
        items={attention.map(({ tone, text, values, action }) => ({
          icon: 'warning' as const,
          tone,
          title: t(text, values),
          action:
            action === null ? undefined : (
              <ButtonLink to={action[1]} size="small">
                {t(action[0])}
              </ButtonLink>
            ),
        }))}
      />
    </Card>
  )
}

const AdministratorsCard = ({ facts }: { facts: Overview }): VNode => {
  const { t, href } = useKit()
  const { administrators, space } = facts
  return (
    <Card
      title={t('accounts.administrators')}
      flush={administrators.length > 0}
      aside={isClosed(space) ? undefined : <Link to={createPath(facts, true)}>{t('overview.new_administrator')}</Link>}
    >
      {administrators.length === 0 ? (
        <p class="muted">{t('overview.no_administrator')}</p>
      ) : (
        <Table
          caption={t('accounts.administrators')}
          rows={administrators}
          columns={[
            {
              label: t('accounts.name'),
              place: 'main',
              cell: (account) => <a href={href(pathOf(account))}>{nameOf(account)}</a>,
            },
            { label: t('accounts.username'), place: 'sub', cell: ({ username }) => <span class="id">{username}</span> },
            { label: t('accounts.state'), place: 'end', cell: (account) => <StandingChip of={account} /> },
            { label: t('accounts.email'), place: 'wide', cell: ({ email }) => email },
          ]}
        />
      )}
    </Card>
  )
}

const SpaceCard = ({ facts }: { facts: Overview }): VNode => {
  const { t, language } = useKit()
  const { space, accounts, isSuper, at, signIn } = facts
  const max = space.maxAccounts
  const count = accounts.toLocaleString(language)
  return (
    <Card
      title={space.name}
      aside={isSuper ? <Link to={spacePath(at, '/administration')}>{t('account_page.edit')}</Link> : undefined}
    >
      {max === 0 ? null : (
        <Meter
          label={t('overview.accounts')}
          text={t('overview.of', { count, max: max.toLocaleString(language) })}
          value={accounts}
          max={max}
          tone={gaugeTone(accounts, max)}
        />
      )}
      <Facts>
        {[
          max === 0 && [t('overview.accounts'), count],
          [t('overview.domain'), <span class="id">{space.domain}</span>],
          [t('overview.host'), <span class="id">{space.host}</span>],
          space.expireAt !== null && [t('overview.expires'), <Moment at={space.expireAt} />],
        ]}
      </Facts>
      {signIn === null || isClosed(space) ? null : (
        <div class="actions">
          <ButtonLink to={signIn} icon="external-link" size="small">
            {t('overview.sign_in')}
          </ButtonLink>
        </div>
      )}
    </Card>
  )
}
