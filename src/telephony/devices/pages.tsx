import { Elysia } from 'elysia'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import type { Caller } from '../../nouns/caller.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import { deleteAllPage } from './delete-all-page.tsx'
import { deletePage } from './delete-page.tsx'
import type { Device, Devices } from './devices.ts'
import { devicesPage } from './devices-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly devices: Devices
}

/** The phones of an account, and how to be rid of one (behaviour/panel.md §4.4). */
export const devicePages = ({ auth, pages, devices }: Deps) => {
  const newestFirst = async (caller: Caller): Promise<Device[]> => [...(await devices.of(caller)).values()].toReversed()

  return new Elysia({ prefix: '/devices' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ caller, show }) =>
        show(devicesPage, { devices: await newestFirst(caller), registrarState: devices.registrarState() }),
      { signedIn: 'account' },
    )
    .get(
      '/delete',
      async ({ caller, form, go }) => {
        const known = await newestFirst(caller)
        return known.length === 0 ? go('/devices') : form(deleteAllPage, known)
      },
      { signedIn: 'account' },
    )
    .post(
      '/delete',
      async ({ visit, caller, go }) => {
        const removal = await devices.removeAll(visit, caller)
        return go('/devices', { flash: removal === 'soon' ? 'flash.devices_removed_soon' : 'flash.devices_removed' })
      },
      { signedIn: 'account' },
    )
    .get(
      '/:uuid/delete',
      async ({ caller, params, form }) => {
        const device = (await devices.of(caller)).get(params.uuid)
        if (device === undefined) throw new AppError('not_found', 'devices.unknown')
        return form(deletePage, device)
      },
      { signedIn: 'account' },
    )
    .post(
      '/',
      async ({ visit, caller, input, go }) => {
        const removal = await devices.remove(visit, caller, textOf(input.uuid))
        return go('/devices', { flash: removal === 'soon' ? 'flash.devices_removed_soon' : 'flash.device_removed' })
      },
      { signedIn: 'account' },
    )
}
