import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { Config } from '../../config/config.ts'
import { realmOf } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { phoneSystem } from '../../panel/browser-name.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'
import { whereToGetIt } from '../../panel/phone-app.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { type Device, type Devices, NO_DEVICES, titleOf } from '../../telephony/devices/devices.ts'

interface Dashboard {
  readonly account: AccountView
  /** Whether accounts here have a phone number that can be changed. */
  readonly hasPhone: boolean
  readonly link: SetUpLink | null
  /** A phone may have the account already. */
  readonly wasSetUp: boolean
  /** The newest ones. */
  readonly devices: readonly Device[]
  readonly registrarState: ReturnType<Devices['registrarState']>
}

/** What sets a phone up, while it can be used. */
export interface SetUpLink {
  readonly url: string
  readonly qrCodePath: string
  readonly expiresAt: Date | null
}

/** Where a person starts (behaviour/panel.md §4.1). */
export const dashboardPage = (visit: Visit, config: Config, dashboard: Dashboard): Response => {
  const basePath = config.BASE_PATH
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'dashboard.title',
    scripts: ['copy.js'],
    children: (
      <div class="columns">
        <div>
          {identityCard(visit, basePath, dashboard)}
          {provisioningCard(visit, config, dashboard)}
        </div>
        <div>
          {devicesCard(visit, basePath, dashboard)}
          <section>
            <h2>{t('dashboard.data')}</h2>
            <p>{t('dashboard.data_why')}</p>
            <p>
              <a href={`${basePath}/dashboard/data`} download>
                {t('dashboard.download')}
              </a>
            </p>
          </section>
          <section class="danger">
            <h2>{t('delete.title')}</h2>
            <p>{t('delete.consequence')}</p>
            <p>
              <a href={`${basePath}/delete`}>{t('delete.title')}</a>
            </p>
          </section>
        </div>
      </div>
    ),
  })
}

const identityCard = (visit: Visit, basePath: string, { account, hasPhone }: Dashboard): VNode => {
  const t = texts(visit)
  return (
    <section>
      <h2>{t('dashboard.details')}</h2>
      <dl>
        <dt>{t('dashboard.sip_address')}</dt>
        <dd data-copy={t('panel.copy')} data-copied={t('panel.copied')}>
          <code>{addressOfRecord(account)}</code>
        </dd>
        {account.displayName === null ? null : (
          <>
            <dt>{t('dashboard.display_name')}</dt>
            <dd>{account.displayName}</dd>
          </>
        )}
        <dt>{t('dashboard.email')}</dt>
        <dd>
          <span>{account.email ?? t('panel.none')}</span>{' '}
          <a href={`${basePath}/email/change`}>{t(account.email === null ? 'panel.add' : 'panel.change')}</a>
        </dd>
        {hasPhone ? (
          <>
            <dt>{t('dashboard.phone')}</dt>
            <dd>
              <span>{account.phone ?? t('panel.none')}</span>{' '}
              <a href={`${basePath}/phone/change`}>{t(account.phone === null ? 'panel.add' : 'panel.change')}</a>
            </dd>
          </>
        ) : null}
      </dl>
    </section>
  )
}

/** On a phone the app opens with a tap, and the code is for other devices; elsewhere a phone scans it. */
const setUp = (visit: Visit, config: Config, { url, qrCodePath, expiresAt }: SetUpLink): VNode => {
  const t = texts(visit)
  const app = config.PHONE_APP_NAME
  const isPhone = phoneSystem(visit.userAgent) !== null
  return (
    <>
      {isPhone ? (
        <>
          <p>{t('dashboard.here', { app })}</p>
          <p>
            <a class="button" href={`linphone-config:${url}`}>
              {t('app.open', { app })}
            </a>
          </p>
          {whereToGetIt(visit, config)}
          <h3>{t('dashboard.elsewhere')}</h3>
        </>
      ) : null}
      <p>{t(isPhone ? 'dashboard.scan_there' : 'dashboard.scan', { app })}</p>
      <img class="qr" src={qrCodePath} alt={t('dashboard.picture')} width="320" height="320" />
      <label data-copy={t('panel.copy')} data-copied={t('panel.copied')}>
        {t(isPhone ? 'dashboard.link_there' : 'dashboard.link')}
        <input type="text" readonly value={url} autocomplete="off" spellcheck={false} />
      </label>
      {expiresAt === null ? null : (
        <p>
          {t('dashboard.link_until')} {moment(visit, expiresAt)}
        </p>
      )}
      {isPhone ? null : whereToGetIt(visit, config)}
    </>
  )
}

const provisioningCard = (visit: Visit, config: Config, { account, link, wasSetUp }: Dashboard): VNode => {
  const t = texts(visit)
  const { BASE_PATH: basePath, PHONE_APP_NAME: app } = config
  return (
    <section>
      <h2>{t('dashboard.set_up')}</h2>
      {link === null ? <p>{t('dashboard.no_link', { app })}</p> : setUp(visit, config, link)}
      {wasSetUp ? <p>{t('provisioning.again')}</p> : null}
      {actionForm(visit, basePath, {
        path: '/dashboard/provision',
        button: link === null ? 'dashboard.make_link' : 'dashboard.renew_link',
        class: link === null ? undefined : 'secondary',
      })}
      <details>
        <summary>{t('dashboard.manual')}</summary>
        <dl>
          <dt>{t('dashboard.username')}</dt>
          <dd>{account.username}</dd>
          <dt>{t('dashboard.domain')}</dt>
          <dd>{account.domain}</dd>
          <dt>{t('dashboard.registrar')}</dt>
          <dd>{visit.space.accountProxyRegistrarAddress ?? account.domain}</dd>
          {realmOf(visit.space) === account.domain ? null : (
            <>
              <dt>{t('dashboard.realm')}</dt>
              <dd>{realmOf(visit.space)}</dd>
            </>
          )}
        </dl>
      </details>
    </section>
  )
}

const devicesCard = (visit: Visit, basePath: string, { devices, registrarState }: Dashboard): VNode => {
  const t = texts(visit)
  return (
    <section>
      <h2>{t('devices.title')}</h2>
      {devices.length === 0 ? (
        <p>{t(NO_DEVICES[registrarState])}</p>
      ) : (
        <ul>
          {devices.map((device) => (
            <li>
              {titleOf(device)}, {moment(visit, device.updatedAt)}
            </li>
          ))}
        </ul>
      )}
      <p>
        <a href={`${basePath}/devices`}>{t('dashboard.all_devices')}</a>
      </p>
    </section>
  )
}
