import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'

export const apiKeyStore = (db: Db) => {
  const { apiKeys, accounts } = db.tables

  const byHash = db.prepare('api_key_by_hash', { key: apiKeys.key }, (on, { key }) =>
    on
      .select({
        keyId: apiKeys.id,
        ip: apiKeys.ip,
        lastUsedAt: apiKeys.lastUsedAt,
        expiresAfterLastUsedMinutes: apiKeys.expiresAfterLastUsedMinutes,
        id: accounts.id,
        username: accounts.username,
        domain: accounts.domain,
        admin: accounts.admin,
        activated: accounts.activated,
        blocked: accounts.blocked,
        switchedOff: accounts.switchedOff,
      })
      .from(apiKeys)
      .innerJoin(accounts, eq(accounts.id, apiKeys.accountId))
      .where(eq(apiKeys.key, key)),
  )

  return {
    /** Keys are long and random: whoever knows one may be of any Space. */
    byHash: (hash: string) => first(byHash(db.read, { key: hash })),
    /** The account's own key, false if it had none; keys that an administrator made stay. */
    deleteOwn: (tx: Tx, accountId: number) =>
      exists(
        tx
          .delete(apiKeys)
          .where(and(eq(apiKeys.accountId, accountId), isNull(apiKeys.expiresAfterLastUsedMinutes)))
          .returning({ id: apiKeys.id }),
      ),
    own: (on: Reader, accountId: number) =>
      first(
        on
          .select({
            keyId: apiKeys.id,
            ip: apiKeys.ip,
            requests: apiKeys.requests,
            lastUsedAt: apiKeys.lastUsedAt,
            createdAt: apiKeys.createdAt,
          })
          .from(apiKeys)
          .where(and(eq(apiKeys.accountId, accountId), isNull(apiKeys.expiresAfterLastUsedMinutes))),
      ),
    insert: (tx: Tx, row: typeof apiKeys.$inferInsert) => tx.insert(apiKeys).values(row).returning({ id: apiKeys.id }),
    addUse: (tx: Tx, keyId: number, requests: number, lastUsedAt: Date) =>
      tx
        .update(apiKeys)
        .set({ requests: sql`${apiKeys.requests} + ${requests}`, lastUsedAt })
        .where(eq(apiKeys.id, keyId)),
  }
}
