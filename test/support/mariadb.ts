import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQL } from 'bun'
import { eventually } from './eventually.ts'
import { freePort } from './postgres.ts'

export interface TestMariadb {
  /** Of the administrator, without a database. */
  readonly url: string
  /** A database of its own, in which plain SQL runs. */
  database(name: string): Promise<TestSchema>
  stop(): Promise<void>
}

export interface TestSchema {
  readonly url: string
  run(text: string): Promise<Record<string, unknown>[]>
  /** The same by MariaDB's own client, as an operator does it. */
  load(file: string): Promise<void>
  close(): Promise<void>
}

/** A real MariaDB of our own on a free port and a private socket, two hours away from UTC, gone after `stop()`. */
export const startMariadb = async (): Promise<TestMariadb> => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-mariadb-'))
  chmodSync(folder, 0o755)
  const [data, socket, port] = [join(folder, 'data'), join(folder, 'socket'), await freePort()]
  const user = `--user=${process.getuid?.() === 0 ? 'root' : (process.env.USER ?? 'root')}`
  const made = Bun.spawnSync([
    'mariadb-install-db',
    '--no-defaults',
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    `--datadir=${data}`,
    user,
  ])
  if (made.exitCode !== 0) throw new Error(made.stderr.toString() + made.stdout.toString())
  const server = Bun.spawn(
    [
      'mariadbd',
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--pid-file=${join(folder, 'pid')}`,
      '--default-time-zone=+02:00',
      '--sql-mode=',
      // Nothing in it outlives the tests.
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-doublewrite=0',
      '--innodb-file-per-table=0',
      '--innodb-log-file-size=16M',
      '--sync-frm=0',
      user,
    ],
    { stdout: 'ignore', stderr: 'ignore' },
  )
  const url = `mysql://root@127.0.0.1:${port}`
  await eventually(async () => {
    const client = new SQL(`${url}/mysql`, { max: 1 })
    await client.unsafe('SELECT 1').finally(() => client.close())
    return true
  })
  return {
    url,
    database: async (name) => {
      const admin = new SQL(`${url}/mysql`, { max: 1 })
      await admin.unsafe(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`)
      await admin.close()
      const client = new SQL(`${url}/${name}`, { max: 1 })
      return {
        url: `${url}/${name}`,
        run: async (text) => {
          let rows: Record<string, unknown>[] = []
          for (const statement of text.split(/;\s*\n/).filter((one) => one.trim() !== '')) {
            rows = [...(await client.unsafe(statement))]
          }
          return rows
        },
        load: async (file) => {
          const loading = Bun.spawn(['mariadb', '--no-defaults', `--socket=${socket}`, '-u', 'root', name], {
            stdin: Bun.file(file),
            stdout: 'pipe',
            stderr: 'pipe',
          })
          if ((await loading.exited) !== 0) throw new Error(await new Response(loading.stderr).text())
        },
        close: () => client.close(),
      }
    },
    stop: async () => {
      server.kill('SIGTERM')
      await server.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
