import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import { answers, done, listOf } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import { CarddavServerForm, CarddavServerSchema, type CarddavServers, carddavServerWire } from './carddav-servers.ts'

/** The servers of a Space (behaviour/address-books.md §7.1), for super administrators. */
export const carddavServersApi = ({ auth, carddavServers }: { auth: Auth; carddavServers: CarddavServers }) => {
  const change = async ({ visit, params }: { visit: Visit; params: { domain: string; carddav_id: string } }) => {
    const input = read(CarddavServerForm, visit.input)
    return json(
      carddavServerWire(
        await carddavServers.change(visit, params.domain, idOf(params.carddav_id, 'carddav.unknown'), input),
      ),
    )
  }
  const changing = {
    requires: 'super',
    detail: { summary: 'Change a CardDAV server', ...accepts(CarddavServerForm), ...answers(CarddavServerSchema) },
  } as const
  return new Elysia({ prefix: '/api/spaces/:domain/carddavs', tags: ['CardDAV'] })
    .use(auth)
    .get('/', async ({ params }) => json((await carddavServers.list(params.domain)).map(carddavServerWire)), {
      requires: 'super',
      detail: { summary: 'List the CardDAV servers of a Space', ...answers(listOf(CarddavServerSchema)) },
    })
    .post(
      '/',
      async ({ visit, params }) => {
        const input = read(CarddavServerForm, visit.input)
        return json(carddavServerWire(await carddavServers.add(visit, params.domain, input)))
      },
      {
        requires: 'super',
        detail: {
          summary: 'Add a CardDAV server to a Space',
          ...accepts(CarddavServerForm),
          ...answers(CarddavServerSchema),
        },
      },
    )
    .get(
      '/:carddav_id',
      async ({ params }) =>
        json(carddavServerWire(await carddavServers.byId(params.domain, idOf(params.carddav_id, 'carddav.unknown')))),
      { requires: 'super', detail: { summary: 'Read a CardDAV server', ...answers(CarddavServerSchema) } },
    )
    .put('/:carddav_id', ({ visit, params }) => change({ visit, params }), changing)
    .patch('/:carddav_id', ({ visit, params }) => change({ visit, params }), changing)
    .delete(
      '/:carddav_id',
      async ({ visit, params }) => {
        await carddavServers.remove(visit, params.domain, idOf(params.carddav_id, 'carddav.unknown'))
        return json(1)
      },
      {
        requires: 'super',
        detail: {
          summary: 'Remove a CardDAV server',
          description: 'The credentials that accounts have for it go, too.',
          ...answers(done()),
        },
      },
    )
}
