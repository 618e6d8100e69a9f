import type { AccountNews } from '../../accounts/account-news/account-news.ts'
import type { Accounts, Found } from '../../accounts/accounts/accounts.ts'
import type { ConfirmationKeys } from '../../accounts/confirmation-keys/confirmation-keys.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import type { ProvisioningTokens } from '../../accounts/provisioning-tokens/provisioning-tokens.ts'
import type { CarddavCredentials } from '../../address-books/carddav-credentials/carddav-credentials.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { type Additions, accountFor, type Hooks, spaceFor } from '../../hooks/hooks.ts'
import type { Logging } from '../../logging/logging.ts'
import { maskedFields } from '../../logging/masking.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { IniDocument } from '../../protocols/ini.ts'
import { type ConfigDocument, toXml } from '../../protocols/lpconfig.ts'
import { qrPng } from '../../protocols/qr.ts'
import type { ExternalAccounts } from '../../telephony/external-accounts/external-accounts.ts'
import { customEntries, provisioningDocument, type Subject, toldBy } from './document.ts'
import { readInstanceEntries } from './instance-entries.ts'
import { BASE, differs, oneTimeShape, ownerOf, repeatedShape, type Setup, type Shape } from './shape.ts'
import { provisioningStore } from './store.ts'

const isNotFound = (error: unknown): error is AppError => error instanceof AppError && error.code === 'not_found'

/** An expired token is refused as an unknown one is (D44); its message tells that it was known. */
const isExpired = (error: unknown): boolean => isNotFound(error) && error.text.id === 'provisioning.expired'
const isUnknown = (error: unknown): boolean => isNotFound(error) && !isExpired(error)

/** The same refusal in the words of a page, if a person reads it: they have a link, and know of no token. */
const inWordsFor =
  (isPerson: boolean) =>
  (error: unknown): never => {
    if (isPerson && isExpired(error)) throw new AppError('gone', 'provisioning.link_expired')
    throw isPerson && isUnknown(error) ? new AppError('not_found', 'provisioning.link_unknown') : error
  }

/** Tokens that somebody signed in has attached their account to: the phone that has one gets the account's document. */
interface AttachedTokens {
  /** Refuses what `redeem` would refuse; spends nothing. */
  inspect(on: Reader, visit: Visit, token: string): Promise<Found>
  /** Spends the token for the account that is attached to it. */
  redeem(tx: Tx, visit: Visit, token: string): Promise<Found>
}

/** What a page may tell whoever looks at a link that works. */
export interface Look {
  /** A phone was set up with the account before. */
  readonly again: boolean
}

