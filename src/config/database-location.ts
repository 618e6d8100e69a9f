import { join } from 'node:path'
import type { Config } from './settings.ts'

export type DatabaseLocation =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** Where everything is kept: the PostgreSQL database that is named, or one file in `DATA_DIR`. */
export const databaseLocation = (config: Pick<Config, 'DATABASE_URL' | 'DATA_DIR'>): DatabaseLocation =>
  config.DATABASE_URL === null
    ? { kind: 'sqlite', file: join(config.DATA_DIR, 'sipkeeper.sqlite') }
    : { kind: 'postgres', url: config.DATABASE_URL }
