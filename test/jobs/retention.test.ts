import { afterEach, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { DAY_MS, MINUTE_MS } from '../support/time.ts'

let t: TestApp
afterEach(() => t.close())

const ago = (ms: number) => new Date(t.clock.now.getTime() - ms)
const stamps = (ms: number) => ({ createdAt: ago(ms), updatedAt: ago(ms) })
const run = async (name: string) => {
  const job = t.parts.jobs.named(name)
  if (job === null) throw new Error(`no job ${name}`)
  return (await t.parts.jobs.run(job))?.count
}

/** One row of everything that grows, so old that only what is kept for ever may stay. */
const fill = async (days: number) => {
  const { id: accountId } = await t.account()
  const old = stamps(days * DAY_MS)
  const { tables } = t.db
  const suffix = `${days}`
  const device = { pnProvider: 'fcm', pnParam: 'p', pnPrid: 'x' }
  await t.db.transaction(async (tx) => {
    await tx.insert(tables.accountsTombstones).values({ username: `gone${suffix}`, domain: t.main.domain, ...old })
    await tx.insert(tables.provisioningTokens).values({ accountId, token: `used${suffix}`, used: true, ...old })
    await tx.insert(tables.accountCreationTokens).values({ token: `free${suffix}`, ...old })
    await tx.insert(tables.accountCreationTokens).values({ token: `validates${suffix}`, accountId, used: true, ...old })
    await tx.insert(tables.accountCreationRequestTokens).values({ token: `request${suffix}`, ...old })
    await tx.insert(tables.accountRecoveryTokens).values({ token: `recovery${suffix}`, ...device, ...old })
    await tx.insert(tables.authTokens).values({ token: `auth${suffix}`, ...old })
    await tx.insert(tables.resetPasswordEmailTokens).values({ accountId, token: `r${suffix}`, email: 'a@b.c', ...old })
    await tx.insert(tables.phoneChangeCodes).values({ accountId, phone: '+33612345678', ...old })
    await tx.insert(tables.emailChangeCodes).values({ accountId, email: 'a@b.c', ...old })
    await tx.insert(tables.recoveryCodes).values({ spaceId: t.main.id, flow: `flow${suffix}`, ...old })
  })
  return accountId
}

const COUNTED = [
  'accountsTombstones',
  'provisioningTokens',
  'accountCreationTokens',
  'accountCreationRequestTokens',
  'accountRecoveryTokens',
  'authTokens',
  'resetPasswordEmailTokens',
  'phoneChangeCodes',
  'emailChangeCodes',
  'recoveryCodes',
] as const
const left = async () =>
  Promise.all(COUNTED.map(async (name) => (await t.db.read.select().from(t.db.tables[name])).length))

test('0 days keep everything for ever', async () => {
  const never = { TOMBSTONES_RETENTION_DAYS: '0', UNCONFIRMED_RETENTION_DAYS: '0', TOKENS_RETENTION_DAYS: '0' }
  t = await testApp({ env: { ...never, APP_API_KEY_EXPIRATION_MINUTES: '0' } })
  await fill(9000)
  await t.account({ activated: false })
  t.later(9000 * DAY_MS)
  const before = await left()
  for (const name of ['tombstones', 'unconfirmed-accounts', 'tokens', 'api-keys']) expect(await run(name)).toBe(0)
  expect(await left()).toEqual(before)
})

test('reserved names go after 7 days, tokens and codes of every kind after 30, one that validates an account never', async () => {
  t = await testApp()
  await fill(40)
  await fill(20)
  await fill(2)
  expect(await run('tombstones')).toBe(2)
  expect(await run('tokens')).toBe(9)
  const [tombstones, ...tokens] = await left()
  expect(tombstones).toBe(1)
  // Each of the three accounts has a provisioning token that is good, and a creation token that validates it.
  expect(tokens).toEqual([5, 5, 2, 2, 2, 2, 2, 2, 2])
  const creation = await t.db.read.select().from(t.db.tables.accountCreationTokens)
  expect(creation.map(({ token }) => token)).toContain('validates40')
})

test('a link that still works stays, however short the retention is', async () => {
  t = await testApp({
    env: { TOKENS_RETENTION_DAYS: '1', APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES: String(5 * 24 * 60) },
  })
  const { id: accountId } = await t.account()
  const { emailChangeCodes: emails, resetPasswordEmailTokens: resets } = t.db.tables
  const undo = (days: number) => ({
    accountId,
    email: 'new@b.c',
    previousEmail: 'old@b.c',
    undoHash: `u${days}`,
    ...stamps(days * DAY_MS),
  })
  await t.db.transaction(async (tx) => {
    await tx.insert(emails).values([undo(3), undo(5)])
    for (const days of [5.5, 6.5]) {
      await tx.insert(resets).values({ accountId, token: `r${days}`, email: 'a@b.c', ...stamps(days * DAY_MS) })
    }
  })
  await run('tokens')
  expect((await t.db.read.select().from(emails)).map(({ undoHash }) => undoHash)).toEqual(['u3'])
  expect((await t.db.read.select().from(resets)).map(({ token }) => token)).toEqual(['r5.5'])
})

test('accounts that nobody activated for 30 days go; never an administrator, and not one deactivated lately', async () => {
  t = await testApp()
  const names = ['old', 'admin', 'active', 'deactivated'] as const
  for (const username of names) {
    const { id } = await t.account({ username, admin: username === 'admin', activated: username === 'active' })
    const { accounts } = t.db.tables
    const { sql } = await import('drizzle-orm')
    const updatedAt = ago((username === 'deactivated' ? 3 : 40) * DAY_MS)
    await t.db.transaction((tx) =>
      tx
        .update(accounts)
        .set({ createdAt: ago(40 * DAY_MS), updatedAt })
        .where(sql`id = ${id}`),
    )
  }
  await t.account({ username: 'new', activated: false })
  expect(await run('accounts:clear-unconfirmed')).toBe(1)
  const rest = (await t.db.read.select().from(t.db.tables.accounts)).map(({ username }) => username).sort()
  expect(rest).toEqual(['active', 'admin', 'deactivated', 'new'])
})

test('many old accounts go a few at a time, so that a request between two transactions waits milliseconds', async () => {
  t = await testApp()
  const { id } = await t.account({ username: 'oldest', activated: false })
  const { accounts } = t.db.tables
  await t.db.transaction(async (tx) => {
    const row = (await tx.select().from(accounts)).find((one) => one.id === id)
    if (row === undefined) throw new Error('no account')
    const old = { ...row, ...stamps(40 * DAY_MS) }
    const others = Array.from({ length: 199 }, (_, n) => ({ ...old, id: id + 1 + n, username: `old${n}` }))
    await tx.insert(accounts).values(others)
    await tx.update(accounts).set(stamps(40 * DAY_MS))
  })
  const before = t.db.commits()
  expect(await run('accounts:clear-unconfirmed')).toBe(200)
  expect(t.db.commits() - before).toBeGreaterThanOrEqual(200 / 25)
  expect(await t.db.read.select().from(accounts)).toEqual([])
})

test('keys go when nobody used them for their time, and not one whose last use is not written yet', async () => {
  t = await testApp()
  const [unused, used] = [await t.account(), await t.account()]
  t.later(59 * MINUTE_MS + 50_000)
  expect((await t.get('/api/accounts/me', { as: used })).status).toBe(200)
  t.later(20_000)
  expect(await run('api-keys')).toBe(0)
  await t.parts.apiKeys.flush()
  t.later(5 * MINUTE_MS)
  expect(await run('api-keys')).toBe(1)
  expect((await t.get('/api/accounts/me', { as: used })).status).toBe(200)
  expect((await t.get('/api/accounts/me', { as: unused })).status).toBe(401)
})

test('sessions go when they have ended, or were idle for SESSION_LIFETIME', async () => {
  t = await testApp({ env: { SESSION_LIFETIME: '30' } })
  const { id: accountId } = await t.account()
  const session = (token: string, endsIn: number, unusedFor: number) => ({
    accountId,
    token,
    kind: 'panel' as const,
    expiresAt: ago(-endsIn * MINUTE_MS),
    lastUsedAt: ago(unusedFor * MINUTE_MS),
    ...stamps(600 * MINUTE_MS),
  })
  const { sessions } = t.db.tables
  await t.db.transaction((tx) =>
    tx.insert(sessions).values([session('ended', -1, 1), session('idle', 60, 33), session('alive', 60, 29)]),
  )
  expect(await run('sessions')).toBe(2)
  expect((await t.db.read.select().from(sessions)).map(({ token }) => token)).toEqual(['alive'])
})

test('proofs of work go an hour after they could have been sent for the last time', async () => {
  t = await testApp()
  const { captchaAnswers } = t.db.tables
  await t.db.transaction((tx) =>
    tx.insert(captchaAnswers).values([
      { answer: 'old', expiresAt: ago(61 * MINUTE_MS) },
      { answer: 'lately', expiresAt: ago(59 * MINUTE_MS) },
    ]),
  )
  expect(await run('captcha-answers')).toBe(1)
  expect((await t.db.read.select().from(captchaAnswers)).map(({ answer }) => answer)).toEqual(['lately'])
})

test('spent nonces and ended windows go from PostgreSQL', async () => {
  t = await testApp({ env: { AUTH_RATE_LIMIT_PER_MINUTE: '10' } })
  if (t.db.limiterStore === null) {
    expect([await run('nonces'), await run('rate-limits')]).toEqual([0, 0])
    return
  }
  const { nonces } = t.db.tables
  await t.db.transaction((tx) =>
    tx.insert(nonces).values([
      { nonce: 'old', nc: 1, expiresAt: ago(2 * 60 * MINUTE_MS) },
      { nonce: 'new', nc: 1, expiresAt: ago(0) },
    ]),
  )
  const window = (key: string, expire: number) =>
    t.db.limiterStore?.query({ text: 'INSERT INTO rate_limits VALUES ($1, 1, $2)', values: [key, expire] })
  await window('ended', t.clock.now.getTime() - 1)
  await window('open', t.clock.now.getTime() + 1)
  for (let n = 0; n < 600; n++) await window(`more${n}`, 1)
  expect([await run('nonces'), await run('rate-limits')]).toEqual([1, 601])
  const rest = await t.db.limiterStore.query({ text: 'SELECT key FROM rate_limits', values: [] })
  expect(rest.rows).toEqual([{ key: 'open' }])
})
