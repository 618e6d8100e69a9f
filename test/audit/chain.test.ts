import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { asc, eq, gt, inArray } from 'drizzle-orm'
import { auditChain } from '../../src/audit/chain.ts'
import { actorCommitment, stumpSignature } from '../../src/audit/entry.ts'
import { auditRetention } from '../../src/audit/retention.ts'
import { secrets } from '../../src/secrets.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

const DAY_MS = 86_400_000

let t: TestApp
let admin: TestAccount
beforeEach(async () => {
  t = await testApp({
    env: {
      APP_API_KEY_EXPIRATION_MINUTES: '0',
      AUDIT_RETENTION_DAYS: '90',
      AUDIT_RETENTION_SPACES: 'sip.other.org=30',
      AUDIT_ERASE: 'true',
    },
  })
  admin = await t.account({ username: 'ann', admin: true })
})
afterEach(() => t.close())

/** A row about an account of the Space. */
const write = (name: string, space = t.main, id = 7) =>
  t.db.transaction((tx) =>
    t.parts.audit.record(tx, 'account.updated', {
      by: null,
      space,
      about: { id, username: name, domain: space.domain },
      changed: { admin: [false, true] },
    }),
  )
const writeSome = async (count: number) => {
  for (let n = 1; n <= count; n++) await write(`user${n}`)
  await t.parts.auditChain.seal()
}
const rows = () => {
  const { auditLog } = t.db.tables
  return t.db.read.select().from(auditLog).orderBy(asc(auditLog.position))
}
const broken = async () => (await t.parts.auditVerification.verify()).broken

/** What somebody does who can write to the database, past the server. */
const tamper = (
  work: (
    tables: typeof t.db.tables,
  ) => (tx: Parameters<Parameters<typeof t.db.transaction>[0]>[0]) => PromiseLike<unknown>,
) =>
  t.db.transaction(async (tx) => {
    await work(t.db.tables)(tx)
  })

