import { expect, test } from 'bun:test'
import { postgresUrl } from '../support/database.ts'
import { DAY_MS } from '../support/time.ts'
import { databaseOf, placeWithSpace, sipkeeper } from './command.ts'

/** So many days ago, as a literal of the database at hand. */
const ago = (days: number) => {
  const moment = new Date(Date.now() - days * DAY_MS)
  return postgresUrl === null ? String(moment.getTime()) : `'${moment.toISOString()}'`
}

/** `generate_series` for both databases. */
const numbers = (count: number) =>
  `(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ${count}) SELECT n FROM counted) numbers`

const insertAccounts = (count: number, prefix: string, days: number, more: { admin?: boolean; activated?: boolean }) =>
  `INSERT INTO accounts (username, domain, ip_address, user_agent, admin, activated, created_at, updated_at)
   SELECT '${prefix}' || n, 'sip.example.org', '192.0.2.1', 'test', ${more.admin ?? false}, ${more.activated ?? false},
     ${ago(days)}, ${ago(days)} FROM ${numbers(count)}`

test('accounts are counted first and deleted on --apply, in batches, never administrators', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  await database.query(insertAccounts(1001, 'old', 40, {}))
  await database.query(insertAccounts(2, 'new', 1, {}))
  await database.query(insertAccounts(2, 'used', 40, { activated: true }))
  await database.query(insertAccounts(2, 'boss', 40, { admin: true }))
  const run = async (...args: string[]) => (await sipkeeper(['accounts:clear-unconfirmed', '30', ...args], here)).stdout
  const left = async () => Number((await database.query<{ n: number }>('SELECT count(*) AS n FROM accounts'))[0]?.n)

  expect(await run()).toBe('1001 accounts would be removed; add --apply to do it\n')
  expect(await left()).toBe(1007)
  expect(await run('--apply')).toBe('1001 accounts removed\n')
  expect(await left()).toBe(6)
  expect(await run('--apply', '--and-confirmed', '--domain', 'sip.other.org', '--yes')).toBe('0 accounts removed\n')
  expect(await run('--apply', '--and-confirmed', '--domain', 'sip.example.org', '--yes')).toBe('2 accounts removed\n')
  const rest = await database.query<{ username: string }>('SELECT username FROM accounts ORDER BY id')
  expect(rest.map(({ username }) => username)).toEqual(['new1', 'new2', 'boss1', 'boss2'])
  const [sum] = await database.query<{ n: number }>('SELECT sum(accounts) AS n FROM account_blocks')
  expect(Number(sum?.n)).toBe(4)
})

test('keys that outlived their limit go, also behind more than one batch of good ones', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  await database.query(insertAccounts(1, 'one', 1, {}))
  const insertKeys = (count: number, prefix: string, minutes: number | null, days: number) =>
    database.query(`INSERT INTO api_keys (account_id, key, expires_after_last_used_minutes, last_used_at, created_at, updated_at)
      SELECT 1, '${prefix}' || n, ${minutes}, ${ago(days)}, ${ago(days)}, ${ago(days)} FROM ${numbers(count)}`)
  await insertKeys(600, 'long', 1_000_000, 2)
  await insertKeys(3, 'short', 60, 2)
  await insertKeys(2, 'forever', 0, 900)
  await insertKeys(1, 'own', null, 2)
  const run = async (...args: string[]) => (await sipkeeper(args, here)).stdout

  expect(await run('accounts:clear-api-keys', '0')).toBe('0 API keys removed\n')
  expect(await run('accounts:clear-api-keys', '10000')).toBe('3 API keys removed\n')
  // APP_API_KEY_EXPIRATION_MINUTES, and the other name that the reference's documents give it.
  expect(await run('digest:clear-api-keys')).toBe('1 API keys removed\n')
  const [left] = await database.query<{ n: number }>('SELECT count(*) AS n FROM api_keys')
  expect(Number(left?.n)).toBe(602)
})

test('tokens that were used or have expired go; one that a phone may still use stays', async () => {
  await using here = await placeWithSpace({ APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: '1440' })
  await using database = databaseOf(here)
  await database.query(insertAccounts(1, 'one', 90, {}))
  const insert = (token: string, used: boolean, days: number) =>
    database.query(`INSERT INTO provisioning_tokens (account_id, token, used, created_at, updated_at)
      VALUES (1, '${token}', ${used}, ${ago(days)}, ${ago(days)})`)
  await insert('used-long-ago', true, 40)
  await insert('used-lately', true, 2)
  await insert('expired-long-ago', false, 32)
  await insert('expired-lately', false, 30.5)
  const run = async (...args: string[]) => (await sipkeeper(['tokens:clear', '30', ...args], here)).stdout
  expect(await run()).toBe('2 tokens would be removed; add --apply to do it\n')
  expect(await run('--apply')).toBe('2 tokens removed\n')
  const left = await database.query<{ token: string }>('SELECT token FROM provisioning_tokens ORDER BY id')
  expect(left.map(({ token }) => token)).toEqual(['used-lately', 'expired-lately'])
})

test('reserved names become free after their days; digest counts end with their nonces', async () => {
  await using here = await placeWithSpace()
  await using database = databaseOf(here)
  for (const [name, days] of [
    ['old', 8],
    ['new', 6],
  ] as const) {
    await database.query(`INSERT INTO accounts_tombstones (username, domain, created_at, updated_at)
      VALUES ('${name}', 'sip.example.org', ${ago(days)}, ${ago(days)})`)
  }
  const run = async (...args: string[]) => (await sipkeeper(args, here)).stdout
  expect(await run('accounts:clear-accounts-tombstones', '7')).toContain('1 reserved names would be removed')
  expect(await run('accounts:clear-accounts-tombstones', '7', '--apply')).toBe('1 reserved names removed\n')
  expect(await database.query('SELECT username FROM accounts_tombstones')).toEqual([{ username: 'new' }])
  expect(await run('digest:clear-opaques', '60')).toBe('0 digest counts removed\n')
  expect(await run('digest:clear-nonces', '60')).toBe('0 digest counts removed\n')
})
