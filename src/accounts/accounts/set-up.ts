import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { languageOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Directory, Found } from '../directory/directory.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'

/** How an account gets onto a phone: a provisioning token, shown or mailed. */
export const setUp = (deps: {
  config: Config
  db: Db
  directory: Directory
  provisioningTokens: ProvisioningTokens
  outbox: Outbox
  audit: Audit
  now: () => Date
}) => {
  const { config, db, directory, audit, provisioningTokens, outbox, now } = deps

  return {
    /** A new provisioning token; the older ones become worthless. */
    issueToken: async (visit: Visit, space: Space, id: number): Promise<Found> => {
      return db.transaction(async (tx) => {
        await directory.hold(tx, space, id)
        await provisioningTokens.issue(tx, id, visit)
        const found = await directory.view(tx, space, id)
        await audit.record(tx, 'account.provisioned', { by: visit, space, about: found.account })
        return found
      })
    },
    /** A new provisioning token, mailed with its QR code (behaviour/accounts.md §6). */
    sendProvisioning: async (visit: Visit, id: number): Promise<void> => {
      const { space } = visit
      await db.transaction(async (tx) => {
        await directory.hold(tx, space, id)
        const { account: before } = await directory.view(tx, space, id)
        if (before.email === null) throw new AppError('forbidden', 'account.no_email')
        const token = await provisioningTokens.issue(tx, id, visit)
        await outbox.add(tx, {
          channel: 'mail',
          kind: 'provisioning',
          spaceId: space.id,
          accountId: id,
          recipient: before.email,
          language: languageOf(before, space, visit.language),
          data: {
            'account.identifier': addressOfRecord(before),
            'account.display_name': before.displayName,
            provisioning_link: `${visit.baseUrl(space)}${config.BASE_PATH}/provisioning/${token}`,
            expires_minutes: config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES,
            registrar: space.accountProxyRegistrarAddress,
          },
          expiresAt: provisioningTokens.expiryOf(now()),
          supersedes: true,
        })
        await audit.record(tx, 'account.provisioned', { by: visit, space, about: before, detail: { via: 'mail' } })
      })
    },
  }
}
