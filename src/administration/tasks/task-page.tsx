import { ButtonLink } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Meter } from '../../panel/components/meter.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Note } from '../../panel/components/note.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { Table } from '../../panel/components/table.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import type { Fault, Task } from '../../tasks/tasks.ts'
import { LOOKS, titleOf } from './task-words.ts'

interface Shown {
  readonly task: Task
  readonly faults: readonly Fault[]
}

const LOOK_AGAIN_SECONDS = 3
const TONES = { done: 'good', failed: 'bad', cancelled: 'warn' } as const

/** How far a task is, what it came to, and a button that ends it. */
export const taskPage = (kit: Kit, { task, faults }: Shown): Page => {
  const { t, href, language } = kit
  const { id, status, done, total, outcome, cancelledAt, finishedAt } = task
  const look = LOOKS[status]
  const number = (value: number) => value.toLocaleString(language)
  const isOver = finishedAt !== null
  const path = `/admin/tasks/${id}`
  const reload = isOver
    ? {}
    : {
        'data-hx-get': href(path),
        'data-hx-trigger': 'every 1s',
        'data-hx-select': '#task',
        'data-hx-swap': 'outerHTML',
      }
  return {
    title: titleOf(kit, task),
    above: [[t('tasks.title'), '/admin/tasks']],
    cards: true,
    ...(isOver ? {} : { lookAgainSeconds: LOOK_AGAIN_SECONDS }),
    children: (
      <div class="stack" id="task" {...reload}>
        <Card
          title={t('tasks.progress')}
          aside={
            <Chip tone={look.tone} icon={look.icon}>
              {t(look.label)}
            </Chip>
          }
        >
          <Meter
            label={t('tasks.steps')}
            text={total === null ? number(done) : t('tasks.of', { done: number(done), total: number(total) })}
            value={isOver && status === 'done' && total === null ? 1 : done}
            max={isOver && total === null ? 1 : total}
          />
          {outcome === null ? null : (
            <Note
              tone={isOver ? TONES[status as keyof typeof TONES] : 'warn'}
              role="status"
              actions={
                isOver && outcome.go !== undefined ? (
                  <ButtonLink to={outcome.go.to}>{t(outcome.go.label)}</ButtonLink>
                ) : undefined
              }
            >
              {t(outcome.message.id, outcome.message.values)}
            </Note>
          )}
          {isOver || status === 'undoing' ? null : cancelledAt !== null ? (
            <p class="muted">{t('tasks.cancelling')}</p>
          ) : (
            <>
              <p class="muted">{t('tasks.leave')}</p>
              <Action to={`${path}/cancel`} icon="x">
                {t('tasks.cancel')}
              </Action>
            </>
          )}
        </Card>
        {faults.length === 0 ? null : (
          <Card title={t('tasks.faults')} aside={<span class="muted">{number(task.faults)}</span>} flush>
            <Table
              caption={t('tasks.faults')}
              rows={faults}
              columns={[
                { label: t('tasks.subject'), place: 'main', cell: ({ subject }) => subject },
                { label: t('tasks.reason'), place: 'sub', cell: ({ message }) => t(message.id, message.values) },
              ]}
            />
          </Card>
        )}
        <Card title={t('tasks.about')}>
          <Facts>
            {[
              [t('tasks.started_by'), task.startedBy],
              [t('tasks.space'), task.domain],
              [t('tasks.started'), <Moment at={task.createdAt} />],
              finishedAt !== null && [t('tasks.ended'), <Moment at={finishedAt} />],
            ]}
          </Facts>
        </Card>
      </div>
    ),
  }
}
