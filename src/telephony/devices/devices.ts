import type { AccountNews, NamedAccount } from '../../accounts/account-news/account-news.ts'
import type { SipProxy } from '../../accounts/sip-proxy/sip-proxy.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Db } from '../../db/db.ts'
import { isoMoment } from '../../http/moment.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type Addressed, addressOfRecord } from '../../protocols/sip-address.ts'
import { instanceOf, parseSipContact, secondsOf, updatedAtOf } from '../../protocols/sip-contact.ts'
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

/** What became of it: it was there, and is not any more; it was not there; it goes when the registrar can be asked. */
export type Removal = 'removed' | 'gone' | 'soon'

/** What the registrar said of it, and when. */
type Seen = { readonly uuid: string; readonly contact: string; readonly at: Date }

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
  sipProxy: SipProxy
  accountNews: AccountNews
  audit: Audit
  now: () => Date
}) => {
  const { db, registrar, sipProxy, accountNews, audit, now } = deps

  /** The latest last. Of two contacts with one uuid the latest counts: Redis keeps them in no order. */
  const of = async (account: Addressed): Promise<ReadonlyMap<string, Device>> => {
    const contacts = await registrar.contacts(addressOfRecord(account))
    const known = contacts.map((contact) => readDevice(contact, now())).filter((device) => device !== null)
    known.sort((one, other) => one.updatedAt.getTime() - other.updatedAt.getTime())
    return new Map(known.map((device) => [device.uuid, device]))
  }

  /** That it goes; null: somebody else has decided that already. */
  const decide = (visit: Visit, account: NamedAccount, seen: Seen): Promise<number | null> =>
    db.transaction(async (tx) => {
      const { id, username, domain } = account
      const message = await sipProxy.deviceRemoved(tx, account, seen)
      if (message === null) return null
      const about = { id, username, domain }
      await audit.record(tx, 'device.removed', { by: visit, space: visit.space, about, line: { device: seen.uuid } })
      const known = readDevice(seen.contact, now())
      const device = known === null ? { uuid: seen.uuid } : deviceWire(known)
      await accountNews.tellOf(tx, 'device.removed', account, () => ({ device }))
      return message
    })

  /**
   * It is decided before the registrar hears of it, which is tried until it is done. Nothing is written about a device
   * that is not registered; the proxy is told all the same, so that asking again helps where it has not noticed.
   */
  const remove = async (visit: Visit, account: NamedAccount, uuid: string): Promise<Removal> => {
    const address = addressOfRecord(account)
    const at = now()
    const contact = await registrar.contact(address, uuid)
    if (contact === null) {
      await registrar.nudge(address)
      return 'gone'
    }
    const message = await decide(visit, account, { uuid, contact, at })
    if (!(await sipProxy.removeDevice(account, uuid, message))) return 'soon'
    return message === null ? 'gone' : 'removed'
  }

  return {
    of,
    /** What it means that no device is known. */
    registrarState: registrar.state,
    remove,
    /** Those that are registered now; one that registers meanwhile stays. */
    removeAll: async (visit: Visit, account: NamedAccount): Promise<Removal> => {
      let isSoon = false
      for (const uuid of (await of(account)).keys()) isSoon = (await remove(visit, account, uuid)) === 'soon' || isSoon
      return isSoon ? 'soon' : 'removed'
    },
  }
}

export type Devices = ReturnType<typeof devices>

/** Null for a contact that is expired, that is no device's, or that cannot be read. */
function readDevice(text: string, at: Date): Device | null {
  const contact = parseSipContact(text)
  if (contact === null) return null
  const { parameters, uriParameters, uriHeaders } = contact
  const uuid = instanceOf(contact)
  const updatedAt = updatedAtOf(contact)
  if (uuid === null || updatedAt === null) return null
  const lifetime = secondsOf(parameters.get('expires') ?? uriParameters.get('expires'))
  const isGone = lifetime !== null && (updatedAt + lifetime) * 1000 + SHOWN_AFTER_EXPIRY_MS < at.getTime()
  if (isGone) return null
  const userAgent = uriHeaders.get('user-agent') ?? ''
  return { uuid, updatedAt: new Date(updatedAt * 1000), userAgent, ...readUserAgent(userAgent) }
}

/** `App/1.2.3 (Device) Library/4.5`: what is not written so is all app. */
function readUserAgent(userAgent: string): Pick<Device, 'app' | 'version' | 'name'> {
  const product = /(?<![\w-])([\w-]+)\/([\d.]+)/.exec(userAgent)
  const open = product === null ? -1 : userAgent.indexOf('(', product.index + product[0].length)
  if (product === null || open < 0) return { app: userAgent, version: '', name: '' }
  const [, app = '', version = ''] = product
  const [name = ''] = userAgent.slice(open + 1).split(')', 1)
  return { app, version, name }
}
