import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, integer, read, text } from '../../http/input.ts'
import { answers, described, done, mapOf, record } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json, secretJson } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type CarddavCredential, CarddavCredentialForm, type CarddavCredentials } from './carddav-credentials.ts'

const CarddavCredentialSchema = record('CarddavCredential', {
  carddav_id: integer(1),
  username: text(),
  realm: text(),
  algorithm: text(),
  password: described(text(), 'The HA1, not what was set.'),
})

/** They show what opens an address book. */
const READING = { role: 'admin', scopes: [] } as const

/** `password` is the HA1, as documented: whoever reads it may as well set it. */
const credentialWire = (credential: CarddavCredential) => ({
  carddav_id: credential.spaceCarddavServerId,
  username: credential.username,
  realm: credential.realm,
  algorithm: credential.algorithm,
  password: credential.password,
})

/** What accounts sign in to those servers with (behaviour/address-books.md §7.2), for administrators. */
export const carddavCredentialsApi = ({
  auth,
  carddavCredentials,
}: {
  auth: Auth
  carddavCredentials: CarddavCredentials
}) => {
  const set = async ({ visit, params }: { visit: Visit; params: { id: string; carddav_id: string } }) => {
    const input = read(CarddavCredentialForm, visit.input)
    await carddavCredentials.set(visit, idOf(params.id), idOf(params.carddav_id, 'carddav.unknown'), input)
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
        const credentials = await carddavCredentials.list(visit, idOf(params.id))
        return secretJson(Object.fromEntries(credentials.map((one) => [one.spaceCarddavServerId, credentialWire(one)])))
      },
      {
        requires: READING,
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
          credentialWire(
            await carddavCredentials.ofServer(visit, idOf(params.id), idOf(params.carddav_id, 'carddav.unknown')),
          ),
        ),
      {
        requires: READING,
        detail: { summary: 'Read a credential of an account', ...answers(CarddavCredentialSchema) },
      },
    )
    .put('/:carddav_id', ({ visit, params }) => set({ visit, params }), setting)
    .patch('/:carddav_id', ({ visit, params }) => set({ visit, params }), setting)
    .delete(
      '/:carddav_id',
      async ({ visit, params }) => {
        await carddavCredentials.remove(visit, idOf(params.id), idOf(params.carddav_id, 'carddav.unknown'))
        return json(1)
      },
      { requires: 'admin', detail: { summary: 'Remove a credential of an account', ...answers(done()) } },
    )
}
