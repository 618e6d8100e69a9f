import { once } from 'node:events'
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { FORMATS, type Format, type Preview, type Receive } from '../accounts/account-files/account-files.ts'
import type { Visit } from '../nouns/visit.ts'
import { codeOf, sentenceOf } from '../thrown.ts'
import { SPACE, spaceNamed } from './account.ts'
import { commandVisit } from './command-visit.ts'
import { type GlobalOptions, type Opened, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { progressOf, withProgress } from './progress.ts'
import { growingTable } from './table.ts'
import { print, printLines } from './terminal.ts'

interface ImportOptions extends GlobalOptions {
  readonly space: string
  readonly dryRun?: boolean
  readonly skipFaulty?: boolean
  readonly mail?: boolean
  readonly json?: boolean
}

interface ExportOptions extends GlobalOptions {
  readonly space: string
  readonly format: Format
  readonly hashes?: boolean
  readonly output?: string
}

const HEADINGS = ['line', 'column', 'value', 'reason']

/** Lines of a table that are made at a time. */
const AT_ONCE = 200

const KIB = 1024

/** Its bytes; null: it is a pipe, of which nobody knows that. Refuses what cannot be read before anything is opened. */
const sizeOf = (file: string, most: number): number | null => {
  if (file === '-') return null
  try {
    const found = statSync(file)
    if (found.isDirectory()) throw new Error('it is a folder')
    if (found.size > most) throw new Error(`it is larger than ${most} bytes`)
    return found.isFile() ? found.size : null
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${sentenceOf(error)}.`, EXIT.failed)
  }
}

/** Hands the file over while it is read, no more of it than is taken. */
const receiving =
  (file: string, most: number, show: (bytes: number) => void): Receive =>
  async (begin) => {
    const take = begin(file === '-' ? 'standard input' : basename(file), new Map())
    let bytes = 0
    for await (const piece of (file === '-' ? Bun.stdin : Bun.file(file)).stream()) {
      bytes += piece.length
      if (bytes > most) throw new CommandError(`${file} is larger than ${most} bytes.`, EXIT.usage)
      await take(piece)
      show(bytes)
    }
    return true
  }

/** Reads and checks the file; resolves to what it says, and to what has to be forgotten in the end. */
const read = async ({ parts }: Opened, visit: Visit, file: string, options: GlobalOptions): Promise<Preview> => {
  const { bytes: most } = parts.accountFiles.limits
  const size = sizeOf(file, most)
  const shown = progressOf('KiB read', options)
  const show = (bytes: number) => {
    if (size !== null) shown.show(bytes / KIB, size / KIB)
  }
  try {
    const name = await parts.accountFiles.stage(async () => visit, null, receiving(file, most, show))
    return await parts.accountFiles.preview(visit, null, name)
  } finally {
    shown.clear()
  }
}

/** What is wrong with which line: for people as a table, for programs an object a line. */
const faultLines = async function* ({ parts }: Opened, { found }: Preview, isJson: boolean): AsyncIterable<string> {
  const table = growingTable(HEADINGS, { firm: ['line', 'column', 'reason'] })
  let rows: string[][] = []
  for await (const { line, column, shown, reason } of parts.accountFiles.faults('en', found)) {
    if (isJson) yield JSON.stringify({ line, column: column || null, value: shown, reason })
    else rows.push([String(line), column, shown ?? '', reason])
    if (rows.length < AT_ONCE) continue
    yield table.add(rows)
    rows = []
  }
  if (rows.length > 0) yield table.add(rows)
}

const countsOf = ({ found, room }: Preview) => ({
  accounts: found.accounts,
  administrators: found.administrators,
  faulty: found.faulty,
  unknown_columns: found.unknownColumns,
  room,
})

const sentenceFor = ({ found, room }: Preview): string =>
  [
    `${found.accounts} accounts, ${found.administrators} of them administrators, and ${found.faulty} lines that cannot be imported.`,
    ...(found.unknownColumns === null ? [] : [`Nobody knows the columns ${found.unknownColumns}.`]),
    ...(room === null || room >= found.accounts ? [] : [`The Space has room for ${room} more.`]),
  ].join('\n')

const importFile = async (opened: Opened, file: string, options: ImportOptions): Promise<void> => {
  const { parts, config } = opened
  const visit = commandVisit(config, await spaceNamed(opened, options.space))
  const preview = await read(opened, visit, file, options)
  const { found } = preview
  const isJson = options.json === true
  const { skipFaulty = false, mail: mails = false } = options
  try {
    await printLines(faultLines(opened, preview, isJson))
    const isRefused = found.faulty > 0 && !skipFaulty
    if (options.dryRun === true || isRefused) {
      print(isJson ? JSON.stringify({ ...countsOf(preview), imported: 0 }) : sentenceFor(preview))
      if (isRefused) throw new CommandError('Nothing was imported: mend these lines, or say --skip-faulty.', EXIT.usage)
      return
    }
    await withProgress('accounts', options, ({ show }) =>
      parts.accountFiles.importNow(visit, found, { skipFaulty, mails }, show),
    )
    print(
      isJson
        ? JSON.stringify({ ...countsOf(preview), imported: found.accounts })
        : `${found.accounts} accounts imported into ${visit.space.domain}${found.faulty > 0 ? `, ${found.faulty} lines left out` : ''}.`,
    )
  } finally {
    await parts.accountFiles.forget(found.id)
  }
}

/** Its own file, which only its owner may read and which is there only when it is whole. */
const writeAll = async (file: string, pieces: AsyncIterable<string>): Promise<void> => {
  let descriptor: number
  try {
    descriptor = openSync(file, 'wx', 0o600)
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new CommandError(`${file} is there already, and stays as it is.`, EXIT.refused)
    throw new CommandError(`${file} cannot be written: ${sentenceOf(error)}.`, EXIT.failed)
  }
  let isWhole = false
  try {
    for await (const piece of pieces) writeSync(descriptor, piece)
    fsyncSync(descriptor)
    isWhole = true
  } finally {
    closeSync(descriptor)
    if (!isWhole) rmSync(file, { force: true })
  }
}

const exportSpace = async (opened: Opened, options: ExportOptions): Promise<void> => {
  const { parts, config } = opened
  const { format, hashes = false, output = '-' } = options
  const visit = commandVisit(config, await spaceNamed(opened, options.space))
  const total = await parts.accounts.count(visit.space)
  // Two would write on one terminal.
  const quiet = options.quiet === true || (output === '-' && process.stdout.isTTY === true)
  await withProgress('accounts', { quiet }, async ({ show }) => {
    let done = 0
    const onPage = (accounts: number) => {
      done += accounts
      show(done, total)
    }
    const pieces = parts.accountFiles.export(visit, { format, hashes, onPage })
    if (output !== '-') return writeAll(output, pieces)
    for await (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
  })
  if (output !== '-') print(`The accounts of ${visit.space.domain} are in ${output}.`)
}

export const accountFilesCommands = (program: Command) => {
  program
    .command('accounts:import')
    .argument('<file>', 'CSV or JSON, as pages and REST take it; - is standard input')
    .requiredOption('--space <sip_domain>', SPACE)
    .option('--dry-run', 'only say what is wrong with which line')
    .option('--skip-faulty', 'import the others')
    .option('--mail', 'send each account with an e-mail address a link that sets up its phone')
    .option('--json', 'print one JSON object a line: each fault, then what was done')
    .description('make accounts of a file, all of them or none')
    .action((file: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ImportOptions>()
      return withServices(options, (opened) => importFile(opened, file, options))
    })
  program
    .command('accounts:export')
    .requiredOption('--space <sip_domain>', SPACE)
    .addOption(new Option('--format <format>', 'of the file').choices(FORMATS).default('csv'))
    .option('--hashes', 'with HA1 values, which are as good as passwords')
    .option('--output <file>', 'a new file, which only you may read; standard output without it')
    .description('write the accounts of a Space as a file that can be imported')
    .action((_options, command: Command) => {
      const options = command.optsWithGlobals<ExportOptions>()
      return withServices(options, (opened) => exportSpace(opened, options))
    })
}
