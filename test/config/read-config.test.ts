import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError, readConfig } from '../../src/config/config.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipkeeper-config-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const put = (name: string, text: string, mode = 0o600): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

const read = (options: { envFile?: string; environment?: Record<string, string>; checkout?: string } = {}) =>
  readConfig({
    systemEnvFile: join(directory, 'system.env'),
    directory,
    checkout: null,
    ...options,
    // Nothing of this machine's own installation.
    environment: { DATA_DIR: join(directory, 'data'), ...options.environment },
  })

const problemsOf = (call: () => unknown): readonly string[] => {
  try {
    call()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}

describe('refused', () => {
  test('an --env-file that does not exist, together with every other problem', () => {
    const envFile = join(directory, 'none.env')
    expect(problemsOf(() => read({ envFile, environment: { LISTEN: 'x' } }))).toEqual([
      `${envFile} cannot be read: there is no such file.`,
      'LISTEN must be host:port, [IPv6]:port or unix:/path, not "x" (environment).',
    ])
  })

  test('a .env that others can write is not read, and that is said', () => {
    const path = put('.env', 'APP_NAME=evil', 0o666)
    const { config, warnings } = read()
    expect(config.APP_NAME).toBe('sipkeeper')
    expect(warnings).toEqual([
      `${path} is not read: it belongs to another user, or others can write it. Name it with --env-file if it is meant.`,
    ])
  })
})

describe('exactly one file is read', () => {
  test('the named one', () => {
    put('.env', 'APP_NAME=local\nCODE_DIGITS=5')
    put('system.env', 'APP_NAME=system\nCODE_DIGITS=5')
    const envFile = put('named.env', 'APP_NAME=named')
    const { config, sources } = read({ envFile })
    expect([config.APP_NAME, config.CODE_DIGITS]).toEqual(['named', 4])
    expect(sources.APP_NAME.from).toBe(envFile)
  })

  test('else the one in DATA_DIR, which setup without root writes', () => {
    put('.env', 'APP_NAME=local\nCODE_DIGITS=5')
    put('system.env', 'APP_NAME=system\nCODE_DIGITS=5')
    mkdirSync(join(directory, 'data'))
    const path = put('data/env', 'APP_NAME=data')
    const { config, envFile } = read()
    expect([config.APP_NAME, config.CODE_DIGITS, envFile]).toEqual(['data', 4, path])
    chmodSync(path, 0o620)
    const closed = read()
    expect([closed.config.APP_NAME, closed.warnings]).toEqual([
      'sipkeeper',
      [expect.stringContaining(`${path} is not read`)],
    ])
  })

  test('else the one of the system', () => {
    put('.env', 'APP_NAME=local\nCODE_DIGITS=5')
    put('system.env', 'APP_NAME=system')
    const { config } = read()
    expect([config.APP_NAME, config.CODE_DIGITS]).toEqual(['system', 4])
  })

  test('else .env', () => {
    put('.env', 'APP_NAME=local')
    expect(read().config.APP_NAME).toBe('local')
  })

  test('and the environment wins over it', () => {
    put('.env', 'APP_NAME=local')
    expect(read({ environment: { APP_NAME: 'environment' } }).config.APP_NAME).toBe('environment')
  })
})

test('DATA_DIR has a default on every machine, and secrets come from files', () => {
  const file = put('password', 'hunter2\n')
  const environment = { XDG_DATA_HOME: directory, DB_PASSWORD_FILE: file, DATA_DIR: '' }
  const { config } = read({ environment })
  expect(['/var/lib/sipkeeper', join(directory, 'sipkeeper')]).toContain(config.DATA_DIR)
  expect(config.DB_PASSWORD).toBe('hunter2')
})

test('run from its source, the program keeps its data in the checkout', () => {
  const checkout = { checkout: directory, environment: { DATA_DIR: '' } }
  expect(read(checkout).config.DATA_DIR).toBe(join(directory, 'data'))
  mkdirSync(join(directory, 'data'))
  put('data/env', 'APP_NAME=tried')
  expect(read(checkout).config.APP_NAME).toBe('tried')
  expect(read({ ...checkout, environment: { DATA_DIR: '/elsewhere' } }).config.DATA_DIR).toBe('/elsewhere')
})