describe('verifying the audit log', () => {
  test('finds nothing wrong with one that nobody touched, and says where it ends', async () => {
    await writeSome(5)
    const { position, hash, rows: looked, broken: found } = await t.parts.auditVerification.verify()
    expect([position, looked, found]).toEqual([5, 5, null])
    expect((await t.parts.auditVerification.verify({ position, hash })).broken).toBeNull()
  })

  test('names the row that was changed: by its values, its actor, its time', async () => {
    await writeSome(5)
    const changes = [
      { changes: '{"admin":[true,false]}' },
      { actorName: 'somebody@else.org' },
      { subjectName: null },
      { at: new Date(0) },
    ]
    const before = await rows()
    for (const change of changes) {
      await tamper(
        ({ auditLog }) =>
          (tx) =>
            tx.update(auditLog).set(change).where(eq(auditLog.position, 3)),
      )
      expect(await broken()).toEqual({ position: 3, why: 'changed' })
      const { id, ...was } = before[2] ?? { id: 0 }
      await tamper(
        ({ auditLog }) =>
          (tx) =>
            tx.update(auditLog).set(was).where(eq(auditLog.id, id)),
      )
      expect(await broken()).toBeNull()
    }
  })

  test('names the place where a row is missing, also the first one', async () => {
    await writeSome(5)
    await tamper(
      ({ auditLog }) =>
        (tx) =>
          tx.delete(auditLog).where(eq(auditLog.position, 4)),
    )
    expect(await broken()).toEqual({ position: 4, why: 'missing' })
    await tamper(
      ({ auditLog }) =>
        (tx) =>
          tx.delete(auditLog).where(eq(auditLog.position, 1)),
    )
    expect(await broken()).toEqual({ position: 1, why: 'missing' })
  })

  test('names the first of two rows that changed places, even with their hashes', async () => {
    await writeSome(5)
    const [, two, three] = await rows()
    if (two === undefined || three === undefined) throw new Error('no rows')
    const { id: idOfTwo, ...second } = two
    const { id: idOfThree, ...third } = three
    await tamper(({ auditLog }) => async (tx) => {
      await tx
        .update(auditLog)
        .set({ position: null })
        .where(inArray(auditLog.id, [idOfTwo, idOfThree]))
      await tx
        .update(auditLog)
        .set({ ...third, position: 2 })
        .where(eq(auditLog.id, idOfTwo))
      await tx
        .update(auditLog)
        .set({ ...second, position: 3 })
        .where(eq(auditLog.id, idOfThree))
    })
    expect(await broken()).toEqual({ position: 2, why: 'misplaced' })
  })

  test('finds a row that somebody has added, before the beginning, beside the chain or at its end', async () => {
    await writeSome(3)
    const [first] = await rows()
    for (const [position, why] of [
      [0, 'stray'],
      [-1, 'stray'],
      [null, t.db.hasOneWriter ? 'stray' : 'changed'],
    ] as const) {
      const { id: _, ...row } = { ...first, position } as NonNullable<typeof first>
      await tamper(
        ({ auditLog }) =>
          (tx) =>
            tx.insert(auditLog).values({ ...row, actorName: 'bob@sip.example.org' }),
      )
      expect([position, (await broken())?.why]).toEqual([position, why])
      await tamper(
        ({ auditLog }) =>
          (tx) =>
            tx.delete(auditLog).where(eq(auditLog.actorName, 'bob@sip.example.org')),
      )
    }
    const { id: _, ...row } = { ...first, position: 5 } as NonNullable<typeof first>
    await tamper(
      ({ auditLog }) =>
        (tx) =>
          tx.insert(auditLog).values(row),
    )
    expect(await broken()).not.toBeNull()
  })

  test('notices that the end was cut off, with or without its signature', async () => {
    await writeSome(5)
    await tamper(
      ({ auditLog }) =>
        (tx) =>
          tx.delete(auditLog).where(gt(auditLog.position, 3)),
    )
    expect(await broken()).toEqual({ position: 4, why: 'cut off' })
    const hash = (await rows())[2]?.hash ?? ''
    await tamper(
      ({ auditHeads }) =>
        (tx) =>
          tx.update(auditHeads).set({ position: 3, hash }),
    )
    expect(await broken()).toEqual({ position: 4, why: 'cut off' })
    await tamper(
      ({ auditHeads }) =>
        (tx) =>
          tx.delete(auditHeads),
    )
    expect(await broken()).toEqual({ position: 4, why: 'cut off' })
    await write('another')
    await t.parts.auditChain.seal()
    expect((await broken())?.why).toBe('cut off')
    expect(t.logged('the end of the audit log is not as it was signed')).toHaveLength(1)
  })

  test('knows from an end that was written down elsewhere that a whole log was replaced by an older one', async () => {
    await writeSome(2)
    const { position, hash } = await t.parts.auditVerification.verify()
    const [head] = await t.db.read.select().from(t.db.tables.auditHeads)
    await writeSome(3)
    const later = await t.parts.auditVerification.verify()
    await tamper(({ auditLog, auditHeads }) => async (tx) => {
      await tx.delete(auditLog).where(gt(auditLog.position, position))
      await tx.update(auditHeads).set({ hash, position, signature: head?.signature ?? '' })
    })
    expect(await broken()).toBeNull()
    expect((await t.parts.auditVerification.verify(later)).broken).toEqual({ position: 5, why: 'cut off' })
  })

  test('a row that is changed before it has its place is found out where rows wait for theirs', async () => {
    if (t.db.hasOneWriter) return
    await write('early')
    await tamper(
      ({ auditLog }) =>
        (tx) =>
          tx.update(auditLog).set({ changes: '{"admin":[true,false]}' }),
    )
    expect(await broken()).toEqual({ position: 1, why: 'changed' })
    expect(t.logged('a row of the audit log was changed')).toHaveLength(1)
  })

  test('what two processes write at once is one chain', async () => {
    const second = t.database.reopen()
    const other = auditChain({ ...t.parts, db: second, log: t.world.log, now: t.world.now })
    await Promise.all([
      ...Array.from({ length: 30 }, (_, n) => write(`user${n}`)),
      other.seal(),
      t.parts.auditChain.seal(),
    ])
    await Promise.all([other.seal(), t.parts.auditChain.seal()])
    expect(await t.parts.auditVerification.verify()).toMatchObject({ position: 30, broken: null })
    await second.close()
  })
})

