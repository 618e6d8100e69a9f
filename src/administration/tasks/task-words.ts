import type { TaskStatus } from '../../db/tables.ts'
import type { MessageId } from '../../messages/messages.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { IconName } from '../../panel/components/icons.ts'
import type { Kit } from '../../panel/kit.tsx'
import type { Task } from '../../tasks/tasks.ts'
import { actionOf } from '../accounts-list/rules.ts'

/** From here on every number has the same plural, except that French has another one for millions, which no text has. */
const MANY = 1000

/** What a task does, in the words of its kind; of several accounts, what becomes of them. */
export const titleOf = (
  { t, language }: Pick<Kit, 't' | 'language'>,
  { kind, total, input }: Pick<Task, 'kind' | 'total' | 'input'>,
): string => {
  const counted = {
    count: Math.min(total ?? MANY, MANY),
    shown: total === null ? t('tasks.many') : total.toLocaleString(language),
  }
  const action = kind === 'account_bulk' ? actionOf(input.action)?.action : undefined
  if (action === undefined) return t(`tasks.kind_${kind}` as MessageId, counted)
  const title = textOf(input.listTitle)
  if (action === 'list' && title !== '') return t('tasks.bulk_to_list', { ...counted, title })
  return t(`tasks.bulk_${action}` as MessageId, counted)
}

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
