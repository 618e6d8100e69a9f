import { versionOf } from '../../src/http/version.ts'
import type { Space } from '../../src/nouns/space.ts'
import type { Visit } from '../../src/nouns/visit.ts'
import { factsOf } from '../../src/telephony/call-forwardings/forwarding-page.tsx'
import type { RedisServer } from '../registrar/servers.ts'
import type { TestAccount, TestApp } from '../support/app.ts'
import { parsePage } from '../support/page.ts'
import { picture } from '../support/picture.ts'
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
  /** Of a browser that is signed in otherwise than as usual. */
  readonly session?: string
  /** What the browser has besides. */
  readonly cookies?: readonly string[]
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
    'POST /api/spaces/:domain/logo': () => form(Buffer.from(picture({ width: 3 })), { part: 'logo' }),
    'DELETE /api/spaces/:domain/logo': async ({ space }) => {
      await t.parts.branding.setLogo(null, space.domain, picture())
      return {}
    },
    'DELETE /api/spaces/:domain/deletion': async ({ space }) => {
      await t.parts.spaceAdministration.close(null, null, space.domain)
      return {}
    },
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
  const lastPart = ({ urlOf }: Objects, path: string): string =>
    urlOf({ method: 'GET', path, role: null, isPage: false }).split('/').at(-1) ?? ''
  const sessionOf = ({ id }: { readonly id: number }, kind: 'recovery' | 'registration'): Promise<string> => {
    const visit = { address: '192.0.2.7', userAgent: 'test' } as Visit
    return t.db.transaction((tx) => t.parts.sessions.open(tx, { id }, kind, visit))
  }
  const freeToken = async ({ host }: Space): Promise<string> =>
    (await t.post('/api/accounts/auth_token', { host })).json.token
  const attached = async ({ space, theirs: { owner } }: Place): Promise<string> => {
    const token = await freeToken(space)
    await t.get(`/api/accounts/auth_token/${token}/attach`, { as: owner, host: space.host })
    return token
  }
  /** The cookie of somebody who has signed up and waits for the first code, `1234`. */
  const registering = async ({ space }: Place): Promise<string[]> => {
    const { id } = await t.account({ space, username: 'waiting', activated: false })
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const row = { accountId: id, email: `first@${space.host}.example`, code: t.parts.secrets.seal('1234') }
    await t.db.transaction((tx) => tx.insert(t.db.tables.emailChangeCodes).values({ ...row, ...at }))
    return [`sipkeeper_session=${await sessionOf({ id }, 'registration')}`]
  }
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
    'POST /recovery/confirm': async ({ space, theirs: { owner } }) => {
      const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
      const { secrets } = t.parts
      const flow = secrets.token(43)
      const row = { spaceId: space.id, accountId: owner.id, flow: secrets.hash(flow), code: secrets.seal('1234') }
      await t.db.transaction((tx) => tx.insert(t.db.tables.recoveryCodes).values({ ...row, ...at }))
      return { as: null, body: { flow, code: '1234' } }
    },
    'POST /password/keep': async ({ theirs: { owner } }) => ({ session: await sessionOf(owner, 'recovery') }),
    'POST /reset_password': ({ theirs }) => ({
      as: null,
      body: {
        token: lastPart(theirs, '/reset_password/:token'),
        password: 'another-horse-battery',
        password_confirmation: 'another-horse-battery',
      },
    }),
    'POST /sessions/revoke': async ({ theirs: { owner } }) => {
      await t.cookie(owner)
      const [other] = await t.parts.sessions.list(owner.id)
      return { body: { session: String(other?.id) } }
    },
    'POST /authenticate/qrcode': async ({ space, theirs: { owner } }) => {
      const shown = await t.get('/authenticate/qrcode', { host: space.host })
      const token = shown.headers.get('location')?.split('/').at(-1) ?? ''
      await t.get(`/api/accounts/auth_token/${token}/attach`, { as: owner, host: space.host })
      const cookies = shown.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
      return { as: null, cookies: cookies.filter((one) => !one.startsWith('sipkeeper_form')), body: { token } }
    },
    'POST /auth_tokens/auth': async (place) => ({ as: null, body: { token: await attached(place) } }),
    'POST /auth_tokens/auth/external': async ({ space }) => ({ body: { token: await freeToken(space) } }),
    'POST /wizard': async ({ space, admin }) => {
      const { token } = (await t.post('/api/wizard', { as: admin, host: space.host, body: {} })).json
      return { as: null, body: { token } }
    },
    'POST /api/accounts/me/phone/request': () => ({ body: { phone: '+33698765432' } }),
    'POST /phone/change': () => ({ body: { phone: '+33698765432' } }),
    'POST /phone': () => ({ body: { code: '1234' } }),
    'POST /email/change': () => ({ body: { email: 'another@example.org' } }),
    'POST /email': () => ({ body: { code: '1234' } }),
    'POST /register/again': async (place) => ({
      as: null,
      cookies: await registering(place),
      body: {
        email: `again@${place.space.host}.example`,
        email_confirmation: `again@${place.space.host}.example`,
      },
    }),
    'POST /register/code': async (place) => ({ as: null, cookies: await registering(place), body: { code: '1234' } }),
  }
}

