import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { asc } from 'drizzle-orm'
import type { Change } from '../../src/audit/audit.ts'
import { linkHash, statementOf } from '../../src/audit/entry.ts'
import type { Tx } from '../../src/db/db.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let admin: TestAccount
beforeEach(async () => {
  t = await testApp()
  admin = await t.account({ username: 'ann', admin: true })
})
afterEach(() => t.close())

/** The audit log, every row in its place. */
const rows = async () => {
  await t.parts.auditChain.seal()
  const { auditLog } = t.db.tables
  return t.db.read.select().from(auditLog).orderBy(asc(auditLog.position))
}
const lines = (event: string) => t.lines.filter((line) => line.includes(`event=${event} `))

const change = (username: string, more: Partial<Change> = {}): Change => ({
  by: { job: 'test' },
  space: t.main,
  about: { id: 7, username, domain: t.main.domain },
  ...more,
})
const write = (tx: Tx, username: string) => t.parts.audit.record(tx, 'account.updated', change(username))

describe('a change', () => {
  test('that is rolled back leaves neither a row nor a line, and those beside it theirs', async () => {
    const failing = t.db.transaction(async (tx) => {
      await write(tx, 'lost')
      throw new Error('no')
    })
    const kept = ['one', 'two'].map((name) => t.db.transaction((tx) => write(tx, name)))
    await expect(failing).rejects.toThrow('no')
    await Promise.all(kept)
    expect((await rows()).map(({ subjectName }) => subjectName).sort()).toEqual([
      'one@sip.example.org',
      'two@sip.example.org',
    ])
    expect(lines('account.updated')).toHaveLength(2)
    expect(t.lines.join('')).not.toContain('lost')
  })

  test('is written down with the names of its fields, and with values only where they tell nothing', async () => {
    const changed = {
      admin: [false, true],
      email: ['a@example.org', null],
      phone: [null, null],
      blocked: [true, true],
    } as const
    await t.db.transaction((tx) => t.parts.audit.record(tx, 'account.updated', change('bob', { changed })))
    const [row] = await rows()
    expect(JSON.parse(row?.changes ?? '')).toEqual({ admin: [false, true], email: null })
    expect(lines('account.updated')[0]).toContain('fields=admin,email')
    expect(JSON.stringify(row) + t.lines.join('')).not.toContain('a@example.org')
  })

  test('of an account by an administrator names both, the way, the address, the Space and the request', async () => {
    const body = { username: 'robert', password: 'correct-horse', algorithm: 'SHA-256', activated: true }
    const made = await t.post('/api/accounts', { as: admin, body, address: '192.0.2.44' })
    await t.post(`/api/accounts/${made.json.id}/block`, { as: admin })
    const [created, blocked] = await rows()
    expect(created).toMatchObject({
      action: 'account.created',
      way: 'api',
      actorKind: 'account',
      actorId: admin.id,
      actorName: 'ann@sip.example.org',
      address: '192.0.2.44',
      spaceId: t.main.id,
      domain: 'sip.example.org',
      subjectKind: 'account',
      subjectId: String(made.json.id),
      subjectName: 'robert@sip.example.org',
    })
    expect(created?.requestId).toBeString()
    expect(blocked).toMatchObject({ action: 'account.blocked', changes: '{"blocked":[false,true]}' })
    const [line] = lines('account.created')
    expect(line).toContain('ip=192.0.2.44 space=sip.example.org account=robert@sip.example.org')
    expect(line).toContain('by=ann@sip.example.org')
    expect(line).toContain(`rid=${created?.requestId}`)
  })

  test('of an account below it says what, and which', async () => {
    const { id } = await t.account({ username: 'bob' })
    const friend = await t.account({ username: 'carol' })
    await t.post(`/api/accounts/${id}/contacts/${friend.id}`, { as: admin })
    expect((await rows())[0]).toMatchObject({
      action: 'account.updated',
      changes: '{"contacts":null}',
      detail: JSON.stringify({ object: friend.id }),
    })
  })
})

describe('the chain', () => {
  test('gives each row its position and the hash of the row before, however many write at once', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, n) => t.db.transaction((tx) => write(tx, `user${n}`))))
    await Promise.all([t.parts.auditChain.seal(), t.parts.auditChain.seal()])
    const chained = await rows()
    const key = t.parts.secrets.keyFor('audit log')
    let previous = ''
    for (const [index, row] of chained.entries()) {
      expect(row).toMatchObject({ position: index + 1, previousHash: previous })
      expect(row.hash).toBe(linkHash(key, index + 1, previous, statementOf(row)))
      previous = row.hash
    }
    expect(chained).toHaveLength(40)
    const [head] = await t.db.read.select().from(t.db.tables.auditHeads)
    expect(head).toMatchObject({ position: 40, hash: previous })
  })
})
