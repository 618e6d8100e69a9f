import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Db } from '../../db/db.ts'
import type { Logging } from '../../logging/logging.ts'
import type { Caller } from '../../nouns/caller.ts'
import { actionRecords } from '../../nouns/security-record.ts'
import type { Visit } from '../../nouns/visit.ts'

/** The one key of an account for programs of its own, as its owner makes and ends it. */
export const apiKey = (deps: { db: Db; accounts: Accounts; apiKeys: ApiKeys; log: Logging }) => {
  const { db, accounts, apiKeys, log } = deps

  const record = actionRecords(log)

  return {
    /** What is known of it, but never the key; null: there is none. */
    of: (caller: Caller) => apiKeys.own(caller.id),
    /** A new key in the place of the one before, bound to the address of the caller. It is shown this once. */
    renew: async (visit: Visit, caller: Caller): Promise<string> => {
      const key = await db.transaction(async (tx) => {
        await accounts.hold(tx, caller.space, caller.id)
        return apiKeys.regenerate(tx, caller.id, visit.address)
      })
      record('apikey.created', visit, caller)
      return key
    },
    revoke: async (visit: Visit, caller: Caller): Promise<void> => {
      const isGone = await db.transaction(async (tx) => {
        await accounts.hold(tx, caller.space, caller.id)
        return apiKeys.revoke(tx, caller.id)
      })
      if (isGone) record('apikey.deleted', visit, caller)
    },
  }
}

export type ApiKey = ReturnType<typeof apiKey>
