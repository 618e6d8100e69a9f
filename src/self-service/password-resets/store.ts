import { and, eq } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

export interface NewReset {
  readonly accountId: number
  readonly token: string
  /** Where the link went. */
  readonly email: string
  readonly ip: string
  readonly userAgent: string | null
}

export const passwordResetStore = (db: Db) => {
  const { resetPasswordEmailTokens: tokens, accounts } = db.tables

  const byHash = db.prepare(
    'password_reset_by_hash',
    { token: tokens.token, domain: accounts.domain },
    (on, { token, domain }) =>
      on
        .select({
          id: tokens.id,
          accountId: tokens.accountId,
          used: tokens.used,
          createdAt: tokens.createdAt,
          username: accounts.username,
          domain: accounts.domain,
          blocked: accounts.blocked,
          switchedOff: accounts.switchedOff,
        })
        .from(tokens)
        .innerJoin(accounts, eq(accounts.id, tokens.accountId))
        .where(and(eq(tokens.token, token), eq(accounts.domain, domain))),
  )

  return {
    insert: (tx: Tx, row: NewReset, at: Date) => tx.insert(tokens).values({ ...row, createdAt: at, updatedAt: at }),
    /** With its account, also when it was used. */
    byHash: (on: Reader, { space }: { space: Pick<Space, 'domain'> }, hash: string) =>
      first(byHash(on, { token: hash, domain: space.domain })),
    /** Older links of the account lead nowhere from now on. */
    useUp: (tx: Tx, accountId: number, at: Date) =>
      tx
        .update(tokens)
        .set({ used: true, updatedAt: at })
        .where(and(eq(tokens.accountId, accountId), eq(tokens.used, false))),
    /** True for exactly one caller. */
    consume: (tx: Tx, id: number, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(tokens)
          .set({ used: true, updatedAt: at })
          .where(and(eq(tokens.id, id), eq(tokens.used, false)))
          .returning({ id: tokens.id }),
      ),
  }
}
