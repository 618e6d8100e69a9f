import { and, eq, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { CarddavServer, Space } from '../../nouns/space.ts'

export type ServerColumns = Omit<CarddavServer, 'id' | 'spaceId' | 'createdAt' | 'updatedAt'>

export const carddavServerStore = (db: Db) => {
  const { spaces, spaceCarddavServers: servers } = db.tables
  const inSpace = (space: Pick<Space, 'id'>, id: number) => and(eq(servers.spaceId, space.id), eq(servers.id, id))

  return {
    /** Keeps the Space until the transaction ends; null: there is none of that domain. */
    holdSpace: (tx: Tx, domain: string): Promise<{ id: number; domain: string } | null> =>
      first(
        tx
          .update(spaces)
          .set({ maxAccounts: sql`${spaces.maxAccounts}` })
          .where(eq(spaces.domain, domain))
          .returning({ id: spaces.id, domain: spaces.domain }),
      ),
    /** null: the Space has no such server. */
    one: (on: Reader, space: Pick<Space, 'id'>, id: number) =>
      first(on.select().from(servers).where(inSpace(space, id))),
    insert: (tx: Tx, space: Pick<Space, 'id'>, columns: Partial<ServerColumns> & { uri: string }, at: Date) =>
      only(
        tx
          .insert(servers)
          .values({ spaceId: space.id, ...columns, createdAt: at, updatedAt: at })
          .returning(),
      ),
    /** null: the Space has no such server. */
    update: (tx: Tx, space: Pick<Space, 'id'>, id: number, columns: Partial<ServerColumns>, at: Date) =>
      first(
        tx
          .update(servers)
          .set({ ...columns, updatedAt: at })
          .where(inSpace(space, id))
          .returning(),
      ),
    remove: (tx: Tx, space: Pick<Space, 'id'>, id: number): Promise<boolean> =>
      exists(tx.delete(servers).where(inSpace(space, id)).returning({ id: servers.id })),
  }
}
