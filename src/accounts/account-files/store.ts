import { and, asc, count, eq, gt, inArray, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
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

/** Good lines of a file: those of the import after the one id, up to the other. */
export interface Lines {
  readonly importId: number
  readonly after: number
  readonly last: number
  readonly count: number
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
  const nextGood = db.prepare(
    'import_next_good',
    { importId: rows.importId, after: rows.id, most: Number },
    (on, { importId, after, most }) =>
      on
        .select({ id: rows.id })
        .from(rows)
        .where(and(eq(rows.importId, importId), gt(rows.id, after), good))
        .orderBy(asc(rows.id))
        .limit(most),
  )
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
    /** `accountId` null: the command line has read it. */
    named: (on: Reader, accountId: number | null, name: string): Promise<AccountImport | null> =>
      first(
        on
          .select()
          .from(imports)
          .where(
            and(
              eq(imports.name, name),
              accountId === null ? isNull(imports.accountId) : eq(imports.accountId, accountId),
              eq(imports.complete, true),
            ),
          ),
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

    /** The next lines that are good, as a stretch; null: there are none. */
    stretch: async (on: Reader, importId: number, after: number, most: number): Promise<Lines | null> => {
      const ids = await nextGood(on, { importId, after, most })
      const last = ids.at(-1)
      return last === undefined ? null : { importId, after, last: last.id, count: ids.length }
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
