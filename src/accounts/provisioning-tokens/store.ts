import { and, eq, lte, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

interface NewToken {
  readonly accountId: number
  /** Hashed. */
  readonly token: string
  readonly sealed: string
  readonly ip: string
  readonly userAgent: string | null
  readonly at: Date
}

export const provisioningTokenStore = (db: Db) => {
  const { provisioningTokens: tokens, accounts } = db.tables

  const insert = db.prepare(
    'insert_provisioning_token',
    {
      accountId: tokens.accountId,
      token: tokens.token,
      sealed: tokens.sealed,
      ip: tokens.ip,
      userAgent: tokens.userAgent,
      at: tokens.createdAt,
    },
    (on, { at, ...row }) =>
      on
        .insert(tokens)
        .values({
          ...row,
          used: false,
          createdAt: at,
          updatedAt: at,
        })
        .returning({ id: tokens.id }),
  )

  const unused = db.prepare(
    'unused_provisioning_token',
    { token: tokens.token, domain: accounts.domain },
    (on, { token, domain }) =>
      on
        .select({
          id: tokens.id,
          accountId: tokens.accountId,
          createdAt: tokens.createdAt,
          blocked: accounts.blocked,
          switchedOff: accounts.switchedOff,
          newest: sql<number>`(select max(t.id) from ${tokens} t where t.account_id = ${tokens.accountId} and not t.used)`,
        })
        .from(tokens)
        .innerJoin(accounts, eq(accounts.id, tokens.accountId))
        .where(and(eq(tokens.token, token), eq(tokens.used, false), eq(accounts.domain, domain))),
  )

  const consume = db.prepare(
    'consume_provisioning_token',
    { id: tokens.id, accountId: tokens.accountId, at: tokens.updatedAt },
    (on, { id, accountId, at }) =>
      on
        .update(tokens)
        .set({ used: true, sealed: null, updatedAt: at })
        .where(and(eq(tokens.accountId, accountId), eq(tokens.used, false), lte(tokens.id, id)))
        .returning({ id: tokens.id }),
  )

  return {
    insert: (tx: Tx, row: NewToken) => insert(tx, row),
    /** The account's newest unused token, by its hash; older ones count as unknown. */
    unused: async (on: Reader, space: Pick<Space, 'domain'>, hash: string) => {
      const row = await first(unused(on, { token: hash, domain: space.domain }))
      return row === null || row.id !== row.newest ? null : row
    },
    revoke: (tx: Tx, accountId: number, at: Date) =>
      tx
        .update(tokens)
        .set({ used: true, sealed: null, updatedAt: at })
        .where(and(eq(tokens.accountId, accountId), eq(tokens.used, false))),
    /** False: there was none. The unused ones are gone; a spent one stays, and tells that a phone was set up before. */
    drop: (tx: Tx, accountId: number) =>
      exists(
        tx
          .delete(tokens)
          .where(and(eq(tokens.accountId, accountId), eq(tokens.used, false)))
          .returning({ id: tokens.id }),
      ),
    /** True for exactly one caller. The account's older tokens go along: spending the newest must not revive them. */
    consume: async (tx: Tx, token: { id: number; accountId: number }, at: Date) =>
      (await consume(tx, { ...token, at })).some(({ id }) => id === token.id),
  }
}
