import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Db, Tx } from '../../db/db.ts'
import type { PasswordAlgorithm } from '../../nouns/space.ts'
import { closureOf, type Standing } from '../../nouns/standing.ts'
import { ha1 } from '../../protocols/digest.ts'
import type { Secrets } from '../../secrets.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import { accessStore } from './access-store.ts'
import type { AccountStore } from './store.ts'

/** 256 bits in letters and digits: a code that nobody can type. */
const UNGUESSABLE_LENGTH = 43

/** Whose request it is. */
interface Asker {
  readonly address: string
  readonly userAgent: string | null
}

/** A password and what it is hashed with; `realm` null: the Space stores none. */
export interface NewSecret {
  readonly username: string
  readonly realm: string | null
  readonly algorithm: PasswordAlgorithm
  readonly password: string
  readonly by: Asker
}

/** What opens an account: its password, and all that was given out to whoever had it. Call it while the account is held. */
export const access = (deps: {
  db: Db
  store: AccountStore
  secrets: Secrets
  apiKeys: ApiKeys
  provisioningTokens: ProvisioningTokens
  sessions: Sessions
  now: () => Date
}) => {
  const { db, store, secrets, apiKeys, provisioningTokens, sessions, now } = deps
  const others = accessStore(db)

  /** Ends all sessions of the account and its own API key. Resolves to how many sessions ended. */
  const signOut = async (tx: Tx, accountId: number): Promise<number> => {
    await apiKeys.revoke(tx, accountId)
    return sessions.revoke(tx, accountId)
  }

  /**
   * Ends all that opens the account besides its password, for good: its own API key, provisioning tokens and links,
   * attached auth tokens, reset links, recovery codes and sessions. A provisioning token that waited is replaced by
   * another one. Resolves to how many sessions ended.
   */
  const end = async (tx: Tx, accountId: number, by: Asker): Promise<number> => {
    const at = now()
    if (await provisioningTokens.drop(tx, accountId)) await provisioningTokens.issue(tx, accountId, by)
    await others.dropAuthTokens(tx, accountId)
    await others.useUpResets(tx, accountId, at)
    await others.replaceRecoveryCodes(tx, accountId, secrets.seal(secrets.token(UNGUESSABLE_LENGTH)), at)
    await others.useUpWizards(tx, accountId, at)
    return signOut(tx, accountId)
  }

  return {
    end,
    signOut,
    /**
     * After the account was blocked or switched off, or the contrary. Nobody is signed in to a closed account, and what
     * else was given out is refused while it is closed, with a reason; once it is open again, all of that is worth nothing
     * (D48, D55).
     */
    follow: async (tx: Tx, before: Standing & { readonly id: number }, after: Standing, by: Asker): Promise<number> => {
      if (after.switchedOff) return signOut(tx, before.id)
      if (after.blocked) return sessions.revoke(tx, before.id)
      return closureOf(before) === null ? 0 : end(tx, before.id, by)
    },
    /**
     * The one way to a new password, whoever sets it: what the old one gave access to ends with it (D55). A browser that
     * goes on needs a new session.
     */
    setPassword: async (tx: Tx, accountId: number, secret: NewSecret): Promise<number> => {
      const { username, realm, algorithm, password, by } = secret
      const stored = realm === null ? null : { algorithm, ha1: ha1(algorithm, username, realm, password) }
      await store.replacePasswords(tx, accountId, stored)
      return end(tx, accountId, by)
    },
  }
}