/** The documents that phones configure themselves with (behaviour/provisioning.md §1). */
export const provisioning = (deps: {
  config: Config
  db: Db
  accounts: Accounts
  accountNews: AccountNews
  passwords: Passwords
  provisioningTokens: ProvisioningTokens
  authTokens: AttachedTokens
  confirmationKeys: ConfirmationKeys
  hooks: Hooks
  carddavCredentials: CarddavCredentials
  externalAccounts: ExternalAccounts
  audit: Audit
  log: Logging
  /** The base document of Spaces without entries of their own (`ACCOUNT_PROVISIONING_RC_FILE`). */
  now: () => Date
}) => {
  const { config, db, accounts, passwords, provisioningTokens, authTokens, confirmationKeys, hooks, log } = deps
  const instanceEntries = readInstanceEntries(config, log)
  const { accountNews, carddavCredentials, externalAccounts, audit, now } = deps
  const store = provisioningStore(db)

  const entriesOf = customEntries(instanceEntries, (space, problems) =>
    log.app.warn('custom provisioning entries cannot be read; the document is served without those lines', {
      space: space.domain,
      problems,
    }),
  )

  const overwriteAll = (space: Space, entries: IniDocument | null) =>
    space.customProvisioningOverwriteAll ||
    (entries !== null && entries === instanceEntries && config.ACCOUNT_PROVISIONING_OVERWRITE_ALL)

  /**
   * What the operator's hooks add for an account, or to the base document; null: there are none. They may be slow, and
   * with `HOOKS_STRICT` refuse: before any transaction, so that nothing is spent then.
   */
  const additionsFor = async (
    visit: Pick<Visit, 'path' | 'address' | 'userAgent' | 'input' | 'space'>,
    found: () => Promise<Found | null>,
  ): Promise<Additions | null> => {
    if (!hooks.hasProvisioning()) return null
    const subject = await found()
    return hooks.provisioning({
      request: hooks.requestFor(visit),
      space: spaceFor(subject?.space ?? visit.space),
      account: subject === null ? null : accountFor(subject.account),
    })
  }

  /** What most accounts have none of costs no query. */
  const subjectOf = async (on: Reader, { account, space }: Found): Promise<Subject> => {
    const { id, username, domain, displayName, carddavServers, hasExternalAccount } = account
    const isExternal = hasExternalAccount && config.PROVISIONING_EXTERNAL_ACCOUNT
    return {
      space,
      username,
      domain,
      displayName,
      credentials: await passwords.rows(on, id),
      carddavCredentials: carddavServers.length === 0 ? [] : await carddavCredentials.rows(on, id),
      externalAccount: isExternal ? await externalAccounts.of(on, id) : null,
    }
  }

  /** The sections for the account, or the base ones; entries and address books are those of the host's Space. */
  const sectionsFor = async (
    on: Reader,
    { space, url }: { space: Space; url: string },
    found: Found | null,
    additions: Additions | null,
    { shape, setup }: { shape: Shape; setup: Setup | null },
  ): Promise<ConfigDocument> =>
    provisioningDocument({
      entries: entriesOf(space),
      carddavServers: space.carddavServers,
      contactsUrl: `${url}/contacts/vcard`,
      subject: found === null ? null : await subjectOf(on, found),
      additions,
      shape,
      setup,
    })

  const written = (document: ConfigDocument, space: Space): string =>
    toXml(document, { overwriteAll: overwriteAll(space, entriesOf(space)) })

  /** Where the request's documents say that its addresses are. */
  const placeOf = (visit: Visit, found: Found | null) => ({
    space: visit.space,
    url: `${visit.baseUrl(found?.space)}${config.BASE_PATH}`,
  })

  /** Serves a document that is not served again, and remembers what it told the phone. */
  const serveOnce = async (tx: Tx, visit: Visit, found: Found, additions: Additions | null): Promise<string> => {
    const { id, hasExternalAccount } = found.account
    const owner = ownerOf(visit.from, found.account)
    const setup = await store.setup(tx, id)
    const shape = oneTimeShape(owner, setup)
    const document = await sectionsFor(tx, placeOf(visit, found), found, additions, { shape, setup })
    const told = toldBy(document, shape.proxy)
    const remembered = {
      ...told,
      moved: setup !== null && (setup.moved || differs(told, setup)),
      beside: (setup?.beside ?? false) || owner === 'other',
      line: (setup?.line ?? false) || (hasExternalAccount && config.PROVISIONING_EXTERNAL_ACCOUNT),
    }
    await store.remember(tx, id, remembered, now())
    const { account: about, space } = found
    await audit.record(tx, 'account.provisioned', { by: visit, space, about, detail: { via: 'document' } })
    await accountNews.tell(tx, 'account.provisioned', found.account)
    return written(document, visit.space)
  }

  /** The document that the caller's own phone may fetch at every start. */
  const serveAgain = async (
    on: Reader,
    visit: Visit,
    found: Found,
    additions: Additions | null,
    setsNewPassword: boolean,
  ): Promise<string> => {
    const shape = repeatedShape(ownerOf(visit.from, found.account), setsNewPassword)
    return written(await sectionsFor(on, placeOf(visit, found), found, additions, { shape, setup: null }), visit.space)
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
        await accounts.markActivated(tx, visit.space, found.accountId)
        await provisioningTokens.consume(tx, found)
        return found.accountId
      },
      async () => {
        const { accountId } = await confirmationKeys.inspect(tx, visit.space, token)
        await confirmationKeys.consume(tx, accountId, token)
        await accounts.markActivated(tx, visit.space, accountId)
        await provisioningTokens.revoke(tx, accountId)
        return accountId
      },
    )

  const inspect = (visit: Visit, token: string): Promise<{ accountId: number }> =>
    orKey(
      () => provisioningTokens.inspect(db.read, visit.space, token),
      () => confirmationKeys.inspect(db.read, visit.space, token),
    )

  const spendToken = async (visit: Visit, token: string): Promise<string> => {
    const additions = await additionsFor(visit, async () => {
      const { accountId } = await inspect(visit, token)
      const { account, space } = await accounts.byId(visit.space, accountId)
      return { account: { ...account, activated: true }, space }
    })
    return db.transaction(async (tx) => {
      const id = await consume(tx, visit, token)
      if (wantsReset(visit)) await passwords.reset(tx, visit.space, id, visit)
      return serveOnce(tx, visit, await accounts.view(tx, visit.space, id), additions)
    })
  }

  const baseFor = async (visit: Visit): Promise<string> => {
    const additions = await additionsFor(visit, async () => null)
    const how = { shape: BASE, setup: null }
    return written(await sectionsFor(db.read, placeOf(visit, null), null, additions, how), visit.space)
  }

  /**
   * Fleets of 2021 take an unknown token for "no account yet": with a confirmation key that was spent always (D47),
   * otherwise where the operator wants it (D10).
   */
  const isAnsweredByBase = async (visit: Visit, token: string, error: unknown): Promise<boolean> =>
    isUnknown(error) &&
    (config.LEGACY_PROVISIONING_FALLBACK ||
      (config.LEGACY_API && (await confirmationKeys.isSpent(db.read, visit.space, token))))

  /** Whether a phone has got a document of the account. */
  const wasSetUp = async (accountId: number): Promise<boolean> => (await store.setup(db.read, accountId)) !== null

  return {
    requireHeader,
    wasSetUp,
    /** When a phone last got a document of the account by a link; null: none did yet. */
    lastSetUp: (accountId: number): Promise<Date | null> => store.lastAt(db.read, accountId),
    base: baseFor,

    /** Spends the token: one caller is provisioned and its account activated, every later one is refused. */
    withToken: (visit: Visit, token: string): Promise<string> =>
      spendToken(visit, token).catch(async (error: unknown) => {
        if (await isAnsweredByBase(visit, token, error)) return baseFor(visit)
        throw error
      }),

    /** Spends an attached auth token. Whoever signs in this way is not activated by it. */
    withAuthToken: async (visit: Visit, token: string): Promise<string> => {
      const additions = await additionsFor(visit, () => authTokens.inspect(db.read, visit, token))
      return db.transaction(async (tx) => {
        // The account first: whoever deletes it takes its tokens along in this order.
        const { account, space } = await authTokens.inspect(tx, visit, token)
        await accounts.holdWithSpace(tx, space, account.id)
        const found = await authTokens.redeem(tx, visit, token)
        if (wantsReset(visit)) await passwords.reset(tx, found.space, found.account.id, visit)
        return serveOnce(tx, visit, found, additions)
      })
    },

    /**
     * What the account's phone would get, a line an entry, with its secrets masked; for an operator. `url`: of the
     * Space, up to the path. Spends nothing.
     */
    preview: async (found: Found, url: string): Promise<string> => {
      const { space } = found
      const nobody = { path: '/provisioning', address: '127.0.0.1', userAgent: null, input: {}, space }
      const additions = await additionsFor(nobody, async () => found)
      const document = await sectionsFor(db.read, { space, url }, found, additions, {
        shape: oneTimeShape('unknown', null),
        setup: null,
      })
      for (const { entries } of document.sections.values()) {
        for (const [key, { value, overwrite }] of entries) {
          const shown = typeof value === 'string' ? String(maskedFields({ [key]: value })[key]) : value
          entries.set(key, { value: shown, overwrite })
        }
      }
      return written(document, space).replaceAll('><', '>\n<').replaceAll('<entry', '  <entry')
    },

    /** The caller's own document, as often as it likes. `looksOnly`: nothing is reset, whatever the query says. */
    forCaller: async (visit: Visit, caller: Caller, looksOnly: boolean): Promise<string> => {
      const additions = await additionsFor(visit, () => accounts.ofCaller(caller))
      if (!wantsReset(visit) || looksOnly)
        return serveAgain(db.read, visit, await accounts.ofCaller(caller), additions, false)
      return db.transaction(async (tx) => {
        await passwords.reset(tx, caller.space, caller.id, visit)
        // Whoever may ask has a password, and so has the phone: the one that was reset.
        return serveAgain(tx, visit, await accounts.view(tx, caller.space, caller.id), additions, true)
      })
    },

    wantsReset,

    /** For a HEAD, which is answered as its GET would be: refuses a token that `withToken` would refuse. */
    foresee: (visit: Visit, token: string): Promise<void> =>
      inspect(visit, token).then(
        () => {},
        async (error: unknown) => {
          if (!(await isAnsweredByBase(visit, token, error))) throw error
        },
      ),

    inspectAuthToken: (visit: Visit, token: string) => authTokens.inspect(db.read, visit, token),

    /** For whoever only looks: the same refusals, and whether a phone may have the account already. */
    look: async (
      visit: Visit,
      { token, isAuthToken, isPerson }: { token: string; isAuthToken: boolean; isPerson: boolean },
    ): Promise<Look> => {
      const found = isAuthToken
        ? authTokens.inspect(db.read, visit, token).then(({ account }) => account.id)
        : inspect(visit, token).then(({ accountId }) => accountId)
      return { again: await wasSetUp(await found.catch(inWordsFor(isPerson))) }
    },

    /** What the QR code of the token says, as a URL and as a PNG. */
    qrCode: async (visit: Visit, token: string, isPerson = false) => {
      await inspect(visit, token).catch(inWordsFor(isPerson))
      const { url } = addressOf(visit, token)
      return { url, png: qrPng(url, { level: 'H' }) }
    },
    addressOf,
  }
}

export type Provisioning = ReturnType<typeof provisioning>
