import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { PhoneCountries } from '../../accounts/phone-countries/phone-countries.ts'
import { readCookie, setCookie } from '../../http/cookies.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'

/** What a new Space needs until the first phone rings, in the order in which it is done. */
const STEPS = ['countries', 'mail', 'account', 'phone'] as const

export interface Step {
  readonly name: (typeof STEPS)[number]
  readonly isDone: boolean
}

const COOKIE = 'sipkeeper_get_started'
const HIDDEN = 'hidden'
const YEAR_SECONDS = 31_536_000

/** What leads to it from elsewhere is hidden in this browser. */
export const isHidden = (request: Request, visit: Visit): boolean => readCookie(request, visit, COOKIE) === HIDDEN

/** For `Set-Cookie`. */
export const hidingCookie = (visit: Visit, hides: boolean): string =>
  setCookie(visit, COOKIE, hides ? HIDDEN : '', hides ? YEAR_SECONDS : 0)

interface Deps {
  readonly accounts: Accounts
  readonly phoneCountries: PhoneCountries
  readonly mail: { canSend(spaceId: number): Promise<boolean> }
}

/** What of that is done, as things are now: nothing of it is remembered, so that what goes missing again is shown again. */
export const stepsOf =
  ({ accounts, phoneCountries, mail }: Deps) =>
  async (space: Space): Promise<readonly Step[]> => {
    const sought = { search: null, state: null, role: null, list: null, setUp: true } as const
    const one = { page: 1, perPage: 1, by: 'id', isDescending: false } as const
    const isDone: Record<Step['name'], boolean> = {
      countries: (await phoneCountries.openCallingCodes()).size > 0,
      mail: await mail.canSend(space.id),
      // The first one is whoever looks.
      account: (await accounts.count(space)) > 1,
      phone: (await accounts.list({ space }, { ...one, sought })).total > 0,
    }
    return STEPS.map((name) => ({ name, isDone: isDone[name] }))
  }
