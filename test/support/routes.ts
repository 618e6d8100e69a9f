import { existsSync } from 'node:fs'
import { eq } from 'drizzle-orm'
import type { Role } from '../../src/nouns/caller.ts'
import type { Space } from '../../src/nouns/space.ts'
import { uuidV7 } from '../../src/protocols/uuid.ts'
import { stageFile } from './account-file.ts'
import type { TestAccount, TestApp } from './app.ts'
import { picture as pngPicture } from './picture.ts'
import { startTask } from './tasks.ts'
import { withWebhook } from './webhooks.ts'

export interface Route {
  readonly method: string
  /** As declared: `/api/accounts/:id`. */
  readonly path: string
  /** What a caller must be; null: anybody. */
  readonly role: Role | null
  /** It needs a session of the panel, and sends whoever has none to sign in. */
  readonly isPage: boolean
}

/** Every route of the app, from its own table: what is added tomorrow is in it. */
export const routesOf = (t: TestApp): Route[] =>
  t.routes.routes
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
    .map(({ method, path, hooks }) => {
      type Security = { digest?: readonly Role[]; session?: readonly Role[] }
      const [security] = (hooks as { detail?: { security?: readonly Security[] } } | undefined)?.detail?.security ?? []
      const isPage = security?.session !== undefined
      const role = security?.digest?.[0] ?? security?.session?.[0] ?? null
      return { method, path: path.length > 1 ? path.replace(/\/$/, '') : path, role, isPage }
    })

export const nameOf = ({ method, path }: Route): string => `${method} ${path}`

/** The objects of one Space, as paths name them. */
export interface Objects {
  readonly owner: TestAccount
  /** The route's path with an object of the Space in the place of each parameter. */
  urlOf(route: Route): string
}

/** Gives the account a line at a carrier and an address book; resolves to the id of the book's server. */
const withLines = async (t: TestApp, { id: accountId, username }: TestAccount, space: Space): Promise<number> => {
  const { externalAccounts, spaceEmailServers, spaceCarddavServers, accountCarddavCredentials, spaces } = t.db.tables
  const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
  const secret = { username, password: 'f'.repeat(32) }
  const id = await t.db.transaction(async (tx) => {
    await tx.insert(spaceEmailServers).values({ spaceId: space.id, host: 'smtp.example.org', port: 587, ...stamps })
    await tx.insert(externalAccounts).values({ accountId, domain: `carrier.${space.domain}`, ...secret, ...stamps })
    const uri = 'https://dav.example/'
    const [server] = await tx
      .insert(spaceCarddavServers)
      .values({ spaceId: space.id, uri, ...stamps })
      .returning()
    const spaceCarddavServerId = server?.id ?? 0
    const credential = { accountId, spaceCarddavServerId, realm: 'dav.example', ...secret, ...stamps }
    await tx.insert(accountCarddavCredentials).values(credential)
    await tx.update(spaces).set({ carddavUserCredentials: true, intercomFeatures: true }).where(eq(spaces.id, space.id))
    return spaceCarddavServerId
  })
  t.parts.spaces.forget()
  return id
}

const UUID = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'

/** The name of the Space's logo, where the test has a folder for it. */
const withLogo = async (t: TestApp, { domain }: Space): Promise<string> => {
  if (!existsSync(t.config.DATA_DIR)) return 'none.png'
  await t.parts.branding.setLogo(null, domain, pngPicture())
  return (await t.parts.spaces.byDomain(domain))?.logo ?? ''
}

/** Leaves the account a voicemail, and makes a slot for another. */
const withVoicemails = async (t: TestApp, { id: accountId }: TestAccount, space: Space) => {
  const { voicemails } = t.db.tables
  const [uuid, waiting] = [uuidV7(t.clock.now, t.world.random(10)), uuidV7(t.clock.now, t.world.random(10))]
  const name = 'voicemail.wav'
  const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
  const slot = { accountId, spaceId: space.id, contentType: 'audio/wav' as const, ...stamps }
  const draft = await t.parts.files.draft()
  await draft.write(Buffer.from('RIFF\0\0\0\0WAVE'))
  const filled = { name, size: draft.size, storedAs: await draft.keep('audio/wav'), uploadedAt: t.clock.now }
  await t.db.transaction(async (tx) => {
    await tx.insert(voicemails).values({ uuid, ...slot, ...filled })
    await tx.insert(voicemails).values({ uuid: waiting, ...slot })
  })
  const heard = await t.parts.voicemails.one(accountId, uuid)
  const { search } = new URL(t.parts.voicemails.downloadUrl('http://localhost', heard) ?? '')
  return { heard: { uuid, name, query: search }, waiting }
}

