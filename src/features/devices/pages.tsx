import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../http/visit.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { moment } from '../../panel/moment.tsx'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { Caller } from '../authentication/caller.ts'
import { type Device, type Devices, titleOf } from './devices.ts'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly devices: Devices
  readonly config: Config
}

/** spec panel.md PU5 */
export const devicePages = ({ auth, pages, devices, config }: Deps) => {
  const basePath = config.BASE_PATH

  const facts = (visit: Visit, { userAgent, updatedAt }: Device) => {
    const t = texts(visit)
    return (
      <dl>
        <dt>{t('devices.user_agent')}</dt>
        <dd>{userAgent === '' ? t('panel.unknown') : userAgent}</dd>
        <dt>{t('devices.updated')}</dt>
        <dd>{moment(visit, updatedAt)}</dd>
      </dl>
    )
  }

  const list = async (visit: Visit, caller: Caller): Promise<Response> => {
    const t = texts(visit)
    const known = [...(await devices.of(caller)).values()].toReversed()
    const state = devices.registrarState()
    return page(visit, basePath, {
      title: 'devices.title',
      children:
        known.length === 0 ? (
          <p class="empty">{t(state === 'away' ? 'devices.away' : 'devices.none')}</p>
        ) : (
          <>
            <p>{t('devices.why')}</p>
            <ul class="cards">
              {known.map((device) => (
                <li>
                  <p class="name">{titleOf(device)}</p>
                  {facts(visit, device)}
                  <a href={`${basePath}/devices/${encodeURIComponent(device.uuid)}/delete`}>{t('devices.remove')}</a>
                </li>
              ))}
            </ul>
            {known.length < 2 ? null : (
              <p>
                <a href={`${basePath}/devices/delete`}>{t('devices.remove_all')}</a>
              </p>
            )}
          </>
        ),
    })
  }

  return new Elysia({ prefix: '/devices' })
    .use(auth)
    .use(pages)
    .get('/', ({ visit, caller }) => list(visit, caller), { signedIn: 'account' })
    .get(
      '/delete',
      async ({ visit, caller }) => {
        const t = texts(visit)
        const known = [...(await devices.of(caller)).values()].toReversed()
        if (known.length === 0) return redirect(visit, basePath, '/devices')
        return page(visit, basePath, {
          title: 'devices.remove_all',
          children: (
            <>
              <ul>
                {known.map((device) => (
                  <li>{titleOf(device)}</li>
                ))}
              </ul>
              <p>{t('devices.all_come_back')}</p>
              {actionForm(visit, basePath, { path: '/devices/delete', button: 'devices.remove_all' })}
              <p>
                <a href={`${basePath}/devices`}>{t('panel.cancel')}</a>
              </p>
            </>
          ),
        })
      },
      { signedIn: 'account' },
    )
    .post(
      '/delete',
      async ({ visit, caller }) => {
        await devices.removeAll(visit, caller)
        return redirect(visit, basePath, '/devices', { flash: 'flash.devices_removed' })
      },
      { signedIn: 'account' },
    )
    .get(
      '/:uuid/delete',
      async ({ visit, caller, params }) => {
        const t = texts(visit)
        const device = (await devices.of(caller)).get(params.uuid)
        if (device === undefined) throw new AppError('not_found', 'devices.unknown')
        return page(visit, basePath, {
          title: 'devices.remove',
          children: (
            <>
              <p class="name">{titleOf(device)}</p>
              {facts(visit, device)}
              <p>{t('devices.comes_back')}</p>
              {actionForm(visit, basePath, {
                path: '/devices',
                button: 'devices.remove',
                children: <input type="hidden" name="uuid" value={device.uuid} />,
              })}
              <p>
                <a href={`${basePath}/devices`}>{t('panel.cancel')}</a>
              </p>
            </>
          ),
        })
      },
      { signedIn: 'account' },
    )
    .post(
      '/',
      async ({ visit, caller }) => {
        await devices.remove(visit, caller, String(visit.input.uuid ?? ''))
        return redirect(visit, basePath, '/devices', { flash: 'flash.device_removed' })
      },
      { signedIn: 'account' },
    )
}
