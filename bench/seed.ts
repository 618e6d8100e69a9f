// A migrated database with many accounts, in seconds, on SQLite or PostgreSQL:
// `bun bench/seed.ts [--accounts 1000000] [--spaces 1] [--dir ./data | --url postgres://…]`
import { Database } from 'bun:sqlite'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SQL } from 'bun'
import { openPostgres } from '../src/db/postgres.ts'
import { openSqlite } from '../src/db/sqlite.ts'
import { secrets } from '../src/secrets.ts'

export const DOMAIN = 'sip.bench.example'
export const API_KEY = 'bench'.padEnd(40, '0')
export const USERNAME = 'bench-admin'
export const PASSWORD = 'correct-horse'

export interface Seeding {
  readonly accounts: number
  /** The accounts are dealt out among so many; the first is the super Space on `localhost`. */
  readonly spaces?: number
}

/** In the address book of the administrator, each with a type. */
export const CONTACTS = 1000

/** Each account has a provisioning token, and for each there is a creation token: a letter and twelve digits. */
export const TOKEN = { provisioning: 'p', creation: 'c' }

const sha256 = (text: string) => Bun.SHA256.hash(text, 'hex')

/** The same statements for both databases; `now` is how the database writes this instant. */
const statements = ({ accounts, spaces = 1 }: Seeding, now: string): string[] => {
  const count = (last: number) => `WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ${last})`
  return [
    `INSERT INTO spaces (domain, host, name, super, created_at, updated_at) ${count(spaces)}
     SELECT CASE WHEN id = 1 THEN '${DOMAIN}' ELSE 's' || id || '.${DOMAIN}' END,
       CASE WHEN id = 1 THEN 'localhost' ELSE 's' || id || '.localhost' END, 'Bench ' || id, id = 1, ${now}, ${now}
     FROM n ORDER BY id`,
    `INSERT INTO space_digest_authentication_configurations (space_id, created_at, updated_at)
     SELECT id, ${now}, ${now} FROM spaces`,
    `INSERT INTO accounts (username, domain, activated, admin, ip_address, user_agent, created_at, updated_at)
     ${count(accounts)}
     SELECT CASE WHEN n.id = 1 THEN '${USERNAME}' ELSE 'user-' || n.id END, spaces.domain, TRUE, n.id = 1,
       '192.0.2.1', 'bench', ${now}, ${now}
     FROM n JOIN spaces ON spaces.id = (n.id - 1) % ${spaces} + 1 ORDER BY n.id`,
    `INSERT INTO passwords (account_id, password, algorithm)
     SELECT id, CASE WHEN username = '${USERNAME}' THEN '${sha256(`${USERNAME}:${DOMAIN}:${PASSWORD}`)}'
       ELSE '${sha256('nobody')}' END, 'SHA-256'
     FROM accounts ORDER BY id`,
    `INSERT INTO api_keys
       (account_id, key, requests, last_used_at, expires_after_last_used_minutes, created_at, updated_at)
     SELECT id, '${sha256(API_KEY)}', 0, ${now}, 0, ${now}, ${now} FROM accounts WHERE username = '${USERNAME}'`,
    `INSERT INTO contacts (account_id, contact_id)
     SELECT a.id, c.id FROM accounts a JOIN accounts c ON c.id > a.id AND c.id <= a.id + ${CONTACTS}
     WHERE a.username = '${USERNAME}'`,
    // Every tenth account forwards calls: two rules, one to its neighbour.
    `INSERT INTO call_forwardings (account_id, type, forward_to, contact_id, enabled, created_at, updated_at)
     SELECT id, 'busy', 'contact', id - 1, TRUE, ${now}, ${now} FROM accounts WHERE id % 10 = 0`,
    `INSERT INTO call_forwardings (account_id, type, forward_to, enabled, created_at, updated_at)
     SELECT id, 'no_answer', 'voicemail', TRUE, ${now}, ${now} FROM accounts WHERE id % 10 = 0`,
    `INSERT INTO account_types (space_id, key, created_at, updated_at) VALUES (1, 'phone', ${now}, ${now})`,
    `INSERT INTO account_account_type (account_id, account_type_id)
     SELECT contact_id, 1 FROM contacts`,
  ]
}

