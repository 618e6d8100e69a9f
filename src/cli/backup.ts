import { constants, Database } from 'bun:sqlite'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { databaseLocation } from '../config/database-location.ts'
import { type AppliedMigration, MIGRATIONS_TABLE, pendingMigrations, sqliteMigrations } from '../db/migrations.ts'
import { codeOf, sentenceOf } from '../thrown.ts'
import { appKeyFile, keyIn, makeDataDirectory } from './app-key.ts'
import { counting, MIB, sizesOf } from './bytes.ts'
import { type GlobalOptions, loadSettings } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { type Progress, withProgress } from './progress.ts'
import { copyPlain, flush, hashOfFile, linkWithin, type NewFile, NoPlainFile } from './safe-files.ts'
import { opensWhatIsSealed } from './sealed-values.ts'
import { print, warn } from './terminal.ts'
import { VERSION } from './version.ts'

const DATABASE = 'sipkeeper.sqlite'
const KEY = 'app.key'
const MANIFEST = 'manifest.json'
/** Holds the process id of the backup that is being made; a folder that still has it after that one's end is none. */
const UNFINISHED = '.unfinished'

/** Logos of Spaces and files of voicemails, as `DATA_DIR` names them. */
const LOGO = /^public\/\d+\/[0-9a-f]{64}\.png$/
const VOICEMAIL = /^files\/([0-9a-f]{2})\/\1[0-9a-f]{6}-[0-9a-f-]{27}$/
const isVoicemail = (name: string): boolean => VOICEMAIL.test(name)
const isFile = (name: string): boolean => LOGO.test(name) || isVoicemail(name)