/** Forms of administrators, as their pages show them: filled in, and sent with one thing changed. */
export const callsOfPages = (t: TestApp): Readonly<Record<string, Call>> => {
  let made = 0
  /** The form that stands at `path` of a Space's pages, and is sent to where it says. */
  const filled =
    (path: string, as: 'admin' | 'root', changed: Record<string, string>): Call =>
    async ({ space, theirs, ...who }) => {
      const route = { method: 'GET', path, role: null, isPage: true }
      const host = as === 'root' ? t.main.host : space.host
      const page = await t.get(theirs.urlOf(route), { host, headers: { cookie: await t.cookie(who[as]) } })
      const { fields } = parsePage(page)
      return { as: who[as], body: { ...fields, ...changed } }
    }
  const server = { host: 'mail.example.org', port: '465', password: 'not to be told' }
  const closed: Call = async ({ space, root }) => {
    await t.parts.spaceAdministration.close(null, null, space.domain)
    return { as: root }
  }
  return {
    'POST /admin/spaces': () => {
      made += 1
      return { body: { name: `Page ${made}`, domain: `sip.page${made}.org`, host: `page${made}` } }
    },
    'POST /admin/spaces/:space/configuration': filled('/admin/spaces/:space/configuration', 'admin', {
      copyright_text: 'Another',
    }),
    'POST /admin/spaces/:space/digest': filled('/admin/spaces/:space/digest', 'admin', {
      account_default_password_algorithm: 'MD5',
    }),
    'POST /admin/spaces/:space/administration': filled('/admin/spaces/:space/administration', 'root', {
      max_account: '7',
    }),
    'POST /admin/spaces/delete/:space': (place) =>
      filled('/admin/spaces/delete/:space', 'root', { domain: place.space.domain })(place),
    'POST /admin/spaces/:space/reopen': closed,
    'POST /admin/spaces/:space/edit': filled('/admin/spaces/:space/edit', 'root', { max_account: '7' }),
    'POST /admin/spaces/:space/email': filled('/admin/spaces/:space/email', 'admin', server),
    'POST /admin/spaces/:space/carddavs': filled('/admin/spaces/:space/carddavs/create', 'admin', {
      uri: 'https://another.example/',
    }),
    'POST /admin/spaces/:space/carddavs/:carddav_id': filled(
      '/admin/spaces/:space/carddavs/:carddav_id/edit',
      'admin',
      {
        uri: 'https://another.example/',
      },
    ),
    'POST /admin/audit_log/export': ({ admin }) => ({ as: admin, body: { current_password: admin.password } }),
    'POST /admin/accounts/export': ({ admin }) => ({
      as: admin,
      body: { format: 'csv', current_password: admin.password },
    }),
    'POST /admin/accounts/:id/codes/:kind/send': () => {
      t.later(10 * 60_000)
      return {}
    },
  }
}
