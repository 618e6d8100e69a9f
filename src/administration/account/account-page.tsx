import type { VNode } from 'preact'
import { realmOf } from '../../nouns/space.ts'
import { Address } from '../../panel/components/address.tsx'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card, Facts, More } from '../../panel/components/card.tsx'
import { CopyField, CopyText, FoldedQr } from '../../panel/components/credentials.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Note } from '../../panel/components/note.tsx'
import { Menu, type MenuItem } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { qrDataUrl } from '../../protocols/qr.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { ExternalAccount } from '../../telephony/external-accounts/external-accounts.ts'
import { LIST_PATH } from '../accounts-list/rules.ts'
import { CarddavCard } from '../carddav-credentials/card.tsx'
import { DictionaryCard } from '../dictionary/card.tsx'
import { ExternalCard } from '../external-account/card.tsx'
import { ActionsCard, TypesCard } from '../intercom/cards.tsx'
import { spacePath } from '../space/head.tsx'
import { CodesCard, DevicesCard } from './cards.tsx'
import { dtmfName } from './fields.tsx'
import { AccountTabs, accountHead, pathOf } from './head.tsx'
import { type State, StateCard } from './state-card.tsx'
import { isNumber } from './words.tsx'

/** What is known of an account. */
export interface Known extends State {
  /** What sets a phone up, while it can be used. */
  readonly link: { readonly url: string; readonly expiresAt: Date | null } | null
  /** It is the account of whoever looks. */
  readonly isOwn: boolean
  /** Whoever looks administers every Space. */
  readonly seesSpaces: boolean
  readonly line: ExternalAccount | null
  /** In the panel. */
  readonly lastSeenAt: Date | null
}

/** One account at a glance (behaviour/panel.md §7.3). */
export const accountPage = (kit: Kit, known: Known): Page => {
  const { t } = kit
  const { account } = known
  return {
    ...accountHead(t, known),
    actions: <Ways {...known} />,
    children: (
      <>
        <AccountTabs account={account} rest="" />
        <div class="grid main">
          <div class="stack">
            {known.showsCode ? <SetUpCard {...known} /> : null}
            <StateCard {...known} />
            <DevicesCard {...known} />
            <CodesCard account={account} />
            {known.showsCode ? null : <SetUpCard {...known} />}
            <ActionsCard account={account} space={known.space} />
            <DictionaryCard account={account} />
          </div>
          <div class="stack">
            <FactsCard {...known} />
            <ExternalCard account={account} line={known.line} />
            <CarddavCard account={account} space={known.space} />
            <TypesCard account={account} space={known.space} />
            {known.isOwn ? null : (
              <Card title={t('delete.title')} danger>
                <p class="muted">{t('account_page.delete_why')}</p>
                <div>
                  <ButtonLink to={pathOf(account, '/delete')} tone="danger" icon="trash">
                    {t('delete.title')}…
                  </ButtonLink>
                </div>
              </Card>
            )}
          </div>
        </div>
      </>
    ),
  }
}

/** What can be done with the account: what is seldom needed is folded. */
const Ways = ({ account, space, isOwn, canMail }: Known): VNode => {
  const { t } = useKit()
  const items: readonly (MenuItem | false)[] = [
    !isOwn && { label: t('phone_lost.menu'), to: pathOf(account, '/lost_phone'), icon: 'smartphone' },
    !isOwn && {
      label: t(isNumber(account) ? 'account_number.menu' : 'account_number.menu_name'),
      to: pathOf(account, '/number'),
      icon: 'refresh',
    },
    !isOwn && { label: t('leaving.menu'), to: pathOf(account, '/leaving'), icon: 'sign-out' },
    space.digest !== null && {
      label: t('account_mail.reset'),
      to: pathOf(account, '/reset_password_email/create'),
      icon: 'lock',
    },
    !isOwn &&
      !account.blocked && { label: `${t('account_block.go')}…`, to: pathOf(account, '/block'), icon: 'blocked' },
    !isOwn &&
      account.activated && { label: `${t('account_switch_off.go')}…`, to: pathOf(account, '/deactivate'), icon: 'ban' },
    !isOwn && { label: `${t('delete.title')}…`, to: pathOf(account, '/delete'), icon: 'trash', danger: true },
  ]
  return (
    <>
      <ButtonLink to={pathOf(account, '/edit')} icon="pencil">
        {t('account_page.edit')}
      </ButtonLink>
      <Menu label={t('account_page.more')} items={items.filter((item) => item !== false)} />
      {account.email !== null && canMail ? (
        <ButtonLink to={pathOf(account, '/provisioning_email/create')} icon="send" tone="primary">
          {t('account_mail.set_up')}
        </ButtonLink>
      ) : null}
    </>
  )
}

