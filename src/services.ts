import { readFileSync } from 'node:fs'
import { captcha } from './captcha/captcha.ts'
import type { Config } from './config/config.ts'
import { databaseLocation } from './config/database-location.ts'
import type { Db } from './db/db.ts'
import { openPostgres } from './db/postgres.ts'
import { openSqlite } from './db/sqlite.ts'
import { accountActions } from './features/account-actions/account-actions.ts'
import { accountTokens } from './features/account-tokens/account-tokens.ts'
import { accountTypes } from './features/account-types/account-types.ts'
import { accounts } from './features/accounts/accounts.ts'
import { administrators } from './features/accounts/administrators.ts'
import { accountHousekeeping } from './features/accounts/housekeeping.ts'
import { accountWire } from './features/accounts/wire.ts'
import { activation } from './features/activation/activation.ts'
import { apiKeys } from './features/api-keys/api-keys.ts'
import { authTokens } from './features/auth-tokens/auth-tokens.ts'
import { authentication } from './features/authentication/authentication.ts'
import { decoys } from './features/authentication/decoys.ts'
import { nonces, spentCountsInDatabase, spentCountsInMemory } from './features/authentication/nonces.ts'
import { authenticationStore } from './features/authentication/store.ts'
import { blocking } from './features/blocking/blocking.ts'
import { branding } from './features/branding/branding.ts'
import { carddav } from './features/carddav/carddav.ts'
import { codes } from './features/codes/codes.ts'
import { confirmationKeys } from './features/confirmation-keys/confirmation-keys.ts'
import { contactDetails } from './features/contact-details/contact-details.ts'
import { contacts } from './features/contacts/contacts.ts'
import { contactsLists } from './features/contacts-lists/contacts-lists.ts'
import { devices } from './features/devices/devices.ts'
import { dictionary } from './features/dictionary/dictionary.ts'
import { bridge } from './features/external-accounts/bridge.ts'
import { externalAccounts } from './features/external-accounts/external-accounts.ts'
import { knownBrowsers } from './features/known-browsers/known-browsers.ts'
import { notices } from './features/notices/notices.ts'
import { ownAccount } from './features/own-account/own-account.ts'
import { passwordResets } from './features/password-resets/password-resets.ts'
import { phoneCountries } from './features/phone-countries/phone-countries.ts'
import { provisioning } from './features/provisioning/provisioning.ts'
import { provisioningTokens } from './features/provisioning-tokens/provisioning-tokens.ts'
import { recovery } from './features/recovery/recovery.ts'
import { registration } from './features/registration/registration.ts'
import { sessions } from './features/sessions/sessions.ts'
import { signIn } from './features/sign-in/sign-in.ts'
import { signUp } from './features/sign-up/sign-up.ts'
import { spaceEmailServers } from './features/space-email-servers/space-email-servers.ts'
import { spaceAdministration } from './features/spaces/administration.ts'
import { spaceDirectory } from './features/spaces/directory.ts'
import { expiryNotices } from './features/spaces/expiry-notices.ts'
import { vcardsStorage } from './features/vcards-storage/vcards-storage.ts'
import { wizard } from './features/wizard/wizard.ts'
import { accountEvents } from './hooks/account-events.ts'
import { hooks } from './hooks/hooks.ts'
import { limits } from './http/limits.ts'
import { longReplies } from './http/long-replies.ts'
import { outages } from './http/outages.ts'
import type { Visit } from './http/visit.ts'
import { jobs } from './jobs/jobs.ts'
import { leases } from './jobs/leases.ts'
import { jobRunner } from './jobs/runner.ts'
import type { Logging } from './logging/logging.ts'
import { mail } from './mail/mail.ts'
import type { Channel } from './outbox/messages.ts'
import { outbox } from './outbox/outbox.ts'
import { formTokens } from './panel/csrf.ts'
import { navigation } from './panel/navigation.ts'
import { type IniDocument, parseIni } from './protocols/ini.ts'
import { type Push, push } from './push/push.ts'
import { registrar } from './registrar/registrar.ts'
import { type Random, secrets } from './secrets.ts'
import { smsLimits } from './sms/limits.ts'
import { sms } from './sms/sms.ts'

/** What the outside world gives: everything a test wants to hold in its own hands. */
export interface World {
  readonly config: Config
  readonly appKey: Uint8Array
  readonly log: Logging
  readonly now: () => Date
  readonly random: Random
  /** Waits before an answer that is slow on purpose. */
  readonly pause?: (ms: number) => Promise<void>
  /** Push services; the ones that the configuration names when absent. */
  readonly push?: Push
  /** How messages leave; as configured when absent. */
  readonly channels?: readonly Channel[]
}

export const openDatabase = (config: Config): Db => {
  const location = databaseLocation(config)
  return location.kind === 'postgres' ? openPostgres(location.url) : openSqlite(location.file)
}

