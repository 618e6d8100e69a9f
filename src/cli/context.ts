import { existsSync, readFileSync } from 'node:fs'
import type { Operator } from '../audit/audit.ts'
import { type Config, readConfig, SYSTEM_ENV_FILE } from '../config/config.ts'
import { databaseLocation } from '../config/database-location.ts'
import type { Db } from '../db/db.ts'
import { sqliteMigrations } from '../db/migrations.ts'
import { type Logging, logging } from '../logging/logging.ts'
import { type Random, secrets } from '../secrets.ts'
import { openDatabase, type Services, services, type World } from '../services.ts'
import { duplicateEmails, duplicateSentence } from '../spaces/spaces/duplicate-emails.ts'
import { appKey, keptAppKey, makeDataDirectory } from './app-key.ts'
import { warn } from './terminal.ts'

/** Options that every command knows. */
export interface GlobalOptions {
  readonly envFile?: string
  readonly quiet?: boolean
  /** false after `--no-interaction`. */
  readonly interaction?: boolean
}

export const loadSettings = ({ envFile, quiet }: GlobalOptions) => {
  const loaded = readConfig(envFile === undefined ? {} : { envFile })
  if (quiet === true) return loaded
  for (const warning of loaded.warnings) warn(`warning: ${warning}`)
  // Timers run commands on a system's installation: what they print without need becomes a mail.
  if (loaded.envFile !== null && (loaded.envFile !== SYSTEM_ENV_FILE || process.stderr.isTTY)) {
    warn(`Settings: ${loaded.envFile}`)
  }
  return loaded
}

export interface Opened {
  readonly config: Config
  readonly world: World
  readonly db: Db
  readonly parts: Services
  readonly log: Logging
}

const random: Random = (size) => crypto.getRandomValues(new Uint8Array(size))

/** As the system calls whoever runs this command, whatever their environment says. */
const operator = (): Operator => {
  const uid = process.getuid?.()
  // name:password:uid:…
  const users = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : []
  const line = users.find((user) => user.split(':')[2] === String(uid))
  // Containers run with numbers that nobody has given a name.
  return { user: line?.split(':')[0] ?? `uid ${uid ?? 'unknown'}` }
}

export const worldOf = (config: Config, log: Logging): World => ({
  config,
  appKey: appKey(config),
  log,
  now: () => new Date(),
  random,
})

/** Brings the database to this version. What it seals needs the key, of which it makes none. */
export const migrate = (config: Config, db: Db, onStep?: (step: string) => void) => {
  const key = keptAppKey(config)
  return db.migrate(key === null ? null : secrets(key, random).seal, onStep)
}

/** Everything to stderr, whatever is configured: a log file that root makes here the server could not write. */
export const commandLogging = (config: Config): Logging => {
  const LOG_TARGET = { kind: 'stderr' } as const
  const targets = { LOG_TARGET, SECURITY_LOG_TARGET: LOG_TARGET, LOG_LEVEL: 'warn' } as const
  return logging({ ...config, ...targets }, { now: () => new Date() })
}

/** The database of the configuration, not yet migrated. */
export const openConfigured = (config: Config): Db => {
  if (databaseLocation(config).kind === 'sqlite') makeDataDirectory(config)
  return openDatabase(config)
}

/** Runs `work` on the migrated database of the configuration, then closes everything. */
export const withServices = <T>(options: GlobalOptions, work: (opened: Opened) => Promise<T>): Promise<T> =>
  withServicesOf(loadSettings(options).config, work)

export const withServicesOf = async <T>(config: Config, work: (opened: Opened) => Promise<T>): Promise<T> => {
  const log = commandLogging(config)
  const world = { ...worldOf(config, log), operator: operator() }
  const db = openConfigured(config)
  try {
    const { applied } = await migrate(config, db)
    if (applied.length > 0)
      for (const duplicate of await duplicateEmails(config, db)) warn(duplicateSentence(duplicate))
    const parts = services(world, db)
    await parts.phoneCountries.refresh()
    try {
      return await work({ config, world, db, parts, log })
    } finally {
      parts.registrar.close()
      // Whoever serves, or runs the next command, does it otherwise.
      await parts.auditChain.seal().catch((error) => log.app.warn('the audit log could not be sealed', { error }))
    }
  } finally {
    await db.close()
    await log.close()
  }
}

export interface SchemaState {
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

/** What `migrate` would do. Changes nothing, and makes no file where there is none. */
export const schemaState = async (config: Config): Promise<SchemaState> => {
  const location = databaseLocation(config)
  if (location.kind === 'sqlite' && !existsSync(location.file)) {
    return { applied: [], pending: sqliteMigrations.map(({ tag }) => tag) }
  }
  const db = openDatabase(config)
  try {
    return await db.schema()
  } finally {
    await db.close()
  }
}

export const databaseName = (config: Config): string => {
  const location = databaseLocation(config)
  return location.kind === 'sqlite' ? location.file : new URL(location.url).host
}
