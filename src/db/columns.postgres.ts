import { type SQL, sql } from 'drizzle-orm'
import * as p from 'drizzle-orm/pg-core'

// drizzle's own jsonb() hands Bun.SQL a string, which is then encoded twice.
const jsonb = p.customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => value,
  fromDriver: (value) => value,
})

/** The column vocabulary of `tables.ts`; the SQLite one is cast to this type. */
export const postgresColumns = {
  table: p.pgTable,
  id: () => p.integer().primaryKey().generatedByDefaultAsIdentity(),
  /** Of a table that gets rows for years, however many a second: 32 bits are too short for it. */
  longId: () => p.bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
  ref: () => p.integer(),
  text: () => p.text(),
  count: () => p.integer(),
  /** A count that 32 bits are too short for. */
  bytes: () => p.bigint({ mode: 'number' }),
  flag: () => p.boolean(),
  /** An instant with millisecond precision. */
  moment: () => p.timestamp({ withTimezone: true, mode: 'date', precision: 3 }),
  json: <T>() => jsonb().$type<T>(),
  /**
   * Text with its ASCII letters in lower case; every other letter stays as it is, whatever the database's collation.
   */
  folded: (text: SQL): SQL => sql`lower(${text} collate "C")`,
  index: p.index,
  uniqueIndex: p.uniqueIndex,
  primaryKey: p.primaryKey,
}

export type Columns = typeof postgresColumns
