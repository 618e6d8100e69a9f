import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Space } from '../../src/nouns/space.ts'
import { type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { FORM, parsePage, words } from '../support/page.ts'
import { worker } from '../support/tasks.ts'
import { visitor } from '../support/visitor.ts'

// Accounts from a file and into one (behaviour/panel.md §7.11).

let t: TestApp
let boss: TestAccount

beforeEach(async () => {
  t = await testApp()
  boss = await t.account({ username: 'boss', admin: true })
})
afterEach(() => t.close())

const signedIn = async (who: TestAccount, host = 'localhost') => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username: who.username, password: who.password })
  return browser
}
type Browser = Awaited<ReturnType<typeof signedIn>>

const BOUNDARY = 'x-boundary'
/** As a browser sends the form of the page, with a file. */
const upload = async (
  browser: Browser,
  file: string,
  fields: Record<string, string> = {},
  host = 'localhost',
): Promise<Reply> => {
  const { fields: own } = parsePage(await browser.open('/admin/accounts/import'))
  const parts = Object.entries({ ...own, ...fields }).filter(([name]) => name !== 'file')
  const body = [
    ...parts.flatMap(([name, value]) => [`--${BOUNDARY}`, `content-disposition: form-data; name="${name}"`, '', value]),
    `--${BOUNDARY}`,
    'content-disposition: form-data; name="file"; filename="C:\\Desktop\\new people.csv"',
    '',
    file,
    `--${BOUNDARY}--`,
    '',
  ].join('\r\n')
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return t.post('/admin/accounts/import', {
    host,
    headers: { cookie, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body,
  })
}

describe('an import', () => {
  test('is refused without the token of its page, before anything of the file is read', async () => {
    const browser = await signedIn(boss)
    const refused = await upload(browser, 'Username\nalice\n', { form_token: 'f'.repeat(64) })
    expect(refused.status).toBe(403)
    expect(await t.db.read.select().from(t.db.tables.accountImports)).toEqual([])
  })

  test('of no file, or of one that is none, is the form again, with the reason at the field', async () => {
    const browser = await signedIn(boss)
    for (const [file, reason] of [
      ['', 'The file has no accounts in it.'],
      ['Name\nAlice\n', 'one of them must be Username'],
    ] as const) {
      const again = await upload(browser, file)
      expect(again.status).toBe(422)
      expect(words(again)).toContain(reason)
      expect(again.text).toContain('name="file"')
    }
  })

  test('of another administrator, or of another Space, is not there', async () => {
    const browser = await signedIn(boss)
    const path = (await upload(browser, 'Username\nalice\n')).headers.get('location') ?? ''
    const other = await signedIn(await t.account({ username: 'other', admin: true }))
    expect((await other.open(path)).status).toBe(404)
    expect((await other.open(`${path}/faults`)).status).toBe(404)
    const { fields } = parsePage(await other.open('/admin/accounts/import'))
    const cookie = [...other.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const wanted = { form_token: fields.form_token ?? '', import: path.split('/').at(-1) ?? '' }
    const stolen = await t.post('/admin/accounts/import/handle', {
      headers: { ...FORM, cookie },
      body: new URLSearchParams(wanted).toString(),
    })
    expect(stolen.status).toBe(404)
    const there = await t.account({ username: 'there', admin: true, space: t.other })
    const outside = await signedIn(there, t.other.host)
    expect((await outside.open(path)).status).toBe(404)
    expect((await upload(outside, 'Username\nalice\n', { domain: 'sip.example.org' }, t.other.host)).status).toBe(404)
  })

  test('is looked at first: faults with line, column and reason, administrators, the first accounts', async () => {
    const browser = await signedIn(boss)
    const file =
      'Username,Password,Role,Salary\nalice,correct-horse,admin,1\nBOB,sh<b>,user,2\ncarol,correct-horse,,3\n'
    const path = (await upload(browser, file)).headers.get('location') ?? ''
    const preview = await browser.open(path)
    expect(preview.status).toBe(200)
    for (const said of [
      '2 accounts to import',
      'new people.csv',
      '1 line has faults',
      'The username must not contain upper-case letters.',
      'Salary',
      'Administrators among them',
      'carol',
    ]) {
      expect(words(preview)).toContain(said)
    }
    expect(preview.text).not.toContain('sh<b>')
    expect(preview.text).not.toContain('correct-horse')
    const report = await browser.open(`${path}/faults`)
    expect(report.headers.get('content-disposition')).toContain('faults.csv')
    await browser.open(path)
    const refused = await browser.submit({ skip_faulty: '' }, { form: '/admin/accounts/import/handle', stay: true })
    expect([refused.status, words(refused)]).toEqual([422, expect.stringContaining('1 line has a fault.')])
    const begun = await browser.submit({ skip_faulty: '1' }, { form: '/admin/accounts/import/handle' })
    const task = begun.headers.get('location') ?? ''
    expect(task).toStartWith('/admin/tasks/')
    await worker(t).settle()
    const over = await browser.open(task)
    expect(words(over)).toContain('2 accounts were imported.')
    expect(words(over)).toContain('2 of 2')
    expect(await t.parts.directory.named(t.db.read, t.main, 'alice')).toMatchObject({ admin: true })
  })

  test('of a super administrator goes into the Space that is chosen', async () => {
    const browser = await signedIn(boss)
    const path = (await upload(browser, 'Username\nalice\n', { domain: 'sip.other.org' })).headers.get('location') ?? ''
    expect(words(await browser.open(path))).toContain('sip.other.org')
    await browser.submit({}, { form: '/admin/accounts/import/handle' })
    await worker(t).settle()
    expect(await t.parts.directory.named(t.db.read, t.other, 'alice')).not.toBeNull()
    expect(await t.parts.directory.named(t.db.read, t.main, 'alice')).toBeNull()
  })

  test('has a sample that is imported without a fault', async () => {
    const browser = await signedIn(boss)
    const sample = await browser.open('/accounts_example.csv')
    expect(sample.headers.get('content-type')).toContain('text/csv')
    const path = (await upload(browser, sample.text)).headers.get('location') ?? ''
    expect(words(await browser.open(path))).toContain('3 lines are good')
  })
})

describe('an export', () => {
  test('asks for the password, and is a file', async () => {
    const browser = await signedIn(boss)
    await browser.open('/admin/accounts/export')
    const form = '/admin/accounts/export'
    const refused = await browser.submit({ format: 'csv', current_password: 'wrong' }, { form, stay: true })
    expect(refused.status).toBe(422)
    const file = await browser.submit(
      { format: 'csv', current_password: boss.password, hashes: '' },
      { form, stay: true },
    )
    expect([file.status, file.headers.get('content-disposition')]).toEqual([
      200,
      'attachment; filename="sip.example.org-accounts.csv"',
    ])
    expect(file.text).toContain('boss,admin,active')
    expect(file.text).not.toContain('ha1_sha256')
    const whole = await browser.submit({ format: 'json', current_password: boss.password, hashes: '1' }, { form })
    expect(JSON.parse(whole.text)[0].ha1_sha256).toMatch(/^[0-9a-f]{64}$/)
  })

  test('has what the list shows, and says how many that are', async () => {
    await t.account({ username: 'anna', displayName: 'Anna Blum' })
    await t.account({ username: 'bert', displayName: 'Bert Blum' })
    await t.account({ username: 'carl', displayName: 'Carl Stein' })
    const browser = await signedIn(boss)
    const list = await browser.open('/admin/accounts?search=blum&role=account&sort=name')
    const link = '/admin/accounts/export?search=blum&role=account'
    expect(list.text).toContain(`href="${link.replaceAll('&', '&amp;')}"`)
    const page = await browser.open(link)
    expect(words(page)).toContain('The 2 accounts of sip.example.org that the list shows')
    const form = '/admin/accounts/export'
    const wanted = { format: 'csv', current_password: boss.password, hashes: '' }
    const again = await browser.submit({ ...wanted, current_password: 'wrong' }, { form, stay: true })
    expect(words(again)).toContain('The 2 accounts of sip.example.org that the list shows')
    await browser.open(link)
    const file = await browser.submit(wanted, { form, stay: true })
    const names = file.text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(',')[0])
    expect(names).toEqual(['Username', 'anna', 'bert'])
    expect(words(await browser.open(form))).toContain('4 accounts of sip.example.org, in the columns')
    expect((await browser.open('/admin/accounts?domain=*')).text).not.toContain(form)
    expect((await browser.open('/admin/accounts?search=nobody')).text).not.toContain(form)
  })

  test('of another Space is not there', async () => {
    const there = await t.account({ username: 'there', admin: true, space: t.other as Space })
    const browser = await signedIn(there, t.other.host)
    expect((await browser.open('/admin/accounts/export?domain=sip.example.org')).status).toBe(404)
  })
})
