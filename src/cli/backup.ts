import { Database } from 'bun:sqlite'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { databaseLocation } from '../config/database-location.ts'
import { type AppliedMigration, MIGRATIONS_TABLE, pendingMigrations, sqliteMigrations } from '../db/migrations.ts'
import { appKeyFile, makeDataDirectory } from './app-key.ts'
import { type GlobalOptions, loadSettings } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'
import { VERSION } from './version.ts'

const DATABASE = 'sipkeeper.sqlite'
const KEY = 'app.key'
const MANIFEST = 'manifest.json'

/** Logos of Spaces, as `DATA_DIR` names them. */
const LOGO = /^public\/\d+\/[0-9a-f]{64}\.png$/

interface Manifest {
  readonly version: string
  readonly createdAt: string
  /** File name → SHA-256 in hex. */
  readonly files: Readonly<Record<string, string>>
}

const hashOf = async (file: string): Promise<string> => {
  const hasher = new Bun.CryptoHasher('sha256')
  for await (const chunk of Bun.file(file).stream()) hasher.update(chunk)
  return hasher.digest('hex')
}

/** Neither a copy nor `VACUUM INTO` waits for the disk. */
const flush = (path: string): void => {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const sqliteFile = (options: GlobalOptions): { config: Config; file: string } => {
  const { config } = loadSettings(options)
  const location = databaseLocation(config)
  if (location.kind === 'postgres') {
    throw new CommandError(
      'This is a PostgreSQL installation: use pg_dump, and keep APP_KEY with the dump.',
      EXIT.refused,
    )
  }
  return { config, file: location.file }
}

const logosOf = ({ DATA_DIR: folder }: Config): string[] =>
  existsSync(join(folder, 'public'))
    ? readdirSync(join(folder, 'public'), { recursive: true, encoding: 'utf8' })
        .map((name) => join('public', name))
        .filter((name) => LOGO.test(name))
    : []

const copyInto = (folder: string, name: string, from: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o750 })
  copyFileSync(from, join(folder, name))
}

const backup = async (folder: string, options: GlobalOptions): Promise<void> => {
  const { config, file } = sqliteFile(options)
  if (!existsSync(file)) throw new CommandError(`${file} does not exist.`, EXIT.notFound)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (readdirSync(folder).length > 0) throw new CommandError(`${folder} is not empty.`, EXIT.refused)
  // SQLite writes into an empty file, and this one nobody else may read from its first byte on.
  writeFileSync(join(folder, DATABASE), '', { mode: 0o600, flag: 'wx' })
  // A consistent copy while the server writes.
  const database = new Database(file, { readonly: true })
  try {
    database.run('PRAGMA busy_timeout = 5000')
    database.query('VACUUM INTO ?').run(join(folder, DATABASE))
  } finally {
    database.close()
  }
  const names = [DATABASE]
  if (config.APP_KEY === null && existsSync(appKeyFile(config))) {
    writeFileSync(join(folder, KEY), readFileSync(appKeyFile(config)), { mode: 0o600, flag: 'wx' })
    names.push(KEY)
  }
  for (const name of logosOf(config)) {
    copyInto(folder, name, join(config.DATA_DIR, name))
    names.push(name)
  }
  const files: Record<string, string> = {}
  for (const name of names) {
    flush(join(folder, name))
    files[name] = await hashOf(join(folder, name))
  }
  // Last: a folder without it holds no backup.
  const manifest: Manifest = { version: VERSION, createdAt: new Date().toISOString(), files }
  writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true })
  flush(folder)
  print(`${names.join(', ')} kept in ${folder}`)
  if (config.APP_KEY !== null) print('APP_KEY is part of your configuration: keep it with this backup.')
}

const readManifest = (folder: string): Manifest => {
  const file = join(folder, MANIFEST)
  if (!existsSync(file)) throw new CommandError(`${folder} holds no backup (no ${MANIFEST}).`, EXIT.notFound)
  try {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Partial<Manifest>
    if (typeof manifest.files?.[DATABASE] === 'string') return manifest as Manifest
  } catch {
    // said below, whatever is wrong with it
  }
  throw new CommandError(`${file} is damaged.`, EXIT.failed)
}

