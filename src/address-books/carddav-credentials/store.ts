import { and, asc, count, eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists } from '../../db/rows.ts'
import type { Space } from '../../nouns/space.ts'

export type CarddavCredential = Db['tables']['accountCarddavCredentials']['$inferSelect']
export type CredentialColumns = Pick<CarddavCredential, 'username' | 'password' | 'realm' | 'algorithm'>

/** Credentials are found by their account, which callers have looked up in its Space, and hold while they write. */
export const carddavCredentialStore = (db: Db) => {
  const { spaceCarddavServers: servers, accountCarddavCredentials: credentials } = db.tables
  const inSpace = (space: Pick<Space, 'id'>, id: number) => and(eq(servers.spaceId, space.id), eq(servers.id, id))
  const ofBoth = (accountId: number, serverId: number) =>
    and(eq(credentials.accountId, accountId), eq(credentials.spaceCarddavServerId, serverId))

  const ofAccount = db.prepare(
    'carddav_credentials_of_account',
    { accountId: credentials.accountId },
    (on, { accountId }) =>
      on
        .select()
        .from(credentials)
        .where(eq(credentials.accountId, accountId))
        .orderBy(asc(credentials.spaceCarddavServerId)),
  )

  return {
    /** Keeps the server until the transaction ends; false: the Space has no such one. */
    holdServer: (tx: Tx, space: Pick<Space, 'id'>, id: number): Promise<boolean> =>
      exists(
        tx
          .update(servers)
          .set({ updatedAt: sql`${servers.updatedAt}` })
          .where(inSpace(space, id))
          .returning({ id: servers.id }),
      ),

    countByServer: (on: Reader, spaceId: number) =>
      on
        .select({ server: servers.id, total: count() })
        .from(servers)
        .innerJoin(credentials, eq(credentials.spaceCarddavServerId, servers.id))
        .where(eq(servers.spaceId, spaceId))
        .groupBy(servers.id),

    /** By the ids of their servers. */
    list: (on: Reader, accountId: number): Promise<CarddavCredential[]> => ofAccount(on, { accountId }),
    set: (tx: Tx, accountId: number, serverId: number, columns: CredentialColumns, at: Date) =>
      tx
        .insert(credentials)
        .values({ accountId, spaceCarddavServerId: serverId, ...columns, createdAt: at, updatedAt: at })
        .onConflictDoUpdate({
          target: [credentials.accountId, credentials.spaceCarddavServerId],
          set: { ...columns, updatedAt: at },
        })
        .returning({ accountId: credentials.accountId }),
    remove: (tx: Tx, accountId: number, serverId: number): Promise<boolean> =>
      exists(tx.delete(credentials).where(ofBoth(accountId, serverId)).returning({ accountId: credentials.accountId })),
  }
}
