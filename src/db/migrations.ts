import { loadMigrations } from './migrations.macro.ts' with { type: 'macro' }
import type { Migration } from './migrations.macro.ts'

export type { Migration } from './migrations.macro.ts'

export const sqliteMigrations: readonly Migration[] = loadMigrations('sqlite')
export const postgresMigrations: readonly Migration[] = loadMigrations('postgres')

export const MIGRATIONS_TABLE = 'sipkeeper_migrations'

export interface AppliedMigration {
  readonly tag: string
  readonly hash: string
}

/** The database and this executable disagree about the schema; the message is for the operator. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

/**
 * What is still to apply, in order. Refuses a database that a newer sipkeeper migrated, and one whose applied
 * migrations differ from ours.
 */
export const pendingMigrations = (ours: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] => {
  const known = new Map(ours.map((migration) => [migration.tag, migration.hash]))
  for (const { tag, hash } of applied) {
    const expected = known.get(tag)
    if (expected === undefined) {
      throw new SchemaError(`The database was migrated by a newer sipkeeper (${tag}). Start that version instead.`)
    }
    if (expected !== hash) {
      throw new SchemaError(`Migration ${tag} differs from the one that was applied to this database.`)
    }
  }
  const done = new Set(applied.map((migration) => migration.tag))
  return ours.filter((migration) => !done.has(migration.tag))
}

/** What was applied and what is still to apply, by name. Refuses as `pendingMigrations` does. */
export const schemaOf = (ours: readonly Migration[], applied: readonly AppliedMigration[]) => ({
  applied: applied.map(({ tag }) => tag),
  pending: pendingMigrations(ours, applied).map(({ tag }) => tag),
})
