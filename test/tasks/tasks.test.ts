import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { AppError } from '../../src/errors.ts'
import { everySpace } from '../../src/nouns/space.ts'
import type { Visit } from '../../src/nouns/visit.ts'
import type { TaskKind, Work } from '../../src/tasks/runner.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { startTask, worker } from '../support/tasks.ts'

// Long work as rows (behaviour/operations.md §5).

let t: TestApp
let boss: TestAccount

beforeEach(async () => {
  t = await testApp()
  boss = await t.account({ username: 'boss', admin: true })
})
afterEach(() => t.close())

const ALL = everySpace('housekeeping')
const BY = { address: '192.0.2.7', userAgent: 'test', id: 'request-2', isPage: true, caller: null } as unknown as Visit
const one = (id: number) => t.parts.tasks.one(ALL, id)

interface Counted extends Record<string, unknown> {
  readonly at: number
}

/** Adds one dictionary entry of the administrator a step, and takes them out again where it may. */
const counting = (options: {
  steps: number
  canUndo?: boolean
  before?: (work: Work<Record<string, unknown>, Counted>, at: number) => Promise<void>
}): TaskKind<Record<string, unknown>, Counted> => {
  const { steps, canUndo = false, before = async () => {} } = options
  const write = async (work: Work<Record<string, unknown>, Counted>, change: 1 | -1) => {
    const at = work.cursor?.at ?? 0
    const next = at + change
    await t.db.transaction(async (tx) => {
      if (change === 1) await t.parts.dictionary.set(tx, boss.id, { [`entry${at}`]: 'made' })
      else await tx.delete(t.db.tables.accountDictionaryEntries).where(undefined)
      const isOver = change === 1 ? next === steps : true
      const done = change === 1 ? 1 : -at
      await work.keep(tx, {
        cursor: { at: next },
        done,
        total: steps,
        isOver,
        ...(change === 1 && isOver ? { outcome: { message: { id: 'tasks.done' as const } } } : {}),
      })
    })
    return { cursor: { at: next }, done: change }
  }
  return {
    kind: 'account_import',
    step: async (work) => {
      await before(work, work.cursor?.at ?? 0)
      return write(work, 1)
    },
    ...(canUndo ? { undo: (work) => write(work, -1) } : {}),
  }
}

const entries = async () => (await t.db.read.select().from(t.db.tables.accountDictionaryEntries)).length

