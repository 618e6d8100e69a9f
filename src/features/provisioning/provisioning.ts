import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Visit } from '../../http/visit.ts'
import type { Logging } from '../../logging/logging.ts'
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
  log: Logging
  /** The base document of Spaces without entries of their own (`ACCOUNT_PROVISIONING_RC_FILE`). */
  instanceEntries: IniDocument | null
}) => {
  const { config, db, accounts, provisioningTokens, authTokens, confirmationKeys, instanceEntries, log } = deps

  const entriesOf = customEntries(instanceEntries, (space, problems) =>
    log.app.warn('custom provisioning entries cannot be read; the document is served without those lines', {
      space: space.domain,
      problems,
    }),
  )

  const overwriteAll = ({ space }: Visit, entries: IniDocument | null) =>
    space.customProvisioningOverwriteAll ||
    (entries !== null && entries === instanceEntries && config.ACCOUNT_PROVISIONING_OVERWRITE_ALL)

  /** The document for the account, or the base document; the entries are those of the request's Space. */
  const documentFor = async (visit: Visit, found: Found | null, on: Reader): Promise<string> => {
    const entries = entriesOf(visit.space)
    const document = provisioningDocument({
      entries,
      contactsUrl: `${visit.baseUrl(found?.space)}${config.BASE_PATH}/contacts/vcard`,
      subject: found && {
        space: found.space,
        username: found.account.username,
        domain: found.account.domain,
        displayName: found.account.displayName,
        credentials: await accounts.passwordRows(on, found.account.id),
      },
    })
    return toXml(document, { overwriteAll: overwriteAll(visit, entries) })
  }

  /** `?reset_password`, whatever its value. */
  const wantsReset = (visit: Visit) => Object.hasOwn(visit.input, 'reset_password')

  const requireHeader = (visit: Visit, given: boolean) => {
    if (visit.space.provisioningUseLinphoneProvisioningHeader && !given) {
      throw new AppError('malformed', 'provisioning.header')
    }
  }

  /** Where the token's document and its QR code are; `path` for pages of ours, `url` for everybody else. */
  const addressOf = (visit: Visit, token: string) => {
    const query = wantsReset(visit) ? '?reset_password=1' : ''
    return {
      url: `${visit.baseUrl()}${config.BASE_PATH}/provisioning/${token}${query}`,
      qrCodePath: `${config.BASE_PATH}/provisioning/qrcode/${token}${query}`,
    }
  }

  /** Tries the token, then, for old clients, a confirmation key of the 2021 generation. */
  const orKey = <Result>(token: () => Promise<Result>, key: () => Promise<Result>): Promise<Result> =>
    token().catch((error: unknown) => {
      if (!isUnknown(error) || !config.LEGACY_API) throw error
      return key()
    })

  /** Activates and spends; whoever comes second is refused, and what it activated is rolled back. */
  const consume = (tx: Tx, visit: Visit, token: string): Promise<number> =>
    orKey(
      async () => {
        const found = await provisioningTokens.inspect(tx, visit.space, token)
        await accounts.activateIn(tx, visit.space, found.accountId)
        await provisioningTokens.consume(tx, found)
        return found.accountId
      },
      async () => {
        const { accountId } = await confirmationKeys.inspect(tx, visit.space, token)
        await confirmationKeys.consume(tx, accountId, token)
        await accounts.activateIn(tx, visit.space, accountId)
        await provisioningTokens.revoke(tx, accountId)
        return accountId
      },
    )

  const inspect = (visit: Visit, token: string): Promise<void> =>
    orKey(
      async () => {
        await provisioningTokens.inspect(db.read, visit.space, token)
      },
      async () => {
        await confirmationKeys.inspect(db.read, visit.space, token)
      },
    )

  const spendToken = (visit: Visit, token: string): Promise<string> =>
    db.transaction(async (tx) => {
      const id = await consume(tx, visit, token)
      if (wantsReset(visit)) await accounts.resetPassword(tx, visit.space, id)
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
        if (wantsReset(visit)) await accounts.resetPassword(tx, found.space, found.account.id)
        return documentFor(visit, found, tx)
      }),

    /** The caller's own document, as often as it likes. `looksOnly`: nothing is reset, whatever the query says. */
    forCaller: async (visit: Visit, caller: Caller, looksOnly: boolean): Promise<string> => {
      if (!wantsReset(visit) || looksOnly) return documentFor(visit, await accounts.ofCaller(caller), db.read)
      return db.transaction(async (tx) => {
        await accounts.resetPassword(tx, caller.space, caller.id)
        return documentFor(visit, await accounts.view(tx, caller.space, caller.id), tx)
      })
    },

    wantsReset,

    /** Refuses a token that `withToken` would refuse; spends nothing. For previewers and the QR code. */
    inspect,
    /** The same for a HEAD, which is answered as its GET would be. */
    foresee: (visit: Visit, token: string): Promise<void> =>
      inspect(visit, token).catch((error: unknown) => {
        if (!config.LEGACY_PROVISIONING_FALLBACK || !isUnknown(error)) throw error
      }),

    inspectAuthToken: (visit: Visit, token: string) => authTokens.inspect(db.read, visit, token),

    /** What the QR code of the token says, as a URL and as a PNG. */
    qrCode: async (visit: Visit, token: string) => {
      await inspect(visit, token)
      const { url } = addressOf(visit, token)
      return { url, png: qrPng(url, { level: 'H' }) }
    },
    addressOf,
  }
}

export type Provisioning = ReturnType<typeof provisioning>
