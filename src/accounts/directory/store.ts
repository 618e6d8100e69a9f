import { and, eq, gte, inArray, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import { first, only } from '../../db/rows.ts'
import type { Stretch } from '../../db/stretch.ts'
import type { CarddavServer, Scope, Space } from '../../nouns/space.ts'
import { foldedEmail } from '../../protocols/email-address.ts'

/** Rows of one Space are found by its SIP domain, which `accounts` carries for Flexisip's sake. */
export interface InSpace {
  readonly space: Pick<Space, 'domain'>
}

export type AccountRow = Db['tables']['accounts']['$inferSelect']
const BLOCK = 1000

/** Ids that one query of a search looks at: some milliseconds. */
const STRETCH = 10 * BLOCK

/** Of the column that lists them. */
const algorithmsOf = (listed: string | null): string[] => (listed === null ? [] : listed.split(','))

/** Milliseconds that no clock which is set moves. */
const monotonic = () => performance.now()

export const directoryStore = (db: Db) => {
  const {
    accountAccountType: typesOfAccounts,
    accountActions: actions,
    accounts,
    accountBlocks: blocks,
    accountCarddavCredentials: credentials,
    callForwardings,
    accountDictionaryEntries: entries,
    accountTypes: types,
    emailChangeCodes,
    externalAccounts,
    passwords,
    phoneChangeCodes,
    provisioningTokens: tokens,
    spaceCarddavServers: servers,
  } = db.tables

  // The whole account object in one query: three satellites as scalar subqueries, so that a page of 20 costs one too.
  // Rows are put in order before they are aggregated: an `order by` of the aggregate itself makes SQLite sort one row.
  const newestToken = <Value>(column: SQL) =>
    sql<Value>`(select ${column} from ${tokens} t where t.account_id = accounts.id and not t.used order by t.id desc limit 1)`
  /** At most one of a kind is pending; few accounts have one, so what is in it is read apart. */
  const pendingCode = (table: typeof emailChangeCodes | typeof phoneChangeCodes) =>
    sql<number | null>`(select max(id) from ${table} where account_id = accounts.id and code is not null)`
  const account = {
    row: accounts,
    /** For `provisioningTokens.reveal`. */
    sealedProvisioningToken: newestToken<string | null>(sql`t.sealed`),
    provisioningTokenCreatedAt: newestToken(sql`t.created_at`).mapWith(tokens.createdAt) as SQL<Date | null>,
    algorithms: sql<string | null>`(select string_agg(p.algorithm, ',') from (
      select algorithm from ${passwords} where account_id = accounts.id order by id) p)`,
    dictionary: db.objectOf(sql`select key, value from ${entries} where account_id = accounts.id order by id`),
    emailChange: pendingCode(emailChangeCodes),
    phoneChange: pendingCode(phoneChangeCodes),
    hasCarddav: sql<boolean | number>`exists(select 1 from ${credentials} where account_id = accounts.id)`,
    hasExternalAccount: sql<boolean | number>`exists(select 1 from ${externalAccounts} where account_id = accounts.id)`,
    hasCallForwardings: sql<boolean | number>`exists(select 1 from ${callForwardings} where account_id = accounts.id)`,
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
  /**
   * For the SIP proxy, which asks before each call. Most accounts have none of what is read apart: then this is all that
   * their JSON says, and all that is read. `detailed`: the whole view has to be read.
   */
  const called = db.prepare(
    'account_called',
    { domain: accounts.domain, username: accounts.username },
    (on, { domain, username }) =>
      on
        .select({
          id: accounts.id,
          username: accounts.username,
          domain: accounts.domain,
          email: accounts.email,
          phone: accounts.phone,
          displayName: accounts.displayName,
          dtmfProtocol: accounts.dtmfProtocol,
          activated: accounts.activated,
          blocked: accounts.blocked,
          admin: accounts.admin,
          ipAddress: accounts.ipAddress,
          userAgent: accounts.userAgent,
          createdAt: accounts.createdAt,
          updatedAt: accounts.updatedAt,
          sealedProvisioningToken: account.sealedProvisioningToken,
          provisioningTokenCreatedAt: account.provisioningTokenCreatedAt,
          algorithms: account.algorithms,
          hasCallForwardings: account.hasCallForwardings,
          detailed: sql<boolean | number>`(${account.hasTypes} or ${account.hasCarddav} or ${account.hasActions}
            or exists(select 1 from ${entries} where account_id = accounts.id)
            or exists(select 1 from ${emailChangeCodes} where account_id = accounts.id and code is not null))`,
        })
        .from(accounts)
        .where(and(eq(accounts.username, username), eq(accounts.domain, domain))),
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
  const pageOfAll = db.prepare('account_page_of_all', { from: accounts.id, skip: Number, size: Number }, (on, bound) =>
    selectAccount(on).where(gte(accounts.id, bound.from)).orderBy(accounts.id).limit(bound.size).offset(bound.skip),
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
  const blocksOfAll = db.prepare('account_blocks_of_all', {}, (on) =>
    on
      .select({ block: blocks.block, accounts: sql<number>`sum(${blocks.accounts})`.mapWith(Number) })
      .from(blocks)
      .groupBy(blocks.block)
      .orderBy(blocks.block),
  )
  /** No domain is called so. */
  const ALL = ''
  const domainIn = (scope: Scope): string => ('space' in scope ? scope.space.domain : ALL)
  /** How many accounts a domain has and where each block starts in their list, for somebody who turns pages. */
  const outlineOf = remembered(db, monotonic, async (domain) => {
    let total = 0
    const found = domain === ALL ? blocksOfAll(db.read, {}) : blocksOfDomain(db.read, { domain })
    const starts = (await found).map(({ block, accounts: count }) => {
      const start = { block, before: total }
      total += count
      return start
    })
    return { total, starts }
  })

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
  const { phoneChange: _, ...shown } = PLAIN
  const UNDETAILED = { ...shown, dictionary: {} as Readonly<Record<string, string>> }
  const isPlain = (row: Row) =>
    row.emailChange === null && row.phoneChange === null && !row.hasCarddav && !row.hasTypes && !row.hasActions
  const toView = (found: Row, details: Details) => ({
    ...found.row,
    ...details,
    hasExternalAccount: Boolean(found.hasExternalAccount),
    hasCallForwardings: Boolean(found.hasCallForwardings),
    sealedProvisioningToken: found.sealedProvisioningToken,
    provisioningTokenCreatedAt: found.provisioningTokenCreatedAt,
    algorithms: algorithmsOf(found.algorithms),
    dictionary: found.dictionary,
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
    /** What a SIP proxy is told of an account; null: nobody is called so. */
    called: async (on: Reader, { space }: InSpace, username: string) => {
      const row = await first(called(on, { domain: space.domain, username }))
      if (row === null) return null
      const { detailed, algorithms, hasCallForwardings, ...rest } = row
      if (detailed) return one(on, byUsername(on, { domain: space.domain, username }))
      return {
        ...rest,
        ...UNDETAILED,
        algorithms: algorithmsOf(algorithms),
        hasCallForwardings: Boolean(hasCallForwardings),
      }
    },
    /** The lowest id wins: e-mail addresses may be shared. */
    byEmail: (on: Reader, { space }: InSpace, email: string) =>
      one(on, byEmail(on, { domain: space.domain, email: foldedEmail(email) })),
    /** Those of the ids that are in scope, by id. */
    byIds: async (on: Reader, scope: Scope, ids: readonly number[]) => {
      if (ids.length === 0) return []
      const inScope = 'space' in scope ? eq(accounts.domain, scope.space.domain) : undefined
      const wanted = and(inArray(accounts.id, [...ids]), inScope)
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
    /** Exact, from the counts that triggers keep; no table scan. */
    count: async (on: Reader, { space }: InSpace) => (await only(size(on, { domain: space.domain }))).total,
    /**
     * The accounts from `position` on, by id, and how many there are: the block is found by its running count, then at
     * most 1000 rows skipped.
     */
    page: async (scope: Scope, position: number, size: number) => {
      const domain = domainIn(scope)
      const { total, starts } = await outlineOf(domain)
      const block = starts.findLast(({ before }) => before <= position)
      if (block === undefined) return { total, accounts: [] }
      const from = block.block * BLOCK
      const at = { from, skip: position - block.before, size }
      const rows = await (domain === ALL ? pageOfAll(db.read, at) : page(db.read, { domain, ...at }))
      return { total, accounts: await toViews(db.read, rows) }
    },

    /** The stretches of ids in which there are accounts, in order, each short enough to be searched in one go. */
    stretches: async (scope: Scope): Promise<Stretch[]> => {
      const stretches: { after: number; last: number }[] = []
      for (const { block } of (await outlineOf(domainIn(scope))).starts) {
        const last = (block + 1) * BLOCK - 1
        const current = stretches.at(-1)
        if (current !== undefined && last - current.after <= STRETCH) current.last = last
        else stretches.push({ after: block * BLOCK - 1, last })
      }
      return stretches
    },
  }
}

export type DirectoryStore = ReturnType<typeof directoryStore>
export type AccountView = NonNullable<Awaited<ReturnType<DirectoryStore['byId']>>>
/** An account, for whoever routes a call to it. */
export type CalledAccount = NonNullable<Awaited<ReturnType<DirectoryStore['called']>>>
/** What an account's JSON shows. */
export type ShownAccount = AccountView | CalledAccount
