import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram, type Installation } from '../support/executable.ts'
import { unixServer } from '../support/unix-server.ts'
import { databaseOf, onTerminal, placeWithSpace, serve, sipkeeper } from './command.ts'

// Accounts from the shell do what they do over REST: the same refusals, rows of the audit log, and news.

const SPACE = ['--space', 'sip.example.org']
const ALICE = 'alice@sip.example.org'

const at = (here: Pick<Installation, 'env'>) => async (args: readonly string[], stdin?: string) => {
  const done = await sipkeeper([...args], here, stdin === undefined ? {} : { stdin })
  // Security events go to standard error too.
  const said = done.stderr.split('\n').filter((line) => line !== '' && !/ security event=/.test(line))
  return { ...done, said: said.join('\n'), json: () => JSON.parse(done.stdout) }
}

describe('wrong input', () => {
  let here: Awaited<ReturnType<typeof placeWithSpace>>
  beforeAll(async () => {
    here = await placeWithSpace()
    const run = at(here)
    await run(['spaces:create-update', 'sip.other.org', 'other.localhost', 'Other'])
    await run(['accounts:create', ALICE, '--generate'])
    writeFileSync(join(here.folder, 'short'), 'abc\n')
    writeFileSync(join(here.folder, 'empty'), '')
  })
  afterAll(() => here[Symbol.asyncDispose]())

  test('gets a sentence and an exit code, and nothing is written', async () => {
    await using database = databaseOf(here)
    const state = async () =>
      JSON.stringify([
        await database.query('select * from accounts'),
        await database.query('select count(*) from audit_log'),
        await database.query('select count(*) from outbox_messages'),
        await database.query('select * from provisioning_tokens'),
      ])
    const before = await state()
    const cases: [args: string[], code: number, said: string | RegExp][] = [
      [['create', 'bob'], 2, 'Where? Write bob@domain, or name the Space with --space.'],
      [['create', 'bob@sip.nowhere.org'], 3, 'No such space.'],
      [['create', 'bob@sip.other.org', ...SPACE], 2, 'bob@sip.other.org would not be in the Space sip.example.org.'],
      [['create', ALICE], 2, 'The username is already used.'],
      [['create', 'Bob', ...SPACE], 2, /^The username/],
      [['create', 'bob', ...SPACE, '--email', 'nobody'], 2, /e-mail/],
      [
        ['create', 'bob', ...SPACE, '--phone', '+33612345678'],
        2,
        'Phone numbers of this country are not accepted here.',
      ],
      [['create', 'bob', ...SPACE, '--dtmf-protocol', 'morse'], 2, /Allowed choices are/],
      [['create', 'bob', ...SPACE, '--algorithm', 'SHA-1'], 2, /Allowed choices are/],
      [['create', 'bob', ...SPACE, '--mail'], 2, 'The set-up link needs an address to go to.'],
      [['create', 'bob', ...SPACE, '--password-file', join(here.folder, 'short')], 2, /at least 6 characters/],
      [['create', 'bob', ...SPACE, '--password-file', join(here.folder, 'empty')], 2, /^The password/],
      [['create', 'bob', ...SPACE, '--password-file', '/nowhere'], 1, /^\/nowhere cannot be read: /],
      [['create', 'bob', ...SPACE, '--password', 'correct-horse'], 2, /unknown option '--password'/],
      [['create', 'bob', ...SPACE, '--generate', '--password-stdin'], 2, /cannot be used with/],
      [['show', 'nobody@sip.example.org'], 3, 'No such account.'],
      [['show', '4711'], 3, 'No such account.'],
      [['show', '99999999999'], 3, 'No such account.'],
      [['show', 'alice'], 2, 'Who is alice? Write user@domain, or name the Space with --space.'],
      [['show', 'alice', '--space', 'sip.other.org'], 3, 'No such account.'],
      [['show', ALICE, '--space', 'sip.other.org'], 3, 'No such account.'],
      [['show', '1', '--space', 'sip.other.org'], 3, 'No such account.'],
      [['list', '--space', 'sip.nowhere.org'], 3, 'No such space.'],
      [['list', '--state', 'asleep'], 2, /Allowed choices are/],
      [['list', '--role', 'owner'], 2, /Allowed choices are/],
      [['list', '--list', 'friends'], 2, /whole number|integer/],
      [['list', '--set-up', 'perhaps'], 2, /true or false|yes/],
      [['qr', ALICE, '--png', '/nowhere/code.png'], 1, /^\/nowhere\/code.png cannot be written: /],
      [['qr', ALICE, '--png', join(here.folder, 'short')], 4, /is there already, and stays as it is/],
      [['delete', ALICE], 4, 'Nothing was done: without a terminal to ask on it needs --yes.'],
      [['delete', 'nobody@sip.example.org', '--yes'], 3, 'No such account.'],
      [['password', ALICE, '--algorithm', 'SHA-1'], 2, /Allowed choices are/],
      [['password', ALICE, '--password-file', join(here.folder, 'short')], 2, /at least 6 characters/],
    ]
    for (const [[name, ...args], code, said] of cases) {
      const done = await at(here)([`accounts:${name}`, ...args])
      expect([name, ...args, done.code, done.stdout]).toEqual([name ?? '', ...args, code, ''])
      if (typeof said === 'string') expect(done.said).toBe(said)
      else expect(done.said).toMatch(said)
    }
    const others: [args: string[], code: number, said: string | RegExp][] = [
      [['tokens:create'], 2, /--space/],
      [['tokens:create', '--space', 'sip.nowhere.org'], 3, 'No such space.'],
      [['sessions:revoke'], 2, 'Whose? Name an account, a Space with --space, or say --all.'],
      [['sessions:revoke', '--all'], 4, 'Nothing was done: without a terminal to ask on it needs --yes.'],
      [['sessions:revoke', ALICE, '--all'], 2, 'It is about one account, or about --all.'],
      [['sessions:revoke', 'nobody@sip.example.org'], 3, 'No such account.'],
    ]
    for (const [args, code, said] of others) {
      const done = await at(here)(args)
      expect([...args, done.code, done.stdout]).toEqual([...args, code, ''])
      if (typeof said === 'string') expect(done.said).toBe(said)
      else expect(done.said).toMatch(said)
    }
    expect(await state()).toBe(before)
  }, 120_000)
})

