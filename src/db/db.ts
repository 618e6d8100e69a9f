import type { AnyColumn, SQL, SQLWrapper, Table } from 'drizzle-orm'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import type { PgQueryResultHKT } from 'drizzle-orm/pg-core/session'
import type { Bound, Parameters, Values } from './bound.ts'
import type { Seal } from './steps.ts'
import type { Reach } from './stretch.ts'
import type { Tables } from './tables.ts'

type Full = PgDatabase<PgQueryResultHKT, Record<string, never>>

/** Can only look. On SQLite a connection of its own, opened read-only. */
export type Reader = Pick<Full, 'select' | 'selectDistinct'>

/** The inside of a transaction: the only place where rows change. */
export type Tx = Reader & Pick<Full, 'insert' | 'update' | 'delete'>

/** Writes what was handed to it, in the transaction that it is given. */
export type Write<Item> = (tx: Tx, items: readonly Item[]) => Promise<void>

/** A query built once. `on` is the reader, or the transaction whose writes it must see. */
export type Prepared<Row, Given> = (on: Reader, values: Given) => Promise<Row[]>

/** A query that drizzle has built, and can prepare. */
interface Preparable<Row> {
  prepare(name: string): { execute(): Promise<Row[]> }
}

/** Builds a query of what stands for its values. */
export type Build<P extends Parameters, Row> = (on: Tx, bound: Bound<P>) => Preparable<Row>

/** A table whose rows get ids one after the other. */
export type Numbered = Table & { readonly $inferSelect: { readonly id: number } }

export interface Db {
  readonly dialect: 'sqlite' | 'postgres'
  readonly tables: Tables
  readonly read: Reader
  /**
   * Runs `work`, then commits; its result arrives only after the commit is durable. Rolls back when `work` rejects.
   * Nothing slow belongs inside. A transaction inside a transaction is an error: hand `tx` down.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Has `write` called once before this transaction commits, with `item` and whatever else was handed to `write`: also by
   * other transactions, where several commit together. What was rolled back is left out.
   */
  beforeCommit<Item>(tx: Tx, write: Write<Item>, item: Item): void
  /** Runs `then` once this transaction has committed, before its result arrives; never when it is rolled back. */
  afterCommit(tx: Tx, then: () => void): void
  /** Writers come one after the other, so that each sees what all before it have written, and in which order. */
  readonly hasOneWriter: boolean
  /**
   * Keeps the rows of `table` that a query of a transaction finds from being deleted until the transaction ends; others
   * may read, change and keep them, too.
   */
  kept<Query>(query: Query, table: unknown): Query
  /**
   * A query that is built once and runs often. `parameters` names what it is given each time, and `build` gets what stands
   * for that: `db.prepare('account_by_name', { name: accounts.username }, (on, { name }) => …eq(accounts.username, name)`.
   * What is declared and not used is an error when the query is prepared: on PostgreSQL here, on SQLite when it first runs.
   */
  prepare<P extends Parameters, Row>(name: string, parameters: P, build: Build<P, Row>): Prepared<Row, Values<P>>
  /** A column that holds the rows of a subquery as one object, in their order; the subquery selects `key` and `value`. */
  objectOf(rows: SQL): SQL<Record<string, string>>
  /** The full hour, in UTC, in which an instant lies. */
  hourOf(instant: AnyColumn): SQL<Date>
  /** Reads run in another process: a long one holds nothing up in this one. */
  readonly readsApart: boolean
  /** Over how many rows a number is spread that everybody increments, so that nobody waits for the other's commit. */
  readonly spread: number
  /** Text with its ASCII letters in lower case, as `foldedEmail` makes it; other letters stay, on both databases. */
  folded(text: SQLWrapper): SQL<string>
  /**
   * Which accounts of a stretch of ids have every word of `text` in their user name, display name, e-mail address or
   * number, whatever its case; a condition on `accounts`. An index of trigrams finds words of three characters and more;
   * a text of shorter ones alone is the start of user names.
   */
  mentions(text: string, reach: Reach): SQL
  /**
   * Takes up to `most` new accounts into the index of `mentions`, which finds them without it too; how many. 0 where the
   * database does so by itself.
   */
  indexWords(most: number): Promise<number>
  /** The elements of a JSON list that is handed in as text, as rows with one column `value`. */
  elements(list: SQLWrapper): SQL
  /** The id of a row that is inserted by `insert … select`, which has to name every column. */
  newId(table: Numbered): SQL<number>
  /** Ids of a table up to `last` are given out by hand from now on, whatever becomes of `tx`; the next ones come after. */
  reserveIds(tx: Tx, table: Numbered, last: number): Promise<void>
  /** So many new ids of a table, whose rows are inserted with them before others are taken. */
  takeIds(tx: Tx, table: Numbered, howMany: number): Promise<number[]>
  /** For rate-limiter-flexible's counters; null where one process owns the database and counts in memory. */
  readonly limiterStore: {
    query(query: { text: string; values: unknown[] }): Promise<{ rows: unknown[]; rowCount: number }>
    /** Removes up to `most` windows that have ended; resolves to how many. */
    clear(now: Date, most: number): Promise<number>
  } | null
  /**
   * `seal`: for tokens in clear of older versions, which whoever may see them then sees on. `onStep` hears of each
   * migration before it is applied, by its name, and of the copy before all.
   */
  migrate(seal?: Seal, onStep?: (step: string) => void): Promise<{ applied: string[]; copy: string | null }>
  /** The migrations that were applied, and those that `migrate` would apply. */
  schema(): Promise<{ applied: string[]; pending: string[] }>
  /** Rejects when the database does not answer, or when it has failed to write and still does. */
  ping(): Promise<void>
  /** How often this process has committed: while it stays the same, so does everything that this process knows. */
  commits(): number
  /** Transactions that run or wait. */
  openTransactions(): number
  close(): Promise<void>
}
export type { Tables } from './tables.ts'
