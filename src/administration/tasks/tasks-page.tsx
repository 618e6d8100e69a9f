import { Card } from '../../panel/components/card.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { State } from '../../panel/components/state.tsx'
import { Pages, Table } from '../../panel/components/table.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import type { Page } from '../../panel/page.tsx'
import type { TaskPage } from '../../tasks/tasks.ts'
import { LOOKS, titleOf } from './task-words.ts'

export const TASKS_A_PAGE = 20

interface Facts extends TaskPage {
  readonly listing: Listing
  /** Tasks of several Spaces are shown. */
  readonly ofAllSpaces: boolean
}

/** What takes longer than a page, the newest first. */
export const tasksPage = (kit: Kit, { tasks, total, listing, ofAllSpaces }: Facts): Page => {
  const { t, href, language } = kit
  return {
    title: t('tasks.title'),
    lede: t('tasks.why'),
    count: total,
    cards: true,
    children:
      total === 0 ? (
        <Card>
          <Empty icon="activity" title={t('tasks.none')}>
            {t('tasks.none_why')}
          </Empty>
        </Card>
      ) : (
        <div class="stack">
          <Card flush>
            <Table
              caption={t('tasks.title')}
              rows={tasks}
              columns={[
                {
                  label: t('tasks.what'),
                  place: 'main',
                  cell: (task) => <a href={href(`/admin/tasks/${task.id}`)}>{titleOf(kit, task)}</a>,
                },
                {
                  label: t('tasks.status'),
                  place: 'end',
                  cell: ({ status }) => (
                    <State tone={LOOKS[status].tone} icon={LOOKS[status].icon}>
                      {t(LOOKS[status].label)}
                    </State>
                  ),
                },
                {
                  label: t('tasks.progress'),
                  place: 'wide',
                  cell: ({ done, total: all }) =>
                    all === null
                      ? done.toLocaleString(language)
                      : t('tasks.of', { done: done.toLocaleString(language), total: all.toLocaleString(language) }),
                },
                ...(ofAllSpaces
                  ? [
                      {
                        label: t('tasks.space'),
                        place: 'wide' as const,
                        cell: ({ domain }: { domain: string }) => domain,
                      },
                    ]
                  : []),
                { label: t('tasks.started_by'), place: 'sub', cell: ({ startedBy }) => startedBy },
                { label: t('tasks.started'), place: 'more', cell: ({ createdAt }) => <Moment at={createdAt} /> },
              ]}
            />
          </Card>
          <Pages listing={listing} total={total} size={TASKS_A_PAGE} />
        </div>
      ),
  }
}