interface Manifest {
  readonly version: string
  readonly createdAt: string
  /** File name → SHA-256 in hex. */
  readonly files: Readonly<Record<string, string>>
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

const filesOf = ({ DATA_DIR: folder }: Config): string[] =>
  ['public', 'files'].flatMap((inner) =>
    existsSync(join(folder, inner))
      ? readdirSync(join(folder, inner), { recursive: true, encoding: 'utf8' })
          .map((name) => join(inner, name))
          .filter(isFile)
      : [],
  )

/**
 * The files of a finished SQLite database, which nobody changes: read as they are, also where nothing can be written.
 */
const openFinished = (path: string): Database =>
  new Database(`${pathToFileURL(path).href}?immutable=1`, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI)

const isRunning = (pid: number): boolean => {
  if (!(pid > 0) || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** Takes away what a backup that was broken off without a word has left; refuses a folder with anything else. */
const emptied = (folder: string): void => {
  const mark = join(folder, UNFINISHED)
  if (existsSync(mark) && !isRunning(Number(readFileSync(mark, 'utf8')))) {
    for (const name of [DATABASE, `${DATABASE}-journal`, KEY, MANIFEST, 'public', 'files', UNFINISHED]) {
      rmSync(join(folder, name), { recursive: true, force: true })
    }
  }
  if (readdirSync(folder).length > 0) throw new CommandError(`${folder} is not empty.`, EXIT.refused)
}

/**
 * Makes the folder, and in it the mark that it is ours; `undo` takes away what was made and what has come into it
 * since.
 */
const claimed = (folder: string) => {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
  const unmake = () => {
    if (first === undefined) return
    for (let made = resolve(folder); made.length >= resolve(first).length; made = dirname(made)) rmdirSync(made)
  }
  try {
    writeFileSync(join(folder, UNFINISHED), String(process.pid), { flag: 'wx' })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new CommandError(`Another backup is being made in ${folder}.`, EXIT.refused)
    }
    rmSync(join(folder, UNFINISHED), { force: true })
    unmake()
    throw error
  }
  const undo = () => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
    unmake()
  }
  return { undo }
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Does what `begin` begins, then `work`; if that fails, or somebody ends the process meanwhile, what `begin` returned
 * is done before that is told. Signals wait for `begin`, which is no promise.
 */
const undoneUnlessWhole = async (begin: () => { undo(): void }, work: () => Promise<void>): Promise<void> => {
  let undo = () => {}
  const interrupted = (signal: (typeof ENDING)[number]) => {
    undo()
    // Ends as if nobody had listened.
    for (const one of ENDING) process.off(one, interrupted)
    process.kill(process.pid, signal)
  }
  for (const signal of ENDING) process.on(signal, interrupted)
  try {
    undo = begin().undo
    await work()
  } catch (error) {
    undo()
    throw error instanceof NoPlainFile ? new CommandError(error.message, EXIT.failed) : error
  } finally {
    for (const signal of ENDING) process.off(signal, interrupted)
  }
}

const copyDatabase = (file: string, copy: string): void => {
  // SQLite writes into an empty file, and this one nobody else may read from its first byte on.
  writeFileSync(copy, '', { mode: 0o600, flag: 'wx' })
  // A consistent copy while the server writes.
  const database = new Database(file, { readonly: true })
  try {
    database.run('PRAGMA busy_timeout = 5000')
    database.query('VACUUM INTO ?').run(copy)
  } finally {
    database.close()
  }
  flush(copy)
}

/** Puts one file below a folder, making the folders between, which belong to whom the file belongs to. */
const copyInto = async (folder: string, name: string, from: string, rights: NewFile): Promise<string> => {
  const inner = dirname(join(folder, name))
  const first = mkdirSync(inner, { recursive: true, mode: 0o750 })
  for (let made = inner; first !== undefined && made.length >= first.length; made = dirname(made)) {
    if (rights.owner !== undefined) chownSync(made, rights.owner.uid, rights.owner.gid)
  }
  const hash = await copyPlain(from, join(folder, name), rights)
  flush(dirname(join(folder, name)))
  return hash
}

const fill = async (folder: string, config: Config, file: string, shown: Progress): Promise<Manifest> => {
  shown.note(`Copying the database, ${Math.ceil(sizesOf('', [file]) / MIB)} MiB`)
  copyDatabase(file, join(folder, DATABASE))
  const names = filesOf(config)
  const onRead = counting(shown, sizesOf(folder, [DATABASE]) + sizesOf(config.DATA_DIR, names))
  const files: Record<string, string> = { [DATABASE]: await hashOfFile(join(folder, DATABASE), onRead) }
  if (config.APP_KEY === null && existsSync(appKeyFile(config))) {
    files[KEY] = await copyPlain(appKeyFile(config), join(folder, KEY), { mode: 0o600 })
  }
  for (const name of names) {
    const from = join(config.DATA_DIR, name)
    const hash = await copyInto(folder, name, from, { mode: 0o600, onRead }).catch((error: unknown) => {
      // A voicemail may be deleted while the server runs; its row was copied before, and shows nothing then.
      if (isVoicemail(name) && (error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    })
    if (hash !== null) files[name] = hash
  }
  // Last: a folder without it holds no backup.
  const manifest: Manifest = { version: VERSION, createdAt: new Date().toISOString(), files }
  writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true })
  rmSync(join(folder, UNFINISHED))
  flush(folder)
  return manifest
}

const backup = async (folder: string, options: GlobalOptions): Promise<void> => {
  const { config, file } = sqliteFile(options)
  if (!existsSync(file)) throw new CommandError(`${file} does not exist.`, EXIT.notFound)
  if (existsSync(folder)) emptied(folder)
  let manifest: Manifest | undefined
  await undoneUnlessWhole(
    () => claimed(folder),
    async () => {
      manifest = await withProgress('MiB', options, (shown) => fill(folder, config, file, shown))
    },
  )
  if (manifest === undefined) return
  const names = Object.keys(manifest.files)
  const voicemails = names.filter(isVoicemail).length
  const others = names.filter((name) => !isVoicemail(name)).join(', ')
  print(`${others}${voicemails === 0 ? '' : `, files of voicemails (${voicemails})`} kept in ${folder}`)
  if (config.APP_KEY !== null) print('APP_KEY is part of your configuration: keep it with this backup.')
  const why = lockedOut(folder, manifest, config)
  if (why !== null) warn(`warning: ${why} The server cannot read them either, and restore will refuse this backup.`)
}

const damaged = (path: string, why: string) => new CommandError(`${path} is damaged: ${why}.`, EXIT.failed)

const readManifest = (folder: string): Manifest => {
  const file = join(folder, MANIFEST)
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) throw new CommandError(`${folder} holds no backup (no ${MANIFEST}).`, EXIT.notFound)
  if (!found.isFile()) throw damaged(file, 'it is not a file')
  try {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Partial<Manifest>
    if (typeof manifest.files?.[DATABASE] === 'string') return manifest as Manifest
  } catch {
    // said below, whatever is wrong with it
  }
  throw new CommandError(`${file} is damaged.`, EXIT.failed)
}

const namesIn = ({ files }: Manifest): string[] =>
  Object.keys(files).filter((name) => name === DATABASE || name === KEY || isFile(name))

/** Reads a file of the backup with `read`, which tells its hash, and holds that against the manifest. */
const checked = async (
  folder: string,
  manifest: Manifest,
  name: string,
  read: (path: string) => Promise<string>,
): Promise<void> => {
  const path = join(folder, name)
  if (linkWithin(folder, name) !== null) throw damaged(path, 'it is a link, and links are not followed')
  const hash = await read(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw damaged(path, 'it is gone')
    throw error instanceof NoPlainFile ? damaged(path, error.reason) : error
  })
  if (hash !== manifest.files[name]) throw damaged(path, 'it is not what was kept')
}

