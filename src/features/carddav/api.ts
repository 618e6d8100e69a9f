import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, integer, read, text } from '../../http/input.ts'
import { answers, described, done, listOf, mapOf, record } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json, secretJson } from '../../http/respond.ts'
import type { Visit } from '../../http/visit.ts'
import {
  type Carddav,
  type CarddavCredential,
  CarddavCredentialForm,
  CarddavServerForm,
  CarddavServerSchema,
  carddavServerWire,
} from './carddav.ts'

/** spec spaces.md §4.2 */
export const carddavServersApi = ({ auth, carddav }: { auth: Auth; carddav: Carddav }) => {
  const change = async ({ visit, params }: { visit: Visit; params: { domain: string; carddav_id: string } }) => {
    const input = read(CarddavServerForm, visit.input)
    return json(
      carddavServerWire(
        await carddav.changeServer(visit, params.domain, idOf(params.carddav_id, 'carddav.unknown'), input),
      ),
    )
  }
  const changing = {
    requires: 'super',
    detail: { summary: 'Change a CardDAV server', ...accepts(CarddavServerForm), ...answers(CarddavServerSchema) },
  } as const
  return new Elysia({ prefix: '/api/spaces/:domain/carddavs', tags: ['CardDAV'] })
    .use(auth)
    .get('/', async ({ params }) => json((await carddav.serversOf(params.domain)).map(carddavServerWire)), {
      requires: 'super',
      detail: { summary: 'List the CardDAV servers of a Space', ...answers(listOf(CarddavServerSchema)) },
    })
    .post(
      '/',
      async ({ visit, params }) => {
        const input = read(CarddavServerForm, visit.input)
        return json(carddavServerWire(await carddav.addServer(visit, params.domain, input)))
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
        json(carddavServerWire(await carddav.server(params.domain, idOf(params.carddav_id, 'carddav.unknown')))),
      { requires: 'super', detail: { summary: 'Read a CardDAV server', ...answers(CarddavServerSchema) } },
    )
    .put('/:carddav_id', ({ visit, params }) => change({ visit, params }), changing)
    .patch('/:carddav_id', ({ visit, params }) => change({ visit, params }), changing)
    .delete(
      '/:carddav_id',
      async ({ visit, params }) => {
        await carddav.removeServer(visit, params.domain, idOf(params.carddav_id, 'carddav.unknown'))
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

const CarddavCredentialSchema = record('CarddavCredential', {
  carddav_id: integer(1),
  username: text(),
  realm: text(),
  algorithm: text(),
  password: described(text(), 'The HA1, not what was set.'),
})

/** `password` is the HA1, as documented: whoever reads it may as well set it. */
const credentialWire = (credential: CarddavCredential) => ({
  carddav_id: credential.spaceCarddavServerId,
  username: credential.username,
  realm: credential.realm,
  algorithm: credential.algorithm,
  password: credential.password,
})

/** spec spaces.md §4.3 */
export const carddavCredentialsApi = ({ auth, carddav }: { auth: Auth; carddav: Carddav }) => {
  const set = async ({ visit, params }: { visit: Visit; params: { id: string; carddav_id: string } }) => {
    const input = read(CarddavCredentialForm, visit.input)
    await carddav.setCredential(visit, idOf(params.id), idOf(params.carddav_id, 'carddav.unknown'), input)
    return json(1)
  }
  const setting = {
    requires: 'admin',
    detail: {
      summary: 'Set the credential of an account',
      description: 'The password comes in clear and is kept as HA1.',
      ...accepts(CarddavCredentialForm),
      ...answers(done()),
    },
  } as const
  return new Elysia({ prefix: '/api/accounts/:id/carddavs', tags: ['CardDAV'] })
    .use(auth)
    .get(
      '/',
      async ({ visit, params }) => {
        const credentials = await carddav.credentials(visit, idOf(params.id))
        return secretJson(Object.fromEntries(credentials.map((one) => [one.spaceCarddavServerId, credentialWire(one)])))
      },
      {
        requires: 'admin',
        detail: {
          summary: 'List the credentials of an account',
          description: 'By the number of their server.',
          ...answers(mapOf(CarddavCredentialSchema)),
        },
      },
    )
    .get(
      '/:carddav_id',
      async ({ visit, params }) =>
        secretJson(
          credentialWire(await carddav.credential(visit, idOf(params.id), idOf(params.carddav_id, 'carddav.unknown'))),
        ),
      {
        requires: 'admin',
        detail: { summary: 'Read a credential of an account', ...answers(CarddavCredentialSchema) },
      },
    )
    .put('/:carddav_id', ({ visit, params }) => set({ visit, params }), setting)
    .patch('/:carddav_id', ({ visit, params }) => set({ visit, params }), setting)
    .delete(
      '/:carddav_id',
      async ({ visit, params }) => {
        await carddav.removeCredential(visit, idOf(params.id), idOf(params.carddav_id, 'carddav.unknown'))
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Remove a credential of an account', ...answers(done()) } },
    )
}
