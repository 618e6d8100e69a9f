import { accountTokens } from './access/account-tokens/account-tokens.ts'
import { apiKeys } from './access/api-keys/api-keys.ts'
import { authentication } from './access/authentication/authentication.ts'
import { knownBrowsers } from './access/known-browsers/known-browsers.ts'
import { sessions } from './access/sessions/sessions.ts'
import { accountTypes } from './accounts/account-types/account-types.ts'
import { accounts } from './accounts/accounts/accounts.ts'
import { administrators } from './accounts/accounts/administrators.ts'
import { accountHousekeeping } from './accounts/accounts/housekeeping.ts'
import { accountWire } from './accounts/accounts/wire.ts'
import { blocking } from './accounts/blocking/blocking.ts'
import { codes } from './accounts/codes/codes.ts'
import { confirmationKeys } from './accounts/confirmation-keys/confirmation-keys.ts'
import { dictionary } from './accounts/dictionary/dictionary.ts'
import { notices } from './accounts/notices/notices.ts'
import { phoneCountries } from './accounts/phone-countries/phone-countries.ts'
import { provisioningTokens } from './accounts/provisioning-tokens/provisioning-tokens.ts'
import { carddavCredentials } from './address-books/carddav-credentials/carddav-credentials.ts'
import { contacts } from './address-books/contacts/contacts.ts'
import { contactsLists } from './address-books/contacts-lists/contacts-lists.ts'
import { vcardsStorage } from './address-books/vcards-storage/vcards-storage.ts'
import { captcha } from './captcha/captcha.ts'
import type { Config } from './config/config.ts'
import { databaseLocation } from './config/database-location.ts'
import type { Db } from './db/db.ts'
import { openPostgres } from './db/postgres.ts'
import { openSqlite } from './db/sqlite.ts'
import { accountEvents } from './hooks/account-events.ts'
import { hooks } from './hooks/hooks.ts'
import { limits } from './http/limits.ts'
import { longReplies } from './http/long-replies.ts'
import { outages } from './http/outages.ts'
import { jobs } from './jobs/jobs.ts'
import { leases } from './jobs/leases.ts'
import { jobRunner } from './jobs/runner.ts'
import type { Logging } from './logging/logging.ts'
import { mail } from './mail/mail.ts'
import type { Channel } from './outbox/messages.ts'
import { outbox } from './outbox/outbox.ts'
import { formTokens } from './panel/csrf.ts'
import { navigation } from './panel/navigation.ts'
import { provisioning } from './provisioning/provisioning/provisioning.ts'
import { wizard } from './provisioning/wizard/wizard.ts'
import { type Push, push } from './push/push.ts'
import { registrar } from './registrar/registrar.ts'
import { activation } from './registration/activation/activation.ts'
import { registration } from './registration/registration/registration.ts'
import { signUp } from './registration/sign-up/sign-up.ts'
import { type Random, secrets } from './secrets.ts'
import { authTokens } from './self-service/auth-tokens/auth-tokens.ts'
import { contactDetails } from './self-service/contact-details/contact-details.ts'
import { ownAccount } from './self-service/own-account/own-account.ts'
import { passwordResets } from './self-service/password-resets/password-resets.ts'
import { recovery } from './self-service/recovery/recovery.ts'
import { signIn } from './self-service/sign-in/sign-in.ts'
import { smsLimits } from './sms/limits.ts'
import { sms } from './sms/sms.ts'
import { branding } from './spaces/branding/branding.ts'
import { carddavServers } from './spaces/carddav-servers/carddav-servers.ts'
import { spaceEmailServers } from './spaces/space-email-servers/space-email-servers.ts'
import { spaceAdministration } from './spaces/spaces/administration.ts'
import { spaceDirectory } from './spaces/spaces/directory.ts'
import { expiryNotices } from './spaces/spaces/expiry-notices.ts'
import { accountActions } from './telephony/account-actions/account-actions.ts'
import { devices } from './telephony/devices/devices.ts'
import { bridge } from './telephony/external-accounts/bridge.ts'
import { externalAccounts } from './telephony/external-accounts/external-accounts.ts'

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
  const proofs = authentication({ ...base, random: world.random, apiKeys: keysOfAccounts, limits: limited })

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
  const addressBooks = carddavCredentials({ ...base, accounts: accountsOfSpaces })
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
    carddavCredentials: addressBooks,
    externalAccounts: linesOfAccounts,
    hooks: hooksOfOperator,
    accounts: accountsOfSpaces,
    provisioningTokens: tokens,
    authTokens: identities,
    confirmationKeys: pendingKeys,
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
    carddavServers: carddavServers(base),
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
    carddavCredentials: addressBooks,
    provisioning: documents,
    wizard: wizard({
      ...base,
      accounts: accountsOfSpaces,
      provisioning: documents,
      provisioningTokens: tokens,
    }),
  }
}

export type Services = ReturnType<typeof services>
