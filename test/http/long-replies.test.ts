import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let carol: TestAccount
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())
beforeEach(async () => {
  carol = await t.account({})
})

/** Cards of 10 kB; a dozen is more than leaves whole. */
const fill = async (count: number) => {
  const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
  const rows = Array.from({ length: count }, (_, index) => {
    const uuid = `card-${String(index).padStart(3, '0')}`
    const note = `🦊${'x'.repeat(10_000)}`
    const vcard = `BEGIN:VCARD\nVERSION:4.0\nFN:Erin\nUID:${uuid}\nNOTE:${note}\nEND:VCARD\n`
    return { accountId: carol.id, uuid, vcard, ...at }
  })
  await t.db.transaction((tx) => tx.insert(t.db.tables.vcardsStorage).values(rows).returning())
  return rows
}

const open = (path: string): Promise<Response> =>
  Promise.resolve(
    t.front.fetch(new Request(`http://localhost${path}`, { headers: { host: 'localhost', 'x-api-key': carol.key } }), {
      requestIP: () => ({ address: '192.0.2.7' }),
      port: 80,
    }),
  )

const ME = '/api/accounts/me/vcards-storage'

describe('a long list of cards', () => {
  test('arrives whole, in order, as vCards and as JSON; a HEAD knows its length', async () => {
    const rows = await fill(40)
    const cards = await t.get('/vcards-storage', { as: carol })
    expect(cards.text).toBe(rows.map(({ vcard }) => `${vcard.replaceAll('\n', '\r\n')}\r\n`).join(''))
    const head = await t.send('HEAD', '/vcards-storage', { as: carol })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(Buffer.byteLength(cards.text))])
    const list = await t.get(ME, { as: carol })
    expect(list.headers.get('content-type')).toBe('application/json')
    expect(Object.entries(list.json).map(([uuid, card]) => [uuid, (card as { vcard: string }).vcard])).toEqual(
      rows.map(({ uuid, vcard }) => [uuid, vcard]),
    )
  })

  test('is read from the database while it is taken, not before', async () => {
    await fill(40)
    const reply = await open('/vcards-storage')
    // Cards that go meanwhile are not in it any more.
    await t.db.transaction((tx) => tx.delete(t.db.tables.vcardsStorage).returning())
    const text = await reply.text()
    expect(text).toStartWith('BEGIN:VCARD')
    expect(text.length).toBeLessThan(200_000)
  })

  test('leaves once at a time for an account, whichever it is; others do not wait', async () => {
    await fill(40)
    const first = await open('/vcards-storage')
    expect(first.status).toBe(200)
    for (const path of ['/vcards-storage', ME]) {
      const second = await t.get(path, { as: carol })
      expect([second.status, second.headers.get('retry-after')]).toEqual([429, '5'])
    }
    const erin = carol
    carol = await t.account({})
    await fill(40)
    expect((await t.get('/vcards-storage', { as: carol })).status).toBe(200)
    await first.text()
    expect((await t.get('/vcards-storage', { as: erin })).status).toBe(200)
  })

  test('is given up when nobody reads it, so that a phone which lost it gets it again', async () => {
    const rows = await fill(40)
    const lost = await open('/vcards-storage')
    t.later(11 * 1000)
    const again = await t.get('/vcards-storage', { as: carol })
    expect([again.status, again.text.split('BEGIN:VCARD').length - 1]).toEqual([200, rows.length])
    expect(await lost.text().catch(() => 'cut off')).toBe('cut off')
    const dropped = await open('/vcards-storage')
    await dropped.body?.cancel()
    expect((await t.get('/vcards-storage', { as: carol })).status).toBe(200)
  })
})

test('a short list leaves whole, and as often as somebody asks', async () => {
  await fill(3)
  const replies = await Promise.all([open('/vcards-storage'), open('/vcards-storage'), open(ME)])
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
  carol = await t.account({})
  expect([(await t.get('/vcards-storage', { as: carol })).text, (await t.get(ME, { as: carol })).text]).toEqual([
    '',
    '{}',
  ])
})

test('the download of everything holds the cards, however many', async () => {
  for (const count of [0, 1, 40]) {
    carol = await t.account({})
    const rows = count === 0 ? [] : await fill(count)
    const reply = await t.get('/dashboard/data', { headers: { cookie: await t.cookie(carol) } })
    expect(reply.json.vcards).toEqual(rows.map(({ uuid, vcard }) => ({ uuid, vcard })))
  }
})
