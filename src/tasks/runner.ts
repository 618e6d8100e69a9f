import { AsyncLocalStorage } from 'node:async_hooks'
import type { Config } from '../config/config.ts'
import { spaceOrigin } from '../config/links.ts'
import type { Db, Tx } from '../db/db.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'
import type { Message } from '../messages/messages.ts'
import { type Caller, mayActAs } from '../nouns/caller.ts'
import type { Space } from '../nouns/space.ts'
import type { Members, Visit } from '../nouns/visit.ts'
import { type Fault, type TaskRow, taskStore } from './store.ts'
import { taskVisit } from './task-visit.ts'
import type { Tasks } from './tasks.ts'

const SECOND_MS = 1000
/** A crashed process's tasks are free again after this; each step of a living one renews it. */
const LEASE_MS = 30 * SECOND_MS
const RENEW_EVERY_MS = 10 * SECOND_MS
/** How often to look when nobody nudged: for tasks of other processes and for those that were broken off. */
const LOOK_EVERY_MS = 2 * SECOND_MS
/** After a nudge, which comes from inside the transaction that starts the task: it may take a while to end. */
const LOOK_AFTER_MS = [5, 50, 500]
/** Tasks at once, each of another Space. */
const MOST_AT_ONCE = 4
/** After each step others have half of the time that it took, at most so long. */
const LONGEST_PAUSE_MS = 50
/** Steps in a row that may break off before the task counts as failed, and the longest wait between them. */
const MOST_FAILURES = 5
const LONGEST_WAIT_MS = 60 * SECOND_MS
/** Of one task are kept. */
const MOST_FAULTS = 1000
const DRAIN_MS = 7 * SECOND_MS

/** What a step has done. */
export interface Step<Cursor extends Members = Members> {
  /** Where the next one goes on. */
  readonly cursor: Cursor
  /** How many more are done; negative for what was taken back. */
  readonly done: number
  /** How many there are, as far as it turns out now. */
  readonly total?: number
  readonly faults?: readonly Fault[]
  /** The task is over. Taking back ends with it, too; its `outcome` then stands for the reason, if there is one. */
  readonly isOver?: boolean
  readonly outcome?: TaskRow['outcome']
}

/** What a step is told. */
export interface Work<Input extends Members = Members, Cursor extends Members = Members> {
  /** null: it is done at once, by whoever wants it. */
  readonly task: number | null
  /** That of whoever started the task, in the Space of the task, with their rights as they are now. */
  readonly visit: Visit
  readonly input: Input
  /** null: the first step. */
  readonly cursor: Cursor | null
  /**
   * Writes the step in the transaction of its work: both happen, or neither, and a process that has lost the task is
   * refused. Without it the step is written afterwards: after a crash it happens again.
   */
  keep(tx: Tx, step: Step<Cursor>): Promise<void>
}

/** A kind of task. Steps are short, a few milliseconds of the database's time each: all others wait meanwhile. */
export interface TaskKind<Input extends Members = Members, Cursor extends Members = Members> {
  readonly kind: string
  /** What it does; an `AppError` ends the task with its message, everything else is tried again. */
  step(work: Work<Input, Cursor> & { readonly caller: Caller }): Promise<Step<Cursor>>
  /** Takes back, step by step, what was done, where the task is cancelled or fails; absent: that stays. */
  undo?(work: Work<Input, Cursor>): Promise<Step<Cursor>>
}

// biome-ignore lint/suspicious/noExplicitAny: each kind knows its own input
export type AnyTaskKind = TaskKind<any, any>

interface Deps {
  readonly config: Config
  readonly db: Db
  readonly log: Logging
  readonly now: () => Date
  readonly tasks: Tasks
  readonly spaces: { byId(id: number): Promise<Space | null> }
  /** Administrators as they are now; null: not any more. */
  readonly callers: { administrator(id: number, via: Caller['via']): Promise<Caller | null> }
  readonly kinds: readonly AnyTaskKind[]
  readonly pause?: (ms: number) => Promise<unknown>
}

/** Somebody else has the task. */
class Lost extends Error {}

/**
 * Does tasks step by step. A task is one process's at a time; one that a process left behind, dead or alive, goes on at
 * its last step in whichever process looks next.
 */
