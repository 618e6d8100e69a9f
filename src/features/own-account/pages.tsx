import { Elysia } from 'elysia'
import type { VNode } from 'preact'
import type { Captcha } from '../../captcha/captcha.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { Visit } from '../../http/visit.ts'
import type { FormTokens } from '../../panel/csrf.ts'
import { currentPasswordField, NOTHING_REFUSED, newPasswordFields } from '../../panel/fields.tsx'
import { actionForm, formPage, refusedFields } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'
import { LANDING, type Navigation } from '../../panel/navigation.ts'
import { languageCookie, type Pages } from '../../panel/pages.ts'
import { ownPath, redirect } from '../../panel/redirect.ts'
import type { Accounts, AccountView } from '../accounts/accounts.ts'
import { ChosenPassword } from '../accounts/rules.ts'
import type { Caller } from '../authentication/caller.ts'
import { type Devices, titleOf } from '../devices/devices.ts'
import type { Provisioning } from '../provisioning/provisioning.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Recovery } from '../recovery/recovery.ts'
import type { Session, Sessions } from '../sessions/sessions.ts'
import { realmOf } from '../spaces/space.ts'
import { ChangedPassword, type OwnAccount, Proven } from './own-account.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly ownAccount: OwnAccount
  readonly accounts: Accounts
  readonly devices: Devices
  readonly provisioning: Provisioning
  readonly provisioningTokens: ProvisioningTokens
  readonly recovery: Recovery
  readonly sessions: Sessions
  readonly navigation: Navigation
  readonly captcha: Captcha
  readonly formTokens: FormTokens
  readonly config: Config
  readonly now: () => Date
}

const NEWEST_DEVICES = 3

