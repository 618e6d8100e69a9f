import { readFileSync } from 'node:fs'
import { captcha } from './captcha/captcha.ts'
import type { Config } from './config/config.ts'
import { databaseLocation } from './config/database-location.ts'
import type { Db } from './db/db.ts'
import { openPostgres } from './db/postgres.ts'
import { openSqlite } from './db/sqlite.ts'
import { accountTokens } from './features/account-tokens/account-tokens.ts'
import { accounts } from './features/accounts/accounts.ts'
import { administrators } from './features/accounts/administrators.ts'
import { accountHousekeeping } from './features/accounts/housekeeping.ts'
import { accountWire } from './features/accounts/wire.ts'
import { activation } from './features/activation/activation.ts'
import { apiKeys } from './features/api-keys/api-keys.ts'
import { authTokens } from './features/auth-tokens/auth-tokens.ts'
import { authentication } from './features/authentication/authentication.ts'
import { nonces, spentCountsInDatabase, spentCountsInMemory } from './features/authentication/nonces.ts'
import { authenticationStore } from './features/authentication/store.ts'
import { codes } from './features/codes/codes.ts'
import { confirmationKeys } from './features/confirmation-keys/confirmation-keys.ts'
import { dictionary } from './features/dictionary/dictionary.ts'
import { phoneCountries } from './features/phone-countries/phone-countries.ts'
import { provisioning } from './features/provisioning/provisioning.ts'
import { provisioningTokens } from './features/provisioning-tokens/provisioning-tokens.ts'
import { registration } from './features/registration/registration.ts'
import { spaceAdministration } from './features/spaces/administration.ts'
import { spaceDirectory } from './features/spaces/directory.ts'
import { limits } from './http/limits.ts'
import type { Visit } from './http/visit.ts'
import type { Logging } from './logging/logging.ts'
import type { Channel } from './outbox/messages.ts'
import { outbox } from './outbox/outbox.ts'
import { formTokens } from './panel/csrf.ts'
import { type IniDocument, parseIni } from './protocols/ini.ts'
import { type Push, push } from './push/push.ts'
import { type Random, secrets } from './secrets.ts'

/** What the outside world gives: everything a test wants to hold in its own hands. */
export interface World {
  readonly config: Config
  readonly appKey: Uint8Array
  readonly log: Logging
  readonly now: () => Date
  readonly random: Random
  /** Push services; the ones that the configuration names when absent. */
  readonly push?: Push
  /** How messages leave; mail and SMS as configured when absent. */
  readonly channels?: readonly Channel[]
}

export const openDatabase = (config: Config): Db => {
  const location = databaseLocation(config)
  return location.kind === 'postgres' ? openPostgres(location.url) : openSqlite(location.file)
}

const DEFAULT_NONCE_LIFETIME_MINUTES = 5

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
  const keys = secrets(world.appKey, world.random)
  const spaces = spaceDirectory(db, at)
  const limited = limits(config, db, log)
  const base = { config, db, secrets: keys, spaces, log, now }

  const messages = outbox(base)
  const keysOfAccounts = apiKeys(base)
  const lifetimeMs = (config.DIGEST_NONCE_LIFETIME_MINUTES ?? DEFAULT_NONCE_LIFETIME_MINUTES) * 60_000
  const inMemory = db.dialect === 'sqlite'
  // Counts that live in this process die with it, and so must its nonces.
  const nonceKey = Buffer.concat([keys.keyFor('digest nonces'), inMemory ? world.random(32) : new Uint8Array()])
  const spent = inMemory ? spentCountsInMemory() : spentCountsInDatabase(db, lifetimeMs)
  const proofs = authentication({
    db,
    now,
    store: authenticationStore(db),
    spaces,
    apiKeys: keysOfAccounts,
    nonces: nonces(nonceKey, world.random, at, lifetimeMs, spent),
    limits: limited,
    log,
  })

  const entries = dictionary(base)
  const countries = phoneCountries(base)
  const tokens = provisioningTokens(base)
  const pendingKeys = confirmationKeys(base)
  const accountsOfSpaces = accounts({
    ...base,
    confirmationKeys: pendingKeys,
    apiKeys: keysOfAccounts,
    provisioningTokens: tokens,
    dictionary: entries,
    phoneCountries: countries,
  })

  const identities = authTokens({ ...base, accounts: accountsOfSpaces, apiKeys: keysOfAccounts })
  const pushes = world.push ?? push({ config, log, now })
  const tokensOfAccounts = accountTokens({ ...base, push: pushes })

  return {
    ...base,
    world,
    push: pushes,
    outbox: messages,
    /** How messages leave the building. */
    channels: world.channels ?? [],
    codes: codes(base),
    captcha: captcha(base),
    formTokens: formTokens(keys),
    accountTokens: tokensOfAccounts,
    registration: registration({ db, accounts: accountsOfSpaces, accountTokens: tokensOfAccounts }),
    authTokens: identities,
    activation: activation({ ...base, accounts: accountsOfSpaces, confirmationKeys: pendingKeys, limits: limited }),
    wire: accountWire(config),
    limits: limited,
    authentication: proofs,
    apiKeys: keysOfAccounts,
    dictionary: entries,
    phoneCountries: countries,
    provisioningTokens: tokens,
    accounts: accountsOfSpaces,
    administrators: administrators({
      ...base,
      accounts: accountsOfSpaces,
      apiKeys: keysOfAccounts,
      provisioningTokens: tokens,
    }),
    spaceAdministration: spaceAdministration(base),
    housekeeping: accountHousekeeping(base),
    provisioning: provisioning({
      ...base,
      accounts: accountsOfSpaces,
      provisioningTokens: tokens,
      authTokens: identities,
      confirmationKeys: pendingKeys,
      instanceEntries: instanceEntries(config, log),
    }),
    /** Counts a request against the volume limit of its account, or of its address. */
    admitted: async (visit: Visit): Promise<void> => {
      const { points } = limited.api
      if (points === null || !visit.route.startsWith('/api')) return
      const key = visit.caller === null ? visit.address : `account:${visit.caller.id}`
      visit.quota = { limit: points, remaining: 0 }
      visit.quota = { limit: points, remaining: await limited.api.consume(key) }
    },
  }
}

export type Services = ReturnType<typeof services>
