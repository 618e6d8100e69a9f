import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Db } from '../../db/db.ts'
import { type Caller, refuseNamedKey } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'

/** The one key of an account for programs of its own, as its owner makes and ends it. */
export const apiKey = (deps: { db: Db; accounts: Accounts; apiKeys: ApiKeys; audit: Audit }) => {
  const { db, accounts, apiKeys, audit } = deps

  return {
    /** What is known of it, but never the key; null: there is none. */
    of: (caller: Caller) => apiKeys.own(caller.id),
    /** A new key in the place of the one before, bound to the address of the caller. It is shown this once. */
    renew: async (visit: Visit, caller: Caller): Promise<string> => {
      refuseNamedKey(caller)
      return db.transaction(async (tx) => {
        await accounts.hold(tx, caller.space, caller.id)
        const key = await apiKeys.regenerate(tx, caller.id, visit.address)
        await audit.record(tx, 'apikey.created', { by: visit, space: caller.space, about: caller })
        return key
      })
    },
    revoke: async (visit: Visit, caller: Caller): Promise<void> => {
      await db.transaction(async (tx) => {
        await accounts.hold(tx, caller.space, caller.id)
        if (!(await apiKeys.revoke(tx, caller.id))) return
        await audit.record(tx, 'apikey.deleted', { by: visit, space: caller.space, about: caller })
      })
    },
  }
}

export type ApiKey = ReturnType<typeof apiKey>
