import { accountTokens } from './access/account-tokens/account-tokens.ts'
import { apiKeys } from './access/api-keys/api-keys.ts'
import { namedKeys } from './access/api-keys/named-keys.ts'
import { authentication } from './access/authentication/authentication.ts'
import { knownBrowsers } from './access/known-browsers/known-browsers.ts'
import { sessions } from './access/sessions/sessions.ts'
import { accountFiles } from './accounts/account-files/account-files.ts'
import { accountNews } from './accounts/account-news/account-news.ts'
import { accountTypes } from './accounts/account-types/account-types.ts'
import { accounts } from './accounts/accounts/accounts.ts'
import { administrators } from './accounts/accounts/administrators.ts'
import { fixtures } from './accounts/accounts/fixtures.ts'
import { accountHousekeeping } from './accounts/accounts/housekeeping.ts'
import { accountWire } from './accounts/accounts/wire.ts'
import { blocking } from './accounts/blocking/blocking.ts'
import { codes } from './accounts/codes/codes.ts'
import { confirmationKeys } from './accounts/confirmation-keys/confirmation-keys.ts'
import { dictionary } from './accounts/dictionary/dictionary.ts'
import { dictionaryEntries } from './accounts/dictionary/entries.ts'
import { directory } from './accounts/directory/directory.ts'
import { notices } from './accounts/notices/notices.ts'
import { passwords } from './accounts/passwords/passwords.ts'
import { phoneCountries } from './accounts/phone-countries/phone-countries.ts'
import { provisioningTokens } from './accounts/provisioning-tokens/provisioning-tokens.ts'
import { revocation } from './accounts/revocation/revocation.ts'
import { sipProxy } from './accounts/sip-proxy/sip-proxy.ts'
import { carddavCredentials } from './address-books/carddav-credentials/carddav-credentials.ts'
import { contacts } from './address-books/contacts/contacts.ts'
import { contactsLists } from './address-books/contacts-lists/contacts-lists.ts'
import { names } from './address-books/names/names.ts'
import { vcardsStorage } from './address-books/vcards-storage/vcards-storage.ts'
import { bulk } from './administration/accounts-list/bulk.ts'
import { activity } from './administration/activity/activity.ts'
import { scope } from './administration/scope/scope.ts'
import { audit, type Operator } from './audit/audit.ts'
import { auditChain } from './audit/chain.ts'
import { auditErasure } from './audit/erasure.ts'
import { auditKeys } from './audit/keys.ts'
import { auditReading } from './audit/reading.ts'
import { auditRetention } from './audit/retention.ts'
import { auditVerification } from './audit/verification.ts'
import { captcha } from './captcha/captcha.ts'
import type { Config } from './config/config.ts'
import { databaseLocation } from './config/database-location.ts'
import type { Db } from './db/db.ts'
import { openPostgres } from './db/postgres.ts'
import { openSqlite } from './db/sqlite.ts'
import { files } from './files/files.ts'
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
import { leaving } from './moving-in/leaving.ts'
import { movingIn } from './moving-in/moving-in.ts'
import type { Channel } from './outbox/messages.ts'
import { outbox } from './outbox/outbox.ts'
import { outgoing } from './outgoing/outgoing.ts'
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
import { apiKey } from './self-service/api-key/api-key.ts'
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
import { spaceFigures } from './spaces/spaces/figures.ts'
import { spaceNews } from './spaces/spaces/news.ts'
import { webhooks } from './spaces/webhooks/webhooks.ts'
import type { AnyTaskKind } from './tasks/runner.ts'
import { tasks } from './tasks/tasks.ts'
import { accountActions } from './telephony/account-actions/account-actions.ts'
import { callForwardings } from './telephony/call-forwardings/call-forwardings.ts'
import { forwardingsToContacts } from './telephony/call-forwardings/stray.ts'
import { devices } from './telephony/devices/devices.ts'
import { bridge } from './telephony/external-accounts/bridge.ts'
import { externalAccounts } from './telephony/external-accounts/external-accounts.ts'
import { pushes } from './telephony/pushes/pushes.ts'
import { resolving } from './telephony/resolving/resolving.ts'
import { sipMessages } from './telephony/sip-messages/sip-messages.ts'
import { callLog } from './telephony/statistics/call-log.ts'
import { charts } from './telephony/statistics/charts.ts'
import { statisticsClearing } from './telephony/statistics/clearing.ts'
import { statistics } from './telephony/statistics/statistics.ts'
import { turn } from './telephony/turn/turn.ts'
import { voicemailEnclosures } from './telephony/voicemails/enclosures.ts'
import { voicemails } from './telephony/voicemails/voicemails.ts'
import { webhookDelivery } from './webhooks/delivery.ts'
import { webhookNews } from './webhooks/news.ts'

