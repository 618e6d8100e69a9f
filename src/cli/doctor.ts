import { createPrivateKey, X509Certificate } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { type Config, ConfigurationError } from '../config/config.ts'
import { isUnderRoot } from '../config/root-host.ts'
import { appKeyFile } from './app-key.ts'
import {
  databaseName,
  type GlobalOptions,
  loadSettings,
  type Opened,
  type SchemaState,
  schemaState,
  withServices,
} from './context.ts'
import { CommandError, EXIT, explainFailure } from './exit.ts'
import { print } from './terminal.ts'

type Level = 'ok' | 'warning' | 'problem'

interface Finding {
  readonly level: Level
  readonly name: string
  readonly detail: string
}

const SOON_MS = 14 * 86_400_000

const checkDataDir = ({ DATA_DIR: folder }: Config): Finding => {
  const name = 'data directory'
  if (!existsSync(folder)) return { level: 'warning', name, detail: `${folder} is made at the first start` }
  try {
    accessSync(folder, constants.W_OK)
    return { level: 'ok', name, detail: folder }
  } catch (error) {
    return { level: 'problem', name, detail: `${folder}: ${(error as Error).message}` }
  }
}

const checkAppKey = (config: Config, { applied }: SchemaState): Finding => {
  const name = 'APP_KEY'
  if (config.APP_KEY !== null) return { level: 'ok', name, detail: 'set by the configuration' }
  const file = appKeyFile(config)
  if (!existsSync(file)) {
    return applied.length === 0
      ? { level: 'warning', name, detail: `${file} is made at the first start` }
      : { level: 'problem', name, detail: `${file} is gone: bring it back from a backup before the next start` }
  }
  const open = (statSync(file).mode & 0o077) !== 0
  return open
    ? { level: 'problem', name, detail: `${file} can be read by others: chmod 600` }
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
    return { level: 'problem', name, detail: (error as Error).message }
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
      findings.push({ level: 'warning', name, detail: 'has no administrator' })
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
    return { finding, state: { applied: [], pending: [] }, current: false }
  }
}

const examine = async (options: GlobalOptions): Promise<Finding[]> => {
  const { config, warnings } = loadSettings({ ...options, quiet: true })
  const schema = await checkSchema(config)
  const key = checkAppKey(config, schema.state)
  const findings: Finding[] = [
    ...warnings.map((detail): Finding => ({ level: 'warning', name: 'configuration', detail })),
    checkDataDir(config),
    key,
    checkTls(config),
    schema.finding,
  ]
  // Looking further would migrate, or make a key.
  if (!schema.current || (config.APP_KEY === null && !existsSync(appKeyFile(config)))) return findings
  return withServices({ ...options, quiet: true }, async (opened) => [
    ...findings,
    ...(await checkSpaces(opened)),
    await checkCountries(opened),
    ...[
      ...(await opened.parts.push.check()),
      ...(await opened.parts.mail.check().finally(opened.parts.mail.close)),
      ...(await opened.parts.sms.check()),
      await opened.parts.registrar.check(),
    ].map(({ name, ok, detail }): Finding => ({ level: ok ? 'ok' : 'problem', name, detail })),
  ])
}

const MARKS: Record<Level, string> = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' }

export const doctorCommand = (program: Command) =>
  program
    .command('doctor')
    .option('--json', 'print one JSON object')
    .description('look for what would not work')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { json?: boolean }>()
      const findings = await examine(options).catch((error: unknown): Finding[] => {
        if (!(error instanceof ConfigurationError)) throw error
        return error.problems.map((detail) => ({ level: 'problem', name: 'configuration', detail }))
      })
      if (options.json === true) print(JSON.stringify({ findings }))
      else for (const { level, name, detail } of findings) print(`${MARKS[level]}${name}: ${detail}`)
      const problems = findings.filter(({ level }) => level === 'problem')
      const count = `${problems.length} problem${problems.length === 1 ? '' : 's'} found`
      if (problems.some(({ name }) => name === 'configuration')) throw new CommandError(count, EXIT.configuration)
      if (problems.length > 0) throw new CommandError(count, EXIT.failed)
    })