test('the shell refuses what REST refuses, in the same words', async () => {
  await using here = await placeWithSpace({ ACCOUNT_USERNAME_MIN_LENGTH: '1' })
  const run = at(here)
  await run(['accounts:create', ALICE, '--generate', '--email', 'alice@example.org'])
  const boss = await run(['accounts:create-admin-account', '-u', 'boss', '-d', 'sip.example.org', '--json'])
  await using server = await serve(here)
  const overRest = async (method: string, path: string, body?: object) => {
    const reply = await fetch(`${server.base}/api/${path}`, {
      method,
      headers: { 'x-api-key': boss.json().api_key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const said = (await reply.json()) as { message: string; errors?: Record<string, string[]> }
    return (
      Object.values(said.errors ?? {})
        .flat()
        .join('\n') || said.message
    )
  }
  const made = (more: object) =>
    overRest('POST', 'accounts', { username: 'charlie', password: 'correct-horse', algorithm: 'SHA-256', ...more })
  const shell = async (...args: string[]) => {
    const { code, said } = await run(args)
    expect([args, code]).not.toEqual([args, 0])
    return said
  }
  expect(await shell('accounts:create', ALICE)).toBe(await made({ username: 'alice' }))
  expect(await shell('accounts:create', 'Charlie', ...SPACE)).toBe(await made({ username: 'Charlie' }))
  expect(await shell('accounts:create', 'charlie', ...SPACE, '--email', 'x')).toBe(await made({ email: 'x' }))
  expect(await shell('accounts:create', 'charlie', ...SPACE, '--phone', '123')).toBe(await made({ phone: '123' }))
  expect(await shell('accounts:show', '4711')).toBe(await overRest('GET', 'accounts/4711'))
  expect(await shell('accounts:block', '4711')).toBe(await overRest('POST', 'accounts/4711/block'))
  // The last super administrator.
  const last = 'This is the last super administrator who can act. Make somebody else one first.'
  for (const name of ['block', 'deactivate', 'delete']) {
    const { code, said } = await run([
      `accounts:${name}`,
      'boss@sip.example.org',
      ...(name === 'delete' ? ['--yes'] : []),
    ])
    expect([name, code, said]).toEqual([name, 4, last])
  }
  const [admin] = (await run(['accounts:list', '--role', 'admin', '--json'])).stdout.trim().split('\n')
  expect(JSON.parse(admin ?? '')).toMatchObject({ username: 'boss', activated: true, blocked: false })
})

test('an account is made, shown, set up, given a password, closed, opened and deleted while the server runs', async () => {
  const flexisip = unixServer(() => 'Done\n')
  await flexisip.start()
  await using here = await placeWithSpace({ FLEXISIP_CLI_SOCKET: flexisip.path })
  const run = at(here)
  await using server = await serve(here)
  const status = async (password = 'correct-horse') => {
    const credentials = ['--digest', '-u', `alice:${password}`, '-H', `from: sip:${ALICE}`]
    const wanted = ['-s', '-o', '/dev/null', '-w', '%{http_code}', `${server.base}/api/accounts/me`]
    return Number(await new Response(Bun.spawn(['curl', ...credentials, ...wanted]).stdout).text())
  }

  const args = ['--display-name', 'Ålice 漢字', '--email', 'alice@example.org', '--dtmf-protocol', 'rfc2833']
  const made = await run(['accounts:create', ALICE, ...args, '--password-stdin', '--json'], 'correct-horse\n')
  expect(made.json()).toMatchObject({
    username: 'alice',
    display_name: 'Ålice 漢字',
    activated: true,
    admin: false,
    provisioning_token: null,
  })
  expect([made.json().password, await status(), await status('wrong-horse')]).toEqual([undefined, 200, 401])

  const shown = (await run(['accounts:show', 'alice', ...SPACE])).stdout
  expect(shown).toMatch(/^account +alice@sip\.example\.org$/m)
  expect(shown).toMatch(/^display name +Ålice 漢字$/m)
  expect(shown).not.toContain('provisioning')

  // The code leads to the document, once.
  const code = await run(['accounts:qr', ALICE])
  const url = /^http\S+$/m.exec(code.stdout)?.[0] ?? ''
  expect(code.stdout).toContain('▀')
  expect((await run(['accounts:show', ALICE, '--secrets'])).stdout).toContain(url)
  expect((await run(['accounts:qr', ALICE, '--json'])).json()).toMatchObject({ account: ALICE, url })
  const renewed = (await run(['accounts:qr', ALICE, '--new', '--json'])).json().url as string
  const document = async (link: string) => (await fetch(`${server.base}${new URL(link).pathname}`)).status
  expect([await document(url), await document(renewed), await document(renewed)]).toEqual([404, 200, 404])
  const png = join(here.folder, 'code.png')
  await run(['accounts:qr', ALICE, '--png', png])
  expect(statSync(png).mode & 0o777).toBe(0o600)
  if (hasProgram('zbarimg')) {
    const scanned = Bun.spawnSync(['zbarimg', '-q', '--raw', png]).stdout.toString().trim()
    expect(scanned).toBe((await run(['accounts:qr', ALICE, '--json'])).json().url)
  }

  const other = await run(['accounts:password', ALICE, '--generate'])
  const password = /^Password: (\S+)$/m.exec(other.stdout)?.[1] ?? ''
  expect(password.length).toBeGreaterThanOrEqual(16)
  expect([await status(), await status(password)]).toEqual([401, 200])
  await eventually(async () => flexisip.heard.includes(`AUTH_CACHE_DELETE sip:${ALICE}`))

  for (const [name, isOpen] of [
    ['block', false],
    ['unblock', true],
    ['deactivate', false],
    ['activate', true],
  ] as const) {
    flexisip.heard.splice(0)
    expect([name, (await run([`accounts:${name}`, ALICE])).code]).toEqual([name, 0])
    await eventually(async () => ((await status(password)) === 200) === isOpen)
    if (!isOpen) await eventually(async () => flexisip.heard.length > 0)
  }
  expect((await run(['accounts:delete', ALICE, '--yes', '--json'])).json().deleted).toMatchObject({ username: 'alice' })
  await eventually(async () => (await status(password)) !== 200)
  expect((await run(['accounts:create', ALICE])).code).toBe(2)
  expect((await run(['accounts:list'])).stdout).toBe('There is none.\n')
  await flexisip.stop()
}, 60_000)

test('webhooks hear of what the shell does, and the audit log says who did it', async () => {
  await using here = await placeWithSpace()
  const run = at(here)
  const events = 'account.created,account.updated,account.deleted,password.changed'
  await run(['webhooks:create', 'sip.example.org', 'https://hooks.example.org/', 'Ledger', '--events', events])
  await using database = databaseOf(here)
  const rows = async (table: string) => Number((await database.query(`select count(*) as n from ${table}`))[0]?.n)
  const me = Bun.spawnSync(['id', '-un']).stdout.toString().trim()
  for (const [args, action, news] of [
    [['accounts:create', ALICE], 'account.created', 1],
    [['accounts:block', ALICE], 'account.blocked', 1],
    [['accounts:unblock', ALICE], 'account.unblocked', 1],
    [['accounts:deactivate', ALICE], 'account.deactivated', 1],
    [['accounts:activate', ALICE], 'account.activated', 1],
    [['accounts:password', ALICE], 'account.password', 2],
    [['accounts:qr', ALICE, '--new'], 'account.provisioned', 0],
    [['tokens:create', ...SPACE], 'token.created', 0],
    [['accounts:delete', ALICE, '--yes'], 'account.deleted', 1],
  ] as const) {
    const [logged, told] = [await rows('audit_log'), await rows("outbox_messages where channel = 'webhook'")]
    expect((await run(args)).code).toBe(0)
    const [row] = await database.query(
      'select action, way, actor_kind, actor_name, address, request_id from audit_log order by id desc limit 1',
    )
    const who = { way: 'cli', actor_kind: 'command line', actor_name: me }
    expect(row).toEqual({ action, ...who, address: null, request_id: null })
    expect([action, (await rows('audit_log')) - logged]).toEqual([action, 1])
    expect([action, (await rows("outbox_messages where channel = 'webhook'")) - told]).toEqual([action, news])
  }
})

test('people are signed out of the panel: one, those of a Space, all', async () => {
  await using here = await placeWithSpace()
  const run = at(here)
  await run(['spaces:create-update', 'sip.other.org', 'other.localhost', 'Other'])
  for (const account of [ALICE, 'bob@sip.example.org', 'carol@sip.other.org']) await run(['accounts:create', account])
  await using database = databaseOf(here)
  const signIn = async () => {
    for (const id of [1, 2, 2, 3]) {
      const at = postgresUrl === null ? Date.now() + 3_600_000 : new Date(Date.now() + 3_600_000).toISOString()
      const moments = `'${at}', '${at}', '${at}', '${at}'`
      await database.query(
        `insert into sessions (account_id, token, kind, ip, last_used_at, expires_at, created_at, updated_at)
         values (${id}, '${crypto.randomUUID()}', 'panel', '192.0.2.1', ${moments}) returning id`,
      )
    }
  }
  const logged = async () =>
    Number(
      (
        await database.query(
          `select count(*) as n from audit_log where action = 'auth.session.revoked' and way = 'cli'`,
        )
      )[0]?.n,
    )
  const ended = async (...args: string[]) => {
    await database.query('delete from sessions returning id')
    await signIn()
    const before = await logged()
    const done = await run(['sessions:revoke', ...args, '--json'])
    // A row for each account.
    expect((await logged()) - before).toBe(done.json().accounts)
    const left = await database.query('select account_id from sessions order by id')
    return [done.json(), left.map(({ account_id: id }) => Number(id))]
  }
  expect(await ended('bob', ...SPACE)).toEqual([{ accounts: 1, sessions: 2 }, [1, 3]])
  expect(await ended('--account', ALICE)).toEqual([{ accounts: 1, sessions: 1 }, [2, 2, 3]])
  expect(await ended(...SPACE, '--yes')).toEqual([{ accounts: 2, sessions: 3 }, [3]])
  expect(await ended('--all', '--force')).toEqual([{ accounts: 3, sessions: 4 }, []])
})

test('a token of the shell makes one account', async () => {
  await using here = await placeWithSpace()
  const made = await at(here)(['tokens:create', ...SPACE, '--json'])
  expect(made.json()).toMatchObject({ domain: 'sip.example.org' })
  await using server = await serve(here)
  const register = async (username: string) => {
    const body = {
      username,
      password: 'correct-horse',
      algorithm: 'SHA-256',
      account_creation_token: made.json().token,
    }
    const headers = { 'content-type': 'application/json' }
    const path = `${server.base}/api/accounts/with-account-creation-token`
    return (await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })).status
  }
  expect([await register('charlie'), await register('charlotte')]).toEqual([200, 422])
})

test('a list of any length flows, and ends quietly with its reader', async () => {
  await using here = await placeWithSpace({ APP_ENV: 'testing' })
  const run = at(here)
  const range = { type: 'range', iteration: 1000, id: '%id%', idStart: 10, domain: 'sip.example.org' }
  const names = { username: 'phone%usernamePostfix%', usernameStart: 1, activated: true }
  writeFileSync(join(here.folder, 'many.json'), JSON.stringify([{ ...range, ...names }]))
  expect((await run(['accounts:seed', join(here.folder, 'many.json')])).said).toBe('')
  await run(['accounts:create', ALICE, '--inactive'])
  const all = (await run(['accounts:list', '--json'])).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(all.length).toBe(1001)
  expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a: number, b: number) => a - b))
  expect((await run(['accounts:list', '--search', 'phone7', '--json'])).stdout.trim().split('\n').length).toBe(111)
  const waiting = await run(['accounts:list', '--state', 'waiting'])
  expect(waiting.stdout).toMatch(
    /^id +account +display name +state +role +e-mail +phone\n\d+ +alice@\S+ +waiting +account\n$/,
  )
  const head = await sipkeeper([], here, { within: ['sh', '-c', '"$@" accounts:list | head -1', 'sh'] })
  expect([head.stdout.split('\n').length, head.stderr, head.code]).toEqual([2, '', 0])
})