export const taskRunner = (deps: Deps) => {
  const { config, db, log, now, tasks, spaces, callers, pause = Bun.sleep } = deps
  const store = taskStore(db)
  const kinds = new Map(deps.kinds.map((kind) => [kind.kind, kind]))
  const running = new Map<number, TaskRow>()
  const timers = new Set<ReturnType<typeof setInterval>>()
  let looking: Promise<void> | null = null
  let lookAgain = false
  let isStopped = false

  const until = () => new Date(now().getTime() + LEASE_MS)

  const change = async (tx: Tx, row: TaskRow, changes: Parameters<typeof store.change>[2]): Promise<TaskRow> => {
    const at = now()
    const leasedUntil = changes.leasedUntil === null || changes.finishedAt != null ? null : until()
    const changed = await store.change(tx, row, { ...changes, leasedUntil, updatedAt: at })
    if (changed === null) throw new Lost()
    return changed
  }

  const endOf = ({ status, cancelledAt, outcome }: TaskRow, step: Step): Partial<TaskRow> => {
    const wasFailing = status === 'undoing' && cancelledAt === null
    const ended = status === 'undoing' ? (wasFailing ? 'failed' : 'cancelled') : 'done'
    return { status: ended, finishedAt: now(), outcome: step.outcome ?? outcome }
  }

  const write = async (tx: Tx, row: TaskRow, step: Step): Promise<TaskRow> => {
    const { cursor, done, total = row.total, faults = [], isOver = false } = step
    await store.addFaults(tx, row.id, faults.slice(0, Math.max(0, MOST_FAULTS - row.faults)))
    return change(tx, row, {
      cursor,
      done: row.done + done,
      total,
      faults: row.faults + faults.length,
      failures: 0,
      ...(isOver ? endOf(row, step) : {}),
    })
  }

  /** From now on it is taken back; where nothing can be, it is over. */
  const turn = async (row: TaskRow, message: Message): Promise<TaskRow> => {
    const outcome = { message }
    const canUndo = kinds.get(row.kind)?.undo !== undefined && row.cursor !== null
    const turned: TaskRow = { ...row, status: 'undoing', outcome }
    return db.transaction((tx) =>
      change(tx, row, canUndo ? { status: 'undoing', outcome, failures: 0 } : endOf(turned, { cursor: {}, done: 0 })),
    )
  }

  const perform = async (row: TaskRow, kind: TaskKind): Promise<TaskRow> => {
    const { accountId, origin, spaceId, input, cursor } = row
    const space = await spaces.byId(spaceId)
    // With the Space goes the task.
    if (space === null) throw new Lost()
    const caller = accountId === null ? null : await callers.administrator(accountId, origin.via)
    let kept: TaskRow | null = null
    const work: Work = {
      task: row.id,
      visit: taskVisit(row, space, caller, (host) => spaceOrigin(config, host)),
      input,
      cursor,
      keep: async (tx, step) => {
        kept = await write(tx, row, step)
      },
    }
    if (row.status === 'undoing') {
      const step = (await kind.undo?.(work)) ?? { cursor: {}, done: 0, isOver: true }
      return kept ?? db.transaction((tx) => write(tx, row, step))
    }
    const mayGoOn = caller !== null && (caller.space.id === space.id || mayActAs(caller, 'super'))
    if (!mayGoOn) throw new AppError('forbidden', 'tasks.no_right')
    const step = await kind.step({ ...work, caller })
    return kept ?? db.transaction((tx) => write(tx, row, step))
  }

  /** Broken off by our bug or an outage: tried again after a while, and taken back in the end. */
  const afterFailure = async (row: TaskRow, error: unknown): Promise<TaskRow> => {
    const failures = row.failures + 1
    log.app.error('a task was broken off', { task: row.id, kind: row.kind, failures, error })
    if (row.status !== 'undoing' && failures >= MOST_FAILURES) return turn(row, { id: 'tasks.broken' })
    const wait = Math.min(LONGEST_WAIT_MS, SECOND_MS * 2 ** failures)
    const notBefore = new Date(now().getTime() + wait)
    return db.transaction((tx) => change(tx, row, { failures, notBefore, leasedUntil: null }))
  }

  const advance = async (row: TaskRow): Promise<TaskRow> => {
    if (row.cancelledAt !== null && row.status !== 'undoing') return turn(row, { id: 'tasks.cancelled' })
    const kind = kinds.get(row.kind)
    if (kind === undefined) return turn(row, { id: 'tasks.broken' })
    try {
      return await perform(row, kind)
    } catch (error) {
      if (error instanceof Lost) throw error
      // Whoever takes something back has no way out.
      if (error instanceof AppError && row.status !== 'undoing') return turn(row, error.text)
      return afterFailure(row, error)
    }
  }

  const begin = (row: TaskRow) =>
    row.status === 'waiting' ? db.transaction((tx) => change(tx, row, { status: 'running' })) : row

  /** Until it is over, or put off, or this process stops. */
  const work = async (taken: TaskRow): Promise<void> => {
    let row = await begin(taken)
    running.set(row.id, row)
    while (row.finishedAt === null && row.leasedUntil !== null && !isStopped) {
      const started = performance.now()
      row = await advance(row)
      running.set(row.id, row)
      await pause(Math.min(LONGEST_PAUSE_MS, (performance.now() - started) / 2))
    }
    if (row.finishedAt !== null) {
      const { id: task, kind, status, done, faults } = row
      log.app.info('a task is over', { task, kind, status, done, faults })
    } else if (row.leasedUntil !== null) {
      await db.transaction((tx) => change(tx, row, { leasedUntil: null }))
    }
  }

  const run = (row: TaskRow): void => {
    running.set(row.id, row)
    work(row)
      .catch((error) => {
        if (error instanceof Lost) log.app.warn('another process has taken over a task', { task: row.id })
        // The lease ends, and somebody tries again.
        else log.app.error('a task cannot be written', { task: row.id, error })
      })
      .finally(() => {
        running.delete(row.id)
        look()
      })
  }

  const takeDue = async (): Promise<void> => {
    do {
      lookAgain = false
      const room = MOST_AT_ONCE - running.size
      if (isStopped || room <= 0) return
      const busy = [...running.values()].map(({ spaceId }) => spaceId)
      for (const id of await store.due(db.read, now(), busy, room)) {
        const row = await db.transaction((tx) => store.take(tx, id, now(), until()))
        if (row !== null) run(row)
      }
    } while (lookAgain)
  }

  const look = (): void => {
    if (isStopped) return
    lookAgain = true
    looking ??= takeDue()
      .catch((error) => {
        lookAgain = false
        log.app.error('tasks cannot be read', { error })
      })
      .finally(() => {
        looking = null
        if (lookAgain) look()
      })
  }

  /** A step may take longer than is good. */
  const renew = async (): Promise<void> => {
    if (running.size === 0) return
    await db
      .transaction(async (tx) => {
        for (const row of running.values()) await store.change(tx, row, { leasedUntil: until() })
      })
      .catch((error) => log.app.error('leases of tasks cannot be renewed', { error }))
  }

  return {
    start: async (): Promise<void> => {
      timers.add(setInterval(look, LOOK_EVERY_MS)).add(setInterval(renew, RENEW_EVERY_MS))
      // What is started inside a transaction counts as part of it, and may begin no other.
      const outside = AsyncLocalStorage.snapshot()
      tasks.onStarted(() =>
        outside(() => {
          for (const delay of LOOK_AFTER_MS) setTimeout(look, delay)
        }),
      )
      // On SQLite nobody else works: whoever held a task is dead.
      if (db.dialect === 'sqlite') await db.transaction((tx) => store.freeAll(tx))
      look()
    },
    look,
    /** Until nothing is worked at and nothing due is left. */
    settle: async (): Promise<void> => {
      look()
      while (looking !== null || running.size > 0) await Bun.sleep(1)
    },
    /** Ends after the steps that run, and gives their tasks back: another process, or the next start, goes on. */
    stop: async (): Promise<void> => {
      for (const timer of timers) clearInterval(timer)
      tasks.onStarted(() => {})
      isStopped = true
      const deadline = performance.now() + DRAIN_MS
      while ((looking !== null || running.size > 0) && performance.now() < deadline) await Bun.sleep(5)
    },
  }
}

export type TaskRunner = ReturnType<typeof taskRunner>
