import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

test('an import that a power cut breaks off is whole once the server is there again', async () => {
  const { id } = await uploaded(linesOf('cut', 3000))
  const task = await api(`/api/account_imports/${id}`, json({}))
  const progress = async (): Promise<number> => (await api(`/api/tasks/${task.id}`)).done
  await eventually(async () => (await progress()) > 100)
  await running.kill()
  running = await serve(place)
  const isOver = async () => (await api(`/api/tasks/${task.id}`)).finished_at !== null
  // On PostgreSQL others might hold it: half a minute goes by before anybody takes it over.
  if (postgresUrl !== null) await eventually(isOver).catch(() => {})
  await eventually(isOver)
  expect(await api(`/api/tasks/${task.id}`)).toMatchObject({ status: 'done', done: 3000 })
  const file = await (
    await fetch(`${running.base}/api/accounts/export`, { headers: { 'x-api-key': place.admin.api_key } })
  ).json()
  const names = file.map(({ username }: { username: string }) => username).filter((name: string) => /^cut/.test(name))
  expect(new Set(names).size).toBe(3000)
  expect(names).toHaveLength(3000)
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
