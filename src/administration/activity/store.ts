import { desc, eq } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'

/** Of one kind, the newest. */
const MOST = 20

/** What was given out to an account, with where it was asked for and what became of it: never what it is. */
export const activityStore = (db: Db) => {
  const {
    accountCreationTokens,
    accountRecoveryTokens,
    emailChangeCodes,
    phoneChangeCodes,
    provisioningTokens,
    recoveryCodes,
    resetPasswordEmailTokens: resets,
  } = db.tables

  /** Tokens are used or not. */
  const tokens = (
    on: Reader,
    table: typeof accountCreationTokens | typeof accountRecoveryTokens | typeof provisioningTokens | typeof resets,
    accountId: number,
  ) =>
    on
      .select({
        createdAt: table.createdAt,
        updatedAt: table.updatedAt,
        used: table.used,
        ip: table.ip,
        userAgent: table.userAgent,
      })
      .from(table)
      .where(eq(table.accountId, accountId))
      .orderBy(desc(table.id))
      .limit(MOST)

  /** Codes are confirmed, replaced by a newer one, or neither. */
  const codeColumns = (table: typeof emailChangeCodes | typeof phoneChangeCodes | typeof recoveryCodes) => ({
    createdAt: table.createdAt,
    confirmedAt: table.confirmedAt,
    code: table.code,
    ip: table.ip,
    userAgent: table.userAgent,
  })

  return {
    creationTokens: (on: Reader, id: number) => tokens(on, accountCreationTokens, id),
    recoveryTokens: (on: Reader, id: number) => tokens(on, accountRecoveryTokens, id),
    provisioningTokens: (on: Reader, id: number) => tokens(on, provisioningTokens, id),
    resets: (on: Reader, id: number) => tokens(on, resets, id),
    emailCodes: (on: Reader, id: number) =>
      on
        .select({ ...codeColumns(emailChangeCodes), to: emailChangeCodes.email })
        .from(emailChangeCodes)
        .where(eq(emailChangeCodes.accountId, id))
        .orderBy(desc(emailChangeCodes.id))
        .limit(MOST),
    phoneCodes: (on: Reader, id: number) =>
      on
        .select({ ...codeColumns(phoneChangeCodes), to: phoneChangeCodes.phone })
        .from(phoneChangeCodes)
        .where(eq(phoneChangeCodes.accountId, id))
        .orderBy(desc(phoneChangeCodes.id))
        .limit(MOST),
    recoveryCodes: (on: Reader, id: number) =>
      on
        .select({ ...codeColumns(recoveryCodes), email: recoveryCodes.email, phone: recoveryCodes.phone })
        .from(recoveryCodes)
        .where(eq(recoveryCodes.accountId, id))
        .orderBy(desc(recoveryCodes.id))
        .limit(MOST),
  }
}
