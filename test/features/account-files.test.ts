import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Format } from '../../src/accounts/account-files/account-files.ts'
import { COLUMNS, SAMPLE_FILE } from '../../src/accounts/account-files/columns.ts'
import type { Space } from '../../src/nouns/space.ts'
import { ha1 } from '../../src/protocols/digest.ts'
import { arriving, asking } from '../support/account-file.ts'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { worker } from '../support/tasks.ts'

// Accounts as files (behaviour/accounts.md §9).

let t: TestApp
let boss: TestAccount

beforeEach(async () => {
  t = await testApp({ env: { ...WITH_MAIL, ACCOUNT_BLACKLISTED_USERNAMES: 'root' } })
  boss = await t.account({ username: 'boss', admin: true, email: 'boss@example.org' })
  await t.post('/api/phone_countries/FR/activate', { as: boss })
})
afterEach(() => t.close())

const read = async (file: string | Uint8Array, { space = t.main, size = 65_536 } = {}) => {
  const { visit, caller } = await asking(t, boss, space)
  const name = await t.parts.accountFiles.stage(async () => visit, caller, arriving(file, size))
  return { name, visit, caller, preview: await t.parts.accountFiles.preview(visit, caller, name) }
}
/** What is wrong with a file, a line each. */
const faultsOf = async (file: string) =>
  (await read(file)).preview.faults.map(({ line, column, shown, reason }) => `${line} ${column} ${shown}: ${reason}`)

const refusal = async (file: string | Uint8Array): Promise<string> => {
  try {
    await read(file)
  } catch (error) {
    const { fields } = error as { fields?: Map<string, { id: string }[]> }
    return fields?.get('file')?.[0]?.id ?? String(error)
  }
  return 'none'
}

const importing = async (
  file: string | Uint8Array,
  { space = t.main, skipFaulty = false, mails = false, meanwhile = async () => {} } = {},
) => {
  const { name, visit, caller } = await read(file, { space })
  const id = await t.parts.accountFiles.begin(visit, caller, name, { skipFaulty, mails })
  await meanwhile()
  await worker(t).settle()
  return t.parts.tasks.one({ space }, id)
}

const named = (username: string, space: Space = t.main) => t.parts.directory.named(t.db.read, space, username)

const exported = async (space: Space, format: Format, hashes: boolean): Promise<string> => {
  const { visit } = await asking(t, boss, space)
  let text = ''
  for await (const piece of t.parts.accountFiles.export(visit, { format, hashes })) text += piece
  return text
}

const nothing = async () => expect(await t.parts.accounts.count(t.main)).toBe(1)

describe('a file is refused as a whole', () => {
  test.each([
    ['that is empty', '', 'import.empty'],
    ['that has nothing but its head', 'Username,Password\r\n', 'import.empty'],
    ['without user names', 'Name,Password\nalice,correct-horse\n', 'import.no_username'],
    ['with a column twice', 'Username,user_name\nalice,bob\n', 'import.column_twice'],
    ['with a quotation mark too many', 'Username,Display Name\nalice,"Alice" B"\n', 'import.broken_line'],
    ['of JSON that is no list', '{"username":"alice"}', 'import.no_list'],
    ['of JSON that breaks off', '[{"username":"alice"},{"user', 'import.broken_json'],
    ['of JSON with something else in it', '[{"username":"alice"},"bob"]', 'import.broken_json'],
  ])('%s', async (_, file, id) => {
    expect(await refusal(file)).toBe(id)
    expect(await t.db.read.select().from(t.db.tables.accountImports)).toEqual([])
    expect(await t.db.read.select().from(t.db.tables.accountImportRows)).toEqual([])
  })

  test('that is in an encoding of before Unicode', async () => {
    expect(await refusal(Buffer.from('Username,Display Name\nalice,Am\xe9lie\n', 'latin1'))).toBe('import.encoding')
  })
})

