import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { outcomes, times } from '../support/at-once.ts'
import { testFolder } from '../support/folder.ts'
import { picture } from '../support/picture.ts'
import { DAY_MS } from '../support/time.ts'
import { form, wav } from '../support/voice.ts'
import { receiver, WITH_LOCAL_WEBHOOKS, webhookOf } from '../support/webhooks.ts'

// A Space goes in two steps: it is closed, and a week later it is deleted (behaviour/spaces.md §8).

let t: TestApp
let folder: string
let root: TestAccount
let boss: TestAccount

beforeEach(async () => {
  folder = mkdtempSync(join(testFolder, 'deletion-'))
  t = await testApp({ env: { ...WITH_LOCAL_WEBHOOKS, DATA_DIR: folder, APP_API_KEY_EXPIRATION_MINUTES: '0' } })
  root = await t.account({ username: 'root', admin: true })
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
})
afterEach(async () => {
  await t.close()
  rmSync(folder, { recursive: true, force: true })
})

const PATH = '/api/spaces/sip.other.org/deletion'
const close = (as = root) => t.post(PATH, { as })
const keep = (as = root) => t.delete(PATH, { as })
const purge = (signal?: AbortSignal) => t.parts.spaceAdministration.purge({ signal })
const domains = async () => (await t.parts.spaceAdministration.list()).map(({ domain }) => domain)
const accountsThere = async () =>
  (await t.db.read.select().from(t.db.tables.accounts)).filter(({ domain }) => domain === 'sip.other.org').length
const auditOf = async (action: string) =>
  (await t.db.read.select().from(t.db.tables.auditLog)).filter((row) => row.action === action)

