import type { AccountNews, NamedAccount } from '../../accounts/account-news/account-news.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Db } from '../../db/db.ts'
import { isoMoment } from '../../http/moment.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type Addressed, addressOfRecord } from '../../protocols/sip-address.ts'
import { parseSipContact } from '../../protocols/sip-contact.ts'
import type { Registrar } from '../../registrar/registrar.ts'

/** A phone or another app that is registered with an account. */
export interface Device {
  /** As it names itself, such as `urn:uuid:…`. */
  readonly uuid: string
  readonly updatedAt: Date
  readonly userAgent: string
  readonly app: string
  readonly version: string
  readonly name: string
}

export const deviceWire = ({ uuid, updatedAt, userAgent, app, version, name }: Device) => ({
  uuid,
  update_time: isoMoment(updatedAt),
  user_agent: userAgent,
  app,
  version,
  device_name: name,
})

/** What people know it by. */
export const titleOf = ({ app, version, name, uuid }: Device): string =>
  [app, version, name].filter((part) => part !== '').join(' ') || uuid

/** What it means that none is known: nobody was asked, nobody answered, or there is none. */
export const NO_DEVICES = { off: 'devices.off', away: 'devices.away', there: 'devices.none' } as const

/** An expired contact stays in the registrar until somebody rewrites it; a phone that is late shall not vanish at once. */
const SHOWN_AFTER_EXPIRY_MS = 3_600_000

/** The devices of an account, as the registrar knows them (behaviour/telephony.md §2). */
export const devices = (deps: {
  db: Db
  registrar: Registrar
  accountNews: AccountNews
  audit: Audit
  now: () => Date
}) => {
  const { db, registrar, accountNews, audit, now } = deps

  /** The latest last. Of two contacts with one uuid the latest counts: Redis keeps them in no order. */
  const of = async (account: Addressed): Promise<ReadonlyMap<string, Device>> => {
    const contacts = await registrar.contacts(addressOfRecord(account))
    const known = contacts.map((contact) => readDevice(contact, now())).filter((device) => device !== null)
    known.sort((one, other) => one.updatedAt.getTime() - other.updatedAt.getTime())
    return new Map(known.map((device) => [device.uuid, device]))
  }

  /** True when the device was registered. Nothing is said about one that was not. */
  const remove = async (visit: Visit, account: NamedAccount, uuid: string): Promise<boolean> => {
    const isAwaited = await accountNews.isAwaited(db.read, account.domain, 'device.removed')
    const known = isAwaited ? (await of(account)).get(uuid) : undefined
    const removed = await registrar.remove(addressOfRecord(account), uuid)
    if (!removed) return false
    const device = known === undefined ? { uuid } : deviceWire(known)
    await db.transaction(async (tx) => {
      const { id, username, domain } = account
      const about = { id, username, domain }
      await audit.record(tx, 'device.removed', { by: visit, space: visit.space, about, line: { device: uuid } })
      if (isAwaited) await accountNews.tellOf(tx, 'device.removed', account, () => ({ device }))
    })
    return true
  }

  return {
    of,
    /** What it means that no device is known. */
    registrarState: registrar.state,
    remove,
    /** Those that are registered now; one that registers meanwhile stays. */
    removeAll: async (visit: Visit, account: NamedAccount): Promise<void> => {
      for (const uuid of (await of(account)).keys()) await remove(visit, account, uuid)
    },
  }
}

export type Devices = ReturnType<typeof devices>

/** Null for a contact that is expired, that is no device's, or that cannot be read. */
function readDevice(text: string, at: Date): Device | null {
  const contact = parseSipContact(text)
  if (contact === null) return null
  const { parameters, uriParameters, uriHeaders } = contact
  const uuid = parameters.get('+sip.instance')?.replace(/^<|>$/g, '') ?? ''
  const updatedAt = secondsOf(uriParameters.get('updatedat'))
  if (uuid === '' || updatedAt === null) return null
  const lifetime = secondsOf(parameters.get('expires') ?? uriParameters.get('expires'))
  const isGone = lifetime !== null && (updatedAt + lifetime) * 1000 + SHOWN_AFTER_EXPIRY_MS < at.getTime()
  if (isGone) return null
  const userAgent = uriHeaders.get('user-agent') ?? ''
  return { uuid, updatedAt: new Date(updatedAt * 1000), userAgent, ...readUserAgent(userAgent) }
}

/** Null for anything but whole seconds; ten digits are enough until the year 2286. */
const secondsOf = (text = ''): number | null => (/^\d{1,10}$/.test(text) ? Number(text) : null)

/** `App/1.2.3 (Device) Library/4.5`: what is not written so is all app. */
function readUserAgent(userAgent: string): Pick<Device, 'app' | 'version' | 'name'> {
  const product = /(?<![\w-])([\w-]+)\/([\d.]+)/.exec(userAgent)
  const open = product === null ? -1 : userAgent.indexOf('(', product.index + product[0].length)
  if (product === null || open < 0) return { app: userAgent, version: '', name: '' }
  const [, app = '', version = ''] = product
  const [name = ''] = userAgent.slice(open + 1).split(')', 1)
  return { app, version, name }
}
