import { X509Certificate } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { appKeyFile } from './app-key.ts'
import { type GlobalOptions, loadSettings, type Opened, withServices } from './context.ts'
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
  try {
    accessSync(folder, constants.W_OK)
    return { level: 'ok', name: 'data directory', detail: folder }
  } catch (error) {
    return { level: 'problem', name: 'data directory', detail: `${folder}: ${(error as Error).message}` }
  }
}

const checkAppKey = (config: Config): Finding => {
  const name = 'APP_KEY'
  if (config.APP_KEY !== null) return { level: 'ok', name, detail: 'set by the configuration' }
  const file = appKeyFile(config)
  if (!existsSync(file)) return { level: 'warning', name, detail: `${file} is made at the first start` }
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
    readFileSync(config.TLS_KEY)
    const { validTo } = new X509Certificate(readFileSync(config.TLS_CERT))
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
    const root = config.APP_ROOT_HOST
    if (space.host !== root && !space.host.endsWith(`.${root}`)) {
      findings.push({ level: 'problem', name, detail: `${space.host} does not lie under APP_ROOT_HOST=${root}` })
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

const examine = async (options: GlobalOptions): Promise<Finding[]> => {
  const { config, warnings } = loadSettings({ ...options, quiet: true })
  const settings: Finding[] = [
    ...warnings.map((detail): Finding => ({ level: 'warning', name: 'configuration', detail })),
    checkDataDir(config),
    checkAppKey(config),
    checkTls(config),
  ]
  try {
    return await withServices({ ...options, quiet: true }, async (opened) => [
      ...settings,
      { level: 'ok', name: 'database', detail: `${opened.db.dialect}, schema up to date` },
      ...(await checkSpaces(opened)),
      await checkCountries(opened),
      ...(await opened.parts.push.check()).map(
        ({ name, ok, detail }): Finding => ({ level: ok ? 'ok' : 'problem', name, detail }),
      ),
    ])
  } catch (error) {
    return [...settings, { level: 'problem', name: 'database', detail: explainFailure(error).message }]
  }
}

const MARKS: Record<Level, string> = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ' }

export const doctorCommand = (program: Command) =>
  program
    .command('doctor')
    .option('--json', 'print one JSON object')
    .description('look for what would not work')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { json?: boolean }>()
      const findings = await examine(options)
      if (options.json === true) print(JSON.stringify({ findings }))
      else for (const { level, name, detail } of findings) print(`${MARKS[level]}${name}: ${detail}`)
      const problems = findings.filter(({ level }) => level === 'problem').length
      if (problems > 0) throw new CommandError(`${problems} problem${problems === 1 ? '' : 's'} found`, EXIT.failed)
    })
