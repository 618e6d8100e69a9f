import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Visit } from '../../http/visit.ts'
import type { IniDocument } from '../../protocols/ini.ts'
import { toXml } from '../../protocols/lpconfig.ts'
import { qrPng } from '../../protocols/qr.ts'
import type { Accounts, Found } from '../accounts/accounts.ts'
import type { AuthTokens } from '../auth-tokens/auth-tokens.ts'
import type { Caller } from '../authentication/caller.ts'
import type { ConfirmationKeys } from '../confirmation-keys/confirmation-keys.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import { customEntries, provisioningDocument } from './document.ts'

const isUnknown = (error: unknown): boolean => error instanceof AppError && error.code === 'not_found'

/** The documents that phones configure themselves with (spec provisioning.md). */
export const provisioning = (deps: {
  config: Config
  db: Db
  accounts: Accounts
  provisioningTokens: ProvisioningTokens
  authTokens: AuthTokens
  confirmationKeys: ConfirmationKeys
  /** The base document of Spaces without entries of their own (`ACCOUNT_PROVISIONING_RC_FILE`). */
  instanceEntries: IniDocument | null
}) => {
  const { config, db, accounts, provisioningTokens, authTokens, confirmationKeys, instanceEntries } = deps

  const overwriteAll = ({ space }: Visit) =>
    space.customProvisioningEntries === null
      ? space.customProvisioningOverwriteAll || (instanceEntries !== null && config.ACCOUNT_PROVISIONING_OVERWRITE_ALL)
      : space.customProvisioningOverwriteAll

  /** The document for the account, or the base document; the entries are those of the request's Space. */
  const documentFor = async (visit: Visit, found: Found | null, on: Reader): Promise<string> => {
    const document = provisioningDocument({
      entries: customEntries(visit.space.customProvisioningEntries, instanceEntries),
      contactsUrl: `${visit.baseUrl()}/contacts/vcard`,
      subject: found && {
        space: found.space,
        username: found.account.username,
        domain: found.account.domain,
        displayName: found.account.displayName,
        credentials: await accounts.passwordRows(on, found.account.id),
      },
    })
    return toXml(document, { overwriteAll: overwriteAll(visit) })
  }

  /** `?reset_password`, whatever its value. */
  const wantsReset = (visit: Visit) => Object.hasOwn(visit.input, 'reset_password')

  const requireHeader = (visit: Visit, given: boolean) => {
    if (visit.space.provisioningUseLinphoneProvisioningHeader && !given) {
      throw new AppError('malformed', 'provisioning.header')
    }
  }

  const urlOf = (visit: Visit, token: string) =>
    `${visit.baseUrl()}${config.BASE_PATH}/provisioning/${token}${wantsReset(visit) ? '?reset_password=1' : ''}`

  /** A token, else a confirmation key of the 2021 generation, which takes the account's unused tokens along. */
  const consume = async (tx: Tx, visit: Visit, token: string): Promise<number> => {
    try {
      return await provisioningTokens.consume(tx, visit.space, token)
    } catch (error) {
      if (!isUnknown(error) || !config.LEGACY_API) throw error
      const { accountId } = await confirmationKeys.inspect(tx, visit.space, token)
      await confirmationKeys.consume(tx, accountId, token)
      await provisioningTokens.revoke(tx, accountId)
      return accountId
    }
  }

  const inspect = async (visit: Visit, token: string): Promise<void> => {
    try {
      await provisioningTokens.inspect(db.read, visit.space, token)
    } catch (error) {
      if (!isUnknown(error) || !config.LEGACY_API) throw error
      await confirmationKeys.inspect(db.read, visit.space, token)
    }
  }

  const spendToken = (visit: Visit, token: string): Promise<string> =>
    db.transaction(async (tx) => {
      const id = await consume(tx, visit, token)
      await accounts.activateIn(tx, visit.space, id)
      if (wantsReset(visit)) {
        await accounts.resetPassword(tx, visit.space, (await accounts.view(tx, visit.space, id)).account)
      }
      return documentFor(visit, await accounts.view(tx, visit.space, id), tx)
    })

  /** Fleets of 2021 take an unknown token for "no account yet" (D10); off by default. */
  const orBase = (visit: Visit) => (error: unknown) => {
    if (!config.LEGACY_PROVISIONING_FALLBACK || !isUnknown(error)) throw error
    return documentFor(visit, null, db.read)
  }

  return {
    requireHeader,
    base: (visit: Visit) => documentFor(visit, null, db.read),

    /** Spends the token: one caller is provisioned and its account activated, every later one is refused. */
    withToken: (visit: Visit, token: string): Promise<string> => spendToken(visit, token).catch(orBase(visit)),

    /** Spends an attached auth token. Whoever signs in this way is not activated by it. */
    withAuthToken: async (visit: Visit, token: string): Promise<string> =>
      db.transaction(async (tx) => {
        const found = await authTokens.redeem(tx, visit, token)
        if (wantsReset(visit)) await accounts.resetPassword(tx, found.space, found.account)
        return documentFor(visit, found, tx)
      }),

    /** The caller's own document, as often as it likes. */
    forCaller: async (visit: Visit, caller: Caller): Promise<string> => {
      const found = await accounts.ofCaller(caller)
      if (wantsReset(visit) && !visit.head) {
        await db.transaction((tx) => accounts.resetPassword(tx, found.space, found.account))
      }
      return documentFor(visit, found, db.read)
    },

    /** Refuses a token that `withToken` would refuse; spends nothing. For HEAD, previewers and the QR code. */
    inspect,

    inspectAuthToken: (visit: Visit, token: string) => authTokens.inspect(db.read, visit, token),

    /** What the QR code of the token says, as a URL and as a PNG. */
    qrCode: async (visit: Visit, token: string) => {
      await inspect(visit, token)
      const url = urlOf(visit, token)
      return { url, png: qrPng(url, { level: 'H' }) }
    },
    urlOf,
  }
}

export type Provisioning = ReturnType<typeof provisioning>