/** The file whose key a server would use with this backup; null: the configuration says one, or there is none. */
const keyFileFor = (folder: string, manifest: Manifest, config: Config): string | null => {
  if (config.APP_KEY !== null) return null
  if (manifest.files[KEY] !== undefined) return join(folder, KEY)
  return existsSync(appKeyFile(config)) ? appKeyFile(config) : null
}

/** Why what the database of the backup keeps sealed could not be read, as a sentence; null: it could. */
const lockedOut = (folder: string, manifest: Manifest, config: Config): string | null => {
  const file = keyFileFor(folder, manifest, config)
  const key = file === null ? config.APP_KEY : keyIn(file)
  if (file !== null && key === null) return `${file} does not hold a key (base64: and 32 bytes).`
  const database = openFinished(join(folder, DATABASE))
  try {
    const keys = [...(key === null ? [] : [key]), ...config.APP_KEY_PREVIOUS]
    if (opensWhatIsSealed(database, keys)) return null
  } finally {
    database.close()
  }
  return key === null
    ? 'The backup holds no key, and none is set: what its database keeps secret cannot be read.'
    : `${file ?? 'APP_KEY'} is another key: it opens nothing of what the database of this backup keeps secret.`
}

/** Refuses what is damaged, what a newer version has migrated, and what would stay locked. */
const verify = async (folder: string, config: Config, options: GlobalOptions): Promise<Manifest> => {
  const manifest = readManifest(folder)
  const names = namesIn(manifest)
  await withProgress('MiB checked', options, async (shown) => {
    const onRead = counting(shown, sizesOf(folder, names))
    for (const name of names) await checked(folder, manifest, name, (path) => hashOfFile(path, onRead))
  })
  const path = join(folder, DATABASE)
  const database = openFinished(path)
  try {
    const { integrity_check: verdict } = database.query('PRAGMA integrity_check').get() as { integrity_check: string }
    if (verdict !== 'ok') throw damaged(path, verdict)
    const applied = database.query<AppliedMigration, []>(`SELECT tag, hash FROM ${MIGRATIONS_TABLE}`).all()
    pendingMigrations(sqliteMigrations, applied)
  } finally {
    database.close()
  }
  const why = lockedOut(folder, manifest, config)
  if (why === null) return manifest
  const isOurs = manifest.files[KEY] !== undefined && config.APP_KEY === null
  throw new CommandError(
    isOurs ? why : `${why} Set the APP_KEY of that time.`,
    isOurs ? EXIT.failed : EXIT.configuration,
  )
}

