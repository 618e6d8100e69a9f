import { and, asc, count, eq, inArray, isNotNull, isNull, lte, max, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { exists, only } from '../../db/rows.ts'

/** What a Space has, as far as it was counted; null: that would take too long. */
export interface Belongings {
  readonly accounts: number
  readonly voicemails: number
  readonly contacts: number | null
  readonly contactsLists: number
  readonly keys: number | null
  readonly webhooks: number
  readonly addressBooks: number
}

/** An account that stays as it is until the transaction ends. */
export interface HeldAccount {
  readonly id: number
  readonly username: string
}

/** Counting what hangs on more accounts than these would hold up others. */
const MOST_LOOKED_THROUGH = 50_000

export const spaceDeletionStore = (db: Db) => {
  const { spaces, accounts, accountBlocks: blocks, voicemails, outboxMessages, webhooks, webhookAttempts } = db.tables
  const { contacts, contactsLists, apiKeys, spaceCarddavServers, accountImports, accountImportRows } = db.tables
  const { accountCreationTokens, accountCreationRequestTokens, accountRecoveryTokens, authTokens } = db.tables
  const { recoveryCodes, tasks } = db.tables

  /** Below a Space, what may be thousands of rows that hang on no account. */
  const ofSpace = [
    outboxMessages,
    accountCreationRequestTokens,
    accountCreationTokens,
    accountRecoveryTokens,
    authTokens,
    recoveryCodes,
    tasks,
  ]

  const hold = (tx: Tx, condition: SQL) =>
    tx
      .update(spaces)
      .set({ maxAccounts: sql`${spaces.maxAccounts}` })
      .where(condition)

  return {
    /** For a Space that is held and that nobody has closed yet. */
    close: (tx: Tx, id: number, purgeAt: Date, at: Date) =>
      tx.update(spaces).set({ purgeAt, updatedAt: at }).where(eq(spaces.id, id)),
    /** False: it is going, and cannot be kept. */
    reopen: (tx: Tx, id: number, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(spaces)
          .set({ purgeAt: null, updatedAt: at })
          .where(and(eq(spaces.id, id), isNull(spaces.purgeBegunAt)))
          .returning({ id: spaces.id }),
      ),
    /** From now on nothing keeps it. False: it is going already. */
    begin: (tx: Tx, id: number, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(spaces)
          .set({ purgeAt: at, purgeBegunAt: at })
          .where(and(eq(spaces.id, id), isNull(spaces.purgeBegunAt)))
          .returning({ id: spaces.id }),
      ),
    /** The same of one whose time has come; true as well of one that is going already. */
    beginDue: (tx: Tx, domain: string, at: Date): Promise<boolean> =>
      exists(
        tx
          .update(spaces)
          .set({ purgeBegunAt: sql`coalesce(${spaces.purgeBegunAt}, ${spaces.purgeAt})` })
          .where(and(eq(spaces.domain, domain), lte(spaces.purgeAt, at)))
          .returning({ id: spaces.id }),
      ),
    /** Domains of Spaces whose time has come. */
    due: async (on: Reader, at: Date): Promise<string[]> => {
      const rows = await on
        .select({ domain: spaces.domain })
        .from(spaces)
        .where(and(isNotNull(spaces.purgeAt), lte(spaces.purgeAt, at)))
        .orderBy(asc(spaces.id))
      return rows.map(({ domain }) => domain)
    },
    /** The highest id of its accounts; 0 where it has none. */
    lastAccount: async (on: Reader, domain: string) =>
      (
        await only(
          on
            .select({ id: max(accounts.id) })
            .from(accounts)
            .where(eq(accounts.domain, domain)),
        )
      ).id ?? 0,
    /** Up to `most` accounts, ids up to `last`: they stay as they are until the transaction ends. */
    holdAccounts: async (tx: Tx, domain: string, last: number, most: number): Promise<HeldAccount[]> => {
      await hold(tx, eq(spaces.domain, domain))
      const some = tx
        .select({ id: accounts.id })
        .from(accounts)
        .where(and(eq(accounts.domain, domain), lte(accounts.id, last)))
        .orderBy(asc(accounts.id))
        .limit(most)
      return tx
        .update(accounts)
        .set({ updatedAt: sql`${accounts.updatedAt}` })
        .where(inArray(accounts.id, some))
        .returning({ id: accounts.id, username: accounts.username })
    },
    /** Rows that belong to these accounts go with them. */
    removeAccounts: (tx: Tx, held: readonly HeldAccount[]) => {
      const ids = held.map(({ id }) => id)
      return tx.delete(accounts).where(inArray(accounts.id, ids))
    },
    /** At most `most` rows of each table that hang on the Space and on no account; resolves to how many there were. */
    removeSome: async (tx: Tx, id: number, most: number): Promise<number> => {
      let removed = 0
      for (const table of ofSpace) {
        const some = tx.select({ id: table.id }).from(table).where(eq(table.spaceId, id)).limit(most)
        removed += (await tx.delete(table).where(inArray(table.id, some)).returning({ id: table.id })).length
      }
      const own = tx.select({ id: accountImports.id }).from(accountImports).where(eq(accountImports.spaceId, id))
      const lines = tx
        .select({ id: accountImportRows.id })
        .from(accountImportRows)
        .where(inArray(accountImportRows.importId, own))
        .limit(most)
      const told = tx.select({ id: webhooks.id }).from(webhooks).where(eq(webhooks.spaceId, id))
      const attempts = tx
        .select({ id: webhookAttempts.id })
        .from(webhookAttempts)
        .where(inArray(webhookAttempts.webhookId, told))
        .limit(most)
      const messages = tx.select({ id: voicemails.id }).from(voicemails).where(eq(voicemails.spaceId, id)).limit(most)
      const gone = [
        await tx
          .delete(accountImportRows)
          .where(inArray(accountImportRows.id, lines))
          .returning({ id: accountImportRows.id }),
        await tx.delete(webhookAttempts).where(inArray(webhookAttempts.id, attempts)).returning({
          id: webhookAttempts.id,
        }),
        // Their bytes go first, and then the rows, once nobody owns them.
        await tx.update(voicemails).set({ spaceId: null }).where(inArray(voicemails.id, messages)).returning({
          id: voicemails.id,
        }),
      ]
      return gone.reduce((sum, rows) => sum + rows.length, removed)
    },
    /** The Space, whatever it still has, and the counts of its accounts. */
    remove: async (tx: Tx, domain: string) => {
      const isRemoved = await exists(tx.delete(spaces).where(eq(spaces.domain, domain)).returning({ id: spaces.id }))
      if (isRemoved) await tx.delete(blocks).where(eq(blocks.domain, domain))
      return isRemoved
    },
    belongings: async (on: Reader, { id, domain }: { id: number; domain: string }, total: number) => {
      const counted = async (
        from: typeof voicemails | typeof contactsLists | typeof webhooks | typeof spaceCarddavServers,
      ) => (await only(on.select({ n: count() }).from(from).where(eq(from.spaceId, id)))).n
      const isSmall = total <= MOST_LOOKED_THROUGH
      const ofAccounts = async (table: typeof contacts | typeof apiKeys, condition?: SQL) => {
        const found = on
          .select({ n: count() })
          .from(table)
          .innerJoin(accounts, eq(accounts.id, table.accountId))
          .where(and(eq(accounts.domain, domain), condition))
        return (await only(found)).n
      }
      const belongings: Belongings = {
        accounts: total,
        voicemails: await counted(voicemails),
        contacts: isSmall ? await ofAccounts(contacts) : null,
        contactsLists: await counted(contactsLists),
        keys: isSmall ? await ofAccounts(apiKeys) : null,
        webhooks: await counted(webhooks),
        addressBooks: await counted(spaceCarddavServers),
      }
      return belongings
    },
  }
}