describe('a line is refused, with its column and the reason', () => {
  test('for what it says by itself', async () => {
    const file = [
      'Username,Password,Role,Status,Phone,Email,ha1_sha256,ha1_md5,Contacts List',
      'Alice,correct-horse,,,,,,,',
      'root,correct-horse,,,,,,,',
      ',correct-horse,,,,,,,',
      'bob,short,owner,perhaps,12,nobody,,,',
      'carol,,,,+4915112345678,,abc,,Friends',
      `dave,correct-horse,,,,,${'a'.repeat(64)},,`,
      'erin,correct-horse',
    ].join('\n')
    expect(await faultsOf(file)).toEqual([
      '2 Username Alice: The username must not contain upper-case letters.',
      '2 Username Alice: The username contains characters that are not allowed in a SIP address.',
      '3 Username root: The username is already used.',
      '4 Username : The username field is required.',
      '5 Password null: The password must be at least 6 characters.',
      '5 Role owner: The role must be one of: user, admin.',
      '5 Status perhaps: The status must be one of: active, inactive.',
      '5 Phone 12: The phone must be a phone number in international form, such as +33612345678.',
      '5 Email nobody: The e-mail must be an e-mail address.',
      '6 Phone +4915112345678: Phone numbers of this country are not accepted here.',
      '6 ha1_sha256 null: This must be 64 hexadecimal digits.',
      '6 Contacts List Friends: The Space has no contacts list called “Friends”.',
      '7 Password null: Either a password or its HA1 value, not both.',
      '8  null: The line has more or fewer cells than the first line has columns, or something that is no text.',
    ])
    await nothing()
  })

  test('for its external account', async () => {
    const file = [
      'Username,External Username,External Domain,External Password,External Realm,External Protocol',
      'alice,line1,,secret,,',
      'bob,line2,carrier.example,,,',
      'carol,line3,carrier.example,secret,carrier.example,',
      'dave,line4,carrier.example,secret,,SCTP',
      'erin,,carrier.example,secret,,',
      'frank,,,,,',
      'grace,,,,,',
    ].join('\n')
    const faults = await faultsOf(file)
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      '2 External Domain ',
      '3 External Password null',
      '4 External Realm carrier.example',
      '5 External Protocol SCTP',
      '6 External Username ',
    ])
  })

  test('for what stands on a line before it, and for what is taken', async () => {
    await t.account({ username: 'alice', email: 'alice@example.org', phone: '+33612345678' })
    const gone = await t.account({ username: 'gone' })
    const { visit } = await asking(t, boss)
    await t.parts.accounts.remove(visit, t.main, gone.id)
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ uniqueEmail: true }))
    t.parts.spaces.forget()
    const file = [
      'Username,Phone,Email',
      'alice,,',
      'gone,,',
      'bob,+33612345678,ALICE@example.org',
      'carol,+33612345679,carol@example.org',
      'carol,+33 6 12 34 56 79,Carol@example.org',
    ].join('\n')
    expect(await faultsOf(file)).toEqual([
      '2 Username alice: The username is already used.',
      '3 Username gone: The username is already used.',
      '4 Email ALICE@example.org: The e-mail is already used.',
      '4 Phone +33612345678: The phone is already used.',
      '6 Username carol: The same stands on line 5 already.',
      '6 Email Carol@example.org: The same stands on line 5 already.',
      '6 Phone +33 6 12 34 56 79: The same stands on line 5 already.',
    ])
  })

  test('and is downloaded with all others as CSV, without secrets', async () => {
    const lines = Array.from({ length: 250 }, (_, at) => `Name ${at},abc`)
    const { preview, visit } = await read(['Username,Password', ...lines].join('\n'))
    expect(preview.found).toMatchObject({ accounts: 0, faulty: 250 })
    let report = ''
    for await (const piece of t.parts.accountFiles.report(visit.language, preview.found)) report += piece
    const rows = report.trimEnd().split('\r\n')
    expect(rows).toHaveLength(1 + 3 * 250)
    expect(rows[0]).toBe('Line,Column,Value,Reason')
    expect(rows[1]).toStartWith('2,Username,Name 0,')
    expect(report).not.toContain('abc')
  })
})

