import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import type { Caller } from '../../nouns/caller.ts'
import { textOf } from '../../panel/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import { deleteAllPage } from './delete-all-page.tsx'
import { deletePage } from './delete-page.tsx'
import type { Device, Devices } from './devices.ts'
import { devicesPage } from './devices-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly devices: Devices
  readonly config: Config
}

/** The phones of an account, and how to be rid of one (behaviour/panel.md §4.4). */
export const devicePages = ({ auth, pages, devices, config }: Deps) => {
  const basePath = config.BASE_PATH

  const newestFirst = async (caller: Caller): Promise<Device[]> => [...(await devices.of(caller)).values()].toReversed()

  return new Elysia({ prefix: '/devices' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, caller }) => devicesPage(visit, basePath, await newestFirst(caller), devices.registrarState()),
      { signedIn: 'account' },
    )
    .get(
      '/delete',
      async ({ visit, caller }) => {
        const known = await newestFirst(caller)
        return known.length === 0 ? redirect(visit, basePath, '/devices') : deleteAllPage(visit, basePath, known)
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
        const device = (await devices.of(caller)).get(params.uuid)
        if (device === undefined) throw new AppError('not_found', 'devices.unknown')
        return deletePage(visit, basePath, device)
      },
      { signedIn: 'account' },
    )
    .post(
      '/',
      async ({ visit, caller }) => {
        await devices.remove(visit, caller, textOf(visit.input.uuid))
        return redirect(visit, basePath, '/devices', { flash: 'flash.device_removed' })
      },
      { signedIn: 'account' },
    )
}
