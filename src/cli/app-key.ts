import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { appKey as appKeyKind } from '../config/kinds.ts'
import { codeOf, sentenceOf } from '../thrown.ts'
import { CommandError, EXIT } from './exit.ts'

export const appKeyFile = (config: Config): string => join(config.DATA_DIR, 'app.key')

/** The key that a file holds; null where that is none. */
export const keyIn = (file: string): Uint8Array | null => appKeyKind.parse(readFileSync(file, 'utf8').trim()) ?? null

const readKey = (file: string): Uint8Array | null => {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new CommandError(`${file} cannot be read: ${sentenceOf(error)}`, EXIT.configuration)
  }
  const key = appKeyKind.parse(text)
  if (key === undefined)
    throw new CommandError(`${file} does not hold a key (base64: and 32 bytes).`, EXIT.configuration)
  return key
}

export const makeDataDirectory = ({ DATA_DIR: folder }: Config): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new CommandError(`DATA_DIR cannot be made: ${sentenceOf(error)}`, EXIT.configuration)
  }
}

/** The key that is there; null: none was ever made here. */
export const keptAppKey = (config: Config): Uint8Array | null => config.APP_KEY ?? readKey(appKeyFile(config))

/**
 * `APP_KEY`, else the one kept in `DATA_DIR` (0600), made at the first start. The file appears whole or not at all,
 * and of two processes that start together one makes it.
 */
export const appKey = (config: Config): Uint8Array => {
  const kept = keptAppKey(config)
  if (kept !== null) return kept
  const file = appKeyFile(config)
  makeDataDirectory(config)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `base64:${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
  const made = readKey(file)
  if (made === null) throw new CommandError(`${file} cannot be read: it is gone again`, EXIT.configuration)
  return made
}
