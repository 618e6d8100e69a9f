import { createPrivateKey, X509Certificate } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { type Config, ConfigurationError } from '../config/config.ts'
import { databaseLocation } from '../config/database-location.ts'
import { isUnderRoot } from '../config/root-host.ts'
import type { Check } from '../push/sender.ts'
import { codeOf, sentenceOf } from '../thrown.ts'
import { appKeyFile, keyIn } from './app-key.ts'
import {
  databaseName,
  type GlobalOptions,
  loadSettings,
  type Opened,
  type SchemaState,
  schemaState,
  withServices,
} from './context.ts'
import { checkEarlierKeys } from './earlier-keys.ts'
import { CommandError, EXIT, explainFailure } from './exit.ts'
import type { Finding, Level } from './finding.ts'
import { isLocal, reachOf } from './first-run.ts'
import { askFromOutside } from './outside.ts'
import { print } from './terminal.ts'

const SOON_MS = 14 * 86_400_000

interface Person {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

const nameOf = (uid: number): string => {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((one) => one.split(':')[2] === String(uid))
    return line?.split(':')[0] ?? `user ${uid}`
  } catch {
    return `user ${uid}`
  }
}

/** Whom the server runs as: whoever owns `DATA_DIR`. */
const servingUser = ({ DATA_DIR: folder }: Config): Person | null => {
  const found = statSync(folder, { throwIfNoEntry: false })
  return found === undefined ? null : { uid: found.uid, gid: found.gid, name: nameOf(found.uid) }
}

/** Why the serving user cannot read a file that is there, and what to do; null: it can. Root, who asks, can always. */
const unreadable = (file: string, server: Person | null): Pick<Finding, 'detail' | 'hint'> | null => {
  try {
    accessSync(file, constants.R_OK)
  } catch (error) {
    const hint =
      server === null || server.uid === process.getuid?.()
        ? `Give it to the user that runs the server: chown it, and chmod 600.`
        : `Run commands as the user that runs the server: runuser -u ${server.name} -- sipkeeper doctor`
    return { detail: `${file} cannot be read: ${sentenceOf(error)}`, hint }
  }
  const { uid, gid, mode } = statSync(file)
  if (server === null || server.uid === 0 || process.getuid?.() !== 0) return null
  const bits = uid === server.uid ? mode >> 6 : gid === server.gid ? mode >> 3 : mode
  if ((bits & 4) !== 0) return null
  const detail = `${file} belongs to ${nameOf(uid)}, and ${server.name}, whom DATA_DIR belongs to, cannot read it`
  return { detail, hint: `chown ${server.name} ${file}` }
}

/** Whom `DATA_DIR` belongs to, as far as this user may know. */
const ownerOf = (config: Config): string => {
  try {
    return servingUser(config)?.name ?? 'USER'
  } catch {
    return 'USER'
  }
}

const checkDataDir = (config: Config): Finding => {
  const name = 'data directory'
  const { DATA_DIR: folder } = config
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return { level: 'ok', name, detail: folder }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return { level: 'warning', name, detail: `${folder} is made at the first start` }
    }
    const owner = ownerOf(config)
    const hint = `It belongs to ${owner}: run commands as that user (runuser -u ${owner} -- sipkeeper doctor), or chown it.`
    return { level: 'problem', name, detail: `${folder}: ${sentenceOf(error)}`, hint }
  }
}

/** Good only after it was read, as whoever serves would. */
const checkAppKey = (config: Config, { applied }: SchemaState): Finding => {
  const name = 'APP_KEY'
  if (config.APP_KEY !== null) return { level: 'ok', name, detail: 'set by the configuration' }
  const file = appKeyFile(config)
  const backup = 'Bring it back from a backup before the next start, which would make another one.'
  if (!existsSync(file)) {
    return applied.length === 0
      ? { level: 'warning', name, detail: `${file} is made at the first start` }
      : { level: 'problem', name, detail: `${file} is gone`, hint: backup }
  }
  const closed = unreadable(file, servingUser(config))
  if (closed !== null) return { level: 'problem', name, ...closed }
  if (keyIn(file) === null) {
    return { level: 'problem', name, detail: `${file} does not hold a key (base64: and 32 bytes)`, hint: backup }
  }
  const open = (statSync(file).mode & 0o077) !== 0
  return open
    ? { level: 'problem', name, detail: `${file} can be read by others`, hint: `chmod 600 ${file}` }
    : { level: 'ok', name, detail: file }
}

