import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Command } from 'commander'
import { ConfigurationError, loadConfig } from '../config/config.ts'
import { envFileOf, OF_SPACES, type Translated, translateDotEnv } from '../config/dot-env.ts'
import { parseEnvFile } from '../config/env-file.ts'
import { flag } from '../config/kinds.ts'
import { read } from '../http/input.ts'
import type { AdministeredSpace } from '../nouns/space.ts'
import { realmOf } from '../nouns/space.ts'
import { SpacePart } from '../spaces/spaces/rules.ts'
import { spaceWire } from '../spaces/spaces/wire.ts'
import { codeOf, sentenceOf } from '../thrown.ts'
import { SPACE, spaceNamed } from './account.ts'
import { commandVisit } from './command-visit.ts'
import { type GlobalOptions, type Opened, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { confirm, print, warn } from './terminal.ts'

const DEFAULT_OUTPUT = 'sipkeeper.env'
const LARGEST_FILE = 1_048_576

interface FileOptions extends GlobalOptions {
  readonly json?: boolean
}

interface SpaceOptions extends GlobalOptions {
  readonly space?: string
  readonly rcFile?: string
  readonly yes?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

const readText = (file: string): string => {
  try {
    const text = readFileSync(file === '-' ? 0 : file, 'utf8')
    if (text.length > LARGEST_FILE || text.includes('\0')) throw new Error('it is no file of settings')
    return text
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${sentenceOf(error)}.`, EXIT.failed)
  }
}

/** It holds secrets: only its owner may read it, from its first byte on. */
const writeNew = (file: string, text: string): void => {
  try {
    const descriptor = openSync(file, 'wx', 0o600)
    try {
      writeSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new CommandError(`${file} is there already, and stays as it is: name another file.`, EXIT.refused)
    }
    throw new CommandError(`${file} cannot be written: ${sentenceOf(error)}.`, EXIT.failed)
  }
}

const report = ({ values, leftOut }: Translated): void => {
  warn(`${values.size} settings, ${leftOut.length} variables left out:`)
  for (const { name, reason } of leftOut) warn(`- ${name} ${reason}.`)
}

/** What the server would say of such a file. */
const judged = (text: string, path: string) =>
  loadConfig({ environment: {}, envFiles: [{ path, text }], readFile: (file) => readFileSync(file, 'utf8') })

const convert = (file: string, output: string, options: FileOptions): void => {
  const translated = translateDotEnv(readText(file), file)
  if (translated.problems.length > 0) throw new ConfigurationError(translated.problems)
  if (translated.values.size === 0) {
    throw new CommandError(`${file} says nothing that is a setting here. Nothing was written.`, EXIT.usage)
  }
  const text = envFileOf(translated)
  if (output !== '-') writeNew(output, text)
  const { problems, warnings } = judged(text, output)
  const { values, leftOut } = translated
  if (output === '-') process.stdout.write(text)
  else if (options.json === true) {
    print(JSON.stringify({ file: output, settings: [...values.keys()], left_out: leftOut, problems, warnings }))
  } else {
    report(translated)
    for (const warning of warnings) warn(`warning: ${warning}`)
    print(`${output} is written, for you alone. Look at it, and start with: sipkeeper serve --env-file ${output}`)
  }
  if (problems.length > 0) {
    throw new CommandError(
      ['The server will not start with it before this is mended:', ...problems.map((one) => `- ${one}`)].join('\n'),
      EXIT.configuration,
    )
  }
}

/** What of the old environment is said by a member of a Space now. */
const MEMBERS = {
  APP_NAME: ['name', 'text'],
  WEB_PANEL: ['web_panel', 'flag'],
  INSTANCE_COPYRIGHT: ['copyright_text', 'text'],
  INSTANCE_INTRO_REGISTRATION: ['intro_registration_text', 'text'],
  NEWSLETTER_REGISTRATION_ADDRESS: ['newsletter_registration_address', 'text'],
  ACCOUNT_PROXY_REGISTRAR_ADDRESS: ['account_proxy_registrar_address', 'text'],
  ACCOUNT_PROVISIONING_OVERWRITE_ALL: ['custom_provisioning_overwrite_all', 'flag'],
  ACCOUNT_PROVISIONING_USE_X_LINPHONE_PROVISIONING_HEADER: ['provisioning_use_linphone_provisioning_header', 'flag'],
  PUBLIC_REGISTRATION: ['public_registration', 'flag'],
  PHONE_AUTHENTICATION: ['phone_registration', 'flag'],
  INTERCOM_FEATURES: ['intercom_features', 'flag'],
} as const

interface Wanted {
  readonly members: Record<string, string | boolean>
  readonly leftOut: string[]
}

const membersOf = (values: ReadonlyMap<string, string>): Wanted => {
  const wanted: Wanted = { members: {}, leftOut: [] }
  for (const [variable, [member, kind]] of Object.entries(MEMBERS)) {
    const written = values.get(variable)?.trim() ?? ''
    // What is not said there stays as it is here.
    if (written === '' || /^\(?(?:null|empty)\)?$/i.test(written)) continue
    if (kind === 'text') wanted.members[member] = written
    else {
      const value = flag.parse(written.replace(/^\((.*)\)$/, '$1'))
      if (value === undefined) wanted.leftOut.push(`${variable} would have to be true or false, not "${written}"`)
      else wanted.members[member] = value
    }
  }
  return wanted
}

/** A realm enters every password: it can be set while there is none. */
const addRealm = async ({ parts }: Opened, space: AdministeredSpace, realm: string, wanted: Wanted): Promise<void> => {
  if (realm === '' || realm === realmOf(space)) return
  if ((await parts.accounts.count(space)) === 0) wanted.members.account_realm = realm
  else wanted.leftOut.push(`ACCOUNT_REALM stays ${realmOf(space)}: the passwords of the accounts were made with it`)
}

/** The base document, which stands in a file there. */
const addEntries = (named: string | undefined, written: string, wanted: Wanted): void => {
  if (named !== undefined) wanted.members.custom_provisioning_entries = readText(named)
  else if (written !== '' && isAbsolute(written) && existsSync(written)) {
    wanted.members.custom_provisioning_entries = readText(written)
  } else if (written !== '') {
    wanted.leftOut.push(`ACCOUNT_PROVISIONING_RC_FILE names ${written}, which is not on this machine: use --rc-file`)
  }
}

/** The one that the argument or the option names, the old environment says, or that is the only one. */
const spaceOf = async (opened: Opened, named: string | undefined, values: ReadonlyMap<string, string>) => {
  const domain = named ?? (values.get('APP_SIP_DOMAIN')?.trim() || undefined)
  if (domain !== undefined) return spaceNamed(opened, domain)
  const [only, ...others] = await opened.parts.spaceAdministration.list()
  if (only !== undefined && others.length === 0) return only
  throw new CommandError('Which Space? Name it with --space.', EXIT.usage)
}

const shown = (value: unknown): string => (value === null || value === undefined ? 'nothing' : JSON.stringify(value))

/** `spaces:import-configuration-from-dot-env` is called with a Space by the reference's run-books, and with a file by others. */
const argumentsOf = (first: string, second: string | undefined, space: string | undefined) => {
  if (second !== undefined) return { file: second, domain: first }
  const isFile = first === '-' || first.includes('/') || first.startsWith('.') || existsSync(first)
  return isFile ? { file: first, domain: space } : { file: '.env', domain: first }
}

/** What the rest of the environment becomes. */
const elsewhere = (text: string, file: string): string[] => {
  const isOfSpace = (name: string) => name in MEMBERS || OF_SPACES.some((own) => own === name)
  const { values, leftOut } = translateDotEnv(text, file)
  return [
    ...[...values.keys()]
      .filter((name) => !isOfSpace(name))
      .map((name) => `${name} is of the server: config:from-dot-env`),
    ...leftOut.filter(({ name }) => !isOfSpace(name)).map(({ name, reason }) => `${name} ${reason}`),
  ]
}

const importIntoSpace = async (file: string, domain: string | undefined, options: SpaceOptions): Promise<void> => {
  const text = readText(file)
  const { values, problems } = parseEnvFile(text, file)
  if (problems.length > 0) throw new ConfigurationError(problems)
  await withServices(options, async (opened) => {
    const { parts, config } = opened
    const space = await spaceOf(opened, domain, values)
    const wanted = membersOf(values)
    await addRealm(opened, space, values.get('ACCOUNT_REALM')?.trim() ?? '', wanted)
    addEntries(options.rcFile, values.get('ACCOUNT_PROVISIONING_RC_FILE')?.trim() ?? '', wanted)
    const before: Readonly<Record<string, unknown>> = spaceWire(space)
    const changes = Object.entries(wanted.members).filter(([member, value]) => before[member] !== value)
    const leftOut = [...wanted.leftOut, ...elsewhere(text, file)]
    for (const reason of leftOut) warn(`- ${reason}.`)
    for (const [member, value] of changes) warn(`${member}: ${shown(before[member])} becomes ${shown(value)}`)
    if (changes.length > 0) {
      const input = read(SpacePart, Object.fromEntries(changes))
      await confirm(options, `Change the Space ${space.domain}?`)
      await parts.spaceAdministration.adjust(commandVisit(config, space), null, space.domain, input)
    }
    const changed = changes.map(([member]) => member)
    if (options.json === true) print(JSON.stringify({ domain: space.domain, changed, left_out: leftOut }))
    else if (changes.length === 0) print(`The Space ${space.domain} is so already.`)
    else print(`Space ${space.domain} changed: ${changed.join(', ')}.`)
  })
}

export const dotEnvCommands = (program: Command) => {
  program
    .command('config:from-dot-env')
    .argument('<file>', 'environment file of the reference; - is standard input')
    .argument('[output]', 'where ours goes, which only you may read; - is standard output', DEFAULT_OUTPUT)
    .option('--json', 'print one JSON object about it, without its values')
    .description("make an env file of the reference's, and say what has no meaning here")
    .action((file: string, output: string, _options, command: Command) =>
      convert(file, output, command.optsWithGlobals<FileOptions>()),
    )
  program
    .command('spaces:import-configuration-from-dot-env')
    .argument('<sip_domain or file>', `${SPACE}; or an environment file of the reference`)
    .argument('[file]', 'environment file of the reference; .env when only the Space is named')
    .option('--space <sip_domain>', `${SPACE}, where only a file is named; APP_SIP_DOMAIN in it by default`)
    .option('--rc-file <file>', 'INI file whose entries the documents of the Space get')
    .option('--yes', 'do not ask')
    .option('--force', 'the same')
    .option('--json', 'print one JSON object')
    .description("give a Space what the reference's environment says of it; what is not said there stays")
    .action((first: string, second: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<SpaceOptions>()
      const { file, domain } = argumentsOf(first, second, options.space)
      return importIntoSpace(file, domain, options)
    })
}
