import { eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/db.ts'
import type { Space } from './space.ts'

/** The Space look-ups of every request. The queries of administration stand in `administration-store.ts`. */
export const spacesStore = (db: Db) => {
  const { spaces, spaceDigestAuthenticationConfigurations: digests } = db.tables

  const find = (column: typeof spaces.host | typeof spaces.domain, name: string) =>
    db.prepare<{ value: string }>()(name, (on) =>
      on
        .select({ space: spaces, digest: digests })
        .from(spaces)
        .leftJoin(digests, eq(digests.spaceId, spaces.id))
        .where(eq(column, sql.placeholder('value'))),
    )

  const byHost = find(spaces.host, 'space_by_host')
  const byDomain = find(spaces.domain, 'space_by_domain')

  type Row = Awaited<ReturnType<typeof byHost>>[number]
  const toSpace = (row: Row | undefined): Space | null =>
    row === undefined ? null : { ...row.space, digest: row.digest }

  return {
    byHost: async (host: string) => toSpace((await byHost(db.read, { value: host }))[0]),
    byDomain: async (domain: string) => toSpace((await byDomain(db.read, { value: domain }))[0]),
  }
}

export type SpacesStore = ReturnType<typeof spacesStore>
