import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import type { Logging } from '../../logging/logging.ts'
import { closureOf } from '../../nouns/standing.ts'
import type { Channel } from '../../outbox/messages.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { type Addressed, addressOfRecord } from '../../protocols/sip-address.ts'
import { instanceOf, parseSipContact, updatedAtOf } from '../../protocols/sip-contact.ts'
import type { Registrar } from '../../registrar/registrar.ts'
import { hashOfToken } from '../../secrets.ts'
import { sentenceOf } from '../../thrown.ts'
import { askSocket, reachSocket } from '../../unix-socket.ts'
import { sipProxyStore } from './store.ts'

const SECOND_MS = 1000
const LIMIT_MS = 5 * SECOND_MS
/** For so long whoever asked for it tries alone. */
const FIRST_TRY_MS = 2 * SECOND_MS

/**
 * Flexisip, which keeps passwords that it has seen for half an hour, and phones for as long as they are registered:
 * what it must forget of an account waits in the outbox until it was said (behaviour/telephony.md §13).
 */
export const sipProxy = (deps: {
  config: Config
  db: Db
  registrar: Registrar
  outbox: Outbox
  log: Logging
  now: () => Date
}) => {
  const { config, db, registrar, outbox, log, now } = deps
  const store = sipProxyStore(db)
  const socket = config.FLEXISIP_CLI_SOCKET
  const hasPhones = registrar.state() !== 'off'

  const tell = async (
    tx: Tx,
    kind: 'password' | 'account' | 'phones',
    told: readonly Addressed[],
    phones: readonly string[] = [],
  ): Promise<void> => {
    if (socket === null && (kind === 'password' || !hasPhones)) return
    for (const { username, domain } of told) {
      await outbox.add(tx, {
        channel: 'proxy',
        kind,
        // The message must outlive both.
        spaceId: null,
        accountId: null,
        recipient: addressOfRecord({ username, domain }),
        language: 'en',
        data: { username, domain, at: Math.floor(now().getTime() / SECOND_MS), phones },
      })
    }
  }

  /** Whatever it answers, it has heard: a password that it does not know may be an error for it, and is none for us. */
  const forgetPassword = async (address: string): Promise<void> => {
    if (socket === null) return
    const line = `AUTH_CACHE_DELETE sip:${address}`
    const answer = await askSocket(socket, line, { limitMs: LIMIT_MS, isWhole: (text) => text !== '' })
    if (answer === '') throw new Error('the SIP proxy closed without an answer')
    log.app.debug('the SIP proxy was told to forget a password', { account: address, answer: answer.trim() })
  }

  /** An account that is open again, or another one of the same name, keeps its phones. */
  const forgetPhones = async (account: Addressed): Promise<void> => {
    const standing = await store.standing(db.read, account.username, account.domain)
    if (standing === null || closureOf(standing) !== null) await registrar.removeAll(addressOfRecord(account))
  }

  /** The phones that are registered with the address now, each with the second since when. */
  const registered = async (address: string): Promise<readonly { readonly uuid: string; readonly since: number }[]> =>
    (await registrar.contacts(address)).flatMap((text) => {
      const contact = parseSipContact(text)
      const uuid = contact === null ? null : instanceOf(contact)
      // One that does not say since when may be the phone that is lost.
      return contact === null || uuid === null ? [] : [{ uuid, since: updatedAtOf(contact) ?? 0 }]
    })

  /** Those that are lost, and those that registered until that second: one that was set up in their place stays. */
  const forgetLost = async (address: string, lost: readonly unknown[], until: number): Promise<void> => {
    for (const { uuid, since } of await registered(address)) {
      if (since <= until || lost.includes(uuid)) await registrar.remove(address, uuid)
    }
    if (registrar.state() !== 'there') throw new Error('Redis did not answer')
  }

  const channel: Channel = {
    id: 'proxy',
    dispatch: async ({ kind, data }) => {
      const account = { username: String(data.username), domain: String(data.domain) }
      if (kind === 'device') {
        await registrar.remove(addressOfRecord(account), String(data.uuid))
        return
      }
      // In this order: a phone that is sent away comes back at once with a password that is still known.
      await forgetPassword(addressOfRecord(account))
      if (kind === 'account') await forgetPhones(account)
      if (kind === 'phones' && Array.isArray(data.phones)) {
        await forgetLost(addressOfRecord(account), data.phones, Number(data.at))
      }
    },
    close: async () => {},
  }

  return {
    channel,
    /** In the transaction that gives the account another password. */
    passwordChanged: async (tx: Tx, accountId: number): Promise<void> => {
      if (socket !== null) await tell(tx, 'password', await store.addresses(tx, [accountId]))
    },
    /** In the transaction that gives the account another password because somebody else may have its phones. */
    phonesLost: async (tx: Tx, account: Addressed, phones: readonly string[]): Promise<void> => {
      if (hasPhones) await tell(tx, 'phones', [account], phones)
    },
    /** What phones call themselves that are registered with the address now; none where nobody answers. */
    phonesOf: async (account: Addressed): Promise<readonly string[]> =>
      (await registered(addressOfRecord(account))).map(({ uuid }) => uuid),
    /** At once, so that whoever looks does not see them any more; what fails is done by the message that waits. */
    signOff: async (account: Addressed, phones: readonly string[]): Promise<void> => {
      for (const uuid of phones) await registrar.remove(addressOfRecord(account), uuid)
    },
    /** In the transaction after which nobody may call from this address: it is blocked, or nobody's any more. */
    addressClosed: (tx: Tx, account: Addressed): Promise<void> => tell(tx, 'account', [account]),
    /**
     * In the transaction that decides that a phone, of which the registrar had this contact at that time, is not to be
     * reached any more: the message, for `removeDevice`; null: somebody has decided so meanwhile.
     */
    deviceRemoved: (
      tx: Tx,
      { username, domain }: Addressed,
      { uuid, contact, at }: { readonly uuid: string; readonly contact: string; readonly at: Date },
    ): Promise<number | null> => {
      const address = addressOfRecord({ username, domain })
      return outbox.add(tx, {
        channel: 'proxy',
        kind: 'device',
        spaceId: null,
        accountId: null,
        recipient: address,
        language: 'en',
        data: { username, domain, uuid },
        dedupKey: `device:${hashOfToken(JSON.stringify([address, uuid, contact]))}`,
        dedupSince: at,
        delayMs: FIRST_TRY_MS,
      })
    },
    /** After it, at once. False: the registrar cannot be asked now, and is asked again until it is done. */
    removeDevice: async (account: Addressed, uuid: string, message: number | null): Promise<boolean> => {
      try {
        await registrar.remove(addressOfRecord(account), uuid)
      } catch (error) {
        log.app.warn('a phone is not removed yet', { account: addressOfRecord(account), reason: sentenceOf(error) })
        return false
      }
      // Where that cannot be written down it is done once more, which changes nothing.
      if (message !== null) await outbox.arrived(message).catch(() => {})
      return true
    },
    /** The same for accounts, which are held, before they are deleted or after they were closed. */
    accountsClosed: async (tx: Tx, accountIds: readonly number[]): Promise<void> => {
      if (accountIds.length === 0 || (socket === null && !hasPhones)) return
      await tell(tx, 'account', await store.addresses(tx, accountIds))
    },
    /** For `doctor`: whether somebody listens. Says nothing. */
    check: async (): Promise<{ readonly name: string; readonly ok: boolean; readonly detail: string }> => {
      const name = 'Flexisip'
      if (socket === null) return { name, ok: true, detail: 'FLEXISIP_CLI_SOCKET is not set; it is told nothing' }
      try {
        await reachSocket(socket)
        return { name, ok: true, detail: `listens on ${socket}` }
      } catch (error) {
        return { name, ok: false, detail: `${socket}: ${sentenceOf(error)}` }
      }
    },
  }
}

export type SipProxy = ReturnType<typeof sipProxy>
