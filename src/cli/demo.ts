import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type Config, ConfigurationError, loadConfig } from '../config/config.ts'
import { withValues } from '../config/env-file.ts'
import { address, host as hostKind } from '../config/kinds.ts'
import type { SettingName } from '../config/settings.ts'
import type { Db } from '../db/db.ts'
import { logging } from '../logging/logging.ts'
import { assemble, start } from '../process.ts'
import { addressOfRecord, isIpAddress } from '../protocols/sip-address.ts'
import { sentenceOf } from '../thrown.ts'
import { migrate, type Opened, openConfigured, worldOf } from './context.ts'
import { DEMO_PERSON, DEMO_SPACES, type DemoSpace } from './demo-cast.ts'
import { askOf, DEMO_DAYS, type DemoAdministrator, fillDemo } from './demo-week.ts'
import { CommandError, EXIT } from './exit.ts'
import { isLocal, PROGRAM, reachOf } from './first-run.ts'
import { generatedPassword } from './password.ts'
import { explainListening, stopSignal } from './serve.ts'
import { print } from './terminal.ts'

interface Options {
  readonly listen: string
  readonly host: string
  readonly keep?: string
}

const DAY_MS = 86_400_000

/** Below the host of the demonstration. */
const CUSTOMER = 'lefevre'

const refuseUsage = (message: string): never => {
  throw new CommandError(message, EXIT.usage)
}

/** Where it listens and what it is called there: this machine alone, unless somebody asks for more. */
const placeOf = ({ listen, host: named }: Options) => {
  const where = address.parse(listen)
  if (where?.kind !== 'tcp') return refuseUsage('--listen takes an address and a port, such as 127.0.0.1:8080.')
  const host = hostKind.parse(named)
  if (host === undefined || isIpAddress(host)) {
    return refuseUsage(`--host takes a name; the second Space is at ${CUSTOMER}.NAME.`)
  }
  if (!isLocal(where.host) && isLocal(host)) {
    return refuseUsage(`Others do not find localhost: name the host with --host; ${CUSTOMER}.NAME must lead here too.`)
  }
  return { listen, host, port: where.port }
}

/** A folder of its own, always: nothing that is there is touched. */
const folderOf = ({ keep }: Options): string => {
  if (keep === undefined) return mkdtempSync(join(tmpdir(), 'sipkeeper-demo-'))
  const folder = resolve(keep)
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CommandError(
      `${folder} is not empty; a demonstration takes a new folder. One that was kept starts with: DATA_DIR=${folder} ${PROGRAM} serve`,
      EXIT.refused,
    )
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new CommandError(`${folder} cannot be made: ${sentenceOf(error)}`, EXIT.failed)
  }
  return folder
}

/** All settings are its own, whatever the environment says: no mail and no SMS leaves, no other database is opened. */
const settingsOf = (folder: string, { listen, host, port }: ReturnType<typeof placeOf>): Config => {
  const values = new Map<SettingName, string>([
    ['LISTEN', listen],
    ['APP_ROOT_HOST', host],
    ['APP_NAME', 'sipkeeper demo'],
    ['PUBLIC_SCHEME', 'http'],
    ['MAIL_DRIVER', 'file'],
    ['MAIL_FROM_ADDRESS', 'demo@telecom.example'],
    ['SMS_PROVIDER', 'log'],
    ['LOG_TARGET', `file:${join(folder, 'sipkeeper.log')}`],
    ['API_RATE_LIMIT_PER_MINUTE', '0'],
    ['APP_API_KEY_EXPIRATION_MINUTES', '0'],
  ])
  if (port !== 0) values.set('PUBLIC_PORT', String(port))
  // What `serve` goes on with where the folder is kept.
  writeFileSync(join(folder, 'env'), withValues('# A demonstration of sipkeeper.\n', values), { mode: 0o600 })
  const environment = { ...Object.fromEntries(values), DATA_DIR: folder }
  const { config, problems } = loadConfig({ environment, envFiles: [], readFile: () => '' })
  if (problems.length > 0) throw new ConfigurationError(problems)
  return config
}

type Assembled = ReturnType<typeof assemble>

interface Shown {
  readonly role: string
  readonly space: DemoSpace
  readonly host: string
  readonly username: string
  readonly password: string
}

/** The operator's Space is made as `setup` makes it, the customer's by the operator. */
const makeSpace = async (
  assembled: Assembled,
  { domain, name, isSuper, limits }: DemoSpace,
  host: string,
  operator: DemoAdministrator | undefined,
) => {
  const { parts } = assembled
  if (operator === undefined) return parts.spaceAdministration.upsert({ domain, host, name, super: isSuper })
  const ask = askOf(assembled, operator, '192.0.2.10')
  const until = new Date(Date.now() + (limits?.days ?? 0) * DAY_MS)
  const limited = limits === null ? {} : { max_accounts: limits.accounts, expire_at: until.toISOString() }
  return ask('POST', '/spaces', { domain, host, name, super: isSuper, ...limited })
}

