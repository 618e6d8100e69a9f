import { and, count, eq, getTableColumns, gte, inArray, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Stretch } from '../../db/stretch.ts'
import type { CarddavServer, PasswordAlgorithm, Scope, Space } from '../../nouns/space.ts'
import { foldedEmail } from '../../protocols/email-address.ts'

/** Rows of one Space are found by its SIP domain, which `accounts` carries for Flexisip's sake. */
export interface InSpace {
  readonly space: Pick<Space, 'domain'>
}

export type AccountRow = Db['tables']['accounts']['$inferSelect']
/** A new account is never switched off; that may come later. */
export type NewAccountRow = Omit<AccountRow, 'id' | 'switchedOff'>

/** What a name, an e-mail address or a phone number would collide with. `self`: the row that may keep them; 0: none. */
export interface Wanted {
  readonly domain: string
  readonly username: string
  readonly email: string | null
  readonly phone: string | null
  readonly self: number
}

const BLOCK = 1000

/** Ids that one query of a search looks at: some milliseconds. */
const STRETCH = 10 * BLOCK

/** Milliseconds that no clock which is set moves. */
const monotonic = () => performance.now()

export const accountStore = (db: Db) => {
  const {
    accountAccountType: typesOfAccounts,
    accountActions: actions,
    accounts,
    accountBlocks: blocks,
    accountCarddavCredentials: credentials,
    accountConfirmationKeys: confirmationKeys,
    accountDictionaryEntries: entries,
    accountsTombstones: tombstones,
    accountTypes: types,
    emailChangeCodes,
    externalAccounts,
    passwords,
    phoneChangeCodes,
    provisioningTokens: tokens,
    spaceDigestAuthenticationConfigurations: digests,
    spaceCarddavServers: servers,
    spaces,
  } = db.tables

  // The whole account object in one query: three satellites as scalar subqueries, so that a page of 20 costs one too.
  // Rows are put in order before they are aggregated: an `order by` of the aggregate itself makes SQLite sort one row.
  const newestToken = (column: SQL) =>
    sql`(select ${column} from ${tokens} t where t.account_id = accounts.id and not t.used order by t.id desc limit 1)`
  /** At most one of a kind is pending; few accounts have one, so what is in it is read apart. */
  const pendingCode = (table: typeof emailChangeCodes | typeof phoneChangeCodes) =>
    sql<number | null>`(select max(id) from ${table} where account_id = accounts.id and code is not null)`
  const account = {
    row: accounts,
    /** For `provisioningTokens.reveal`. */
    sealedProvisioningToken: newestToken(sql`t.sealed`) as SQL<string | null>,
    provisioningTokenCreatedAt: newestToken(sql`t.created_at`).mapWith(tokens.createdAt) as SQL<Date | null>,
    algorithms: sql<string | null>`(select string_agg(p.algorithm, ',') from (
      select algorithm from ${passwords} where account_id = accounts.id order by id) p)`,
    dictionary: sql<Record<string, string> | string | null>`(select ${db.objectOf(sql`d.key`, sql`d.value`)} from (
      select key, value from ${entries} where account_id = accounts.id order by id) d)`,
    emailChange: pendingCode(emailChangeCodes),
    phoneChange: pendingCode(phoneChangeCodes),
    hasCarddav: sql<boolean | number>`exists(select 1 from ${credentials} where account_id = accounts.id)`,
    hasExternalAccount: sql<boolean | number>`exists(select 1 from ${externalAccounts} where account_id = accounts.id)`,
    hasTypes: sql<boolean | number>`exists(select 1 from ${typesOfAccounts} where account_id = accounts.id)`,
    // Without a DTMF protocol they stay and are not shown (behaviour/telephony.md §4).
    hasActions: sql<boolean | number>`(accounts.dtmf_protocol is not null
      and exists(select 1 from ${actions} where account_id = accounts.id))`,
  }
  const selectAccount = (on: Reader) => on.select(account).from(accounts).$dynamic()

  const byId = db.prepare('account_by_id', { domain: accounts.domain, id: accounts.id }, (on, { domain, id }) =>
    selectAccount(on).where(and(eq(accounts.id, id), eq(accounts.domain, domain))),
  )
  const byUsername = db.prepare(
    'account_by_username',
    { domain: accounts.domain, username: accounts.username },
    (on, { domain, username }) =>
      selectAccount(on).where(and(eq(accounts.username, username), eq(accounts.domain, domain))),
  )
  const byEmail = db.prepare(
    'account_by_email',
    { domain: accounts.domain, email: accounts.email },
    (on, { domain, email }) =>
      selectAccount(on)
        .where(and(eq(db.folded(accounts.email), email), eq(accounts.domain, domain)))
        .orderBy(accounts.id)
        .limit(1),
  )
  const page = db.prepare(
    'account_page',
    { domain: accounts.domain, from: accounts.id, skip: Number, size: Number },
    (on, { domain, from, skip, size }) =>
      selectAccount(on)
        .where(and(eq(accounts.domain, domain), gte(accounts.id, from)))
        .orderBy(accounts.id)
        .limit(size)
        .offset(skip),
  )
  const size = db.prepare('account_count', { domain: blocks.domain }, (on, { domain }) =>
    on
      .select({ total: sql<number>`coalesce(sum(${blocks.accounts}), 0)`.mapWith(Number) })
      .from(blocks)
      .where(eq(blocks.domain, domain)),
  )
  const blocksOfDomain = db.prepare('account_blocks_of_domain', { domain: blocks.domain }, (on, { domain }) =>
    on
      .select({ block: blocks.block, accounts: blocks.accounts })
      .from(blocks)
      .where(eq(blocks.domain, domain))
      .orderBy(blocks.block),
  )
  /** How many accounts a domain has and where each block starts in their list, for somebody who turns pages. */
  const outlineOf = remembered(db, monotonic, async (domain) => {
    let total = 0
    const starts = (await blocksOfDomain(db.read, { domain })).map(({ block, accounts: count }) => {
      const start = { block, before: total }
      total += count
      return start
    })
    return { total, starts }
  })

  const taken = db.prepare(
    'account_collisions',
    {
      domain: accounts.domain,
      self: accounts.id,
      username: accounts.username,
      email: accounts.email,
      phone: accounts.phone,
    },
    (on, { domain, self, username, email, phone }) => {
      const other = (condition: SQL) =>
        sql<boolean | number>`exists(select 1 from ${accounts} a where a.domain = ${domain}
        and a.id <> ${self} and ${condition})`
      return on
        .select({
          username: other(sql`a.username = ${username}`),
          tombstone: sql<boolean | number>`exists(select 1 from ${tombstones} t
          where t.domain = ${domain} and t.username = ${username})`,
          email: other(sql`${db.folded(sql`a.email`)} = ${email}`),
          uniqueEmail: sql<boolean | number>`(select unique_email from ${spaces} s where s.domain = ${domain})`,
          phone: other(sql`(a.phone = ${phone})`),
          phoneAsUsername: other(sql`(a.username = ${phone})`),
        })
        .from(sql`(select 1) as one`)
    },
  )

  const { id: _id, switchedOff: _switchedOff, ...newAccount } = getTableColumns(accounts)
  const insertAccount = db.prepare('insert_account', newAccount, (on, row) =>
    on.insert(accounts).values(row).onConflictDoNothing().returning({ id: accounts.id }),
  )
  const passwordRows = db.prepare('passwords_of_account', { accountId: passwords.accountId }, (on, { accountId }) =>
    on
      .select({ algorithm: passwords.algorithm, password: passwords.password })
      .from(passwords)
      .where(eq(passwords.accountId, accountId))
      .orderBy(passwords.id),
  )
  const activate = db.prepare(
    'activate_account',
    { domain: accounts.domain, id: accounts.id, at: accounts.updatedAt },
    (on, { domain, id, at }) =>
      on
        .update(accounts)
        .set({ activated: true, updatedAt: at })
        // What an administrator switched off, nobody else switches on.
        .where(and(eq(accounts.id, id), eq(accounts.domain, domain), sql`not ${accounts.switchedOff}`))
        .returning({ id: accounts.id }),
  )
  const spendKey = db.prepare('spend_confirmation_key', { id: confirmationKeys.accountId }, (on, { id }) =>
    on
      .update(confirmationKeys)
      .set({ used: true, sealed: null })
      .where(and(eq(confirmationKeys.accountId, id), eq(confirmationKeys.used, false)))
      .returning({ id: confirmationKeys.id }),
  )
  /** Deletes the pending key instead of spending it: whoever shows it later gets the answer to an unknown one. */
  const dropKey = db.prepare('drop_confirmation_key', { id: confirmationKeys.accountId }, (on, { id }) =>
    on
      .delete(confirmationKeys)
      .where(and(eq(confirmationKeys.accountId, id), eq(confirmationKeys.used, false)))
      .returning({ id: confirmationKeys.id }),
  )
  const insertPassword = db.prepare(
    'insert_password',
    { accountId: passwords.accountId, password: passwords.password, algorithm: passwords.algorithm },
    (on, row) => on.insert(passwords).values(row).returning({ id: passwords.id }),
  )

  const dropPasswords = db.prepare('drop_passwords', { accountId: passwords.accountId }, (on, { accountId }) =>
    on.delete(passwords).where(eq(passwords.accountId, accountId)).returning({ id: passwords.id }),
  )
  const lockSpace = db.prepare('lock_space', { domain: spaces.domain }, (on, { domain }) =>
    on
      .update(spaces)
      .set({ maxAccounts: sql`${spaces.maxAccounts}` })
      .where(eq(spaces.domain, domain))
      .returning({ id: spaces.id, maxAccounts: spaces.maxAccounts, uniqueEmail: spaces.uniqueEmail }),
  )
  const digestOfSpace = db.prepare('digest_of_space', { spaceId: digests.spaceId }, (on, { spaceId }) =>
    on.select({ realm: digests.realm }).from(digests).where(eq(digests.spaceId, spaceId)),
  )
  const lockAccount = db.prepare('lock_account', { domain: accounts.domain, id: accounts.id }, (on, { domain, id }) =>
    on
      .update(accounts)
      .set({ updatedAt: sql`${accounts.updatedAt}` })
      .where(and(eq(accounts.id, id), eq(accounts.domain, domain)))
      .returning({ username: accounts.username }),
  )

  /** Administrators who can act, other than one. The first condition is that of the index of administrators. */
  const acting = (otherThan: number) =>
    and(sql`${accounts.admin}`, eq(accounts.activated, true), eq(accounts.blocked, false), ne(accounts.id, otherThan))

  type Row = Awaited<ReturnType<typeof byId>>[number]
  type EmailChange = typeof emailChangeCodes.$inferSelect
  type PhoneChange = typeof phoneChangeCodes.$inferSelect
  /** What is read apart, for accounts that have any of it. */
  interface Details {
    readonly emailChange: EmailChange | null
    readonly phoneChange: PhoneChange | null
    /** Those that it has credentials for. */
    readonly carddavServers: readonly CarddavServer[]
    readonly types: readonly { readonly id: number; readonly key: string }[]
    readonly actions: readonly { readonly id: number; readonly key: string; readonly code: string }[]
  }
  const PLAIN: Details = { emailChange: null, phoneChange: null, carddavServers: [], types: [], actions: [] }
  const isPlain = (row: Row) =>
    row.emailChange === null && row.phoneChange === null && !row.hasCarddav && !row.hasTypes && !row.hasActions
  const toView = (found: Row, details: Details) => ({
    ...found.row,
    ...details,
    hasExternalAccount: Boolean(found.hasExternalAccount),
    sealedProvisioningToken: found.sealedProvisioningToken,
    provisioningTokenCreatedAt: found.provisioningTokenCreatedAt,
    algorithms: (found.algorithms ?? '').split(',').filter(Boolean),
    dictionary: (typeof found.dictionary === 'string'
      ? JSON.parse(found.dictionary)
      : (found.dictionary ?? {})) as Record<string, string>,
  })
  const typesOf = (on: Reader, ids: readonly number[]) =>
    on
      .select({ accountId: typesOfAccounts.accountId, type: types })
      .from(typesOfAccounts)
      .innerJoin(types, eq(types.id, typesOfAccounts.accountTypeId))
      .where(inArray(typesOfAccounts.accountId, [...ids]))
      .orderBy(types.id)
  const actionsOf = (on: Reader, ids: readonly number[]) =>
    on
      .select()
      .from(actions)
      .where(inArray(actions.accountId, [...ids]))
      .orderBy(actions.id)
  const carddavServersOf = (on: Reader, ids: readonly number[]) =>
    on
      .select({ accountId: credentials.accountId, server: servers })
      .from(credentials)
      .innerJoin(servers, eq(servers.id, credentials.spaceCarddavServerId))
      .where(inArray(credentials.accountId, [...ids]))
      .orderBy(servers.id)
  /** Adds all details to accounts: one query for each kind that any of them has, however many accounts there are. */
  const toViews = async (on: Reader, rows: readonly Row[]) => {
    const idsOf = (name: 'emailChange' | 'phoneChange') => rows.flatMap((row) => row[name] ?? [])
    const [emails, phones] = [idsOf('emailChange'), idsOf('phoneChange')]
    const emailChanges =
      emails.length === 0 ? [] : await on.select().from(emailChangeCodes).where(inArray(emailChangeCodes.id, emails))
    const phoneChanges =
      phones.length === 0 ? [] : await on.select().from(phoneChangeCodes).where(inArray(phoneChangeCodes.id, phones))
    /** The rows of one kind, by account, read only for accounts that have any. */
    const below = async <Item extends { accountId: number }>(
      name: 'hasCarddav' | 'hasTypes' | 'hasActions',
      read: (on: Reader, ids: readonly number[]) => Promise<Item[]>,
    ) => {
      const having = rows.flatMap((row) => (row[name] ? [row.row.id] : []))
      return Map.groupBy(having.length === 0 ? [] : await read(on, having), ({ accountId }) => accountId)
    }
    const carddav = await below('hasCarddav', carddavServersOf)
    const labels = await below('hasTypes', typesOf)
    const dialled = await below('hasActions', actionsOf)
    return rows.map((row) =>
      toView(row, {
        emailChange: emailChanges.find(({ id }) => id === row.emailChange) ?? null,
        phoneChange: phoneChanges.find(({ id }) => id === row.phoneChange) ?? null,
        carddavServers: (carddav.get(row.row.id) ?? []).map(({ server }) => server),
        types: (labels.get(row.row.id) ?? []).map(({ type }) => type),
        actions: dialled.get(row.row.id) ?? [],
      }),
    )
  }
  const one = async (on: Reader, query: Promise<readonly Row[]>) => {
    const row = await first(query)
    if (row === null) return null
    return isPlain(row) ? toView(row, PLAIN) : first(toViews(on, [row]))
  }

  return {
    byId: (on: Reader, { space }: InSpace, id: number) => one(on, byId(on, { domain: space.domain, id })),
    byUsername: (on: Reader, { space }: InSpace, username: string) =>
      one(on, byUsername(on, { domain: space.domain, username })),
    /** The lowest id wins: e-mail addresses may be shared. */
    byEmail: (on: Reader, { space }: InSpace, email: string) =>
      one(on, byEmail(on, { domain: space.domain, email: foldedEmail(email) })),
    /** Those of the ids that are in the Space, by id. */
    byIds: async (on: Reader, { space }: InSpace, ids: readonly number[]) => {
      if (ids.length === 0) return []
      const wanted = and(inArray(accounts.id, [...ids]), eq(accounts.domain, space.domain))
      return toViews(on, await selectAccount(on).where(wanted).orderBy(accounts.id))
    },
    /** Where an id lives, for whoever may look into every Space. */
    domainOf: async (on: Reader, scope: Scope, id: number): Promise<string | null> => {
      const inScope = 'space' in scope ? eq(accounts.domain, scope.space.domain) : undefined
      const found = on
        .select({ domain: accounts.domain })
        .from(accounts)
        .where(and(eq(accounts.id, id), inScope))
      return (await first(found))?.domain ?? null
    },
    /** Those who can act as one, other than `otherThan`. */
    countAdministrators: async (on: Reader, { space }: InSpace, otherThan = 0): Promise<number> => {
      const condition = and(acting(otherThan), eq(accounts.domain, space.domain))
      return (await only(on.select({ n: count() }).from(accounts).where(condition))).n
    },
    /** The same of all super Spaces together. */
    countSuperAdministrators: async (on: Reader, otherThan = 0): Promise<number> => {
      const found = on
        .select({ n: count() })
        .from(accounts)
        .innerJoin(spaces, eq(spaces.domain, accounts.domain))
        .where(and(acting(otherThan), eq(spaces.super, true)))
      return (await only(found)).n
    },
    /** Exact, from the counts that triggers keep; no table scan. */
    count: async (on: Reader, { space }: InSpace) => (await only(size(on, { domain: space.domain }))).total,
    /**
     * The accounts from `position` on, by id, and how many there are: the block is found by its running count, then at
     * most 1000 rows skipped.
     */
    page: async ({ space }: InSpace, position: number, size: number) => {
      const { domain } = space
      const { total, starts } = await outlineOf(domain)
      const block = starts.findLast(({ before }) => before <= position)
      if (block === undefined) return { total, accounts: [] }
      const from = block.block * BLOCK
      const rows = await page(db.read, { domain, from, skip: position - block.before, size })
      return { total, accounts: await toViews(db.read, rows) }
    },

    /** The stretches of ids in which the Space has accounts, in order, each short enough to be searched in one go. */
    stretches: async ({ space }: InSpace): Promise<Stretch[]> => {
      const stretches: { after: number; last: number }[] = []
      for (const { block } of (await outlineOf(space.domain)).starts) {
        const last = (block + 1) * BLOCK - 1
        const current = stretches.at(-1)
        if (current !== undefined && last - current.after <= STRETCH) current.last = last
        else stretches.push({ after: block * BLOCK - 1, last })
      }
      return stretches
    },

    taken: async (on: Reader, wanted: Wanted) => {
      const email = wanted.email === null ? null : foldedEmail(wanted.email)
      const row = await only(taken(on, { ...wanted, email }))
      return {
        username: Boolean(row.username),
        tombstone: Boolean(row.tombstone),
        email: Boolean(row.email),
        /** What the Space says of it now. */
        uniqueEmail: Boolean(row.uniqueEmail),
        phone: Boolean(row.phone) || Boolean(row.phoneAsUsername),
      }
    },

    /**
     * Holds the Space's row until the transaction ends, so that nobody else counts, compares or changes it meanwhile.
     * What it says now: its quota, and the realm of its HA1 values, null where it stores none.
     */
    lockSpace: async (tx: Tx, { space }: InSpace) => {
      const locked = await first(lockSpace(tx, { domain: space.domain }))
      if (locked === null) return null
      const digest = await first(digestOfSpace(tx, { spaceId: locked.id }))
      return { ...locked, realm: digest === null ? null : (digest.realm ?? space.domain) }
    },
    /** Holds several Spaces like this, by id, so that two who do it wait for each other and not for ever. */
    lockSpaces: async (tx: Tx, { domains, withSupers }: { domains: readonly string[]; withSupers: boolean }) => {
      const named = inArray(spaces.domain, [...domains])
      const found = await tx
        .select({ domain: spaces.domain })
        .from(spaces)
        .where(withSupers ? or(eq(spaces.super, true), named) : named)
        .orderBy(spaces.id)
      for (const { domain } of found) await lockSpace(tx, { domain })
    },
    /**
     * Holds the account's row until the transaction ends: what belongs to it can neither change twice at once nor
     * lose its account. null: it is gone. Everything that writes below an account takes it first.
     */
    lock: (tx: Tx, { space }: InSpace, id: number) => first(lockAccount(tx, { domain: space.domain, id })),

    /** null: the name (or the phone number) was taken meanwhile. */
    insert: async (tx: Tx, row: NewAccountRow): Promise<number | null> =>
      (await first(insertAccount(tx, row)))?.id ?? null,
    update: async (tx: Tx, { space }: InSpace, id: number, row: Partial<Omit<AccountRow, 'id'>>) => {
      const isChanged = await exists(
        tx
          .update(accounts)
          .set(row)
          .where(and(eq(accounts.id, id), eq(accounts.domain, space.domain)))
          .returning({ id: accounts.id }),
      )
      // Whatever activates an account, or switches it off, makes its pending key worthless (behaviour/legacy.md §6).
      if (row.activated === true && isChanged) await spendKey(tx, { id })
      if (row.switchedOff === true && isChanged) await dropKey(tx, { id })
      return isChanged
    },
    /** False: there is no such account, or an administrator has switched it off. */
    activate: async (tx: Tx, { space }: InSpace, id: number, at: Date): Promise<boolean> => {
      const isActive = await exists(activate(tx, { domain: space.domain, id, at }))
      if (isActive) await spendKey(tx, { id })
      return isActive
    },
    delete: (tx: Tx, { space }: InSpace, id: number) =>
      tx
        .delete(accounts)
        .where(and(eq(accounts.id, id), eq(accounts.domain, space.domain)))
        .returning({ username: accounts.username, domain: accounts.domain }),
    /** Keeps the name from being given to somebody else. */
    bury: (tx: Tx, username: string, domain: string, at: Date) =>
      tx.insert(tombstones).values({ username, domain, createdAt: at, updatedAt: at }).onConflictDoNothing(),

    passwords: (on: Reader, accountId: number) => passwordRows(on, { accountId }),
    /** At most one algorithm per account afterwards; null: none, in a Space that stores no passwords. */
    replacePasswords: async (
      tx: Tx,
      accountId: number,
      secret: { algorithm: PasswordAlgorithm; ha1: string } | null,
    ): Promise<void> => {
      await dropPasswords(tx, { accountId })
      if (secret !== null) await insertPassword(tx, { accountId, algorithm: secret.algorithm, password: secret.ha1 })
    },
    insertPassword: (tx: Tx, accountId: number, algorithm: PasswordAlgorithm, ha1: string) =>
      insertPassword(tx, { accountId, algorithm, password: ha1 }),
  }
}

export type AccountStore = ReturnType<typeof accountStore>
export type AccountView = NonNullable<Awaited<ReturnType<AccountStore['byId']>>>
