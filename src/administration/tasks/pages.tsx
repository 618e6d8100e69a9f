import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { idOf } from '../../http/path.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { everySpace, type Scope } from '../../nouns/space.ts'
import { listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import type { Tasks } from '../../tasks/tasks.ts'
import { taskPage } from './task-page.tsx'
import { TASKS_A_PAGE, tasksPage } from './tasks-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly tasks: Tasks
}

const MOST_FAULTS = 100

/** Long work, looked at and cancelled (behaviour/panel.md §7.10). */
export const taskPages = ({ auth, pages, tasks }: Deps) => {
  const seenBy = (caller: Caller): Scope =>
    mayActAs(caller, 'super') ? everySpace('super administrator') : { space: caller.space }
  return new Elysia({ prefix: '/admin/tasks' })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ caller, input, show }) => {
        const listing = listingOf(input, { path: '/admin/tasks', sorts: ['newest'] })
        const found = await tasks.list(seenBy(caller), listing.page, TASKS_A_PAGE)
        return show(tasksPage, { ...found, listing, ofAllSpaces: mayActAs(caller, 'super') })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/:id',
      async ({ caller, params, show }) => {
        const task = await tasks.one(seenBy(caller), idOf(params.id, 'tasks.unknown'))
        return show(taskPage, { task, faults: await tasks.faults(task.id, MOST_FAULTS) })
      },
      { signedIn: 'admin' },
    )
    .post(
      '/:id/cancel',
      async ({ visit, caller, params, go }) => {
        const { id } = await tasks.cancel(visit, seenBy(caller), idOf(params.id, 'tasks.unknown'))
        return go(`/admin/tasks/${id}`, { flash: 'flash.task_cancelled' })
      },
      { signedIn: 'admin' },
    )
}