/** Leaving WAL mode needs the file for oneself: the one way to know that no server has it open. */
export const refuseInUse = (file: string): void => {
  const database = new Database(file, { readwrite: true })
  try {
    database.run('PRAGMA journal_mode = DELETE')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'SQLITE_BUSY') throw new CommandError(`${file} is in use: stop the server first.`, EXIT.refused)
    // Replacing a damaged file is what a restore is for.
    if (code !== 'SQLITE_NOTADB' && code !== 'SQLITE_CORRUPT') throw new CommandError(sentenceOf(error), EXIT.failed)
  } finally {
    database.close()
  }
}

/** What was there is replaced, never what a link leads to: that may be anybody's. */
const refuseLinks = ({ DATA_DIR: folder }: Config, names: readonly string[]): void => {
  for (const name of names) {
    const link = linkWithin(folder, name)
    if (link !== null) throw new CommandError(`${link} is a link: put what it leads to in its place.`, EXIT.refused)
  }
}

/** A server that is not root must be able to read what root brings back: it belongs to whom its folder belongs to. */
const ownerOf = ({ DATA_DIR: folder }: Config): Pick<NewFile, 'owner'> => {
  if (process.getuid?.() !== 0) return {}
  const { uid, gid } = statSync(folder)
  return { owner: { uid, gid } }
}

const restore = async (folder: string, options: GlobalOptions & { check?: boolean; force?: boolean }) => {
  const { config, file } = sqliteFile(options)
  const manifest = await verify(folder, config, options)
  if (options.check === true) {
    print(`${folder} is whole: version ${manifest.version}, ${manifest.createdAt}`)
    return
  }
  const names = namesIn(manifest)
  refuseLinks(config, names)
  const inTheWay = [DATABASE, KEY].filter((name) => names.includes(name)).map((name) => join(config.DATA_DIR, name))
  const there = inTheWay.filter((path) => existsSync(path))
  if (there.length > 0 && options.force !== true) {
    throw new CommandError(`${there.join(' and ')} exist: add --force to replace them.`, EXIT.refused)
  }
  makeDataDirectory(config)
  if (existsSync(file)) refuseInUse(file)
  const drafts = new Map<string, string>()
  const owner = ownerOf(config)
  try {
    await withProgress('MiB restored', options, async (shown) => {
      const onRead = counting(shown, sizesOf(folder, names))
      for (const name of names) {
        const draft = `${name}.${randomBytes(6).toString('hex')}`
        drafts.set(name, draft)
        // The database as the server makes it: a SIP proxy's group may read it.
        const rights = { mode: name === KEY ? 0o600 : 0o640, ...owner, onRead }
        await checked(folder, manifest, name, (path) => copyInto(config.DATA_DIR, draft, path, rights))
      }
    })
    // What an older write-ahead log holds must not be replayed over the restored file.
    for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true })
    for (const [name, draft] of drafts) renameSync(join(config.DATA_DIR, draft), join(config.DATA_DIR, name))
  } finally {
    for (const draft of drafts.values()) rmSync(join(config.DATA_DIR, draft), { force: true })
  }
  flush(config.DATA_DIR)
  print(`Restored to ${config.DATA_DIR}`)
  if (!names.includes(KEY)) print('The backup holds no key: APP_KEY must be the one of that time.')
}

export const backupCommands = (program: Command) => {
  program
    .command('backup')
    .argument('<dir>', 'an empty or new folder')
    .description('keep a consistent copy of the database, the key, the logos and the voicemails; the server may run')
    .action((folder: string, _options, command: Command) => backup(folder, command.optsWithGlobals()))
  program
    .command('restore')
    .argument('<dir>', 'a folder that `backup` made')
    .option('--check', 'only look whether it is whole')
    .option('--force', 'replace what is there')
    .description('bring a backup back; the server must be stopped')
    .action((folder: string, _options, command: Command) => restore(folder, command.optsWithGlobals()))
}
