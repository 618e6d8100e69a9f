import { Database } from 'bun:sqlite'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { databaseLocation } from '../config/database-location.ts'
import { appKeyFile } from './app-key.ts'
import { type GlobalOptions, loadSettings } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'
import { VERSION } from './version.ts'

const DATABASE = 'sipkeeper.sqlite'
const KEY = 'app.key'
const MANIFEST = 'manifest.json'

interface Manifest {
  readonly version: string
  readonly createdAt: string
  /** File name → SHA-256 in hex. */
  readonly files: Readonly<Record<string, string>>
}

const hashOf = (file: string) => Bun.SHA256.hash(readFileSync(file), 'hex')

const sqliteFile = (options: GlobalOptions) => {
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

const backup = (folder: string, options: GlobalOptions) => {
  const { config, file } = sqliteFile(options)
  if (!existsSync(file)) throw new CommandError(`${file} does not exist.`, EXIT.notFound)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (readdirSync(folder).length > 0) throw new CommandError(`${folder} is not empty.`, EXIT.refused)
  // A consistent copy while the server writes.
  const database = new Database(file, { readonly: true })
  database.query('VACUUM INTO ?').run(join(folder, DATABASE))
  database.close()
  const names = [DATABASE]
  if (config.APP_KEY === null && existsSync(appKeyFile(config))) {
    copyFileSync(appKeyFile(config), join(folder, KEY))
    names.push(KEY)
  }
  const files = Object.fromEntries(names.map((name) => [name, hashOf(join(folder, name))]))
  const manifest: Manifest = { version: VERSION, createdAt: new Date().toISOString(), files }
  writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true })
  print(`${names.join(', ')} kept in ${folder}`)
  if (config.APP_KEY !== null) print('APP_KEY is part of your configuration: keep it with this backup.')
}

const verify = (folder: string): Manifest => {
  const file = join(folder, MANIFEST)
  if (!existsSync(file)) throw new CommandError(`${folder} holds no backup (no ${MANIFEST}).`, EXIT.notFound)
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
  for (const [name, hash] of Object.entries(manifest.files)) {
    const path = join(folder, name)
    if (!existsSync(path) || hashOf(path) !== hash) throw new CommandError(`${path} is damaged.`, EXIT.failed)
  }
  const database = new Database(join(folder, DATABASE), { readonly: true })
  const { integrity_check: verdict } = database.query('PRAGMA integrity_check').get() as { integrity_check: string }
  database.close()
  if (verdict !== 'ok') throw new CommandError(`${folder}: ${verdict}`, EXIT.failed)
  return manifest
}

const restore = (folder: string, options: GlobalOptions & { check?: boolean; force?: boolean }) => {
  const { config, file } = sqliteFile(options)
  const manifest = verify(folder)
  if (options.check === true) {
    print(`${folder} is whole: version ${manifest.version}, ${manifest.createdAt}`)
    return
  }
  if (existsSync(file) && options.force !== true) {
    throw new CommandError(`${file} exists. Stop the server and add --force to replace it.`, EXIT.refused)
  }
  mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 })
  copyFileSync(join(folder, DATABASE), file)
  // What an older write-ahead log holds must not be replayed over the restored file.
  for (const end of ['-wal', '-shm']) if (existsSync(file + end)) writeFileSync(file + end, '')
  if (manifest.files[KEY] !== undefined) {
    writeFileSync(appKeyFile(config), readFileSync(join(folder, KEY)), { mode: 0o600 })
  }
  print(`Restored to ${config.DATA_DIR}`)
}

export const backupCommands = (program: Command) => {
  program
    .command('backup')
    .argument('<dir>', 'an empty or new folder')
    .description('keep a consistent copy of the database and the key; the server may run')
    .action((folder: string, _options, command: Command) => backup(folder, command.optsWithGlobals()))
  program
    .command('restore')
    .argument('<dir>', 'a folder that `backup` made')
    .option('--check', 'only look whether it is whole')
    .option('--force', 'replace what is there')
    .description('bring a backup back; the server must be stopped')
    .action((folder: string, _options, command: Command) => restore(folder, command.optsWithGlobals()))
}
