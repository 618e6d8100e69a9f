import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { ConfigurationError, SYSTEM_DATA_DIRECTORY, SYSTEM_ENV_FILE } from '../config/config.ts'
import { withValues } from '../config/env-file.ts'
import { address, host as hostKind } from '../config/kinds.ts'
import { isUnderRoot } from '../config/root-host.ts'
import type { SettingName } from '../config/settings.ts'
import { isIpAddress } from '../protocols/sip-address.ts'
import { sentenceOf } from '../thrown.ts'
import { type GlobalOptions, loadSettings, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { createFirst, PROGRAM, printWelcome } from './first-run.ts'
import { givenPassword } from './password.ts'
import { ask, isInteractive, missing, print, warn } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly host?: string
  readonly domain?: string
  readonly name?: string
  readonly admin?: string
  readonly password?: string
  readonly passwordStdin?: boolean
  readonly listen?: string
  readonly country?: string
  readonly yes?: boolean
}

type Changes = Map<SettingName, string | null>

const DEFAULT_PORT = '8080'

/** `192.168.1.10:8080` → host and port; an IPv6 address stands in brackets. */
const splitHost = (text: string): { host: string; port: string | null } => {
  const {
    six,
    name,
    port = null,
  } = /^(?:\[(?<six>[^\]]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {}
  const host = hostKind.parse(six ?? name ?? '')
  const isPort = port === null || (Number(port) >= 1 && Number(port) <= 65_535)
  if (host === undefined || !isPort) {
    throw new CommandError(`${text} is not a host, or a host and a port, such as 192.168.1.10:8080.`, EXIT.usage)
  }
  return { host, port }
}

const listenOf = (text: string): string => {
  if (address.parse(text) === undefined) throw new CommandError(`--listen takes ${address.expected}.`, EXIT.usage)
  return text
}

/** What options leave open is asked on a terminal; elsewhere everything but the host has a default. */
const answersOf = async (options: Options) => {
  const asks = isInteractive(options) && options.yes !== true
  const answer = async (given: string | undefined, question: string, fallback: string) =>
    given ?? (asks ? await ask(question, fallback) : fallback)

  if (options.host === undefined && !asks) throw missing('--host')
  const written =
    options.host ?? (await ask('Host under which phones reach this server (with :port if no proxy stands in front)'))
  const { host, port } = splitHost(written)
  const alone = isIpAddress(host) || host === 'localhost'
  const domain = await answer(
    options.domain,
    'SIP domain',
    alone ? host : host.replace(/^(accounts?|sip|provisioning)\./, ''),
  )
  return {
    host,
    port,
    isLocal: alone,
    domain,
    name: await answer(options.name, 'Name shown to people', domain),
    username: await answer(options.admin, 'First administrator', 'admin'),
    countries: (await answer(options.country, 'Countries whose phone numbers are accepted, such as FR,DE', ''))
      .split(/[\s,]+/)
      .filter(Boolean),
    password: await givenPassword(options),
    listen: options.listen === undefined ? null : listenOf(options.listen),
  }
}

type Answers = Awaited<ReturnType<typeof answersOf>>

const mayWrite = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return existsSync(path) ? false : mayWrite(dirname(path))
  }
}

/**
 * The file that is named, or that is in force; else the one that `serve` finds by itself, if this is the system's
 * installation, and one in `DATA_DIR` if not.
 */
const envFileOf = (options: Options) => {
  const named = options.envFile === undefined ? null : resolve(options.envFile)
  const { config, sources, envFile } = loadSettings({
    quiet: true,
    ...(named !== null && existsSync(named) ? { envFile: named } : {}),
  })
  const isSystems = config.DATA_DIR === SYSTEM_DATA_DIRECTORY && mayWrite(SYSTEM_ENV_FILE)
  const file = named ?? envFile ?? (isSystems ? SYSTEM_ENV_FILE : join(config.DATA_DIR, 'env'))
  return { file, config, sources }
}

/** What every command must be told to find the file. It is there by now. */
const optionFor = (file: string): string => {
  const { envFile, config, sources } = loadSettings({ quiet: true })
  const isOfData = file === join(config.DATA_DIR, 'env') && sources.DATA_DIR.from !== 'environment'
  return envFile === file && (file === SYSTEM_ENV_FILE || isOfData) ? '' : ` --env-file ${file}`
}

