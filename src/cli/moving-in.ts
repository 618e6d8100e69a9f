import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { databaseLocation } from '../config/database-location.ts'
import { MovingFailure, type MovingFailureKind } from '../moving-in/failure.ts'
import { laravelKey } from '../moving-in/laravel.ts'
import type { MovingWishes, Outcome } from '../moving-in/moving-in.ts'
import type { Finding } from '../moving-in/report.ts'
import { openSource, type Source } from '../moving-in/source.ts'
import type { Target } from '../moving-in/their-columns.ts'
import { sentenceOf } from '../thrown.ts'
import { refuseInUse } from './backup.ts'
import { type GlobalOptions, loadSettings, withServicesOf } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { progressOf, withProgress } from './progress.ts'
import { table } from './table.ts'
import { askUnseen, isInteractive, print, warn } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly dryRun?: boolean
  readonly leaveOut?: boolean
  readonly passwordFile?: string
  readonly files?: string
  readonly appKey?: string
  readonly appKeyFile?: string
  readonly realm?: string
  readonly host?: readonly string[]
  readonly json?: boolean
}

const EXIT_OF: Readonly<Record<MovingFailureKind, number>> = {
  away: EXIT.dependencyDown,
  refused: EXIT.refused,
  changed: EXIT.tryAgain,
}

