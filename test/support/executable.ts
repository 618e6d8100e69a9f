import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQL } from 'bun'
import { executable } from '../../scripts/build.ts'
import { postgresUrl } from './database.ts'

export { executable }

/** Whether a program of the system is there. Without it its tests are skipped, except where CI says they must run. */
export const hasProgram = (name: string): boolean => {
  if (Bun.which(name) !== null) return true
  if (process.env.CI === 'true') throw new Error(`${name} is missing; CI installs it`)
  process.stdout.write(`skipped: ${name} is not installed\n`)
  return false
}

/** Only what the test says: neither this machine's environment nor a `.env` of the checkout leaks in. */
const surroundings = (env: Record<string, string>) => ({
  cwd: env.HOME ?? tmpdir(),
  env: { PATH: process.env.PATH ?? '', ...env },
})

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command of the executable to its end. */
export const sipkeeper = async (args: string[], env: Record<string, string>, stdin = ''): Promise<Finished> => {
  const child = Bun.spawn([executable, ...args], {
    ...surroundings(env),
    stdin: new TextEncoder().encode(stdin),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

export interface Installation {
  /** Its own folder and database; limits are off. */
  readonly env: Record<string, string>
  readonly folder: string
  remove(): Promise<void>
}

/** A place for one installation: a folder, and on PostgreSQL a database of its own. */
export const installation = async (more: Record<string, string> = {}): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-e2e-'))
  const limits = { API_RATE_LIMIT_PER_MINUTE: '0', AUTH_RATE_LIMIT_PER_MINUTE: '0' }
  const env: Record<string, string> = { DATA_DIR: folder, LISTEN: '127.0.0.1:0', HOME: folder, ...limits, ...more }
  const name = `e2e_${randomUUID().replaceAll('-', '')}`
  const administer = async (statement: string) => {
    const admin = new SQL(postgresUrl ?? '', { max: 1 })
    await admin.unsafe(statement)
    await admin.close()
  }
  // A test may have a server of its own.
  const isShared = postgresUrl !== null && more.DATABASE_URL === undefined
  if (isShared) {
    await administer(`CREATE DATABASE ${name}`)
    const url = new URL(postgresUrl ?? '')
    url.pathname = `/${name}`
    env.DATABASE_URL = url.href
  }
  return {
    env,
    folder,
    remove: async () => {
      if (isShared) await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Running {
  readonly port: number
  readonly base: string
  readonly child: Bun.Subprocess
  /** Everything it has printed so far. */
  output(): string
  /** SIGTERM, and its exit code. */
  stop(): Promise<number>
  kill(): Promise<void>
}

const READY_WITHIN_MS = 20_000

/** Starts `serve` and waits until it listens. */
export const serve = async (
  { env }: Pick<Installation, 'env'>,
  command: string[] = [executable],
  options: string[] = [],
): Promise<Running> => {
  const child = Bun.spawn([...command, 'serve', ...options], {
    ...surroundings(env),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let output = ''
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>)
      output += decoder.decode(chunk, { stream: true })
  }
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)])
  const address = /"msg":"listening","address":"(https?):\/\/[^":]+:(\d+)\//
  const started = Date.now()
  let match: RegExpExecArray | null = null
  while (match === null) {
    match = address.exec(output)
    if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}:\n${output}`)
    if (Date.now() - started > READY_WITHIN_MS) throw new Error(`serve is not ready:\n${output}`)
    await Bun.sleep(5)
  }
  const port = Number(match[2])
  return {
    port,
    base: `${match[1]}://localhost:${port}`,
    child,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM')
      const code = await child.exited
      await collected
      return code
    },
    kill: async () => {
      child.kill('SIGKILL')
      await child.exited
      await collected
    },
  }
}

/** An installation with a super Space on `localhost` and an administrator with a key, not yet serving. */
export const prepared = async (more: Record<string, string> = {}) => {
  const place = await installation(more)
  const space = ['spaces:create-update', 'sip.example.org', 'localhost', 'Example', '--super']
  const made = await sipkeeper(space, place.env)
  if (made.code !== 0) throw new Error(made.stderr)
  const admin = [
    'accounts:create-admin-account',
    '-u',
    'admin',
    '-p',
    'correct-horse',
    '-d',
    'sip.example.org',
    '--json',
  ]
  const created = await sipkeeper(admin, place.env)
  if (created.code !== 0) throw new Error(created.stderr)
  return { ...place, admin: JSON.parse(created.stdout) as { id: number; api_key: string } }
}