const FactsCard = ({ account, space, seesSpaces, lastSeenAt, lastCallAt }: Known): VNode => {
  const { t } = useKit()
  const none = <span class="muted">{t('panel.none')}</span>
  return (
    <Card title={t('account_page.account')}>
      <Facts>
        {[
          [t('dashboard.sip_address'), <CopyText>{addressOfRecord(account)}</CopyText>],
          [t('dashboard.display_name'), account.displayName ?? none],
          [t('dashboard.email'), account.email === null ? none : <Address>{account.email}</Address>],
          [t('dashboard.phone'), account.phone ?? none],
          [
            t('account_page.space'),
            seesSpaces ? <Link to={spacePath(String(space.id))}>{space.name}</Link> : space.name,
          ],
          [
            t('account_form.role'),
            account.admin ? t(space.super ? 'panel.super' : 'panel.admin') : t('account_form.user'),
          ],
          space.digest !== null && [
            t('sign_in.password'),
            account.algorithms.length === 0 ? none : account.algorithms.join(', '),
          ],
          space.intercomFeatures && [
            t('account_form.dtmf'),
            account.dtmfProtocol === null ? none : dtmfName(account.dtmfProtocol),
          ],
          [t('account_page.created'), <Moment at={account.createdAt} />],
          account.ipAddress !== null && [t('account_page.created_from'), account.ipAddress],
          [t('account_page.updated'), <Moment at={account.updatedAt} />],
          lastSeenAt !== null && [t('account_page.last_seen'), <Moment at={lastSeenAt} />],
          lastCallAt !== null && [t('account_page.last_call'), <Moment at={lastCallAt} />],
        ]}
      </Facts>
    </Card>
  )
}

/** How the account gets onto a phone. The code is a credential, and folded. */
const SetUpCard = ({ account, space, link, lastSetUp, showsCode }: Known): VNode => {
  const { t, app } = useKit()
  const realm = realmOf(space)
  return (
    <Card title={t('dashboard.set_up')} id="set-up">
      {link === null ? (
        <>
          <p class="muted">{t('account_page.no_link', { app: app.name })}</p>
          <Action to={pathOf(account, '/provision')} tone="primary">
            {t('dashboard.make_link')}
          </Action>
        </>
      ) : (
        <>
          <p class="muted">
            {t('account_page.link_why')}{' '}
            {link.expiresAt === null ? null : (
              <>
                {t('account_page.link_until')} <Moment at={link.expiresAt} />.
              </>
            )}
          </p>
          <FoldedQr
            title={t('dashboard.show_code')}
            open={showsCode}
            src={qrDataUrl(link.url, { level: 'H' })}
            alt={t('account_page.picture')}
            after={
              <>
                <CopyField id="link" label={t('dashboard.link')} value={link.url} />
                <div class="actions">
                  <Action to={pathOf(account, '/provision')} icon="refresh" size="small">
                    {t('dashboard.renew_link')}
                  </Action>
                  <Action
                    to={`${LIST_PATH}/bulk`}
                    fields={{ action: 'sheet', accounts: account.id }}
                    icon="printer"
                    size="small"
                  >
                    {t('sheet.one')}
                  </Action>
                </div>
              </>
            }
          >
            {t('account_page.scan', { app: app.name })}
          </FoldedQr>
        </>
      )}
      {lastSetUp !== null && link !== null ? <Note>{t('account_page.was_set_up')}</Note> : null}
      <More title={t('dashboard.manual')} icon="sliders">
        <Facts>
          {[
            [t('dashboard.username'), account.username],
            [t('dashboard.domain'), account.domain],
            [t('dashboard.registrar'), <span class="id">{space.accountProxyRegistrarAddress ?? account.domain}</span>],
            realm !== account.domain && [t('dashboard.realm'), realm],
          ]}
        </Facts>
      </More>
    </Card>
  )
}
