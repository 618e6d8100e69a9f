import { type Config, readConfig } from '../config/config.ts'
import { databaseLocation } from '../config/database-location.ts'
import type { Db } from '../db/db.ts'
import { type Logging, logging } from '../logging/logging.ts'
import { openDatabase, type Services, services, type World } from '../services.ts'
import { appKey } from './app-key.ts'
import { warn } from './terminal.ts'

/** Options that every command knows. */
export interface GlobalOptions {
  readonly envFile?: string
  readonly quiet?: boolean
}

export const loadSettings = ({ envFile, quiet }: GlobalOptions) => {
  const loaded = readConfig(envFile === undefined ? {} : { envFile })
  if (quiet !== true) for (const warning of loaded.warnings) warn(`warning: ${warning}`)
  return loaded
}

export interface Opened {
  readonly config: Config
  readonly world: World
  readonly db: Db
  readonly parts: Services
  readonly log: Logging
}

export const worldOf = (config: Config, log: Logging): World => ({
  config,
  appKey: appKey(config),
  log,
  now: () => new Date(),
  random: (size) => crypto.getRandomValues(new Uint8Array(size)),
})

/** Runs `work` on the migrated database of the configuration, then closes everything. Logs go to stderr. */
export const withServices = async <T>(options: GlobalOptions, work: (opened: Opened) => Promise<T>): Promise<T> => {
  const { config } = loadSettings(options)
  const log = logging({ ...config, LOG_TARGET: { kind: 'stderr' }, LOG_LEVEL: 'warn' }, { now: () => new Date() })
  const world = worldOf(config, log)
  const db = openDatabase(config)
  try {
    await db.migrate()
    const parts = services(world, db)
    await parts.phoneCountries.refresh()
    return await work({ config, world, db, parts, log })
  } finally {
    await db.close()
    await log.close()
  }
}

export const databaseName = (config: Config): string => {
  const location = databaseLocation(config)
  return location.kind === 'sqlite' ? location.file : new URL(location.url).host
}
