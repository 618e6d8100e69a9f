import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Installation } from '../support/executable.ts'
import { databaseOf, placeWithSpace, sipkeeper } from './command.ts'

const SPACE = ['--space', 'sip.example.org']
const GOOD = `Username,Password,Email,Display Name,Role
alice,correct-horse,alice@example.org,=Alice,user
101,battery-staple,,"Ext, ""one""",admin
`
const BAD = `Username,Password,Email,Colour
alice,correct-horse,alice@example.org,red
Bob,abc,nobody,blue
`

const at = (here: Installation) => {
  const file = (name: string, text: string) => {
    writeFileSync(join(here.folder, name), text)
    return join(here.folder, name)
  }
  const run = async (args: string[], stdin?: string) => {
    const done = await sipkeeper(args, here, stdin === undefined ? {} : { stdin })
    const said = done.stderr.split('\n').filter((line) => line !== '' && !/ security event=/.test(line))
    return { ...done, said: said.join('\n'), lines: done.stdout.trim().split('\n') }
  }
  return { file, run }
}

describe('accounts:import', () => {
  test('refuses wrong files with a sentence, and leaves nothing', async () => {
    await using here = await placeWithSpace()
    const { file, run } = at(here)
    await using database = databaseOf(here)
    const state = async () =>
      JSON.stringify(
        await Promise.all(
          ['accounts', 'account_imports', 'account_import_rows', 'audit_log', 'tasks'].map((table) =>
            database.query(`select count(*) as n from ${table}`),
          ),
        ),
      )
    const before = await state()
    const good = file('good.csv', GOOD)
    for (const [args, code, said] of [
      [[good], 2, /--space/],
      [[good, '--space', 'sip.nowhere.org'], 3, /^No such space\.$/],
      [['/nowhere', ...SPACE], 1, /^\/nowhere cannot be read: /],
      [[here.folder, ...SPACE], 1, /it is a folder/],
      [[file('empty.csv', ''), ...SPACE], 2, /\S/],
      [[file('head.csv', 'Username,Password\n'), ...SPACE], 2, /\S/],
      [[file('prose.csv', 'Dear all,\nhere they are\n'), ...SPACE], 2, /\S/],
      [[file('half.json', '[{"username": "alice"'), ...SPACE], 2, /\S/],
      [[file('bad.csv', BAD), ...SPACE], 2, /^Nothing was imported: mend these lines, or say --skip-faulty\.$/],
    ] as const) {
      const done = await run(['accounts:import', ...args])
      expect([args, done.code, done.said]).toEqual([args, code, expect.stringMatching(said)])
      expect([args, await state()]).toEqual([args, before])
    }
  }, 60_000)

  test('says line, column and reason of what is wrong, for people and for programs, and imports nothing', async () => {
    await using here = await placeWithSpace()
    const { file, run } = at(here)
    const bad = file('bad.csv', BAD)
    const shown = await run(['accounts:import', bad, ...SPACE, '--dry-run'])
    expect(shown.code).toBe(2)
    expect(shown.stdout).toMatch(/^3 +Username +Bob +The username must not contain upper-case letters\.$/m)
    expect(shown.stdout).toMatch(/^3 +Password +The password must be at least 6 characters\.$/m)
    expect(shown.stdout).not.toContain('abc')
    expect(shown.stdout).toContain('1 accounts, 0 of them administrators, and 1 lines that cannot be imported.')
    expect(shown.stdout).toContain('Nobody knows the columns Colour.')
    const { lines } = await run(['accounts:import', bad, ...SPACE, '--dry-run', '--json'])
    const objects = lines.map((line) => JSON.parse(line))
    expect(objects).toContainEqual({ line: 3, column: 'Password', value: null, reason: expect.any(String) })
    expect(objects.at(-1)).toMatchObject({ accounts: 1, faulty: 1, unknown_columns: 'Colour', imported: 0 })
    const fine = await run(['accounts:import', file('good.csv', GOOD), ...SPACE, '--dry-run'])
    expect([fine.code, fine.stdout]).toEqual([
      0,
      '2 accounts, 1 of them administrators, and 0 lines that cannot be imported.\n',
    ])
    expect((await run(['accounts:list'])).stdout).toBe('There is none.\n')
  })

  test('makes all accounts of a file, says who did it, and tells webhooks', async () => {
    await using here = await placeWithSpace()
    const { file, run } = at(here)
    await run([
      ...['webhooks:create', 'sip.example.org', 'https://hooks.example.org/', 'Ledger'],
      ...['--events', 'account.created'],
    ])
    const done = await run(['accounts:import', file('good.csv', GOOD), ...SPACE])
    expect([done.code, done.stdout]).toEqual([0, '2 accounts imported into sip.example.org.\n'])
    await using database = databaseOf(here)
    const one = async (query: string) => (await database.query(query))[0]
    expect(await one('select action, way, actor_kind from audit_log order by id desc limit 1')).toEqual({
      action: 'account.imported',
      way: 'cli',
      actor_kind: 'command line',
    })
    expect(Number((await one("select count(*) as n from outbox_messages where channel = 'webhook'"))?.n)).toBe(2)
    expect(Number((await one('select count(*) as n from account_imports'))?.n)).toBe(0)
    const skipped = await run(
      ['accounts:import', '-', ...SPACE, '--skip-faulty', '--json'],
      `${GOOD}carol,correct-horse,,,\n`,
    )
    expect(skipped.code).toBe(0)
    expect(JSON.parse(skipped.lines.at(-1) ?? '')).toMatchObject({ accounts: 1, faulty: 2, imported: 1 })
    const names = (await run(['accounts:list', '--json'])).lines.map((line) => JSON.parse(line).username)
    expect(names).toEqual(['alice', '101', 'carol'])
  })
})

