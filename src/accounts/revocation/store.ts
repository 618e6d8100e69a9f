import { and, eq, isNotNull, isNull } from 'drizzle-orm'
import type { Db, Tx } from '../../db/db.ts'

/** What other features keep that opens an account besides its password, for `revocation.ts`, which ends it. */
export const revocationStore = (db: Db) => {
  const { authTokens, recoveryCodes, resetPasswordEmailTokens: resets, wizards } = db.tables
  return {
    dropAuthTokens: (tx: Tx, accountId: number) => tx.delete(authTokens).where(eq(authTokens.accountId, accountId)),
    useUpResets: (tx: Tx, accountId: number, at: Date) =>
      tx
        .update(resets)
        .set({ used: true, updatedAt: at })
        .where(and(eq(resets.accountId, accountId), eq(resets.used, false))),
    /** Codes that wait become `sealed`: from outside they look as before. */
    replaceRecoveryCodes: (tx: Tx, accountId: number, sealed: string, at: Date) =>
      tx
        .update(recoveryCodes)
        .set({ code: sealed, updatedAt: at })
        .where(and(eq(recoveryCodes.accountId, accountId), isNotNull(recoveryCodes.code))),
    /** Links that would set up an app with the account. */
    useUpWizards: (tx: Tx, accountId: number, at: Date) =>
      tx
        .update(wizards)
        .set({ usedAt: at, updatedAt: at })
        .where(and(eq(wizards.provisioningAccountId, accountId), isNull(wizards.usedAt))),
  }
}