/** The two Spaces with an administrator each. */
const beginWith = async (config: Config, assembled: Assembled) => {
  const { parts } = assembled
  const opened = { config, parts }
  const root = config.APP_ROOT_HOST
  await parts.phoneCountries.refresh()
  await parts.phoneCountries.switchAll(null, ['FR', 'BE', 'CH', 'DE'], true)
  const known = generatedPassword(opened)
  const passwordOf = (username: string) => (username === DEMO_PERSON ? known : generatedPassword(opened))
  const administrators: DemoAdministrator[] = []
  const shown: Shown[] = []
  for (const space of DEMO_SPACES) {
    const { domain, isSuper, administrator: username } = space
    const host = isSuper ? root : `${CUSTOMER}.${root}`
    const password = generatedPassword(opened)
    await makeSpace(assembled, space, host, administrators[0])
    const made = await parts.administrators.create({ domain, username, password, existing: 'refuse', keyAddress: null })
    administrators.push({ space, host, apiKey: made.apiKey ?? '', passwordOf })
    shown.push({ role: isSuper ? 'Super administrator' : 'Administrator', space, host, username, password })
    if (!isSuper) shown.push({ role: 'Person', space, host, username: DEMO_PERSON, password: known })
  }
  return { administrators, shown }
}

/** Lets a week go by before anybody looks. */
const prepare = async (config: Config, db: Db, log: Opened['log']): Promise<readonly Shown[]> => {
  const now = Date.now()
  const clock = { at: new Date(now - (DEMO_DAYS + 1) * DAY_MS) }
  const assembled = assemble({ ...worldOf(config, log), now: () => clock.at }, db)
  const { parts } = assembled
  const { administrators, shown } = await beginWith(config, assembled)
  const setClock = (at: Date) => {
    clock.at = at
  }
  await fillDemo(assembled, administrators, { now, setClock })
  await parts.apiKeys.flush()
  await parts.auditChain.seal()
  await parts.push.close()
  parts.registrar.close()
  return shown
}

const describe = (config: Config, port: number, shown: readonly Shown[], kept: boolean): string => {
  const folder = config.DATA_DIR
  const people = shown.flatMap(({ role, space, host, username, password }) => [
    `  ${role} of ${space.name}`,
    `    Address   ${reachOf(config, host, { port }).baseUrl}/`,
    `    Name      ${username}    (${addressOfRecord({ username, domain: space.domain })})`,
    `    Password  ${password}`,
    '',
  ])
  return [
    '',
    'A demonstration of sipkeeper: two Spaces, fifty accounts, and a week of what happened to them.',
    '',
    ...people,
    'Nothing leaves: mails and the log are kept in',
    `  ${folder}`,
    kept
      ? `Ctrl-C ends it. It is kept, and starts again with: DATA_DIR=${folder} ${PROGRAM} serve`
      : 'Ctrl-C ends it and removes all of it.',
    '',
  ].join('\n')
}

const demo = async (options: Options): Promise<void> => {
  const place = placeOf(options)
  const folder = folderOf(options)
  const kept = options.keep !== undefined
  let isWhole = false
  try {
    // A terminal that is closed ends it too, and shall leave nothing either.
    const closed = new Promise((resolve) => process.once('SIGHUP', resolve))
    const stopped = Promise.race([stopSignal(), closed])
    const config = settingsOf(folder, place)
    const log = logging(config, { now: () => new Date() })
    const db = openConfigured(config)
    let close = db.close
    try {
      await migrate(config, db)
      const shown = await prepare(config, db, log)
      isWhole = true
      const running = await start(worldOf(config, log), db).catch((error) => {
        throw explainListening(config, error)
      })
      close = running.stop
      print(describe(config, running.server.port ?? place.port, shown, kept))
      await stopped
    } finally {
      await close()
      await log.close()
    }
  } finally {
    if (!kept || !isWhole) rmSync(folder, { recursive: true, force: true })
  }
  print(kept ? `Kept in ${folder}.` : 'The demonstration is gone.')
}

export const demoCommand = (program: Command) =>
  program
    .command('demo')
    .option('--listen <address>', 'where to listen', '127.0.0.1:8080')
    .option('--host <name>', 'host of the first Space; the second is below it', 'localhost')
    .option('--keep <dir>', 'keep everything in this new folder; it is removed at the end otherwise')
    .description('try it: a throwaway server with two Spaces, fifty accounts and a week behind them')
    .action((options: Options) => demo(options))
