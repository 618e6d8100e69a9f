import type { Caller } from '../../src/nouns/caller.ts'
import type { Space } from '../../src/nouns/space.ts'
import type { Visit } from '../../src/nouns/visit.ts'
import { type AnyTaskKind, type TaskRunner, taskRunner } from '../../src/tasks/runner.ts'
import type { TestAccount, TestApp } from './app.ts'

/** A process that works at tasks: those of the features unless it is told others. */
export const worker = (t: TestApp, kinds: readonly AnyTaskKind[] = t.parts.taskKinds): TaskRunner =>
  taskRunner({
    ...t.parts,
    callers: t.parts.administrators,
    kinds,
    pause: async () => {},
  })

/** Starts a task as somebody would by a request. */
export const startTask = async (
  t: TestApp,
  who: TestAccount,
  wanted: { kind: string; input?: Record<string, unknown>; total?: number | null; space?: Space },
): Promise<number> => {
  const space = wanted.space ?? t.main
  const home = (await t.parts.spaces.byDomain(who.domain)) as Space
  const role = home.super ? 'super' : 'admin'
  const caller: Caller = { ...who, activated: true, space: home, role, via: 'session', key: null }
  const visit = {
    space,
    caller,
    address: '192.0.2.7',
    network: '192.0.2.7',
    userAgent: 'test',
    language: 'en',
    id: 'request-1',
    isPage: true,
  } as Visit
  const { kind, input = {}, total = null } = wanted
  return t.db.transaction((tx) => t.parts.tasks.start(tx, visit, caller, { kind, input, total }))
}
