import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { databaseOf, onTerminal, place, placeWithSpace, serve, sipkeeper } from './command.ts'

const DOT_ENV = `APP_NAME="Example Phones"
APP_ROOT_HOST=localhost
DB_CONNECTION=mysql
DB_PASSWORD=database-secret
MAIL_PASSWORD=mail-secret
WEB_PANEL=false
INSTANCE_COPYRIGHT=
INSTANCE_INTRO_REGISTRATION="Welcome to \${APP_NAME}"
PHONE_AUTHENTICATION=false
ACCOUNT_PROXY_REGISTRAR_ADDRESS=sip.example.org
ACCOUNT_REALM=old.example.org
`

describe('config:from-dot-env', () => {
  test('refuses what it cannot read or would replace, and writes nothing', async () => {
    await using here = await place()
    const file = (name: string, text: string) => {
      writeFileSync(join(here.folder, name), text)
      return join(here.folder, name)
    }
    const output = join(here.folder, 'out.env')
    for (const [args, code, said] of [
      [['/nowhere'], 1, /^\/nowhere cannot be read: /],
      [[file('binary', 'A=\0')], 1, /it is no file of settings/],
      [[file('broken', 'APP_NAME="x\n')], 78, /broken line 1 opens a quote that nothing closes/],
      [[file('prose', 'hello\n')], 78, /is not KEY=value/],
      [[file('nothing', 'DB_HOST=x\n')], 2, /says nothing that is a setting here/],
    ] as const) {
      const done = await sipkeeper(['config:from-dot-env', ...args, output], here)
      expect([args, done.code, done.stdout]).toEqual([args, code, ''])
      expect(done.stderr).toMatch(said)
      expect(existsSync(output)).toBe(false)
    }
    const taken = file('taken', 'mine')
    const done = await sipkeeper(['config:from-dot-env', file('dot.env', DOT_ENV), taken], here)
    expect([done.code, readFileSync(taken, 'utf8')]).toEqual([4, 'mine'])
    const lost = await sipkeeper(['config:from-dot-env', file('dot.env', DOT_ENV), '/nowhere/out.env'], here)
    expect([lost.code, lost.stderr]).toEqual([1, expect.stringContaining('cannot be written')])
  })

  test('writes a file for its owner alone that the server starts with, and prints no secret', async () => {
    await using here = await place()
    writeFileSync(join(here.folder, 'dot.env'), DOT_ENV)
    const output = join(here.folder, 'out.env')
    const done = await sipkeeper(['artisan', 'config:from-dot-env', join(here.folder, 'dot.env'), output], here)
    expect([done.code, statSync(output).mode & 0o777]).toEqual([0, 0o600])
    expect(done.stdout + done.stderr).not.toContain('secret')
    expect(done.stderr).toContain('- DB_PASSWORD names the database of the reference')
    expect(done.stderr).toContain('- WEB_PANEL belongs to a Space')
    const text = readFileSync(output, 'utf8')
    expect(text).toContain('MAIL_PASSWORD=mail-secret\n')
    expect(text).toContain('# DB_PASSWORD names')
    expect(text).not.toContain('database-secret')
    const shown = await sipkeeper(['config:show', '--json', '--env-file', output], here)
    expect(JSON.parse(shown.stdout)).toMatchObject({ APP_NAME: { value: 'Example Phones' } })

    const piped = await sipkeeper(['config:from-dot-env', '-', '-'], here, { stdin: DOT_ENV })
    expect([piped.code, piped.stdout]).toEqual([0, text])
    const json = await sipkeeper(['config:from-dot-env', join(here.folder, 'dot.env'), `${output}2`, '--json'], here)
    expect(JSON.parse(json.stdout).settings).toEqual(['APP_NAME', 'APP_ROOT_HOST', 'MAIL_PASSWORD'])
    expect(json.stdout).not.toContain('secret')
  })

  test('says what the server would refuse in the file that it has written', async () => {
    await using here = await place()
    const done = await sipkeeper(['config:from-dot-env', '-', join(here.folder, 'out.env')], here, {
      stdin: 'APP_NAME=Example\nOVH_APP_KEY=key\n',
    })
    expect([done.code, done.stderr]).toEqual([78, expect.stringContaining('OVH_APP_SECRET must be set')])
    expect(existsSync(join(here.folder, 'out.env'))).toBe(true)
  })
})

