/** Settings read once, from the environment and one file, into a frozen value; the only reader of `process.env`. */

import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { combinationProblems, combinationWarnings } from './combinations.ts'
import { derivedTexts } from './derived.ts'
import { parseEnvFile } from './env-file.ts'
import { IGNORED, nearestName, PREFIXES } from './reference-names.ts'
import { type Config, type SettingName, settingNames, settings } from './settings.ts'
import type { Source } from './source.ts'

export type { Config, SettingName } from './settings.ts'

export type Sources = Readonly<Record<SettingName, Source>>

export interface LoadedConfig {
  /** Not to be used while there are problems: a refused value is replaced by its default. */
  readonly config: Config
  readonly sources: Sources
  readonly warnings: readonly string[]
  readonly problems: readonly string[]
}

/** All that is wrong with the configuration, a sentence each. The command line exits 78. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

export interface ConfigInput {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The first one wins, and the environment over all of them. */
  readonly envFiles: readonly { readonly path: string; readonly text: string }[]
  /** For `NAME_FILE`; throws when it cannot. */
  readonly readFile: (path: string) => string
  /** Default of `DATA_DIR`, which depends on the machine. */
  readonly dataDirectory?: string
}

interface Layer {
  readonly from: string
  readonly values: ReadonlyMap<string, string>
}

export function loadConfig({ environment, envFiles, readFile, dataDirectory }: ConfigInput): LoadedConfig {
  const files = envFiles.map(({ path, text }) => ({ from: path, ...parseEnvFile(text, path) }))
  const layers: Layer[] = [{ from: 'environment', values: new Map(definedIn(environment)) }, ...files]
  const problems = files.flatMap((file) => file.problems)
  const warnings = files.flatMap((file) => file.warnings)

  const found = new Map<SettingName, Source>()
  for (const name of settingNames) {
    const source = sourceOf(name, layers, readFile, problems)
    if (source !== null) found.set(name, source)
  }
  const derived = derivedTexts((name) => found.get(name)?.text ?? null)
  problems.push(...derived.problems)
  warnings.push(...derived.warnings)
  if (dataDirectory !== undefined && !found.has('DATA_DIR')) {
    found.set('DATA_DIR', { from: 'default', text: dataDirectory })
  }

  const values: Partial<Record<SettingName, unknown>> = {}
  const sources: Partial<Record<SettingName, Source>> = {}
  for (const name of settingNames) {
    const { kind, fallback } = settings[name]
    const source = derived.texts.get(name) ?? found.get(name) ?? { from: 'default', text: fallback }
    let value = source.text === null ? null : kind.parse(source.text)
    if (value === undefined) {
      const given = kind.secret ? '' : `, not "${source.text}"`
      problems.push(`${name} must be ${kind.expected}${given} (${source.from}).`)
      value = fallback === null ? null : kind.parse(fallback)
    }
    values[name] = value
    sources[name] = source
  }
  const config = Object.freeze(values) as Config // the loop above went through every name of the table

  problems.push(...combinationProblems(config))
  warnings.push(...combinationWarnings(config), ...namesNotUsed(layers, found, problems))
  return { config, sources: Object.freeze(sources) as Sources, warnings, problems }
}

function sourceOf(
  name: SettingName,
  layers: readonly Layer[],
  readFile: (path: string) => string,
  problems: string[],
): Source | null {
  const { kind } = settings[name]
  const direct = lookUp(name, layers, kind.knowsNull === true)
  if (!kind.secret) return direct === null ? null : { ...direct, text: direct.text.trim() }

  const fileName = `${name}_FILE`
  const file = lookUp(fileName, layers, false)
  if (file === null) return direct
  if (direct !== null) {
    problems.push(`${name} (${direct.from}) and ${fileName} (${file.from}) are both set; keep one of them.`)
    return direct
  }
  try {
    const text = readFile(file.text).replace(/[\r\n]+$/, '')
    if (text !== '') return { from: `${fileName} (${file.from})`, text }
    problems.push(`${fileName} names ${file.text}, which is empty.`)
  } catch (error) {
    problems.push(`${fileName} names ${file.text}, which cannot be read: ${reason(error)}.`)
  }
  return null
}

/** An empty value is an unset one, so the next layer is asked. */
function lookUp(name: string, layers: readonly Layer[], knowsNull: boolean): { from: string; text: string } | null {
  for (const { from, values } of layers) {
    const text = values.get(name)
    if (text === undefined || text.trim() === '' || (text === 'null' && !knowsNull)) continue
    return { from, text }
  }
  return null
}

/** Says which names will have no effect: those of the reference, those not used yet, and those nobody knows. */
function namesNotUsed(
  layers: readonly Layer[],
  found: ReadonlyMap<SettingName, Source>,
  problems: string[],
): readonly string[] {
  const warnings: string[] = []
  const known = new Set<string>(settingNames)
  for (const name of settingNames) if (settings[name].kind.secret) known.add(`${name}_FILE`)

  for (const { from, values } of layers) {
    for (const [name, text] of values) {
      if (known.has(name) || (from === 'environment' && !PREFIXES.some((prefix) => name.startsWith(prefix)))) continue
      const ignored = Object.hasOwn(IGNORED, name) ? IGNORED[name] : undefined
      if (name === 'APP_EVERYONE_IS_ADMIN' && !/^(?:|null|false|off|no|0)$/i.test(text.trim())) {
        problems.push(`${name} is refused: it would make everybody an administrator (${from}).`)
      } else if (ignored !== undefined) {
        if (text.trim() !== '') warnings.push(`${name} is ignored: it ${ignored} (${from}).`)
      } else {
        const nearest = nearestName(name, known)
        warnings.push(`${name} is not a setting${nearest === null ? '' : `; is ${nearest} meant?`} (${from}).`)
      }
    }
  }
  const early = [...found.keys()].filter((name) => settings[name].status === 'reserved')
  if (early.length > 0) warnings.push(`Accepted, but not used by this version: ${early.join(', ')}.`)
  return warnings
}

