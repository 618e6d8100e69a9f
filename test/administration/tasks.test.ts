import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { startTask, worker } from '../support/tasks.ts'
import { visitor } from '../support/visitor.ts'

// Long work, looked at and cancelled (behaviour/panel.md §7.10).

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

test('a task of another Space is not there, neither to look at nor to cancel', async () => {
  const there = await t.account({ username: 'there', admin: true, space: t.other })
  const id = await startTask(t, boss, { kind: 'account_import' })
  const own = await startTask(t, there, { kind: 'account_import', space: t.other })
  const browser = await signedIn(there, t.other.host)
  expect((await browser.open(`/admin/tasks/${id}`)).status).toBe(404)
  await browser.open(`/admin/tasks/${own}`)
  expect((await browser.submit({}, { form: `/admin/tasks/${own}/cancel` })).status).toBe(302)
  const list = await browser.open('/admin/tasks')
  expect(list.text).toContain(`/admin/tasks/${own}"`)
  expect(list.text).not.toContain(`/admin/tasks/${id}"`)
  expect((await t.parts.tasks.one({ space: t.main }, id)).status).toBe('waiting')
})

test('a task shows how far it is, looks again without scripts, and shows at its end what could not be done', async () => {
  const id = await startTask(t, boss, { kind: 'account_import', total: 4 })
  const browser = await signedIn(boss)
  const waiting = await browser.open(`/admin/tasks/${id}`)
  expect(words(waiting)).toContain('0 of 4')
  expect(waiting.text).toContain('<meta http-equiv="refresh" content="3"/>')
  const process = worker(t, [
    {
      kind: 'account_import',
      step: async () => ({
        cursor: {},
        done: 4,
        faults: [{ subject: 'alice', message: { id: 'v.taken' } }],
        isOver: true,
        outcome: { message: { id: 'tasks.cancelled' }, go: { label: 'tasks.title', to: '/admin/tasks' } },
      }),
    },
  ])
  await process.settle()
  const over = await browser.open(`/admin/tasks/${id}`)
  expect(words(over)).toContain('4 of 4')
  expect(words(over)).toContain('alice')
  expect(over.text).not.toContain('http-equiv="refresh"')
  expect(over.text).not.toContain('data-hx-get')
  expect(over.text).toContain('href="/admin/tasks"')
})

test('a super administrator sees the tasks of every Space', async () => {
  const there = await t.account({ username: 'there', admin: true, space: t.other })
  const id = await startTask(t, there, { kind: 'account_import', space: t.other })
  const browser = await signedIn(boss)
  expect(words(await browser.open('/admin/tasks'))).toContain('sip.other.org')
  expect((await browser.open(`/admin/tasks/${id}`)).status).toBe(200)
})

test('a task says what becomes of how many accounts, in both languages, and of which list', async () => {
  const browser = await signedIn(boss)
  const called = async (input: Record<string, unknown>, total: number | null) => {
    const path = `/admin/tasks/${await startTask(t, boss, { kind: 'account_bulk', input, total })}`
    const french = await browser.open(path, { headers: { 'accept-language': 'fr' } })
    const list = await browser.open('/admin/tasks')
    return [list, french].map(({ text }) => /<a href="\/admin\/tasks\/\d+">([^<]*)</.exec(text)?.[1] ?? titleIn(text))
  }
  const titleIn = (text: string) => /<h1[^>]*>([^<]*)/.exec(text)?.[1]
  expect(await called({ action: 'block' }, 2)).toEqual(['Block 2 accounts', 'Bloquer 2 comptes'])
  expect(await called({ action: 'delete' }, 1)).toEqual(['Delete 1 account', 'Supprimer 1 compte'])
  expect(await called({ action: 'mail' }, 1200)).toEqual([
    'Send 1,200 set-up links',
    'Envoyer 1\u202f200 liens de configuration',
  ])
  expect(await called({ action: 'activate' }, 1_000_000)).toEqual([
    'Activate 1,000,000 accounts',
    'Activer 1\u202f000\u202f000 comptes',
  ])
  expect(await called({ action: 'unblock' }, null)).toEqual(['Unblock many accounts', 'Débloquer de nombreux comptes'])
  expect(await called({ action: 'list', list: 7, listTitle: 'Sales' }, 3)).toEqual([
    'Add 3 accounts to the list “Sales”',
    'Ajouter 3 comptes à la liste «\u00a0Sales\u00a0»',
  ])
  // One that began before its list was written down.
  expect(await called({ action: 'list', list: 7 }, 3)).toEqual([
    'Add 3 accounts to a list',
    'Ajouter 3 comptes à une liste',
  ])
})