/** What the answers mean as settings. A host without a port has a proxy in front, on this machine as far as we know. */
const changesOf = (
  { host, port, isLocal, listen }: Answers,
  { file, config, sources }: ReturnType<typeof envFileOf>,
): Changes => {
  const isSet = (name: SettingName) => ['environment', file].includes(sources[name].from)
  const changes: Changes = new Map()
  if (!isSet('APP_ROOT_HOST') || !isUnderRoot(config, host)) changes.set('APP_ROOT_HOST', host)
  if (listen !== null) changes.set('LISTEN', listen)
  else if (port !== null) changes.set('LISTEN', `${host === 'localhost' ? '127.0.0.1' : '0.0.0.0'}:${port}`)
  else if (!isSet('LISTEN')) changes.set('LISTEN', `127.0.0.1:${DEFAULT_PORT}`)
  changes.set('PUBLIC_SCHEME', port === null ? null : config.TLS_CERT === null ? 'http' : 'https')
  changes.set('PUBLIC_PORT', port)
  if (port === null && !isLocal && !isSet('TRUSTED_PROXIES')) changes.set('TRUSTED_PROXIES', '127.0.0.1/32')
  if (sources.DATA_DIR.from !== file) changes.set('DATA_DIR', config.DATA_DIR)
  return changes
}

/** The new file beside the old one, with the same owner and rights: the server must still be able to read it. */
const writeDraft = (file: string, changes: Changes): string => {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const old = statSync(file, { throwIfNoEntry: false })
  mkdirSync(dirname(file), { recursive: true, mode: 0o750 })
  const text = old === undefined ? '# Settings of sipkeeper.\n' : readFileSync(file, 'utf8')
  writeFileSync(draft, withValues(text, changes), { mode: 0o600, flag: 'wx', flush: true })
  if (old === undefined) return draft
  chmodSync(draft, old.mode & 0o777)
  if (process.getuid?.() === 0) chownSync(draft, old.uid, old.gid)
  return draft
}

const draftOf = (file: string, changes: Changes): string => {
  try {
    return writeDraft(file, changes)
  } catch (error) {
    throw new CommandError(`${file} cannot be written: ${sentenceOf(error)}`, EXIT.failed)
  }
}

/** The environment wins over the file, silently for whoever does not know. */
const warnOfEnvironment = (draft: string, changes: Changes, file: string): void => {
  const { sources } = loadSettings({ envFile: draft, quiet: true })
  for (const [name, value] of changes) {
    const { from, text } = sources[name]
    if (from === 'environment' && value !== null && text !== value) {
      warn(`warning: ${name}=${text} in the environment wins over ${file}.`)
    }
  }
}

/** Writes the settings, then makes the first Space and administrator. Running it again changes what is given. */
const setup = async (options: Options): Promise<void> => {
  const answers = await answersOf(options)
  const { host, port, isLocal, domain, name, username, password, countries } = answers
  const target = envFileOf(options)
  const { file } = target
  const changes = changesOf(answers, target)
  const draft = draftOf(file, changes)
  try {
    warnOfEnvironment(draft, changes, file)
    await withServices({ ...options, envFile: draft, quiet: true }, async (opened) => {
      await opened.parts.phoneCountries.switchAll(null, countries, true)
      const welcome = await createFirst(opened, {
        host,
        domain,
        name,
        username,
        ...(password === undefined ? {} : { password }),
        proxied: port === null && !isLocal && opened.config.TLS_CERT === null,
      })
      renameSync(draft, file)
      printWelcome(opened.config, host, welcome, { envFile: optionFor(file), answers: false })
      for (const space of await opened.parts.spaceAdministration.list()) {
        if (!isUnderRoot(opened.config, space.host)) {
          warn(`warning: ${space.host} of ${space.domain} does not lie under APP_ROOT_HOST any more.`)
        }
      }
    })
  } catch (error) {
    rmSync(draft, { force: true })
    if (!(error instanceof ConfigurationError)) throw error
    throw new ConfigurationError(error.problems.map((problem) => problem.replaceAll(draft, file)))
  }
  print(`Settings are in ${file}. Start the server with:\n\n  ${PROGRAM} serve${optionFor(file)}\n`)
}

export const setupCommand = (program: Command) =>
  program
    .command('setup')
    .option('--host <host[:port]>', 'host of the first Space; with a port, phones reach the server directly')
    .option('--domain <domain>', 'SIP domain')
    .option('--name <name>', 'name shown to people')
    .option('--admin <username>', 'first administrator; admin by default')
    .option('--password <password>', 'visible in the process list; better: --password-stdin')
    .addOption(
      new Option('--password-stdin', 'read the password from standard input; one is made otherwise').conflicts(
        'password',
      ),
    )
    .option('--listen <address>', 'where to listen')
    .option('--country <codes>', 'accept phone numbers of these countries, such as FR,DE')
    .option('--yes', 'ask nothing that has a default')
    .description('configure a real host: settings, first Space, first administrator')
    .action((_options, command: Command) => setup(command.optsWithGlobals()))
