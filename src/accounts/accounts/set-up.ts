import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { refuseSettingUp } from '../../nouns/caller.ts'
import { languageOf, type Space } from '../../nouns/space.ts'
import { closureOf } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { AccountView, Directory, Found } from '../directory/directory.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Revocation } from '../revocation/revocation.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'

/** Mails with a link and a QR code that set a phone up. */
export const setUpMails = (deps: {
  config: Config
  directory: Directory
  provisioningTokens: ProvisioningTokens
  outbox: Outbox
  audit: Audit
  now: () => Date
}) => {
  const { config, directory, provisioningTokens, outbox, audit, now } = deps
  return {
    /** With a new provisioning token, to an account that is held. Refuses one without an address. */
    send: async (tx: Tx, visit: Visit, id: number): Promise<Found> => {
      const { space } = visit
      const found = await directory.view(tx, space, id)
      const { account } = found
      if (account.email === null) throw new AppError('forbidden', 'account.no_email')
      const token = await provisioningTokens.issue(tx, id, visit)
      const base = `${visit.baseUrl(space)}${config.BASE_PATH}`
      await outbox.add(tx, {
        channel: 'mail',
        kind: 'provisioning',
        spaceId: space.id,
        accountId: id,
        recipient: account.email,
        language: languageOf(account, space, visit.language),
        data: {
          'account.identifier': addressOfRecord(account),
          'account.display_name': account.displayName,
          provisioning_link: `${base}/provisioning/${token}`,
          // A page that nobody spends anything by looking at (D54); without the panel the document's own address has one.
          wizard_link: `${base}/${space.webPanel ? 'wizard' : 'provisioning'}/${token}`,
          expires_minutes: config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES,
          registrar: space.accountProxyRegistrarAddress,
        },
        expiresAt: provisioningTokens.expiryOf(now()),
        supersedes: true,
      })
      await audit.record(tx, 'account.provisioned', { by: visit, space, about: account, detail: { via: 'mail' } })
      return found
    },
  }
}

export type SetUpMails = ReturnType<typeof setUpMails>

/** How an account gets onto a phone: a provisioning token, shown or mailed. */
export const setUp = (deps: {
  db: Db
  directory: Directory
  audit: Audit
  provisioningTokens: ProvisioningTokens
  setUpMails: SetUpMails
  passwords: Passwords
  revocation: Revocation
  sipProxy: SipProxy
  sessions: Sessions
}) => {
  const { db, directory, audit, provisioningTokens, setUpMails, passwords, revocation, sipProxy, sessions } = deps

  return {
    /** A new provisioning token; the older ones become worthless. */
    issueToken: async (visit: Visit, space: Space, id: number): Promise<Found> => {
      return db.transaction(async (tx) => {
        await directory.hold(tx, space, id)
        await provisioningTokens.issue(tx, id, visit)
        const found = await directory.view(tx, space, id)
        refuseSettingUp(visit.caller, found.account)
        await audit.record(tx, 'account.provisioned', { by: visit, space, about: found.account })
        return found
      })
    },
    /**
     * A new provisioning token for each, all of them or none (behaviour/panel.md §7.24). An account that is gone or closed
     * gets none; those of another Space are gone.
     */
    issueTokens: (visit: Visit, ids: readonly number[], via: string): Promise<readonly Found[]> =>
      db.transaction(async (tx) => {
        const { space } = visit
        const open = (await directory.byIds(tx, space, ids)).filter((account) => closureOf(account) === null)
        const found: Found[] = []
        // By id: two sheets of the same accounts must not wait for each other.
        for (const { id } of open.toSorted((one, other) => one.id - other.id)) {
          await directory.hold(tx, space, id)
          await provisioningTokens.issue(tx, id, visit)
          const issued = await directory.view(tx, space, id)
          refuseSettingUp(visit.caller, issued.account)
          await audit.record(tx, 'account.provisioned', { by: visit, space, about: issued.account, detail: { via } })
          found.push(issued)
        }
        return found
      }),
    /**
     * Its phone is lost (behaviour/accounts.md §6.6): what was on it opens nothing any more, phones that are registered
     * are signed off, and a new provisioning token is there for the next one. Not for one's own account: nobody would
     * know its password.
     */
    replacePhone: async (visit: Visit, id: number): Promise<Found> => {
      if (visit.caller?.id === id) throw new AppError('forbidden', 'account.own_phone')
      const { space } = visit
      const phones = await sipProxy.phonesOf((await directory.view(db.read, space, id)).account)
      const replaced = await db.transaction(async (tx) => {
        await directory.hold(tx, space, id)
        const { account }: { account: AccountView } = await directory.view(tx, space, id)
        refuseSettingUp(visit.caller, account)
        const hasPasswords = space.digest !== null
        const revoked = await (hasPasswords ? passwords.renew(tx, space, id, visit) : revocation.all(tx, id, visit))
        await sipProxy.phonesLost(tx, account, phones)
        await provisioningTokens.issue(tx, id, visit)
        const found = await directory.view(tx, space, id)
        const change = { by: visit, space, about: account, detail: { reason: 'phone lost' } }
        if (hasPasswords) await audit.record(tx, 'account.password', change)
        await audit.record(tx, 'account.provisioned', change)
        await sessions.recordRevoked(tx, visit, space, account, revoked)
        return found
      })
      await sipProxy.signOff(replaced.account, phones)
      return replaced
    },
    /** A new provisioning token, mailed with its QR code (behaviour/accounts.md §6). */
    sendProvisioning: async (visit: Visit, id: number): Promise<void> => {
      await db.transaction(async (tx) => {
        await directory.hold(tx, visit.space, id)
        await setUpMails.send(tx, visit, id)
      })
    },
  }
}
