import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { findMany, insertMany } from '../../db/many.ts'
import { exists, first, only } from '../../db/rows.ts'
import type { Outlived } from '../../db/sweep.ts'
import type { InSpace } from '../directory/directory.ts'
import type { CheckedLine, StagedAccount, Taken } from './checking.ts'

export type AccountImport = Db['tables']['accountImports']['$inferSelect']
export type NewImport = Pick<AccountImport, 'name' | 'spaceId' | 'accountId' | 'file' | 'realm'>

export interface StagedRow {
  readonly id: number
  readonly line: number
  readonly account: StagedAccount
  readonly madeId: number | null
}

/** What accounts may collide by; e-mail addresses are folded. */
export interface Identifiers {
  readonly names: readonly string[]
  readonly emails: readonly string[]
  readonly phones: readonly string[]
}

/** Files of accounts that were read and wait. */
export const importStore = (db: Db) => {
  const {
    accounts,
    accountsTombstones: tombstones,
    accountImports: imports,
    accountImportRows: rows,
    tasks,
  } = db.tables
  const insertRows = insertMany(
    db,
    'insert_import_rows',
    rows,
    { importId: rows.importId, line: rows.line, account: rows.account, faults: rows.faults, admin: rows.admin },
    { id: rows.id },
  )
  const a = { domain: sql`a.domain`, folded: db.folded(sql`a.email`) }
  /** Each value is looked for by itself: of a list of them, the database would rather walk all accounts of the Space. */
  const among = (on: Reader, values: readonly SQL[], condition: SQL) =>
    on
      .select({ value: sql<string>`v.value` })
      .from(
        sql`(${sql.join(
          values.map((value) => sql`select ${value} as value`),
          sql` union all `,
        )}) v`,
      )
      .where(sql`exists(select 1 from ${condition})`)
  const ofSpace = { domain: accounts.domain }
  const namedSo = findMany(db, 'taken_names', accounts.username, ofSpace, (on, names, { domain }) =>
    among(on, names, sql`${accounts} a where ${a.domain} = ${domain} and a.username = v.value`),
  )
  const buriedSo = findMany(db, 'buried_names', tombstones.username, ofSpace, (on, names, { domain }) =>
    among(on, names, sql`${tombstones} a where ${a.domain} = ${domain} and a.username = v.value`),
  )
  const mailedAt = findMany(db, 'taken_emails', accounts.email, ofSpace, (on, emails, { domain }) =>
    among(on, emails, sql`${accounts} a where ${a.domain} = ${domain} and ${a.folded} = v.value`),
  )
  const calledAt = findMany(db, 'taken_phones', accounts.phone, ofSpace, (on, phones, { domain }) =>
    among(on, phones, sql`${accounts} a where ${a.domain} = ${domain} and a.phone = v.value`),
  )
  const good = isNotNull(rows.account)
  const ended = (before: Date) =>
    and(lt(imports.createdAt, before), or(isNull(imports.taskId), isNotNull(tasks.finishedAt)))
  const outlived = (before: Date) =>
    db.read.select({ id: imports.id }).from(imports).leftJoin(tasks, eq(tasks.id, imports.taskId)).where(ended(before))

  return {
    add: async (tx: Tx, row: NewImport, at: Date): Promise<number> =>
      (
        await only(
          tx
            .insert(imports)
            .values({ ...row, createdAt: at, updatedAt: at })
            .returning({ id: imports.id }),
        )
      ).id,
    addRows: (tx: Tx, importId: number, lines: readonly CheckedLine[]) =>
      insertRows(
        tx,
        lines.map(({ line, account, faults }) => ({
          importId,
          line,
          account,
          faults: faults.length === 0 ? null : { all: faults },
          admin: account?.admin ?? false,
        })),
      ),
    change: (tx: Tx, id: number, change: Partial<AccountImport>) =>
      tx.update(imports).set(change).where(eq(imports.id, id)),
    /** null: there is none of that name, or it is of somebody else. */
    named: (on: Reader, accountId: number, name: string): Promise<AccountImport | null> =>
      first(
        on
          .select()
          .from(imports)
          .where(and(eq(imports.name, name), eq(imports.accountId, accountId), eq(imports.complete, true))),
      ),
    byId: (on: Reader, id: number): Promise<AccountImport | null> =>
      first(on.select().from(imports).where(eq(imports.id, id))),
    /** False: it was begun already. */
    begin: (tx: Tx, id: number, taskId: number): Promise<boolean> =>
      exists(
        tx
          .update(imports)
          .set({ taskId })
          .where(and(eq(imports.id, id), isNull(imports.taskId)))
          .returning({ id: imports.id }),
      ),
    remove: (tx: Tx, id: number) => tx.delete(imports).where(eq(imports.id, id)),
    removeRows: async (tx: Tx, importId: number, most: number): Promise<number> => {
      const some = tx.select({ id: rows.id }).from(rows).where(eq(rows.importId, importId)).limit(most)
      return (await tx.delete(rows).where(inArray(rows.id, some)).returning({ id: rows.id })).length
    },

    accounts: async (on: Reader, importId: number, after: number, most: number, onlyAdmins = false) =>
      (await on
        .select({ id: rows.id, line: rows.line, account: rows.account, madeId: rows.madeId })
        .from(rows)
        .where(and(eq(rows.importId, importId), gt(rows.id, after), good, onlyAdmins ? rows.admin : undefined))
        .orderBy(asc(rows.id))
        .limit(most)) as unknown as StagedRow[],
    faulty: (on: Reader, importId: number, after: number, most: number) =>
      on
        .select({ id: rows.id, line: rows.line, faults: rows.faults })
        .from(rows)
        .where(and(eq(rows.importId, importId), gt(rows.id, after), isNotNull(rows.faults)))
        .orderBy(asc(rows.id))
        .limit(most),
    /** The accounts that were made of it, the last ones first. */
    made: async (
      on: Reader,
      importId: number,
      before: number,
      most: number,
    ): Promise<{ id: number; madeId: number }[]> =>
      (await on
        .select({ id: rows.id, madeId: rows.madeId })
        .from(rows)
        .where(and(eq(rows.importId, importId), lt(rows.id, before), isNotNull(rows.madeId)))
        .orderBy(desc(rows.id))
        .limit(most)) as { id: number; madeId: number }[],
    markMade: (tx: Tx, importId: number, domain: string, after: number, last: number) =>
      tx
        .update(rows)
        .set({
          madeId: sql`(select ${accounts.id} from ${accounts} where ${accounts.domain} = ${domain}
            and ${accounts.username} = account_import_rows.account ->> 'username')`,
        })
        .where(and(eq(rows.importId, importId), gt(rows.id, after), sql`${rows.id} <= ${last}`, good)),
    unmark: (tx: Tx, ids: readonly number[]) =>
      tx
        .update(rows)
        .set({ madeId: null })
        .where(inArray(rows.id, [...ids])),
    countEmails: async (on: Reader, importId: number): Promise<number> =>
      (
        await only(
          on
            .select({ n: count() })
            .from(rows)
            .where(and(eq(rows.importId, importId), sql`account ->> 'email' is not null`)),
        )
      ).n,

    /** Which of them are taken in the Space. */
    taken: async (
      on: Reader,
      { space }: InSpace,
      { names, emails, phones }: Identifiers,
    ): Promise<Omit<Taken, 'lines'>> => {
      const here = { domain: space.domain }
      const called = await namedSo(on, [...names, ...phones], here)
      const buried = await buriedSo(on, names, here)
      const mailed = await mailedAt(on, emails, here)
      const numbered = await calledAt(on, phones, here)
      const usernames = called.map(({ value }) => value)
      return {
        names: new Set([...usernames, ...buried.map(({ value }) => value)]),
        emails: new Set(mailed.map(({ value }) => value)),
        phones: new Set([...usernames, ...numbered.map(({ value }) => value)]),
      }
    },

    /** What nobody needs any more: first the lines, so that no transaction deletes many. */
    oldRows: (before: Date): Outlived => ({ table: rows, condition: inArray(rows.importId, outlived(before)) }),
    old: (before: Date): Outlived => ({ table: imports, condition: inArray(imports.id, outlived(before)) }),
  }
}