describe('on a terminal', () => {
  test('a password is asked for twice and never shown, and a deletion wants a yes', async () => {
    await using here = await placeWithSpace()
    const run = at(here)
    await run(['accounts:create', ALICE])
    const typed = await onTerminal(['accounts:password', ALICE], here, [
      [/Password \(.*\): $/, 'battery-staple\r'],
      [/The same again: $/, 'battery-stable\x7f\x7f\x7fple\r'],
    ])
    expect([typed.code, typed.text]).toEqual([0, expect.stringContaining('has another password.')])
    expect(typed.text).not.toContain('battery')
    const twice = [
      [/Password \(.*\): $/, 'battery-staple\r'],
      [/The same again: $/, 'correct-horse\r'],
    ] as const
    const differing = await onTerminal(['accounts:password', ALICE], here, twice)
    expect([differing.code, differing.text]).toEqual([2, expect.stringContaining('The two differ.')])
    const left = await onTerminal(['accounts:password', ALICE], here, [[/Password \(.*\): $/, '\x03']])
    expect([left.code, left.text]).toEqual([2, expect.stringContaining('No answer.')])

    const kept = await onTerminal(['accounts:delete', ALICE], here, [[/\[no\]: /, 'no\r']])
    expect([kept.code, kept.text]).toEqual([4, expect.stringContaining('Nothing was done.')])
    const gone = await onTerminal(['accounts:delete', ALICE], here, [[/\[no\]: /, 'yes\r']])
    expect([gone.code, gone.text]).toEqual([0, expect.stringContaining('is deleted.')])
  })

  test('a list is no wider than the terminal', async () => {
    await using here = await placeWithSpace()
    const long = ['--display-name', '漢字'.repeat(40), '--email', `${'a'.repeat(40)}@example.org`]
    await at(here)(['accounts:create', ALICE, ...long])
    const { text } = await onTerminal(['accounts:list'], here, [], 72)
    const lines = text.split('\r\n').filter((line) => /^(id|\d+) /.test(line))
    expect(lines.length).toBe(2)
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(72)
    expect(lines[1]).toContain(ALICE)
  })
})
