import { Elysia } from 'elysia'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Auth } from '../../http/auth.ts'
import { text } from '../../http/input.ts'
import { answers, done, mapOf, moment, record } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { empty, json } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type Device, type Devices, deviceWire, type Removal } from './devices.ts'

const DeviceSchema = record('Device', {
  uuid: text(),
  update_time: moment(),
  user_agent: text(),
  app: text(),
  version: text(),
  device_name: text(),
})

/** An object by uuid, also when there is none: Linphone reads it so. */
const listed = (found: ReadonlyMap<string, Device>) =>
  json(Object.fromEntries([...found].map(([uuid, device]) => [uuid, deviceWire(device)])))

/** Never 404: a device that has gone by itself is as good as removed (behaviour/telephony.md §2). */
const removal = (removal: Removal) => (removal === 'removed' ? json(1) : empty(removal === 'soon' ? 202 : 200))

/** Phones that are registered (behaviour/telephony.md §2): an account's own, and for administrators those of any. */
export const devicesApi = ({ auth, accounts, devices }: { auth: Auth; accounts: Accounts; devices: Devices }) => {
  const find = async (visit: Visit, id: string) => (await accounts.byId(visit.space, idOf(id))).account
  return new Elysia({ prefix: '/api/accounts', tags: ['Devices'] })
    .use(auth)
    .get('/me/devices', async ({ caller }) => listed(await devices.of(caller)), {
      requires: 'account',
      detail: {
        summary: "List the caller's devices",
        description: 'The phones that are registered now, by `uuid`.',
        ...answers(mapOf(DeviceSchema)),
      },
    })
    .delete(
      '/me/devices/:uuid',
      async ({ visit, caller, params }) => removal(await devices.remove(visit, caller, params.uuid)),
      {
        requires: 'account',
        detail: {
          summary: 'Remove a device of the caller',
          description: 'Without a body when it was gone already; 202 when it goes as soon as the registrar answers.',
          ...answers(done(), 200, 202),
        },
      },
    )
    .get('/:id/devices', async ({ visit, params }) => listed(await devices.of(await find(visit, params.id))), {
      requires: 'admin',
      detail: { summary: 'List the devices of an account', ...answers(mapOf(DeviceSchema)) },
    })
    .delete(
      '/:id/devices/:uuid',
      async ({ visit, params }) => {
        const account = await find(visit, params.id)
        return removal(await devices.remove(visit, account, params.uuid))
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Remove a device of an account',
          description: 'Without a body when it was gone already; 202 when it goes as soon as the registrar answers.',
          ...answers(done(), 200, 202),
        },
      },
    )
}
