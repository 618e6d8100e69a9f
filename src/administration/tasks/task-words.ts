import type { TaskStatus } from '../../db/tables.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { IconName } from '../../panel/components/icons.ts'
import type { Translate } from '../../panel/kit.tsx'
import type { Task } from '../../tasks/tasks.ts'

/** What a task does, in the words of its kind. */
export const titleOf = (t: Translate, { kind, total }: Pick<Task, 'kind' | 'total'>): string =>
  t(`tasks.kind_${kind}` as MessageId, { count: total ?? 0 })

interface Look {
  readonly label: MessageId
  readonly icon: IconName
  readonly tone?: 'good' | 'warn' | 'bad' | 'accent'
}

export const LOOKS: Readonly<Record<TaskStatus, Look>> = {
  waiting: { label: 'tasks.waiting', icon: 'pending' },
  running: { label: 'tasks.running', icon: 'activity', tone: 'accent' },
  undoing: { label: 'tasks.undoing', icon: 'activity', tone: 'warn' },
  done: { label: 'tasks.done', icon: 'pass', tone: 'good' },
  failed: { label: 'tasks.failed', icon: 'fail', tone: 'bad' },
  cancelled: { label: 'tasks.was_cancelled', icon: 'minus' },
}