const checkTls = (config: Config): Finding => {
  const name = 'TLS'
  if (config.TLS_CERT === null || config.TLS_KEY === null) {
    return { level: 'ok', name, detail: 'off; Flexisip needs HTTP/2 over TLS, here or at a proxy' }
  }
  try {
    const key = createPrivateKey(readFileSync(config.TLS_KEY))
    const certificate = new X509Certificate(readFileSync(config.TLS_CERT))
    if (!certificate.checkPrivateKey(key)) {
      return { level: 'problem', name, detail: 'TLS_KEY is not the key of TLS_CERT' }
    }
    const { validTo } = certificate
    const left = Date.parse(validTo) - Date.now()
    return { level: left < 0 ? 'problem' : left < SOON_MS ? 'warning' : 'ok', name, detail: `valid until ${validTo}` }
  } catch (error) {
    return { level: 'problem', name, detail: sentenceOf(error) }
  }
}

const checkSpaces = async ({ config, parts }: Opened): Promise<Finding[]> => {
  const spaces = await parts.spaceAdministration.list()
  if (spaces.length === 0) return [{ level: 'warning', name: 'spaces', detail: 'none yet: run setup, or serve once' }]
  const findings: Finding[] = []
  for (const space of spaces) {
    const name = `space ${space.domain}`
    if (!isUnderRoot(config, space.host)) {
      const detail = `${space.host} does not lie under APP_ROOT_HOST=${config.APP_ROOT_HOST}`
      findings.push({ level: 'problem', name, detail })
    }
    if ((await parts.administrators.count(space)) === 0) {
      const hint = `sipkeeper accounts:create-admin-account -u admin -d ${space.domain}`
      findings.push({ level: 'warning', name, detail: 'has no administrator', hint })
    }
  }
  if (!spaces.some((space) => space.super))
    findings.push({ level: 'problem', name: 'spaces', detail: 'none is a super Space' })
  if (findings.length === 0) findings.push({ level: 'ok', name: 'spaces', detail: `${spaces.length}` })
  return findings
}

const checkCountries = async ({ parts }: Opened): Promise<Finding> => {
  const open = (await parts.phoneCountries.openCallingCodes()).size
  return open === 0
    ? { level: 'warning', name: 'phone countries', detail: 'none is activated: every phone number is refused' }
    : { level: 'ok', name: 'phone countries', detail: `${open} calling codes activated` }
}

/** The schema, or why it cannot be told; nothing is migrated and no file is made. */
const checkSchema = async (config: Config): Promise<{ finding: Finding; state: SchemaState; current: boolean }> => {
  const name = 'database'
  const location = databaseLocation(config)
  const file = location.kind === 'sqlite' && existsSync(location.file) ? location.file : null
  const closed = file === null ? null : unreadable(file, servingUser(config))
  const nothing = { state: { applied: [], pending: [] }, current: false }
  if (closed !== null) return { finding: { level: 'problem', name, ...closed }, ...nothing }
  try {
    const state = await schemaState(config)
    const waiting = `${databaseName(config)}: ${state.pending.join(', ')} waits for the next start`
    const none = `${databaseName(config)} is made at the first start`
    const current = state.pending.length === 0
    const finding: Finding = current
      ? { level: 'ok', name, detail: `${databaseName(config)}, schema up to date` }
      : { level: 'warning', name, detail: state.applied.length === 0 ? none : waiting }
    return { finding, state, current }
  } catch (error) {
    const finding: Finding = { level: 'problem', name, detail: explainFailure(error).message }
    return { finding, ...nothing }
  }
}

