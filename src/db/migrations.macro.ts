// Runs while bundling (import with { type: 'macro' }): the SQL becomes a literal of the executable.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Migration {
  readonly tag: string
  /** SHA-256 of the file: an applied migration that was edited afterwards is refused. */
  readonly hash: string
  readonly statements: readonly string[]
}

export const loadMigrations = (dialect: string): Migration[] => {
  const folder = join(import.meta.dir, '../../drizzle', dialect)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      return {
        tag: file.slice(0, -4),
        hash: createHash('sha256').update(text).digest('hex'),
        statements: text
          .split('--> statement-breakpoint')
          .map((statement) => statement.trim())
          .filter((statement) => statement !== ''),
      }
    })
}
