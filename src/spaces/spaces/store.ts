import { asc, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/db.ts'
import type { CarddavServer, Space } from '../../nouns/space.ts'

/** The Space look-ups of every request. The queries of administration stand in `administration-store.ts`. */
export const spacesStore = (db: Db) => {
  const { spaces, spaceDigestAuthenticationConfigurations: digests, spaceCarddavServers: servers } = db.tables
  const selection = {
    space: spaces,
    digest: digests,
    hasCarddav: sql<boolean | number>`exists(select 1 from ${servers} s where s.space_id = ${spaces.id})`,
  }

  const find = (column: typeof spaces.host | typeof spaces.domain, name: string) =>
    db.prepare(name, { value: column }, (on, { value }) =>
      on.select(selection).from(spaces).leftJoin(digests, eq(digests.spaceId, spaces.id)).where(eq(column, value)),
    )

  const byHost = find(spaces.host, 'space_by_host')
  const byDomain = find(spaces.domain, 'space_by_domain')
  const byId = db.prepare('space_by_id', { id: spaces.id }, (on, { id }) =>
    on.select(selection).from(spaces).leftJoin(digests, eq(digests.spaceId, spaces.id)).where(eq(spaces.id, id)),
  )

  const serversOf = db.prepare('carddav_servers_of_space', { spaceId: servers.spaceId }, (on, { spaceId }) =>
    on.select().from(servers).where(eq(servers.spaceId, spaceId)).orderBy(asc(servers.id)),
  )

  type Row = Awaited<ReturnType<typeof byHost>>[number]
  const toSpace = async ([row]: readonly Row[]): Promise<Space | null> => {
    if (row === undefined) return null
    const { space, digest, hasCarddav } = row
    const carddavServers: CarddavServer[] = hasCarddav ? await serversOf(db.read, { spaceId: space.id }) : []
    return { ...space, digest, carddavServers }
  }

  return {
    byHost: async (host: string) => toSpace(await byHost(db.read, { value: host })),
    byDomain: async (domain: string) => toSpace(await byDomain(db.read, { value: domain })),
    byId: async (id: number) => toSpace(await byId(db.read, { id })),
  }
}
