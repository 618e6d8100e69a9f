import type { Audit } from '../audit/audit.ts'
import type { Db, Tx } from '../db/db.ts'
import { type Pace, sweep } from '../db/sweep.ts'
import { AppError } from '../errors.ts'
import type { Message } from '../messages/messages.ts'
import type { Caller } from '../nouns/caller.ts'
import type { Scope } from '../nouns/space.ts'
import type { Members, Visit } from '../nouns/visit.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { type Fault, type TaskRow, taskStore } from './store.ts'

export type { Fault } from './store.ts'

/** How long a task that is over can be looked at. */
const KEPT_DAYS = 7
const DAY_MS = 86_400_000

/** What a task has that is shown. */
export type Task = TaskRow & { readonly domain: string }

/** What somebody wants to have done. */
export interface Wanted {
  /** The name of one of the kinds that the runner knows (`runner.ts`). */
  readonly kind: string
  /** Plain JSON, and no secrets: it is kept as it is. */
  readonly input: Members
  /** How many steps, accounts, lines there are; null: that turns out on the way. */
  readonly total: number | null
}

export interface TaskPage {
  readonly total: number
  readonly tasks: readonly Task[]
}

/**
 * Work that takes longer than a request, as rows: started in the transaction of whoever wants it, done step by step by
 * one process at a time (`runner.ts`), looked at and cancelled meanwhile.
 */
export const tasks = ({ db, audit, now }: { db: Db; audit: Audit; now: () => Date }) => {
  const store = taskStore(db)
  let nudge = () => {}

  const one = async (scope: Scope, id: number): Promise<Task> => {
    const found = await store.one(db.read, scope, id)
    if (found === null) throw new AppError('not_found', 'tasks.unknown')
    return found
  }

  return {
    /** Resolves to its id. It belongs to the Space of the visit, and is done in the name of the caller. */
    start: async (tx: Tx, visit: Visit, caller: Caller, { kind, input, total }: Wanted): Promise<number> => {
      const at = now()
      const id = await store.add(tx, {
        spaceId: visit.space.id,
        accountId: caller.id,
        startedBy: addressOfRecord(caller),
        origin: {
          address: visit.address,
          network: visit.network,
          userAgent: visit.userAgent,
          language: visit.language,
          request: visit.id,
          via: caller.via,
          isPage: visit.isPage,
        },
        kind,
        input,
        total,
        notBefore: at,
        createdAt: at,
        updatedAt: at,
      })
      const about = { kind: 'task', id, name: kind } as const
      await audit.record(tx, 'task.started', {
        by: visit,
        space: visit.space,
        about,
        detail: { count: total ?? undefined },
      })
      nudge()
      return id
    },
    onStarted: (listener: () => void): void => {
      nudge = listener
    },
    one,
    list: async (scope: Scope, page: number, perPage: number): Promise<TaskPage> => ({
      total: await store.count(db.read, scope),
      tasks: await store.page(db.read, scope, (page - 1) * perPage, perPage),
    }),
    /** The first of what could not be done. */
    faults: (id: number, most: number): Promise<Fault[]> => store.faults(db.read, id, most),
    /** It stops after its step, and what can be taken back is. Refuses, with `conflict`, one that is over. */
    cancel: async (visit: Visit, scope: Scope, id: number): Promise<Task> => {
      const { spaceId, domain, kind } = await one(scope, id)
      const message: Message = { id: 'tasks.cancelled' }
      const asked = await db.transaction(async (tx) => {
        if (!(await store.cancel(tx, id, now(), { message }))) return false
        const about = { kind: 'task', id, name: kind } as const
        await audit.record(tx, 'task.cancelled', { by: visit, space: { id: spaceId, domain }, about })
        return true
      })
      const task = await one(scope, id)
      if (!asked && task.finishedAt !== null) throw new AppError('conflict', 'tasks.over')
      nudge()
      return task
    },
    /** Removes what has been over for a week; resolves to how many tasks. */
    clear: async (pace: Pace = {}): Promise<number> => {
      const before = new Date(now().getTime() - KEPT_DAYS * DAY_MS)
      await sweep(db, store.oldFaults(before), pace)
      return sweep(db, store.old(before), pace)
    },
  }
}

export type Tasks = ReturnType<typeof tasks>
