import { and, eq, gte, inArray, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
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
  const inDomain = eq(accounts.domain, sql.placeholder('domain'))

  const byId = db.prepare<{ domain: string; id: number }>()('account_by_id', (on) =>
    selectAccount(on).where(and(eq(accounts.id, sql.placeholder('id')), inDomain)),
  )
  const byUsername = db.prepare<{ domain: string; username: string }>()('account_by_username', (on) =>
    selectAccount(on).where(and(eq(accounts.username, sql.placeholder('username')), inDomain)),
  )
  const byEmail = db.prepare<{ domain: string; email: string }>()('account_by_email', (on) =>
    selectAccount(on)
      .where(and(eq(db.folded(accounts.email), sql.placeholder('email')), inDomain))
      .orderBy(accounts.id)
      .limit(1),
  )
  const page = db.prepare<{ domain: string; from: number; skip: number; size: number }>()('account_page', (on) =>
    selectAccount(on)
      .where(and(inDomain, gte(accounts.id, sql.placeholder('from'))))
      .orderBy(accounts.id)
      .limit(sql.placeholder('size'))
      .offset(sql.placeholder('skip')),
  )
  const count = db.prepare<{ domain: string }>()('account_count', (on) =>
    on
      .select({ total: sql<number>`coalesce(sum(${blocks.accounts}), 0)`.mapWith(Number) })
      .from(blocks)
      .where(eq(blocks.domain, sql.placeholder('domain'))),
  )
  const blocksOfDomain = db.prepare<{ domain: string }>()('account_blocks_of_domain', (on) =>
    on
      .select({ block: blocks.block, accounts: blocks.accounts })
      .from(blocks)
      .where(eq(blocks.domain, sql.placeholder('domain')))
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

  const taken = db.prepare<Record<keyof Wanted, string | number | null>>()('account_collisions', (on) => {
    const other = (condition: SQL) =>
      sql<boolean | number>`exists(select 1 from ${accounts} a where a.domain = ${sql.placeholder('domain')}
        and a.id <> ${sql.placeholder('self')} and ${condition})`
    return on
      .select({
        username: other(sql`a.username = ${sql.placeholder('username')}`),
        tombstone: sql<boolean | number>`exists(select 1 from ${tombstones} t
          where t.domain = ${sql.placeholder('domain')} and t.username = ${sql.placeholder('username')})`,
        email: other(sql`${db.folded(sql`a.email`)} = ${sql.placeholder('email')}`),
        uniqueEmail: sql<
          boolean | number
        >`(select unique_email from ${spaces} s where s.domain = ${sql.placeholder('domain')})`,
        phone: other(sql`(a.phone = ${sql.placeholder('phone')})`),
        phoneAsUsername: other(sql`(a.username = ${sql.placeholder('phone')})`),
      })
      .from(sql`(select 1) as one`)
  })

  const insertAccount = db.prepare<NewAccountRow>()('insert_account', (on) =>
    on
      .insert(accounts)
      .values({
        username: sql.placeholder('username'),
        domain: sql.placeholder('domain'),
        email: sql.placeholder('email'),
        phone: sql.placeholder('phone'),
        displayName: sql.placeholder('displayName'),
        dtmfProtocol: sql.placeholder('dtmfProtocol'),
        activated: sql.placeholder('activated'),
        blocked: sql.placeholder('blocked'),
        admin: sql.placeholder('admin'),
        selfRegistered: sql.placeholder('selfRegistered'),
        ipAddress: sql.placeholder('ipAddress'),
        userAgent: sql.placeholder('userAgent'),
        locale: sql.placeholder('locale'),
        createdAt: sql.placeholder('createdAt'),
        updatedAt: sql.placeholder('updatedAt'),
      })
      .onConflictDoNothing()
      .returning({ id: accounts.id }),
  )
  const passwordRows = db.prepare<{ accountId: number }>()('passwords_of_account', (on) =>
    on
      .select({ algorithm: passwords.algorithm, password: passwords.password })
      .from(passwords)
      .where(eq(passwords.accountId, sql.placeholder('accountId')))
      .orderBy(passwords.id),
  )
  const activate = db.prepare<{ domain: string; id: number; at: Date }>()('activate_account', (on) =>
    on
      .update(accounts)
      .set({ activated: true, updatedAt: sql`${sql.param(sql.placeholder('at'), accounts.updatedAt)}` })
      // What an administrator switched off, nobody else switches on.
      .where(and(eq(accounts.id, sql.placeholder('id')), inDomain, sql`not ${accounts.switchedOff}`))
      .returning({ id: accounts.id }),
  )
  const spendKey = db.prepare<{ id: number }>()('spend_confirmation_key', (on) =>
    on
      .update(confirmationKeys)
      .set({ used: true, sealed: null })
      .where(and(eq(confirmationKeys.accountId, sql.placeholder('id')), eq(confirmationKeys.used, false)))
      .returning({ id: confirmationKeys.id }),
  )
  /** Deletes the pending key instead of spending it: whoever shows it later gets the answer to an unknown one. */
  const dropKey = db.prepare<{ id: number }>()('drop_confirmation_key', (on) =>
    on
      .delete(confirmationKeys)
      .where(and(eq(confirmationKeys.accountId, sql.placeholder('id')), eq(confirmationKeys.used, false)))
      .returning({ id: confirmationKeys.id }),
  )
  const insertPassword = db.prepare<{ accountId: number; password: string; algorithm: string }>()(
    'insert_password',
    (on) =>
      on
        .insert(passwords)
        .values({
          accountId: sql.placeholder('accountId'),
          password: sql.placeholder('password'),
          algorithm: sql.placeholder('algorithm'),
        })
        .returning({ id: passwords.id }),
  )

  const dropPasswords = db.prepare<{ accountId: number }>()('drop_passwords', (on) =>
    on
      .delete(passwords)
      .where(eq(passwords.accountId, sql.placeholder('accountId')))
      .returning({ id: passwords.id }),
  )
  const lockSpace = db.prepare<{ domain: string }>()('lock_space', (on) =>
    on
      .update(spaces)
      .set({ maxAccounts: sql`${spaces.maxAccounts}` })
      .where(eq(spaces.domain, sql.placeholder('domain')))
      .returning({ id: spaces.id, maxAccounts: spaces.maxAccounts, uniqueEmail: spaces.uniqueEmail }),
  )
  const digestOfSpace = db.prepare<{ spaceId: number }>()('digest_of_space', (on) =>
    on
      .select({ realm: digests.realm })
      .from(digests)
      .where(eq(digests.spaceId, sql.placeholder('spaceId'))),
  )
  const lockAccount = db.prepare<{ domain: string; id: number }>()('lock_account', (on) =>
    on
      .update(accounts)
      .set({ updatedAt: sql`${accounts.updatedAt}` })
      .where(and(eq(accounts.id, sql.placeholder('id')), inDomain))
      .returning({ username: accounts.username }),
  )

  const total = { n: sql<number>`count(*)`.mapWith(Number) }
  const countOf = (rows: readonly { n: number }[]): number => rows[0]?.n ?? 0
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
  const first = (on: Reader, rows: readonly Row[]) => {
    const row = rows[0]
    if (row === undefined) return null
    return isPlain(row) ? toView(row, PLAIN) : toViews(on, rows).then(([view = null]) => view)
  }

  return {
    byId: async (on: Reader, { space }: InSpace, id: number) => first(on, await byId(on, { domain: space.domain, id })),
    byUsername: async (on: Reader, { space }: InSpace, username: string) =>
      first(on, await byUsername(on, { domain: space.domain, username })),
    /** The lowest id wins: e-mail addresses may be shared. */
    byEmail: async (on: Reader, { space }: InSpace, email: string) =>
      first(on, await byEmail(on, { domain: space.domain, email: foldedEmail(email) })),
    /** Those of the ids that are in the Space, by id. */
    byIds: async (on: Reader, { space }: InSpace, ids: readonly number[]) => {
      if (ids.length === 0) return []
      const wanted = and(inArray(accounts.id, [...ids]), eq(accounts.domain, space.domain))
      return toViews(on, await selectAccount(on).where(wanted).orderBy(accounts.id))
    },
    /** Where an id lives, for whoever may look into every Space. */
    domainOf: async (on: Reader, scope: Scope, id: number): Promise<string | null> => {
      const inScope = 'space' in scope ? eq(accounts.domain, scope.space.domain) : undefined
      const rows = await on
        .select({ domain: accounts.domain })
        .from(accounts)
        .where(and(eq(accounts.id, id), inScope))
      return rows[0]?.domain ?? null
    },
    /** Those who can act as one, other than `otherThan`. */
    countAdministrators: async (on: Reader, { space }: InSpace, otherThan = 0): Promise<number> =>
      countOf(
        await on
          .select(total)
          .from(accounts)
          .where(and(acting(otherThan), eq(accounts.domain, space.domain))),
      ),
    /** The same of all super Spaces together. */
    countSuperAdministrators: async (on: Reader, otherThan = 0): Promise<number> =>
      countOf(
        await on
          .select(total)
          .from(accounts)
          .innerJoin(spaces, eq(spaces.domain, accounts.domain))
          .where(and(acting(otherThan), eq(spaces.super, true))),
      ),
    /** Exact, from the counts that triggers keep; no table scan. */
    count: async (on: Reader, { space }: InSpace) => (await count(on, { domain: space.domain }))[0]?.total ?? 0,
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
      const row = (await taken(on, { ...wanted, email }))[0]
      return {
        username: Boolean(row?.username),
        tombstone: Boolean(row?.tombstone),
        email: Boolean(row?.email),
        /** What the Space says of it now. */
        uniqueEmail: Boolean(row?.uniqueEmail),
        phone: Boolean(row?.phone) || Boolean(row?.phoneAsUsername),
      }
    },

    /**
     * Holds the Space's row until the transaction ends, so that nobody else counts, compares or changes it meanwhile.
     * What it says now: its quota, and the realm of its HA1 values, null where it stores none.
     */
    lockSpace: async (tx: Tx, { space }: InSpace) => {
      const locked = (await lockSpace(tx, { domain: space.domain }))[0]
      if (locked === undefined) return null
      const digest = (await digestOfSpace(tx, { spaceId: locked.id }))[0] ?? null
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
    lock: async (tx: Tx, { space }: InSpace, id: number) =>
      (await lockAccount(tx, { domain: space.domain, id }))[0] ?? null,

    /** null: the name (or the phone number) was taken meanwhile. */
    insert: async (tx: Tx, row: NewAccountRow): Promise<number | null> => (await insertAccount(tx, row))[0]?.id ?? null,
    update: async (tx: Tx, { space }: InSpace, id: number, row: Partial<Omit<AccountRow, 'id'>>) => {
      const changed = await tx
        .update(accounts)
        .set(row)
        .where(and(eq(accounts.id, id), eq(accounts.domain, space.domain)))
        .returning({ id: accounts.id })
      // Whatever activates an account, or switches it off, makes its pending key worthless (behaviour/legacy.md §6).
      if (row.activated === true && changed.length > 0) await spendKey(tx, { id })
      if (row.switchedOff === true && changed.length > 0) await dropKey(tx, { id })
      return changed
    },
    /** False: there is no such account, or an administrator has switched it off. */
    activate: async (tx: Tx, { space }: InSpace, id: number, at: Date): Promise<boolean> => {
      const changed = await activate(tx, { domain: space.domain, id, at })
      if (changed.length > 0) await spendKey(tx, { id })
      return changed.length > 0
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