/** What the outside world gives: everything a test wants to hold in its own hands. */
export interface World {
  readonly config: Config
  readonly appKey: Uint8Array
  readonly log: Logging
  readonly now: () => Date
  readonly random: Random
  /** Who runs the command that this process is; absent: it serves, and does what it does by itself. */
  readonly operator?: Operator
  /** Waits before an answer that is slow on purpose. */
  readonly pause?: (ms: number) => Promise<void>
  /** Push services; the ones that the configuration names when absent. */
  readonly push?: Push
  /** What long tasks there may be; those of the features when absent. */
  readonly taskKinds?: readonly AnyTaskKind[]
  /** How messages leave; as configured when absent. */
  readonly channels?: readonly Channel[]
}

export const openDatabase = (config: Config): Db => {
  const location = databaseLocation(config)
  return location.kind === 'postgres' ? openPostgres(location.url) : openSqlite(location.file)
}

/** The database and the world outside, and what hears of everything that happens. */
const basis = (world: World, db: Db) => {
  const { config, log, now, random } = world
  const spaces = spaceDirectory(db, () => now().getTime())
  const outside = { config, db, log, now, random, secrets: secrets(world.appKey, random, config.APP_KEY_PREVIOUS) }
  const chain = auditChain(outside)
  const told = audit({ ...outside, chain, operator: world.operator })
  const audits = { audit: told, auditChain: chain, auditVerification: auditVerification({ ...outside, chain }) }
  const base = { ...outside, spaces, ...audits, outbox: outbox(outside) }
  const telling = { ...base, webhookNews: webhookNews(base) }
  return { ...telling, accountNews: accountNews(telling), spaceNews: spaceNews(telling) }
}

/** What needs these, and nothing of each other. */
const ground = (world: World, db: Db) => {
  const base = basis(world, db)
  const { config, log, now, spaces } = base
  return {
    ...base,
    auditRetention: auditRetention(base),
    auditErasure: auditErasure(base),
    auditKeys: auditKeys(base),
    auditReading: auditReading(base),
    pause: world.pause ?? Bun.sleep,
    limits: limits(config, db, log),
    outages: outages(log, now),
    longReplies: longReplies(base),
    captcha: captcha(base),
    formTokens: formTokens(base.secrets),
    navigation: navigation(config),
    files: files(base),
    leases: leases(base),
    tasks: tasks(base),
    push: world.push ?? push(base),
    sms: sms({ ...base, spaceOf: spaces.byId }),
    outgoing: outgoing(base),
    registrar: registrar(base),
    hooks: hooks(base),
    branding: branding(base),
    carddavServers: carddavServers(base),
    spaceEmailServers: spaceEmailServers(base),
    apiKeys: apiKeys(base),
    sessions: sessions(base),
    knownBrowsers: knownBrowsers(base),
    codes: codes(base),
    confirmationKeys: confirmationKeys(base),
    dictionary: dictionary(base),
    directory: directory(base),
    phoneCountries: phoneCountries(base),
    provisioningTokens: provisioningTokens(base),
    statistics: statistics(base),
    turn: turn(base),
  }
}

