import { asc, eq, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first } from '../../db/rows.ts'

export type EmailServerRow = Db['tables']['spaceEmailServers']['$inferSelect']
type Columns = Omit<EmailServerRow, 'id' | 'spaceId' | 'createdAt' | 'updatedAt'>

export const spaceEmailServerStore = (db: Db) => {
  const { spaces, spaceEmailServers: servers } = db.tables

  const sender = db.prepare('mail_sender', { spaceId: spaces.id }, (on, { spaceId }) =>
    on
      .select({
        space: { name: spaces.name, host: spaces.host, copyrightText: spaces.copyrightText, logo: spaces.logo },
        server: servers,
      })
      .from(spaces)
      .leftJoin(servers, eq(servers.spaceId, spaces.id))
      .where(eq(spaces.id, spaceId)),
  )

  return {
    /** The Space with what mails say of it, and its server; null: there is no such Space. */
    sender: (spaceId: number) => first(sender(db.read, { spaceId })),
    /** The Spaces that have a server, by name. */
    all: (on: Reader) =>
      on
        .select({ spaceId: servers.spaceId, domain: spaces.domain })
        .from(servers)
        .innerJoin(spaces, eq(spaces.id, servers.spaceId))
        .orderBy(asc(spaces.domain)),
    /** The Space of that SIP domain, or of that host, with its server. */
    named: (on: Reader, name: string) =>
      first(
        on
          .select({ space: { id: spaces.id, domain: spaces.domain }, server: servers })
          .from(spaces)
          .leftJoin(servers, eq(servers.spaceId, spaces.id))
          .where(or(eq(spaces.domain, name), eq(spaces.host, name)))
          // Where one Space's domain is another's host, the domain counts.
          .orderBy(sql`case when ${spaces.domain} = ${name} then 0 else 1 end`)
          .limit(1),
      ),
    /** null: the Space has one already. */
    insert: (tx: Tx, spaceId: number, columns: Columns, at: Date): Promise<EmailServerRow | null> =>
      first(
        tx
          .insert(servers)
          .values({ spaceId, ...columns, createdAt: at, updatedAt: at })
          .onConflictDoNothing()
          .returning(),
      ),
    /** The server as it is now; it stays so until the transaction ends. null: there is none. */
    hold: (tx: Tx, spaceId: number): Promise<EmailServerRow | null> =>
      first(
        tx
          .update(servers)
          .set({ port: sql`${servers.port}` })
          .where(eq(servers.spaceId, spaceId))
          .returning(),
      ),
    /** null: the Space has none any more. */
    update: (tx: Tx, spaceId: number, columns: Partial<Columns>, at: Date): Promise<EmailServerRow | null> =>
      first(
        tx
          .update(servers)
          .set({ ...columns, updatedAt: at })
          .where(eq(servers.spaceId, spaceId))
          .returning(),
      ),
    /** False: there was none. */
    remove: (tx: Tx, spaceId: number): Promise<boolean> =>
      exists(tx.delete(servers).where(eq(servers.spaceId, spaceId)).returning({ id: servers.id })),
  }
}