/** What the Spaces' addresses answer; those of this machine alone are nobody's outside. */
const checkOutside = async ({ config, parts, world }: Opened): Promise<Finding[]> => {
  const spaces = await parts.spaceAdministration.list()
  const found = await Promise.all(
    spaces.map(({ host }) => {
      const { baseUrl } = reachOf(config, host, {})
      if (!isLocal(host)) return askFromOutside(baseUrl, () => world.now().getTime())
      const alone: Finding = { level: 'ok', name: `answer of ${host}`, detail: 'for this machine only: not asked' }
      return [alone]
    }),
  )
  return found.flat()
}

const hasKey = (config: Config): boolean => {
  try {
    return config.APP_KEY !== null || keyIn(appKeyFile(config)) !== null
  } catch {
    return false // what is wrong with it was found before
  }
}

interface Options extends GlobalOptions {
  readonly json?: boolean
  readonly public?: boolean
}

const levelOf = ({ ok, warns }: Check): Level => (!ok ? 'problem' : warns === true ? 'warning' : 'ok')

const examine = async (options: Options): Promise<Finding[]> => {
  const { config, warnings, envFile } = loadSettings({ ...options, quiet: true })
  const dataDir = checkDataDir(config)
  // Where nothing can be seen, nothing can be said to be missing.
  if (dataDir.level === 'problem') return [dataDir]
  const schema = await checkSchema(config)
  const key = checkAppKey(config, schema.state)
  const findings: Finding[] = [
    ...warnings.map((detail): Finding => ({ level: 'warning', name: 'configuration', detail })),
    { level: 'ok', name: 'settings', detail: envFile ?? 'the environment and defaults' },
    dataDir,
    key,
    checkTls(config),
    schema.finding,
  ]
  // Looking further would migrate, or make a key.
  if (!schema.current || !hasKey(config)) return findings
  return withServices({ ...options, quiet: true }, async (opened) => [
    ...findings,
    ...(await checkSpaces(opened)),
    await checkCountries(opened),
    ...(await checkEarlierKeys(opened)),
    ...[
      ...(await opened.parts.push.check()),
      ...(await opened.parts.mail.check().finally(opened.parts.mail.close)),
      ...(await opened.parts.sms.check()),
      await opened.parts.registrar.check(),
      await opened.parts.sipProxy.check(),
      await opened.parts.sipMessages.check(),
      await opened.parts.files.check(),
    ].map(
      (check: Check): Finding => ({
        level: levelOf(check),
        name: check.name,
        detail: check.detail,
        ...(check.hint === undefined ? {} : { hint: check.hint }),
      }),
    ),
    ...(options.public === true ? await checkOutside(opened) : []),
  ])
}

const MARKS: Record<Level, string> = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' }

export const doctorCommand = (program: Command) =>
  program
    .command('doctor')
    .option('--json', 'print one JSON object')
    .option('--public', 'also ask the addresses of all Spaces, as a phone or Flexisip would')
    .description('look for what would not work')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const findings = await examine(options).catch((error: unknown): Finding[] => {
        if (!(error instanceof ConfigurationError)) throw error
        return error.problems.map((detail) => ({ level: 'problem', name: 'configuration', detail }))
      })
      if (options.json === true) print(JSON.stringify({ findings }))
      for (const { level, name, detail, hint } of options.json === true ? [] : findings) {
        print(`${MARKS[level]}${name}: ${detail}${hint === undefined ? '' : `\n          ${hint}`}`)
      }
      const problems = findings.filter(({ level }) => level === 'problem')
      const count = `${problems.length} problem${problems.length === 1 ? '' : 's'} found`
      if (problems.some(({ name }) => name === 'configuration')) throw new CommandError(count, EXIT.configuration)
      if (problems.length > 0) throw new CommandError(count, EXIT.failed)
    })
