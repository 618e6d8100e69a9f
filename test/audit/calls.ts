import { versionOf } from '../../src/http/version.ts'
import type { Space } from '../../src/nouns/space.ts'
import { factsOf } from '../../src/telephony/call-forwardings/forwarding-page.tsx'
import type { RedisServer } from '../registrar/servers.ts'
import type { TestAccount, TestApp } from '../support/app.ts'
import type { Objects } from '../support/routes.ts'
import { form, wav } from '../support/voice.ts'

/** What a route is called with: everything in a Space of its own, which nobody has touched. */
export interface Place {
  readonly space: Space
  readonly theirs: Objects
  readonly admin: TestAccount
  readonly root: TestAccount
}

export interface Sent {
  /** null: by nobody. The least who may, when absent. */
  readonly as?: TestAccount | null
  readonly body?: Record<string, unknown> | string | Uint8Array
  readonly url?: string
  readonly headers?: Record<string, string>
}

export type Call = (place: Place) => Sent | Promise<Sent>

export const VCARD = 'BEGIN:VCARD\nVERSION:4.0\nFN:Ann\nUID:urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33\nEND:VCARD'

const PHONE = 'urn:uuid:0f8c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20'

/** How routes below an account are called, where a body with the usual members does not do. */
export const callsBelowAccounts = (t: TestApp, redis: RedisServer | null): Readonly<Record<string, Call>> => {
  const otherCard: Call = () => ({ body: { vcard: VCARD.replace('8f2c', '1234') } })
  const changedForwarding: Call = () => ({ body: { forward_to: 'voicemail', enabled: true } })
  const newForwarding: Call = () => ({ body: { type: 'no_answer', forward_to: 'voicemail', enabled: '1' } })
  const savedForwarding: Call = async ({ space, theirs: { owner } }) => {
    const [before] = await t.parts.callForwardings.list({ space, id: owner.id })
    const version = before === undefined ? '' : versionOf(factsOf(before))
    return { body: { forward_to: 'voicemail', enabled: '1', version } }
  }
  const turnedForwarding: Call = () => ({ body: { enabled: '0' } })
  const credential: Call = ({ theirs: { owner } }) => ({
    body: { username: owner.username, realm: 'dav.example', algorithm: 'MD5', password: 'another' },
  })
  const registered =
    (url: (owner: TestAccount) => string): Call =>
    async ({ space, theirs: { owner } }) => {
      await redis?.register(`${owner.username}@${space.domain}`, PHONE)
      return { url: url(owner) }
    }
  const byForm =
    (url: string, fields: Record<string, string> = {}): Call =>
    async (place) => ({ ...(await registered(() => url)(place)), body: fields })
  const another = async ({ space, admin }: Place, path: string, body: object): Promise<string> =>
    String((await t.post(path, { as: admin, host: space.host, body })).json.id)

  return {
    'POST /admin/accounts/types': () => ({ body: { key: 'third' } }),
    'POST /admin/accounts/:id/types': async (place) => ({
      body: { type_id: await another(place, '/api/account_types', { key: 'second' }) },
    }),
    'POST /admin/accounts/types/:type_id': () => ({ body: { key: 'another', version: versionOf('door') } }),
    'POST /api/contacts_lists/:id/contacts/:contact_id': ({ theirs: { owner, urlOf } }) => {
      const list = urlOf({ method: 'GET', path: '/api/contacts_lists/:id', role: 'admin', isPage: false })
      return { url: `${list}/contacts/${owner.id}` }
    },
    'POST /api/accounts/:id/contacts_lists/:contacts_list_id': async (place) => ({
      url: `/api/accounts/${place.theirs.owner.id}/contacts_lists/${await another(place, '/api/contacts_lists', { title: 'Second', description: 'Second' })}`,
    }),
    'POST /api/accounts/:id/types/:type_id': async (place) => ({
      url: `/api/accounts/${place.theirs.owner.id}/types/${await another(place, '/api/account_types', { key: 'second' })}`,
    }),
    'POST /admin/accounts/:id/contacts': ({ admin }) => ({
      body: { sip: admin.username },
    }),
    'POST /admin/accounts/:id/contacts_lists': async (place) => ({
      body: {
        contacts_list_id: await another(place, '/api/contacts_lists', { title: 'Second', description: 'Second' }),
      },
    }),
    'POST /admin/accounts/:id/contacts_lists/detach': async ({ space }) => {
      const [list] = await t.parts.contactsLists.all(space)
      return { body: { contacts_list_id: String(list?.id) } }
    },
    'POST /admin/spaces/:space/contacts_lists': () => ({ body: { title: 'Another' } }),
    'POST /admin/spaces/:space/contacts_lists/:contacts_list_id': async ({ space }) => {
      const [list] = await t.parts.contactsLists.all(space)
      return { body: { title: 'Another', version: versionOf([list?.title, list?.description]) } }
    },
    'POST /admin/spaces/:space/contacts_lists/:contacts_list_id/contacts': ({ theirs: { owner } }) => ({
      body: { accounts: String(owner.id) },
    }),
    'POST /admin/spaces/:space/contacts_lists/:contacts_list_id/contacts/remove': async ({ space }) => {
      const [list] = await t.parts.contactsLists.all(space)
      const members = await t.parts.contacts.membersOfList(list?.id ?? 0)
      return { body: { accounts: members.map(({ id }) => id).join(',') } }
    },
    'POST /api/accounts/me/vcards-storage': otherCard,
    'POST /api/accounts/:id/vcards-storage': otherCard,
    'PUT /api/accounts/me/call_forwardings/:forwarding_id': changedForwarding,
    'PATCH /api/accounts/me/call_forwardings/:forwarding_id': changedForwarding,
    'PUT /api/accounts/:id/call_forwardings/:forwarding_id': changedForwarding,
    'PATCH /api/accounts/:id/call_forwardings/:forwarding_id': changedForwarding,
    'PUT /api/accounts/:id/carddavs/:carddav_id': credential,
    'PATCH /api/accounts/:id/carddavs/:carddav_id': credential,
    'POST /telephony/forwardings': newForwarding,
    'POST /telephony/forwardings/:forwarding_id': savedForwarding,
    'POST /telephony/forwardings/:forwarding_id/turn': turnedForwarding,
    'POST /admin/accounts/:id/telephony/forwardings': newForwarding,
    'POST /admin/accounts/:id/telephony/forwardings/:forwarding_id': savedForwarding,
    'POST /admin/accounts/:id/telephony/forwardings/:forwarding_id/turn': turnedForwarding,
    'POST /api/files/:uuid': () => form(wav()),
    'DELETE /api/accounts/me/devices/:uuid': registered(() => `/api/accounts/me/devices/${PHONE}`),
    'DELETE /api/accounts/:id/devices/:uuid': registered(({ id }) => `/api/accounts/${id}/devices/${PHONE}`),
    'POST /devices': byForm('/devices', { uuid: PHONE }),
    'POST /devices/delete': byForm('/devices/delete'),
    'POST /admin/accounts/:id/devices': async (place) => ({
      ...(await registered(({ id }) => `/admin/accounts/${id}/devices`)(place)),
      body: { uuid: PHONE },
    }),
  }
}

