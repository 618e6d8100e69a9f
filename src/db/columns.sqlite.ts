import { type SQL, sql } from 'drizzle-orm'
import * as s from 'drizzle-orm/sqlite-core'
import type { Columns } from './columns.postgres.ts'

export const sqliteColumns = {
  table: s.sqliteTable,
  id: () => s.integer().primaryKey({ autoIncrement: true }),
  longId: () => s.integer().primaryKey({ autoIncrement: true }),
  ref: () => s.integer(),
  text: () => s.text(),
  count: () => s.integer(),
  bytes: () => s.integer(),
  flag: () => s.integer({ mode: 'boolean' }),
  moment: () => s.integer({ mode: 'timestamp_ms' }),
  json: <T>() => s.text({ mode: 'json' }).$type<T>(),
  folded: (text: SQL): SQL => sql`lower(${text})`,
  index: s.index,
  uniqueIndex: s.uniqueIndex,
  primaryKey: s.primaryKey,
} as unknown as Columns
