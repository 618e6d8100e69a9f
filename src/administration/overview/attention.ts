import type { Space } from '../../nouns/space.ts'
import { spacePath } from '../space/head.tsx'
import type { Attention } from './overview-page.tsx'

interface State {
  readonly space: Space
  readonly at: string
  readonly isSuper: boolean
  readonly accounts: number
  readonly administrators: number
  readonly canMail: boolean
  readonly sendsSms: boolean
  /** Some country's phone numbers are accepted. */
  readonly hasCountries: boolean
  readonly now: Date
}

const DAY_MS = 86_400_000
const SOON_DAYS = 30

const daysUntil = (then: Date, now: Date): number => Math.max(0, Math.ceil((then.getTime() - now.getTime()) / DAY_MS))

/** What has to be seen to in a Space, the gravest first (behaviour/panel.md §7.1). */
export const attentionOf = (state: State): readonly Attention[] => {
  const { space, at, isSuper, accounts, administrators, canMail, sendsSms, hasCountries, now } = state
  const limits = isSuper ? (['attention.limits', spacePath(at, '/administration')] as const) : null
  const found: (Attention | false)[] = [
    space.expireAt !== null && space.expireAt <= now && { tone: 'bad', text: 'attention.expired', action: limits },
    administrators === 0 && {
      tone: 'bad',
      text: 'attention.no_administrator',
      action: [
        'overview.new_administrator',
        `/admin/accounts/create?admin=1&domain=${encodeURIComponent(space.domain)}`,
      ],
    },
    space.maxAccounts > 0 && accounts >= space.maxAccounts && { tone: 'bad', text: 'attention.full', action: limits },
    space.digest === null && {
      tone: 'warn',
      text: 'attention.no_passwords',
      action: ['attention.passwords', spacePath(at, '/digest')],
    },
    !canMail && {
      tone: 'warn',
      text: 'attention.no_mail',
      action: ['space_email.add', spacePath(at, '/email')],
    },
    space.phoneRegistration &&
      !sendsSms && {
        tone: 'warn',
        text: 'attention.no_sms',
        action: ['attention.settings', spacePath(at, '/configuration')],
      },
    isSuper &&
      !hasCountries && {
        tone: 'warn',
        text: 'attention.no_countries',
        action: ['attention.countries', '/admin/phone_countries'],
      },
    space.expireAt !== null &&
      space.expireAt > now &&
      daysUntil(space.expireAt, now) <= SOON_DAYS && {
        tone: 'warn',
        text: 'attention.expires',
        values: { count: daysUntil(space.expireAt, now) },
        action: limits,
      },
  ]
  return found.filter((one) => one !== false)
}
