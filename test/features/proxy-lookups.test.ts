import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { form, wav } from '../support/voice.ts'

// What a Flexisip asks (compatibility.md §2.6): `resolve` before each call, `search`.

let t: TestApp
let root: TestAccount
let carol: TestAccount
beforeEach(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
  carol = await t.account({ space: t.other, username: 'carol' })
})
afterEach(() => t.close())

const ask = async (address: string, as: TestAccount, host = 'localhost') => {
  const found = await t.get(`/api/accounts/${address}/search`, { as, host })
  const resolved = await t.get(`/api/resolve/${address}`, { as, host })
  return [found.status, found.json?.id, resolved.status, resolved.json?.payload?.id]
}
const found = ({ id }: TestAccount) => [200, id, 200, id]
const UNKNOWN = [404, undefined, 404, undefined]

describe('an account of another Space', () => {
  test('is unknown to an administrator of that other Space’s neighbour, as one that nobody has', async () => {
    const space = await t.space({ domain: 'sip.third.org', host: 'third.localhost' })
    const admin = await t.account({ space, admin: true })
    const replies = []
    for (const address of ['carol@sip.other.org', 'nobody@sip.other.org', 'carol@sip.nowhere.org']) {
      expect(await ask(address, admin, space.host)).toEqual(UNKNOWN)
      replies.push((await t.get(`/api/resolve/${address}`, { as: admin, host: space.host })).text)
    }
    expect(new Set(replies).size).toBe(1)
  })

  test('is unknown to a super administrator who comes without a key', async () => {
    const headers = { cookie: await t.cookie(root) }
    expect((await t.get('/api/resolve/carol@sip.other.org', { headers })).status).not.toBe(200)
    expect((await t.digest(root, 'GET', '/api/resolve/carol@sip.other.org')).status).toBe(404)
  })

  test('is unknown once its Space has expired', async () => {
    await t.space({ domain: 'sip.late.org', host: 'late.localhost', expireAt: new Date('2026-05-31T00:00:00.000Z') })
    expect(await ask('nobody@sip.late.org', root)).toEqual(UNKNOWN)
    const { spaces } = t.db.tables
    const expired = { expireAt: new Date('2026-06-01T00:00:00.000Z') }
    await t.db.transaction((tx) => tx.update(spaces).set(expired).where(eq(spaces.domain, 'sip.other.org')))
    t.parts.spaces.forget()
    expect(await ask('carol@sip.other.org', root)).toEqual(UNKNOWN)
  })

  test('is found by the key of a super administrator, whatever host it asks', async () => {
    expect(await ask('carol@sip.other.org', root)).toEqual(found(carol))
    expect(await ask('sip:carol@sip.other.org', root)).toEqual(found(carol))
    expect(await ask('nobody@sip.other.org', root)).toEqual(UNKNOWN)
    expect(await ask('carol@sip.nowhere.org', root)).toEqual(UNKNOWN)
    expect((await t.get('/api/resolve/carol@sip.other.org', { as: root })).json.payload.domain).toBe('sip.other.org')
    // Everything else goes on asking the Space of its host.
    expect((await t.get(`/api/accounts/${carol.id}`, { as: root })).status).toBe(404)
    expect((await t.get('/api/accounts/carol@sip.other.org/info', { as: root })).status).toBe(404)
  })
})

test('a user name is found in whatever case', async () => {
  const admin = await t.account({ space: t.other, admin: true })
  for (const address of ['CAROL@sip.other.org', 'Carol@SIP.OTHER.ORG', 'sip:cArOl@sip.other.org']) {
    expect([address, await ask(address, admin, t.other.host)]).toEqual([address, found(carol)])
    expect(await ask(address, root)).toEqual(found(carol))
  }
})

test('a proxy leaves voicemails and wakes phones past the limit of requests; nobody else passes it', async () => {
  const busy = await testApp({ env: { API_RATE_LIMIT_PER_MINUTE: '2' }, push: { send: async () => {} } })
  try {
    const flexisip = await busy.account({ username: 'flexisip', admin: true })
    const alice = await busy.account({ username: 'alice', email: 'alice@example.org' })
    const push = { pn_provider: 'fcm', pn_prid: 'x', type: 'call' }
    for (let left = 0; left < 3; left += 1) {
      const body = { content_type: 'audio/wav' }
      const slot = await busy.post(`/api/accounts/${alice.id}/voicemails`, { as: flexisip, body })
      const filled = await busy.post(`/api/files/${slot.json.id}`, { as: flexisip, ...form(wav(1)) })
      const woken = await busy.post('/api/push_notification', { as: flexisip, body: push })
      expect([slot.status, filled.status, woken.status]).toEqual([201, 200, 200])
    }
    const asked = []
    for (let left = 0; left < 3; left += 1) {
      asked.push((await busy.post('/api/push_notification', { as: alice, body: push })).status)
    }
    expect(asked).toEqual([200, 200, 429])
  } finally {
    await busy.close()
  }
})

