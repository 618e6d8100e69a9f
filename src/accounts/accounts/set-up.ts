import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { refuseSettingUp } from '../../nouns/caller.ts'
import { languageOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Directory, Found } from '../directory/directory.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'

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
}) => {
  const { db, directory, audit, provisioningTokens, setUpMails } = deps

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
    /** A new provisioning token, mailed with its QR code (behaviour/accounts.md §6). */
    sendProvisioning: async (visit: Visit, id: number): Promise<void> => {
      await db.transaction(async (tx) => {
        await directory.hold(tx, visit.space, id)
        await setUpMails.send(tx, visit, id)
      })
    },
  }
}
