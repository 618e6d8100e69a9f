import { Elysia } from 'elysia'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { PhoneCountries } from '../../accounts/phone-countries/phone-countries.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Pages } from '../../panel/pages.ts'
import { isHidden, stepsOf } from '../get-started/steps.ts'
import { type AdministrationScope, OWN_SPACE } from '../scope/scope.ts'
import { attentionOf } from './attention.ts'
import { type Overview, overviewPage } from './overview-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly scope: AdministrationScope
  readonly accounts: Accounts
  readonly phoneCountries: PhoneCountries
  readonly mail: { canSend(spaceId: number): Promise<boolean> }
  readonly config: Config
  readonly now: () => Date
}

/** Administrators of a Space are few; of more than these the list of accounts tells. */
const MOST_ADMINISTRATORS = 50

/** Whoever has more has begun. */
const MOST_AT_THE_BEGINNING = 100

/** Where administrators start (behaviour/panel.md §7.1). */
export const overviewPages = (deps: Deps) => {
  const { auth, pages, scope, accounts, phoneCountries, mail, config, now } = deps

  const steps = stepsOf(deps)
  /** Some step is missing. Where there are more accounts than a beginner has, it is not asked. */
  const isBeginning = async (space: Space, count: number): Promise<boolean> =>
    count <= MOST_AT_THE_BEGINNING && (await steps(space)).some(({ isDone }) => !isDone)

  const overview = async (request: Request, visit: Visit, caller: Caller, at: string): Promise<Overview> => {
    const inside = await scope.space(visit, caller, at)
    const { space } = inside
    const isSuper = mayActAs(caller, 'super')
    const sought = { search: null, state: null, role: 'admin', list: null, setUp: null } as const
    const order = { page: 1, perPage: MOST_ADMINISTRATORS, by: 'id', isDescending: false } as const
    const { accounts: administrators, total } = await accounts.list({ space }, { ...order, sought })
    const count = await accounts.count(space)
    const attention = attentionOf({
      space,
      at,
      isSuper,
      accounts: count,
      administrators: total,
      canMail: await mail.canSend(space.id),
      sendsSms: config.SMS_PROVIDER.some((name) => name !== 'none'),
      hasCountries: (await phoneCountries.openCallingCodes()).size > 0,
      now: now(),
    })
    const signIn = space.id === visit.space.id ? null : `${inside.baseUrl()}${config.BASE_PATH}/login`
    const getsStarted = at === OWN_SPACE && !isHidden(request, visit) && (await isBeginning(space, count))
    return { space, at, isSuper, accounts: count, administrators, attention, signIn, getsStarted }
  }

  return new Elysia()
    .use(auth)
    .use(pages)
    .get('/admin', ({ go }) => go('/admin/spaces/me'), { signedIn: 'admin' })
    .get(
      '/admin/spaces/:space',
      async ({ request, visit, caller, params, show }) =>
        show(overviewPage, await overview(request, visit, caller, params.space)),
      { signedIn: 'admin' },
    )
}