const DEFAULT_NONCE_LIFETIME_MINUTES = 5

/** Small files that pages need, all of them in memory. */
const UNCOUNTED = new Set(['/assets/:name', '/storage/img/:logo', '/robots.txt'])

/** A missing file is an empty base document (spec provisioning.md §6.3). */
const instanceEntries = (config: Config, log: Logging): IniDocument | null => {
  const file = config.ACCOUNT_PROVISIONING_RC_FILE
  if (file === null) return null
  try {
    return parseIni(readFileSync(file, 'utf8'))
  } catch (error) {
    log.app.warn('ACCOUNT_PROVISIONING_RC_FILE cannot be read; its entries are not served', { file, error })
    return null
  }
}

/** config → database → every feature: plain calls, no container. */
export const services = (world: World, db: Db) => {
  const { config, log, now } = world
  const at = () => now().getTime()
  const keys = secrets(world.appKey, world.random, config.APP_KEY_PREVIOUS)
  const spaces = spaceDirectory(db, at)
  const limited = limits(config, db, log)
  const base = { config, db, secrets: keys, spaces, log, now }

  const messages = outbox(base)
  const emailServers = spaceEmailServers(base)
  const { senderOf, spacesWithServer } = emailServers
  const mails = mail({ ...base, senderOf, spacesWithServer })
  const keysOfAccounts = apiKeys(base)
  const signedIn = sessions(base)
  const lifetimeMs = (config.DIGEST_NONCE_LIFETIME_MINUTES ?? DEFAULT_NONCE_LIFETIME_MINUTES) * 60_000
  const inMemory = db.dialect === 'sqlite'
  // Counts that live in this process die with it, and so must its nonces.
  const nonceKey = Buffer.concat([keys.keyFor('digest nonces'), inMemory ? world.random(32) : new Uint8Array()])
  const spent = inMemory ? spentCountsInMemory() : spentCountsInDatabase(db, lifetimeMs)
  const credentials = authenticationStore(db)
  const proofs = authentication({
    db,
    now,
    store: credentials,
    spaces,
    apiKeys: keysOfAccounts,
    nonces: nonces(nonceKey, world.random, at, lifetimeMs, spent),
    decoys: config.PUBLIC_ACCOUNT_INFO ? null : decoys({ key: keys.keyFor('decoys'), store: credentials, now: at }),
    limits: limited,
    log,
  })

  const entries = dictionary(base)
  const countries = phoneCountries(base)
  const tokens = provisioningTokens(base)
  const pendingKeys = confirmationKeys(base)
  const noticesOfAccounts = notices({ ...base, outbox: messages, canSend: mails.canSend })
  const registrations = registrar({ config, log, now })
  const bridged = bridge({ db, registrar: registrations, outbox: messages })
  const hooksOfOperator = hooks({ config, log })
  const eventsOfAccounts = accountEvents({ hooks: hooksOfOperator, outbox: messages })
  const accountsOfSpaces = accounts({
    ...base,
    accountEvents: eventsOfAccounts,
    bridge: bridged,
    limits: limited,
    sessions: signedIn,
    notices: noticesOfAccounts,
    outbox: messages,
    confirmationKeys: pendingKeys,
    apiKeys: keysOfAccounts,
    provisioningTokens: tokens,
    dictionary: entries,
    phoneCountries: countries,
  })

  const linesOfAccounts = externalAccounts({ ...base, accounts: accountsOfSpaces, bridge: bridged })
  const addressBooks = carddav({ ...base, accounts: accountsOfSpaces })
  const identities = authTokens({ ...base, accounts: accountsOfSpaces, apiKeys: keysOfAccounts })
  const browsers = knownBrowsers(base)
  const proven = signIn({
    ...base,
    accounts: accountsOfSpaces,
    authTokens: identities,
    sessions: signedIn,
    limits: limited,
    browsers,
    pause: world.pause ?? Bun.sleep,
  })
  const pushes = world.push ?? push({ config, log, now })
  const tokensOfAccounts = accountTokens({ ...base, push: pushes })

  const shortCodes = codes(base)
  const texts = sms({ config, log, now, spaceOf: spaces.byId })
  const textsLimited = smsLimits({ config, db, log, confirmedShare: shortCodes.confirmedShare })
  const details = contactDetails({
    ...base,
    accounts: accountsOfSpaces,
    accountTokens: tokensOfAccounts,
    blocking: blocking({ ...base, accounts: accountsOfSpaces, sessions: signedIn, codes: shortCodes }),
    codes: shortCodes,
    limits: limited,
    notices: noticesOfAccounts,
    outbox: messages,
    phoneCountries: countries,
    sessions: signedIn,
    admitSms: textsLimited.admit,
  })

  const recoveries = recovery({
    ...base,
    accounts: accountsOfSpaces,
    accountTokens: tokensOfAccounts,
    codes: shortCodes,
    sessions: signedIn,
    limits: limited,
    outbox: messages,
    phoneCountries: countries,
    admitSms: textsLimited.admit,
  })

  const housekeeping = accountHousekeeping({ ...base, bridge: bridged })
  const expiring = expiryNotices({ ...base, outbox: messages })
  const leased = leases(base)
  const periodic = jobs({ config, now, housekeeping, limits: limited, outbox: messages, expiryNotices: expiring })

  const documents = provisioning({
    ...base,
    carddav: addressBooks,
    externalAccounts: linesOfAccounts,
    hooks: hooksOfOperator,
    accounts: accountsOfSpaces,
    provisioningTokens: tokens,
    authTokens: identities,
    confirmationKeys: pendingKeys,
    instanceEntries: instanceEntries(config, log),
  })

  const brands = branding(base)
  const wire = accountWire(config, { code: keys.open, token: tokens.reveal })
  const people = contacts({ ...base, accounts: accountsOfSpaces })
  const cards = vcardsStorage({ ...base, accounts: accountsOfSpaces })
  const phones = devices({ registrar: registrations, log, now })

  return {
    ...base,
    world,
    hooks: hooksOfOperator,
    push: pushes,
    registrar: registrations,
    outbox: messages,
    /** How messages leave the building. */
    channels: world.channels ?? [mails, texts, recoveries.channel, bridged.channel, eventsOfAccounts.channel],
    mail: mails,
    sms: texts,
    spaceEmailServers: emailServers,
    smsLimits: textsLimited,
    codes: shortCodes,
    contactDetails: details,
    notices: noticesOfAccounts,
    sessions: signedIn,
    signIn: proven,
    knownBrowsers: browsers,
    ownAccount: ownAccount({
      ...base,
      accounts: accountsOfSpaces,
      apiKeys: keysOfAccounts,
      contacts: people,
      devices: phones,
      sessions: signedIn,
      signIn: proven,
      vcardsStorage: cards,
      wire,
    }),
    passwordResets: passwordResets({
      ...base,
      accounts: accountsOfSpaces,
      sessions: signedIn,
      limits: limited,
      outbox: messages,
    }),
    recovery: recoveries,
    branding: brands,
    signUp: signUp({
      ...base,
      accounts: accountsOfSpaces,
      accountTokens: tokensOfAccounts,
      codes: shortCodes,
      contactDetails: details,
      sessions: signedIn,
      limits: limited,
      phoneCountries: countries,
      admitSms: textsLimited.admit,
      canSend: mails.canSend,
    }),
    captcha: captcha(base),
    formTokens: formTokens(keys),
    navigation: navigation(config),
    accountTokens: tokensOfAccounts,
    registration: registration({ db, accounts: accountsOfSpaces, accountTokens: tokensOfAccounts }),
    authTokens: identities,
    activation: activation({
      ...base,
      accounts: accountsOfSpaces,
      confirmationKeys: pendingKeys,
      contactDetails: details,
      limits: limited,
    }),
    wire,
    limits: limited,
    outages: outages(log, now),
    authentication: proofs,
    apiKeys: keysOfAccounts,
    dictionary: entries,
    devices: phones,
    contacts: people,
    contactsLists: contactsLists({ ...base, accounts: accountsOfSpaces }),
    accountTypes: accountTypes({ ...base, accounts: accountsOfSpaces }),
    accountActions: accountActions({ ...base, accounts: accountsOfSpaces }),
    vcardsStorage: cards,
    longReplies: longReplies({ log, now }),
    phoneCountries: countries,
    provisioningTokens: tokens,
    accounts: accountsOfSpaces,
    administrators: administrators({
      ...base,
      accounts: accountsOfSpaces,
      apiKeys: keysOfAccounts,
      provisioningTokens: tokens,
    }),
    spaceAdministration: spaceAdministration({
      ...base,
      announceDeleted: accountsOfSpaces.announceDeleted,
      removeFiles: brands.removeFolder,
    }),
    housekeeping,
    expiryNotices: expiring,
    leases: leased,
    jobs: jobRunner({ ...base, jobs: periodic, leases: leased }),
    externalAccounts: linesOfAccounts,
    carddav: addressBooks,
    provisioning: documents,
    wizard: wizard({
      ...base,
      accounts: accountsOfSpaces,
      provisioning: documents,
      provisioningTokens: tokens,
    }),
    /** Counts a request against the volume limit of its account, or of its address; only the API says what is left. */
    admitted: async (visit: Visit): Promise<void> => {
      const { points } = limited.api
      if (points === null || UNCOUNTED.has(visit.route)) return
      const key = visit.caller === null ? visit.network : `account:${visit.caller.id}`
      const tell = (remaining: number) => {
        if (visit.route.startsWith('/api/')) visit.quota = { limit: points, remaining }
      }
      tell(0)
      tell(await limited.api.consume(key))
    },
  }
}

export type Services = ReturnType<typeof services>
