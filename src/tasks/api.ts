import { Elysia } from 'elysia'
import type { Auth } from '../http/auth.ts'
import { choice, integer, text } from '../http/input.ts'
import { isoMoment, isoMomentOrNull } from '../http/moment.ts'
import { answers, listOf, moment, object, orNull, record, refuses } from '../http/output.ts'
import { idOf } from '../http/path.ts'
import { json } from '../http/respond.ts'
import { type Language, translate } from '../messages/messages.ts'
import type { Visit } from '../nouns/visit.ts'
import type { Fault, Task, Tasks } from './tasks.ts'

/** Of what could not be done, so much is in a reply. */
const MOST_FAULTS = 100

export const TaskSchema = record('Task', {
  id: integer(1),
  kind: text(),
  status: choice(['waiting', 'running', 'undoing', 'done', 'failed', 'cancelled']),
  done: integer(0),
  total: orNull(integer(0)),
  faults_count: integer(0),
  faults: listOf(object({ subject: text(), message: text() })),
  message: orNull(text()),
  started_by: text(),
  created_at: moment(),
  updated_at: moment(),
  finished_at: orNull(moment()),
})

export const taskWire = (language: Language, task: Task, faults: readonly Fault[]) => ({
  id: task.id,
  kind: task.kind,
  status: task.status,
  done: task.done,
  total: task.total,
  faults_count: task.faults,
  faults: faults.map(({ subject, message }) => ({ subject, message: translate(language, message) })),
  message: task.outcome === null ? null : translate(language, task.outcome.message),
  started_by: task.startedBy,
  created_at: isoMoment(task.createdAt),
  updated_at: isoMoment(task.updatedAt),
  finished_at: isoMomentOrNull(task.finishedAt),
})

/** Long work of a Space: how far it is, what it came to, and that it is not wanted any more (behaviour/operations.md §5). */
export const tasksApi = ({ auth, tasks }: { auth: Auth; tasks: Tasks }) => {
  const shown = async (visit: Visit, task: Task) =>
    json(taskWire(visit.language, task, await tasks.faults(task.id, MOST_FAULTS)))
  const wanted = ({ space }: Visit, id: string) => [{ space }, idOf(id, 'tasks.unknown')] as const
  return new Elysia({ prefix: '/api/tasks', tags: ['Tasks'] })
    .use(auth)
    .get('/:id', async ({ visit, params }) => shown(visit, await tasks.one(...wanted(visit, params.id))), {
      requires: 'admin',
      detail: {
        summary: 'Read how far a task is',
        description: `\`done\` of \`total\`, null until it is known. \`faults\` are the first ${MOST_FAULTS} of what could not be done. A task is kept for a week after its end.`,
        ...answers(TaskSchema),
      },
    })
    .delete('/:id', async ({ visit, params }) => shown(visit, await tasks.cancel(visit, ...wanted(visit, params.id))), {
      requires: 'admin',
      detail: {
        summary: 'Cancel a task',
        description: 'It stops after its step. What can be taken back is, which takes as long as it took.',
        ...answers(TaskSchema),
        ...refuses(409),
      },
    })
}