/** Accounts as an import makes them, many at a time. */
export const bulkStore = (db: Db) => {
  const { accounts, passwords, provisioningTokens: tokens } = db.tables
  const { id: _, ...columns } = {
    id: accounts.id,
    username: accounts.username,
    domain: accounts.domain,
    email: accounts.email,
    phone: accounts.phone,
    displayName: accounts.displayName,
    activated: accounts.activated,
    admin: accounts.admin,
    ipAddress: accounts.ipAddress,
    userAgent: accounts.userAgent,
    createdAt: accounts.createdAt,
    updatedAt: accounts.updatedAt,
  }
  return {
    /** The accounts after that id, in the order of their ids. */
    page: (on: Reader, { space }: InSpace, after: number, most: number) =>
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
        .where(and(eq(accounts.domain, space.domain), gt(accounts.id, after)))
        .orderBy(asc(accounts.id))
        .limit(most),
    passwordsOf: (on: Reader, ids: readonly number[]) =>
      on
        .select({ accountId: passwords.accountId, algorithm: passwords.algorithm, password: passwords.password })
        .from(passwords)
        .where(inArray(passwords.accountId, [...ids])),
    accounts: insertMany(db, 'import_accounts', accounts, columns, { id: accounts.id, username: accounts.username }),
    passwords: insertMany(
      db,
      'import_passwords',
      passwords,
      { accountId: passwords.accountId, password: passwords.password, algorithm: passwords.algorithm },
      { id: passwords.id },
    ),
    tokens: insertMany(
      db,
      'import_tokens',
      tokens,
      {
        accountId: tokens.accountId,
        token: tokens.token,
        sealed: tokens.sealed,
        ip: tokens.ip,
        userAgent: tokens.userAgent,
        createdAt: tokens.createdAt,
        updatedAt: tokens.updatedAt,
      },
      { id: tokens.id },
    ),
    /** As if they had never been: no name stays reserved. */
    remove: (tx: Tx, { space }: InSpace, ids: readonly number[]) =>
      tx.delete(accounts).where(and(eq(accounts.domain, space.domain), inArray(accounts.id, [...ids]))),
  }
}
