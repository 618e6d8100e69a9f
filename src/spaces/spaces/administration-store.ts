import { and, asc, type Column, eq, isNull, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { AdministeredSpace, CarddavServer, DigestConfiguration } from '../../nouns/space.ts'

export type SpaceRow = Db['tables']['spaces']['$inferInsert']

export const spaceAdministrationStore = (db: Db) => {
  const {
    spaces,
    spaceDigestAuthenticationConfigurations: digests,
    spaceEmailServers: emailServers,
    spaceCarddavServers: carddavServers,
    accounts,
    accountBlocks: blocks,
  } = db.tables
  const selection = { space: spaces, digest: digests, emailServer: emailServers }
  const toSpace = (
    {
      space,
      digest,
      emailServer,
    }: {
      space: typeof spaces.$inferSelect
      digest: typeof digests.$inferSelect | null
      emailServer: typeof emailServers.$inferSelect | null
    },
    servers: readonly CarddavServer[],
  ): AdministeredSpace => ({
    ...space,
    digest,
    emailServer,
    carddavServers: servers.filter(({ spaceId }) => spaceId === space.id),
  })
  /** Of the Spaces that the condition names. */
  const serversOf = (on: Reader, condition?: SQL): Promise<CarddavServer[]> =>
    on.select().from(carddavServers).where(condition).orderBy(asc(carddavServers.id))

  const is = (column: Column, value: string | null): SQL => (value === null ? sql`false` : eq(column, value))

  const hold = (tx: Tx, condition: SQL) =>
    tx
      .update(spaces)
      .set({ maxAccounts: sql`${spaces.maxAccounts}` })
      .where(condition)

  return {
    all: async (on: Reader): Promise<AdministeredSpace[]> => {
      const rows = await on
        .select(selection)
        .from(spaces)
        .leftJoin(digests, eq(digests.spaceId, spaces.id))
        .leftJoin(emailServers, eq(emailServers.spaceId, spaces.id))
        .orderBy(asc(spaces.id))
      const servers = await serversOf(on)
      return rows.map((row) => toSpace(row, servers))
    },
    byDomain: async (on: Reader, domain: string): Promise<AdministeredSpace | null> => {
      const row = await first(
        on
          .select(selection)
          .from(spaces)
          .leftJoin(digests, eq(digests.spaceId, spaces.id))
          .leftJoin(emailServers, eq(emailServers.spaceId, spaces.id))
          .where(eq(spaces.domain, domain)),
      )
      return row === null ? null : toSpace(row, await serversOf(on, eq(carddavServers.spaceId, row.space.id)))
    },
    isEmpty: async (on: Reader) => !(await exists(on.select({ id: spaces.id }).from(spaces).limit(1))),
    /** Which of these another Space has already; null is nobody's. `self`: the domain of the Space that may keep its own. */
    taken: async (
      on: Reader,
      wanted: { name: string | null; host: string | null; domain: string | null },
      self: string,
    ) => {
      const others = await on
        .select({ name: spaces.name, host: spaces.host, domain: spaces.domain })
        .from(spaces)
        .where(
          and(
            ne(spaces.domain, self),
            or(is(spaces.name, wanted.name), is(spaces.host, wanted.host), is(spaces.domain, wanted.domain)),
          ),
        )
      return {
        name: others.some(({ name }) => name === wanted.name),
        host: others.some(({ host }) => host === wanted.host),
        domain: others.some(({ domain }) => domain === wanted.domain),
      }
    },
    /** null: a name, host or domain was taken meanwhile. */
    insert: async (tx: Tx, row: SpaceRow): Promise<number | null> =>
      (await first(tx.insert(spaces).values(row).onConflictDoNothing().returning({ id: spaces.id })))?.id ?? null,
    update: (tx: Tx, domain: string, row: Partial<SpaceRow>) =>
      tx.update(spaces).set(row).where(eq(spaces.domain, domain)).returning({ id: spaces.id }),
    /**
     * Holds the Space and every super Space until the transaction ends, so that nobody else can make one of them the
     * last. By id, so that two who do this wait for each other and not for ever.
     */
    hold: async (tx: Tx, domain: string): Promise<void> => {
      const held = await tx
        .select({ id: spaces.id })
        .from(spaces)
        .where(or(eq(spaces.super, true), eq(spaces.domain, domain)))
        .orderBy(asc(spaces.id))
      for (const { id } of held) await hold(tx, eq(spaces.id, id))
    },
    setDigest: async (tx: Tx, spaceId: number, digest: DigestConfiguration | null, at: Date) => {
      if (digest === null) {
        await tx.delete(digests).where(eq(digests.spaceId, spaceId))
        return
      }
      const { realm, defaultPasswordAlgorithm } = digest
      await tx
        .insert(digests)
        .values({ spaceId, realm, defaultPasswordAlgorithm, createdAt: at, updatedAt: at })
        .onConflictDoUpdate({ target: digests.spaceId, set: { realm, defaultPasswordAlgorithm, updatedAt: at } })
    },
    accountCount: async (on: Reader, domain: string) => {
      const total = sql<number>`coalesce(sum(${blocks.accounts}), 0)`.mapWith(Number)
      return (await only(on.select({ total }).from(blocks).where(eq(blocks.domain, domain)))).total
    },
    /** Super Spaces other than this one, that stay. */
    otherSupers: async (on: Reader, domain: string) =>
      (
        await on
          .select({ domain: spaces.domain })
          .from(spaces)
          .where(and(eq(spaces.super, true), isNull(spaces.purgeAt), ne(spaces.domain, domain)))
      ).length,
    /**
     * Whether super administrators who can act would be left without this Space, or it has none itself (D52). For
     * `hold`.
     */
    isLeftAdministered: async (on: Reader, domain: string): Promise<boolean> => {
      const acting = and(sql`${accounts.admin}`, eq(accounts.activated, true), eq(accounts.blocked, false))
      const homes = await on
        .selectDistinct({ domain: accounts.domain })
        .from(accounts)
        .innerJoin(spaces, eq(spaces.domain, accounts.domain))
        .where(and(acting, eq(spaces.super, true), isNull(spaces.purgeAt)))
      return homes.length === 0 || homes.some(({ domain: home }) => home !== domain)
    },
  }
}
