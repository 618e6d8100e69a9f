import { and, desc, eq, lt, sql } from 'drizzle-orm'
import type { Db } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'
import type { Scope, Space } from '../../nouns/space.ts'

export interface StoredPassword {
  readonly algorithm: 'MD5' | 'SHA-256' | 'CLRTXT'
  readonly password: string
}

/** So many accounts show what a Space's accounts are like. */
const SAMPLE = 200

export const authenticationStore = (db: Db) => {
  const { accounts, passwords } = db.tables

  const byAddress = db.prepare(
    'account_by_address',
    { username: accounts.username, domain: accounts.domain },
    (on, { username, domain }) =>
      on
        .select({
          id: accounts.id,
          username: accounts.username,
          domain: accounts.domain,
          admin: accounts.admin,
          activated: accounts.activated,
          blocked: accounts.blocked,
          switchedOff: accounts.switchedOff,
          // One text for all rows: `MD5:<ha1>` lines.
          passwords: sql<string | null>`(
          select string_agg(p.algorithm || ':' || p.password, ${sql.raw("'\n'")})
          from ${passwords} p where p.account_id = accounts.id)`,
        })
        .from(accounts)
        .where(and(eq(accounts.username, username), eq(accounts.domain, domain))),
  )

  const newest = db.prepare('newest_algorithms', { domain: accounts.domain }, (on, { domain }) =>
    on
      .select({
        algorithms: sql<string | null>`(
          select string_agg(p.algorithm, ',') from ${passwords} p where p.account_id = accounts.id)`,
      })
      .from(accounts)
      .where(eq(accounts.domain, domain))
      .orderBy(desc(accounts.id))
      .limit(SAMPLE),
  )

  return {
    /** The algorithms of each of the Space's newest accounts that has a password. */
    newestAlgorithms: async ({ space }: { space: Pick<Space, 'domain'> }): Promise<string[][]> =>
      (await newest(db.read, { domain: space.domain })).flatMap(({ algorithms }) =>
        algorithms === null ? [] : [algorithms.split(',')],
      ),
    /** The account with that SIP address, with its password rows. Needs the right to look into every Space. */
    accountWithPasswords: async (scope: Scope, username: string, domain: string) => {
      if ('space' in scope && scope.space.domain !== domain) return null
      const row = await first(byAddress(db.read, { username, domain }))
      if (row === null) return null
      const stored = (row.passwords ?? '').split('\n').filter(Boolean)
      return {
        ...row,
        passwords: stored.map((line): StoredPassword => {
          const colon = line.indexOf(':')
          return { algorithm: line.slice(0, colon) as StoredPassword['algorithm'], password: line.slice(colon + 1) }
        }),
      }
    },
  }
}

export const nonceStore = (db: Db) => {
  const { nonces } = db.tables
  const spend = db.prepare(
    'spend_nonce',
    { nonce: nonces.nonce, nc: nonces.nc, expiresAt: nonces.expiresAt },
    (on, row) =>
      on
        .insert(nonces)
        .values(row)
        .onConflictDoUpdate({
          target: nonces.nonce,
          set: { nc: sql`excluded.nc` },
          setWhere: lt(nonces.nc, sql`excluded.nc`),
        })
        .returning({ nc: nonces.nc }),
  )
  return {
    /** True for exactly one caller per count, and only when the count rises. */
    spend: (nonce: string, nc: number, expiresAt: Date) =>
      db.transaction((tx) => exists(spend(tx, { nonce, nc, expiresAt }))),
  }
}