describe('age', () => {
  const cut = async () => {
    await t.parts.auditChain.seal()
    return t.parts.auditRetention.cut()
  }

  test('takes each Space’s rows by its own days, and the chain holds over what went', async () => {
    await write('old-main')
    await write('old-other', t.other)
    await write('old-main-too')
    t.later(40 * DAY_MS)
    await write('young', t.other)
    expect(await cut()).toBe(1)
    await t.parts.auditChain.seal()
    expect((await rows()).map(({ subjectName }) => subjectName?.split('@')[0])).toEqual([
      'old-main',
      'old-main-too',
      'young',
      undefined,
    ])
    expect(await broken()).toBeNull()
    t.later(60 * DAY_MS)
    await write('new')
    expect(await cut()).toBe(3)
    expect(await broken()).toBeNull()
    // Neighbours are one stump.
    expect(await t.db.read.select().from(t.db.tables.auditStumps)).toMatchObject([
      { firstPosition: 1, lastPosition: 4 },
    ])
  })

  test('leaves stumps that are signed anew once APP_KEY was changed: they stay longer than any key', async () => {
    await writeSome(3)
    t.later(100 * DAY_MS)
    await cut()
    const changed = secrets(new Uint8Array(32).fill(7), t.world.random, [t.world.appKey])
    const { db, parts, world } = t
    await auditRetention({ ...parts, db, config: world.config, now: world.now, secrets: changed }).cut()
    const stumps = await db.read.select().from(db.tables.auditStumps)
    expect(stumps.map(({ signature }) => signature)).toEqual(
      stumps.map((stump) => stumpSignature(changed.keyFor('audit log'), stump)),
    )
    expect(stumps).toHaveLength(1)
  })

  test('is no excuse for whoever removes rows: nobody else can sign a stump', async () => {
    await writeSome(4)
    const [one, two] = await rows()
    await tamper(({ auditLog, auditStumps }) => async (tx) => {
      await tx.delete(auditLog).where(eq(auditLog.position, 2))
      const stretch = { firstPosition: 2, lastPosition: 2, previousHash: one?.hash ?? '', hash: two?.hash ?? '' }
      await tx.insert(auditStumps).values({ ...stretch, signature: 'x'.repeat(43), cutAt: t.clock.now })
    })
    expect(await broken()).toEqual({ position: 2, why: 'missing' })
  })

  test('does not take the trace of whoever changed a row', async () => {
    await writeSome(3)
    await tamper(
      ({ auditLog }) =>
        (tx) =>
          tx.update(auditLog).set({ detail: '{"reason":"none"}' }).where(eq(auditLog.position, 2)),
    )
    t.later(100 * DAY_MS)
    await expect(cut()).rejects.toThrow('broken at 2')
    expect(await rows()).toHaveLength(3)
  })
})