/** One of everything that a path can name. A new parameter needs a sample here. */
export const objectsOf = async (t: TestApp, space: Space): Promise<Objects> => {
  const at = { host: space.host }
  const email = `owner@${space.host}.example`
  const owner = await t.account({ username: 'owner', space, email })
  const sip = `${owner.username}@${space.domain}`
  await t.db.transaction((tx) => t.parts.dictionary.set(tx, owner.id, { department: 'sales' }))
  const provisioning = (await t.get('/api/accounts/me', { as: owner, ...at })).json.provisioning_token
  const request = (await t.post('/api/account_creation_request_tokens', at)).json.token
  const free = (await t.post('/api/accounts/auth_token', at)).json.token
  const attached = async (): Promise<string> => {
    const { token } = (await t.post('/api/accounts/auth_token', at)).json
    await t.get(`/api/accounts/auth_token/${token}/attach`, { as: owner, ...at })
    return token
  }
  const [forPhone, forKey, forBrowser] = [await attached(), await attached(), await attached()]
  const picture = /href="\/assets\/([^"]+)"/.exec((await t.get('/about', at)).text)?.[1] ?? 'none'

  const logo = await withLogo(t, space)
  const carddavServer = await withLines(t, owner, space)

  const { secrets } = t.parts
  const [confirmation, undo] = [secrets.token(32), secrets.token(32)]
  await t.db.transaction(async (tx) => {
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const change = { accountId: owner.id, email: `new@${space.host}.example`, ...at }
    await tx
      .insert(t.db.tables.phoneChangeCodes)
      .values({ accountId: owner.id, phone: '+33612345678', code: secrets.seal('1234'), ...at })
    return tx.insert(t.db.tables.emailChangeCodes).values([
      { ...change, code: secrets.seal('1234'), hash: secrets.hash(confirmation) },
      { ...change, confirmedAt: t.clock.now, previousEmail: email, undoHash: secrets.hash(undo) },
    ])
  })

  const [recovery, reset] = [secrets.token(13), secrets.token(16)]
  await t.db.transaction(async (tx) => {
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const { accountRecoveryTokens, resetPasswordEmailTokens } = t.db.tables
    const device = { pnProvider: 'fcm', pnParam: 'project', pnPrid: recovery }
    await tx
      .insert(accountRecoveryTokens)
      .values({ spaceId: space.id, token: secrets.hash(recovery), ...device, ...at })
    await tx.insert(resetPasswordEmailTokens).values({ accountId: owner.id, token: secrets.hash(reset), email, ...at })
  })

  const neighbour = await t.account({ username: 'neighbour', space })
  // `/provisioning/{token}` spends that of the owner.
  const unspent = (await t.get('/api/accounts/me', { as: neighbour, ...at })).json.provisioning_token
  const known = await t.db.transaction(async (tx) => {
    const { accountAccountType, accountActions, accountContactsList, accounts, accountTypes } = t.db.tables
    const { callForwardings } = t.db.tables
    const { contacts, contactsListContact, contactsLists, vcardsStorage } = t.db.tables
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const idOf = ([row]: { id: number }[]) => row?.id ?? 0
    const ofOwner = { accountId: owner.id, ...at }
    await tx.update(accounts).set({ dtmfProtocol: 'sipinfo' }).where(eq(accounts.id, owner.id))
    const list = idOf(
      await tx
        .insert(contactsLists)
        .values({ spaceId: space.id, title: 'All', ...at })
        .returning(),
    )
    const type = idOf(
      await tx
        .insert(accountTypes)
        .values({ spaceId: space.id, key: 'door', ...at })
        .returning(),
    )
    await tx.insert(contacts).values({ ...ofOwner, contactId: neighbour.id })
    await tx.insert(contactsListContact).values({ contactsListId: list, contactId: neighbour.id })
    await tx.insert(accountContactsList).values({ ...ofOwner, contactsListId: list })
    await tx.insert(accountAccountType).values({ ...ofOwner, accountTypeId: type })
    await tx.insert(vcardsStorage).values({ ...ofOwner, uuid: UUID, vcard: 'BEGIN:VCARD\nEND:VCARD\n' })
    const action = idOf(
      await tx
        .insert(accountActions)
        .values({ ...ofOwner, key: 'open', code: '1' })
        .returning(),
    )
    const forwarding = idOf(
      await tx
        .insert(callForwardings)
        .values({ ...ofOwner, type: 'busy', forwardTo: 'contact', contactId: neighbour.id })
        .returning(),
    )
    const reported = `of-${space.domain}`
    const device = '"<urn:uuid:1>"'
    const { statisticsCalls, statisticsMessages, statisticsConferences } = t.db.tables
    const from = { fromUsername: owner.username, fromDomain: space.domain }
    const call = { toUsername: owner.username, toDomain: space.domain, toSelf: true, toOwnDomain: true }
    const instant = t.clock.now
    await tx.insert(statisticsCalls).values({ id: reported, ...from, ...call, initiatedAt: instant, ...at })
    await tx.insert(statisticsMessages).values({ id: reported, ...from, sentAt: instant, ...at })
    await tx.insert(statisticsConferences).values({ id: reported, ...at, reportedAt: instant })
    return { list, type, action, forwarding, reported, device }
  })

  const imported = await stageFile(t, owner, space)
  const task = await startTask(t, owner, { kind: 'account_import', space })
  const { webhook, delivery } = await withWebhook(t, space)
  const { heard, waiting } = await withVoicemails(t, owner, space)

  const apiKey = (await t.post('/api/api_keys', { as: owner, ...at, body: { name: 'Telephone exchange' } })).json

  const sample = (path: string, name: string): string | undefined => {
    switch (name) {
      case 'message_id':
      case 'call_id':
      case 'conference_id':
        return known.reported
      case 'to':
        return sip
      case 'device_id':
        return known.device
      case 'id':
        if (/^\/(api|admin)\/api_keys\/|^\/api_key\/named\//.test(path)) return String(apiKey.id)
        if (path.startsWith('/api/contacts_lists/')) return String(known.list)
        if (path.startsWith('/api/account_types/')) return String(known.type)
        if (/^\/(api|admin)\/tasks\//.test(path)) return String(task)
        if (path.endsWith('/search-by-email')) return email
        return /\/(search|info|activate\/(email|phone))$/.test(path) ? sip : String(owner.id)
      case 'sip':
        return path.includes('/contacts/') ? `${neighbour.username}@${space.domain}` : sip
      case 'contact_id':
        return String(neighbour.id)
      case 'contacts_list_id':
        return String(known.list)
      case 'type_id':
        return String(known.type)
      case 'action_id':
        return String(known.action)
      case 'forwarding_id':
        return String(known.forwarding)
      case 'import':
        return imported
      case 'key':
        return 'department'
      case 'domain':
        return space.domain
      case 'space':
        return String(space.id)
      case 'kind':
        return 'email'
      case 'carddav_id':
        return String(carddavServer)
      case 'webhook_id':
        return webhook
      case 'delivery_id':
        return delivery
      case 'uuid':
        if (path.startsWith('/f/')) return heard.uuid
        if (path.startsWith('/api/files/')) return waiting
        return path.includes('/voicemails/') ? heard.uuid : UUID
      case 'link':
        return path.startsWith('/email/undo') ? undo : confirmation
      case 'token':
        if (/^\/creation_token\//.test(path)) return request
        if (path.startsWith('/wizard/')) return unspent
        if (path.startsWith('/recovery/')) return recovery
        if (path.startsWith('/reset_password/')) return reset
        if (path.startsWith('/auth_tokens/auth/')) return path.includes('external') ? free : forBrowser
        if (/auth_tokens?\/(qrcode\/)?:token(\/attach)?$/.test(path) && !path.startsWith('/provisioning')) return free
        return path.endsWith('/api_key/:token') ? forKey : path.endsWith('/auth_token/:token') ? forPhone : provisioning
      // Of no Space.
      case 'code':
        return 'FR'
      case 'logo':
        return logo
      case 'name':
        return path.startsWith('/f/') ? heard.name : picture
    }
  }
  return {
    owner,
    urlOf: (route) =>
      route.path.replace(/:(\w+)/g, (_, name: string) => {
        const value = sample(route.path, name)
        if (value === undefined)
          throw new Error(`test/support/routes.ts has no sample for :${name} of ${nameOf(route)}`)
        return encodeURIComponent(value)
      }) + (route.path.startsWith('/f/') ? heard.query : ''),
  }
}