describe('a file is read', () => {
  const expected = [
    ['alice', 'Élise Martin', 'elise@example.org'],
    ['101', 'Ex, "tension"', null],
  ]
  const accountsIn = async (file: string | Uint8Array, size?: number) => {
    const { preview } = await read(file, size === undefined ? {} : { size })
    expect(preview.faults).toEqual([])
    return preview.accounts.map(({ account: { username, displayName, email } }) => [username, displayName, email])
  }
  const csv =
    'Username,Password,Display Name,Email\nalice,correct-horse,Élise Martin,elise@example.org\n101,correct-horse,"Ex, ""tension""",\n'

  test('with commas, semicolons or tabs, with and without a byte order mark, with either line end', async () => {
    const semicolons =
      'username;PASSWORD;display name;E-Mail\r\nalice;correct-horse;Élise Martin;elise@example.org\r\n101;correct-horse;"Ex, ""tension""";\r\n'
    for (const file of [
      csv,
      `\uFEFF${csv}`,
      semicolons,
      semicolons.replaceAll(';', '\t'),
      csv.replaceAll('\n', '\r\n'),
    ]) {
      expect(await accountsIn(file)).toEqual(expected as never)
    }
  })

  test('in UTF-16, as spreadsheets save it', async () => {
    expect(await accountsIn(Buffer.from(`\uFEFF${csv}`, 'utf16le'))).toEqual(expected as never)
  })

  test('as JSON, and however small the pieces are in which it arrives', async () => {
    const json = JSON.stringify([
      { username: 'alice', password: 'correct-horse', display_name: 'Élise Martin', email: 'elise@example.org' },
      { username: 101, display_name: 'Ex, "tension"', email: null },
    ])
    for (const size of [1, 7, 65_536]) {
      expect(await accountsIn(json, size)).toEqual(expected as never)
      expect(await accountsIn(csv, size)).toEqual(expected as never)
    }
  })

  test('with columns that nobody knows left out and named, and administrators listed apart', async () => {
    const { preview } = await read('Username,Salary,Role\nalice,12,admin\nbob,13,user\n')
    expect(preview.found).toMatchObject({ unknownColumns: 'Salary', accounts: 2, administrators: 1 })
    expect(preview.administrators.map(({ account }) => account.username)).toEqual(['alice'])
  })

  test('and nothing of a password is kept in clear', async () => {
    await read(
      'Username,Password,External Username,External Domain,External Password\nalice,correct-horse,line,carrier.example,battery-staple\n',
    )
    const rows = JSON.stringify(await t.db.read.select().from(t.db.tables.accountImportRows))
    expect(rows).toContain(ha1('SHA-256', 'alice', 'sip.example.org', 'correct-horse'))
    expect(rows).not.toContain('correct-horse')
    expect(rows).not.toContain('battery-staple')
  })

  test('the sample is a file that can be imported', async () => {
    const { preview } = await read(SAMPLE_FILE)
    expect(preview.faults).toEqual([])
    expect(preview.found.accounts).toBe(3)
  })
})