describe('an account that is erased', () => {
  const create = async (username: string) =>
    (
      await t.post('/api/accounts', {
        as: admin,
        body: { username, password: 'correct-horse', algorithm: 'SHA-256', activated: true },
      })
    ).json.id

  test('keeps its number in its rows, where no name, key or address is left, and the chain holds', async () => {
    const bob = await t.account({ username: 'bobby' })
    await t.post('/api/accounts/me/password', {
      as: bob,
      address: '192.0.2.99',
      body: { old_password: bob.password, password: 'another-horse', algorithm: 'SHA-256' },
    })
    await t.post(`/api/accounts/${bob.id}/block`, { as: admin })
    await t.delete(`/api/accounts/${bob.id}`, { as: admin })
    expect(await t.parts.auditErasure.eraseDeleted()).toBe(1)
    const all = await rows()
    expect(JSON.stringify(all)).not.toContain('bobby')
    expect(JSON.stringify(all)).not.toContain('192.0.2.99')
    expect(all.filter(({ subjectId }) => subjectId === String(bob.id)).map(({ action }) => action)).toEqual([
      'account.password',
      'account.blocked',
      'account.deleted',
      'audit.erased',
    ])
    expect(all.find(({ action }) => action === 'account.password')).toMatchObject({
      actorId: bob.id,
      actorName: null,
      actorSalt: null,
    })
    // Whoever did it to them is still named.
    expect(all.find(({ action }) => action === 'account.blocked')).toMatchObject({
      actorName: 'ann@sip.example.org',
      subjectName: null,
    })
    expect(await broken()).toBeNull()
    expect(await t.parts.auditErasure.eraseDeleted()).toBe(0)
  })

  test('is one that we erased: nobody else takes a person out of a row', async () => {
    await create('robert')
    await t.parts.auditChain.seal()
    const [row] = await rows()
    if (row === undefined) throw new Error('no row')
    const actorDigest = actorCommitment(row)
    const empty = { actorName: null, actorKey: null, address: null, actorSalt: null }
    await tamper(
      ({ auditLog }) =>
        (tx) =>
          tx
            .update(auditLog)
            .set({ ...empty, actorDigest })
            .where(eq(auditLog.id, row.id)),
    )
    expect(await broken()).toEqual({ position: 1, why: 'erased' })
  })
})

describe('GET /api/audit_log', () => {
  const asked = async (query: string, as = admin, host = 'localhost') => {
    const reply = await t.get(`/api/audit_log${query}`, { as, host })
    expect(reply.status).toBe(200)
    return reply.json
  }

  test('is for administrators, who see their own Space, and no other by asking for it', async () => {
    const user = await t.account()
    const theirs = await t.account({ username: 'olga', space: t.other, admin: true })
    await write('ours')
    await write('theirs', t.other)
    const host = t.other.host
    expect((await t.get('/api/audit_log')).status).toBe(401)
    expect((await t.get('/api/audit_log', { as: user })).status).toBe(403)
    expect((await asked('', theirs, host)).data.map((row: { subject: { name: string } }) => row.subject.name)).toEqual([
      'theirs@sip.other.org',
    ])
    expect((await t.get('/api/audit_log?domain=sip.example.org', { as: theirs, host })).status).toBe(404)
    expect((await asked('')).data).toHaveLength(2)
    expect((await asked('?domain=sip.other.org')).data).toHaveLength(1)
  })

  test('narrows by actor, subject, action and time, and refuses what it does not know', async () => {
    const made = await t.post('/api/accounts', {
      as: admin,
      body: { username: 'robert', password: 'correct-horse', algorithm: 'SHA-256' },
    })
    t.later(DAY_MS)
    await write('other')
    const names = async (query: string) => (await asked(query)).data.map(({ action }: { action: string }) => action)
    expect(await names(`?actor=${admin.id}`)).toEqual(['account.created'])
    expect(await names('?actor=ann@sip.example.org')).toEqual(['account.created'])
    expect(await names(`?subject=${made.json.id}`)).toEqual(['account.created'])
    expect(await names('?subject=robert@sip.example.org')).toEqual(['account.created'])
    expect(await names('?action=account.updated')).toEqual(['account.updated'])
    expect(await names('?since=2026-06-02')).toEqual(['account.updated'])
    expect(await names('?until=2026-06-01')).toEqual(['account.created'])
    for (const query of ['action=unknown', 'since=yesterday', 'before=5']) {
      expect([query, (await t.get(`/api/audit_log?${query}`, { as: admin })).status]).toEqual([query, 422])
    }
  })

  test('goes on by key: what is written meanwhile moves nothing', async () => {
    for (let n = 0; n < 60; n++) await write(`user${n}`)
    const first = await asked('')
    expect(first.data).toHaveLength(50)
    await write('meanwhile')
    const second = await asked(`?before=${first.next}`)
    expect(second.data.map(({ subject }: { subject: { name: string } }) => subject.name.split('@')[0])).toEqual(
      Array.from({ length: 10 }, (_, n) => `user${9 - n}`),
    )
    expect(second.next).toBeNull()
  })
})