/** How routes of Spaces are called. */
export const callsOfSpaces = (t: TestApp): Readonly<Record<string, Call>> => {
  let made = 0
  const changed: Call = async ({ space, root }) => {
    const { json } = await t.get(`/api/spaces/${space.domain}`, { as: root })
    return { body: { ...json, name: `Other ${space.domain}`, email_server: undefined, carddav_servers: undefined } }
  }
  const carddav: Call = () => ({ body: { uri: 'https://contacts.example/', enabled: true } })
  const mailServer = { host: 'mail.example.org', port: 465, password: 'not to be told' }
  return {
    'POST /admin/spaces': () => ({ body: { name: 'By a page', domain: 'sip.page.org', host: 'page' } }),
    'POST /api/spaces': () => {
      made += 1
      return { body: { name: `Made ${made}`, domain: `sip.made${made}.org`, host: `made${made}.localhost` } }
    },
    'PUT /api/spaces/:domain': changed,
    'PATCH /api/spaces/:domain': changed,
    'POST /api/spaces/:domain/carddavs': carddav,
    'PUT /api/spaces/:domain/carddavs/:carddav_id': carddav,
    'PATCH /api/spaces/:domain/carddavs/:carddav_id': carddav,
    'POST /api/spaces/:domain/email': () => ({ body: mailServer }),
    'DELETE /api/spaces/:domain/email': async ({ space, root }) => {
      await t.post(`/api/spaces/${space.domain}/email`, { as: root, body: mailServer })
      return {}
    },
  }
}

/** How people and apps sign in, get back into an account, and out again. */
export const callsOfPeople = (t: TestApp): Readonly<Record<string, Call>> => {
  const proven: Call = ({ theirs: { owner } }) => ({ body: { current_password: owner.password } })
  return {
    'POST /authenticate': ({ theirs: { owner } }) => ({
      as: null,
      body: { username: owner.username, password: owner.password },
    }),
    'POST /logout': ({ theirs: { owner } }) => ({ as: owner, body: {} }),
    'POST /language': () => ({ body: { language: 'fr' } }),
    'POST /password': ({ theirs: { owner } }) => ({
      body: {
        current_password: owner.password,
        password: 'another-horse-battery',
        password_confirmation: 'another-horse-battery',
      },
    }),
    'POST /delete': proven,
    'POST /sessions/revoke_others': async ({ theirs: { owner } }) => {
      await t.cookie(owner)
      return { body: {} }
    },
    'POST /recovery': ({ space }) => ({ as: null, body: { email: `owner@${space.host}.example`, username: 'owner' } }),
  }
}
