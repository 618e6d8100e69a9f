import { resolve } from 'node:path'
import { ConfigurationError } from '../config/config.ts'
import type { Entry, Hooks, Section } from './types.ts'

/** Why what a hook did cannot be used. */
export class HookError extends Error {
  override readonly name = 'HookError'
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  provisioning: ['proxy', 'auth', 'sections'],
  account: ['created', 'updated', 'deleted'],
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Refuses what is no hooks object, and a hook that would silently never be called. */
const checked = (exported: unknown): Hooks => {
  if (!isObject(exported)) throw new HookError('it has no default export that is an object')
  for (const [group, members] of Object.entries(exported)) {
    const known = KNOWN[group]
    if (known === undefined) throw new HookError(`"${group}" is none of ${Object.keys(KNOWN).join(', ')}`)
    if (!isObject(members)) throw new HookError(`"${group}" is no object`)
    for (const [name, hook] of Object.entries(members)) {
      if (!known.includes(name)) throw new HookError(`"${group}.${name}" is none of ${known.join(', ')}`)
      if (typeof hook !== 'function') throw new HookError(`"${group}.${name}" is no function`)
    }
  }
  return exported
}

/**
 * Imports a TypeScript or JavaScript file. A file that was read before is read anew; files that it imports itself are
 * not.
 * @throws ConfigurationError
 */
export const readHooksFile = async (file: string): Promise<Hooks> => {
  try {
    // A module is kept for its address: another text is another address.
    const version = Bun.hash(await Bun.file(file).text()).toString(36)
    const module: { default?: unknown } = await import(`${resolve(file)}?${version}`)
    return checked(module.default)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ConfigurationError([`HOOKS_FILE ${file} cannot be used: ${why}`])
  }
}

const NAME = /^[A-Za-z0-9_.:-]{1,128}$/
const MOST_ENTRIES = 500
const MOST_SECTIONS = 100
const LONGEST_VALUE = 65_536

export interface TextEntry {
  readonly name: string
  readonly value: string
  readonly overwrite: boolean
}
export interface TextSection {
  readonly name: string
  readonly entries: readonly TextEntry[]
}

const listOf = (returned: unknown, most: number): readonly unknown[] => {
  if (!Array.isArray(returned)) throw new HookError('it returned no list')
  if (returned.length > most) throw new HookError(`it returned more than ${most}`)
  return returned
}

const textOf = (value: unknown): string => {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value === 'string' && value.length <= LONGEST_VALUE) return value
  throw new HookError('a value is no text, number, boolean or null')
}

const nameOf = (name: unknown): string => {
  if (typeof name === 'string' && NAME.test(name)) return name
  throw new HookError(`${JSON.stringify(name)} is no name`)
}

/** What a hook returned, as it goes into the document. @throws HookError */
export const entriesOf = (returned: readonly Entry[] | unknown): TextEntry[] =>
  listOf(returned, MOST_ENTRIES).map((entry) => {
    if (!isObject(entry)) throw new HookError('an entry is no object')
    return { name: nameOf(entry.name), value: textOf(entry.value), overwrite: entry.overwrite === true }
  })

/** @throws HookError */
export const sectionsOf = (returned: readonly Section[] | unknown): TextSection[] =>
  listOf(returned, MOST_SECTIONS).map((section) => {
    if (!isObject(section)) throw new HookError('a section is no object')
    return { name: nameOf(section.name), entries: entriesOf(section.entries) }
  })
