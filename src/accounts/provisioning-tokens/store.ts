import { and, eq, lte, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
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

  const insert = db.prepare<Record<keyof NewToken, string | number | Date | null>>()(
    'insert_provisioning_token',
    (on) =>
      on
        .insert(tokens)
        .values({
          accountId: sql.placeholder('accountId'),
          token: sql.placeholder('token'),
          sealed: sql.placeholder('sealed'),
          used: false,
          ip: sql.placeholder('ip'),
          userAgent: sql.placeholder('userAgent'),
          createdAt: sql.placeholder('at'),
          updatedAt: sql.placeholder('at'),
        })
        .returning({ id: tokens.id }),
  )

  const unused = db.prepare<{ token: string; domain: string }>()('unused_provisioning_token', (on) =>
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
      .where(
        and(
          eq(tokens.token, sql.placeholder('token')),
          eq(tokens.used, false),
          eq(accounts.domain, sql.placeholder('domain')),
        ),
      ),
  )

  const consume = db.prepare<{ id: number; accountId: number; at: Date }>()('consume_provisioning_token', (on) =>
    on
      .update(tokens)
      .set({ used: true, sealed: null, updatedAt: sql`${sql.param(sql.placeholder('at'), tokens.updatedAt)}` })
      .where(
        and(
          eq(tokens.accountId, sql.placeholder('accountId')),
          eq(tokens.used, false),
          lte(tokens.id, sql.placeholder('id')),
        ),
      )
      .returning({ id: tokens.id }),
  )

  return {
    insert: (tx: Tx, row: NewToken) => insert(tx, { ...row }),
    /** The account's newest unused token, by its hash; older ones count as unknown. */
    unused: async (on: Reader, space: Pick<Space, 'domain'>, hash: string) => {
      const row = (await unused(on, { token: hash, domain: space.domain }))[0]
      return row === undefined || row.id !== Number(row.newest) ? null : row
    },
    revoke: (tx: Tx, accountId: number, at: Date) =>
      tx
        .update(tokens)
        .set({ used: true, sealed: null, updatedAt: at })
        .where(and(eq(tokens.accountId, accountId), eq(tokens.used, false))),
    /** The unused ones are gone; a spent one stays, and tells that a phone was set up before. */
    drop: (tx: Tx, accountId: number) =>
      tx
        .delete(tokens)
        .where(and(eq(tokens.accountId, accountId), eq(tokens.used, false)))
        .returning({ id: tokens.id }),
    /** True for exactly one caller. The account's older tokens go along: spending the newest must not revive them. */
    consume: async (tx: Tx, token: { id: number; accountId: number }, at: Date) =>
      (await consume(tx, { ...token, at })).some(({ id }) => id === token.id),
  }
}
