import { and, count, eq, isNotNull, isNull, type SQL, sql, exists as thereIs } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Scope } from '../../nouns/space.ts'

/** Whose named keys are meant: one account's, those of a Space, or all. */
export type Reach = { readonly accountId: number } | Scope

/** Which of them; what is null says nothing. */
export interface KeyFilter {
  readonly domain: string | null
  readonly accountId: number | null
}

export const apiKeyStore = (db: Db) => {
  const { apiKeys, accounts } = db.tables

  const byHash = db.prepare('api_key_by_hash', { key: apiKeys.key }, (on, { key }) =>
    on
      .select({
        keyId: apiKeys.id,
        ip: apiKeys.ip,
        name: apiKeys.name,
        scope: apiKeys.scope,
        networks: apiKeys.networks,
        expireAt: apiKeys.expireAt,
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

  const isNamed = isNotNull(apiKeys.expiresAfterLastUsedMinutes)
  const isOwn = (accountId: number) =>
    and(eq(apiKeys.accountId, accountId), isNull(apiKeys.expiresAfterLastUsedMinutes))

  /** On keys, whatever they are joined with: what is written is held to it, too. */
  const within = (reach: Reach): SQL | undefined => {
    if ('accountId' in reach) return eq(apiKeys.accountId, reach.accountId)
    if (!('space' in reach)) return undefined
    const owners = db.read
      .select({ id: accounts.id })
      .from(accounts)
      .where(and(eq(accounts.id, apiKeys.accountId), eq(accounts.domain, reach.space.domain)))
    return thereIs(owners)
  }

  const listed = (reach: Reach, { domain, accountId }: KeyFilter) =>
    and(
      isNamed,
      'space' in reach ? eq(accounts.domain, reach.space.domain) : within(reach),
      domain === null ? undefined : eq(accounts.domain, domain),
      accountId === null ? undefined : eq(apiKeys.accountId, accountId),
    )

  const shown = (on: Reader) =>
    on
      .select({
        id: apiKeys.id,
        name: apiKeys.name,
        prefix: apiKeys.prefix,
        scope: apiKeys.scope,
        networks: apiKeys.networks,
        requests: apiKeys.requests,
        idleMinutes: sql<number>`${apiKeys.expiresAfterLastUsedMinutes}`.mapWith(Number),
        expireAt: apiKeys.expireAt,
        lastUsedAt: apiKeys.lastUsedAt,
        lastUsedAddress: apiKeys.lastUsedAddress,
        createdAt: apiKeys.createdAt,
        accountId: apiKeys.accountId,
        username: accounts.username,
        domain: accounts.domain,
      })
      .from(apiKeys)
      .innerJoin(accounts, eq(accounts.id, apiKeys.accountId))

  return {
    /** Keys are long and random: whoever knows one may be of any Space. */
    byHash: (hash: string) => first(byHash(db.read, { key: hash })),
    /** The account's own key, false if it had none; named ones stay. */
    deleteOwn: (tx: Tx, accountId: number) =>
      exists(tx.delete(apiKeys).where(isOwn(accountId)).returning({ id: apiKeys.id })),
    deleteNamed: (tx: Tx, accountId: number) =>
      tx.delete(apiKeys).where(and(eq(apiKeys.accountId, accountId), isNamed)),
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
          .where(isOwn(accountId)),
      ),
    insert: (tx: Tx, row: typeof apiKeys.$inferInsert) =>
      only(tx.insert(apiKeys).values(row).returning({ id: apiKeys.id })),
    addUse: (tx: Tx, keyId: number, requests: number, lastUsedAt: Date, lastUsedAddress: string | null) =>
      tx
        .update(apiKeys)
        .set({ requests: sql`${apiKeys.requests} + ${requests}`, lastUsedAt, lastUsedAddress })
        .where(eq(apiKeys.id, keyId)),

    /** Named keys by id. */
    page: (on: Reader, reach: Reach, filter: KeyFilter, from: number, most: number) =>
      shown(on).where(listed(reach, filter)).orderBy(apiKeys.id).limit(most).offset(from),
    count: async (on: Reader, reach: Reach, filter: KeyFilter): Promise<number> =>
      (
        await only(
          on
            .select({ n: count() })
            .from(apiKeys)
            .innerJoin(accounts, eq(accounts.id, apiKeys.accountId))
            .where(listed(reach, filter)),
        )
      ).n,
    named: (on: Reader, reach: Reach, id: number) =>
      first(shown(on).where(and(listed(reach, { domain: null, accountId: null }), eq(apiKeys.id, id)))),
    /** Keeps a named key as it is until the transaction ends; false: there is none in reach. */
    hold: (tx: Tx, reach: Reach, id: number, at: Date) =>
      exists(
        tx
          .update(apiKeys)
          .set({ updatedAt: at })
          .where(and(eq(apiKeys.id, id), isNamed, within(reach)))
          .returning({ id: apiKeys.id }),
      ),
    update: (tx: Tx, id: number, columns: Partial<typeof apiKeys.$inferInsert>) =>
      tx.update(apiKeys).set(columns).where(eq(apiKeys.id, id)),
    /** False: somebody else has ended it. */
    delete: (tx: Tx, id: number) => exists(tx.delete(apiKeys).where(eq(apiKeys.id, id)).returning({ id: apiKeys.id })),
    /** Keeps the owner until the transaction ends, so that nobody else counts its keys; false: it is gone. */
    holdOwner: (tx: Tx, accountId: number) =>
      exists(
        tx
          .update(accounts)
          .set({ updatedAt: sql`${accounts.updatedAt}` })
          .where(eq(accounts.id, accountId))
          .returning({ id: accounts.id }),
      ),
    /** By id, or by user name and domain. */
    owner: (
      on: Reader,
      scope: Scope,
      who: { readonly id: number } | { readonly user: string; readonly domain: string },
    ) =>
      first(
        on
          .select({ id: accounts.id, username: accounts.username, domain: accounts.domain })
          .from(accounts)
          .where(
            and(
              'id' in who
                ? eq(accounts.id, who.id)
                : and(eq(accounts.username, who.user), eq(accounts.domain, who.domain)),
              'space' in scope ? eq(accounts.domain, scope.space.domain) : undefined,
            ),
          ),
      ),
  }
}

export type NamedKeyRow = NonNullable<Awaited<ReturnType<ReturnType<typeof apiKeyStore>['named']>>>
