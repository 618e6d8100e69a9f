import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { NameOf } from '../../address-books/names/names.ts'
import { realmOf } from '../../nouns/space.ts'
import { phoneSystem } from '../../panel/browser-name.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card, Facts, More } from '../../panel/components/card.tsx'
import { CopyField, CopyText, FoldedQr } from '../../panel/components/credentials.tsx'
import { Action } from '../../panel/components/form.tsx'
import { type RowItem, Rows } from '../../panel/components/list.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Note } from '../../panel/components/note.tsx'
import { personText } from '../../panel/components/person.tsx'
import { GetTheApp } from '../../panel/components/phone-app.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { addressOfRecord, sipUri } from '../../protocols/sip-address.ts'
import type { CallForwarding } from '../../telephony/call-forwardings/call-forwardings.ts'
import { whenText, whereText } from '../../telephony/call-forwardings/forwarding-rows.tsx'
import { type Device, type Devices, NO_DEVICES, titleOf } from '../../telephony/devices/devices.ts'
import { rowOfCall, type SeenCall } from '../../telephony/statistics/call-words.tsx'
import { Recordings } from '../../telephony/voicemails/recordings.tsx'
import type { Recording } from '../../telephony/voicemails/voicemails.ts'

interface Dashboard {
  readonly account: AccountView
  /** Whether accounts here have a phone number that can be changed, and a password. */
  readonly hasPhone: boolean
  readonly hasPassword: boolean
  readonly link: SetUpLink | null
  /** A phone may have the account already. */
  readonly wasSetUp: boolean
  /** The newest first. */
  readonly devices: readonly Device[]
  readonly registrarState: ReturnType<Devices['registrarState']>
  /** How many messages there are, and the newest of them. */
  readonly messages: { readonly count: number; readonly newest: readonly Recording[] }
  /** What the account calls those who left or made them. */
  readonly nameOf: NameOf
  /** The newest calls. */
  readonly calls: readonly SeenCall[]
  /** The rules that send calls elsewhere now. */
  readonly forwardings: readonly CallForwarding[]
}

/** What sets a phone up, while it can be used. */
export interface SetUpLink {
  readonly url: string
  readonly qrCodePath: string
  readonly expiresAt: Date | null
}

const NEWEST_DEVICES = 3

/** Where a person starts (behaviour/panel.md §4.1). */
export const dashboardPage = ({ t }: Kit, dashboard: Dashboard): Page => {
  const { account, devices, registrarState } = dashboard
  return {
    title: t('dashboard.hello', { name: account.displayName ?? account.username }),
    about: (
      <>
        <span class="id muted">{addressOfRecord(account)}</span>
        {registrarState === 'there' ? <Registered count={devices.length} /> : null}
      </>
    ),
    cards: true,
    children: (
      <div class="grid main">
        <div class="stack">
          <ForwardingCard {...dashboard} />
          <VoicemailCard {...dashboard} />
          <CallsCard {...dashboard} />
          <SetUp {...dashboard} />
          <DevicesCard devices={devices} registrarState={registrarState} />
        </div>
        <div class="stack">
          <DetailsCard {...dashboard} />
          <Card title={t('dashboard.data')}>
            <p class="muted">{t('dashboard.data_why')}</p>
            <div>
              <ButtonLink to="/dashboard/data" icon="download" download>
                {t('dashboard.download')}
              </ButtonLink>
            </div>
          </Card>
          <Card title={t('delete.title')} danger>
            <p class="muted">{t('delete.consequence')}</p>
            <div>
              <ButtonLink to="/delete" tone="danger" icon="trash">
                {t('delete.title')}…
              </ButtonLink>
            </div>
          </Card>
        </div>
      </div>
    ),
  }
}

const Registered = ({ count }: { count: number }): VNode => {
  const { t } = useKit()
  return count === 0 ? (
    <Chip icon="offline">{t('dashboard.offline')}</Chip>
  ) : (
    <Chip tone="good" icon="registered">
      {t('dashboard.registered', { count })}
    </Chip>
  )
}

/** On a phone the app opens with a tap, and the code is for other devices; elsewhere a phone scans it. */
const SetUp = ({ account, link, wasSetUp }: Dashboard): VNode => {
  const { t, app, userAgent } = useKit()
  const isPhone = phoneSystem(userAgent) !== null
  return (
    <Card title={t(isPhone && link !== null ? 'dashboard.set_up_this' : 'dashboard.set_up')}>
      {link === null ? (
        <>
          <p class="muted">{t('dashboard.no_link', { app: app.name })}</p>
          <Action to="/dashboard/provision" tone="primary">
            {t('dashboard.make_link')}
          </Action>
        </>
      ) : (
        <WithLink link={link} isPhone={isPhone} />
      )}
      {wasSetUp ? <Note>{t('provisioning.again')}</Note> : null}
      <ByHand account={account} />
    </Card>
  )
}

