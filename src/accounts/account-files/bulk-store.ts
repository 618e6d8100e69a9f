import { and, asc, eq, gt, inArray, isNotNull, lte, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first } from '../../db/rows.ts'
import type { InSpace } from '../directory/directory.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { MadeToken } from '../provisioning-tokens/provisioning-tokens.ts'
import type { Lines, StagedRow } from './store.ts'

/** What all accounts of an import have in common. */
export interface Common {
  readonly domain: string
  readonly ipAddress: string
  readonly userAgent: string
  readonly at: Date
}

/** A token as it is stored, and whose it is. */
export interface TokenOf extends MadeToken {
  readonly accountId: number
}

/** A line, and what was read there. */
export type MadeOf = Pick<StagedRow, 'line' | 'account'>

/** Of lines that were read, accounts are made inside the database: their texts do not go out and in again. */
export const bulkStore = (db: Db) => {
  const {
    accounts,
    accountsTombstones: tombstones,
    accountImportRows: rows,
    passwords,
    provisioningTokens: tokens,
  } = db.tables
  const text = (member: string) => sql<string>`${rows.account} ->> ${sql.raw(`'${member}'`)}`
  // One database has numbers for truth in JSON, the other one words.
  const flag = (member: string) => sql<boolean>`cast(${text(member)} as text) in ('1', 'true')`
  const stretch = { importId: rows.importId, after: rows.id, last: rows.id }
  const among = ({ importId, after, last }: { importId: SQL; after: SQL; last: SQL }) =>
    and(eq(rows.importId, importId), gt(rows.id, after), lte(rows.id, last), isNotNull(rows.account))
  /**
   * Each account is looked for by itself: joined, PostgreSQL would rather walk all accounts of the Space, since it has not
   * counted those that this transaction has made. For the same reason nothing here says `exists`.
   */
  const oneOf = (where: SQL, what = sql`1`) => sql`(select ${what} from ${where} limit 1)`
  /** The account that was made of a line. */
  const madeOf = (domain: SQL): SQL<number> =>
    oneOf(sql`${accounts} a where a.domain = ${domain} and a.username = ${text('username')}`, sql`a.id`) as SQL<number>

  const { domain, ipAddress, userAgent, createdAt } = accounts
  const insertAccounts = db.prepare(
    'import_accounts',
    { ...stretch, domain, ipAddress, userAgent, at: createdAt },
    (on, bound) =>
      on
        .insert(accounts)
        .select(
          on
            .select({
              id: db.newId(accounts).as('id'),
              username: text('username').as('username'),
              domain: bound.domain.as('domain'),
              email: text('email').as('email'),
              phone: text('phone').as('phone'),
              displayName: text('displayName').as('display_name'),
              dtmfProtocol: sql<null>`null`.as('dtmf_protocol'),
              activated: flag('activated').as('activated'),
              switchedOff: sql<boolean>`false`.as('switched_off'),
              blocked: sql<boolean>`false`.as('blocked'),
              admin: flag('admin').as('admin'),
              selfRegistered: sql<boolean>`false`.as('self_registered'),
              ipAddress: bound.ipAddress.as('ip_address'),
              userAgent: bound.userAgent.as('user_agent'),
              locale: sql<null>`null`.as('locale'),
              createdAt: bound.at.as('created_at'),
              updatedAt: bound.at.as('updated_at'),
            })
            .from(rows)
            .where(among(bound))
            .orderBy(asc(rows.id)),
        )
        .onConflictDoNothing()
        .returning({ id: accounts.id }),
  )

  const hasMore = or(
    isNotNull(sql`${rows.account} -> 'external' ->> 'username'`),
    isNotNull(sql`${rows.account} -> 'lists' -> 0`),
  )
  const withMore = db.prepare('import_with_more', { ...stretch, domain }, (on, bound) =>
    on
      .select({
        line: rows.line,
        account: rows.account,
        accountId: madeOf(bound.domain).mapWith(Number).as('account_id'),
      })
      .from(rows)
      .where(and(among(bound), hasMore))
      .orderBy(asc(rows.id)),
  )

  /** Lines whose account would collide with one that is there by what no unique index keeps apart. */
  const colliding = (name: string, emails: boolean) =>
    db.prepare(name, { ...stretch, domain }, (on, bound) => {
      const there = sql`${accounts} a where a.domain = ${bound.domain}`
      const isCalled = sql`${there} and a.username = ${text('phone')}`
      const isMailed = sql`${there} and ${db.folded(sql`a.email`)} = ${db.folded(text('email'))}`
      const isBuried = sql`${tombstones} g where g.domain = ${bound.domain} and g.username = ${text('username')}`
      const isTaken = [isBuried, isCalled, ...(emails ? [isMailed] : [])].map((where) => isNotNull(oneOf(where)))
      return on
        .select({ line: rows.line, account: rows.account })
        .from(rows)
        .where(and(among(bound), or(...isTaken)))
        .orderBy(asc(rows.id))
        .limit(1)
    })
  const [collidingByName, collidingByEmail] = [
    colliding('import_colliding', false),
    colliding('import_colliding_emails', true),
  ]

  const markMade = db.prepare('import_mark_made', { ...stretch, domain }, (on, bound) =>
    on
      .update(rows)
      .set({ madeId: madeOf(bound.domain) })
      .where(among(bound))
      .returning({ id: rows.id }),
  )

  const member = (at: number) => sql<string>`t.value ->> ${sql.raw(String(at))}`
  const insertTokens = db.prepare(
    'import_tokens',
    { all: tokens.token, ip: tokens.ip, userAgent: tokens.userAgent, at: tokens.createdAt },
    (on, bound) =>
      on
        .insert(tokens)
        .select(
          on
            .select({
              id: db.newId(tokens).as('id'),
              accountId: sql<number>`cast(${member(0)} as integer)`.as('account_id'),
              token: member(1).as('token'),
              sealed: member(2).as('sealed'),
              used: sql<boolean>`false`.as('used'),
              ip: bound.ip.as('ip'),
              userAgent: bound.userAgent.as('user_agent'),
              createdAt: bound.at.as('created_at'),
              updatedAt: bound.at.as('updated_at'),
            })
            .from(sql`${db.elements(bound.all)} t`)
            .where(sql`true`),
        )
        .returning({ id: tokens.id }),
  )

  const exportedOf = (on: Reader, { domain }: InSpace['space'], which: SQL) =>
    on
      .select({
        id: accounts.id,
        username: accounts.username,
        displayName: accounts.displayName,
        email: accounts.email,
        phone: accounts.phone,
        admin: accounts.admin,
        activated: accounts.activated,
      })
      .from(accounts)
      .where(and(eq(accounts.domain, domain), which))
      .orderBy(asc(accounts.id))

  const asStretch = ({ importId, after, last }: Lines) => ({ importId, after, last })

  return {
    /** The first line whose name, number or address somebody has by now; null: none. User names and numbers of other accounts apart, which `accounts` finds. */
    colliding: async (tx: Tx, lines: Lines, { domain }: Common, emails: boolean): Promise<MadeOf | null> => {
      const find = emails ? collidingByEmail : collidingByName
      return (await first(find(tx, { ...asStretch(lines), domain }))) as MadeOf | null
    },
    /** Makes accounts of the lines: fewer than there are lines where user names or numbers are taken. */
    accounts: (tx: Tx, lines: Lines, common: Common) => insertAccounts(tx, { ...asStretch(lines), ...common }),
    /** Stores the HA1 values of lines whose accounts are there, by the room of passwords (`insertFrom`). */
    passwordsBy: ({ insertFrom }: Pick<Passwords, 'insertFrom'>) => {
      const inserts = (
        [
          ['SHA-256', 'sha256'],
          ['MD5', 'md5'],
        ] as const
      ).map(([algorithm, member]) =>
        db.prepare(`import_passwords_${member}`, { ...stretch, domain }, (on, bound) =>
          insertFrom(
            on,
            on
              .select({
                id: db.newId(passwords).as('id'),
                accountId: madeOf(bound.domain).as('account_id'),
                password: text(member).as('password'),
                algorithm: sql.raw(`'${algorithm}'`).as('algorithm'),
              })
              .from(rows)
              .where(and(among(bound), isNotNull(text(member))))
              .orderBy(asc(rows.id)),
          ),
        ),
      )
      return async (tx: Tx, lines: Lines, { domain }: Common): Promise<void> => {
        for (const insert of inserts) await insert(tx, { ...asStretch(lines), domain })
      }
    },
    /** Those of the lines that ask for an external account or contacts lists, with the accounts that were made of them. */
    withMore: async (tx: Tx, lines: Lines, { domain }: Common) =>
      (await withMore(tx, { ...asStretch(lines), domain })) as unknown as (MadeOf & { readonly accountId: number })[],
    markMade: (tx: Tx, lines: Lines, { domain }: Common) => markMade(tx, { ...asStretch(lines), domain }),
    /** Tokens for accounts that have been made. */
    tokens: (
      tx: Tx,
      made: readonly TokenOf[],
      { ip, userAgent, at }: { ip: string; userAgent: string | null; at: Date },
    ) =>
      insertTokens(tx, {
        all: JSON.stringify(made.map(({ accountId, token, sealed }) => [accountId, token, sealed])),
        ip,
        userAgent,
        at,
      }),

    /** The accounts after that id, in the order of their ids. */
    page: (on: Reader, { space }: InSpace, after: number, most: number) =>
      exportedOf(on, space, gt(accounts.id, after)).limit(most),
    /** Those of them that are in the Space, in the order of their ids. */
    some: (on: Reader, { space }: InSpace, ids: readonly number[]) =>
      ids.length === 0 ? [] : exportedOf(on, space, inArray(accounts.id, [...ids])),
    passwordsOf: (on: Reader, ids: readonly number[]) =>
      on
        .select({ accountId: passwords.accountId, algorithm: passwords.algorithm, password: passwords.password })
        .from(passwords)
        .where(inArray(passwords.accountId, [...ids])),
  }
}
