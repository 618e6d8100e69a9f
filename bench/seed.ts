// `bun bench/seed.ts --accounts 1000000 --dir /tmp/x`: a migrated SQLite database with that many accounts, in seconds.
import { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '../src/db/sqlite.ts'

export const DOMAIN = 'sip.bench.example'
export const API_KEY = 'bench'.padEnd(40, '0')
export const USERNAME = 'bench-admin'
export const PASSWORD = 'correct-horse'

const TOKEN_LENGTH = 13
export const tokenOf = (id: number): string => `t${String(id).padStart(TOKEN_LENGTH - 1, '0')}`

/** One Space on `localhost`, an administrator with a key, and `count` accounts with passwords and provisioning tokens. */
export const seed = async (folder: string, count: number): Promise<string> => {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'sipkeeper.sqlite')
  const db = openSqlite(file)
  await db.migrate()
  await db.close()

  const database = new Database(file)
  // Only while seeding: nothing here must survive a power cut.
  database.run('PRAGMA synchronous = OFF')
  const now = Date.now()
  const hash = (text: string) => Bun.SHA256.hash(text, 'hex')
  database.run(
    `INSERT INTO spaces (domain, host, name, super, created_at, updated_at) VALUES ('${DOMAIN}', 'localhost', 'Bench', 1, ${now}, ${now})`,
  )
  database.run(
    `INSERT INTO space_digest_authentication_configurations (space_id, created_at, updated_at) VALUES (1, ${now}, ${now})`,
  )
  const account = database.query(
    `INSERT INTO accounts (id, username, domain, activated, blocked, admin, ip_address, user_agent, created_at, updated_at)
     VALUES (?, ?, '${DOMAIN}', 1, 0, ?, '192.0.2.1', 'bench', ${now}, ${now})`,
  )
  const password = database.query(`INSERT INTO passwords (account_id, password, algorithm) VALUES (?, ?, 'SHA-256')`)
  const token = database.query(
    `INSERT INTO provisioning_tokens (account_id, token, used, created_at, updated_at) VALUES (?, ?, 0, ${now}, ${now})`,
  )
  database.transaction(() => {
    account.run(1, USERNAME, 1)
    password.run(1, hash(`${USERNAME}:${DOMAIN}:${PASSWORD}`))
    token.run(1, tokenOf(1))
    for (let id = 2; id <= count; id++) {
      account.run(id, `user-${id}`, 0)
      password.run(id, 'ab'.repeat(32))
      token.run(id, tokenOf(id))
    }
    database
      .query(
        `INSERT INTO api_keys (account_id, key, requests, last_used_at, expires_after_last_used_minutes, created_at, updated_at)
         VALUES (1, ?, 0, ${now}, 0, ${now}, ${now})`,
      )
      .run(hash(API_KEY))
  })()
  database.run('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  return file
}

if (import.meta.main) {
  const option = (name: string, fallback: string) => {
    const at = process.argv.indexOf(`--${name}`)
    return at < 0 ? fallback : (process.argv[at + 1] ?? fallback)
  }
  const started = performance.now()
  const file = await seed(option('dir', './data'), Number(option('accounts', '1000000')))
  process.stdout.write(`${file} in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
}