const damaged = (path: string, why: string) => new CommandError(`${path} is damaged: ${why}.`, EXIT.failed)

/** Refuses what is damaged, and what a newer version has migrated. */
const verify = async (folder: string): Promise<Manifest> => {
  const manifest = readManifest(folder)
  for (const name of [DATABASE, KEY, ...Object.keys(manifest.files).filter((file) => LOGO.test(file))]) {
    const path = join(folder, name)
    const hash = manifest.files[name]
    if (hash === undefined) continue
    if (!existsSync(path)) throw damaged(path, 'it is gone')
    if ((await hashOf(path)) !== hash) throw damaged(path, 'it is not what was kept')
  }
  const path = join(folder, DATABASE)
  const database = new Database(path, { readonly: true })
  try {
    const { integrity_check: verdict } = database.query('PRAGMA integrity_check').get() as { integrity_check: string }
    if (verdict !== 'ok') throw damaged(path, verdict)
    const applied = database.query<AppliedMigration, []>(`SELECT tag, hash FROM ${MIGRATIONS_TABLE}`).all()
    pendingMigrations(sqliteMigrations, applied)
  } finally {
    database.close()
  }
  return manifest
}

/** Leaving WAL mode needs the file for oneself: the one way to know that no server has it open. */
const refuseInUse = (file: string): void => {
  const database = new Database(file, { readwrite: true })
  try {
    database.run('PRAGMA journal_mode = DELETE')
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    if (code === 'SQLITE_BUSY') throw new CommandError(`${file} is in use: stop the server first.`, EXIT.refused)
    // Replacing a damaged file is what a restore is for.
    if (code !== 'SQLITE_NOTADB' && code !== 'SQLITE_CORRUPT') throw new CommandError(message, EXIT.failed)
  } finally {
    database.close()
  }
}

const restore = async (folder: string, options: GlobalOptions & { check?: boolean; force?: boolean }) => {
  const { config, file } = sqliteFile(options)
  const manifest = await verify(folder)
  if (options.check === true) {
    print(`${folder} is whole: version ${manifest.version}, ${manifest.createdAt}`)
    return
  }
  const hasKey = manifest.files[KEY] !== undefined
  const inTheWay = [file, ...(hasKey ? [appKeyFile(config)] : [])].filter((path) => existsSync(path))
  if (inTheWay.length > 0 && options.force !== true) {
    throw new CommandError(`${inTheWay.join(' and ')} exist: add --force to replace them.`, EXIT.refused)
  }
  makeDataDirectory(config)
  if (existsSync(file)) refuseInUse(file)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  copyFileSync(join(folder, DATABASE), draft)
  // As the server makes it: a SIP proxy's group may read it.
  chmodSync(draft, 0o640)
  flush(draft)
  // What an older write-ahead log holds must not be replayed over the restored file.
  for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true })
  renameSync(draft, file)
  if (hasKey) {
    const key = `${appKeyFile(config)}.${randomBytes(6).toString('hex')}`
    writeFileSync(key, readFileSync(join(folder, KEY)), { mode: 0o600, flag: 'wx', flush: true })
    renameSync(key, appKeyFile(config))
  }
  for (const name of Object.keys(manifest.files).filter((file) => LOGO.test(file))) {
    copyInto(config.DATA_DIR, name, join(folder, name))
    flush(join(config.DATA_DIR, name))
  }
  flush(config.DATA_DIR)
  print(`Restored to ${config.DATA_DIR}`)
  if (!hasKey) print('The backup holds no key: APP_KEY must be the one of that time.')
}

export const backupCommands = (program: Command) => {
  program
    .command('backup')
    .argument('<dir>', 'an empty or new folder')
    .description('keep a consistent copy of the database, the key and the logos; the server may run')
    .action((folder: string, _options, command: Command) => backup(folder, command.optsWithGlobals()))
  program
    .command('restore')
    .argument('<dir>', 'a folder that `backup` made')
    .option('--check', 'only look whether it is whole')
    .option('--force', 'replace what is there')
    .description('bring a backup back; the server must be stopped')
    .action((folder: string, _options, command: Command) => restore(folder, command.optsWithGlobals()))
}