describe('accounts:export', () => {
  test('refuses an unknown Space, format or place, and replaces no file', async () => {
    await using here = await placeWithSpace()
    const { file, run } = at(here)
    const mine = file('mine', 'mine')
    for (const [args, code] of [
      [[], 2],
      [['--space', 'sip.nowhere.org'], 3],
      [[...SPACE, '--format', 'xml'], 2],
      [[...SPACE, '--output', '/nowhere/out.csv'], 1],
      [[...SPACE, '--output', mine], 4],
    ] as const) {
      const done = await run(['accounts:export', ...args])
      expect([args, done.code, done.stdout]).toEqual([args, code, ''])
      expect(done.said).not.toBe('')
    }
    expect(readFileSync(mine, 'utf8')).toBe('mine')
  })

  test('has what another installation imports, passwords with it', async () => {
    await using here = await placeWithSpace()
    await using there = await placeWithSpace()
    const [one, other] = [at(here), at(there)]
    await one.run(['accounts:import', one.file('good.csv', GOOD), ...SPACE])
    const output = join(here.folder, 'out.csv')
    await one.run(['accounts:export', ...SPACE, '--hashes', '--output', output])
    expect(statSync(output).mode & 0o777).toBe(0o600)
    const plain = await one.run(['accounts:export', ...SPACE])
    expect(plain.stdout).not.toContain('ha1')
    expect((await other.run(['accounts:import', output, ...SPACE])).code).toBe(0)
    const again = await other.run(['accounts:export', ...SPACE, '--hashes'])
    expect(again.stdout).toBe(readFileSync(output, 'utf8'))
    const asJson = JSON.parse((await other.run(['accounts:export', ...SPACE, '--format', 'json'])).stdout)
    expect(asJson.map(({ username, display_name }: Record<string, string>) => [username, display_name])).toEqual([
      ['alice', '=Alice'],
      ['101', 'Ext, "one"'],
    ])
    expect(existsSync(join(there.folder, 'out.csv'))).toBe(false)
  })
})
