import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import type { MessageId } from '../messages/messages.ts'
import type { Caller, Role } from '../nouns/caller.ts'
import type { Space } from '../nouns/space.ts'
import type { IconName } from './components/icons.ts'

interface Place {
  readonly space: Space
  readonly config: Config
}

/** What a page depends on. Off, it is refused, and everything that leads to it is hidden. */
interface Switch {
  isOn(place: Place): boolean
  readonly refusal: () => AppError
}

const hidden = () => new AppError('not_found', 'errors.not_found')

/** Without a provider, nobody would ever get the code. */
const sendsSms = (config: Config): boolean => config.SMS_PROVIDER.some((name) => name !== 'none')

/** The switches of pages (behaviour/panel.md §1.1). */
const SWITCHES = {
  phone: { isOn: ({ space, config }) => space.phoneRegistration && sendsSms(config), refusal: hidden },
  registration: { isOn: ({ space }) => space.publicRegistration && space.digest !== null, refusal: hidden },
  phoneRegistration: {
    isOn: ({ space, config }) =>
      space.publicRegistration && space.phoneRegistration && space.digest !== null && sendsSms(config),
    refusal: hidden,
  },
  passwords: {
    isOn: ({ space }) => space.digest !== null,
    refusal: () => new AppError('forbidden', 'account.no_digest'),
  },
} as const satisfies Record<string, Switch>

/** Whose menu a page is in: that of whoever is not signed in, or of each role. */
type Audience = 'visitor' | Role

export interface Entry {
  /** The page, and everything below it. */
  readonly path: string
  /** Other paths whose pages are a part of it. */
  readonly also?: readonly string[]
  /** Its name in menus; absent: it is in none. */
  readonly label?: MessageId
  readonly icon?: IconName
  /** What entries in a row have in common; absent: nothing that has a name. */
  readonly group?: MessageId
  readonly audiences?: readonly Audience[]
  /** Seldom needed: it is in the menu of the person, not in that of places. */
  readonly isPersonal?: boolean
  readonly needs?: keyof typeof SWITCHES
}

const EVERYBODY: readonly Audience[] = ['account', 'admin', 'super']
const ADMINISTRATORS: readonly Audience[] = ['admin', 'super']

/** The panel, in reading order: the menus are drawn from it, and what it switches off cannot be asked for either. */
const ENTRIES: readonly Entry[] = [
  { path: '/login', label: 'sign_in.title', audiences: ['visitor'] },
  { path: '/register', label: 'sign_up.title', audiences: ['visitor'], needs: 'registration' },
  { path: '/register/phone', needs: 'phoneRegistration' },
  { path: '/accounts', needs: 'registration' },
  { path: '/admin/spaces/me', label: 'overview.title', icon: 'activity', audiences: ADMINISTRATORS },
  {
    path: '/admin/accounts',
    label: 'accounts.title',
    icon: 'users',
    group: 'nav.people',
    audiences: ADMINISTRATORS,
  },
  {
    path: '/admin/spaces/me/contacts_lists',
    label: 'contacts_lists.title',
    icon: 'contact',
    group: 'nav.people',
    audiences: ADMINISTRATORS,
  },
  {
    path: '/admin/statistics',
    label: 'statistics.title',
    icon: 'chart',
    group: 'nav.calls',
    audiences: ADMINISTRATORS,
  },
  {
    path: '/admin/spaces/me/configuration',
    also: ['/admin/spaces/me/administration', '/admin/spaces/me/edit'],
    label: 'space_look.tab',
    icon: 'sliders',
    group: 'nav.space',
    audiences: ADMINISTRATORS,
  },
  {
    path: '/admin/spaces/me/integration',
    also: ['/admin/spaces/me/email', '/admin/spaces/me/digest', '/admin/spaces/me/carddavs'],
    label: 'integration.title',
    icon: 'server',
    group: 'nav.space',
    audiences: ADMINISTRATORS,
  },
  { path: '/admin/api_keys', label: 'named_keys.title', icon: 'key', group: 'nav.space', audiences: ADMINISTRATORS },
  { path: '/admin/webhooks', label: 'webhooks.title', icon: 'send', group: 'nav.space', audiences: ADMINISTRATORS },
  {
    path: '/admin/audit_log',
    label: 'audit.title',
    icon: 'scroll-text',
    group: 'nav.watch',
    audiences: ADMINISTRATORS,
  },
  { path: '/admin/tasks', label: 'tasks.title', icon: 'list-checks', group: 'nav.watch', audiences: ADMINISTRATORS },
  { path: '/admin/spaces', label: 'spaces.title', icon: 'building', group: 'nav.all', audiences: ['super'] },
  { path: '/admin/phone_countries', label: 'countries.title', icon: 'globe', group: 'nav.all', audiences: ['super'] },
  { path: '/dashboard', label: 'dashboard.title', icon: 'home', group: 'nav.mine', audiences: EVERYBODY },
  { path: '/statistics/call_logs', label: 'calls.title', icon: 'phone-call', group: 'nav.mine', audiences: EVERYBODY },
  { path: '/telephony', label: 'telephony.title', icon: 'voicemail', group: 'nav.mine', audiences: EVERYBODY },
  { path: '/devices', label: 'devices.title', icon: 'smartphone', group: 'nav.mine', audiences: EVERYBODY },
  {
    path: '/password',
    label: 'password.menu',
    icon: 'lock',
    audiences: EVERYBODY,
    isPersonal: true,
    needs: 'passwords',
  },
  { path: '/sessions', label: 'sessions.title', icon: 'monitor', audiences: EVERYBODY, isPersonal: true },
  { path: '/api_key', label: 'api_key.title', icon: 'key', audiences: EVERYBODY, isPersonal: true },
  { path: '/phone', needs: 'phone' },
  { path: '/about', label: 'about.title', audiences: ['visitor'] },
]

export const isBelow = (path: string, entry: string): boolean => path === entry || path.startsWith(`${entry}/`)

/** The innermost entry that a path belongs to. */
const entryOf = (path: string): Entry | null =>
  ENTRIES.filter((entry) => isBelow(path, entry.path)).toSorted((a, b) => b.path.length - a.path.length)[0] ?? null

export const navigation = (config: Config) => {
  const switchOf = (path: string): Switch | null => {
    const needs = entryOf(path)?.needs
    return needs === undefined ? null : SWITCHES[needs]
  }
  /** Whether the page of that path is there in this Space. */
  const isOn = (space: Space, path: string): boolean => switchOf(path)?.isOn({ space, config }) ?? true

  return {
    isOn,
    /** Refuses a page that is switched off. */
    check: (space: Space, path: string): void => {
      const needed = switchOf(path)
      if (needed !== null && !needed.isOn({ space, config })) throw needed.refusal()
    },
    menuFor: (space: Space, caller: Caller | null): readonly Entry[] => {
      const audience = caller?.role ?? 'visitor'
      return ENTRIES.filter(({ path, audiences }) => audiences?.includes(audience) && isOn(space, path))
    },
  }
}

export type Navigation = ReturnType<typeof navigation>

/** A person's own account, where pages about it lead back to. */
export const LANDING = '/dashboard'

const START: Readonly<Record<Role, string>> = {
  account: LANDING,
  admin: '/admin/spaces/me',
  super: '/admin/spaces/me',
}

/** Where somebody who has just signed in starts. */
export const startOf = (role: Role): string => START[role]