test('a proxy asks as often as calls come, past the limit of requests; nobody else passes it', async () => {
  const busy = await testApp({ env: { API_RATE_LIMIT_PER_MINUTE: '2' } })
  try {
    const flexisip = await busy.account({ username: 'flexisip', admin: true })
    const alice = await busy.account({ username: 'alice' })
    const paths = ['/api/resolve/alice@sip.example.org', '/api/accounts/alice@sip.example.org/search']
    for (const path of [...paths, ...paths]) expect((await busy.get(path, { as: flexisip })).status).toBe(200)
    const asked = []
    for (const path of [...paths, ...paths]) asked.push((await busy.get(path, { as: alice })).status)
    expect(asked).toEqual([403, 403, 429, 429])
  } finally {
    await busy.close()
  }
})

describe('what a proxy is told of an account', () => {
  const told = async () => {
    const { payload } = (await t.get(`/api/resolve/carol@${carol.domain}`, { as: root })).json
    expect((await t.get(`/api/accounts/carol@${carol.domain}/search`, { as: root })).json).toEqual(payload)
    const { call_forwardings, ...account } = payload
    const own = (await t.get('/api/accounts/me', { as: carol, host: t.other.host })).json
    return { account, own, call_forwardings }
  }
  const write = (table: 'accountTypes' | 'accountAccountType' | 'accountActions', row: object) =>
    t.db.transaction((tx) => tx.insert(t.db.tables[table]).values(row as never))
  const at = { createdAt: new Date('2026-06-01T12:00:00.000Z'), updatedAt: new Date('2026-06-01T12:00:00.000Z') }

  test('is what the account is told of itself, with nothing beside it', async () => {
    const { account, own, call_forwardings } = await told()
    expect([account, call_forwardings]).toEqual([own, []])
    expect(account).toMatchObject({ dictionary: {}, types: [], actions: [], carddav_servers: [] })
  })

  test('is the same with a provisioning token, types, actions, a dictionary, a pending address', async () => {
    const { accounts } = t.db.tables
    const changes: [string, () => Promise<unknown>, object][] = [
      [
        'a provisioning token',
        () => t.post(`/api/accounts/${carol.id}/provision`, { as: root, host: t.other.host }),
        { provisioning_token: expect.any(String) },
      ],
      [
        'a type',
        async () => {
          await write('accountTypes', { id: 7, spaceId: t.other.id, key: 'phone', ...at })
          await write('accountAccountType', { accountId: carol.id, accountTypeId: 7 })
        },
        { types: [{ id: 7, key: 'phone' }] },
      ],
      [
        'actions',
        async () => {
          const dtmf = { dtmfProtocol: 'sipinfo' as const }
          await t.db.transaction((tx) => tx.update(accounts).set(dtmf).where(eq(accounts.id, carol.id)))
          await write('accountActions', { id: 9, accountId: carol.id, key: 'door', code: '12', ...at })
        },
        { actions: [{ id: 9, key: 'door', code: '12' }] },
      ],
      [
        'a dictionary',
        async () => {
          const admin = await t.account({ space: t.other, admin: true })
          const path = `/api/accounts/${carol.id}/dictionary/colour`
          await t.post(path, { as: admin, host: t.other.host, body: { value: 'blue' } })
        },
        { dictionary: { colour: 'blue' } },
      ],
      [
        'an address that waits for its code',
        async () => {
          const pending = { accountId: carol.id, email: 'carol@example.org', hash: 'x', code: 'sealed', ...at }
          await t.db.transaction((tx) => tx.insert(t.db.tables.emailChangeCodes).values(pending))
        },
        { email_change_code: expect.objectContaining({ email: 'carol@example.org' }) },
      ],
    ]
    for (const [what, change, members] of changes) {
      await change()
      const { account, own, call_forwardings } = await told()
      expect([what, account, call_forwardings]).toEqual([what, own, []])
      expect([what, account]).toMatchObject([what, members])
    }
  })
})
