import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Db, Tx } from '../../db/db.ts'
import { closureOf, type Standing } from '../../nouns/standing.ts'
import type { Secrets } from '../../secrets.ts'
import type { ProvisioningTokens } from '../provisioning-tokens/provisioning-tokens.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'
import { revocationStore } from './store.ts'

/** 256 bits in letters and digits: a code that nobody can type. */
const UNGUESSABLE_LENGTH = 43

/** Whose request it is. */
export interface Asker {
  readonly address: string
  readonly userAgent: string | null
}

/** Ends what was given out to whoever had an account, and opens it besides its password. Call it while the account is held. */
export const revocation = (deps: {
  db: Db
  secrets: Secrets
  apiKeys: ApiKeys
  provisioningTokens: ProvisioningTokens
  sessions: Sessions
  sipProxy: SipProxy
  now: () => Date
}) => {
  const { db, secrets, apiKeys, provisioningTokens, sessions, sipProxy, now } = deps
  const store = revocationStore(db)

  /** Ends all sessions of the account and its own API key. Resolves to how many sessions ended. */
  const signOut = async (tx: Tx, accountId: number): Promise<number> => {
    await apiKeys.revoke(tx, accountId)
    return sessions.revoke(tx, accountId)
  }

  /**
   * Ends all that opens the account besides its password, for good: its own API key, provisioning tokens and links,
   * attached auth tokens, reset links, recovery codes and sessions. A provisioning token that waited is replaced by
   * another one. Named API keys stay: programs do not stop because a person has a new password. Resolves to how many
   * sessions ended.
   */
  const all = async (tx: Tx, accountId: number, by: Asker): Promise<number> => {
    const at = now()
    if (await provisioningTokens.drop(tx, accountId)) await provisioningTokens.issue(tx, accountId, by)
    await store.dropAuthTokens(tx, accountId)
    await store.useUpResets(tx, accountId, at)
    await store.replaceRecoveryCodes(tx, accountId, secrets.seal(secrets.token(UNGUESSABLE_LENGTH)), at)
    await store.useUpWizards(tx, accountId, at)
    return signOut(tx, accountId)
  }

  /** The account is open again: of what was given out before, named API keys too, nothing is worth anything. */
  const reopened = async (tx: Tx, accountId: number, by: Asker): Promise<number> => {
    await apiKeys.revokeNamed(tx, accountId)
    return all(tx, accountId, by)
  }

  return {
    all,
    signOut,
    /** It has gone to another Space: keys of programs would go along, to a host that they do not know. */
    moved: (tx: Tx, accountId: number) => apiKeys.revokeNamed(tx, accountId),
    /**
     * It has become an administrator, or is none any more: no session and no named key gets other rights than it was
     * made with. Resolves to how many sessions ended.
     */
    rightsChanged: async (tx: Tx, accountId: number): Promise<number> => {
      await apiKeys.revokeNamed(tx, accountId)
      return sessions.revoke(tx, accountId)
    },
    /**
     * After the account was blocked or switched off, or the contrary. Nobody is signed in to a closed account or
     * registered with it, and what else was given out is refused while it is closed, with a reason; once it is open again,
     * all of that is worth nothing (D48, D55).
     */
    follow: async (tx: Tx, before: Standing & { readonly id: number }, after: Standing, by: Asker): Promise<number> => {
      if (closureOf(before) === null && closureOf(after) !== null) await sipProxy.accountsClosed(tx, [before.id])
      if (after.switchedOff) return signOut(tx, before.id)
      if (after.blocked) return sessions.revoke(tx, before.id)
      return closureOf(before) === null ? 0 : reopened(tx, before.id, by)
    },
  }
}

export type Revocation = ReturnType<typeof revocation>