const readText = (file: string): string => {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').split(/\r?\n/)[0] ?? ''
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${sentenceOf(error)}.`, EXIT.usage)
  }
}

const hostsOf = (written: readonly string[]): Map<string, string> =>
  new Map(
    written.map((one) => {
      const [domain = '', host = '', ...rest] = one.split('=')
      if (domain === '' || host === '' || rest.length > 0) {
        throw new CommandError(`--host says DOMAIN=HOST, not ${one}.`, EXIT.usage)
      }
      return [domain.toLowerCase(), host.toLowerCase()] as const
    }),
  )

const keyOf = ({ appKey, appKeyFile }: Options): Uint8Array | null => {
  const text = appKeyFile === undefined ? appKey : readText(appKeyFile)
  if (text === undefined) return null
  const key = laravelKey(text)
  if (key === null) throw new CommandError('The APP_KEY is none: base64: and 32 bytes.', EXIT.usage)
  return key
}

const wishesOf = (options: Options): MovingWishes => ({
  isDry: options.dryRun === true,
  leavesOut: options.leaveOut === true,
  key: keyOf(options),
  folder: options.files ?? null,
  realm: options.realm ?? null,
  hosts: hostsOf(options.host ?? []),
})

/** From a file, from stdin, or from whoever sits there; null: the address has it, or there is none. */
const passwordFor = async (address: string, options: Options): Promise<string | null> => {
  if (options.passwordFile !== undefined) return readText(options.passwordFile)
  const url = URL.canParse(address) ? new URL(address) : null
  const isNeeded = url !== null && url.protocol !== 'sqlite:' && url.username !== '' && url.password === ''
  if (!isNeeded || !isInteractive(options)) return null
  const [typed = ''] = await askUnseen([`Password of ${url.username} at ${url.host}`])
  return typed
}

const sentenceFor = ({ table, row, reason, kind }: Finding): string =>
  `${kind === 'lost' ? 'does not come' : 'is changed'}: ${table}, ${row}: ${reason}`

const numbers = ({ counts }: Outcome): string =>
  table([
    ['table', 'read', 'new', 'there already', 'over', 'does not come'],
    ...counts.map(({ table, read, written, there, over, left }) =>
      [table, read, written, there, over, left].map(String),
    ),
  ])

/** On SQLite nobody else can write until all is there: a server would answer with errors so long. */
const refuseRunning = (config: Config): void => {
  const location = databaseLocation(config)
  if (location.kind === 'sqlite' && existsSync(location.file)) refuseInUse(location.file)
}

const verdict = (outcome: Outcome, options: Options): string => {
  if (outcome.isKept) return outcome.written === 0 ? 'Everything was there already.' : 'All of this is there now.'
  return options.dryRun === true
    ? 'Nothing was written: this was a trial (--dry-run).'
    : 'Nothing was written: what does not come is named above. --leave-out moves the rest.'
}

const importFrom = async (source: Source, options: Options): Promise<void> => {
  const shown = progressOf('rows', options)
  const isJson = options.json === true
  const tell = (finding: Finding): void => {
    shown.clear()
    print(isJson ? JSON.stringify(finding) : sentenceFor(finding))
  }
  const { config } = loadSettings(options)
  refuseRunning(config)
  await withServicesOf(config, async ({ parts }) => {
    const outcome = await parts.movingIn(source, wishesOf(options), {
      onGeneration: ({ name }) => warn(`${source.name}: a Flexisip Account Manager of ${name}`),
      onFinding: tell,
      onProgress: shown.show,
    })
    shown.clear()
    if (isJson) print(JSON.stringify(outcome))
    else print(`${numbers(outcome)}\n`)
    if (!outcome.isKept && options.dryRun !== true) throw new CommandError(verdict(outcome, options), EXIT.refused)
    if (!isJson) print(verdict(outcome, options))
  })
}

const explained = (error: unknown): unknown =>
  error instanceof MovingFailure ? new CommandError(error.message, EXIT_OF[error.kind]) : error

interface ExportOptions extends GlobalOptions {
  readonly output?: string
  readonly files?: string
  readonly generation: Target
}

/** Whole or not at all: a file that broke off must not pass for one. */
const writingTo = (file: string) => {
  const draft = `${file}.draft-${process.pid}`
  const descriptor = openSync(draft, 'wx', 0o600)
  return {
    write: (text: string) => writeSync(descriptor, text),
    keep: () => {
      fsyncSync(descriptor)
      closeSync(descriptor)
      renameSync(draft, file)
    },
    discard: () => {
      closeSync(descriptor)
      rmSync(draft, { force: true })
    },
  }
}

const exportTo = async (file: string, options: ExportOptions): Promise<void> => {
  if (existsSync(file)) throw new CommandError(`${file} exists.`, EXIT.refused)
  const { config } = loadSettings(options)
  refuseRunning(config)
  await withServicesOf(config, async ({ parts }) => {
    const out = writingTo(file)
    const rows: string[][] = []
    try {
      await withProgress('rows', options, (shown) =>
        parts.leaving({
          onProgress: shown.show,
          write: async (statement) => {
            out.write(`${statement}\n`)
          },
          onTable: (table, count) => rows.push([table, String(count)]),
          onLoss: (table, row, reason) => {
            shown.clear()
            warn(`does not go: ${table}, ${row}: ${reason}`)
          },
          folder: options.files ?? null,
          target: options.generation,
        }),
      )
    } catch (error) {
      out.discard()
      throw error
    }
    out.keep()
    print(`${table([['table', 'rows'], ...rows])}\n\n${file} is for an empty database: mariadb flexiapi < ${file}`)
  })
}

/** From an account manager's database into ours, and back. */
export const movingInCommands = (program: Command) => {
  program
    .command('import:flexiapi')
    .argument('<url>', 'mysql://user@host/db, postgres://user@host/db or sqlite:///file')
    .option('--dry-run', 'try everything, say what would come, and write nothing')
    .option('--leave-out', 'do without what cannot come; otherwise nothing comes')
    .option('--password-file <file>', 'the password of the database; - is stdin')
    .option('--files <folder>', "the account manager's storage/app, which has voicemails and logos")
    .option('--app-key <key>', "the account manager's APP_KEY, which opens encrypted columns")
    .option('--app-key-file <file>', 'a file that has it')
    .option('--realm <realm>', 'digest realm of Spaces that have none of their own (ACCOUNT_REALM there)')
    .option(
      '--host <domain=host>',
      'HTTP host of a SIP domain, where the database says none; may be repeated',
      (one: string, before: readonly string[] = []) => [...before, one],
    )
    .option('--json', 'findings and numbers as JSON, one object a line')
    .description("move a Flexisip Account Manager's database in")
    .action(async (address: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      wishesOf(options)
      try {
        const source = await openSource(address, await passwordFor(address, options))
        try {
          await importFrom(source, options)
        } finally {
          await source.close()
        }
      } catch (error) {
        throw explained(error)
      }
    })
  program
    .command('export:flexiapi')
    .argument('<file>', 'the SQL file to write')
    .addOption(
      new Option('--generation <year>', 'the version that it is for: of August 2026, or of the year before')
        .choices(['2026', '2025'])
        .default('2026'),
    )
    .option('--files <folder>', "where voicemails go, as in the account manager's storage/app")
    .description('write SQL for the empty database of a Flexisip Account Manager (MariaDB, MySQL)')
    .action((file: string, _options, command: Command) => exportTo(file, command.optsWithGlobals<ExportOptions>()))
}