describe('a task', () => {
  test('is done step by step, and says how far it is and what it came to', async () => {
    const id = await startTask(t, boss, { kind: 'account_import', total: 3 })
    expect(await one(id)).toMatchObject({ status: 'waiting', done: 0, total: 3, startedBy: 'boss@sip.example.org' })
    await worker(t, [counting({ steps: 3 })]).settle()
    expect(await one(id)).toMatchObject({
      status: 'done',
      done: 3,
      total: 3,
      outcome: { message: { id: 'tasks.done' } },
    })
    expect(await entries()).toBe(3)
  })

  test('of a process that was killed is resumed by another at its last step, and no step happens twice', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    // Dies in its third step, and never comes back.
    const dying = worker(t, [
      counting({ steps: 5, before: (_, at) => (at === 2 ? new Promise(() => {}) : Promise.resolve()) }),
    ])
    dying.look()
    while ((await one(id)).done < 2) await Bun.sleep(1)
    const other = worker(t, [counting({ steps: 5 })])
    await other.settle()
    expect((await one(id)).done).toBe(2)
    t.later(31_000)
    await other.settle()
    expect(await one(id)).toMatchObject({ status: 'done', done: 5 })
    expect(await entries()).toBe(5)
  })

  test('that was given to another process is not written by the first one any more', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    let goOn = () => {}
    const slow = worker(t, [
      counting({
        steps: 2,
        before: (_, at) =>
          at === 0
            ? new Promise((resolve) => {
                goOn = resolve
              })
            : Promise.resolve(),
      }),
    ])
    slow.look()
    while ((await one(id)).status !== 'running') await Bun.sleep(1)
    t.later(31_000)
    await worker(t, [counting({ steps: 2 })]).settle()
    goOn()
    await slow.settle()
    expect(await one(id)).toMatchObject({ status: 'done', done: 2 })
    expect(await entries()).toBe(2)
  })

  test('that is cancelled is taken back where it can be', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    const cancelling = counting({
      steps: 5,
      canUndo: true,
      before: async (_, at) => {
        if (at === 2) await t.parts.tasks.cancel(BY, ALL, id)
      },
    })
    await worker(t, [cancelling]).settle()
    expect(await one(id)).toMatchObject({
      status: 'cancelled',
      done: 0,
      outcome: { message: { id: 'tasks.cancelled' } },
    })
    expect(await entries()).toBe(0)
    const again = t.parts.tasks.cancel(BY, ALL, id)
    await expect(again).rejects.toMatchObject({ code: 'conflict', message: 'tasks.over' })
  })

  test('that nobody has begun is over as soon as it is cancelled', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    expect(await t.parts.tasks.cancel(BY, ALL, id)).toMatchObject({ status: 'cancelled' })
    await worker(t, [counting({ steps: 1 })]).settle()
    expect(await entries()).toBe(0)
  })

  test('that meets a refusal fails with its words, and is taken back', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    const refused = counting({
      steps: 5,
      canUndo: true,
      before: async (_, at) => {
        if (at === 3) throw new AppError('forbidden', 'account.no_room')
      },
    })
    await worker(t, [refused]).settle()
    expect(await one(id)).toMatchObject({ status: 'failed', outcome: { message: { id: 'account.no_room' } } })
    expect(await entries()).toBe(0)
  })

  test('that breaks off is tried again after a while, and fails after five times in a row', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    let tries = 0
    const broken = worker(t, [
      counting({
        steps: 2,
        before: async () => {
          tries += 1
          throw new Error('no such thing')
        },
      }),
    ])
    await broken.settle()
    expect([tries, (await one(id)).status]).toEqual([1, 'running'])
    await broken.settle()
    expect(tries).toBe(1)
    for (let round = 0; round < 4; round++) {
      t.later(60_000)
      await broken.settle()
    }
    expect([tries, (await one(id)).status]).toEqual([5, 'failed'])
    expect(t.logged('no such thing').length).toBeGreaterThan(0)
  })

  test('of somebody who is no administrator any more goes no further', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    await t.account({ username: 'other', admin: true })
    await t.parts.administrators.set('boss@sip.example.org', false)
    await worker(t, [counting({ steps: 1 })]).settle()
    expect(await one(id)).toMatchObject({ status: 'failed', outcome: { message: { id: 'tasks.no_right' } } })
    expect(await entries()).toBe(0)
  })

  test('of an administrator in a Space that is not theirs goes no further', async () => {
    const there = await t.account({ username: 'boss', admin: true, space: t.other })
    const id = await startTask(t, there, { kind: 'account_import', space: t.main })
    await worker(t, [counting({ steps: 1 })]).settle()
    expect(await one(id)).toMatchObject({ status: 'failed', outcome: { message: { id: 'tasks.no_right' } } })
  })

  test('keeps the first thousand of what could not be done, and counts all', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    const faulty: TaskKind = {
      kind: 'account_import',
      step: async ({ cursor }) => ({
        cursor: { at: 1 },
        done: 700,
        faults: Array.from({ length: 700 }, (_, i) => ({ subject: `line ${i}`, message: { id: 'v.taken' as const } })),
        isOver: cursor !== null,
      }),
    }
    await worker(t, [faulty]).settle()
    expect((await one(id)).faults).toBe(1400)
    expect((await t.parts.tasks.faults(id, 5000)).length).toBe(1000)
  })

  test('waits for the one before it in its Space, and for none of another', async () => {
    const there = await t.account({ username: 'boss', admin: true, space: t.other })
    const first = await startTask(t, boss, { kind: 'account_import' })
    const second = await startTask(t, boss, { kind: 'account_import' })
    const elsewhere = await startTask(t, there, { kind: 'account_import', space: t.other })
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const process = worker(t, [
      {
        kind: 'account_import',
        step: async ({ task }) => {
          if (task === first) await held
          return { cursor: {}, done: 1, isOver: true }
        },
      },
    ])
    process.look()
    while ((await one(elsewhere)).status !== 'done') await Bun.sleep(1)
    process.look()
    await Bun.sleep(10)
    expect([(await one(first)).status, (await one(second)).status]).toEqual(['running', 'waiting'])
    goOn()
    await process.settle()
    expect([(await one(first)).status, (await one(second)).status]).toEqual(['done', 'done'])
  })

  test('that is over is cleared after a week, with what could not be done', async () => {
    const id = await startTask(t, boss, { kind: 'account_import' })
    const faulty: TaskKind = {
      kind: 'account_import',
      step: async () => ({
        cursor: {},
        done: 1,
        faults: [{ subject: 'line 1', message: { id: 'v.taken' as const } }],
        isOver: true,
      }),
    }
    await worker(t, [faulty]).settle()
    t.later(6 * 86_400_000)
    expect(await t.parts.tasks.clear()).toBe(0)
    t.later(2 * 86_400_000)
    expect(await t.parts.tasks.clear()).toBe(1)
    await expect(one(id)).rejects.toMatchObject({ code: 'not_found' })
    expect(await t.parts.tasks.faults(id, 10)).toEqual([])
  })
})

describe('over REST', () => {
  test('an administrator reads and cancels a task of the Space, and nobody else does', async () => {
    const somebody = await t.account({})
    const there = await t.account({ username: 'boss', admin: true, space: t.other })
    const id = await startTask(t, boss, { kind: 'account_import', total: 10 })
    const path = `/api/tasks/${id}`
    expect((await t.get(path)).status).toBe(401)
    expect((await t.get(path, { as: somebody })).status).toBe(403)
    expect((await t.get(path, { as: there, host: t.other.host })).status).toBe(404)
    expect((await t.delete(path, { as: there, host: t.other.host })).status).toBe(404)
    expect((await t.get(path, { as: boss })).json).toMatchObject({
      id,
      status: 'waiting',
      done: 0,
      total: 10,
      faults: [],
    })
    expect((await t.delete(path, { as: boss })).json).toMatchObject({
      status: 'cancelled',
      message: 'The task was cancelled.',
    })
    expect((await t.delete(path, { as: boss })).status).toBe(409)
  })
})