/** What hears of accounts and recognises them, and the accounts themselves. */
const middle = (below: ReturnType<typeof ground>) => {
  const told = { ...below, sipProxy: sipProxy(below) }
  const around = {
    ...told,
    authentication: authentication(below),
    namedKeys: namedKeys(below),
    accountTokens: accountTokens(below),
    accountEvents: accountEvents(below),
    bridge: bridge(below),
    webhookDelivery: webhookDelivery(below),
    statisticsClearing: statisticsClearing(below),
    forwardingsToContacts: forwardingsToContacts(below),
    expiryNotices: expiryNotices(below),
    revocation: revocation(told),
    mail: mail({ ...below, ...below.spaceEmailServers, enclosures: { voicemail: voicemailEnclosures(below) } }),
    smsLimits: smsLimits(below),
    wire: accountWire(below.config, { code: below.secrets.open, token: below.provisioningTokens.reveal }),
  }
  const telling = { ...around, housekeeping: accountHousekeeping(around), notices: notices(around) }
  const proving = { ...telling, passwords: passwords(telling) }
  return { ...proving, accounts: accounts(proving) }
}

/** What is done with accounts: by administrators, by their owners, by phones. */
const top = (below: ReturnType<typeof middle>) => {
  const { accounts, branding } = below
  const single = {
    ...below,
    accountActions: accountActions(below),
    accountTypes: accountTypes(below),
    administrators: administrators(below),
    apiKey: apiKey(below),
    authTokens: authTokens(below),
    blocking: blocking(below),
    callForwardings: callForwardings(below),
    carddavCredentials: carddavCredentials(below),
    contacts: contacts(below),
    contactsLists: contactsLists(below),
    devices: devices(below),
    dictionaryEntries: dictionaryEntries(below),
    callLog: callLog(below),
    charts: charts(below),
    externalAccounts: externalAccounts(below),
    passwordResets: passwordResets(below),
    pushes: pushes(below),
    sipMessages: sipMessages(below),
    recovery: recovery(below),
    registration: registration(below),
    spaceFigures: spaceFigures(below),
    spaceAdministration: spaceAdministration({
      ...below,
      announceDeleted: accounts.announceDeleted,
      removeFiles: branding.removeFolder,
    }),
    webhooks: webhooks(below),
    vcardsStorage: vcardsStorage(below),
    voicemails: voicemails(below),
  }
  const joined = {
    ...single,
    accountFiles: accountFiles(single),
    contactDetails: contactDetails(single),
    fixtures: fixtures(single),
    names: names(single),
    provisioning: provisioning(single),
    resolving: resolving(single),
    signIn: signIn(single),
  }
  const administered = { ...joined, activity: activity(joined), scope: scope(joined) }
  return {
    ...administered,
    bulk: bulk(administered),
    activation: activation(joined),
    leaving: leaving(joined),
    movingIn: movingIn(joined),
    ownAccount: ownAccount(joined),
    signUp: signUp(joined),
    wizard: wizard(joined),
  }
}

/** config → database → every feature: plain calls, no container. Each layer is handed whole to the one above it. */
export const services = (world: World, db: Db) => {
  const features = top(middle(ground(world, db)))
  const { mail, sms, recovery, bridge, accountEvents, statisticsClearing, sipProxy, webhookDelivery } = features
  return {
    ...features,
    world,
    /** How messages leave the building. */
    channels: world.channels ?? [
      mail,
      sms,
      recovery.channel,
      bridge.channel,
      accountEvents.channel,
      statisticsClearing.channel,
      sipProxy.channel,
      webhookDelivery.channel,
    ],
    /** What tasks there may be. */
    taskKinds: world.taskKinds ?? [features.bulk.kind, features.accountFiles.task],
    jobs: jobRunner({ ...features, jobs: jobs(features) }),
  }
}

export type Services = ReturnType<typeof services>
