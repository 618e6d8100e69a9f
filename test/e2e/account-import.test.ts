import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SQL } from 'bun'
import { postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { prepared, type Running, serve } from '../support/executable.ts'
import { journey } from '../support/journey.ts'

// A company starts with a spreadsheet: a file is uploaded, looked at, imported while somebody watches, and taken out again.

let place: Awaited<ReturnType<typeof prepared>>
let running: Running
beforeAll(async () => {
  place = await prepared()
  running = await serve(place)
}, 60_000)
afterAll(async () => {
  await running.stop()
  await place.remove()
})

const api = async (path: string, init: RequestInit = {}) => {
  const headers = { 'x-api-key': place.admin.api_key, ...(init.headers as Record<string, string>) }
  return (await fetch(running.base + path, { ...init, headers })).json()
}
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})
const linesOf = (prefix: string, count: number) =>
  ['Username,Display Name', ...Array.from({ length: count }, (_, at) => `${prefix}${at},Person ${at}`)].join('\r\n')
const uploaded = async (file: string) => {
  const form = new FormData()
  form.set('file', new Blob([file]), 'people.csv')
  return api('/api/account_imports', { method: 'POST', body: form })
}

/** What is in the database, whether or not the server is there. */
const inDatabase = async (query: string): Promise<number> => {
  const { DATABASE_URL } = place.env
  if (DATABASE_URL === undefined) {
    const database = new Database(join(place.folder, 'sipkeeper.sqlite'))
    const row = database.query<{ n: number }, []>(query).get()
    database.close()
    return row?.n ?? -1
  }
  const client = new SQL(DATABASE_URL, { max: 1 })
  const [row] = await client.unsafe(query)
  await client.close()
  return Number(row.n)
}

test('an import that a power cut breaks off has left nothing, and is whole once the server is there again', async () => {
  const count = 20_000
  const { id } = await uploaded(linesOf('cut', count))
  const task = await api(`/api/account_imports/${id}`, json({}))
  const now = () => api(`/api/tasks/${task.id}`)
  await eventually(async () => (await now()).status === 'running')
  await running.kill()
  expect(await inDatabase(`SELECT count(*) AS n FROM accounts WHERE username LIKE 'cut%'`)).toBe(0)
  expect(await inDatabase(`SELECT count(*) AS n FROM tasks WHERE id = ${task.id} AND finished_at IS NULL`)).toBe(1)
  running = await serve(place)
  const isOver = async () => (await now()).finished_at !== null
  // On PostgreSQL others might hold it: half a minute goes by before anybody takes it over.
  if (postgresUrl !== null) await eventually(isOver).catch(() => {})
  await eventually(isOver)
  expect(await now()).toMatchObject({ status: 'done', done: count })
  for (const table of ['accounts', 'passwords', 'provisioning_tokens']) {
    const of = table === 'accounts' ? 'id' : 'account_id'
    const query = `SELECT count(*) AS n FROM ${table} WHERE ${of} IN (SELECT id FROM accounts WHERE username LIKE 'cut%')`
    expect([table, await inDatabase(query)]).toEqual([table, count])
  }
}, 120_000)

journey('accounts from a file, and into one', {
  walk: async (at) => {
    const { page, look } = at
    const count = 60
    const path = join(at.place.folder, `${look.name}.csv`)
    writeFileSync(path, `${linesOf(`${look.name}.`, count)}\r\nNOT GOOD,Nobody\r\nadmin,Somebody else`)
    await at.signIn()
    await at.open('/admin/accounts/import')
    await at.sees('upload')
    await page.setInputFiles('[name=file]', path)
    await at.send()
    await page.waitForURL(/\/admin\/accounts\/import\/\w+$/)
    await at.sees('preview')
    await page.check('[name=skip_faulty]')
    await at.send()
    await page.waitForURL(/\/admin\/tasks\/\d+$/)
    await page.reload()
    await page.waitForSelector('.note.good', { timeout: 30_000 })
    await at.sees('done')
    await at.reads(String(count))
    await at.open('/admin/tasks')
    await at.sees('tasks')
    await at.open(`/admin/accounts/export?search=${look.name}`)
    await at.sees('export')
    await page.fill('[name=current_password]', 'correct-horse')
    const arriving = page.waitForEvent('download')
    await page.click('main form button[type=submit]')
    const file = readFileSync((await (await arriving).path()) ?? '', 'utf8')
    expect(file).toContain(`${look.name}.${count - 1},user,active`)
  },
})
