// A migrated database with that many accounts, in seconds, on SQLite and on PostgreSQL:
// `bun bench/seed.ts [--accounts 1000000] [--spaces 1] [--dir ./data | --url postgres://…]`
import { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SQL } from 'bun'
import { openPostgres } from '../src/db/postgres.ts'
import { openSqlite } from '../src/db/sqlite.ts'

export const DOMAIN = 'sip.bench.example'
export const API_KEY = 'bench'.padEnd(40, '0')
export const USERNAME = 'bench-admin'
export const PASSWORD = 'correct-horse'

/** Account creation tokens: enough for every round of the benchmark. */
export const CREATION_TOKENS = 200_000

export interface Seeding {
  readonly accounts: number
  /** The accounts are dealt out among so many Spaces; the first is the one on `localhost`. */
  readonly spaces?: number
}

/** Tokens have 13 characters. The token of account `id`, and creation token `id`: in Lua as in SQL. */
export const PROVISIONING_TOKEN = { letter: 'p', lua: 'string.format("p%012d", id)' }
export const CREATION_TOKEN = { letter: 'c', lua: 'string.format("c%012d", id)' }

const sha256 = (text: string) => Bun.SHA256.hash(text, 'hex')

/** The same text for both databases, but for how they write an instant. */
const statements = ({ accounts, spaces = 1 }: Seeding, now: string): string[] => {
  const numbers = (last: number) =>
    `WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ${last})`
  const token = ({ letter }: { letter: string }) => `'${letter}' || substr('000000000000' || id, -12)`
  const lastTwelve = (sql: string) => sql.replace(`, -12)`, `, length('000000000000' || id) - 11)`)
  const domain = `CASE WHEN id % ${spaces} = 1 OR ${spaces} = 1 THEN '${DOMAIN}' ELSE id % ${spaces} || '.${DOMAIN}' END`
  return [
    `INSERT INTO spaces (domain, host, name, super, created_at, updated_at)
     VALUES ('${DOMAIN}', 'localhost', 'Bench', TRUE, ${now}, ${now})`,
    ...(spaces > 1
      ? [
          `INSERT INTO spaces (domain, host, name, super, created_at, updated_at) ${numbers(spaces - 1)}
           SELECT d || '.${DOMAIN}', d || '.localhost', 'Bench ' || d, FALSE, ${now}, ${now}
           FROM (SELECT CASE WHEN id = 1 THEN 0 ELSE id END AS d FROM n) AS other`,
        ]
      : []),
    `INSERT INTO space_digest_authentication_configurations (space_id, created_at, updated_at)
     SELECT id, ${now}, ${now} FROM spaces`,
    `INSERT INTO accounts (username, domain, activated, blocked, admin, ip_address, user_agent, created_at, updated_at)
     ${numbers(accounts)}
     SELECT CASE WHEN id = 1 THEN '${USERNAME}' ELSE 'user-' || id END, ${domain}, TRUE, FALSE, id = 1,
       '192.0.2.1', 'bench', ${now}, ${now} FROM n`,
    `INSERT INTO passwords (account_id, password, algorithm)
     SELECT id, CASE WHEN id = 1 THEN '${sha256(`${USERNAME}:${DOMAIN}:${PASSWORD}`)}' ELSE '${sha256('nobody')}' END,
       'SHA-256' FROM accounts ORDER BY id`,
    `INSERT INTO provisioning_tokens (account_id, token, used, created_at, updated_at)
     SELECT id, ${lastTwelve(token(PROVISIONING_TOKEN))}, FALSE, ${now}, ${now} FROM accounts ORDER BY id`,
    `INSERT INTO account_creation_tokens (space_id, token, used, created_at, updated_at)
     ${numbers(CREATION_TOKENS)}
     SELECT 1, ${lastTwelve(token(CREATION_TOKEN))}, FALSE, ${now}, ${now} FROM n`,
    `INSERT INTO api_keys
       (account_id, key, requests, last_used_at, expires_after_last_used_minutes, created_at, updated_at)
     VALUES (1, '${sha256(API_KEY)}', 0, ${now}, 0, ${now}, ${now})`,
  ]
}