describe('is refused', () => {
  test('to everybody but super administrators, and of a Space that is not there', async () => {
    const before = await t.snapshot()
    for (const method of ['POST', 'DELETE'] as const) {
      expect((await t.send(method, PATH)).status).toBe(401)
      expect((await t.send(method, PATH, { as: boss, host: 'other.localhost' })).status).toBe(403)
      expect((await t.send(method, '/api/spaces/sip.nowhere.org/deletion', { as: root })).status).toBe(404)
      expect((await t.send(method, '/api/spaces/other.localhost/deletion', { as: root })).status).toBe(404)
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('for one’s own Space, and for the last one whose administrators are super', async () => {
    const before = await t.snapshot()
    const own = await t.post('/api/spaces/sip.example.org/deletion', { as: root })
    expect([own.status, own.json.message]).toEqual([403, 'A space cannot be deleted by its own administrators.'])
    const last = t.parts.spaceAdministration.close(null, null, 'sip.example.org')
    expect(await last.catch(({ code, text }) => [code, text.id])).toEqual(['forbidden', 'space.last_super'])
    expect(await t.snapshot()).toBe(before)
  })

  test('accounts are, in a Space that is closed', async () => {
    const body = { username: 'late.comer', domain: 'sip.other.org', password: 'correct-horse', algorithm: 'SHA-256' }
    const create = () => t.post('/api/accounts', { as: root, body })
    await close()
    const before = await t.snapshot()
    const refused = await create()
    expect([refused.status, refused.json.message]).toEqual([
      409,
      'This Space is going to be deleted, so nothing is created in it. Undo its deletion first.',
    ])
    expect(await t.snapshot()).toBe(before)
    await keep()
    expect((await create()).status).toBe(200)
  })

  test('two super Spaces that close each other at once leave one', async () => {
    const second = await t.space({ domain: 'sip.second.org', host: 'second.localhost', super: true })
    const theirs = await t.account({ space: second, admin: true })
    const replies = await Promise.all([
      t.post('/api/spaces/sip.second.org/deletion', { as: root }),
      t.post('/api/spaces/sip.example.org/deletion', { as: theirs, host: 'second.localhost' }),
    ])
    expect(outcomes(replies)).toEqual({ 200: 1, 403: 1 })
  })

  test('and a super Space that is closed keeps nobody from being the last', async () => {
    const second = await t.space({ domain: 'sip.second.org', host: 'second.localhost', super: true })
    await t.account({ space: second, admin: true })
    expect((await t.post('/api/spaces/sip.second.org/deletion', { as: root })).status).toBe(200)
    const { domain, host, name } = t.main
    const demoted = t.parts.spaceAdministration.upsert({ domain, host, name, super: false })
    expect(await demoted.catch(({ code }) => code)).toBe('forbidden')
    expect((await t.post(`/api/accounts/${root.id}/block`, { as: root })).status).toBe(403)
  })
})

describe('a Space that is closed', () => {
  test('lets nobody in: no page, no request, no phone, no sign-in; super administrators see it and its end', async () => {
    const user = await t.account({ username: 'alice01', space: t.other })
    const there = { host: 'other.localhost' }
    const closed = await close()
    expect([closed.status, closed.json.purge_at]).toEqual([200, '2026-06-08T12:00:00.000000Z'])
    for (const path of ['/', '/login', '/provisioning', '/api/accounts/me', '/api/ping']) {
      expect([path, (await t.get(path, { ...there, as: user })).status]).toEqual([path, 403])
    }
    expect((await t.digest(user, 'GET', '/api/accounts/me', there)).status).toBe(403)
    expect((await t.post('/api/account_creation_request_tokens', there)).status).toBe(403)
    expect((await t.get('/api/spaces/sip.other.org', { as: root })).json.purge_at).toBe('2026-06-08T12:00:00.000000Z')
    expect((await t.get(`/api/accounts/${user.id}`, { as: root })).status).toBe(404)
    expect(await domains()).toContain('sip.other.org')
  })

  test('keeps the day of its end, however often it is closed, and hears of no other end', async () => {
    await close()
    t.later(DAY_MS)
    expect((await close()).json.purge_at).toBe('2026-06-08T12:00:00.000000Z')
    expect((await auditOf('space.closed')).length).toBe(1)
    const end = new Date('2026-06-03T00:00:00Z')
    await t.db.transaction((tx) =>
      tx.update(t.db.tables.spaces).set({ expireAt: end }).where(eq(t.db.tables.spaces.id, t.other.id)),
    )
    expect(await t.parts.expiryNotices.send([1], { previous: null })).toBe(0)
  })

  test('is told to webhooks of super Spaces, and stands in the audit log with who did it', async () => {
    const ours = await receiver()
    await webhookOf(t, t.main, ours.url)
    await close()
    await keep()
    const waiting = (await t.messages()).filter(({ channel }) => channel === 'webhook')
    expect(waiting.map(({ kind }) => kind)).toEqual(['space.updated', 'space.updated'])
    const [row] = await auditOf('space.closed')
    expect([row?.actorName, row?.spaceId]).toEqual(['root@sip.example.org', t.other.id])
    expect((await auditOf('space.reopened')).length).toBe(1)
    await ours.close()
  })

  test('is as it was once somebody undoes it, also on its last day', async () => {
    const user = await t.account({ username: 'alice01', space: t.other })
    const read = async () => {
      const { updated_at: _, ...space } = (await t.get('/api/spaces/sip.other.org', { as: root })).json
      return space
    }
    const before = await read()
    await close()
    t.later(7 * DAY_MS - 1000)
    expect(await purge()).toBe(0)
    const kept = await keep()
    expect([kept.status, kept.json.purge_at]).toEqual([200, null])
    expect(await read()).toEqual(before)
    expect((await t.get('/api/accounts/me', { as: user, host: 'other.localhost' })).status).toBe(200)
    t.later(8 * DAY_MS)
    expect(await purge()).toBe(0)
    expect((await keep()).status).toBe(200)
  })
})

describe('a week later', () => {
  const kept = () =>
    existsSync(join(folder, 'files'))
      ? readdirSync(join(folder, 'files'), { recursive: true, encoding: 'utf8' }).filter((name) =>
          /[0-9a-f]{12}$/.test(name),
        )
      : []

  test('it is gone with all that was in it, and nothing of anybody else', async () => {
    const user = await t.account({ username: 'alice01', email: 'alice@example.org', space: t.other })
    const there = { as: boss, host: 'other.localhost' }
    const slot = await t.post(`/api/accounts/${user.id}/voicemails`, { ...there, body: { content_type: 'audio/wav' } })
    expect((await t.post(`/api/files/${slot.json.id}`, { ...there, ...form(wav()) })).status).toBe(200)
    await t.post('/api/contacts_lists', { ...there, body: { title: 'Sales', description: '' } })
    await t.parts.branding.setLogo(null, 'sip.other.org', picture())
    await webhookOf(t, t.other, 'http://127.0.0.1:9/hook')
    await webhookOf(t, t.main, 'http://127.0.0.1:9/hook')
    expect(kept().length).toBe(1)
    const others = await t.db.read
      .select()
      .from(t.db.tables.accounts)
      .where(eq(t.db.tables.accounts.domain, t.main.domain))

    await close()
    t.later(7 * DAY_MS)
    expect(await purge()).toBe(1)
    expect(await domains()).toEqual(['sip.example.org'])
    expect(await accountsThere()).toBe(0)
    expect(await t.db.read.select().from(t.db.tables.contactsLists)).toEqual([])
    expect((await t.db.read.select().from(t.db.tables.webhooks)).map(({ spaceId }) => spaceId)).toEqual([t.main.id])
    expect(existsSync(join(folder, 'public', String(t.other.id)))).toBe(false)
    await t.parts.voicemails.removeDisowned()
    expect([kept(), await t.db.read.select().from(t.db.tables.voicemails)]).toEqual([[], []])
    expect(
      await t.db.read.select().from(t.db.tables.accounts).where(eq(t.db.tables.accounts.domain, t.main.domain)),
    ).toEqual(others)
    const events = (await t.messages()).filter(({ channel }) => channel === 'webhook').map(({ kind }) => kind)
    expect(events.at(-1)).toBe('space.deleted')
    expect((await auditOf('space.deleted'))[0]).toMatchObject({ way: 'job', actorName: 'space-deletion' })
    // Its domain and its address are free again.
    const again = { name: 'Again', domain: 'sip.other.org', host: 'other.localhost' }
    expect((await t.post('/api/spaces', { as: root, body: again })).status).toBe(201)
  })

  test('what broke off is done again from there, and cannot be kept meanwhile', async () => {
    await times(180, () => t.account({ space: t.other }))
    await close()
    t.later(7 * DAY_MS)
    const stopping = new AbortController()
    const broken = purge(stopping.signal).then(
      () => 'ended',
      () => 'broken off',
    )
    while ((await accountsThere()) > 150) await Bun.sleep(0)
    stopping.abort(new Error('the process stops'))
    expect(await broken).toBe('broken off')
    const left = await accountsThere()
    expect(left).toBeGreaterThan(0)
    const late = await keep()
    expect([late.status, late.json.message]).toEqual([409, 'This Space is being deleted: it cannot be kept any more.'])
    // Whatever the clock says now.
    t.clock.now = new Date('2026-06-01T12:00:00Z')
    expect((await keep()).status).toBe(409)
    t.later(7 * DAY_MS)
    expect(await purge()).toBe(1)
    expect([await accountsThere(), await domains()]).toEqual([0, ['sip.example.org']])
  })

  test('undoing it at the moment when it begins is one or the other, and never half', async () => {
    await times(60, () => t.account({ space: t.other }))
    await close()
    t.later(7 * DAY_MS)
    const [purged, kept] = await Promise.all([purge(), keep()])
    if (kept.status === 200) {
      expect([purged, await accountsThere(), await domains()]).toEqual([0, 61, ['sip.example.org', 'sip.other.org']])
    } else {
      expect([404, 409]).toContain(kept.status)
      expect([purged, await accountsThere()]).toEqual([1, 0])
    }
  })

  test('others are answered all the while', async () => {
    await times(200, () => t.account({ space: t.other }))
    await close()
    t.later(7 * DAY_MS)
    let running = true
    const purging = purge().finally(() => {
      running = false
    })
    let answered = 0
    while (running) {
      expect((await t.get('/api/accounts/me', { as: root })).status).toBe(200)
      answered += 1
      await Bun.sleep(0)
    }
    expect(await purging).toBe(1)
    expect(answered).toBeGreaterThan(5)
  })
})

describe('deleting at once', () => {
  test('goes on after the process was killed meanwhile, by itself', async () => {
    await times(120, () => t.account({ space: t.other }))
    const { transaction } = t.db
    // The process dies: no transaction commits any more.
    let commits = 0
    t.db.transaction = ((work: never) => {
      commits += 1
      return commits > 2 ? Promise.reject(new Error('killed')) : transaction(work)
    }) as typeof transaction
    const reply = await t.delete('/api/spaces/sip.other.org', { as: root })
    t.db.transaction = transaction
    expect(reply.status).toBe(500)
    expect(await accountsThere()).toBeGreaterThan(0)
    expect((await t.get('/login', { host: 'other.localhost' })).status).toBe(403)
    expect((await keep()).status).toBe(409)
    expect(await purge()).toBe(1)
    expect([await accountsThere(), await domains()]).toEqual([0, ['sip.example.org']])
  })

  test('is what DELETE does with a Space that is closed, too', async () => {
    await close()
    const gone = await t.delete('/api/spaces/sip.other.org', { as: root })
    expect([gone.status, gone.text, await domains()]).toEqual([200, '1', ['sip.example.org']])
  })
})
