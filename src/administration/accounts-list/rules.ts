import { ROLES, SORTS, type Sought, STATES } from '../../accounts/accounts/accounts.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { Members } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { IconName } from '../../panel/components/icons.ts'
import { type Listing, listingOf } from '../../panel/listing.ts'

export const LIST_PATH = '/admin/accounts'
export const PAGE_SIZE = 20

/** In the filter of Spaces: all of them. No domain is called so. */
export const EVERYWHERE = '*'

const FILTERS = ['search', 'state', 'role', 'set_up', 'list', 'domain'] as const

export type BulkName = 'activate' | 'block' | 'unblock' | 'mail' | 'list' | 'delete'

/** What can be done with several accounts at once: a task, or at once a sheet with their codes. */
export interface BulkAction {
  readonly action: BulkName | 'sheet'
  readonly label: MessageId
  readonly icon: IconName
  readonly danger?: boolean
}

export const ACTIONS: readonly BulkAction[] = [
  { action: 'activate', label: 'bulk.activate', icon: 'pass' },
  { action: 'block', label: 'bulk.block', icon: 'ban' },
  { action: 'unblock', label: 'bulk.unblock', icon: 'check' },
  { action: 'mail', label: 'bulk.mail', icon: 'mail' },
  { action: 'sheet', label: 'bulk.sheet', icon: 'printer' },
  { action: 'list', label: 'bulk.list', icon: 'contact' },
  { action: 'delete', label: 'bulk.delete', icon: 'trash', danger: true },
]

export const actionOf = (text: unknown): BulkAction | null => ACTIONS.find(({ action }) => action === text) ?? null

export const ID = /^[1-9]\d{0,15}$/
/** Accounts that a form can name one by one; more are chosen as "all that was found". */
const MOST_PICKED = 100

/** Cards of a sheet: what somebody prints and cuts in one go. */
export const MOST_CARDS = 100

/** The accounts that a form names, be it by boxes or in one field. */
export const pickedOf = (input: Members): readonly number[] => {
  const picked = Array.isArray(input.account) ? input.account : textOf(input.accounts).split(',')
  return picked.flatMap((id) => (typeof id === 'string' && ID.test(id) ? [Number(id)] : [])).slice(0, MOST_PICKED)
}

export const among = <Value extends string>(values: readonly Value[], text: string | undefined): Value | null =>
  values.find((value) => value === text) ?? null

/** What the address of a list asks for. An unknown value counts as none: addresses are typed by hand. */
export const soughtOf = ({ chosen }: Pick<Listing, 'chosen'>): Sought => ({
  search: chosen.search?.trim().slice(0, 64) || null,
  state: among(STATES, chosen.state),
  role: among(ROLES, chosen.role),
  list: ID.test(chosen.list ?? '') ? Number(chosen.list) : null,
  setUp: chosen.set_up === '1' ? true : chosen.set_up === '0' ? false : null,
})

/** The list as its address asks for it; `path`: another page that is about the same accounts. */
export const listed = (input: Members, path = LIST_PATH): Listing =>
  listingOf(input, { path, sorts: ['-id', ...SORTS], filters: FILTERS })