describe('an import', () => {
  test('of a file with faults is refused, unless they are to be skipped', async () => {
    const file = 'Username,Password\nalice,correct-horse\nBOB,correct-horse\n'
    await expect(importing(file)).rejects.toMatchObject({ code: 'invalid' })
    await nothing()
    expect(await importing(file, { skipFaulty: true })).toMatchObject({ status: 'done', done: 1 })
    expect(await named('alice')).not.toBeNull()
  })

  test('makes accounts that can sign in, with all that their lines say', async () => {
    const list = (await t.post('/api/contacts_lists', { as: boss, body: { title: 'Sales', description: 'All' } })).json
    const file = [
      'Username,Password,Role,Status,Phone,Email,External Username,External Domain,External Password,External Protocol,Display Name,Contacts List',
      'alice,correct-horse,admin,active,+33 6 12 34 56 78,alice@example.org,line1,carrier.example,secret,TLS,Alice,Sales',
      '101,,user,inactive,,,,,,,,',
    ].join('\n')
    expect(await importing(file)).toMatchObject({ status: 'done', done: 2, total: 2 })
    const alice = await named('alice')
    expect(alice).toMatchObject({
      admin: true,
      activated: true,
      phone: '+33612345678',
      email: 'alice@example.org',
      displayName: 'Alice',
      hasExternalAccount: true,
      algorithms: ['SHA-256'],
    })
    expect(t.parts.provisioningTokens.reveal(alice?.sealedProvisioningToken ?? null)).toHaveLength(13)
    expect(await named('101')).toMatchObject({ activated: false, admin: false, algorithms: ['SHA-256'] })
    const { password } = { password: 'correct-horse' }
    const me = await t.digest({ ...boss, id: alice?.id ?? 0, username: 'alice', password }, 'GET', '/api/accounts/me')
    expect(me.json).toMatchObject({ username: 'alice' })
    const contacts = await t.get(`/api/accounts/${alice?.id}/contacts_lists`, { as: boss })
    if (contacts.status === 200) expect(JSON.stringify(contacts.json)).toContain(String(list.id))
    const [line] = await t.db.read.select().from(t.db.tables.externalAccounts)
    expect(line).toMatchObject({
      username: 'line1',
      protocol: 'TLS',
      password: ha1('MD5', 'line1', 'carrier.example', 'secret'),
    })
  })

  test('that meets a name which was taken meanwhile leaves nothing behind', async () => {
    const lines = Array.from({ length: 120 }, (_, at) => `user${at},correct-horse`)
    const task = await importing(['Username,Password', ...lines].join('\n'), {
      meanwhile: async () => void (await t.account({ username: 'user110' })),
    })
    expect(task).toMatchObject({
      status: 'failed',
      done: 0,
      outcome: { message: { id: 'import.meanwhile', values: { line: 112, name: 'user110' } } },
    })
    expect(await t.parts.accounts.count(t.main)).toBe(2)
    expect(await t.db.read.select().from(t.db.tables.accountsTombstones)).toEqual([])
  })

  test('is seen whole or not at all by whoever looks while it runs', async () => {
    const lines = Array.from({ length: 600 }, (_, at) => `user${at},correct-horse,+336123${10_000 + at}`)
    const { name, visit, caller } = await read(['Username,Password,Phone', ...lines].join('\n'))
    const id = await t.parts.accountFiles.begin(visit, caller, name, { skipFaulty: false, mails: false })
    const seen: number[] = []
    let isOver = false
    const looking = (async () => {
      while (!isOver) {
        seen.push(await t.parts.accounts.count(t.main))
        await Bun.sleep(0)
      }
    })()
    await worker(t).settle()
    isOver = true
    await looking
    expect(await t.parts.tasks.one({ space: t.main }, id)).toMatchObject({ status: 'done', done: 600 })
    expect(seen.length).toBeGreaterThan(3)
    expect(new Set([...seen, 1, 601])).toEqual(new Set([1, 601]))
    expect(await t.parts.accounts.count(t.main)).toBe(601)
    expect(await named('user599')).toMatchObject({ phone: '+33612310599', algorithms: ['SHA-256'] })
  })

  test("that meets a number, an address or a carrier's line which was taken meanwhile leaves nothing behind", async () => {
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ uniqueEmail: true }))
    t.parts.spaces.forget()
    const space = (await t.parts.spaces.byDomain('sip.example.org')) as Space
    const head = 'Username,Phone,Email,External Username,External Domain,External Password'
    const lines = Array.from({ length: 120 }, (_, at) => `user${at},,,,,`)
    const refused = async (last: string, meanwhile: () => Promise<unknown>) => {
      const file = [head, ...lines, last].join('\n')
      const before = await t.parts.accounts.count(space)
      const task = await importing(file, { space, meanwhile: async () => void (await meanwhile()) })
      expect(task).toMatchObject({
        status: 'failed',
        done: 0,
        outcome: { message: { id: 'import.meanwhile', values: { line: 122, name: last.split(',')[0] } } },
      })
      expect(await t.parts.accounts.count(space)).toBe(before + 1)
      expect(await named('user0')).toBeNull()
    }
    await refused('last,+33612345678,,,,', () => t.account({ username: 'other', phone: '+33612345678' }))
    await refused('last,+33612345679,,,,', () => t.account({ username: '+33612345679' }))
    await refused('last,,Last@example.org,,,', () => t.account({ username: 'third', email: 'last@example.org' }))
    await refused('last,,,line1,carrier.example,secret', async () => {
      const { id } = await t.account({ username: 'fourth' })
      const body = { username: 'line1', domain: 'carrier.example', password: 'secret-line', protocol: 'UDP' }
      expect((await t.post(`/api/accounts/${id}/external`, { as: boss, body })).status).toBeLessThan(300)
    })
  })

  test('of accounts for a list that was deleted meanwhile leaves nothing behind', async () => {
    const list = (await t.post('/api/contacts_lists', { as: boss, body: { title: 'Sales', description: 'All' } })).json
    const lines = Array.from({ length: 120 }, (_, at) => `user${at},${at === 110 ? 'Sales' : ''}`)
    const task = await importing(['Username,Contacts List', ...lines].join('\n'), {
      meanwhile: async () => void (await t.delete(`/api/contacts_lists/${list.id}`, { as: boss })),
    })
    expect(task).toMatchObject({ status: 'failed', done: 0, outcome: { message: { id: 'import.changed' } } })
    await nothing()
  })

  test('that is cancelled before it began leaves nothing behind, and the file can be uploaded again', async () => {
    const lines = Array.from({ length: 120 }, (_, at) => `user${at},correct-horse`)
    const file = ['Username,Password', ...lines].join('\n')
    const { name, visit, caller } = await read(file)
    const id = await t.parts.accountFiles.begin(visit, caller, name, { skipFaulty: false, mails: false })
    await t.parts.tasks.cancel(visit, { space: t.main }, id)
    await worker(t).settle()
    expect(await t.parts.tasks.one({ space: t.main }, id)).toMatchObject({ status: 'cancelled', done: 0 })
    await nothing()
    expect(await importing(file)).toMatchObject({ status: 'done', done: 120 })
  })

  test('that is cancelled while mails are sent has all accounts, and sends no more', async () => {
    const lines = Array.from({ length: 30 }, (_, at) => `user${at},user${at}@example.org`)
    const { name, visit, caller } = await read(['Username,Email', ...lines].join('\n'))
    const id = await t.parts.accountFiles.begin(visit, caller, name, { skipFaulty: false, mails: true })
    const stopping = {
      ...t.parts.accountFiles.task,
      step: async (work: Parameters<typeof t.parts.accountFiles.task.step>[0]) => {
        if (work.cursor !== null) await t.parts.tasks.cancel(visit, { space: t.main }, id)
        return t.parts.accountFiles.task.step(work)
      },
    }
    await worker(t, [stopping]).settle()
    expect(await t.parts.tasks.one({ space: t.main }, id)).toMatchObject({
      status: 'cancelled',
      outcome: { message: { id: 'import.stopped' } },
    })
    expect(await t.parts.accounts.count(t.main)).toBe(31)
    expect((await t.messages()).filter(({ kind }) => kind === 'provisioning')).toHaveLength(10)
  })

  test('of a Space whose realm was changed meanwhile is refused: its HA1 values would open nothing', async () => {
    const task = await importing('Username,Password\nalice,correct-horse\n', {
      meanwhile: async () => {
        const { spaceDigestAuthenticationConfigurations: digests } = t.db.tables
        await t.db.transaction((tx) => tx.update(digests).set({ realm: 'elsewhere' }))
        t.parts.spaces.forget()
      },
    })
    expect(task).toMatchObject({ status: 'failed', outcome: { message: { id: 'import.changed' } } })
    await nothing()
  })

  test('of more accounts than the Space takes is refused before it begins, and as a whole', async () => {
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ maxAccounts: 2 }))
    t.parts.spaces.forget()
    const main = (await t.parts.spaces.byDomain('sip.example.org')) as Space
    const file = 'Username\nalice\nbob\n'
    expect((await read(file, { space: main })).preview.room).toBe(1)
    await expect(importing(file, { space: main })).rejects.toMatchObject({ message: 'account.no_room' })
    await nothing()
  })

  test('sends a set-up link to each address, once all are there', async () => {
    const file = 'Username,Email\nalice,alice@example.org\nbob,\n'
    expect(await importing(file, { mails: true })).toMatchObject({ status: 'done', done: 4, total: 4 })
    const mails = (await t.messages()).filter(({ kind }) => kind === 'provisioning')
    expect(mails.map(({ recipient }) => recipient)).toEqual(['alice@example.org'])
  })

  test('can be begun once, by whoever sent the file, within an hour', async () => {
    const { name, visit, caller } = await read('Username\nalice\n')
    const other = await t.account({ username: 'other', admin: true })
    const asOther = await asking(t, other)
    const choices = { skipFaulty: false, mails: false }
    const begin = t.parts.accountFiles.begin
    await expect(begin(asOther.visit, asOther.caller, name, choices)).rejects.toMatchObject({ code: 'not_found' })
    await begin(visit, caller, name, choices)
    await expect(begin(visit, caller, name, choices)).rejects.toMatchObject({ code: 'conflict' })
    const late = await read('Username\nbob\n')
    t.later(3_600_001)
    await expect(begin(visit, caller, late.name, choices)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('leaves its file to be cleared after an hour, but not before its task is over', async () => {
    const { name, visit, caller } = await read('Username\nalice\n')
    await read('Username\nbob\n')
    await t.parts.accountFiles.begin(visit, caller, name, { skipFaulty: false, mails: false })
    t.later(3_600_001)
    expect(await t.parts.accountFiles.clear()).toBe(1)
    await worker(t).settle()
    expect(await named('alice')).not.toBeNull()
    expect(await t.parts.accountFiles.clear()).toBe(1)
    expect(await t.db.read.select().from(t.db.tables.accountImportRows)).toEqual([])
  })
})

describe('an export', () => {
  const fill = async () => {
    await t.post('/api/contacts_lists', { as: boss, body: { title: 'Sales, all', description: 'All' } })
    await t.post('/api/contacts_lists', { as: boss, body: { title: 'Second', description: 'All' } })
    const file = [
      'Username,Password,Role,Status,Phone,Email,External Username,External Domain,External Password,External Realm,External Registrar,External Outbound Proxy,External Protocol,Display Name,Contacts List,ha1_sha256,ha1_md5,external_ha1_sha256,external_ha1_md5',
      'alice,correct-horse,admin,active,+33612345678,alice@example.org,line1,carrier.example,secret,realm.example,,,TLS,=SUM(A1),"Sales, all\nSecond",,,,',
      `bob,correct-horse,user,inactive,,,,,,,,,,"'-quoted ""B""",,,,,`,
      '101,,user,active,,,,,,,,,,Élise;Martin,Second,,,,',
      `both,,user,active,,,,,,,,,,,,${'A1'.repeat(32)},${'b2'.repeat(16)},,`,
      `old,,user,active,,,,,,,,,,,,,${'c3'.repeat(16)},,`,
      `line,,user,active,,,line2,carrier.example,,,sip.carrier.example,proxy.carrier.example,UDP,,,,,${'d4'.repeat(32)},`,
      ...Array.from({ length: 150 }, (_, at) => `user${at},correct-horse,user,active,,,,,,,,,,,,,,,`),
    ].join('\n')
    expect(await importing(file)).toMatchObject({ status: 'done' })
  }

  test('has no secrets, unless they are asked for, and nothing that a spreadsheet computes', async () => {
    await fill()
    const csv = await exported(t.main, 'csv', false)
    expect(csv.split('\r\n')[0]).toBe(
      'Username,Role,Status,Phone,Email,External Username,External Domain,External Realm,External Registrar,External Outbound Proxy,External Protocol,Display Name,Contacts List',
    )
    expect(csv).not.toContain(ha1('SHA-256', 'alice', 'sip.example.org', 'correct-horse'))
    expect(csv).toContain("'=SUM(A1)")
    expect(await exported(t.main, 'json', true)).toContain(ha1('SHA-256', 'alice', 'sip.example.org', 'correct-horse'))
    expect(t.logged('event=export.run ')).toHaveLength(2)
  })

  test.each(['csv', 'json'] as const)(
    'as %s, imported into an empty Space, is exported as the same again',
    async (format) => {
      await fill()
      const file = await exported(t.main, format, true)
      for (const secret of ['a1'.repeat(32), 'b2'.repeat(16), 'c3'.repeat(16), 'd4'.repeat(32)]) {
        expect(file).toContain(secret)
      }
      const all = JSON.parse(await exported(t.main, 'json', true)) as Record<string, unknown>[]
      const isBlank = (column: string) => all.every((one) => one[column] === null || String(one[column] ?? '') === '')
      expect(COLUMNS.filter(isBlank)).toEqual(['password', 'external_password'])
      // The same Space, emptied: HA1 values hold its realm.
      const { accounts, externalAccounts, accountsTombstones } = t.db.tables
      await t.db.transaction(async (tx) => {
        await tx.delete(externalAccounts)
        await tx.delete(accounts)
        await tx.delete(accountsTombstones)
      })
      boss = await t.account({ username: 'importer', admin: true, space: t.main })
      expect(await importing(file)).toMatchObject({ status: 'done', done: 157 })
      await t.db.transaction(async (tx) => {
        const importer = await t.parts.directory.named(tx, t.main, 'importer')
        const { eq } = await import('drizzle-orm')
        await tx.delete(accounts).where(eq(accounts.id, importer?.id ?? 0))
      })
      boss = { ...boss, username: 'boss' }
      expect(await exported(t.main, format, true)).toBe(file)
    },
  )
})

describe('over REST', () => {
  const upload = (file: string, as: TestAccount, host = 'localhost') => {
    const boundary = 'x-boundary'
    const body = [
      `--${boundary}`,
      'content-disposition: form-data; name="file"; filename="accounts.csv"',
      '',
      file,
      `--${boundary}--`,
      '',
    ].join('\r\n')
    return t.post('/api/account_imports', {
      as,
      host,
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    })
  }

  test('a file is uploaded, read about, imported and discarded by whoever sent it alone', async () => {
    const somebody = await t.account({})
    expect((await upload('Username\nalice\n', somebody)).status).toBe(403)
    expect((await upload('', boss)).json.errors.file).toBeDefined()
    const sent = await upload('Username,Password\nalice,correct-horse\nBOB,correct-horse\n', boss)
    expect([sent.status, sent.json]).toMatchObject([201, { accounts: 1, faulty: 1, administrators: 0, room: null }])
    const path = `/api/account_imports/${sent.json.id}`
    const other = await t.account({ username: 'other', admin: true })
    for (const method of ['GET', 'DELETE', 'POST']) {
      expect((await t.send(method, path, { as: other, ...(method === 'POST' ? { body: {} } : {}) })).status).toBe(404)
    }
    expect((await t.get(`${path}/faults`, { as: boss })).text).toStartWith(
      'Line,Column,Value,Reason\r\n3,Username,BOB,',
    )
    expect((await t.post(path, { as: boss, body: {} })).status).toBe(422)
    const begun = await t.post(path, { as: boss, body: { skip_faulty: true } })
    expect([begun.status, begun.json]).toMatchObject([201, { kind: 'account_import', status: 'waiting', total: 1 }])
    expect((await t.delete(path, { as: boss })).status).toBe(409)
    await worker(t).settle()
    expect((await t.get(`/api/tasks/${begun.json.id}`, { as: boss })).json).toMatchObject({
      status: 'done',
      message: '1 account was imported.',
    })
    const unwanted = await upload('Username\ncarol\n', boss)
    expect((await t.delete(`/api/account_imports/${unwanted.json.id}`, { as: boss })).json).toBe(1)
    expect((await t.get(`/api/account_imports/${unwanted.json.id}`, { as: boss })).status).toBe(404)
  })

  test('an export has only the accounts that are sought, as the list would show them', async () => {
    await t.account({ username: 'anna', displayName: 'Anna Blum', email: 'anna@example.org' })
    const { id } = await t.account({ username: 'bert', displayName: 'Bert Blum' })
    await t.account({ username: 'carl', displayName: 'Carl Stein' })
    await t.account({ username: 'anna.elsewhere', displayName: 'Anna Blum', space: t.other })
    await t.post(`/api/accounts/${id}/block`, { as: boss })
    const list = (await t.post('/api/contacts_lists', { as: boss, body: { title: 'Sales', description: 'All' } })).json
    await t.post(`/api/contacts_lists/${list.id}/contacts/${id}`, { as: boss })
    for (const query of [
      'search=blum',
      'search=anna%40example',
      'state=blocked',
      'state=active&role=account',
      'role=admin',
      `contacts_list_id=${list.id}`,
      'set_up=1',
      'set_up=0&search=stein',
      'search=nobody',
    ]) {
      const shown = (await t.get(`/api/accounts?${query}`, { as: boss })).json.data
      const names = shown.map(({ username }: { username: string }) => username)
      const file = (await t.get(`/api/accounts/export?${query}`, { as: boss })).json
      expect([query, file.map(({ username }: { username: string }) => username)]).toEqual([query, names])
    }
    expect((await t.get('/api/accounts/export?search=blum', { as: boss })).json).toHaveLength(2)
    expect((await t.get(`/api/accounts/export?contacts_list_id=${list.id}`, { as: boss })).json).toHaveLength(1)
    expect((await t.get('/api/accounts/export?state=gone', { as: boss })).status).toBe(422)
  })

  test('an export is refused to people, and its HA1 values to keys', async () => {
    const somebody = await t.account({})
    expect((await t.get('/api/accounts/export', { as: somebody })).status).toBe(403)
    expect((await t.get('/api/accounts/export?hashes=1', { as: boss })).status).toBe(403)
    expect((await t.get('/api/accounts/export?format=xml', { as: boss })).status).toBe(422)
    const plain = await t.get('/api/accounts/export', { as: boss })
    expect(plain.json.map(({ username }: { username: string }) => username)).toContain('boss')
    const csv = await t.get('/api/accounts/export?format=csv', { as: boss })
    expect([csv.headers.get('content-type'), csv.text.split(',')[0]]).toEqual(['text/csv; charset=utf-8', 'Username'])
    const signed = await t.digest(boss, 'GET', '/api/accounts/export?hashes=1')
    expect(signed.json[0].ha1_sha256).toBe(ha1('SHA-256', 'boss', 'sip.example.org', boss.password))
  })
})