/** What the triggers of `accounts` would have counted. */
const COUNT_BLOCKS = `INSERT INTO account_blocks (domain, block, accounts)
  SELECT domain, id / 1000, count(*) FROM accounts GROUP BY domain, id / 1000`

/** SQLite has no SHA-256 of its own. Sealed as well, as a server stores them. */
const insertTokens = (database: Database, appKey: Uint8Array, { accounts }: Seeding): void => {
  const { hash, seal } = secrets(appKey, (size) => crypto.getRandomValues(new Uint8Array(size)))
  const now = Date.now()
  const provisioning = database.query(
    'INSERT INTO provisioning_tokens (account_id, token, sealed, created_at, updated_at) VALUES (?, ?, ?, ?, ?)',
  )
  const creation = database.query(
    'INSERT INTO account_creation_tokens (space_id, token, created_at, updated_at) VALUES (1, ?, ?, ?)',
  )
  for (let id = 1; id <= accounts; id++) {
    const token = (letter: string) => letter + String(id).padStart(12, '0')
    const own = token(TOKEN.provisioning)
    provisioning.run(id, hash(own), seal(own), now, now)
    creation.run(hash(token(TOKEN.creation)), now, now)
  }
}

/** The same there, sealed for nobody. */
const tokensInPostgres = (now: string): string[] => {
  const hash = (letter: string) =>
    `encode(sha256(convert_to('${letter}' || substr((1000000000000 + id)::text, 2), 'UTF8')), 'hex')`
  return [
    `INSERT INTO provisioning_tokens (account_id, token, created_at, updated_at)
     SELECT id, ${hash(TOKEN.provisioning)}, ${now}, ${now} FROM accounts ORDER BY id`,
    `INSERT INTO account_creation_tokens (space_id, token, created_at, updated_at)
     SELECT 1, ${hash(TOKEN.creation)}, ${now}, ${now} FROM accounts ORDER BY id`,
  ]
}

export const seedSqlite = async (folder: string, seeding: Seeding): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'sipkeeper.sqlite')
  const db = openSqlite(file)
  await db.migrate()
  await db.close()
  const appKey = crypto.getRandomValues(new Uint8Array(32))
  writeFileSync(join(folder, 'app.key'), `base64:${Buffer.from(appKey).toString('base64')}\n`, { mode: 0o600 })

  const database = new Database(file)
  // Only while seeding: nothing here must survive a power cut.
  database.run('PRAGMA synchronous = OFF')
  database.run('PRAGMA cache_size = -500000')
  database.transaction(() => {
    for (const statement of statements(seeding, String(Date.now()))) database.run(statement)
    insertTokens(database, appKey, seeding)
  })()
  // What the job would do for a while, beside the measurements.
  database.run("INSERT INTO account_words (account_words) VALUES ('rebuild')")
  database.run('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

export const seedPostgres = async (url: string, seeding: Seeding): Promise<void> => {
  const db = openPostgres(url)
  await db.migrate()
  await db.close()

  const client = new SQL(url, { max: 1 })
  await client.begin(async (connection) => {
    // A row that is counted a thousand times in one transaction leaves a thousand versions to walk over.
    await connection.unsafe('ALTER TABLE accounts DISABLE TRIGGER USER')
    const now = `timestamptz '${new Date().toISOString()}'`
    for (const statement of [...statements(seeding, now), ...tokensInPostgres(now)]) await connection.unsafe(statement)
    await connection.unsafe(COUNT_BLOCKS)
    await connection.unsafe('ALTER TABLE accounts ENABLE TRIGGER USER')
  })
  await client.unsafe('VACUUM ANALYZE')
  await client.close()
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      accounts: { type: 'string', default: '1000000' },
      spaces: { type: 'string', default: '1' },
      dir: { type: 'string', default: './data' },
      url: { type: 'string' },
    },
  })
  const seeding = { accounts: Number(values.accounts), spaces: Number(values.spaces) }
  const started = performance.now()
  await (values.url === undefined ? seedSqlite(values.dir, seeding) : seedPostgres(values.url, seeding))
  process.stdout.write(`${values.accounts} accounts in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
}
