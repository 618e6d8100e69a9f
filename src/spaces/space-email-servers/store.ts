import { asc, eq, or, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'

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
    sender: async (spaceId: number) => (await sender(db.read, { spaceId }))[0] ?? null,
    /** The Spaces that have a server, by name. */
    all: (on: Reader) =>
      on
        .select({ spaceId: servers.spaceId, domain: spaces.domain })
        .from(servers)
        .innerJoin(spaces, eq(spaces.id, servers.spaceId))
        .orderBy(asc(spaces.domain)),
    /** The Space of that SIP domain, or of that host, with its server. */
    named: async (on: Reader, name: string) =>
      (
        await on
          .select({ space: { id: spaces.id, domain: spaces.domain }, server: servers })
          .from(spaces)
          .leftJoin(servers, eq(servers.spaceId, spaces.id))
          .where(or(eq(spaces.domain, name), eq(spaces.host, name)))
          // Where one Space's domain is another's host, the domain counts.
          .orderBy(sql`case when ${spaces.domain} = ${name} then 0 else 1 end`)
          .limit(1)
      )[0] ?? null,
    /** null: the Space has one already. */
    insert: async (tx: Tx, spaceId: number, columns: Columns, at: Date): Promise<EmailServerRow | null> =>
      (
        await tx
          .insert(servers)
          .values({ spaceId, ...columns, createdAt: at, updatedAt: at })
          .onConflictDoNothing()
          .returning()
      )[0] ?? null,
    /** The server as it is now; it stays so until the transaction ends. null: there is none. */
    hold: async (tx: Tx, spaceId: number): Promise<EmailServerRow | null> =>
      (
        await tx
          .update(servers)
          .set({ port: sql`${servers.port}` })
          .where(eq(servers.spaceId, spaceId))
          .returning()
      )[0] ?? null,
    /** null: the Space has none any more. */
    update: async (tx: Tx, spaceId: number, columns: Partial<Columns>, at: Date): Promise<EmailServerRow | null> =>
      (
        await tx
          .update(servers)
          .set({ ...columns, updatedAt: at })
          .where(eq(servers.spaceId, spaceId))
          .returning()
      )[0] ?? null,
    /** False: there was none. */
    remove: async (tx: Tx, spaceId: number): Promise<boolean> =>
      (await tx.delete(servers).where(eq(servers.spaceId, spaceId)).returning({ id: servers.id })).length === 1,
  }
}
