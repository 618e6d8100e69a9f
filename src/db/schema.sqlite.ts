// drizzle-kit reads this file to generate the migrations.
import { sqliteColumns } from './columns.sqlite.ts'
import { defineTables } from './tables.ts'

export const {
  spaces,
  spaceDigestAuthenticationConfigurations,
  accounts,
  accountBlocks,
  passwords,
  accountsTombstones,
  apiKeys,
  provisioningTokens,
  accountCreationTokens,
  accountCreationRequestTokens,
  accountRecoveryTokens,
  authTokens,
  accountConfirmationKeys,
  accountDictionaryEntries,
  phoneCountries,
  nonces,
  spaceEmailServers,
  phoneChangeCodes,
  emailChangeCodes,
  recoveryCodes,
  resetPasswordEmailTokens,
  sessions,
  outboxMessages,
  leases,
  jobRuns,
} = defineTables(sqliteColumns)