const WithLink = ({ link, isPhone }: { link: SetUpLink; isPhone: boolean }): VNode => {
  const { t, app } = useKit()
  const { url, qrCodePath, expiresAt } = link
  return (
    <>
      {isPhone ? (
        <>
          <p class="muted">{t('dashboard.here', { app: app.name })}</p>
          <ButtonLink to={`linphone-config:${url}`} tone="primary" size="wide tall" icon="smartphone">
            {t('app.open', { app: app.name })}
          </ButtonLink>
        </>
      ) : (
        <p class="muted">{t('dashboard.scan_why', { app: app.name })}</p>
      )}
      <GetTheApp />
      <FoldedQr
        title={t(isPhone ? 'dashboard.elsewhere' : 'dashboard.show_code')}
        src={qrCodePath}
        alt={t('dashboard.picture')}
        after={
          <>
            <CopyField id="link" label={t(isPhone ? 'dashboard.link_there' : 'dashboard.link')} value={url} />
            <Action to="/dashboard/provision" icon="refresh" size="small">
              {t('dashboard.renew_link')}
            </Action>
          </>
        }
      >
        {t(isPhone ? 'dashboard.scan_there' : 'dashboard.scan', { app: app.name })}{' '}
        {expiresAt === null ? null : (
          <>
            {t('dashboard.link_until')} <Moment at={expiresAt} />.{' '}
          </>
        )}
        {t('dashboard.keep_code')}
      </FoldedQr>
    </>
  )
}

const ByHand = ({ account }: Pick<Dashboard, 'account'>): VNode => {
  const { t, space } = useKit()
  const realm = realmOf(space)
  return (
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
  )
}

const DevicesCard = ({ devices, registrarState }: Pick<Dashboard, 'devices' | 'registrarState'>): VNode => {
  const { t } = useKit()
  return (
    <Card title={t('devices.title')} flush aside={<Link to="/devices">{t('dashboard.all_devices')}</Link>}>
      <Rows
        items={
          devices.length === 0
            ? [{ icon: registrarState === 'there' ? 'offline' : 'unplug', title: t(NO_DEVICES[registrarState]) }]
            : devices.slice(0, NEWEST_DEVICES).map((device) => ({
                icon: 'registered',
                tone: 'good',
                title: titleOf(device),
                note: <Moment at={device.updatedAt} />,
              }))
        }
      />
    </Card>
  )
}

/** Why the phone does not ring. */
const ForwardingCard = ({ forwardings }: Pick<Dashboard, 'forwardings'>): VNode | null => {
  const { t } = useKit()
  return forwardings.length === 0 ? null : (
    <Card title={t('forwarding.title')} flush>
      <Rows
        items={forwardings.map((rule) => ({
          icon: 'phone-forwarded',
          tone: 'good',
          title: whenText(t, rule.type),
          note: <span class="id">{whereText(t, rule)}</span>,
          to: '/telephony',
        }))}
      />
    </Card>
  )
}

const VoicemailCard = ({ messages, nameOf }: Pick<Dashboard, 'messages' | 'nameOf'>): VNode | null => {
  const { t } = useKit()
  return messages.count === 0 ? null : (
    <Card
      title={t('voicemail.title')}
      flush
      aside={
        <Link to="/telephony">
          {t('voicemail.all')} ({messages.count})
        </Link>
      }
    >
      <Recordings recordings={messages.newest} nameOf={nameOf} root="/telephony" />
    </Card>
  )
}

const CallsCard = ({ calls, nameOf }: Pick<Dashboard, 'calls' | 'nameOf'>): VNode | null => {
  const { t } = useKit()
  return calls.length === 0 ? null : (
    <Card title={t('calls.last')} flush aside={<Link to="/statistics/call_logs">{t('calls.all')}</Link>}>
      <Rows
        items={calls.map((call) => ({
          ...rowOfCall(t, nameOf)(call),
          action: (
            <ButtonLink
              to={sipUri(call.other.username, call.other.domain)}
              size="small"
              about={personText({ name: nameOf(call.other), address: addressOfRecord(call.other) })}
            >
              {t('calls.call')}
            </ButtonLink>
          ),
        }))}
      />
    </Card>
  )
}

/** What is known of a person, each with the way to change it. */
const DetailsCard = ({ account, hasPhone, hasPassword }: Dashboard): VNode => {
  const { t } = useKit()
  const places: readonly (RowItem | false)[] = [
    {
      icon: 'mail',
      title: t('dashboard.email'),
      note: <span class="id">{account.email ?? t('panel.none')}</span>,
      to: '/email/change',
    },
    hasPhone && {
      icon: 'phone',
      title: t('dashboard.phone'),
      note: account.phone ?? t('panel.none'),
      to: '/phone/change',
    },
    hasPassword && { icon: 'lock', title: t('password.menu'), to: '/password' },
  ]
  return (
    <>
      <Card title={t('dashboard.details')}>
        <Facts>
          {[
            [t('dashboard.sip_address'), <CopyText>{addressOfRecord(account)}</CopyText>],
            account.displayName !== null && [t('dashboard.display_name'), account.displayName],
          ]}
        </Facts>
      </Card>
      <Card flush>
        <Rows items={places.filter((place) => place !== false)} />
      </Card>
    </>
  )
}