export interface ReadConfigOptions {
  /** `--env-file`; must exist. */
  readonly envFile?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Read when there is neither `--env-file` nor a file in `DATA_DIR`. */
  readonly systemEnvFile?: string
  /** Where `.env` is looked for when there is none of them. */
  readonly directory?: string
  /** Where the source is, when that is what runs. */
  readonly checkout?: string | null
}

export const SYSTEM_ENV_FILE = '/etc/sipkeeper/env'
export const SYSTEM_DATA_DIRECTORY = '/var/lib/sipkeeper'

/** Run from its source, the program keeps its data there: a trial leaves nothing elsewhere, also when root makes it. */
export const CHECKOUT = import.meta.path.endsWith('/src/config/config.ts') ? resolve(import.meta.dir, '../..') : null

/** Whether what the program prints is kept in the journal (systemd.exec(5)). */
export const printsIntoJournal = (): boolean => process.env.JOURNAL_STREAM !== undefined

/** Whether the terminal, or who sits there, wants plain text (no-color.org: with any value but an empty one). */
export const wantsPlainText = (environment: Readonly<Record<string, string | undefined>> = process.env): boolean =>
  (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb'

/**
 * The configuration of this process: its environment, then exactly one file: `--env-file`, else `DATA_DIR/env`, else
 * `/etc/sipkeeper/env`, else `./.env`. `envFile` is the one that was read.
 * @throws ConfigurationError with every problem at once
 */
export function readConfig({
  envFile,
  environment = process.env,
  systemEnvFile = SYSTEM_ENV_FILE,
  directory = process.cwd(),
  checkout = CHECKOUT,
}: ReadConfigOptions = {}): Omit<LoadedConfig, 'problems'> & { readonly envFile: string | null } {
  const dataDirectory = checkout === null ? defaultDataDirectory(environment) : join(checkout, 'data')
  const given = lookUp('DATA_DIR', [{ from: 'environment', values: new Map(definedIn(environment)) }], false)
  const ofData = resolve(directory, given?.text.trim() ?? dataDirectory, 'env')
  const file = chosenEnvFile(envFile, ofData, systemEnvFile, join(directory, '.env'))
  const { problems, ...loaded } = loadConfig({
    environment,
    envFiles: file.envFiles,
    readFile: (path) => readFileSync(path, 'utf8'),
    dataDirectory,
  })
  if (file.problems.length > 0 || problems.length > 0) throw new ConfigurationError([...file.problems, ...problems])
  return { ...loaded, warnings: [...file.warnings, ...loaded.warnings], envFile: file.envFiles[0]?.path ?? null }
}

function chosenEnvFile(explicit: string | undefined, ofData: string, system: string, local: string) {
  const chosen = {
    envFiles: [] as { path: string; text: string }[],
    problems: [] as string[],
    warnings: [] as string[],
  }
  const path = explicit ?? [ofData, system, local].find((one) => existsSync(one)) ?? null
  if (path === null) return chosen
  if (explicit === undefined && path !== system && !isOurs(path)) {
    chosen.warnings.push(
      `${path} is not read: it belongs to another user, or others can write it. Name it with --env-file if it is meant.`,
    )
    return chosen
  }
  try {
    chosen.envFiles.push({ path, text: readFileSync(path, 'utf8') })
  } catch (error) {
    chosen.problems.push(`${path} cannot be read: ${reason(error)}.`)
  }
  return chosen
}

const definedIn = (environment: Readonly<Record<string, string | undefined>>): [string, string][] =>
  Object.entries(environment).filter((pair): pair is [string, string] => pair[1] !== undefined)

/** A program started in somebody else's directory must not take its orders from there. */
function isOurs(path: string): boolean {
  const { uid, mode } = statSync(path)
  return (uid === process.geteuid?.() || uid === 0) && (mode & 0o022) === 0
}

function defaultDataDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  if (existsSync(SYSTEM_DATA_DIRECTORY) || isWritable('/var/lib')) return SYSTEM_DATA_DIRECTORY
  const base = environment.XDG_DATA_HOME ?? ''
  return join(isAbsolute(base) ? base : join(homeDirectory(environment), '.local/share'), 'sipkeeper')
}

/** A container's user may have no entry and no `HOME`: then it must name `DATA_DIR`, and the root is as good as any. */
function homeDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  if (environment.HOME !== undefined && isAbsolute(environment.HOME)) return environment.HOME
  try {
    return homedir()
  } catch {
    return '/'
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false // whatever the reason, the default is then elsewhere
  }
}

const reason = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'this user may not'
  return error instanceof Error ? error.message : String(error)
}