/** A person's own account: where they start, its password, its data, its end (spec panel.md PU1, PU4, PU10). */
export const ownAccountPages = (deps: Deps) => {
  const { auth, pages, ownAccount, accounts, devices, provisioning, provisioningTokens, recovery } = deps
  const { sessions, navigation, config, now } = deps
  const basePath = config.BASE_PATH
  const form = formPage(deps)

  const identityCard = (visit: Visit, account: AccountView): VNode => {
    const t = texts(visit)
    const hasPhone = navigation.isOn(visit.space, '/phone/change')
    return (
      <section>
        <h2>{t('dashboard.details')}</h2>
        <dl>
          <dt>{t('dashboard.sip_address')}</dt>
          <dd data-copy={t('panel.copy')} data-copied={t('panel.copied')}>
            <code>{`${account.username}@${account.domain}`}</code>
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

  /** The newest link that sets a phone up, while it can be used. */
  const provisioningCard = (visit: Visit, account: AccountView): VNode => {
    const t = texts(visit)
    const { provisioningToken: token, provisioningTokenCreatedAt: createdAt } = account
    const expiresAt = createdAt === null ? null : provisioningTokens.expiryOf(createdAt)
    const isAlive = token !== null && (expiresAt === null || expiresAt > now())
    const address = token !== null && isAlive ? provisioning.addressOf(visit, token) : null
    return (
      <section>
        <h2>{t('dashboard.set_up')}</h2>
        {address === null ? (
          <p>{t('dashboard.no_link')}</p>
        ) : (
          <>
            <p>{t('dashboard.scan')}</p>
            <img class="qr" src={address.qrCodePath} alt={t('dashboard.picture')} width="320" height="320" />
            <label data-copy={t('panel.copy')} data-copied={t('panel.copied')}>
              {t('dashboard.link')}
              <input type="text" readonly value={address.url} autocomplete="off" spellcheck={false} />
            </label>
            {expiresAt === null ? null : (
              <p>
                {t('dashboard.link_until')} {moment(visit, expiresAt)}
              </p>
            )}
          </>
        )}
        {actionForm(visit, basePath, {
          path: '/dashboard/provision',
          button: address === null ? 'dashboard.make_link' : 'dashboard.renew_link',
          class: address === null ? undefined : 'secondary',
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

  const devicesCard = async (visit: Visit, caller: Caller): Promise<VNode> => {
    const t = texts(visit)
    const known = [...(await devices.of(caller)).values()].toReversed().slice(0, NEWEST_DEVICES)
    return (
      <section>
        <h2>{t('devices.title')}</h2>
        {known.length === 0 ? (
          <p>{t(devices.registrarState() === 'away' ? 'devices.away' : 'devices.none')}</p>
        ) : (
          <ul>
            {known.map((device) => (
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

  const dashboard = async (visit: Visit, caller: Caller): Promise<Response> => {
    const t = texts(visit)
    const account = await ownAccount.view(caller)
    return page(visit, basePath, {
      title: 'dashboard.title',
      scripts: ['copy.js'],
      children: (
        <div class="columns">
          <div>
            {identityCard(visit, account)}
            {provisioningCard(visit, account)}
          </div>
          <div>
            {await devicesCard(visit, caller)}
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

  const passwordForm = async (
    request: Request,
    visit: Visit,
    caller: Caller,
    session: Session,
    refused = NOTHING_REFUSED,
  ): Promise<Response> => {
    const t = texts(visit)
    const isRecovery = session.kind === 'recovery'
    const hasPassword = !isRecovery && (await ownAccount.view(caller)).algorithms.length > 0
    return form(request, visit, {
      title: 'password.title',
      action: '/password',
      button: 'password.set',
      refused,
      address: `${basePath}/password`,
      children: (
        <>
          <p>{t(isRecovery ? 'recovery.password_why' : 'password.why', { space: visit.space.name })}</p>
          {hasPassword ? currentPasswordField(visit, refused) : null}
          {newPasswordFields(visit, refused, config.ACCOUNT_PASSWORD_MIN_LENGTH)}
        </>
      ),
      after: isRecovery ? (
        <>
          <p>{t('recovery.keep_why')}</p>
          {actionForm(visit, basePath, { path: '/password/keep', button: 'recovery.keep', class: 'secondary' })}
        </>
      ) : null,
    })
  }

  /** By a code instead of the old password: whoever has it starts again with a sign-in. */
  const setRecovered = async (visit: Visit, session: Session): Promise<Response> => {
    await recovery.setPassword(visit, session, read(ChosenPassword, visit.input))
    const t = texts(visit)
    visit.frame = null
    return page(visit, basePath, {
      title: 'password.done',
      address: null,
      headers: { 'set-cookie': sessions.noCookie(visit) },
      children: (
        <>
          <p>{t('password.done_text')}</p>
          <p>
            <a href={`${basePath}/login`}>{t('sign_in.title')}</a>
          </p>
        </>
      ),
    })
  }

  const setKnown = async (visit: Visit, caller: Caller, session: Session): Promise<Response> => {
    const value = await ownAccount.changePassword(visit, caller, session, read(ChangedPassword, visit.input))
    return redirect(visit, basePath, LANDING, { cookies: [sessions.cookie(visit, value)], flash: 'flash.password' })
  }

  const deleteForm = async (request: Request, visit: Visit, caller: Caller, refused = NOTHING_REFUSED) => {
    const t = texts(visit)
    const { algorithms } = await ownAccount.view(caller)
    return form(request, visit, {
      title: 'delete.title',
      action: '/delete',
      button: 'delete.go',
      refused,
      address: `${basePath}/delete`,
      children: (
        <>
          <p>{t('delete.why', { account: `${caller.username}@${caller.domain}` })}</p>
          <p>{t('delete.consequence')}</p>
          {algorithms.length > 0 ? currentPasswordField(visit, refused) : null}
        </>
      ),
      after: (
        <p>
          <a href={basePath + LANDING}>{t('panel.cancel')}</a>
        </p>
      ),
    })
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/dashboard', ({ visit, caller }) => dashboard(visit, caller), { signedIn: 'account' })
    .post(
      '/dashboard/provision',
      async ({ visit, caller }) => {
        await accounts.issueToken(visit, caller.space, caller.id)
        return redirect(visit, basePath, LANDING, { flash: 'flash.provisioned' })
      },
      { signedIn: 'account' },
    )
    .get(
      '/dashboard/data',
      async ({ visit, caller }) => {
        const data = await ownAccount.export(visit, caller)
        return new Response(JSON.stringify(data, null, 2), {
          headers: {
            'content-type': 'application/json',
            'content-disposition': `attachment; filename="${caller.domain}-account-${caller.id}.json"`,
            'cache-control': 'no-store, private',
            'x-content-type-options': 'nosniff',
          },
        })
      },
      { signedIn: 'account' },
    )
    .post(
      '/language',
      async ({ visit, caller }) => {
        const language = await ownAccount.setLanguage(caller, visit.input.language)
        // This browser's too, so that signing in again does not bring the other one back.
        const cookies = language === null ? [] : [languageCookie(visit, language)]
        return redirect(visit, basePath, ownPath(visit.input.next) ?? LANDING, { cookies })
      },
      { signedIn: 'account' },
    )
    .get('/password', ({ request, visit, caller, session }) => passwordForm(request, visit, caller, session), {
      signedIn: 'account',
    })
    .post(
      '/password',
      async ({ request, visit, caller, session }) => {
        try {
          return await (session.kind === 'recovery' ? setRecovered(visit, session) : setKnown(visit, caller, session))
        } catch (error) {
          return passwordForm(request, visit, caller, session, refusedFields(error))
        }
      },
      { signedIn: 'account' },
    )
    .post(
      '/password/keep',
      async ({ visit, session }) => {
        const value = await recovery.keepPassword(visit, session)
        return redirect(visit, basePath, LANDING, { cookies: [sessions.cookie(visit, value)] })
      },
      { signedIn: 'account' },
    )
    .get('/delete', ({ request, visit, caller }) => deleteForm(request, visit, caller), { signedIn: 'account' })
    .post(
      '/delete',
      async ({ request, visit, caller }) => {
        try {
          await ownAccount.remove(visit, caller, read(Proven, visit.input))
        } catch (error) {
          return deleteForm(request, visit, caller, refusedFields(error))
        }
        return redirect(visit, basePath, '/login', { cookies: [sessions.noCookie(visit)], flash: 'flash.deleted' })
      },
      { signedIn: 'account' },
    )
}
