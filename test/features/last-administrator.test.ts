import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Nobody may lock everybody out (D52), refusals first.

let t: TestApp
let admin: TestAccount
beforeEach(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterEach(() => t.close())

const body = (who: TestAccount, more: object) => ({ username: who.username, algorithm: 'MD5', ...more })

/** Every way to take an administrator's rights over REST, as `by` would do it. */
const ways = (who: TestAccount, by: TestAccount, host = 'localhost') => {
  const call = { as: by, host }
  const put = (more: object) => () => t.put(`/api/accounts/${who.id}`, { ...call, body: body(who, more) })
  return {
    delete: () => t.delete(`/api/accounts/${who.id}`, call),
    block: () => t.post(`/api/accounts/${who.id}/block`, call),
    deactivate: () => t.post(`/api/accounts/${who.id}/deactivate`, call),
    'deactivate as in 2021': () => t.get(`/api/accounts/${who.id}/deactivate`, call),
    'PUT that demotes': put({ admin: false }),
    'PUT that blocks': put({ blocked: true }),
    'PUT that deactivates': put({ activated: false }),
    'PUT that moves away': put({ domain: t.other.domain, password: 'battery-staple' }),
  }
}

const refusedAll = async (all: Readonly<Record<string, () => Promise<{ status: number; json: unknown }>>>) => {
  const before = await t.snapshot()
  for (const [name, act] of Object.entries(all)) {
    const { status, json } = await act()
    expect([name, status, json]).toEqual([name, 403, { message: expect.any(String) }])
  }
  expect(await t.snapshot()).toBe(before)
}

describe('the last super administrator', () => {
  test('cannot delete, demote, block, switch off or move itself away', async () => {
    await refusedAll({
      ...ways(admin, admin),
      'DELETE me': () => t.delete('/api/accounts/me', { as: admin }),
    })
    expect((await t.digest(admin, 'GET', '/api/accounts')).status).toBe(200)
  })

  test('is not who is only called an administrator: blocked, switched off or never confirmed', async () => {
    await t.account({ admin: true, blocked: true })
    await t.account({ admin: true, activated: false })
    const off = await t.account({ admin: true })
    expect((await t.post(`/api/accounts/${off.id}/deactivate`, { as: admin })).status).toBe(200)
    await t.account({ admin: true, space: t.other })
    const left = ways(admin, admin)
    await refusedAll({
      delete: left.delete,
      deactivate: left.deactivate,
      'PUT that moves away': left['PUT that moves away'],
    })
  })

  test('keeps its rights on the command line', async () => {
    const before = await t.snapshot()
    const demoting = t.parts.administrators.set('admin@sip.example.org', false)
    expect(await demoting.catch((error: { messageId?: string; code: string }) => error.code)).toBe('forbidden')
    expect(await t.snapshot()).toBe(before)
    await t.account({ username: 'second', admin: true })
    expect((await t.parts.administrators.set('admin@sip.example.org', false)).username).toBe('admin')
  })

  test('is one of the other two when they demote, block, switch off or delete each other at the same time', async () => {
    for (const way of ['PUT that demotes', 'block', 'deactivate', 'delete', 'PUT that moves away'] as const) {
      await t.close()
      t = await testApp()
      const [one, other] = [await t.account({ admin: true }), await t.account({ admin: true })]
      const replies = await Promise.all([ways(one, other)[way](), ways(other, one)[way]()])
      const statuses = replies.map(({ status }) => status)
      expect([way, statuses.filter((status) => status === 200)]).toEqual([way, [200]])
      const left = (await t.db.read.select().from(t.db.tables.accounts)).filter(
        (row) => row.admin && row.activated && !row.blocked && row.domain === t.main.domain,
      )
      expect([way, left.length]).toEqual([way, 1])
    }
  })

  test('the same across two super Spaces', async () => {
    const second = await t.space({ domain: 'sip.super.org', host: 'super.localhost', super: true })
    const there = await t.account({ space: second, admin: true })
    const replies = await Promise.all([
      ways(admin, there, 'localhost').deactivate(),
      ways(there, admin, second.host).deactivate(),
    ])
    expect(replies.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1)
    const left = (await t.db.read.select().from(t.db.tables.accounts)).filter((row) => row.activated)
    expect(left).toHaveLength(1)
  })

  test('may go once there is another, in whatever super Space', async () => {
    const second = await t.space({ domain: 'sip.super.org', host: 'super.localhost', super: true })
    const there = await t.account({ space: second, admin: true })
    expect((await ways(admin, there)['PUT that demotes']()).status).toBe(200)
    expect((await t.get('/api/spaces', { as: there, host: second.host })).status).toBe(200)
  })

  test('keeps its Space a super Space, and the Space itself', async () => {
    const second = await t.space({ domain: 'sip.super.org', host: 'super.localhost', super: true })
    const named = { domain: 'sip.example.org', host: 'localhost', name: 'Example', super: false }
    const refused = await t.parts.spaceAdministration.upsert(named).catch((error: { code: string }) => error.code)
    expect(refused).toBe('forbidden')
    const there = await t.account({ space: second, admin: true })
    await t.post(`/api/accounts/${there.id}/deactivate`, { as: admin, host: second.host })
    expect((await t.get('/api/spaces', { as: admin })).json.length).toBe(3)
    expect((await t.delete(`/api/spaces/${second.domain}`, { as: admin })).status).toBe(200)
  })
})

describe('the last administrator of a Space', () => {
  test('cannot go by itself', async () => {
    const boss = await t.account({ space: t.other, admin: true })
    await t.account({ space: t.other, admin: true, activated: false })
    const { host } = t.other
    await refusedAll({
      ...Object.fromEntries(Object.entries(ways(boss, boss, host)).filter(([name]) => name !== 'PUT that moves away')),
      'DELETE me': () => t.delete('/api/accounts/me', { as: boss, host }),
    })
  })

  test('is removed by a super administrator, and one of two may go', async () => {
    const [boss, second] = [
      await t.account({ space: t.other, admin: true }),
      await t.account({ space: t.other, admin: true }),
    ]
    const { host } = t.other
    expect((await t.delete('/api/accounts/me', { as: second, host })).status).toBe(200)
    expect((await ways(boss, admin, host).deactivate()).status).toBe(200)
    expect((await ways(boss, admin, host).delete()).status).toBe(200)
  })

  test('stays when two leave at the same time', async () => {
    const two = [await t.account({ space: t.other, admin: true }), await t.account({ space: t.other, admin: true })]
    const { host } = t.other
    const replies = await Promise.all(two.map((who) => t.delete('/api/accounts/me', { as: who, host })))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 403])
  })
})
