import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { mayActAs } from '../../nouns/caller.ts'
import type { Pages } from '../../panel/pages.ts'
import { OWN_SPACE } from '../scope/scope.ts'
import { spacePath } from '../space/head.tsx'
import { GET_STARTED_PATH, getStartedPage } from './get-started-page.tsx'
import { hidingCookie, isHidden, stepsOf } from './steps.ts'

type Deps = Parameters<typeof stepsOf>[0] & { readonly auth: Auth; readonly pages: Pages }

/** The way to the first phone, for whoever administers a new Space (behaviour/panel.md §7.19). */
export const getStartedPages = (deps: Deps) => {
  const { auth, pages } = deps
  const steps = stepsOf(deps)
  return new Elysia({ prefix: GET_STARTED_PATH })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ request, visit, caller, show }) =>
        show(getStartedPage, {
          steps: await steps(caller.space),
          isSuper: mayActAs(caller, 'super'),
          isHidden: isHidden(request, visit),
        }),
      { signedIn: 'admin' },
    )
    .post(
      '/hide',
      ({ visit, input, go }) => {
        const hides = input.hides !== '0'
        return go(hides ? spacePath(OWN_SPACE) : GET_STARTED_PATH, {
          cookies: [hidingCookie(visit, hides)],
          flash: hides ? 'flash.get_started_hidden' : 'flash.get_started_shown',
        })
      },
      { signedIn: 'admin' },
    )
}