describe('spaces:import-configuration-from-dot-env', () => {
  const COMMAND = 'spaces:import-configuration-from-dot-env'

  test('refuses an unknown Space, an unreadable file and what REST refuses, and changes nothing', async () => {
    await using here = await placeWithSpace()
    const file = join(here.folder, 'dot.env')
    writeFileSync(file, DOT_ENV)
    await using database = databaseOf(here)
    const state = async () => JSON.stringify(await database.query('select * from spaces'))
    const before = await state()
    for (const [args, code, said] of [
      [['sip.nowhere.org', file, '--yes'], 3, /No such space/],
      [['sip.example.org', '/nowhere', '--yes'], 1, /cannot be read/],
      [['sip.example.org', '--yes'], 1, /\.env cannot be read/],
      [['sip.example.org', file], 4, /without a terminal to ask on it needs --yes/],
      [['sip.example.org', file, '--yes', '--rc-file', file], 2, /line/i],
      [['sip.example.org', file, '--yes', '--rc-file', '/nowhere'], 1, /cannot be read/],
    ] as const) {
      const done = await sipkeeper([COMMAND, ...args], here)
      expect([args, done.code, done.stdout]).toEqual([args, code, ''])
      expect(done.stderr).toMatch(said)
    }
    const no = await onTerminal([COMMAND, 'sip.example.org', file], here, [[/\[no\]: /, 'no\r']])
    expect([no.code, await state()]).toEqual([4, before])
  })

  test('gives the Space what the environment says of it, and leaves the rest as it is', async () => {
    await using here = await placeWithSpace()
    const file = join(here.folder, 'dot.env')
    const rc = join(here.folder, 'base.rc')
    writeFileSync(file, DOT_ENV)
    writeFileSync(rc, '[ui]\nlogo=example\n')
    await sipkeeper(
      ['accounts:create-admin-account', '-u', 'boss', '-p', 'correct-horse', '-d', 'sip.example.org'],
      here,
    )
    const read = async () => JSON.parse((await sipkeeper(['spaces:show', 'sip.example.org', '--json'], here)).stdout)
    const before = await read()
    const done = await sipkeeper(['artisan', COMMAND, file, '--rc-file', rc, '--yes', '--json'], here)
    expect(done.stderr).toContain('- ACCOUNT_REALM stays sip.example.org')
    expect(done.stderr).toContain('- MAIL_PASSWORD is of the server: config:from-dot-env')
    expect(done.stderr + done.stdout).not.toContain('secret')
    const expected = {
      name: 'Example Phones',
      web_panel: false,
      intro_registration_text: 'Welcome to Example Phones',
      account_proxy_registrar_address: 'sip.example.org',
      phone_registration: false,
      custom_provisioning_entries: '[ui]\nlogo=example\n',
    }
    expect(JSON.parse(done.stdout).changed.toSorted()).toEqual(Object.keys(expected).toSorted())
    const { updated_at: _, ...rest } = { ...before, ...expected }
    expect(await read()).toMatchObject(rest)
    const again = await sipkeeper([COMMAND, 'sip.example.org', file], here)
    expect([again.code, again.stdout]).toEqual([0, 'The Space sip.example.org is so already.\n'])
  })

  test('sets the realm while the Space has no accounts', async () => {
    await using here = await placeWithSpace()
    writeFileSync(join(here.folder, 'dot.env'), 'ACCOUNT_REALM=old.example.org\n')
    const done = await sipkeeper([COMMAND, join(here.folder, 'dot.env'), '--space', 'sip.example.org', '--yes'], here)
    expect(done.stdout).toBe('Space sip.example.org changed: account_realm.\n')
  })
})

describe('spaces:*', () => {
  const OTHER = 'sip.other.org'
  const withOther = async () => {
    const here = await placeWithSpace()
    await sipkeeper(
      ['accounts:create-admin-account', '-u', 'boss', '-p', 'correct-horse', '-d', 'sip.example.org'],
      here,
    )
    await sipkeeper(['spaces:create-update', OTHER, 'other.localhost', 'Other'], here)
    await sipkeeper(['accounts:create', `alice@${OTHER}`], here)
    return here
  }

  test('delete asks for the domain, refuses the last super Space, and a week is left to keep the other', async () => {
    await using here = await withOther()
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await sipkeeper(args, here)
      const said = stderr.split('\n').filter((line) => line !== '' && !/ security event=/.test(line))
      return [code, stdout, said.join('\n')]
    }
    expect(await run('spaces:show', 'sip.nowhere.org')).toEqual([3, '', 'No such space.'])
    expect(await run('spaces:delete', 'sip.nowhere.org', '--force')).toEqual([3, '', 'No such space.'])
    expect(await run('spaces:restore', 'sip.nowhere.org')).toEqual([3, '', 'No such space.'])
    expect(await run('spaces:delete', OTHER)).toEqual([
      4,
      '',
      'Nothing was done: without a terminal to ask on it needs --force.',
    ])
    expect((await run('spaces:delete', 'sip.example.org', '--force'))[0]).toBe(4)
    const wrong = await onTerminal(['spaces:delete', OTHER], here, [[/SIP domain: /, 'sip.example.org\r']])
    expect([wrong.code, wrong.text]).toEqual([4, expect.stringContaining('That is another one. Nothing was done.')])
    const table = (await run('spaces:list'))[1]
    expect(table).toMatch(/^sip\.example\.org +localhost +Example +super +1 +1$/m)
    expect(table).toMatch(/^sip\.other\.org +other\.localhost +Other +open +1 +0$/m)

    await using server = await serve(here)
    const status = async () => (await fetch(`${server.base}/api/ping`, { headers: { host: 'other.localhost' } })).status
    expect(await status()).toBe(200)
    const right = await onTerminal(['spaces:delete', OTHER], here, [[/SIP domain: /, `${OTHER}\r`]])
    expect([right.code, right.text]).toEqual([0, expect.stringContaining('is closed, and deleted on')])
    expect((await run('spaces:list'))[1]).toMatch(/Other +deleted on \d{4}-\d\d-\d\d/)
    while ((await status()) === 200) await Bun.sleep(50)
    expect(await run('spaces:restore', OTHER)).toEqual([0, `Space ${OTHER} is open.\n`, ''])
    while ((await status()) !== 200) await Bun.sleep(50)
    expect(await run('spaces:delete', OTHER, '--now', '--force')).toEqual([0, `Space ${OTHER} is deleted.\n`, ''])
    expect((await run('accounts:show', `alice@${OTHER}`))[0]).toBe(3)
  }, 60_000)
})
