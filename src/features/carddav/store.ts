import { and, asc, eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import type { CarddavServer, Space } from '../spaces/space.ts'

export type CarddavCredential = Db['tables']['accountCarddavCredentials']['$inferSelect']
export type ServerColumns = Omit<CarddavServer, 'id' | 'spaceId' | 'createdAt' | 'updatedAt'>
export type CredentialColumns = Pick<CarddavCredential, 'username' | 'password' | 'realm' | 'algorithm'>

/** Credentials are found by their account, which callers have looked up in its Space, and hold while they write. */
export const carddavStore = (db: Db) => {
  const { spaces, spaceCarddavServers: servers, accountCarddavCredentials: credentials } = db.tables
  const inSpace = (space: Pick<Space, 'id'>, id: number) => and(eq(servers.spaceId, space.id), eq(servers.id, id))
  const ofBoth = (accountId: number, serverId: number) =>
    and(eq(credentials.accountId, accountId), eq(credentials.spaceCarddavServerId, serverId))

  const ofAccount = db.prepare<{ accountId: number }>()('carddav_credentials_of_account', (on) =>
    on
      .select()
      .from(credentials)
      .where(eq(credentials.accountId, sql.placeholder('accountId')))
      .orderBy(asc(credentials.spaceCarddavServerId)),
  )

  return {
    /** Keeps the Space until the transaction ends; null: there is none of that domain. */
    holdSpace: async (tx: Tx, domain: string): Promise<{ id: number; domain: string } | null> =>
      (
        await tx
          .update(spaces)
          .set({ maxAccounts: sql`${spaces.maxAccounts}` })
          .where(eq(spaces.domain, domain))
          .returning({ id: spaces.id, domain: spaces.domain })
      )[0] ?? null,
    insertServer: async (
      tx: Tx,
      space: Pick<Space, 'id'>,
      columns: Partial<ServerColumns> & { uri: string },
      at: Date,
    ) =>
      (
        await tx
          .insert(servers)
          .values({ spaceId: space.id, ...columns, createdAt: at, updatedAt: at })
          .returning()
      )[0] as CarddavServer,
    /** null: the Space has no such server. */
    updateServer: async (tx: Tx, space: Pick<Space, 'id'>, id: number, columns: Partial<ServerColumns>, at: Date) =>
      (
        await tx
          .update(servers)
          .set({ ...columns, updatedAt: at })
          .where(inSpace(space, id))
          .returning()
      )[0] ?? null,
    removeServer: async (tx: Tx, space: Pick<Space, 'id'>, id: number): Promise<boolean> =>
      (await tx.delete(servers).where(inSpace(space, id)).returning({ id: servers.id })).length > 0,
    /** Keeps the server until the transaction ends; false: the Space has no such one. */
    holdServer: async (tx: Tx, space: Pick<Space, 'id'>, id: number): Promise<boolean> =>
      (
        await tx
          .update(servers)
          .set({ updatedAt: sql`${servers.updatedAt}` })
          .where(inSpace(space, id))
          .returning({ id: servers.id })
      ).length > 0,

    /** By the ids of their servers. */
    credentials: (on: Reader, accountId: number): Promise<CarddavCredential[]> => ofAccount(on, { accountId }),
    setCredential: (tx: Tx, accountId: number, serverId: number, columns: CredentialColumns, at: Date) =>
      tx
        .insert(credentials)
        .values({ accountId, spaceCarddavServerId: serverId, ...columns, createdAt: at, updatedAt: at })
        .onConflictDoUpdate({
          target: [credentials.accountId, credentials.spaceCarddavServerId],
          set: { ...columns, updatedAt: at },
        })
        .returning({ accountId: credentials.accountId }),
    removeCredential: async (tx: Tx, accountId: number, serverId: number): Promise<boolean> =>
      (await tx.delete(credentials).where(ofBoth(accountId, serverId)).returning({ accountId: credentials.accountId }))
        .length > 0,
  }
}
